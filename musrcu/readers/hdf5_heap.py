"""A look at the global heaps of an HDF5 file, in which texts of variable length lie.

The HDF5 library (2.0 at least) loops for ever on a heap with an object of size zero, and makes room
for a text before it looks whether the heap has one of that length; one changed byte can make both.
So heaps and lengths are checked before that library reads such a text.

Source: HDF5 File Format Specification version 3.0, sections II.A (superblock) and III.E (global
heap).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from musrcu.errors import ReadError
from musrcu.readers.tree import SMALL

SIGNATURE = b"GCOL\x01\0\0\0"
"""First bytes of a heap: signature, version 1, three zero bytes."""
LENGTH_PLACE = {0: 14, 1: 14, 2: 10, 3: 10}
"""Byte of the superblock that holds the size of a length, by the version in byte 8."""
LONGEST = 16 << 20
"""Bytes of a text below which it does not matter whether it is there."""
REFERENCE = 16
"""Bytes of a length, an address and a number."""
MOST_OBJECTS = 1 << 16
"""Objects of a heap are numbered in 2 bytes, from 1."""
BLOCK = 1 << 20
"""Bytes looked at at a time."""
SMALLEST = 32
"""Bytes of a file below which there is nothing to look at."""


def check_global_heaps(path: Path, beside: Sequence[tuple[int, int]] = ()) -> int:
    """Refuse a file with a global heap whose objects do not follow one another to its end.

    Parameters
    ----------
    beside : first byte and end of ranges that need not be looked at, because numbers lie there.

    Returns
    -------
    Bytes of the longest text in the heaps.

    Raises
    ------
    ReadError that names the place, or if the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(SMALLEST)
            if len(head) < SMALLEST:
                return 0
            size = stream.seek(0, os.SEEK_END)
            heaps = _Heaps(stream, size, width=head[LENGTH_PLACE.get(head[8], 14)])
            places = list(_places(stream, _gaps(beside, size)))
            for start in places:
                place = heaps.first_bad_object(start)
                if place is not None:
                    raise ReadError(
                        f"{path} at byte {place} is damaged: an object of the global heap at byte "
                        f"{start} does not end within the heap"
                    )
            _check_references(path, stream, _gaps(beside, size), places)
            return heaps.longest
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror or error}") from error


def check_lengths(path: Path, where: str, blocks: Iterable[tuple[int, int]], width: int) -> None:
    """Refuse texts that are said to be long: room is made for them before a look.

    A text of variable length is stored as its length in 4 bytes, and its place in a heap. One may
    have a megabyte; all together, which may be the same one many times, 16.

    Parameters
    ----------
    where : what they are of, for the error.
    blocks : first byte and number of bytes of each block in which such references lie.
    width : bytes of a reference.

    Raises
    ------
    ReadError that names the place, or if the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            size, total = stream.seek(0, os.SEEK_END), 0
            for start, n_bytes in blocks:
                stream.seek(start)
                block = stream.read(n_bytes)
                for place in range(0, len(block) - 3, width):
                    stored = block[place : place + 4]
                    _check_length(path, start + place, stored, size)
                    length = int.from_bytes(stored, "little")
                    total += length
                    if length > SMALL or total > LONGEST:
                        raise ReadError(
                            f"{path} at {where}: texts of {total} bytes, expected at most {SMALL} "
                            f"for one, {LONGEST} in all"
                        )
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror or error}") from error


def _check_length(path: Path, place: int, stored: bytes, size: int) -> None:
    length = int.from_bytes(stored, "little")
    if length > max(size, LONGEST):
        raise ReadError(
            f"{path} at byte {place} is damaged: a text of {length} bytes in a file of {size}"
        )


def _check_references(
    path: Path, stream: BinaryIO, gaps: Iterable[tuple[int, int]], heaps: Sequence[int]
) -> None:
    """The same wherever texts are, attributes too: length, address of a heap, number in it.

    Looked at is what begins at a multiple of 8 bytes, as in all but the newest kind of headers;
    elsewhere other numbers may look alike.
    """
    size, known = stream.seek(0, os.SEEK_END), np.array(heaps, np.uint64)
    for start, end in gaps if heaps else ():
        for place in range(start + -start % 8, end, BLOCK):
            stream.seek(place)
            block = stream.read(min(BLOCK, end - place) + REFERENCE)
            words = np.frombuffer(block, "<u8", max(len(block) - 4, 0) // 8, 4)
            near = np.flatnonzero((words <= max(heaps)) & (words > 0))
            for at in (8 * near[np.isin(words[near], known)]).tolist():
                if 0 < int.from_bytes(block[at + 12 : at + 16], "little") < MOST_OBJECTS:
                    _check_length(path, place + at, block[at : at + 4], size)


def _gaps(beside: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """What lies between ranges of a file of a size."""
    start = 0
    for first, end in sorted(beside):
        if first > start:
            yield start, min(first, size)
        start = max(start, end)
    if start < size:
        yield start, size


def _places(stream: BinaryIO, gaps: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Where the signature lies in parts of a file, found block by block: it may be long."""
    wanted = re.compile(re.escape(SIGNATURE))  # three times as fast as bytes.find
    overlap = len(SIGNATURE) - 1
    for start, end in gaps:
        for place in range(start, end, BLOCK):
            stream.seek(place)
            block = stream.read(min(BLOCK, end - place) + overlap)
            for match in wanted.finditer(block):
                yield place + match.start()


@dataclass(slots=True)
class _Heaps:
    """The file, and how many bytes a length takes in it."""

    stream: BinaryIO
    size: int
    width: int
    longest: int = 0
    """Bytes of the longest object met."""

    def first_bad_object(self, start: int) -> int | None:
        """Where the first object of a heap lies that is empty or leaves it; None if all is well."""
        header = _padded(len(SIGNATURE) + self.width)  # an object has a header of the same size
        end = start + self._number(start + len(SIGNATURE), self.width)
        if end > self.size:
            return start
        place = start + header
        while place + header <= end:
            index, length = self._number(place, 2), self._number(place + 8, self.width)
            taken = (
                header + _padded(length) if index else length
            )  # index 0: free space, header included
            if taken < header or place + taken > end:
                return place
            if index:
                self.longest = max(self.longest, length)
            place += taken
        return None

    def _number(self, place: int, width: int) -> int:
        self.stream.seek(place)
        return int.from_bytes(self.stream.read(width), "little")


def _padded(n_bytes: int) -> int:
    return (n_bytes + 7) // 8 * 8
