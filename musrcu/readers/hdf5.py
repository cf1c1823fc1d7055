"""A cautious view of an HDF5 file: bounded memory, nothing outside the file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError
from musrcu.readers.hdf5_heap import check_global_heaps
from musrcu.readers.tree import SMALL, Node, plain_value

MAGIC = b"\x89HDF\r\n\x1a\n"
"""First eight bytes of an HDF5 file (HDF5 File Format Specification, superblock)."""

FREE = 16 << 20
"""Bytes that a data set may declare without showing that they are stored."""
DEFLATE = 1032
"""Best compression of deflate; a data set that declares more than it stores times this is bad."""
LARGE = 32 << 20
"""Bytes of a file above which only what is not numbers is looked at for heaps."""
LINKS = 8
"""Soft links that may lead to one another."""


@contextlib.contextmanager
def reading(path: Path, place: str) -> Iterator[None]:
    """Turn what h5py raises on a damaged file into a ReadError that names file and place."""
    try:
        yield
    except (
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        OverflowError,
        ZeroDivisionError,
    ) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ReadError(f"{path} at {place} is damaged or no HDF5: {reason}") from error
    except MemoryError as error:
        raise ReadError(f"{path} at {place} asks for more memory than there is") from error


@contextlib.contextmanager
def open_hdf5(path: Path) -> Iterator[Node]:
    """The root group of an HDF5 file, open for reading inside the block.

    Raises
    ------
    ReadError if the file is missing, cut or no HDF5 file.
    """
    import h5py

    try:
        with path.open("rb") as stream:
            head = stream.read(len(MAGIC))
    except OSError as error:
        raise ReadError(f"{path} cannot be opened: {error.strerror or error}") from error
    if head != MAGIC:
        raise ReadError(f"{path} begins with {head!r}, expected {MAGIC!r} of an HDF5 file")
    with reading(path, "its beginning"):
        file = h5py.File(path, "r")
    try:
        yield Hdf5Node(path, "/", file, _Seen())
    finally:
        with reading(path, "its end"):
            file.close()


@dataclass(slots=True)
class _Seen:
    """What is known of an open file, shared by its nodes."""

    nodes: dict[str, Hdf5Node | None] = field(default_factory=dict)
    heaps_are_sound: bool = False


@dataclass(frozen=True, slots=True)
class Hdf5Node(Node):
    """A group or a data set of an open HDF5 file; names are looked up without leaving the file."""

    path: Path
    """The file."""
    place: str
    """Where in the file, such as ``/raw_data_1/sample``."""
    _item: Any
    _seen: _Seen

    @property
    def is_group(self) -> bool:
        """Whether it holds other nodes."""
        return hasattr(self._item, "keys")

    def names(self) -> tuple[str, ...]:
        """Names of the nodes in this group, links that lead nowhere included."""
        with reading(self.path, self.place):
            return tuple(str(name) for name in self._item) if self.is_group else ()

    def child(self, where: str) -> Hdf5Node | None:
        """The node at a path such as ``sample/name``, or None where there is none.

        Raises
        ------
        ReadError if the way leads out of the file, in circles, or cannot be read.
        """
        return self._walk(where, LINKS)

    def attribute(self, name: str) -> Any:
        """An attribute as text, float or int; None where it is missing or blank.

        Raises
        ------
        ReadError if it is neither a text nor a number, or is larger than a megabyte.
        """
        values = self.attribute_values(name)
        return values[0] if values else None

    def attribute_values(self, name: str) -> tuple[Any, ...]:
        """An attribute that may be a list, each value as text, float or int; () without it.

        Raises
        ------
        ReadError as :meth:`attribute` does.
        """
        place = f"{self.place}@{name}"
        with reading(self.path, place):
            if name not in self._item.attrs:
                return ()
            kept = self._item.attrs.get_id(name)
            self._check_type(kept.dtype)
            if kept.get_storage_size() > SMALL:
                raise ReadError(f"{self.path} at {place} declares {kept.get_storage_size()} bytes")
            values = np.ravel(np.asarray(self._item.attrs[name]))
            return tuple(plain_value(value) for value in values)

    def attribute_names(self) -> tuple[str, ...]:
        """Names of the attributes of this node."""
        with reading(self.path, self.place):
            return tuple(str(name) for name in self._item.attrs)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a data set; empty for a single value."""
        with reading(self.path, self.place):
            return tuple(self._item.shape or ())

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values of a data set."""
        with reading(self.path, self.place):
            kind: np.dtype[Any] = self._item.dtype
            return kind

    def array(self) -> NDArray[Any]:
        """All values of a data set.

        Raises
        ------
        ReadError if the values lie in another file, or the file cannot hold as many as it declares.
        """
        with reading(self.path, self.place):
            item = self._item
            self._check_type(item.dtype)
            if item.shape is None:
                return np.empty(0, dtype=item.dtype)
            self._check_stored()
            return np.asarray(item[()])

    def part(self, start: int, stop: int) -> NDArray[Any]:
        """Values ``start`` to ``stop`` (exclusive) along the first axis; read without the others.

        Raises
        ------
        ReadError as :meth:`array` does.
        """
        with reading(self.path, self.place):
            self._check_type(self._item.dtype)
            if start == 0:  # once is enough for all parts
                self._check_stored()
            return np.asarray(self._item[start:stop])

    def check_stored(self) -> None:
        """Refuse values in another file, and more values than what is stored can give.

        Raises
        ------
        ReadError about the one or the other.
        """
        with reading(self.path, self.place):
            self._check_stored()

    def _check_stored(self) -> None:
        item = self._item
        if item.is_virtual or item.external:
            raise self.error("its values lie in another file, which is not followed")
        declared = int(item.size or 0) * item.dtype.itemsize
        stored = int(item.id.get_storage_size())
        chunk = int(np.prod(item.chunks or (0,), dtype=float)) * item.dtype.itemsize
        if max(declared, chunk) > max(FREE, stored * DEFLATE):
            raise self.error(
                f"declares {max(declared, chunk)} bytes, of which only {stored} are stored"
            )

    def _check_type(self, dtype: np.dtype[Any]) -> None:
        """Refuse all but plain numbers and texts, before the HDF5 library sees a value.

        Lists of variable length with a damaged element type crash that library.
        """
        import h5py

        if dtype.kind in "iufbS":
            return
        if dtype.kind != "O" or h5py.check_string_dtype(dtype) is None:
            raise TypeError(f"values of type {dtype} are neither text nor numbers")
        if not self._seen.heaps_are_sound:
            check_global_heaps(self.path, self._numbers_at())
            self._seen.heaps_are_sound = True

    def _numbers_at(self) -> list[tuple[int, int]]:
        """Bytes of a large file in which the values of its large data sets lie.

        The look for heaps leaves them out: in a file of 100 million events they are all there is.
        """
        import h5py

        found: list[tuple[int, int]] = []
        if self.path.stat().st_size < LARGE:
            return found

        def note(_: str, item: Any) -> None:
            if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "iufb":
                return
            if item.id.get_storage_size() < SMALL:
                return
            if item.chunks is None:
                start = item.id.get_offset()
                if start is not None:
                    found.append((start, start + item.id.get_storage_size()))
            else:
                item.id.chunk_iter(
                    lambda chunk: found.append((chunk.byte_offset, chunk.byte_offset + chunk.size))
                )

        self._item.file.visititems(note)
        return found

    def _walk(self, where: str, links: int) -> Hdf5Node | None:
        node: Hdf5Node | None = self
        for name in where.split("/"):
            if node is None or not node.is_group:
                return None
            if name not in ("", "."):
                place = f"{node.place.rstrip('/')}/{name}"
                if place not in self._seen.nodes:
                    self._seen.nodes[place] = node._step(name, place, links)
                node = self._seen.nodes[place]
        return node

    def _step(self, name: str, place: str, links: int) -> Hdf5Node | None:
        import h5py

        with reading(self.path, place):
            key = name.encode()
            if not self._item.id.links.exists(key):
                return None
            kind = self._item.id.links.get_info(key).type
            if kind == h5py.h5l.TYPE_HARD:
                return Hdf5Node(self.path, place, self._item[name], self._seen)
            if kind != h5py.h5l.TYPE_SOFT:
                raise ReadError(f"{self.path} at {place} is a link out of the file; not followed")
            if links == 0:
                raise ReadError(f"{self.path} at {place} is a link that leads in circles")
            target = self._item.id.links.get_val(key).decode()
            # the target is walked here, name by name, because it may itself leave the file
            start = Hdf5Node(self.path, "/", self._item.file, self._seen)
            return (start if target.startswith("/") else self)._walk(target, links - 1)
