"""A look at the global heaps of an HDF5 file, in which texts of variable length lie.

The HDF5 library (2.0 at least) loops for ever on a heap with an object of size zero, which one
changed byte can make; so the heaps are checked before that library reads such a text.

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

from musrcu.errors import ReadError

SIGNATURE = b"GCOL\x01\0\0\0"
"""First bytes of a heap: signature, version 1, three zero bytes."""
LENGTH_PLACE = {0: 14, 1: 14, 2: 10, 3: 10}
"""Byte of the superblock that holds the size of a length, by the version in byte 8."""
BLOCK = 1 << 20
"""Bytes looked at at a time."""
SMALLEST = 32
"""Bytes of a file below which there is nothing to look at."""


def check_global_heaps(path: Path, beside: Sequence[tuple[int, int]] = ()) -> None:
    """Refuse a file with a global heap whose objects do not follow one another to its end.

    Parameters
    ----------
    beside : first byte and end of ranges that need not be looked at, because numbers lie there.

    Raises
    ------
    ReadError that names the place, or if the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(SMALLEST)
            if len(head) < SMALLEST:
                return
            size = stream.seek(0, os.SEEK_END)
            heaps = _Heaps(stream, size, width=head[LENGTH_PLACE.get(head[8], 14)])
            for start in list(_places(stream, _gaps(beside, size))):
                place = heaps.first_bad_object(start)
                if place is not None:
                    raise ReadError(
                        f"{path} at byte {place} is damaged: an object of the global heap at byte "
                        f"{start} does not end within the heap"
                    )
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror or error}") from error


def check_lengths(path: Path, blocks: Iterable[tuple[int, int]], width: int) -> None:
    """Refuse texts that are said to be longer than the file: room is made for them before a look.

    A text of variable length is stored as its length in 4 bytes, and its place in a heap.

    Parameters
    ----------
    blocks : first byte and number of bytes of each block in which such references lie.
    width : bytes of a reference.

    Raises
    ------
    ReadError that names the place, or if the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            for start, n_bytes in blocks:
                stream.seek(start)
                block = stream.read(n_bytes)
                for place in range(0, len(block) - 3, width):
                    length = int.from_bytes(block[place : place + 4], "little")
                    if length > size:
                        raise ReadError(
                            f"{path} at byte {start + place} is damaged: a text of {length} bytes "
                            f"in a file of {size}"
                        )
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror or error}") from error


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


@dataclass(frozen=True, slots=True)
class _Heaps:
    """The file, and how many bytes a length takes in it."""

    stream: BinaryIO
    size: int
    width: int

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
            place += taken
        return None

    def _number(self, place: int, width: int) -> int:
        self.stream.seek(place)
        return int.from_bytes(self.stream.read(width), "little")


def _padded(n_bytes: int) -> int:
    return (n_bytes + 7) // 8 * 8
