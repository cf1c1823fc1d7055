"""uproot's file, held back: bounded steps, bounded memory, classes of this file for this file only.

Left to itself, uproot (5.7)

* turns the class descriptions of a file into Python code and runs it. Here only classes that a
  muon file needs are taken from it, and only if every name in them is a plain C++ name.
* keeps what it made of one file for the next, also of a damaged one: classes by name, objects by
  the identifier of the file. Here nothing is kept.
* follows a length below zero backwards, and counts of 2^31. Here a length below zero is an error
  and the steps are counted.
* takes a path with a colon or a ``http:`` for more than a path. Here it gets an open file.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, BinaryIO

from musrcu.errors import ReadError
from musrcu.readers.registry import check_size
from musrcu.readers.root_blocks import unpack

STEPS = 100_000
"""Looks into the file; a LEM file of 28 histograms and 380 lines of header takes 7,000."""
DESCRIPTIONS = 4 << 20
"""Bytes of class descriptions; real ones stay below 20 kB."""
FROM_FILE = {
    *("TFolder", "TH1", "TH1C", "TH1S", "TH1I", "TH1F", "TH1D", "TAxis", "TAttAxis"),
    *("TAttLine", "TAttFill", "TAttMarker", "TLemRunHeader", "TLemStats"),
}
"""Classes whose layout is read from the file; others are skipped, but for the simple ones."""
SIMPLE = {
    *("TObject", "TNamed", "TString", "THashList", "TArray"),
    *("TArrayC", "TArrayS", "TArrayI", "TArrayF", "TArrayD"),
}
"""Classes without versions, which uproot knows."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_:<>,* ]{0,199}")
_ELEMENTS = 200


class _Counted:
    """Mixed into uproot's chunk of bytes: every look is counted, no length is below zero."""

    owner: _Guard

    def get(self, start: int, stop: int, cursor: Any, context: Any) -> Any:
        """Bytes ``start`` to ``stop``."""
        self.owner.step()
        if stop < start:
            raise ValueError(f"a length of {stop - start} bytes")
        return super().get(start, stop, cursor, context)  # type: ignore[misc]


class _Guard:
    """Mixed into uproot's file: what it asks for is checked before it gets it."""

    def __init__(self, stream: BinaryIO, size: int, path: str, max_bytes: int) -> None:
        import uproot

        self._stream, self._size, self._place, self._most = stream, size, path, max_bytes
        self._steps = 0
        self._descriptions: dict[str, Any] | None = None
        classes = uproot.model.bootstrap_classes()
        super().__init__(
            stream,  # type: ignore[call-arg]
            object_cache=None,
            array_cache=None,
            custom_classes=classes | {name: uproot.classes[name] for name in SIMPLE},
            use_threads=False,
        )

    def step(self) -> None:
        """Count one look into the file."""
        self._steps += 1
        if self._steps > STEPS:
            raise ReadError(
                f"{self._place} is not read to its end after {STEPS} steps; a muon file takes a "
                "few thousand"
            )

    def chunk(self, start: int, stop: int) -> Any:
        """Bytes of the file, as uproot asks for them."""
        self.step()
        return self._counted(self._bytes(start, stop), start)

    def load(self, key: Any) -> Any:
        """The object that a key points to."""
        file: Any = self
        self.step()
        chunk, cursor = self._body(key, self._most)
        kind = file.class_named(key.fClassName)
        context = {"breadcrumbs": (), "TKey": key}
        return kind.read(chunk, cursor, context, file, file.detached, None)

    @property
    def streamers(self) -> dict[str, Any]:
        """The class descriptions of this file that are needed, checked."""
        if self._descriptions is None:
            self._descriptions = {}  # uproot asks again while it reads them
            self._descriptions = self._read_descriptions()
        return self._descriptions

    def _read_descriptions(self) -> dict[str, Any]:
        import uproot

        file: Any = self
        start = file.fSeekInfo
        if start == 0:
            return {}
        beginning = self.chunk(start, min(start + file.fNbytesInfo, self._size))
        key = uproot.reading.ReadOnlyKey(
            beginning, uproot.source.cursor.Cursor(start), {}, file, file
        )
        chunk, cursor = self._body(key, min(DESCRIPTIONS, self._most))
        listed = uproot.classes["TList"].read(chunk, cursor, {}, file, file.detached, None)
        found: dict[str, Any] = {}
        for item in listed:
            described = isinstance(item, uproot.streamers.Model_TStreamerInfo)
            if described and item.name in FROM_FILE:
                _check(self._place, item)
                found.setdefault(item.name, {})[item.class_version] = item
        return found

    def _body(self, key: Any, most: int) -> tuple[Any, Any]:
        """What a key points to, unpacked, and a cursor at its beginning."""
        import uproot

        start = key.data_cursor.index
        stored = self._bytes(start, start + key.data_compressed_bytes)
        place = f"{self._place} at byte {start}"
        check_size(place, key.fObjlen, most)
        data = unpack(place, stored, key.fObjlen)
        return self._counted(data), uproot.source.cursor.Cursor(0, origin=-key.fKeylen)

    def _bytes(self, start: int, stop: int) -> bytes:
        if not 0 <= start <= stop <= self._size:
            raise ReadError(
                f"{self._place} is cut or damaged: it points to bytes {start} to {stop} and has "
                f"{self._size}"
            )
        self._stream.seek(start)
        return self._stream.read(stop - start)

    def _counted(self, data: Any, start: int = 0) -> Any:
        from uproot.source.futures import TrivialFuture

        file: Any = self
        chunk = _chunk_class()(file.source, start, start + len(data), TrivialFuture(data))
        chunk.owner = self
        return chunk


@cache
def guarded_file_class() -> Any:
    """The class of a guarded file, made when first asked for: uproot takes 0.3 s to import.

    ``guarded_file_class()(stream, size, path, max_bytes)`` is a ``uproot.reading.ReadOnlyFile``
    with a method ``load(key)`` for the object of a key.
    """
    import uproot

    return type("GuardedFile", (_Guard, uproot.reading.ReadOnlyFile), {})


@cache
def _chunk_class() -> Any:
    import uproot

    return type("CountedChunk", (_Counted, uproot.source.chunk.Chunk), {})


def _check(place: str, description: Any) -> None:
    """Raise a ReadError unless the description of a class holds plain names and small arrays."""
    elements = list(description.elements)
    sound = len(elements) <= _ELEMENTS and all(_is_plain(element) for element in elements)
    if not (sound and 0 <= description.class_version < 1000):
        raise ReadError(
            f"{place} is damaged: its description of class {description.name} is not one of C++ "
            "names and types"
        )


def _is_plain(element: Any) -> bool:
    kind = type(element).__name__
    names = [element.name]
    if kind == "Model_TStreamerBasicPointer":
        names.append(element.count_name)
    return (
        kind.startswith("Model_TStreamer")
        and kind not in ("Model_TStreamerSTL", "Model_TStreamerLoop", "Model_TStreamerArtificial")
        and all(_NAME.fullmatch(name) for name in names)
        and _TYPE.fullmatch(element.typename) is not None
        and 0 <= element.array_length <= DESCRIPTIONS
    )
