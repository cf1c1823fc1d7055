"""What was known of a run before it was written as NeXus comes back: doubts, history, its runs."""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import expected_files
from event_tree import some_events, write_events

import musrcu as mu
from musrcu.containers.history import Step
from musrcu.errors import ReductionError

RISE = "/raw_data_1/detector_1_events has no time zero; "
LOST = "/raw_data_1/instrument/detector_1 has no dead times; what each detector lost is unknown"


def simple(**changes: Any) -> mu.Run:
    """A run of a continuous source in whose NeXus file a reader finds nothing doubtful."""
    fields: dict[str, Any] = {
        "counts": np.arange(80).reshape(1, 2, 40),
        "bin_width": 0.001,
        "t0": [3.0, 3.0],
        "first_good": [4, 4],
        "last_good": [39, 39],
        "labels": ("F", "B"),
        "source": "continuous",
        "facility": "PSI",
        "instrument": "GPS",
        "number": 1,
    }
    return mu.Run(**fields | changes)


def again(run: mu.Run, folder: Path, name: str = "a.nxs") -> mu.Run:
    return mu.read(mu.write(run, folder / name))


def test_a_choice_of_events_and_its_doubts(tmp_path: Path) -> None:
    path = write_events(tmp_path / "events.nxs", some_events())
    run = mu.read_events(path, window=(0.2, 0.4), length=10.0)
    outside = [text for text in run.warnings if "events lie outside 0 to 10 us" in text]
    assert len(outside) == 1
    back = again(run, tmp_path)
    assert back.warnings == (LOST, *(f"in the original events.nxs: {w}" for w in run.warnings))
    assert any(text.startswith(f"in the original events.nxs: {RISE}") for text in back.warnings)
    assert [str(step) for step in back.history] == [
        "read_events(bin_width=0.016, length=10, window=[0.2, 0.4], frames=all): "
        "10 of 40 frames kept",
        "convert(file=events.nxs, format=isis-events)",
    ]
    chosen = back.history.find("read_events")
    assert chosen is not None  # so that a reduction still says where t0 comes from
    assert chosen.options["window"] == [0.2, 0.4]
    assert "t0" not in chosen.options
    reduced = mu.reduce(back, mu.Reduction(forward="1-2", backward="3-4"))
    assert reduced.history[0] == chosen


def test_a_second_conversion_says_nothing_twice(tmp_path: Path) -> None:
    run = mu.read_events(write_events(tmp_path / "events.nxs", some_events()))
    first = again(run, tmp_path, "first.nxs")
    second = again(first, tmp_path, "second.nxs")
    assert second.warnings == first.warnings
    assert second.history[:-1] == first.history
    assert str(second.history[-1]) == "convert(file=first.nxs, format=isis-nexus-v2)"


def test_what_the_reader_finds_again_is_said_once(tmp_path: Path) -> None:
    old = "/run/instrument/detector has no dead times; what each detector lost is unknown"
    pulsed = simple(source="pulsed", facility="ISIS", good_frames=[10])
    run = pulsed.replace(warnings=(old, "odd"), path=Path("x.nxs"))
    assert again(run, tmp_path).warnings == (LOST, "in the original x.nxs: odd")


def test_a_run_without_doubts_has_none(tmp_path: Path) -> None:
    back = again(simple(), tmp_path)
    assert (back.warnings, back.history, back.numbers) == ((), (), ())
    assert not back.same_decays


def test_a_sum_stays_a_sum(samples: Path, tmp_path: Path) -> None:
    names = [samples / f"deltat_tdc_ltf_000{number}.bin" for number in (1, 2)]
    total = mu.add_runs([mu.read(name) for name in names])
    assert total.warnings
    back = again(total, tmp_path)
    assert (back.number, back.numbers, back.name) == (1, (1, 2), "LTF 1+2")
    assert back.warnings == tuple(f"in the original run: {text}" for text in total.warnings)
    assert [str(step) for step in back.history[:-1]] == [str(step) for step in total.history]
    with pytest.raises(ReductionError, match="LTF 2"):  # the same run twice
        mu.add_runs([back, mu.read(names[1])])


def test_periods_with_the_same_decays_are_never_added(tmp_path: Path) -> None:
    twice = np.stack([np.full((2, 40), 9), np.full((2, 40), 8)])
    back = again(simple(counts=twice, same_decays=True), tmp_path)
    assert back.same_decays
    with pytest.raises(ReductionError, match="the same"):
        mu.reduce(back, mu.Reduction(forward=1, backward=2, period="1+2"))


def test_options_that_json_does_not_know(tmp_path: Path) -> None:
    options = {"counts": np.arange(3), "which": np.int64(2), "x": float("inf"), "path": Path("p")}
    (step,) = again(simple().replace(step=Step("x", "\ud800 µ", options)), tmp_path).history
    assert step.options == {"counts": [0, 1, 2], "which": 2, "x": np.inf, "path": "p"}
    assert (step.stage, step.note) == ("x", "\\ud800 µ")


