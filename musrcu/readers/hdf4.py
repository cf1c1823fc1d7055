"""A cautious view of an HDF4 file: values through pyhdf, after a look at everything it will see."""

from __future__ import annotations

import contextlib
import mmap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError
from musrcu.readers.hdf4_descriptors import DATA_SET, MAGIC, VGROUP, find_elements
from musrcu.readers.hdf4_records import TEXT, Group
from musrcu.readers.hdf4_sets import Catalogue, DataSet, find_sets
from musrcu.readers.tree import SMALL, Node, plain_value

FREE = 16 << 20
"""Bytes that a packed data set may declare without showing that they are stored."""
DEFLATE = 1032
"""Best compression of deflate; a data set that declares more than it stores times this is bad."""
OWN_CLASSES = ("CDF", "Var", "Dim", "UDim", "Attr", "RIG", "_HDF")
"""Beginnings of the classes of groups that the HDF4 library makes for itself."""
NX_CLASS = "NX_class"
"""Attribute by which HDF5 files give the class of a group; in HDF4 the group has it itself."""

_failures: Counter[str] = Counter()
"""How many times the library has failed in each file."""

Item = Group | DataSet | None
"""What a node shows: a group, a data set, or None for the whole file."""


@contextlib.contextmanager
def open_hdf4(path: Path) -> Iterator[Node]:
    """The root group of an HDF4 file, open for reading inside the block.

    Raises
    ------
    ReadError if it is missing, damaged or no HDF4 file, or pyhdf is not installed.
    """
    try:
        import pyhdf.SD  # noqa: F401
    except ImportError as error:
        raise ReadError(
            f'{path} is an HDF4 file; install its reader with: pip install "musrcu[hdf4]"'
        ) from error
    with _mapped(path) as content:
        file = _File(find_sets(find_elements(path, content)))
        try:
            yield Hdf4Node(path, "/", None, file)
        finally:
            file.close()


def _mapped(path: Path) -> mmap.mmap:
    """The bytes of an HDF4 file."""
    try:
        with path.open("rb") as stream:
            head = stream.read(len(MAGIC))
            if head == MAGIC:
                return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror or error}") from error
    raise ReadError(f"{path} begins with {head!r}, expected {MAGIC!r} of an HDF4 file")


@dataclass(slots=True)
class _File:
    """What is known of an open file, shared by its nodes."""

    catalogue: Catalogue
    library: Any = None
    """The file as pyhdf has it; None until values are read."""
    held: dict[str, dict[str, Item]] = field(default_factory=dict)
    """Members of each group that was looked at, by its place."""
    items: dict[tuple[int, int], Group | DataSet] = field(init=False)
    """Groups and data sets by tag and reference."""

    def __post_init__(self) -> None:
        groups, sets = self.catalogue.groups.items(), self.catalogue.sets.items()
        self.items = {(VGROUP, ref): group for ref, group in groups}
        self.items |= {(DATA_SET, ref): made for ref, made in sets}

    def values(self, data_set: DataSet) -> NDArray[Any]:
        """The values of a data set as stored, texts as single bytes."""
        from pyhdf.error import HDF4Error
        from pyhdf.SD import SD, SDC

        path = self.catalogue.elements.path
        try:
            if self.library is None:
                self.library = SD(_spelled(path), SDC.READ)
            opened = self.library.select(data_set.index)
            try:
                _, rank, sizes, number_type, _ = opened.info()
                found = tuple(sizes) if rank > 1 else (sizes,)
                if found != data_set.dimensions or number_type != data_set.number_type:
                    raise ReadError(
                        f"{path} is damaged: {data_set.name} has shape {found} for the HDF4 "
                        f"library, expected {data_set.dimensions}"
                    )
                return np.asarray(opened.get())
            finally:
                opened.endaccess()
        except (HDF4Error, ValueError, TypeError, OverflowError) as error:
            _failures[str(path)] += 1
            raise ReadError(f"{path}: {data_set.name} cannot be read: {error}") from error
        except MemoryError as error:
            raise ReadError(f"{path}: {data_set.name} needs more memory than there is") from error

    def close(self) -> None:
        """Let go of the file."""
        from pyhdf.error import HDF4Error

        if self.library is not None:
            try:
                self.library.end()
            except HDF4Error:
                _failures[str(self.catalogue.elements.path)] += 1

    def members(self, place: str, item: Item) -> dict[str, Item]:
        """What a group holds by name, the first of each name."""
        if place not in self.held:
            found: dict[str, Item] = {}
            for member in self._members(item):
                if _is_shown(member):
                    found.setdefault(member.name, member)
            self.held[place] = found
        return self.held[place]

    def _members(self, item: Item) -> Iterator[Group | DataSet]:
        items = self.items
        if item is None:
            shown = [known for known in items.values() if isinstance(known, Group)]
            inside = {at for group in shown if _is_shown(group) for at in group.members}
            yield from (known for at, known in items.items() if at not in inside)
        elif isinstance(item, Group):
            yield from (items[at] for at in item.members if at in items)


