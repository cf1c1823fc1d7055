"""The list of elements of an HDF4 file, checked before the HDF4 library sees the file.

That library (4.2.14 at least) trusts what a file says of itself: one changed byte can make it
crash, loop or follow a path out of the file. So every element has to lie inside the file, and an
element that is not stored in one piece has to be of a kind whose header is checked here.

Source: HDF Specification and Developer's Guide, chapters 2 (data descriptors), 9 (tags) and 10
(special elements).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from musrcu.errors import ReadError

MAGIC = b"\x0e\x03\x13\x01"
"""First four bytes of an HDF4 file."""
NOTHING = 0xFFFFFFFF
"""Offset and length of an element without values."""
VERSION_BYTES = 92
"""Bytes in which a file names the version that wrote it; the library has room for no more."""
DESCRIPTOR = np.dtype([("tag", ">u2"), ("ref", ">u2"), ("offset", ">u4"), ("length", ">u4")])

NULL, LINKED, VERSION, COMPRESSED = 1, 20, 30, 40
NUMBER_TYPE, DIMENSIONS, VALUES, DATA_SET = 106, 701, 702, 720
VDATA_HEADER, VDATA_VALUES, VGROUP = 1962, 1963, 1965
SPECIAL = 0x4000
"""Bit of a tag that says that the element is not stored in one piece."""
OWN_TAGS = 0x8000
"""First of the tags that programs may define, for which that bit says nothing."""
IN_BLOCKS, ELSEWHERE, PACKED, CHUNKED = 1, 2, 3, 5
"""Kinds of special elements."""
KINDS = {CHUNKED: "in chunks", 4: "in blocks of variable length", 6: "in a buffer"}
PLAIN, RUN_LENGTH, DEFLATE = 0, 1, 4
"""Ways of packing that are read."""
HIGHEST_LEVEL = 9
"""Highest level of deflate."""
CODERS = {2: "n-bit", 3: "Huffman", 5: "szip", 7: "JPEG", 8: "IMCOMP"}
REWRITE = "rewrite the file with: hrepack -t '*:NONE' -c '*:NONE'"


class Element(NamedTuple):
    """Where the values of one tag and reference lie."""

    offset: int
    length: int
    """Bytes that it takes when read, packed or not; 0 without values."""
    stored: int
    """Bytes of values that lie in the file."""
    special: bool
    """Whether it is not stored in one piece."""


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of an open file by tag and reference, all of them inside the file."""

    path: Path
    content: mmap.mmap
    found: dict[tuple[int, int], Element]
    pieces: set[int] = field(default_factory=set)
    """References of the lists of pieces that were met."""

    def error(self, place: int, sentence: str) -> ReadError:
        """The error ``<path> at byte <place>: <sentence>``."""
        return ReadError(f"{self.path} at byte {place}: {sentence}")

    def refs(self, tag: int) -> list[int]:
        """References of all elements of a tag, in the order of the file."""
        return [ref for known, ref in self.found if known == tag]

    def size(self, tag: int, ref: int) -> int:
        """Bytes that an element takes when read.

        Raises
        ------
        ReadError if there is no such element.
        """
        element = self.found.get((tag, ref))
        if element is None:
            raise ReadError(f"{self.path} is damaged: element {tag}/{ref} is missing")
        return element.length

    def block(self, tag: int, ref: int) -> bytes:
        """The bytes of an element that is stored in one piece; empty without values.

        Raises
        ------
        ReadError if there is no such element, or it is stored otherwise.
        """
        self.size(tag, ref)
        element = self.found[tag, ref]
        if element.special:
            raise self.error(element.offset, f"element {tag}/{ref} is not stored in one piece")
        return self.content[element.offset : element.offset + element.length]


