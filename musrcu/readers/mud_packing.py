"""Numbers as a MUD file packs them: counts in runs of equal width, and floats of a VAX.

Source: ``MUD_SEC_GEN_HIST_dopack`` of ``mud_gen.c`` and ``mud_encode.c`` of the MUD library of
TRIUMF (T. Whidden, D. Arseneau), compared with mud-py 1.3.1 on real and on built files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError

PACKED = 0
"""``bytesPerBin`` of counts in runs; 1, 2 and 4 are plain arrays."""

MOST_RUNS = 1 << 20
"""Runs of all packed arrays of a file; real histograms have less than a hundred each."""

_RUN = struct.Struct("<HB")
_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("u1"), 2: np.dtype("<u2"), 4: np.dtype("<u4")}

Stretch = tuple[int, int, int]
"""Offset of the first value, number of values, bytes of a value (0: zeros, which take none)."""


def check_counts(
    data: bytes, n_bins: int, bytes_per_bin: int, place: str, most_runs: int = MOST_RUNS
) -> tuple[int, int]:
    """Bytes of ``data`` that the counts take, and their runs, found without making them.

    A few bytes may stand for any number of zeros, so that this comes before the counts are given
    memory: afterwards ``n_bins`` is what the data hold.

    Parameters
    ----------
    place : the file and the histogram, with which an error begins.
    most_runs : how many runs there may be. One may hold a single value or none, and each takes a
        microsecond.

    Raises
    ------
    ReadError if the data are no counts, or not ``n_bins`` of them.
    """
    filled = used = n_runs = 0
    for offset, n, width in _stretches(data, n_bins, bytes_per_bin, place):
        filled, used, n_runs = filled + n, offset + n * width, n_runs + 1
        if n_runs > most_runs:
            raise ReadError(
                f"{place}: its data hold more than {most_runs} runs for {n_bins} bins, which no "
                f"program packs; a file may have {MOST_RUNS}"
            )
        if used > len(data):
            raise ReadError(
                f"{place}: its data end early: expected {used} bytes or more, found {len(data)}"
            )
        if filled > n_bins:
            raise ReadError(f"{place}: its data hold {filled} bins or more, expected {n_bins}")
    return used, n_runs


def unpack_into(row: NDArray[np.int64], data: bytes, bytes_per_bin: int, place: str) -> None:
    """Put the counts of :func:`check_counts`-ed data into ``row``, (n_bins,) zeros."""
    filled = 0
    for offset, n, width in _stretches(data, row.size, bytes_per_bin, place):
        if width:
            row[filled : filled + n] = np.frombuffer(data, _TYPES[width], n, offset)
        filled += n


def _stretches(data: bytes, n_bins: int, bytes_per_bin: int, place: str) -> Iterator[Stretch]:
    """The runs of the data until ``n_bins`` values are found; each starts inside the data."""
    if bytes_per_bin in _TYPES:
        yield 0, n_bins, bytes_per_bin
        return
    if bytes_per_bin != PACKED:
        raise ReadError(f"{place}: bytesPerBin = {bytes_per_bin}, expected 0, 1, 2 or 4")
    offset = filled = 0
    while filled < n_bins:
        if offset + _RUN.size > len(data):
            raise ReadError(
                f"{place}: its data end early: {filled} bins in {len(data)} bytes, "
                f"expected {n_bins} bins"
            )
        n, width = _RUN.unpack_from(data, offset)
        offset += _RUN.size
        if width and width not in _TYPES:
            raise ReadError(
                f"{place}: byte {offset - 1} of its data says {width} bytes for a bin, "
                "expected 0, 1, 2 or 4"
            )
        yield offset, n, width
        offset += n * width
        filled += n


def vax_doubles(data: bytes) -> NDArray[np.float64]:
    """Numbers in D_floating of the VAX, 8 bytes each.

    value = (-1)^sign (1/2 + fraction / 2^56) 2^(exponent - 128) with the sign in bit 63, the
    exponent in bits 62 to 55 and the fraction below, of four little-endian words of which the
    first is the highest; 0 where the exponent is 0. The largest number stands for infinity.
    """
    words = np.frombuffer(data, "<u2").reshape(-1, 4).astype(np.uint64)
    return _vax(words, exponent_bit=55)


def vax_floats(data: bytes) -> NDArray[np.float64]:
    """Numbers in F_floating of the VAX, 4 bytes each: the upper half of a D_floating."""
    words = np.frombuffer(data, "<u2").reshape(-1, 2).astype(np.uint64)
    return _vax(words, exponent_bit=23)


def _vax(words: NDArray[np.uint64], exponent_bit: int) -> NDArray[np.float64]:
    bits = np.zeros(len(words), dtype=np.uint64)
    for column in words.T:
        bits = (bits << np.uint64(16)) | column
    one, place = np.uint64(1), np.uint64(exponent_bit)
    hidden = one << place
    exponent = ((bits >> place) & np.uint64(0xFF)).astype(np.int32)
    fraction = bits & (hidden - one)
    # the hidden bit first: one rounding, from 56 bits to the 53 of a double
    size: NDArray[np.float64] = np.ldexp(
        (fraction | hidden).astype(float), exponent - 128 - exponent_bit - 1
    )
    size[exponent == 0] = 0.0
    size[(exponent == 0xFF) & (fraction == hidden - one)] = np.inf
    size[((bits >> np.uint64(exponent_bit + 8)) != 0) & (size != 0)] *= -1.0
    return size
