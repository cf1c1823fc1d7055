"""ROOT files byte by byte, after ROOT's own descriptions of its format; imports nothing of musrcu.

Enough of it for a MusrRoot or LEM file: TFolder, TObjArray, TObjString, TH1F, directories, one
TLemRunHeader, and the class descriptions that a reader needs for them.

Source: ROOT, io/doc/TFile (header, TKey, TDirectory, TStreamerInfo), and its class references.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

DATIME = 0x6E4B1234
BEGIN = 100
UUID = struct.pack(">H", 1) + bytes(range(16))
NEW_CLASS = 0xFFFFFFFF
BYTE_COUNT = 0x40000000


# Objects ----------------------------------------------------------------------------------------


def string(text: str | bytes) -> bytes:
    raw = text if isinstance(text, bytes) else text.encode()
    return (bytes([len(raw)]) if len(raw) < 255 else b"\xff" + struct.pack(">i", len(raw))) + raw


def versioned(version: int, body: bytes) -> bytes:
    return struct.pack(">IH", (len(body) + 2) | BYTE_COUNT, version) + body


def pointer(kind: str, body: bytes) -> bytes:
    """An object behind a pointer, its class named anew each time."""
    content = struct.pack(">I", NEW_CLASS) + kind.encode() + b"\0" + body
    return struct.pack(">I", len(content) | BYTE_COUNT) + content


TOBJECT = struct.pack(">HII", 1, 0, 0x03000000)
NOTHING = struct.pack(">I", 0)


def named(name: str, title: str = "") -> bytes:
    return versioned(1, TOBJECT + string(name) + string(title))


@dataclass(frozen=True)
class Thing:
    """An object with the class that it is written as, and the name of its key."""

    kind: str
    name: str
    body: bytes
    title: str = ""


def text(content: str | bytes, name: str = "") -> Thing:
    return Thing("TObjString", name, versioned(1, TOBJECT + string(content)))


def array(name: str, things: Sequence[Thing]) -> Thing:
    items = b"".join(pointer(thing.kind, thing.body) for thing in things)
    head = TOBJECT + string(name) + struct.pack(">ii", len(things), 0)
    return Thing("TObjArray", name, versioned(3, head + items))


def tlist(things: Sequence[Thing], size: int | None = None) -> bytes:
    items = b"".join(pointer(thing.kind, thing.body) + b"\0" for thing in things)
    number = len(things) if size is None else size
    return versioned(5, TOBJECT + string("") + struct.pack(">i", number) + items)


def folder(name: str, things: Sequence[Thing]) -> Thing:
    body = named(name, f"title of {name}") + pointer("TList", tlist(things)) + b"\0"
    return Thing("TFolder", name, versioned(1, body))


def axis(bins: int, low: float, high: float, title: str) -> bytes:
    look = versioned(4, struct.pack(">ihhh5fhh", 510, 1, 1, 42, 0, 0.03, 0.03, 1, 0.03, 1, 42))
    body = named("xaxis", title) + look + struct.pack(">idd", bins, low, high)
    body += struct.pack(">i", 0) + struct.pack(">iiH?", 0, 0, 0, False) + string("")
    return versioned(10, body + NOTHING + NOTHING)


def histogram(
    name: str,
    contents: Sequence[float],
    *,
    title: str = "",
    outside: tuple[float, float] = (0, 0),
    entries: float | None = None,
    low: float = -0.5,
    high: float | None = None,
    axis_title: str = "",
    bins: int | None = None,
) -> Thing:
    """A TH1F; ``bins`` is what its axis says, where that shall be wrong."""
    n = len(contents)
    cells = [outside[0], *contents, outside[1]]
    filled = float(sum(cells)) if entries is None else entries
    x = axis(n if bins is None else bins, low, n - 0.5 if high is None else high, axis_title)
    body = named(name, title or name)
    body += versioned(2, struct.pack(">hhh", 1, 1, 1)) + versioned(2, struct.pack(">hh", 0, 1001))
    body += versioned(2, struct.pack(">hhf", 1, 1, 1.0)) + struct.pack(">i", n + 2) + x
    body += axis(1, 0, 1, "") + axis(1, 0, 1, "")
    body += struct.pack(">hh8d", 0, 1000, filled, 0, 0, 0, 0, -1111, -1111, 0)
    body += struct.pack(">ii", 0, 0) + string("") + tlist([])
    body += struct.pack(">i?ii", 0, False, 0, 2)
    floats = struct.pack(f">i{n + 2}f", n + 2, *cells)
    return Thing("TH1F", name, versioned(3, versioned(8, body) + floats), title or name)


# Class descriptions -----------------------------------------------------------------------------

KINDS = {"int": 3, "double": 8, "bool": 18}


def element(kind: str, name: str, code: int, cpp: str, version: int = 2, length: int = 0) -> bytes:
    sizes = struct.pack(">9i", code, 0, length, int(length > 0), length, 0, 0, 0, 0)
    return pointer(kind, versioned(version, versioned(4, named(name) + sizes + string(cpp))))


def base(name: str, version: int) -> bytes:
    sizes = struct.pack(">9i", 67, *(0,) * 8)
    body = versioned(4, named(name) + sizes + string("BASE")) + struct.pack(">i", version)
    return pointer("TStreamerBase", versioned(3, body))


def number(name: str, cpp: str, length: int = 0) -> bytes:
    code = KINDS.get(cpp, 3) + (20 if length else 0)
    return element("TStreamerBasicType", name, code, cpp, 2, length)


def member(name: str, cpp: str) -> bytes:
    return element("TStreamerObject", name, 61, cpp)


def description(name: str, version: int, elements: Sequence[bytes]) -> Thing:
    head = TOBJECT + string("") + struct.pack(">ii", len(elements), 0)
    held = pointer("TObjArray", versioned(3, head + b"".join(elements)))
    body = named(name) + struct.pack(">Ii", 0x12345678, version) + held
    return Thing("TStreamerInfo", name, versioned(9, body))


FOLDER = description(
    "TFolder",
    1,
    [
        base("TNamed", 1),
        element("TStreamerObjectPointer", "fFolders", 64, "TCollection*"),
        number("fIsOwner", "bool"),
    ],
)


# Files ------------------------------------------------------------------------------------------

Packing = Callable[[bytes], bytes]


def plain(data: bytes) -> bytes:
    return data


def block(algorithm: bytes, packed: bytes, size: int) -> bytes:
    sizes = struct.pack("<I", len(packed))[:3] + struct.pack("<I", size)[:3]
    return algorithm + b"\x08" + sizes + packed


def deflated(data: bytes) -> bytes:
    return block(b"ZL", zlib.compress(data), len(data))


@dataclass(frozen=True)
class Directory:
    """A TDirectory with things or directories in it."""

    name: str
    things: Sequence[Thing | Directory]


class Writer:
    """Records one after the other, as ROOT writes them."""

    def __init__(self, packing: Packing) -> None:
        self.packing = packing
        self.content = bytearray(BEGIN)

    def key(self, kind: str, name: str, title: str, stored: int, size: int, place: int) -> bytes:
        strings = string(kind) + string(name) + string(title)
        length = 26 + len(strings)
        fields = (length + stored, 4, size, DATIME, length, 1, place, BEGIN)
        return struct.pack(">ihiIhhii", *fields) + strings

    def record(self, kind: str, name: str, title: str, data: bytes, size: int) -> bytes:
        """Append a key with its data; the key, for the list of its directory."""
        key = self.key(kind, name, title, len(data), size, len(self.content))
        self.content += key + data
        return key

    def add(self, thing: Thing | Directory) -> bytes:
        if isinstance(thing, Thing):
            packed = self.packing(thing.body)
            data = packed if len(packed) < len(thing.body) else thing.body
            return self.record(thing.kind, thing.name, thing.title, data, len(thing.body))
        place = len(self.content)
        key = self.record("TDirectory", thing.name, "", bytes(48), 48)
        start = place + len(key)
        keys, size = self.listed(thing.things)
        self.content[start : start + 48] = directory(keys, size, len(key), place)
        return key

    def listed(self, things: Sequence[Thing | Directory]) -> tuple[int, int]:
        """Append things and the list of their keys; place and size of the list."""
        keys = [self.add(thing) for thing in things]
        data = struct.pack(">i", len(keys)) + b"".join(keys)
        place = len(self.content)
        self.record("TDirectory", "", "", data, len(data))
        return place, len(self.content) - place


def directory(keys: int, size: int, name_size: int, place: int) -> bytes:
    fields = (5, DATIME, DATIME, size, name_size, place, 0, keys)
    return struct.pack(">hIIiiiii", *fields) + UUID


def root_file(
    things: Sequence[Thing | Directory],
    descriptions: Sequence[Thing] = (FOLDER,),
    packing: Packing = deflated,
) -> bytes:
    writer = Writer(packing)
    named_size = len(string("made.root") + string(""))
    key = writer.record("TFile", "made.root", "", string("made.root") + string(""), named_size)
    start = len(writer.content)
    writer.content += bytes(48)
    keys, size = writer.listed(things)
    info = len(writer.content)
    listed = tlist(descriptions)
    packed = writer.packing(listed)
    data = packed if len(packed) < len(listed) else listed
    writer.record("TList", "StreamerInfo", "", data, len(listed))
    end = len(writer.content)
    name_size = len(key) + named_size
    writer.content[start : start + 48] = directory(keys, size, name_size, BEGIN)
    header = (b"root", 62400, BEGIN, end, end, 0, 0, name_size, 4, 101, info, end - info)
    writer.content[:BEGIN] = (struct.pack(">4s7iBiii", *header) + UUID).ljust(BEGIN, b"\0")
    return bytes(writer.content)


# Runs -------------------------------------------------------------------------------------------


def entries(lines: Sequence[str], first: int = 0) -> list[str]:
    """Header texts with a counter before each."""
    return [f"{number:03d} - {line}" for number, line in enumerate(lines, first)]
