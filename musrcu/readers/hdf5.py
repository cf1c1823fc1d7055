"""A cautious view of an HDF5 file: bounded memory, nothing outside the file."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError
from musrcu.readers.hdf5_texts import Texts
from musrcu.readers.tree import SMALL, Node, plain_value

MAGIC = b"\x89HDF\r\n\x1a\n"
"""First eight bytes of an HDF5 file (HDF5 File Format Specification, superblock)."""

FREE = 16 << 20
"""Bytes that a data set may declare without showing that they are stored."""
DEFLATE = 1032
"""Best compression of deflate; a data set that declares more than it stores times this is bad."""
LINKS = 8
"""Soft links that may lead to one another."""


class reading:  # noqa: N801 -- used as a function is; a class is entered and left faster
    """Turn what h5py raises on a damaged file into a ReadError that names file and place."""

    __slots__ = ("_path", "_place")
    _DAMAGE = (
        OSError,
        RuntimeError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        OverflowError,
        ZeroDivisionError,
    )

    def __init__(self, path: Path, place: str) -> None:
        self._path, self._place = path, place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            return
        if isinstance(error, self._DAMAGE):
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ReadError(
                f"{self._path} at {self._place} is damaged or no HDF5: {reason}"
            ) from error
        if isinstance(error, MemoryError):
            raise ReadError(
                f"{self._path} at {self._place} asks for more memory than there is"
            ) from error


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
        with reading(path, "/"):
            root = h5py.h5g.open(file.id, b"/")
        yield Hdf5Node(path, "/", root, _Seen(root, Texts(path, file)))
    finally:
        with reading(path, "its end"):
            file.close()


@dataclass(slots=True)
class _Seen:
    """What is known of an open file, shared by its nodes."""

    root: Any
    """The identifier of its root group."""
    texts: Texts
    nodes: dict[str, Hdf5Node | None] = field(default_factory=dict)
    forms: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hdf5Node(Node):
    """A group or a data set of an open HDF5 file; names are looked up without leaving the file."""

    path: Path
    """The file."""
    place: str
    """Where in the file, such as ``/raw_data_1/sample``."""
    _id: Any
    """The identifier of the HDF5 library: a NeXus file has a thousand small values, and the
    objects of h5py take three times as long."""
    _seen: _Seen

    @property
    def is_group(self) -> bool:
        """Whether it holds other nodes."""
        return hasattr(self._id, "links")

    def names(self) -> tuple[str, ...]:
        """Names of the nodes in this group, links that lead nowhere included."""
        with reading(self.path, self.place):
            return _readable(self._object()) if self.is_group else ()

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
        import h5py

        key = name.encode()
        place = f"{self.place}@{name}"
        with reading(self.path, place):
            if not h5py.h5a.exists(self._id, key):
                return ()
            kept = h5py.h5a.open(self._id, key)
            dtype, size = kept.dtype, kept.get_storage_size()
            self._seen.texts.check_type(dtype)
            if size > SMALL:
                raise ReadError(f"{self.path} at {place} declares {size} bytes")
            if size == 0:
                return ()
            if _is_plain(dtype):
                stored = np.empty(kept.shape, dtype)
                kept.read(stored)
            else:
                self._seen.texts.check_product(place, math.prod(kept.shape))
                self._seen.texts.check_attribute(place, self._id, key)
                stored = np.asarray(self._object().attrs[name])
            return tuple(plain_value(value) for value in stored.ravel())

    def attribute_names(self) -> tuple[str, ...]:
        """Names of the attributes of this node."""
        with reading(self.path, self.place):
            return _readable(self._object().attrs)

    def same_as(self, other: Node) -> bool:
        """Whether both are one object of the file, under two names perhaps."""
        import h5py

        if not isinstance(other, Hdf5Node):
            return False
        with reading(self.path, self.place):
            mine, its = (h5py.h5o.get_info(node._id) for node in (self, other))
            return bool((mine.fileno, mine.addr) == (its.fileno, its.addr))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a data set; empty for a single value."""
        return self._form()[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values of a data set."""
        return self._form()[1]

    def _form(self) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and type of a data set, kept: they are asked for several times."""
        found = self._seen.forms.get(self.place)
        if found is None:
            with reading(self.path, self.place):
                found = tuple(self._id.shape or ()), self._id.dtype
            self._seen.forms[self.place] = found
        return found

    def array(self) -> NDArray[Any]:
        """All values of a data set.

        Raises
        ------
        ReadError if the values lie in another file, or the file cannot hold as many as it declares.
        """
        import h5py

        with reading(self.path, self.place):
            shape, dtype = self._form()
            self._seen.texts.check_type(dtype)
            if 0 in shape or (shape == () and self._is_null()):
                return np.empty(0, dtype=dtype)
            self._check_stored()
            if not _is_plain(dtype):
                if dtype.kind == "O":
                    self._seen.texts.check_lengths(self.place, self._id, math.prod(shape))
                return np.asarray(self._object()[()])
            stored = np.empty(shape, dtype)
            self._id.read(h5py.h5s.ALL, h5py.h5s.ALL, stored)
            return stored

    def part(self, start: int, stop: int) -> NDArray[Any]:
        """Values ``start`` to ``stop`` (exclusive) along the first axis; read without the others.

        Raises
        ------
        ReadError as :meth:`array` does.
        """
        with reading(self.path, self.place):
            self._seen.texts.check_type(self._id.dtype)
            if start == 0:  # once is enough for all parts
                self._check_stored()
            return np.asarray(self._object()[start:stop])

    def check_stored(self) -> None:
        """Refuse values in another file, and more values than what is stored can give.

        Raises
        ------
        ReadError about the one or the other.
        """
        with reading(self.path, self.place):
            self._check_stored()

    def _check_stored(self) -> None:
        import h5py

        plist = self._id.get_create_plist()
        layout = plist.get_layout()
        if layout == h5py.h5d.VIRTUAL:
            raise self.error(
                "it is a virtual data set, put together from others; only the values of a data set "
                "of its own are read"
            )
        if plist.get_external_count():
            raise self.error("its values lie in another file, which is not followed")
        shape, dtype = self._form()
        size = dtype.itemsize
        declared = math.prod(shape) * size
        if layout == h5py.h5d.CHUNKED:
            declared = max(declared, math.prod(plist.get_chunk()) * size)
        if declared <= FREE:
            return
        stored = int(self._id.get_storage_size())
        if declared > stored * DEFLATE:
            raise self.error(f"declares {declared} bytes, of which only {stored} are stored")

    def _is_null(self) -> bool:
        """Whether it is a data set without any value, which has no shape either."""
        import h5py

        return bool(self._id.get_space().get_simple_extent_type() == h5py.h5s.NULL)

    def _object(self) -> Any:
        """What h5py makes of this node."""
        import h5py

        if self.is_group:
            return h5py.Group(self._id)
        of_data = isinstance(self._id, h5py.h5d.DatasetID)
        return h5py.Dataset(self._id) if of_data else h5py.Datatype(self._id)

    def _walk(self, where: str, hops: int) -> Hdf5Node | None:
        node: Hdf5Node | None = self
        for name in where.split("/"):
            if node is None or not node.is_group:
                return None
            if name not in ("", "."):
                place = f"{node.place.rstrip('/')}/{name}"
                if place not in self._seen.nodes:
                    self._seen.nodes[place] = node._step(name, place, hops)
                node = self._seen.nodes[place]
        return node

    def _step(self, name: str, place: str, hops: int) -> Hdf5Node | None:
        import h5py

        if not name.isprintable():
            return None
        with reading(self.path, place):
            key = name.encode()
            links = self._id.links
            if not links.exists(key):
                return None
            kind = links.get_info(key).type
            if kind == h5py.h5l.TYPE_HARD:
                return Hdf5Node(self.path, place, h5py.h5o.open(self._id, key), self._seen)
            if kind != h5py.h5l.TYPE_SOFT:
                raise ReadError(f"{self.path} at {place} is a link out of the file; not followed")
            if hops == 0:
                raise ReadError(f"{self.path} at {place} is a link that leads in circles")
            target = links.get_val(key).decode()
            # the target is walked here, name by name, because it may itself leave the file
            start = Hdf5Node(self.path, "/", self._seen.root, self._seen)
            return (start if target.startswith("/") else self)._walk(target, hops - 1)


def _readable(names: Iterable[object]) -> tuple[str, ...]:
    """Those names that can stand in a sentence; NeXus allows letters, digits and underscores."""
    return tuple(name for name in names if isinstance(name, str) and name.isprintable())


def _is_plain(dtype: np.dtype[Any]) -> bool:
    """Whether the library fills an array of that type without the help of h5py."""
    return dtype.kind == "S" or (dtype.kind in "iuf" and dtype.metadata is None)
