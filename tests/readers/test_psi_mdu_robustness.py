"""Cut and damaged MDU files: a Run or a ReadError, nothing else, in bounded memory and time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import expected_files
from damage import attempt
from mdu_bytes import TAGS, small_mdu, tags_offset

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.registry import read

CUTS, FLIPS = 200, 2000

REAL = sorted(name for name in expected_files() if "psi-mdu/" in name)
KINDS = pytest.mark.parametrize("kind", sorted(TAGS))


@pytest.fixture
def measured() -> Iterator[None]:
    """Memory is measured, which costs time."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@KINDS
@pytest.mark.usefixtures("measured")
def test_cut_files(tmp_path: Path, kind: str) -> None:
    mdu = small_mdu(kind)
    content, path = mdu.content(), tmp_path / "cut.mdu"
    path.write_bytes(content)
    assert attempt(path) is not None
    end = len(content) - len(mdu.tail)
    random = np.random.default_rng(20261)
    lengths = {0, 1, 2, 16, 511, 512, 513, tags_offset(kind), end - 60, end - 1}
    while len(lengths) < CUTS:
        high = tags_offset(kind) if len(lengths) % 2 else end
        lengths.add(int(random.integers(high)))
    for length in lengths:
        path.write_bytes(content[:length])
        assert attempt(path) is None, f"cut at {length}"
    path.write_bytes(content[:end])
    assert attempt(path) is not None


def flipped(path: Path, content: bytes, place: int, byte: int) -> Run | None:
    """The run after one byte was changed, which is then put back."""
    with path.open("r+b", buffering=0) as stream:
        stream.seek(place)
        stream.write(bytes([byte]))
        run = attempt(path)
        stream.seek(place)
        stream.write(content[place : place + 1])
    return run


@KINDS
def test_flipped_bytes(tmp_path: Path, kind: str) -> None:
    """Half of them before the first record; a changed count is never silent."""
    content, path = small_mdu(kind, begin=3).content(), tmp_path / "flipped.mdu"
    path.write_bytes(content)
    whole = read(path)
    stored = 498 if kind == "M3" else 497
    first = [tags_offset(kind) + 60 * (k + 1) + 4 * stored * (k - 2) for k in range(2, 6)]
    random = np.random.default_rng(20262)
    runs = 0
    for number in range(FLIPS):
        place = int(random.integers(tags_offset(kind) if number % 2 else len(content)))
        run = flipped(path, content, place, content[place] ^ int(random.integers(1, 256)))
        runs += run is not None
        if run is not None and any(begin <= place < begin + 4 * 497 for begin in first):
            assert not np.array_equal(run.counts, whole.counts)
            assert any("histogram scalers" in text for text in run.warnings)
    assert FLIPS / 4 < runs < FLIPS, "most flips leave a file that can be read"


@KINDS
@pytest.mark.usefixtures("measured")
def test_flipped_windows(tmp_path: Path, kind: str) -> None:
    """What decides about memory: the window of a histogram, in the settings or in its record."""
    content, path = small_mdu(kind).content(), tmp_path / "flipped.mdu"
    path.write_bytes(content)
    for record in (512 + 52 + 2 * 60, tags_offset(kind) + 2 * 60):
        for place in range(record + 40, record + 48):
            for byte in (0, 1, 15, 127, 128, 255):
                flipped(path, content, place, byte)


@KINDS
@pytest.mark.parametrize("end", [10**6, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("begin", [0, 10**5, 2**20, 2**31 - 3, -(2**31)])
@pytest.mark.usefixtures("measured")
def test_a_window_that_holds_more_than_the_file(
    tmp_path: Path, kind: str, begin: int, end: int
) -> None:
    mdu = small_mdu(kind)
    content = bytearray(mdu.content())
    record = mdu.tags[2].record(begin=begin, end=end)
    for place in (512 + 52 + 2 * 60, tags_offset(kind) + 2 * 60):
        content[place : place + 60] = record
    path = tmp_path / "greedy.mdu"
    path.write_bytes(content)
    assert attempt(path, room=2**20) is None


@pytest.mark.usefixtures("measured")
def test_one_histogram_that_begins_late(tmp_path: Path) -> None:
    """What the counts take is known and refused before it is taken."""
    mdu = small_mdu("T4")
    content = bytearray(mdu.content())
    record = mdu.tags[2].record(begin=2**20, end=2**20 + 499)
    for place in (512 + 52 + 2 * 60, tags_offset("T4") + 2 * 60):
        content[place : place + 60] = record
    path = tmp_path / "late.mdu"
    path.write_bytes(content)
    run = attempt(path)
    assert run is not None
    assert run.counts.shape == (1, 4, 2**20 + 500)
    with pytest.raises(ReadError, match=f"declares {16 * (2**20 + 500)} bytes"):
        read(path, max_bytes=2**20)


@pytest.mark.parametrize("name", REAL or ["psi-mdu"])
def test_real_files_with_a_damaged_head(real: Path, tmp_path: Path, name: str) -> None:
    content = (real / name).read_bytes()
    path = tmp_path / "damaged.mdu"
    random = np.random.default_rng(20263)
    for _ in range(200):
        damaged = bytearray(content)
        for place in random.integers(tags_offset("M3"), size=8):
            damaged[place] = int(random.integers(256))
        path.write_bytes(damaged)
        attempt(path)


@pytest.mark.parametrize("name", REAL or ["psi-mdu"])
def test_real_files_cut(real: Path, tmp_path: Path, name: str) -> None:
    content = (real / name).read_bytes()
    path = tmp_path / "cut.mdu"
    random = np.random.default_rng(20264)
    for length in random.integers(330384, size=CUTS):
        path.write_bytes(content[: int(length)])
        assert attempt(path) is None
