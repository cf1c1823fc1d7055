"""What a ROOT file stores in blocks, unpacked into exactly the bytes it declares, never more.

uproot unpacks a Zstandard or zlib block to whatever comes out of it: 9 kB can become 300 MB. Here
a block that holds more or less than it declares is refused after the declared bytes.

Source: ROOT, ``core/zip/src/RZip.cxx``: blocks with a header of 9 bytes (algorithm, method,
stored and unpacked size of 3 bytes each), at most 16 MB unpacked.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError

_HEADER = struct.Struct("<2sBHBHB")
LZMA_MEMORY = 128 << 20
"""Bytes that unpacking an LZMA block may take; ROOT's highest level takes 65 MB."""


def unpack(place: str, stored: bytes, size: int) -> NDArray[np.uint8]:
    """(size,) bytes out of the blocks in ``stored``, which is as it is where the sizes agree.

    Parameters
    ----------
    place : the file and the place in it, with which a sentence about damage begins.

    Raises
    ------
    ReadError if the blocks do not hold ``size`` bytes, are cut or of an unknown algorithm. What
    the algorithms raise on damage is left to the caller.
    """
    if len(stored) == size:
        return np.frombuffer(stored, np.uint8)
    blocks = list(_blocks(place, stored))
    held = sum(unpacked for _, _, unpacked in blocks)
    if held != size:
        raise ReadError(f"{place} declares {size} bytes, its blocks declare {held}")
    output = np.empty(size, np.uint8)
    start = 0
    for algorithm, block, unpacked in blocks:
        into = output[start : start + unpacked]
        filled = _ALGORITHMS[algorithm](block, into)
        if filled != unpacked:
            raise ReadError(
                f"{place} is damaged: a block declares {unpacked} bytes and holds "
                f"{'more' if filled > unpacked else filled}"
            )
        start += unpacked
    return output


def _blocks(place: str, stored: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """Algorithm, bytes with the header before them, and unpacked size of each block."""
    view, start = memoryview(stored), 0
    while start < len(stored):
        if len(stored) - start < _HEADER.size:
            raise ReadError(f"{place} ends within the header of a compressed block")
        algorithm, _, low, high, unpacked_low, unpacked_high = _HEADER.unpack_from(stored, start)
        stop = start + _HEADER.size + low + (high << 16)
        if algorithm not in _ALGORITHMS:
            raise ReadError(
                f"{place} is compressed by {algorithm!r}, expected one of "
                f"{', '.join(name.decode() for name in _ALGORITHMS)}"
            )
        if stop > len(stored):
            raise ReadError(f"{place} is cut within a compressed block")
        yield algorithm, view[start:stop], unpacked_low + (unpacked_high << 16)
        start = stop


def _copy(found: bytes, finished: bool, into: NDArray[np.uint8]) -> int:
    """Bytes found, and one more where the block would go on."""
    size = min(len(found), into.size)
    into[:size] = np.frombuffer(found, np.uint8, size)
    return len(found) if finished or len(found) > into.size else 0


def _zlib(block: memoryview, into: NDArray[np.uint8]) -> int:
    stream = zlib.decompressobj()
    found = stream.decompress(block[_HEADER.size :], into.size + 1)
    return _copy(found, stream.eof, into)


def _lzma(block: memoryview, into: NDArray[np.uint8]) -> int:
    stream = lzma.LZMADecompressor(memlimit=LZMA_MEMORY)
    found = stream.decompress(block[_HEADER.size :], into.size + 1)
    return _copy(found, stream.eof, into)


def _zstandard(block: memoryview, into: NDArray[np.uint8]) -> int:
    import cramjam

    # it raises where the block holds more than fits
    return int(cramjam.zstd.decompress_into(block[_HEADER.size :], into.data))


def _lz4(block: memoryview, into: NDArray[np.uint8]) -> int:
    """Left to uproot, which checks the checksum and never unpacks more than declared."""
    import uproot

    chunk = uproot.source.chunk.Chunk.wrap(None, np.frombuffer(block, np.uint8))
    cursor = uproot.source.cursor.Cursor(0)
    found = uproot.compression.decompress(chunk, cursor, {}, len(block), into.size)
    into[:] = found.raw_data
    return into.size


_ALGORITHMS = {b"ZL": _zlib, b"XZ": _lzma, b"ZS": _zstandard, b"L4": _lz4}