def test_a_header_of_anything_is_strict_json(tmp_path: Path) -> None:
    """NaN and infinities are no JSON, nor are keys that are no texts."""
    loop: dict[str, Any] = {"a": 1}
    loop["loop"] = loop
    header = {
        (1, 2): 3, 4: "four", None: [1.5, math.nan, -math.inf], "bytes": b"\0", "any": object(),
        "list": [b"", {"x": np.float32(0.5), "y": object()}, np.arange(2)], "loop": loop,
        "when": datetime.date(2020, 1, 2), "set": {7}, "\ud800": "\udcff", "yes": True,
    }  # fmt: skip
    path = mu.write(simple(header=header), tmp_path / "a.nxs")
    with h5py.File(path) as file:
        stored = file["raw_data_1/process/header/data"][0].decode()
    found = json.loads(stored, parse_constant=pytest.fail)
    assert found.pop("loop")["loop"]["a"] == 1
    assert found == {
        "(1, 2)": 3, "4": "four", "None": [1.5, None, None], "list": [{"x": 0.5}, [0, 1]],
        "when": "2020-01-02", "set": [7], "\ud800": "\udcff", "yes": True,
    }  # fmt: skip


def test_options_with_keys_of_any_kind(tmp_path: Path) -> None:
    options = {"pairs": {(1, 2): math.inf}, "of": object()}
    (step,) = again(simple().replace(step=Step("x", "", options)), tmp_path).history
    assert step.options == {"pairs": {"(1, 2)": math.inf}}


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    run = simple(path=Path("x\udcff.bin"), format="psi-bin")
    try:
        back = again(run, tmp_path, "a\udcff.nxs")
    except mu.MusrcuError:
        pytest.skip("file names are Unicode on this system")
    assert str(back.history[-1]) == "convert(file=x\\udcff.bin, format=psi-bin)"


@pytest.mark.parametrize(
    ("place", "value", "history", "doubts"),
    [
        ("program", b"other", [], []),
        ("step_1/options", b"[" * 100_000, ["convert(): x(a=1): y"], ["odd"]),
        ("step_1/options", b"{", ["convert(): x(a=1): y"], ["odd"]),
        ("step_1/options", None, ["convert(): x(a=1): y"], ["odd"]),
        ("step_1/description", None, ["convert(): x(a=1): y"], ["odd"]),
        ("step_1/note", None, ["x(a=1)"], ["odd"]),
        ("step_1", None, [], ["odd"]),
        ("warning_1/data", None, ["x(a=1): y"], []),
        ("run_numbers", [1.5], ["x(a=1): y"], ["odd"]),
    ],
)
def test_damaged_notes_are_left_out(
    tmp_path: Path, place: str, value: Any, history: list[str], doubts: list[str]
) -> None:
    run = simple(warnings=("odd",)).replace(step=Step("x", "y", {"a": 1}))
    path = mu.write(run, tmp_path / "a.nxs")
    with h5py.File(path, "r+") as file:
        process = file["raw_data_1/process"]
        if place in process:
            del process[place]
        if value is not None:
            process[place] = value
    back = mu.read(path)
    assert [str(step) for step in back.history] == history
    marked = [text for text in back.warnings if text.startswith("in the original run: ")]
    assert [text.removeprefix("in the original run: ") for text in marked] == doubts
    if place == "run_numbers":
        assert back.numbers == ()
        assert any("run_numbers" in text for text in back.warnings)


def test_notes_beyond_a_megabyte_are_left_out(tmp_path: Path) -> None:
    long = ("a" * 600_000, "b" * 600_000)
    back = again(simple(warnings=long), tmp_path)
    assert back.warnings == (
        "/raw_data_1/process/warning_2 and later ones are too long, left out",
        f"in the original run: {long[0]}",
    )


def test_only_muons_are_called_muons(tmp_path: Path) -> None:
    for instrument, probe in (("GPS", True), ("BNQR", False)):
        path = mu.write(simple(instrument=instrument), tmp_path / f"{instrument}.nxs")
        with h5py.File(path) as file:
            assert ("probe" in file["raw_data_1/instrument/source"]) == probe


PSI_BIN = sorted(name for name in expected_files() if "psi-bin/" in name)


@pytest.mark.parametrize("name", PSI_BIN or ["psi-bin"])
def test_no_doubt_of_a_real_psi_bin_file_is_lost(real: Path, tmp_path: Path, name: str) -> None:
    run = mu.read(real / name)
    back = again(run, tmp_path)
    origin = f"in the original {Path(name).name}: "
    assert back.warnings == tuple(origin + text for text in run.warnings)


@pytest.mark.parametrize(
    ("name", "doubt"),
    [
        ("isis-events/HIFI00195790.nxs", "uncertain by some 80 ns"),
        ("isis-hdf4/MUT53578.NXS", "magnetic_field_state ZF and a field of 20 G"),
        ("isis-nexus-v2/EMU00005989_v2.nxs", "has no time_zero; t0 = 15 bins"),
        ("mud/045674.msr", "a beta-NMR run and no muons"),
        ("musrroot/09042.root", "the data are simulated"),
    ],
)
def test_doubts_of_real_files_of_other_formats(
    real: Path, tmp_path: Path, name: str, doubt: str
) -> None:
    pytest.importorskip(
        {"isis-hdf4": "pyhdf", "musrroot": "uproot"}.get(name.split("/")[0], "h5py")
    )
    run = mu.read(real / name)
    back = again(run, tmp_path)
    assert len(back.warnings) >= len(run.warnings) > 0
    assert sum(doubt in text for text in back.warnings) == 1
    assert back.same_decays == run.same_decays
    assert str(back.history[-1]) == f"convert(file={Path(name).name}, format={run.format})"
