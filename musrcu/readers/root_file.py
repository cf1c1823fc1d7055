"""A cautious view of a ROOT file: folders, texts and histograms as one tree, whatever holds them.

ROOT keeps things in folders (TFolder), arrays (TObjArray) or directories (TDirectory); here they
are all an :class:`Item` with items. Read with uproot, an optional package.
"""

from __future__ import annotations

import contextlib
import importlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError
from musrcu.readers.binary import open_binary
from musrcu.readers.root_classes import guarded_file_class

MAGIC = b"root"
NEWEST, LARGE_FILE = 100_000, 1_000_000
"""Versions of ROOT are numbers such as 63208; a million is added for files above 2 GB."""
FIRST_KEYS = range(16, 1024)
"""Bytes at which the first key of a file may lie; at 100 in every file of the last 20 years."""
DIRECTORIES = ("TDirectory", "TDirectoryFile")

_RAISED = (
    "builtins:ArithmeticError builtins:AssertionError builtins:AttributeError "
    "builtins:ImportError builtins:LookupError builtins:NameError builtins:OSError "
    "builtins:RuntimeError builtins:SyntaxError builtins:TypeError builtins:ValueError "
    "struct:error zlib:error lzma:LZMAError cramjam:DecompressionError "
    "uproot.deserialization:DeserializationError"
)
"""What uproot and the packages below it raise on damage; RuntimeError holds RecursionError."""


@cache
def _raised() -> tuple[type[Exception], ...]:
    places = (name.split(":") for name in _RAISED.split())
    return tuple(getattr(importlib.import_module(module), name) for module, name in places)


@contextlib.contextmanager
def _reading(path: Path, place: str) -> Iterator[None]:
    """Turn what uproot raises on a damaged file into a ReadError that names file and place."""
    try:
        yield
    except _raised() as error:
        words = str(getattr(error, "message", error)).split()  # uproot adds a dump to its own
        reason = " ".join(words)[:200] or type(error).__name__
        raise ReadError(f"{path} at {place} is damaged: {reason}") from error
    except MemoryError as error:
        raise ReadError(f"{path} at {place} asks for more memory than there is") from error


def is_root(head: bytes) -> bool:
    """Whether the first 16 bytes of a file are those of a ROOT file, not of a text that says root.

    Behind the mark lie the version of ROOT, the first key and the end of the file, big-endian.
    """
    if len(head) < 16 or not head.startswith(MAGIC):
        return False
    version, first, end = struct.unpack(">3I", head[4:16])
    if version < LARGE_FILE:
        return version < NEWEST and first in FIRST_KEYS and end >= first
    return version < LARGE_FILE + NEWEST and first in FIRST_KEYS


@contextlib.contextmanager
def open_root(path: Path, max_bytes: int) -> Iterator[Item]:
    """The top of a ROOT file, open for reading inside the block.

    Raises
    ------
    ReadError if the file is missing, cut or no ROOT file, or if uproot is not installed.
    """
    with open_binary(path) as file:
        head = file.take(0, len(MAGIC), "mark of a ROOT file")
        if head != MAGIC:
            raise file.error(0, f"found {head!r}, expected {MAGIC!r} of a ROOT file")
        try:
            guarded = guarded_file_class()
        except ImportError as error:
            raise ReadError(
                f'{path} is a ROOT file, which needs uproot: pip install "musrcu[root]" ({error})'
            ) from error
        with _reading(path, "its beginning"):
            root = guarded(file.stream, file.size, str(path), max_bytes)
            top = root.root_directory
        yield Item(path, "/", "", DIRECTORIES[0], root, None, top)


@dataclass(frozen=True, slots=True)
class Histogram:
    """A one-dimensional histogram as it is stored."""

    title: str
    contents: NDArray[Any]
    """(n_bins,) contents without those outside the axis."""
    outside: float
    """Sum of what lies below and above the axis."""
    entries: float
    """How often it was filled."""
    low: float
    """Lower edge of the first bin."""
    high: float
    """Upper edge of the last bin."""
    axis: str
    """Title of the axis."""


