"""Every format of the registry alike: who claims a file, and what becomes of a damaged one."""

from __future__ import annotations

import re
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pytest
from damage import attempt, damaged, outcome
from damage_tree import ATTRIBUTES, CHANGES, OUTSIDE, damage_tree, entries
from hdf4_files import write_small
from nexus_tree import COUNTS, ROWS, small_old_tree, small_tree, write_tree
from opened import Watch
from seed_files import SMALL, Seed, real_seeds

from musrcu.errors import ReadError
from musrcu.readers.hdf5 import open_hdf5
from musrcu.readers.isis_events import read_events
from musrcu.readers.registry import BUILT_IN, formats, read

N_DAMAGED = 60
BUILT = formats()[: len(BUILT_IN)]
SEEN = [known.name for known in BUILT if known.name != "musr-root" or find_spec("uproot")]
FORMATS = pytest.mark.parametrize("name", SEEN)
TREES = pytest.mark.parametrize("name", ["isis-nexus-v1", "isis-nexus-v2", "isis-events"])
ROOM = 400 << 20
"""Bytes for what an HDF5 file of a megabyte can hold packed."""


def written(folder: Path, seed: Seed) -> Path:
    path = folder / seed.name
    path.write_bytes(seed.content)
    return path


@pytest.fixture
def measured() -> Iterator[None]:
    """Memory is measured, which costs time."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_there_are_files_of_every_format() -> None:
    assert set(SMALL) == {known.name for known in BUILT}


@FORMATS
def test_one_reader_claims_a_file(name: str, tmp_path: Path) -> None:
    seeds = [*SMALL[name](), *real_seeds(name)]
    assert seeds
    for seed in seeds:
        path = written(tmp_path, seed)
        assert [k.name for k in formats() if k.sniff(seed.content[:16], path)] == [name]
        run = attempt(path)
        assert run is not None and run.format == name


@pytest.mark.parametrize("name", [name for name in SEEN if name != "psi-bin"])
def test_counts_beyond_max_bytes_are_refused(name: str, tmp_path: Path) -> None:
    """A PSI-BIN header has no room for more than 4 MB."""
    for seed in SMALL[name]():
        path = written(tmp_path, seed)
        taken = read(path).counts.nbytes
        with pytest.raises(ReadError, match=r"declares \d+ bytes .*pass max_bytes=\d+"):
            read(path, max_bytes=taken - 1)


@FORMATS
@pytest.mark.usefixtures("measured")
def test_damaged_files(name: str, tmp_path: Path) -> None:
    seeds = SMALL[name]()
    random = np.random.default_rng([20265, *name.encode()])
    runs = 0
    for number in range(N_DAMAGED):
        seed = seeds[number % len(seeds)]
        content, how = damaged(seed.content, random, seed.spots, [s.content for s in seeds])
        path = tmp_path / f"{number}.dat"
        path.write_bytes(content)
        try:
            runs += attempt(path, ROOM) is not None
        except AssertionError as error:
            raise AssertionError(f"{seed.name}, {how}: {error}") from error
    assert N_DAMAGED / 10 < runs < N_DAMAGED, "many files can still be read"


@TREES
def test_odd_entries(name: str, tmp_path: Path) -> None:
    """Every kind of oddity somewhere, half of them in what holds the counts."""
    random = np.random.default_rng([20266, *name.encode()])
    content, runs = SMALL[name]()[0].content, 0
    for number, (what, change) in enumerate((CHANGES | ATTRIBUTES).items()):
        path = tmp_path / f"{number}.nxs"
        path.write_bytes(content)
        with h5py.File(path, "r+") as file:
            places = entries(file)
            place = places[int(random.integers(len(places)))]
            change(file, place, random)
        try:
            runs += attempt(path, ROOM) is not None
        except AssertionError as error:
            raise AssertionError(f"{place}, {what}: {error}") from error
    assert 10 < runs < len(CHANGES) + len(ATTRIBUTES)


def test_odd_trees_of_one_seed_are_alike(tmp_path: Path) -> None:
    done = []
    for number in range(2):
        path = written(tmp_path, SMALL["isis-events"]()[0])
        done.append(damage_tree(path, np.random.default_rng(number // 2)))
    assert done[0] == done[1]


# What the fuzz run found ------------------------------------------------------------------------


def test_names_with_line_breaks_are_no_names(tmp_path: Path) -> None:
    """In an HDF5 file a name may be any bytes; it would stand in a sentence."""
    path = written(tmp_path, SMALL["isis-events"]()[0])
    with h5py.File(path, "r+") as file:
        entry = file["raw_data_1"]
        entry.move("detector_1_events", "detector_\n_events")
        entry.create_group("zzzzzzz")["value"] = 1
        entry.attrs["yyyyyyy"] = 1
        file["raw_data_1/periods/a\nb"] = h5py.SoftLink("/raw_data_1/no\nname")
    content = path.read_bytes().replace(b"zzzzzzz", b"zzz\xff\xfe\n\n")
    path.write_bytes(content.replace(b"yyyyyyy", b"yyy\xff\xfe\n\n"))
    found = outcome(path)
    assert isinstance(found, str) and "raw_data_1" in found
    with open_hdf5(path) as root:
        entry = root.group("raw_data_1")
        assert entry is not None and set(entry.attributes()) == {"NX_class"}
        assert all(name.isprintable() for name in entry.names())
        assert entry.child("zzz\udcff\udcfe\n\n/value") is None


def test_a_definition_of_several_lines(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL["isis-events"]()[0])
    with h5py.File(path, "r+") as file:
        del file["raw_data_1/definition"]
        file["raw_data_1/definition"] = "muon\nTD" + 1000 * "x"
    found = outcome(path)
    assert isinstance(found, str) and "with definition 'muon\\nTDxxx" in found
    assert len(found) < 500


def test_attributes_longer_than_the_file(tmp_path: Path) -> None:
    """Read by the library, this one takes ten seconds and 4 GB."""
    path = tmp_path / "texts.h5"
    with h5py.File(path, "w") as file:
        file["number"] = 1
        file["number"].attrs["units"] = 77 * "x"
    content = path.read_bytes()
    with open_hdf5(path) as root:
        assert root.child("number").attribute("units") == 77 * "x"
    place = content.index(b"M\0\0\0")
    path.write_bytes(content[:place] + bytes(3) + b"\xee" + content[place + 4 :])
    with (
        open_hdf5(path) as root,
        pytest.raises(ReadError, match=f"at byte {place} is damaged: a text of {0xEE << 24} bytes"),
    ):
        root.child("number").attribute("units")


def test_floats_that_have_no_double(tmp_path: Path) -> None:
    """Ten bytes of them reach further than eight; half a pattern of bits is a signalling NaN."""
    large = np.array([1e300, 1.0], np.longdouble) ** 4
    raw = "raw_data_1/instrument/detector_1/raw_time"
    for number, odd in enumerate((large, np.array([0x7F800001] * 51, "<u4").view("<f4"))):
        (tmp_path / str(number)).mkdir()
        attempt(write_tree(tmp_path / str(number), {raw: odd}))


@pytest.mark.parametrize("chunks", [None, (2,)])
def test_texts_longer_than_the_file(tmp_path: Path, chunks: tuple[int] | None) -> None:
    """The HDF5 library makes room for a text before it looks whether there is one."""
    path = tmp_path / "texts.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("texts", data=["one", "two", 77 * "x"], chunks=chunks)
    content = path.read_bytes()
    stored = re.search(rb"M\0\0\0.{8}[\x01-\x03]\0\0\0", content, re.DOTALL)  # length, heap, number
    assert stored is not None
    place = stored.start()
    huge = struct.pack("<I", 800_000_000)
    path.write_bytes(content[:place] + huge + content[place + 4 :])
    with open_hdf5(path) as root:
        node = root.child("texts")
        assert node is not None
        with pytest.raises(ReadError, match=f"at byte {place} is damaged: a text of 800000000"):
            node.array()
    path.write_bytes(content)
    with open_hdf5(path) as root:
        assert [bytes(text) for text in root.child("texts").array()] == [b"one", b"two", 77 * b"x"]


@pytest.mark.parametrize("dtype", ["f4", "f8", "u1", "u2", "i8"])
def test_times_of_events_of_any_type(dtype: str, tmp_path: Path) -> None:
    """Infinite times lie outside the histograms; a bin may be wider than the type holds."""
    path = written(tmp_path, SMALL["isis-events"]()[0])
    with h5py.File(path, "r+") as file:
        group = file["raw_data_1/detector_1_events"]
        times = group["event_time_offset"][()].astype(dtype)
        times[:3] = [np.inf, -np.inf, np.nan] if dtype[0] == "f" else 0
        del group["event_time_offset"]
        group["event_time_offset"] = times
        group["event_time_offset"].attrs["units"] = "ns"
    assert attempt(path) is not None
    times = times.astype(float)
    inside = np.isfinite(times) & (times < 32500)
    expected = np.bincount((times[inside] // 500).astype(int), minlength=65)
    found = read_events(path, bin_width=0.5, length=32.5)
    assert found.counts.sum(axis=(0, 1)).tolist() == expected.tolist()


# Other files ------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Watch]:
    """A file of version 2 with other counts, watched."""
    folder = tmp_path / "made"
    folder.mkdir()
    made = write_tree(folder, {COUNTS: np.full((2, 4, 50), 777, "<i4"), "counts": np.ones(3)})
    made.rename(tmp_path / OUTSIDE)
    watch = Watch(tmp_path / OUTSIDE)
    if not watch.works:
        pytest.skip("openings of a file are noted on Linux only")
    yield watch
    watch.close()


ELSEWHERE = [
    "to another file", "to counts elsewhere", "values elsewhere", "virtual", "to it by a detour",
]  # fmt: skip
DATA = {
    "isis-nexus-v1": [ROWS, "run/title", "run/temperature_log_1/values", "run"],
    "isis-nexus-v2": [COUNTS, "raw_data_1/selog/Temp_Sample/value_log/value", "raw_data_1"],
    "isis-events": ["raw_data_1/detector_1_events/event_id", "raw_data_1/selog", "raw_data_1"],
}


@TREES
@pytest.mark.parametrize("how", ELSEWHERE)
def test_no_other_file_is_opened(name: str, how: str, tmp_path: Path, outside: Watch) -> None:
    content = SMALL[name]()[0].content
    random = np.random.default_rng(0)
    for place in DATA[name]:
        path = tmp_path / "inner.nxs"
        path.write_bytes(content)
        with h5py.File(path, "r+") as file:
            if how in CHANGES:
                CHANGES[how](file, place, random)
            else:
                del file[place]
                file["away"] = h5py.ExternalLink(OUTSIDE, "/")
                file[place] = h5py.SoftLink(f"/away/{COUNTS}")
        outside.opened()
        run = attempt(path)
        assert run is None or not np.any(run.counts == 777)
        assert not outside.opened(), f"{place} was followed"


def test_no_other_file_is_opened_for_hdf4(tmp_path: Path) -> None:
    pytest.importorskip("pyhdf", reason="pyhdf (extra hdf4) is not installed")
    path = write_small(tmp_path / "inner.nxs", elsewhere=tmp_path / "values.dat")
    watch = Watch(tmp_path / "values.dat")
    with pytest.raises(ReadError, match="another file, which is not followed"):
        read(path)
    assert not watch.opened()
    watch.close()


def test_h5py_would_have_opened_it(tmp_path: Path, outside: Watch) -> None:
    with h5py.File(tmp_path / "inner.nxs", "w") as file:
        file["a"] = h5py.ExternalLink(OUTSIDE, "/")
        assert not outside.opened()
        assert "raw_data_1" in file["a"]
    assert outside.opened()


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(
    ("tree", "place", "shape"),
    [(small_tree(), COUNTS, (1, 257, 2**20)), (small_old_tree(), ROWS, (257, 2**20))],
    ids=["version 2", "version 1"],
)
def test_counts_above_two_gigabytes_want_to_be_asked_for(
    tree: dict[str, object], place: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    """They are really in the file, zeros in a megabyte, and refused without being unpacked."""
    path = write_tree(tmp_path, {place: None}, tree)
    one = (1,) * (len(shape) - 1)
    zeros = zlib.compress(bytes(4 * shape[-1]))
    with h5py.File(path, "r+") as file:
        made = file.create_dataset(place, shape, "<i4", chunks=(*one, 2**20), compression="gzip")
        for row in range(257):
            made.id.write_direct_chunk((*(0 for _ in one[1:]), row, 0), zeros)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    with pytest.raises(ReadError, match=f"declares {257 * 2**23} bytes .*more than the {2**31}"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] - before < 4 << 20
