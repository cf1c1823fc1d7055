"""A look at the global heaps of an HDF5 file, in which texts of variable length lie.

The HDF5 library (2.0 at least) loops for ever on a heap with an object of size zero, which one
changed byte can make; so the heaps are checked before that library reads such a text.

Source: HDF5 File Format Specification version 3.0, sections II.A (superblock) and III.E (global
heap).
"""

from __future__ import annotations

import mmap
from pathlib import Path

from musrcu.errors import ReadError

SIGNATURE = b"GCOL\x01\0\0\0"
"""First bytes of a heap: signature, version 1, three zero bytes."""
LENGTH_PLACE = {0: 14, 1: 14, 2: 10, 3: 10}
"""Byte of the superblock that holds the size of a length, by the version in byte 8."""
SMALLEST = 32
"""Bytes of a file below which there is nothing to look at."""


def check_global_heaps(path: Path) -> None:
    """Refuse a file with a global heap whose objects do not follow one another to its end.

    Raises
    ------
    ReadError that names the place, or if the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            if len(stream.read(SMALLEST)) < SMALLEST:
                return
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                _check(path, content)
    except OSError as error:
        raise ReadError(f"{path} cannot be read: {error.strerror or error}") from error


def _check(path: Path, content: mmap.mmap) -> None:
    width = content[LENGTH_PLACE.get(content[8], 14)]
    start = content.find(SIGNATURE)
    while start >= 0:
        place = _first_bad_object(content, start, width)
        if place is not None:
            raise ReadError(
                f"{path} at byte {place} is damaged: an object of the global heap at byte {start} "
                "does not end within the heap"
            )
        start = content.find(SIGNATURE, start + len(SIGNATURE))


def _first_bad_object(content: mmap.mmap, start: int, width: int) -> int | None:
    """Where the first object lies that is empty or leaves the heap; None if all is well."""
    header = _padded(len(SIGNATURE) + width)  # an object has a header of the same size
    end = start + _number(content, start + len(SIGNATURE), width)
    if end > len(content):
        return start
    place = start + header
    while place + header <= end:
        index, length = _number(content, place, 2), _number(content, place + 8, width)
        taken = (
            header + _padded(length) if index else length
        )  # index 0: free space, header included
        if taken < header or place + taken > end:
            return place
        place += taken
    return None


def _number(content: mmap.mmap, place: int, width: int) -> int:
    return int.from_bytes(content[place : place + width], "little")


def _padded(n_bytes: int) -> int:
    return (n_bytes + 7) // 8 * 8
