"""Run numbers of an instrument: which files of a data folder they name."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.errors import ReadError
from musrcu.readers import run_files
from musrcu.readers.find import find_runs
from musrcu.readers.run_files import DEEPEST, VARIABLE

TREE = (
    "gps/d2017/tdc/deltat_tdc_gps_0432.bin",
    "gps/d2017/tdc/root/deltat_tdc_gps_2017_0432.root",
    "gps/d2009/deltat_pta_gps_0432.bin",
    "gps/d2009/deltat_pta_gps_0440.bin",
    "gps/d2008/pta_gps_2008_07387.mdu",
    "gps/readme_0433.txt",
    "ltf/deltat_tdc_ltf_2340.bin",
    "ltf/deltat_tdc_ltf_2341.bin",
    "ltf/deltat_tdc_ltf_02360.bin",
    "hal/d2022/tdc/tdc_hifi_2022_01000.mdu",
    "flame/deltat_tdc_flame_2023_0012.bin",
    "2012/lem12_his_2466.root",
    "2008/lem08_his_2279.root",
    "NDXEMU/Instrument/data/cycle_26_1/EMU00114062.nxs",
    "NDXEMU/Instrument/data/cycle_26_1/EMU00114062.nxs_v2",
    "NDXEMU/Instrument/data/cycle_12_2/emu00031895.nxs",
    "isis/HIFI00183810.nxs",
    "isis/MUSR00015189.nxs",
    "isis/MUT53578.NXS",
    "M20/2009/000100.msr",
    "M20/2007/000006.msr",
)


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    make(tmp_path, *TREE)
    return tmp_path


def found(pattern: str, folder: Path) -> list[str]:
    return [path.name for path in find_runs(pattern, data=folder)]


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("gps:440", ["deltat_pta_gps_0440.bin"]),
        ("GPS:0440", ["deltat_pta_gps_0440.bin"]),
        ("gps:7387", ["pta_gps_2008_07387.mdu"]),
        ("gps:2009/432", ["deltat_pta_gps_0432.bin"]),
        ("gps:2017/432", ["deltat_tdc_gps_0432.bin"]),  # the .root beside it is the same run
        ("ltf:2360,2340-2341", [f"deltat_tdc_ltf_{n}.bin" for n in ("02360", "2340", "2341")]),
        ("ltf:2340, 2341", ["deltat_tdc_ltf_2340.bin", "deltat_tdc_ltf_2341.bin"]),
        ("ltf:2340..2341", ["deltat_tdc_ltf_2340.bin", "deltat_tdc_ltf_2341.bin"]),
        ("ltf:2341,2341", ["deltat_tdc_ltf_2341.bin"]),
        ("hal-9500:1000", ["tdc_hifi_2022_01000.mdu"]),
        ("hal:2022/1000", ["tdc_hifi_2022_01000.mdu"]),
        ("flame:12", ["deltat_tdc_flame_2023_0012.bin"]),
        ("lem:2466", ["lem12_his_2466.root"]),
        ("lem:2008/2279", ["lem08_his_2279.root"]),
        ("emu:114062", ["EMU00114062.nxs"]),
        ("emu:31895", ["emu00031895.nxs"]),
        ("hifi:183810", ["HIFI00183810.nxs"]),
        ("musr:15189", ["MUSR00015189.nxs"]),
        ("mut:53578", ["MUT53578.NXS"]),
        ("m20:100", ["000100.msr"]),
        ("M20:2007/6", ["000006.msr"]),
    ],
)
def test_a_number_is_found_under_the_name_of_its_facility(
    tree: Path, pattern: str, files: list[str]
) -> None:
    assert found(pattern, tree) == files


def test_files_of_the_samples(samples: Path) -> None:
    by_number = find_runs("ltf:1-20", data=samples)
    assert by_number == find_runs("deltat_tdc_ltf_{0001-0020}.bin", samples)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("gps:3111-3114", "psi-bin/deltat_pta_gps_{3111-3114}.bin"),
        ("gpd:423", "psi-bin/deltat_pta_gpd_0423.bin"),
        ("dolly:1020", "psi-bin/deltat_tdc_dolly_1020.bin"),
        ("gps:2008/7387", "psi-mdu/pta_gps_2008_07387.mdu"),
        ("emu:114062", "isis-nexus-v2/EMU00114062.nxs_v2"),
        ("musr:15189-15191", "isis-hdf4/MUSR000{15189-15191}.nxs"),
        ("mut:53578", "isis-hdf4/MUT53578.NXS"),
        ("lem:2012/2466", "musrroot/lem12_his_2466.root"),
        ("m20:100,6", "mud/000{100,006}.msr"),
    ],
)
def test_real_files(real: Path, pattern: str, name: str) -> None:
    assert find_runs(pattern, data=real) == find_runs(name, real)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("gps:432", r"^gps:432: run 432 may be any of 3 files, .*; write the year, such as "
                    r"gps:2017/432, or name the file$"),
        ("gps:2016/432", r"^gps:2016/432: run 432 is missing in \S+; there is a run 432 of 2009 "
                         r"and of 2017$"),
        ("gps:441", r"^gps:441: run 441 is missing in \S+; nearest there: 432 and 440$"),
        ("gps:430-440", r"^gps:430-440: 9 of 11 runs are missing in \S+: 430, 431, 433, \.\.\.; "
                        "nearest there: 432 and 440$"),
        ("dolly:1", r"^dolly:1: no file of Dolly is in \S+ or below it \(they are called "
                    r"deltat_tdc_dolly_\{run\}\.bin, .* or so\); name the folder of the runs with "
                    r"MUSRCU_DATA or data= \(--data\)$"),
        ("ltf:2017/2340", r"there is a run 2340 of an unknown year$"),
        ("gsp:1", r"^gsp:1: no instrument is called 'gsp'; did you mean 'GPS'\? \(known: LTF,"),
        ("gps:3-", r"^gps:3-: '3-' is no run number; write gps:432, ltf:2340-2351,2360 or "),
        ("gps:5-3", "the range 5-3 runs backwards"),
        ("gps:1,,2", "has an empty entry"),
        ("gps:1-999999999", "stands for 999999999 files"),
        ("gps:" + "9" * 5000, "is no run number"),
        ("gps:x", r"^\S*gps:x does not exist; write run numbers as gps:432, ltf"),
        ("gps:", "write run numbers as gps:432"),
        ("a:1", r"a:1 does not exist"),
    ],
)  # fmt: skip
def test_what_is_not_found_is_said(tree: Path, pattern: str, text: str) -> None:
    with pytest.raises(ReadError, match=text) as raised:
        find_runs(pattern, data=tree)
    assert "\n" not in str(raised.value)


def test_runs_that_may_be_several_files(tmp_path: Path) -> None:
    make(tmp_path, "a/deltat_tdc_gps_0001.bin", "b/deltat_tdc_gps_0001.bin")
    make(tmp_path, "EMU00000002.nxs", "c/EMU00000002.nxs")
    make(tmp_path, "deltat_tdc_ltf_0004.bin", "deltat_pta_ltf_0004.bin")
    for pattern in ("gps:1", "emu:2", "ltf:4"):
        with pytest.raises(ReadError, match=r"may be any of 2 files, .*; name the file$"):
            find_runs(pattern, data=tmp_path)
    assert found("gps:1", tmp_path / "a") == ["deltat_tdc_gps_0001.bin"]


def test_the_year_of_the_data_folder_itself(tmp_path: Path) -> None:
    make(tmp_path, "d2017/tdc/deltat_tdc_gps_0001.bin", "d2017/tdc/deltat_tdc_gps_2017_0001.root")
    assert found("gps:2017/1", tmp_path / "d2017" / "tdc") == ["deltat_tdc_gps_0001.bin"]
    assert found("gps:1", tmp_path / "d2017" / "tdc") == ["deltat_tdc_gps_0001.bin"]


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no colon in names")
    make(tmp_path, "gps:1", "deltat_tdc_gps_0001.bin")
    monkeypatch.chdir(tmp_path)
    assert find_runs("gps:1") == [Path("gps:1")]


def test_where_numbers_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("here", "folder", "one", "two", "data"):
        make(tmp_path, f"{name}/deltat_tdc_gps_0001.bin")
    make(tmp_path, "two/deltat_tdc_gps_0002.bin")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv(VARIABLE, raising=False)
    file = "deltat_tdc_gps_0001.bin"
    assert find_runs("gps:1") == [Path(file)]
    monkeypatch.setenv(VARIABLE, str(tmp_path / "one"))
    assert find_runs("gps:1") == [tmp_path / "one" / file]
    assert find_runs("gps:1", tmp_path / "folder") == [tmp_path / "folder" / file]
    assert find_runs("gps:1", tmp_path / "folder", data=tmp_path / "data") == [
        tmp_path / "data" / file
    ]
    several = os.pathsep.join(str(tmp_path / name) for name in ("one", "two"))
    assert find_runs("gps:2", data=several) == [tmp_path / "two" / "deltat_tdc_gps_0002.bin"]
    monkeypatch.setenv(VARIABLE, several)
    with pytest.raises(ReadError, match="may be any of 2 files"):
        find_runs("gps:1")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(ReadError, match=r"gone, which MUSRCU_DATA names, is no folder"):
        find_runs("gps:1")
    with pytest.raises(ReadError, match=r"away is no folder; name the folder of the runs"):
        find_runs("gps:1", data=tmp_path / "away")


def test_the_search_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deepest = "/".join("d" * DEEPEST)
    make(tmp_path, f"{deepest}/deltat_tdc_gps_0001.bin", f"{deepest}/d/deltat_tdc_gps_0002.bin")
    make(tmp_path, ".hidden/deltat_tdc_gps_0003.bin")
    assert found("gps:1", tmp_path) == ["deltat_tdc_gps_0001.bin"]
    for run in (2, 3):
        with pytest.raises(ReadError, match="nearest there: 1$"):
            find_runs(f"gps:{run}", data=tmp_path)
    monkeypatch.setattr(run_files, "LARGEST", 5)
    with pytest.raises(ReadError, match="more than 5 files and folders in"):
        find_runs("gps:1", data=tmp_path)


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="needs links")
def test_links_in_a_circle_end(tmp_path: Path) -> None:
    make(tmp_path, "a/deltat_tdc_gps_0001.bin")
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "deltat_tdc_gps_0002.bin").symlink_to(tmp_path / "gone")
    (tmp_path / "a" / "deltat_tdc_gps_0003.bin").mkdir()
    assert found("gps:1", tmp_path) == ["deltat_tdc_gps_0001.bin"]
    for run in (2, 3):
        with pytest.raises(ReadError, match=f"run {run} is missing"):
            find_runs(f"gps:{run}", data=tmp_path)


@given(
    numbers=st.sets(st.integers(0, 99_999), min_size=1, max_size=8),
    width=st.integers(1, 8),
    data=st.data(),
)
def test_the_integer_counts_whatever_the_zeros(
    numbers: set[int], width: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, *(f"deltat_tdc_ltf_{n:0{width}d}.bin" for n in numbers))
        make(folder, *(f"deltat_tdc_ltf_{n:0{width}d}.bin.bak" for n in numbers))
        asked = data.draw(st.permutations(sorted(numbers)))
        paths = find_runs("ltf:" + ",".join(map(str, asked)), data=folder)
    assert [int(re.findall("[0-9]+", path.name)[0]) for path in paths] == list(asked)


@given(pattern=st.text(alphabet="gpsltf:0123456789,-. /d\0", max_size=14))
def test_any_text_gives_files_or_a_read_error(pattern: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, "deltat_tdc_gps_0001.bin", "d2019/deltat_tdc_gps_0001.bin")
        try:
            paths = find_runs(pattern, folder)
        except ReadError:
            return
        assert paths
        assert all(path.is_file() for path in paths)
