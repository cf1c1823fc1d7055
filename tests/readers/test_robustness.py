"""Cut and damaged files: a Run or a ReadError, nothing else, in bounded memory and time.

``MUSRCU_ALL_SAMPLES`` makes it every sample run instead of two.
"""

from __future__ import annotations

import os
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import SAMPLES, expected_files
from damage import ROOM, attempt
from psi_bin_bytes import SIZE, small_file

from musrcu.containers.run import Run
from musrcu.readers.psi_bin import read_psi_bin
from musrcu.writers.psi_bin import write_psi_bin

CUTS, FLIPS = 200, 2000

REAL = sorted(name for name in expected_files() if "psi-bin/" in name)


def chosen() -> list[Path | None]:
    """Files to damage: one made here (None), and samples as far as there are any."""
    samples: list[Path | None] = [*sorted(SAMPLES.glob("*.bin"))]
    if len(samples) > 2 and not os.environ.get("MUSRCU_ALL_SAMPLES"):
        samples = [samples[0], samples[-1]]
    return [None, *samples]


SAMPLE = pytest.mark.parametrize(
    "sample", chosen(), ids=lambda path: path.name if path else "small"
)


@pytest.fixture
def measured() -> Iterator[None]:
    """Memory is measured, which costs time."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def content_of(sample: Path | None) -> bytes:
    return sample.read_bytes() if sample else small_file()


def declared_bytes(content: bytes) -> int:
    """Bytes of the counts (int32) that the header declares."""
    if len(content) < SIZE:
        return 0
    bins, histograms = struct.unpack_from("<2h", content, 28)
    return 4 * max(bins, 0) * max(histograms, 0)


def room(content: bytes) -> int:
    """Bytes that reading may take: some, and 20 times what the header declares."""
    return ROOM + 20 * declared_bytes(content)


def flips(content: bytes, seed: int) -> Iterator[tuple[int, int]]:
    """Seeded places and the byte to put there, half of them in the header."""
    random = np.random.default_rng(seed)
    for number in range(FLIPS):
        place = random.integers(SIZE) if number % 2 else random.integers(SIZE, len(content))
        yield int(place), content[place] ^ int(random.integers(1, 256))


@SAMPLE
@pytest.mark.usefixtures("measured")
def test_cut_files(sample: Path | None, tmp_path: Path) -> None:
    content, path = content_of(sample), tmp_path / "cut.bin"
    random = np.random.default_rng(20181)
    lengths = {0, 1, 2, 16, 512, 1023, 1024, 1025, len(content) - 1}
    while len(lengths) < CUTS:
        high = SIZE if len(lengths) % 2 else len(content)
        lengths.add(int(random.integers(high)))
    for length in lengths:
        path.write_bytes(content[:length])
        assert attempt(path, room(content)) is None, f"cut at {length}"


@SAMPLE
@pytest.mark.usefixtures("measured")
def test_flipped_bytes(sample: Path | None, tmp_path: Path) -> None:
    content, path = content_of(sample), tmp_path / "flipped.bin"
    path.write_bytes(content)
    whole = read_psi_bin(path)
    runs = 0
    with path.open("r+b", buffering=0) as stream:
        for place, byte in flips(content, seed=20182):
            changed = content[:place] + bytes([byte]) + content[place + 1 : SIZE]
            stream.seek(place)
            stream.write(bytes([byte]))
            run = attempt(path, room(changed))
            stream.seek(place)
            stream.write(content[place : place + 1])
            runs += run is not None
            if run is not None and place >= SIZE:
                assert_noticed(run, whole, place)
    assert FLIPS / 4 < runs < FLIPS, "most flips leave a file that can be read"


def assert_noticed(run: Run, whole: Run, place: int) -> None:
    """A changed count is a warning, if it lies in the bins that the header counts."""
    room = run.header["KDAFHI"] * run.header["LENDAF"]
    detector, bin_number = divmod((place - SIZE) // 4, room)
    first, last = (whole.header[name][detector] for name in ("NTINI", "NTFIN"))
    if first - 1 <= bin_number < last:
        assert any("event counts" in text for text in run.warnings)
    elif bin_number >= run.n_bins:
        assert any("padding" in text for text in run.warnings)


def test_what_was_read_can_be_written(tmp_path: Path) -> None:
    """A doubtful file is written as it was read: only its event counts and padding are renewed."""
    content, path = small_file(), tmp_path / "flipped.bin"
    in_header = [flip for flip in flips(content, seed=20183) if flip[0] < SIZE]
    for place, byte in in_header:
        damaged = bytearray(content)
        damaged[place] = byte
        path.write_bytes(damaged)
        if (run := attempt(path, room(damaged))) is None:
            continue
        found = write_psi_bin(run, tmp_path / "again.bin", overwrite=True).read_bytes()
        renewed = {*range(128, 130), *range(296, 360), *range(424, 428)}
        assert [k for k in range(SIZE) if found[k] != damaged[k] and k not in renewed] == []
        again = read_psi_bin(tmp_path / "again.bin")
        np.testing.assert_array_equal(again.counts, run.counts)
        np.testing.assert_array_equal(again.t0, run.t0)


@pytest.mark.parametrize("bins", [-1, 32767])
def test_a_header_that_declares_more_than_the_file_holds(tmp_path: Path, bins: int) -> None:
    content = bytearray(small_file())
    struct.pack_into("<2h", content, 28, bins, 16)
    struct.pack_into("<4h", content, 128, 32767, 4096, 2047, 1)
    path = tmp_path / "greedy.bin"
    path.write_bytes(content)
    assert attempt(path) is None


@pytest.mark.parametrize("name", REAL[:3] or ["psi-bin"])
@pytest.mark.usefixtures("measured")
def test_real_files_with_a_damaged_header(real: Path, tmp_path: Path, name: str) -> None:
    content = (real / name).read_bytes()
    path = tmp_path / "damaged.bin"
    random = np.random.default_rng(20184)
    for _ in range(200):
        damaged = bytearray(content)
        for place in random.integers(SIZE, size=8):
            damaged[place] = int(random.integers(256))
        path.write_bytes(damaged)
        attempt(path, room(damaged))