def find_elements(path: Path, content: mmap.mmap) -> Elements:
    """The elements of an HDF4 file.

    Raises
    ------
    ReadError if the list or an element leaves the file, a list leads in circles, an element is
    listed twice, keeps its values in another file, or is stored in a way that is not read.
    """
    plain: dict[tuple[int, int], Element] = {}
    special: dict[tuple[int, int], tuple[int, int]] = {}
    elements = Elements(path, content, plain)
    for place, tag, ref, offset, length in _descriptors(elements):
        if tag == NULL:
            continue
        base = tag & ~SPECIAL if tag < OWN_TAGS else tag
        key = base, ref
        if not base or not ref or key in plain or key in special:
            raise elements.error(place, f"element {base}/{ref} cannot be or is listed twice")
        if offset == NOTHING and length == NOTHING and base == tag:
            plain[key] = Element(0, 0, 0, special=False)
        elif offset + length > len(content):
            raise elements.error(
                place, f"element {base}/{ref} ends at {offset + length}, after the file"
            )
        elif base != tag:
            special[key] = offset, length
        else:
            plain[key] = Element(offset, length, length, special=False)
    if sum(element.length for element in plain.values()) > len(content):
        raise ReadError(f"{path} is damaged: its elements take more bytes than it has")
    for key in sorted(special, key=lambda key: key[0] != COMPRESSED):  # others may be packed there
        plain[key] = _special(elements, key, *special[key])
    if any(len(elements.block(VERSION, ref)) != VERSION_BYTES for ref in elements.refs(VERSION)):
        raise ReadError(f"{path} is damaged: its version does not take {VERSION_BYTES} bytes")
    return elements


def _descriptors(elements: Elements) -> Iterator[tuple[int, int, int, int, int]]:
    """Place, tag, reference, offset and length of every element that the file lists."""
    content, block, seen = elements.content, len(MAGIC), 0
    while block:
        if block + 6 > len(content):
            raise elements.error(block, "the list of elements leaves the file")
        count, following = struct.unpack_from(">HI", content, block)
        size = count * DESCRIPTOR.itemsize
        seen += 6 + size
        if not count or block + 6 + size > len(content) or seen > len(content):
            raise elements.error(block, f"a list of {count} elements is cut or met twice")
        rows = np.frombuffer(content[block + 6 : block + 6 + size], dtype=DESCRIPTOR)
        for number, row in enumerate(rows.tolist()):
            yield (block + 6 + number * DESCRIPTOR.itemsize, *row)
        block = following


def _special(elements: Elements, key: tuple[int, int], offset: int, length: int) -> Element:
    """An element whose values lie elsewhere in the file, as its header says."""
    header = elements.content[offset : offset + length]
    kind = int.from_bytes(header[:2], "big")
    name = f"element {key[0]}/{key[1]}"
    if kind == ELSEWHERE:
        raise elements.error(offset, f"{name} lies in another file, which is not followed")
    allowed = {LINKED: (), COMPRESSED: (IN_BLOCKS,)}.get(key[0], (IN_BLOCKS, PACKED))
    if kind not in allowed:
        way = KINDS.get(kind, f"as kind {kind}")
        raise elements.error(offset, f"{name} is stored {way}, which is not read; {REWRITE}")
    try:
        declared, stored = (_linked if kind == IN_BLOCKS else _packed)(elements, offset, header)
    except struct.error:
        raise elements.error(offset, f"the header of {name} is cut") from None
    if declared < 0:
        raise elements.error(offset, f"{name} declares {declared} bytes")
    return Element(offset, declared, stored, special=True)


def _packed(elements: Elements, offset: int, header: bytes) -> tuple[int, int]:
    """Bytes of a packed element, unpacked and as stored."""
    _, declared, ref, model, coder = struct.unpack_from(">HiHHH", header, 2)
    if model or coder not in (PLAIN, RUN_LENGTH, DEFLATE):
        way = CODERS.get(coder, f"coder {coder}")
        raise elements.error(offset, f"values packed with {way}, which is not read; {REWRITE}")
    if coder == DEFLATE and struct.unpack_from(">H", header, 14)[0] > HIGHEST_LEVEL:
        raise elements.error(offset, "values packed with a level that deflate does not have")
    return declared, elements.size(COMPRESSED, ref)


def _linked(elements: Elements, offset: int, header: bytes) -> tuple[int, int]:
    """Bytes of an element that was written in several pieces, and those in the pieces."""
    declared, size, count, ref = struct.unpack_from(">iiiH", header, 2)
    sizes: list[int] = []
    while ref:
        table = elements.block(LINKED, ref)
        if ref in elements.pieces or count <= 0 or len(table) != 2 + 2 * count:
            raise elements.error(offset, "the list of pieces of an element is damaged")
        elements.pieces.add(ref)
        ref, *pieces = struct.unpack_from(f">{count + 1}H", table)
        sizes += [elements.size(LINKED, number) for number in pieces if number]
    if size <= 0 or any(found != size for found in sizes[1:]) or sum(sizes) < declared:
        raise elements.error(
            offset, f"{len(sizes)} pieces of {size} bytes, expected {declared} bytes in them"
        )
    return declared, sum(sizes)
