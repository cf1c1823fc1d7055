"""Cut, damaged and hostile ROOT files: a Run or a ReadError, in bounded memory and time.

``MUSRCU_ALL_SAMPLES`` makes it 2000 flips of every file instead of 200.
"""

from __future__ import annotations

import os
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import expected_files
from damage import outcome
from musr_root_files import GENERATIONS, T0, counts, decays, directories, folders, header, lem
from root_bytes import (
    BYTE_COUNT,
    FOLDER,
    TOBJECT,
    Directory,
    Thing,
    array,
    base,
    description,
    element,
    folder,
    histogram,
    named,
    number,
    plain,
    pointer,
    root_file,
    string,
    text,
    tlist,
    versioned,
)

from musrcu.containers.run import Run

uproot = pytest.importorskip("uproot", reason="uproot (extra root) is not installed")

from musrcu.readers.musr_root import read_musr_root  # noqa: E402

ALL = bool(os.environ.get("MUSRCU_ALL_SAMPLES"))
CUTS, FLIPS = 200, 2000 if ALL else 200
SECONDS = 3.0
"""Processor time; no file of this size may take that long to read or to refuse."""
ROOM = 30 * 2**20
REAL = sorted(name for name in expected_files() if name.startswith("musrroot/"))


@pytest.fixture
def measured() -> Iterator[None]:
    """Memory is measured, which costs time."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.fixture(scope="module", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import uproot before anything is measured."""
    path = tmp_path_factory.mktemp("warm") / "x.root"
    path.write_bytes(folders())
    read_musr_root(path)


def attempt(path: Path) -> Run | str:
    """The run in a damaged file, or the sentence of the ReadError; anything else fails."""
    return outcome(path, ROOM, reader=read_musr_root, seconds=SECONDS)


def refused(folder_: Path, content: bytes) -> str:
    path = folder_ / "hostile.root"
    path.write_bytes(content)
    found = attempt(path)
    assert isinstance(found, str), "a hostile file was read"
    return found


# Cuts and flips ---------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", sorted(GENERATIONS))
@pytest.mark.usefixtures("measured")
def test_cut_files(tmp_path: Path, generation: str) -> None:
    content, path = GENERATIONS[generation](packing=plain), tmp_path / "cut.root"
    random = np.random.default_rng(20261)
    for length in {0, 1, 3, 4, 16, 100, *random.integers(len(content), size=CUTS).tolist()}:
        path.write_bytes(content[:length])
        assert isinstance(attempt(path), str), f"cut at {length}"


@pytest.mark.parametrize("generation", sorted(GENERATIONS))
def test_flipped_bytes(tmp_path: Path, generation: str) -> None:
    """Not compressed, so that no checksum stands between the flip and the reader."""
    content, path = GENERATIONS[generation](packing=plain), tmp_path / "flipped.root"
    random = np.random.default_rng(20262)
    runs = 0
    for _ in range(FLIPS):
        place = int(random.integers(len(content)))
        damaged = bytearray(content)
        damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        found = attempt(path)
        if isinstance(found, Run):
            runs += 1
            assert_noticed(found)
    assert FLIPS / 4 < runs < FLIPS, "most flips leave a file that can be read"


def assert_noticed(run: Run) -> None:
    """Other counts than were written come with a warning that says so."""
    whole = np.array([[counts(period, detector) for detector in range(2)] for period in range(2)])
    if not np.array_equal(run.counts, whole):
        signs = ("were changed since", "does not announce", "red/green offset", "is no part")
        assert any(sign in text for sign in signs for text in run.warnings), run.warnings


@pytest.mark.parametrize("name", REAL or ["musrroot"])
def test_real_files_cut_and_flipped(real: Path, tmp_path: Path, name: str) -> None:
    content, path = (real / name).read_bytes(), tmp_path / "damaged.root"
    random = np.random.default_rng(20263)
    for _ in range(2000 if ALL else 20):
        path.write_bytes(content[: int(random.integers(len(content)))])
        assert isinstance(attempt(path), str)
        damaged = bytearray(content)
        for place in random.integers(len(content), size=3):
            damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        attempt(path)


# Hostile files ----------------------------------------------------------------------------------


def run_with(*things: Thing | Directory, descriptions: tuple[Thing, ...] = (FOLDER,)) -> bytes:
    """A file with decay histograms and a RunHeader of ``things``."""
    module = folder("histos", [folder("DecayAnaModule", decays())])
    held = [thing for thing in things if isinstance(thing, Thing)]
    return root_file([module, folder("RunHeader", held)], descriptions, plain)


