"""Simulated runs: drawn, written, read back."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import MusrcuError
from musrcu.simulation.simulate import simulate, simulate_run
from musrcu.simulation.truth_file import load_truth


@pytest.fixture(scope="module")
def tables(samples: Path) -> dict[str, Any]:
    return tomllib.loads((samples / "truth.toml").read_text(encoding="utf-8"))


def test_files_read_back_as_they_were_drawn(tables: dict[str, Any], tmp_path: Path) -> None:
    paths = simulate(tables, tmp_path / "new", numbers=[21, 4])
    assert [path.name for path in paths] == [
        "deltat_tdc_ltf_0004.bin",
        "deltat_tdc_ltf_0021.bin",
        "manifest.toml",
    ]
    for path, number, field in zip(paths, (4, 21), (0.0, 50.0), strict=False):
        run, drawn = mu.read(path), simulate_run(tables, number).run
        assert np.array_equal(run.counts, drawn.counts)
        assert (run.format, run.source, run.instrument) == ("psi-bin", "continuous", "LTF")
        assert run.labels == ("Forw", "Back", "Rite", "Left")
        assert run.t0.tolist() == [301, 298, 303, 300]
        assert run.first_good.tolist() == [307, 304, 309, 306]
        assert run.last_good.tolist() == [10228] * 4
        assert (run.n_bins, run.bin_width) == (10240, 0.0009765625)
        assert (run.number, run.field, run.sample) == (number, field, "SIMULATED")
        assert (run.title or "").startswith("SIMULATED Cu(NO3)2(pyz)3")
        assert (run.start, run.stop) == (drawn.start, drawn.stop)
        assert run.temperature.nominal == drawn.temperature.nominal
        for read, made in zip(run.temperature.sensors, drawn.temperature.sensors, strict=True):
            assert read.mean == np.float32(made.mean) and read.spread == np.float32(made.spread)
            assert read.n_readings == 36
        assert run.warnings == ()


def test_a_run_depends_on_the_seed_and_its_number_only(tables: dict[str, Any]) -> None:
    again = simulate_run(load_truth(tables), 3).run
    assert np.array_equal(simulate_run(tables, 3).run.counts, again.counts)
    other = {**tables, "seed": tables["seed"] + 1}
    assert not np.array_equal(simulate_run(other, 3).run.counts, again.counts)
    assert not np.array_equal(simulate_run(tables, 4).run.counts, again.counts)


@pytest.mark.parametrize("number", [1, 15, 20, 21])
def test_counts_scatter_about_the_mean_as_poisson(tables: dict[str, Any], number: int) -> None:
    truth = load_truth(tables)
    made = simulate_run(truth, number)
    series = truth.runs[number - 1].series
    mean = truth.spectrometer.expected(
        truth.models[made.model].model,
        np.array(list(made.parameters.values())),
        made.events,
        transverse=series.transverse,
    )
    chi2 = ((made.run.counts[0] - mean) ** 2 / mean).sum(axis=1) / mean.shape[1]
    spread = np.sqrt((2 + 1 / mean.min()) / mean.shape[1])
    assert np.all(np.abs(chi2 - 1) < 5 * spread)


def test_thermometers_scatter_as_the_truth_says(tables: dict[str, Any]) -> None:
    many = copy.deepcopy(tables)
    many["instrument"] |= {"bins": 400, "last_good": 399}
    many["runs"] = [{**many["runs"][0], "temperatures": [0.08] * 300, "events": 100.0}]
    truth = load_truth(many)
    made = [simulate_run(truth, number) for number in range(1, 301)]
    true = np.array([one.temperature for one in made])
    sensors = np.array([[s.mean for s in one.run.temperature.sensors] for one in made])
    spreads = np.array([[s.spread for s in one.run.temperature.sensors] for one in made])
    errors = np.array([one.run.temperature.error for one in made])
    assert true.std() == pytest.approx(3e-4, rel=0.17)  # four standard errors at 300 runs
    assert (sensors[:, 0] - true).std() == pytest.approx(1e-4, rel=0.17)
    assert (sensors[:, 1] - sensors[:, 0]).mean() == pytest.approx(-5e-4, abs=4e-5)
    assert spreads.mean() == pytest.approx(6e-4, rel=0.03)
    np.testing.assert_allclose(errors, spreads[:, 0] / 6)


def test_an_exact_thermometer_has_no_spread(tables: dict[str, Any], tmp_path: Path) -> None:
    exact = {name: table for name, table in tables.items() if name != "temperature"}
    simulate(exact, tmp_path, numbers=[1])
    drawn = simulate_run(exact, 1).run.temperature
    read = mu.read(tmp_path / "deltat_tdc_ltf_0001.bin").temperature
    for found in (drawn, read):
        assert found.mean == pytest.approx(0.02, rel=1e-7)
        assert found.spread is None and found.error is None


def test_manifest_holds_the_truth(tables: dict[str, Any], tmp_path: Path) -> None:
    simulate(tables, tmp_path, numbers=[4, 18])
    manifest = tomllib.loads((tmp_path / "manifest.toml").read_text(encoding="utf-8"))
    assert manifest["simulation"]["seed"] == tables["seed"]
    assert manifest["simulation"]["alpha"] == pytest.approx(0.93)
    assert manifest["simulation"]["average_bins"] is False
    assert manifest["order"] == tables["order"]
    below, above = manifest["runs"]
    assert below["parameters"]["nu2"] == pytest.approx(
        1.59 * (1 - (below["temperature"] / 0.105) ** 3) ** 0.12, rel=1e-9
    )
    assert set(above["parameters"]) == {"A1", "sigma1", "A2", "lambda2", "A_bg"}
    assert below["counts"] == simulate_run(tables, 4).run.counts[0].sum(axis=1).tolist()


def test_nothing_is_overwritten_unasked(tables: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "deltat_tdc_ltf_0002.bin").write_bytes(b"precious")
    with pytest.raises(MusrcuError, match=r"0002\.bin already"):
        simulate(tables, tmp_path, numbers=[1, 2])
    assert [path.name for path in tmp_path.iterdir()] == ["deltat_tdc_ltf_0002.bin"]
    simulate(tables, tmp_path, numbers=[1, 2], overwrite=True)
    assert mu.read(tmp_path / "deltat_tdc_ltf_0002.bin").number == 2


def test_requests_that_cannot_be_met(tables: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match="no run 22; it has 1 to 21"):
        simulate(tables, tmp_path, numbers=[1, 22])
    wild = copy.deepcopy(tables)
    wild["temperature"]["jitter"] = 100.0
    with pytest.raises(MusrcuError, match=r"run \d+: jitter makes its temperature"):
        simulate(wild, tmp_path)
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(MusrcuError, match="cannot be made"):
        simulate(tables, blocked / "folder", numbers=[1])
