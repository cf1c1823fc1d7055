"""Our NeXus files in MuonDataLib, the library of ISIS: counts, t0, good bins and texts agree."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLES

import musrcu as mu

pytest.importorskip("MuonDataLib")


def opened(path: Path) -> dict[str, dict[str, Any]]:
    """What MuonDataLib holds of a file, by the parts of the file."""
    loader = importlib.import_module("MuonDataLib.data.loader.load_nxs2")
    data = loader.load_nxs2(str(path))
    return {name: part._dict for name, part in data._dict.items()}


def assert_equal(run: mu.Run, other: dict[str, dict[str, Any]]) -> None:
    """Compare what MuonDataLib read with a run that has the same file."""
    detector, raw, sample = other["detector_1"], other["raw_data"], other["sample"]
    np.testing.assert_array_equal(detector["counts"], run.counts)
    assert detector["resolution"] == pytest.approx(run.bin_width, rel=1e-9)
    # it multiplies the number of the bin, from 1, by the width
    width = run.bin_width
    assert detector["time_zero"] / width == pytest.approx(np.ceil(run.t0[0] + 0.5 - 1e-6))
    assert detector["first_good"] / width == pytest.approx(run.first_good[0] + 1)
    assert detector["last_good"] / width == pytest.approx(run.last_good[0] + 2)
    np.testing.assert_allclose(
        detector["raw_time"], width * np.arange(run.n_bins + 1), rtol=1e-9, atol=1e-12
    )
    assert detector["spectrum_index"].tolist() == list(range(1, run.n_detectors + 1))
    assert (detector["inst"], raw["inst"]) == (run.instrument, run.instrument)
    assert (raw["title"], raw["run_number"], raw["IDF"]) == (run.title, run.number, 2)
    assert (raw["notes"].strip() or None) == run.comment
    assert (raw["start"].isoformat(), raw["end"].isoformat()) == (run.start, run.stop)
    assert run.good_frames is not None
    assert raw["good_frames"] == run.good_frames.sum()
    assert (sample["name"], sample["B_field"]) == (run.sample, run.field)
    assert sample["Temp"] == run.temperature.nominal
    assert other["periods"]["number"] == run.n_periods
    labels = tuple(label.strip() for label in other["periods"]["labels"].split(";"))
    assert labels == run.period_labels
    assert other["source"]["name"] == run.facility


def two_periods(detectors: int, t0: float) -> mu.Run:
    random = np.random.default_rng(detectors)
    return mu.Run(
        counts=random.poisson(9.0, (2, detectors, 500)),
        bin_width=0.016,
        t0=np.full(detectors, t0),
        first_good=np.full(detectors, 23),
        last_good=np.full(detectors, 498),
        labels=("",) * detectors,
        source="pulsed",
        facility="ISIS",
        instrument="HIFI",
        number=183810,
        title="SIMULATED two periods",
        sample="SIMULATED",
        temperature=mu.read(SAMPLES / "isis" / "simulated_EMU00000001.nxs").temperature,
        field=2000.0,
        start="2023-10-08T15:34:58",
        stop="2023-10-08T15:52:02",
        good_frames=[20486, 20483],
        period_labels=("Laser on", "Laser off"),
    )


@pytest.mark.parametrize(("detectors", "t0"), [(1, 9.5), (64, 1.840625), (96, 9.0)])
def test_our_files_open_in_muondatalib(tmp_path: Path, detectors: int, t0: float) -> None:
    run = two_periods(detectors, t0)
    assert_equal(run, opened(mu.write(run, tmp_path / "a.nxs")))


def test_the_samples_open_in_muondatalib() -> None:
    paths = sorted((SAMPLES / "isis").glob("*.nxs"))
    assert len(paths) == 16
    for path in paths:
        assert_equal(mu.read(path), opened(path))


def test_it_writes_what_we_read(tmp_path: Path) -> None:
    """The other way: counts that MuonDataLib writes again."""
    run = two_periods(4, 9.5)
    path = mu.write(run, tmp_path / "a.nxs")
    loader = importlib.import_module("MuonDataLib.data.loader.load_nxs2")
    loader.load_nxs2(str(path)).save_histograms(str(tmp_path / "b.nxs"))
    back = mu.read(tmp_path / "b.nxs")
    np.testing.assert_array_equal(back.counts, run.counts)
    assert (back.title, back.number, back.field) == (run.title, run.number, run.field)
