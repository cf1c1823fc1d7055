"""Real histogram files of ISIS, both versions in both containers, as other programs read them."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import expected_files

from musrcu.containers.run import Run
from musrcu.readers.nexus_file import HDF4
from musrcu.readers.registry import read

EXPECTED = {
    name: facts
    for name, facts in expected_files().items()
    if facts["format"] in {f"isis-nexus-v{v}-hdf{c}" for v in (1, 2) for c in (4, 5)}
}
REAL = pytest.mark.parametrize("name", sorted(EXPECTED) or ["isis-nexus"])
TWICE = ("EMU00020882", "MUSR00015189")
"""Files of version 1 that exist in both containers."""

FOLLOWED = {
    "isis-hdf4/EMU03087.nxs": {"number": 3087},
    "isis-hdf4/MUSR00032482.nxs": {"good_frames": [100000]},
    "isis-hdf4/emu00005989_v2_hdf4.nxs": {"good_frames": None},
}
"""Where a field of the file is not taken as it stands; each has its warning below."""
WARNED = {
    "isis-hdf4/EMU00020882.nxs": ["no dead times", "magnetic_field_state TF and a field of 0 G"],
    "isis-nexus-v1/EMU00020882_hdf5.nxs": ["no dead times", "state TF and a field of 0 G"],
    "isis-hdf4/EMU00071545.nxs": ["time_zero 0.278 us would be bin index 16.88, corrected_time"],
    "isis-hdf4/EMU03087.nxs": [
        "time_zero 0.278 us would be bin index 16.88, corrected_time puts it at 18.00",
        "no dead times",
        "number is missing or 0; 3087 is taken from the name of the file",
    ],
    "isis-hdf4/MUSR00032482.nxs": [
        "time_zero 0.278 us would be bin index 16.88, corrected_time puts it at 39.00",
        "5000 frames a read times 20 reads are used",
    ],
    "isis-hdf4/MUSR00015199.nxs": ["frames_good is 5003, the periods sum to 5004"],
    "isis-hdf4/MUT53578.NXS": ["no dead times", "magnetic_field_state ZF and a field of 20 G"],
    "isis-hdf4/emu00031895.nxs": ["magnetic_field_state TF and a field of 0 G"],
    "isis-hdf4/emu00005989_v2_hdf4.nxs": [
        "raw_time puts the first bin at 0.01 us instead of 0",
        "no first_good_bin",
        "no last_good_bin",
        "good_frames is 96000 for 2 periods, how it divides is not said",
        "no dead times",
    ],
    "isis-nexus-v2/EMU00005989_v2.nxs": ["no time_zero", "no good frames", "no dead times"],
    "isis-nexus-v2/HIFI00183810_muondatalib.nxs": [
        "no time_zero",
        "the raw frames, 40971 in all (good_frames is 40969)",
        "no dead times",
    ],
}
"""The warnings of each file, in order; the other files have none."""


def opened(real: Path, name: str) -> Run:
    path = real / name
    if path.read_bytes()[:4] == HDF4:
        pytest.importorskip("pyhdf")
    return read(path)


@REAL
def test_counts(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], opened(real, name)
    rows = run.counts.reshape(-1, facts["n_bins"])
    assert len(rows) == facts["n_histograms"]
    assert rows.sum(axis=1).tolist() == np.ravel(facts["counts_per_histogram"]).tolist()
    assert rows.sum() == facts["total_counts"]
    samples = facts["sample_bins"]
    assert rows[0, 30:60].tolist() == samples["first_hist_bins_30_60"]
    assert rows[-1, 100:120].tolist() == samples["last_hist_bins_100_120"]
    stored = len([kind for kind in facts.get("period_type", [1]) if kind == 1])
    assert run.n_periods == stored
    assert run.format == facts["format"].rpartition("-")[0]


def expected_t0(facts: dict[str, Any], width: float) -> float:
    """Bin index at which the muon arrives: where ``corrected_time`` is 0, or by ``time_zero``."""
    if "corrected_time" in facts:
        return float(-facts["corrected_time"]["first"] / width)
    if facts.get("time_zero_us") is not None:
        # as many raw times as bins are their centres, if they do not begin at 0
        first = facts["raw_time"]["first"]
        centres = facts["raw_time"]["n"] == facts["n_bins"] and first != 0
        return float((facts["time_zero_us"] - (first if centres else 0.5 * width)) / width)
    stored = {**facts["counts_attrs"], **facts}
    return float(stored.get("t0_bin", stored.get("time_zero_bin")) - 1)


@REAL
def test_time_axis(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], opened(real, name)
    per_us = {"picoseconds": 1e6, "nano.second": 1e3}[facts["resolution_units"]]
    assert run.bin_width == pytest.approx(facts["resolution"] / per_us, rel=1e-12)
    assert run.t0 == pytest.approx(expected_t0(facts, run.bin_width), abs=2e-5)
    stored = {**facts["counts_attrs"], **facts}
    last = stored.get("last_good_bin", facts["n_bins"])
    assert set(run.last_good) == {last - 1}
    first = stored.get("first_good_bin", math.ceil(run.t0[0]) + 1)
    assert set(run.first_good) == {first - 1}
    if "corrected_time" in facts:
        axis = facts["corrected_time"]
        end = (axis["n"] - 1 - run.t0[0]) * run.bin_width
        # axes of before 2006 were added up in single precision, to 0.6 ns off at the end
        assert end == pytest.approx(axis["last"], abs=1e-3 if facts["start"][10] == " " else 4e-6)


@REAL
def test_metadata(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], opened(real, name)
    assert (run.facility, run.source, run.instrument) == ("ISIS", "pulsed", facts["instrument"])
    assert run.number == FOLLOWED.get(name, {}).get("number", facts["run_number"])
    assert (run.title, run.sample) == (facts["title"], facts["sample"])
    assert (run.comment, run.orientation) == (facts.get("notes"), facts.get("orientation"))
    assert run.start == facts["start"].replace(" ", "T")
    assert run.stop == facts["stop"].replace(" ", "T")
    assert run.temperature.nominal == pytest.approx(facts["temperature_K"], rel=1e-6)
    assert run.temperature.mean is None
    assert run.field == pytest.approx(facts["field_G"], rel=1e-6)
    assert run.labels == ("",) * run.n_detectors


@REAL
def test_periods_and_detectors(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], opened(real, name)
    stored = [k for k, kind in enumerate(facts.get("period_type", [])) if kind == 1]
    if stored:
        labels = facts["period_labels"].split(";")
        assert run.period_labels == tuple(labels[k] for k in stored)
    frames = facts.get("good_frames_per_period")
    frames = [frames[k] for k in stored] if frames else None
    if frames is None and "frames" in facts:  # the oldest files have no other name for them
        frames = [facts["frames"]]
    if "good_frames" in FOLLOWED.get(name, {}):
        frames = FOLLOWED[name]["good_frames"]
    elif frames is None and facts.get("raw_frames"):
        assert run.good_frames is not None and run.good_frames.sum() == facts["raw_frames"]
        return
    assert (None if run.good_frames is None else run.good_frames.tolist()) == frames


@REAL
def test_dead_times_and_groups(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], opened(real, name)
    table = facts.get("dead_time", {"values": []})["values"]
    if any(table):
        assert run.dead_time is not None
        table = np.resize(table, run.counts.shape[:2]) if len(table) == run.n_detectors else table
        assert run.dead_time.ravel().tolist() == np.ravel(table).tolist()
    else:
        assert run.dead_time is None
    groups = facts.get("grouping", {"values": [0]})["values"]
    expected = groups[: run.n_detectors] if any(groups) else None
    assert (None if run.grouping is None else run.grouping.tolist()) == expected


@REAL
def test_doubt_is_said(real: Path, name: str) -> None:
    run, sentences = opened(real, name), WARNED.get(name, [])
    assert len(run.warnings) == len(sentences)
    for warning, sentence in zip(run.warnings, sentences, strict=True):
        assert sentence in warning


@REAL
def test_header_is_that_of_the_file(real: Path, name: str) -> None:
    facts, run = EXPECTED[name], opened(real, name)
    entry = f"/{facts['entry'][0]}"
    assert "not read yet" in repr(run.header)
    number = f"{entry}/number" if facts["idf_version"] == 1 else f"{entry}/run_number"
    assert run.header[number] == facts["run_number"]
    for attribute, value in facts["counts_attrs"].items():
        where = facts["counts_paths"][0]
        found = [run.header.get(f"{path}@{attribute}") for path in facts["counts_paths"]]
        value = value.replace("\0", "").strip() if isinstance(value, str) else value
        assert value in found, where
    if facts.get("field_state"):
        assert run.header[f"{entry}/sample/magnetic_field_state"] == facts["field_state"]


@REAL
def test_a_run_goes_to_another_process(real: Path, name: str) -> None:
    run = opened(real, name)
    again = pickle.loads(pickle.dumps(run))  # noqa: S301 -- our own bytes
    assert np.array_equal(again.counts, run.counts)
    assert dict(again.header) == dict(run.header)
    assert list(again.logs) == list(run.logs)


@pytest.mark.parametrize("stem", TWICE)
def test_the_container_makes_no_difference(real: Path, stem: str) -> None:
    pytest.importorskip("pyhdf")
    old, new = read(real / f"isis-hdf4/{stem}.nxs"), read(real / f"isis-nexus-v1/{stem}_hdf5.nxs")
    assert np.array_equal(old.counts, new.counts)
    for name in ("t0", "first_good", "last_good", "dead_time", "good_frames", "grouping"):
        assert np.array_equal(getattr(old, name), getattr(new, name)), name
    for name in ("number", "title", "field", "start", "stop", "period_labels"):
        assert getattr(old, name) == getattr(new, name), name
    assert old.logs.keys() == new.logs.keys()
    for name, log in old.logs.items():
        assert np.array_equal(log.values, new.logs[name].values), name
        assert np.array_equal(log.seconds, new.logs[name].seconds), name
        assert log.unit == new.logs[name].unit


def test_table_of_numbers(real: Path) -> None:
    """Numbers that an independent decoder took from the same files."""
    emu = read(real / "isis-nexus-v2/EMU00114062.nxs_v2")
    total = emu.counts.sum(axis=(0, 1))
    assert total[:7].tolist() == [76, 53, 62, 41, 74, 331, 2415]
    assert int(total.argmax()) == 15
    assert emu.dead_time is not None and emu.dead_time[0, 0] == pytest.approx(-0.00958615)
    hifi = read(real / "isis-nexus-v2/HIFI00183810.nxs")
    assert hifi.counts.sum(axis=(1, 2)).tolist() == [5033640, 5026534]
    assert hifi.good_frames is not None and hifi.good_frames.sum() == 40969


def test_rewritten_run_differs_only_in_what_it_lacks(real: Path) -> None:
    whole = read(real / "isis-nexus-v2/HIFI00183810.nxs")
    reduced = read(real / "isis-nexus-v2/HIFI00183810_muondatalib.nxs")
    assert np.array_equal(whole.counts, reduced.counts)
    assert np.all(np.abs(whole.t0 - reduced.t0) <= 0.5)
    assert reduced.good_frames is not None
    assert reduced.good_frames.tolist() == [20487, 20484]
