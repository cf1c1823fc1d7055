"""Our PSI-BIN files in musr2py, the compiled reader of PSI: counts, t0 and labels are equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SAMPLES
from in_musr2py import opened, stripped

from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor, from_sensors
from musrcu.readers.psi_bin import read_psi_bin
from musrcu.writers.psi_bin import write_psi_bin


def assert_equal(run: Run, other: Any) -> None:
    """Compare what musr2py read with a run that has the same file."""
    n = run.n_detectors
    assert (other.get_numberHisto_int(), other.get_histoLength_bin()) == (n, run.n_bins)
    for detector in range(n):
        counts = np.array(other.get_histo_vector(detector, 1))
        np.testing.assert_array_equal(counts, run.counts[0, detector])
    assert other.get_t0_vector()[:n] == np.rint(run.t0).tolist()
    assert other.get_firstGood_vector()[:n] == run.first_good.tolist()
    assert other.get_lastGood_vector()[:n] == (run.last_good + 1).tolist()
    assert stripped(other.get_histoNames_vector()[:n]) == list(run.labels)
    assert other.get_binWidth_us() == pytest.approx(run.bin_width, rel=1e-7)
    assert other.get_runNumber_int() == run.number
    assert stripped([other.get_comment(), other.get_sample()]) == [run.title, run.sample]
    means = [value for value in other.get_temperatures_vector() if value]
    assert means == pytest.approx([sensor.mean for sensor in run.temperature.sensors], rel=1e-6)
    good = [
        int(run.counts[0, d, int(run.first_good[d]) - 1 : int(run.last_good[d]) + 1].sum())
        for d in range(n)
    ]
    assert other.get_eventsHisto_vector()[:n] == good
    assert other.get_totalEvents_long() == sum(good)


def simulated(bins: int, detectors: int) -> Run:
    random = np.random.default_rng(detectors)
    labels = ("Forw", "Back", "Rite", "Left", *(f"X{k}" for k in range(12)))[:detectors]
    sensors = (Sensor(None, 0.1051, 0.0004, 900), Sensor(None, 0.1049, 0.0005, 900))
    return Run(
        counts=random.poisson(25.0, (1, detectors, bins)),
        bin_width=0.0009765625,
        t0=159 + np.arange(detectors) % 5,
        first_good=165 + np.arange(detectors) % 5,
        last_good=bins - 11 + np.arange(detectors) % 5,
        labels=labels,
        source="continuous",
        number=2340,
        title="SIMULATED Cu(NO3)2(pyz)3 T=0.105 K",
        sample="SIMULATED",
        temperature=from_sensors(0.105, sensors),
        field=0.0,
        start="2018-10-07T12:30:01",
        stop="2018-10-07T13:05:59",
    )


@pytest.mark.parametrize("detectors", [1, 4, 16])
@pytest.mark.parametrize("bins", [2000, 4096, 10240])
def test_our_files_open_in_musr2py(tmp_path: Path, bins: int, detectors: int) -> None:
    run = simulated(bins, detectors)
    assert_equal(run, opened(write_psi_bin(run, tmp_path / "deltat_tdc_ltf_2340.bin")))


def test_the_samples_open_in_musr2py() -> None:
    samples = sorted(SAMPLES.glob("*.bin"))
    if not samples:
        pytest.skip("no sample runs")
    for path in samples:
        assert_equal(read_psi_bin(path), opened(path))