@dataclass(slots=True)
class Item:
    """Something in a ROOT file, read when it is looked into."""

    path: Path
    """The file."""
    place: str
    """Where in the file, such as ``/RunHeader/RunInfo``."""
    name: str
    kind: str
    """Its class in ROOT, such as ``TFolder``."""
    _file: Any
    _key: Any
    _object: Any
    _items: tuple[Item, ...] | None = None

    def error(self, found: str) -> ReadError:
        """A ReadError about this item."""
        return ReadError(f"{self.path} at {self.place}: {found}")

    def items(self) -> tuple[Item, ...]:
        """What a folder, an array or a directory holds, in the order of the file."""
        if self._items is None:
            with _reading(self.path, self.place):
                if self.kind in DIRECTORIES:
                    self._items = tuple(self._under(key) for key in _newest(self._loaded()))
                else:
                    self._items = tuple(
                        self._inside(one) for one in self._held() if one is not None
                    )
        return self._items

    def item(self, name: str) -> Item | None:
        """The first item of that name; None where there is none."""
        return next((item for item in self.items() if item.name == name), None)

    @property
    def text(self) -> str | None:
        """The text of a TObjString; None for other classes."""
        if self.kind != "TObjString":
            return None
        with _reading(self.path, self.place):
            return decoded(str(self._loaded()))

    def members(self) -> dict[str, Any]:
        """The numbers, texts and arrays of numbers of an object by the name of the member."""
        with _reading(self.path, self.place):
            stored = self._loaded().all_members
            found = {name: _plain(value) for name, value in stored.items()}
        return {name: value for name, value in found.items() if value is not None}

    def histogram(self) -> Histogram:
        """The histogram; a ReadError where the item is none or its sizes contradict each other."""
        with _reading(self.path, self.place):
            stored = self._loaded()
            axis = stored.member("fXaxis")
            arrays = stored.base("TArrayF", "TArrayD", "TArrayI", "TArrayS", "TArrayC")
            cells = np.asarray(arrays[0]) if len(arrays) == 1 else np.empty(0)
            bins, title = int(axis.member("fNbins")), str(stored.member("fTitle"))
            if bins < 1 or cells.shape != (bins + 2,):
                raise self.error(
                    f"{self.kind} of {bins} bins holds {cells.size} contents, expected {bins + 2}"
                )
            return Histogram(
                title=decoded(title),
                contents=cells[1:-1],
                outside=float(cells[0]) + float(cells[-1]),
                entries=float(stored.member("fEntries")),
                low=float(axis.member("fXmin")),
                high=float(axis.member("fXmax")),
                axis=decoded(str(axis.member("fTitle"))),
            )

    def _loaded(self) -> Any:
        if self._object is None:
            if self.kind in DIRECTORIES:
                self._object = self._key.get()
            else:
                self._object = self._file.load(self._key)
        return self._object

    def _held(self) -> Any:
        stored = self._loaded()
        if self.kind == "TFolder":
            stored = stored.member("fFolders")
        return stored if hasattr(stored, "__len__") and self.kind in _HOLDERS else ()

    def _under(self, key: Any) -> Item:
        name = _name(key.fName)
        place = f"{self.place.rstrip('/')}/{name}"
        return Item(self.path, place, name, key.fClassName, self._file, key, None)

    def _inside(self, thing: Any) -> Item:
        kind = str(getattr(thing, "classname", type(thing).__name__))
        named = thing.member("fName", none_if_missing=True) if kind in _NAMED else None
        name = _name(named) if named is not None else ""
        return Item(self.path, f"{self.place}/{name or kind}", name, kind, self._file, None, thing)


def _name(stored: Any) -> str:
    """A name that can stand in a sentence, whatever bytes it has in the file."""
    return "".join(letter if letter.isprintable() else "?" for letter in decoded(str(stored)))


_HOLDERS = ("TFolder", "TObjArray", "TList", "THashList")
_NAMED = (*_HOLDERS, "TH1C", "TH1S", "TH1I", "TH1F", "TH1D")


def _newest(directory: Any) -> list[Any]:
    """The keys of a directory, of each name the highest cycle.

    uproot looks keys up by paths, which names with / and : are not; hence its list of keys.
    """
    newest: dict[str, Any] = {}
    for key in directory._keys:
        if key.fName not in newest or key.fCycle > newest[key.fName].fCycle:
            newest[key.fName] = key
    return list(newest.values())


def decoded(text: str) -> str:
    """A text of uproot, in which bytes that are not UTF-8 are taken for Latin-1."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogateescape").decode("latin-1")
    return text


def _plain(value: Any) -> Any:
    """A number, a text or an array of numbers; None for everything else."""
    if isinstance(value, str):
        return decoded(str(value))
    if isinstance(value, np.ndarray):
        return value.astype(value.dtype.newbyteorder("=")) if value.dtype.kind in "iufb" else None
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float) else None