EVIL = "x'); raise SystemExit('run') #"


@pytest.mark.parametrize(
    "described",
    [
        description("TFolder", 1, [number(EVIL, "int")]),
        description("TFolder", 1, [number("a\n    raise SystemExit", "int")]),
        description("TFolder", 1, [element("TStreamerObject", "a", 61, EVIL)]),
        description("TFolder", 1, [element("TStreamerSTL", "a", 300, "vector<int>")]),
        description("TFolder", 1, [base(EVIL, 1)]),
        description("TFolder", 1, [number("a", "int", 2**31 - 1)]),
        description("TFolder", 1, [number(f"a{k}", "int") for k in range(300)]),
        description("TFolder", -5, [number("a", "int")]),
    ],
    ids=["name", "newline", "type", "STL", "base", "array", "many", "version"],
)
def test_a_description_is_not_run(tmp_path: Path, described: Thing) -> None:
    """Of the descriptions in a file uproot makes code, and runs it."""
    text_ = refused(tmp_path, run_with(descriptions=(described,)))
    assert "damaged" in text_


def test_other_classes_are_skipped(tmp_path: Path) -> None:
    """Things of classes that no muon file needs are neither described nor read."""
    evil = description("TEvil", 1, [number(EVIL, "int")])
    thing = Thing("TEvil", "x", versioned(1, bytes(40)))
    module = folder("histos", [folder("DecayAnaModule", [thing, *decays()])])
    content = folders(packing=plain)
    path = tmp_path / "x.root"
    path.write_bytes(content)
    whole = read_musr_root(path)
    parts = [array("RunInfo", [text(f"{k:03d} - {line}") for k, line in enumerate(
        header()["RunInfo"])])]  # fmt: skip
    parts.append(array("DetectorInfo", [
        array(f"Detector{n:03d}", [text(f"1 - Time Zero Bin: {T0} -@2")]) for n in (1, 2, 21, 22)
    ]))  # fmt: skip
    path.write_bytes(root_file([module, folder("RunHeader", [thing, *parts])], (FOLDER, evil)))
    run = read_musr_root(path)
    np.testing.assert_array_equal(run.counts, whole.counts)


def test_one_file_does_not_spoil_the_next(tmp_path: Path) -> None:
    """Neither its classes nor its objects are kept, though both files bear the same identifier."""
    before = set(uproot.classes), {
        name: set(getattr(kind, "known_versions", {})) for name, kind in uproot.classes.items()
    }  # fmt: skip
    path = tmp_path / "x.root"
    wrong = description(
        "TFolder", 1, [base("TNamed", 1), number("fFolders", "int"), number("fIsOwner", "bool")]
    )
    path.write_bytes(run_with(descriptions=(wrong,)))
    assert isinstance(attempt(path), str)
    path.write_bytes(folders())
    first = read_musr_root(path)
    path.write_bytes(folders(histograms=[
        histogram(f"hDecay{n:03d}", [float(n)] * 20) for n in (1, 2, 21, 22)
    ]))  # fmt: skip
    assert not np.array_equal(read_musr_root(path).counts, first.counts)
    after = set(uproot.classes), {
        name: set(getattr(kind, "known_versions", {})) for name, kind in uproot.classes.items()
    }  # fmt: skip
    assert after == before


def test_a_list_of_two_thousand_million(tmp_path: Path) -> None:
    body = named("RunHeader") + pointer("TList", tlist([text("a")], 2**31 - 1)) + b"\0"
    things = [folder("histos", []), Thing("TFolder", "RunHeader", versioned(1, body))]
    assert "is damaged" in refused(tmp_path, root_file(things, packing=plain))


def test_a_text_of_negative_length(tmp_path: Path) -> None:
    """Its end lies before its beginning: read naively, the same text comes again for ever."""
    leaf = TOBJECT + b"\xff" + struct.pack(">i", -30)
    items = struct.pack(">I", 0xFFFFFFFF) + b"TObjString\0" + struct.pack(">H", 1) + leaf
    head = TOBJECT + string("RunInfo") + struct.pack(">ii", 2**31 - 1, 0)
    endless = Thing("TObjArray", "RunInfo", versioned(3, head + items))
    assert "length of -30 bytes" in refused(tmp_path, run_with(endless))


