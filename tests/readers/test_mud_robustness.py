"""Cut and damaged MUD files: a Run or a ReadError, nothing else, in bounded memory and time."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import damage
import mud_bytes as mb
import numpy as np
import pytest
from conftest import expected_files

from musrcu.containers.run import Run
from musrcu.readers.mud import read_mud

CUTS, FLIPS = 200, 2000
REAL = sorted(name for name in expected_files() if "mud/" in name)


@pytest.fixture
def measured() -> Iterator[None]:
    """Memory is measured, which costs time."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def with_histories() -> bytes:
    """The small file, its variables with their histories."""
    begin = mb.DESCRIPTION["timeBegin"]
    values = b"".join(map(mb.vax_double, (5.0, 5.5, 6.0)))
    pair = [
        mb.variable(1, "/Sample/x"),
        mb.array(1, values, [begin, begin + 1, begin + 9], 3, 8, 2),
    ]
    members = {**mb.small_members(), "variables": mb.group(mb.HISTORIES, pair)}
    return mb.whole(list(members.values()))


def attempt(path: Path) -> Run | None:
    """As in :mod:`damage`; the counts may be in memory four times."""
    return damage.attempt(path, copies=4, reader=read_mud)


def cut(content: bytes, path: Path, root_ends: int) -> None:
    """Whatever is cut off before the end of the outermost group is missed."""
    random = np.random.default_rng(20191)
    lengths = {0, 1, 11, 12, 15, 16, 20, root_ends - 1, root_ends, len(content) - 1}
    while len(lengths) < CUTS:
        lengths.add(int(random.integers(len(content) if len(lengths) % 2 else 900)))
    for length in lengths:
        path.write_bytes(content[:length])
        assert (attempt(path) is None) == (length < root_ends), f"cut at {length}"


@pytest.mark.usefixtures("measured")
def test_cut_files(tmp_path: Path) -> None:
    content = mb.small_file()
    cut(content, tmp_path / "cut.msr", len(content) - 12)


@pytest.mark.parametrize("name", REAL or ["mud"])
@pytest.mark.usefixtures("measured")
def test_cut_real_files(real: Path, tmp_path: Path, name: str) -> None:
    content = (real / name).read_bytes()
    cut(content, tmp_path / "cut.msr", len(content) - 12)


def flipped(content: bytes, path: Path, seed: int, flips: int) -> Iterator[tuple[int, Run | None]]:
    """Each byte that was changed, and what came out."""
    random = np.random.default_rng(seed)
    for _ in range(flips):
        place = int(random.integers(len(content)))
        damaged = bytearray(content)
        damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        yield place, attempt(path)


@pytest.mark.parametrize(("make", "number"), [(mb.small_file, FLIPS), (with_histories, 500)])
def test_flipped_bytes(tmp_path: Path, make: Callable[[], bytes], number: int) -> None:
    content, runs = make(), 0
    whole = mb.small_counts()
    for place, run in flipped(content, tmp_path / "flipped.msr", 20192, number):
        runs += run is not None
        if run is not None and not np.array_equal(run.counts[0], whole):
            assert run.warnings, f"a changed count is a warning, byte {place}"
    assert number / 4 < runs < number, "most flips leave a file that can be read"


@pytest.mark.usefixtures("measured")
def test_flipped_bytes_take_no_memory(tmp_path: Path) -> None:
    found = list(flipped(with_histories(), tmp_path / "flipped.msr", 20194, 300))
    assert 0 < sum(run is None for _, run in found) < 300


@pytest.mark.parametrize("name", REAL or ["mud"])
def test_flipped_bytes_of_real_files(real: Path, tmp_path: Path, name: str) -> None:
    content, runs = (real / name).read_bytes(), 0
    whole = read_mud(real / name)
    for _, run in flipped(content, tmp_path / "flipped.msr", 20193, 300):
        runs += run is not None
        if run is not None and not np.array_equal(run.counts, whole.counts):
            assert any("event counts" in text for text in run.warnings)
    assert 0 < runs < 300


@pytest.mark.parametrize("value", [0, 1, 2**31 - 1, 2**32 - 1])
def test_numbers_set_to_extremes(tmp_path: Path, value: int) -> None:
    """Sizes, kinds, numbers of members and bins, widths, and whatever stands between them."""
    content, path, runs = with_histories(), tmp_path / "extreme.msr", 0
    for place in range(0, 700, 3):
        damaged = bytearray(content)
        struct.pack_into("<I", damaged, place, value)
        path.write_bytes(damaged)
        runs += attempt(path) is not None
    assert 0 < runs < 234


@pytest.mark.usefixtures("measured")
def test_groups_within_groups(tmp_path: Path) -> None:
    """As deep as a recursion would not survive, each holding the next."""
    content = mb.group(mb.HISTOGRAMS, [])
    for _ in range(5000):
        content = struct.pack("<5I", 32, mb.GROUP, 5, 1, len(content)) + bytes(12) + content
    path = tmp_path / "deep.msr"
    path.write_bytes(mb.whole([mb.run_description(), content]))
    assert attempt(path) is None


@pytest.mark.usefixtures("measured")
def test_many_sections(tmp_path: Path) -> None:
    """Empty ones, 12 bytes each: they are not collected without an end."""
    path, sections = tmp_path / "many.msr", mb.section(0x01099999, 1, b"") * 100_001
    head = struct.pack("<5I", 32, mb.GROUP, mb.DIFFERENTIAL, 1, len(sections)) + bytes(12)
    path.write_bytes(head + sections)
    assert attempt(path) is None


@pytest.mark.usefixtures("measured")
def test_a_declared_size_that_the_data_do_not_hold(tmp_path: Path) -> None:
    """250 million bins would fit into 2 GB; the runs of the file hold 9 and it is refused."""
    path = tmp_path / "greedy.msr"
    for data, width in (
        (mb.pack([1] * 9), 0),
        (bytes(9), 1),
        (struct.pack("<HB", 65535, 0) * 9, 0),
    ):
        path.write_bytes(mb.one_histogram([1] * 9, data, bytesPerBin=width, nBins=250_000_000))
        assert attempt(path) is None