def _spelled(path: Path) -> str:
    """The path, with a detour for each time that the library has failed in this file.

    The library may keep a file in which it failed, knows it by the letters of its path, and would
    show it again whatever is there by then.
    """
    return f"{path.parent}/{'./' * _failures[str(path)]}{path.name}"


def _is_shown(item: Group | DataSet) -> bool:
    return isinstance(item, DataSet) or not item.kind.startswith(OWN_CLASSES)


@dataclass(frozen=True, slots=True)
class Hdf4Node(Node):
    """A group or a data set of an open HDF4 file."""

    path: Path
    """The file."""
    place: str
    """Where in the file, such as ``/run/sample``."""
    _item: Item
    _file: _File

    @property
    def is_group(self) -> bool:
        """Whether it holds other nodes."""
        return not isinstance(self._item, DataSet)

    def names(self) -> tuple[str, ...]:
        """Names of the nodes in this group, each once."""
        return tuple(self._file.members(self.place, self._item))

    def child(self, where: str) -> Hdf4Node | None:
        """The node at a path such as ``sample/name``, or None where there is none."""
        place, item = self.place, self._item
        for name in where.split("/"):
            if name not in ("", "."):
                members = self._file.members(place, item)
                if name not in members:
                    return None
                place, item = f"{place.rstrip('/')}/{name}", members[name]
        return Hdf4Node(self.path, place, item, self._file)

    def same_as(self, other: Node) -> bool:
        """Whether both are one object of the file, under two names perhaps."""
        return isinstance(other, Hdf4Node) and other._item is self._item

    def attribute(self, name: str) -> Any:
        """An attribute as text, float or int; None where it is missing or blank.

        Raises
        ------
        ReadError if it is larger than a megabyte.
        """
        if name == NX_CLASS and isinstance(self._item, Group):
            return plain_value(self._item.kind)
        ref = self._tables().get(name)
        if ref is None:
            return None
        table = self._file.catalogue.tables[ref]
        if table.n_bytes > SMALL:
            raise self.error(f"attribute {name} takes {table.n_bytes} bytes")
        value = self._file.catalogue.value(ref)
        return None if value is None else plain_value(value)

    def attribute_names(self) -> tuple[str, ...]:
        """Names of the attributes of this node."""
        own = (NX_CLASS,) if isinstance(self._item, Group) and self._item.kind else ()
        return (*own, *self._tables())

    def _tables(self) -> dict[str, int]:
        """References of the tables with attributes, by name."""
        if self._item is None:
            return self._file.catalogue.attributes
        if isinstance(self._item, DataSet):
            return self._item.attributes
        return {self._file.catalogue.tables[ref].name: ref for ref in self._item.attributes}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a data set; of texts, how many there are; (0,) where nothing was stored."""
        item = self._data_set()
        if not item.values.length:
            return (0,)
        return item.dimensions[:-1] if item.number_type == TEXT else item.dimensions

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values of a data set."""
        item = self._data_set()
        if item.number_type == TEXT:
            return np.dtype(f"S{item.dimensions[-1] if item.dimensions else 1}")
        return item.dtype

    def array(self) -> NDArray[Any]:
        """All values of a data set; a text is a row of single bytes in the file, one here.

        Raises
        ------
        ReadError if the file does not hold as many as it declares.
        """
        item = self._data_set()
        if not item.values.length:
            return np.empty(0, dtype=self.dtype)
        room = max(FREE, item.values.stored * DEFLATE) if item.values.special else item.declared
        if item.declared > min(room, item.values.length):
            raise self.error(f"declares {item.declared} bytes, stores {item.values.stored}")
        values = self._file.values(item)
        if item.number_type == TEXT and item.dimensions:
            values = np.ascontiguousarray(values).view(self.dtype)[..., 0]
        return values

    def _data_set(self) -> DataSet:
        if not isinstance(self._item, DataSet):
            raise self.error("is a group, expected a data set")
        return self._item
