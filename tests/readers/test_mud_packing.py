"""Packed counts in every width, and the floating-point numbers of a VAX."""

from __future__ import annotations

import struct
import time
from fractions import Fraction
from pathlib import Path

import mud_bytes as mb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.errors import ReadError
from musrcu.readers.mud import read_mud
from musrcu.readers.mud_packing import check_counts, unpack_into, vax_doubles, vax_floats

LARGEST = {0: 0, 1: 2**8 - 1, 2: 2**16 - 1, 4: 2**32 - 1}


def unpacked(data: bytes, n_bins: int, bytes_per_bin: int = 0) -> tuple[list[int], int]:
    """The counts, and how many bytes they took."""
    row = np.zeros(n_bins, dtype=np.int64)
    used, _ = check_counts(data, n_bins, bytes_per_bin, "x")
    unpack_into(row, data, bytes_per_bin, "x")
    return row.tolist(), used


@st.composite
def stretches(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    """Counts and how they are cut into runs; runs may be empty, or wider than they must."""
    counts: list[int] = []
    runs = []
    for width in draw(st.lists(st.sampled_from(sorted(LARGEST)), max_size=8)):
        new = draw(st.lists(st.integers(0, LARGEST[width]), max_size=6))
        runs.append((len(new), width))
        counts += new
    return counts, runs


@given(stretches(), st.binary(max_size=3))
def test_any_runs(made: tuple[list[int], list[tuple[int, int]]], behind: bytes) -> None:
    counts, runs = made
    while runs and runs[-1][0] == 0:  # nothing is read behind the last bin
        runs.pop()
    data = mb.pack(counts, runs)
    assert unpacked(data + behind, len(counts)) == (counts, len(data))


@pytest.mark.parametrize("width", [1, 2, 4])
def test_plain_arrays(width: int) -> None:
    counts = [0, 1, LARGEST[width], 77]
    data = b"".join(count.to_bytes(width, "little") for count in counts)
    assert unpacked(data, 4, width) == (counts, 4 * width)
    with pytest.raises(ReadError, match=f"expected {4 * width} bytes or more"):
        check_counts(data[:-1], 4, width, "x")


@given(st.binary(max_size=40), st.integers(1, 30), st.integers(0, 5))
def test_any_bytes(data: bytes, n_bins: int, bytes_per_bin: int) -> None:
    """Counts or a ReadError, and what was checked is not read past its end."""
    try:
        used, _ = check_counts(data, n_bins, bytes_per_bin, "x")
    except ReadError:
        return
    assert used <= len(data)
    row = np.zeros(n_bins, dtype=np.int64)
    unpack_into(row, data[:used], bytes_per_bin, "x")


def test_a_long_histogram_takes_milliseconds() -> None:
    """Four million bins in 8000 runs: more than a second if they were taken one by one."""
    counts = np.random.default_rng(5).integers(0, 2**16, (8000, 500)).astype("<u2")
    data = b"".join(struct.pack("<HB", 500, 2) + run.tobytes() for run in counts)
    row = np.zeros(counts.size, dtype=np.int64)
    start = time.process_time()
    assert check_counts(data, row.size, 0, "x") == (len(data), 8000)
    unpack_into(row, data, 0, "x")
    assert time.process_time() - start < 0.5
    np.testing.assert_array_equal(row, counts.ravel())


@pytest.mark.parametrize("run", [struct.pack("<HB", 0, 2), struct.pack("<HBB", 1, 1, 7)])
def test_runs_of_nothing_and_of_one_bin_are_not_taken_without_end(
    tmp_path: Path, run: bytes
) -> None:
    """36 MB of them took eleven seconds; several histograms share what a file may have."""
    n_bins, most = 3_000_000, 1 << 20
    start = time.process_time()
    with pytest.raises(ReadError, match=f"more than {most} runs for {n_bins} bins"):
        check_counts(run * n_bins, n_bins, 0, "x")
    assert time.process_time() - start < 2
    counts = [7] * (most // 2 + 1)
    data = mb.pack(counts, [(1, 1)] * len(counts))
    pieces = [
        section for number in (1, 2) for section in mb.histogram(number, counts, data, title="x")
    ]
    path = tmp_path / "x.msr"
    path.write_bytes(mb.whole([mb.run_description(), mb.group(mb.HISTOGRAMS, pieces)]))
    with pytest.raises(
        ReadError, match=f"histogram 2: its data hold more than {most // 2 - 1} runs"
    ):
        read_mud(path)


# VAX --------------------------------------------------------------------------------------------

# Bytes of the table of test values that the U.S. Geological Survey gives with its libvaxdata,
# which can be checked by hand: 1 has exponent 129 and no fraction.
SINGLES = {
    0.0: "00000000", 1.0: "80400000", -1.0: "80c00000", 3.5: "60410000", -3.5: "60c10000",
    float(np.float32(3.14159)): "4941d00f", float(np.float32(-3.14159)): "49c1d00f",
}  # fmt: skip
DOUBLES = {
    0.0: "0000000000000000", 1.0: "8040000000000000", -3.5: "60c1000000000000",
    3.141592653589793: "4941da0f21a2c068", -3.141592653589793: "49c1da0f21a2c068",
}  # fmt: skip


def test_known_singles() -> None:
    for value, bytes_ in SINGLES.items():
        assert vax_floats(bytes.fromhex(bytes_)).tolist() == [value]
        assert mb.vax_float(value).hex() == bytes_


def test_known_doubles() -> None:
    for value, bytes_ in DOUBLES.items():
        assert vax_doubles(bytes.fromhex(bytes_)).tolist() == [value]
        assert mb.vax_double(value).hex() == bytes_


@given(st.lists(st.floats(min_value=-1e38, max_value=1e38).filter(lambda x: abs(x) > 1e-38)))
def test_doubles_come_back(values: list[float]) -> None:
    assert vax_doubles(b"".join(map(mb.vax_double, values))).tolist() == values


@given(st.integers(0, 2**64 - 1))
def test_every_pattern_is_the_number_of_the_definition(pattern: int) -> None:
    """(-1)^s (1/2 + f/2^56) 2^(e-128), exactly, then rounded once; 0 for e = 0."""
    sign, exponent, fraction = pattern >> 63, pattern >> 55 & 255, pattern & 2**55 - 1
    exact = (Fraction(1, 2) + Fraction(fraction, 2**56)) * Fraction(2) ** (exponent - 128)
    expected = 0.0 if exponent == 0 else float(-exact if sign else exact)
    words = struct.pack("<4H", *(pattern >> shift & 0xFFFF for shift in (48, 32, 16, 0)))
    if pattern & 2**63 - 1 == 2**63 - 1:  # the library writes infinity so
        expected = -np.inf if sign else np.inf
    assert vax_doubles(words).tolist() == [expected]


def test_infinity() -> None:
    assert vax_doubles(bytes.fromhex("ff7fffffffffffff")).tolist() == [np.inf]
    assert vax_floats(bytes.fromhex("ffffffff")).tolist() == [-np.inf]
    assert vax_doubles(b"").size == 0