def test_an_array_of_negative_length(tmp_path: Path) -> None:
    content = bytearray(folders(packing=plain))
    place = content.index(struct.pack(">i2f", 22, 0, counts(0, 0)[0]))
    struct.pack_into(">i", content, place, -5)
    assert "length of -20 bytes" in refused(tmp_path, bytes(content))


def test_an_endless_header(tmp_path: Path) -> None:
    leaves = [text(f"{k:06d} - N{k}: {k} -@1") for k in range(20_000)]
    assert "is not read to its end" in refused(tmp_path, run_with(array("RunInfo", leaves)))


def test_arrays_in_arrays(tmp_path: Path) -> None:
    thing = text("0 - a: b -@0")
    for _ in range(10):
        thing = array("deep", [thing])
    assert "deeper than 6 levels" in refused(tmp_path, run_with(thing))
    for _ in range(500):
        thing = array("deep", [thing])
    assert "recursion" in refused(tmp_path, run_with(thing))


def test_a_directory_in_itself(tmp_path: Path) -> None:
    """The keys of the inner directory are those of the outer one."""
    content = bytearray(directories(packing=plain))
    places = {}
    for name in (b"RunHeader", b"RunInfo"):
        mark = b"\x0aTDirectory" + bytes([len(name)]) + name + b"\0"
        places[name] = content.index(mark) + len(mark)
    outer = struct.unpack_from(">hIIiiiii", content, places[b"RunHeader"])
    struct.pack_into(">hIIiiiii", content, places[b"RunInfo"], *outer)
    assert "deeper than 6 levels" in refused(tmp_path, bytes(content))


def test_a_folder_that_holds_its_parent(tmp_path: Path) -> None:
    """A pointer to the object before: ROOT allows it, a walk never ends."""
    parent = struct.pack(">II", 4 | BYTE_COUNT, 1)
    held = TOBJECT + string("") + struct.pack(">i", 1) + parent + b"\0"
    body = named("histos") + pointer("TList", versioned(5, held)) + b"\0"
    things = [Thing("TFolder", "histos", versioned(1, body)), folder("RunHeader", [])]
    assert refused(tmp_path, root_file(things, packing=plain))


@pytest.mark.parametrize("size", [2**31 - 1, 2**30])
def test_a_key_that_declares_much(tmp_path: Path, size: int) -> None:
    content = bytearray(folders())
    key = content.index(b"\x07TFolder\x06histos") - 26
    struct.pack_into(">i", content, key + 6, size)
    listed = content.index(b"\x07TFolder\x06histos", key + 40) - 26
    struct.pack_into(">i", content, listed + 6, size)
    assert "declare" in refused(tmp_path, bytes(content))


def test_huge_numbers_in_the_header(tmp_path: Path) -> None:
    for line in ("Time Zero Bin: 1e300 -@2", "Time Zero Bin: nan -@2", "Time Zero Bin: -1e19 -@2"):
        sections = header()
        sections["DetectorInfo/Detector001"][3] = line
        assert "no usable" in refused(tmp_path, folders(sections))
    sections = header()
    sections["DetectorInfo/Detector001"][4:] = [
        f"First Good Bin: {'9' * 40} -@1", f"Last Good Bin: -{'9' * 40} -@1",
    ]  # fmt: skip
    path = tmp_path / "x.root"
    path.write_bytes(folders(sections))
    run = attempt(path)
    assert isinstance(run, Run)
    assert run.last_good.tolist() == [19, 19]
    assert "cannot be" in refused(tmp_path, lem(wholes={"fNHist": 9000}))


def test_texts_that_are_not_utf8(tmp_path: Path) -> None:
    content = folders(packing=plain).replace(
        b"Run Title: Cu: T=12.0 K", b"Run Title: Cu: T=12.0 \xb5"
    )
    path = tmp_path / "x.root"
    path.write_bytes(content)
    run = attempt(path)
    assert isinstance(run, Run)
    assert run.title == "Cu: T=12.0 µ, E=5.57 keV"


def test_names_of_several_lines(tmp_path: Path) -> None:
    """They stand in sentences."""
    found = refused(tmp_path, root_file([folder("a\nb", [])]))
    assert "(it holds a?b)" in found
    sections = header()
    sections["odd\nsection"] = ["Cryo: a\nb -@0"]
    channel = histogram(
        "Temp of\nsample", [1, 2, 9, 0], entries=3, low=-5, high=35, axis_title="time (s)"
    )
    path = tmp_path / "x.root"
    path.write_bytes(folders(sections, channels=[channel]))
    run = attempt(path)
    assert isinstance(run, Run) and len(run.logs) == 1
