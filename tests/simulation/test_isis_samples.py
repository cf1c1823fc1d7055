"""The simulated ISIS scan: what its files say of themselves, and that it gives its truth back."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.analysis.scan_file import ScanFile
from musrcu.simulation.simulate import simulate

NUMBERS = range(1, 17)


@pytest.fixture(scope="module")
def folder(samples: Path) -> Path:
    return samples / "isis"


@pytest.fixture(scope="module")
def manifest(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scan(folder: Path) -> mu.Scan:
    asked = ScanFile.load(folder / "scan.toml")
    return mu.fit_scan([mu.read(path) for path in asked.data], asked.recipe, **asked.fit)


def test_every_file_is_in_the_manifest_and_the_folder_is_small(
    folder: Path, manifest: dict[str, Any]
) -> None:
    listed = [run["file"] for run in manifest["runs"]]
    assert listed == [f"simulated_EMU{number:08d}.nxs" for number in NUMBERS]
    assert sorted(path.name for path in folder.glob("*.nxs")) == listed
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3e6


@pytest.mark.parametrize("number", NUMBERS)
def test_file_is_a_sound_simulated_run(folder: Path, manifest: dict[str, Any], number: int) -> None:
    truth = manifest["runs"][number - 1]
    run = mu.read(folder / truth["file"])
    assert run.warnings == ()
    assert run.sample == "SIMULATED" and (run.title or "").startswith("SIMULATED ")
    assert "no muon was measured" in (run.comment or "")
    assert (run.instrument, run.number, run.format) == ("EMU", number, "isis-nexus-v2")
    assert (run.source, run.counts.shape, run.bin_width) == ("pulsed", (1, 96, 2048), 0.016)
    assert np.all(run.t0 == 9.5) and np.all(run.first_good == 23) and np.all(run.last_good == 2047)
    totals = run.counts[0].sum(axis=1)
    assert [int(totals[:48].sum()), int(totals[48:].sum())] == truth["counts"]
    assert run.dead_time is not None
    np.testing.assert_allclose(run.dead_time[0], manifest["simulation"]["dead_times"], rtol=1e-11)
    assert run.good_frames is not None and run.good_frames.tolist() == [truth["frames"]]
    assert run.duration == truth["frames"] / 40
    assert (run.temperature.nominal, run.field) == (truth["set_point"], truth["field"])
    assert run.temperature.mean == pytest.approx(truth["sensor_means"][0], rel=1e-9)
    assert run.temperature.error == pytest.approx(truth["temperature_error"], rel=1e-9)
    assert abs(run.temperature.mean - truth["temperature"]) < 0.028  # 16 runs, 6.3 mK each
    log = run.logs["Temp_Sample"].during(0.0, run.duration)
    assert log is not None
    assert (log.mean, log.n_readings) == (pytest.approx(run.temperature.mean), 90)


@pytest.mark.parametrize("number", [3, 12, 15])
def test_a_run_made_again_holds_the_same(folder: Path, tmp_path: Path, number: int) -> None:
    """The same bytes where the HDF5 library is the same; the same values in any case."""
    path, _ = simulate(folder / "truth.toml", tmp_path, numbers=[number])
    again, kept = mu.read(path), mu.read(folder / path.name)
    assert np.array_equal(again.counts, kept.counts)
    assert np.array_equal(again.dead_time, kept.dead_time)
    assert np.array_equal(again.logs["Temp_Sample"].values, kept.logs["Temp_Sample"].values)
    second = tmp_path / "second"
    assert simulate(folder / "truth.toml", second, numbers=[number])[0].read_bytes() == (
        path.read_bytes()
    )


def test_manifest_follows_the_truth_file(folder: Path, manifest: dict[str, Any]) -> None:
    """The law written out once more."""
    assert manifest["order"] == {"nu0": 0.8, "T_N": 12.0, "beta": 0.3, "alpha": 2.0}
    for run in manifest["runs"][:14]:
        x = run["temperature"] / 12.0
        assert run["model"] == ("ordered" if x < 1 else "paramagnetic")
        total = sum(v for name, v in run["parameters"].items() if name.startswith("A"))
        assert total == pytest.approx(0.24)
        if x < 1:
            nu = run["parameters"]["nu2"]
            assert nu == pytest.approx(0.8 * (1 - x**2) ** 0.3, rel=1e-9)
            assert nu < 1.0
    assert [run["model"] for run in manifest["runs"]].count("ordered") == 9


def test_calibration_run_gives_alpha_total_and_field(
    folder: Path, manifest: dict[str, Any]
) -> None:
    found = mu.calibrate(mu.read(folder / "simulated_EMU00000015.nxs"))
    assert (found.forward, found.backward) == ("1-48", "49-96")
    assert abs(found.alpha - manifest["simulation"]["alpha"]) < 4 * found.alpha_error
    assert found.total is not None and found.total_error is not None
    attenuated = 0.24 * (1 - (2 * np.pi * 0.271 * 0.0566) ** 2 / 10)  # by the pulse
    assert abs(found.total - attenuated) < 4 * found.total_error
    assert found.field is not None and found.field_error is not None
    assert abs(found.field - 20.0) < 4 * found.field_error


def test_longitudinal_run_gives_its_truth(folder: Path, manifest: dict[str, Any]) -> None:
    truth = manifest["runs"][15]
    recipe = mu.Reduction(alpha=manifest["simulation"]["alpha"])
    asymmetry = mu.reduce(mu.read(folder / truth["file"]), recipe)
    result = mu.fit(asymmetry, mu.Model(truth["expression"]), t_range=(0.2, 10.0))
    assert (asymmetry.run.field, result.valid) == (500.0, True)
    agrees(result, truth["parameters"])


def agrees(result: mu.FitResult, truth: dict[str, float]) -> None:
    """Every parameter within four errors of its truth."""
    pulls = [
        (value - truth[name]) / error
        for name, value, error in zip(result.names, result.values, result.errors, strict=True)
        if name in truth
    ]
    assert len(pulls) == len(truth)
    assert np.all(np.abs(pulls) < 4), dict(zip(result.names, pulls, strict=False))


def test_the_scan_gives_the_truth_back(scan: mu.Scan, manifest: dict[str, Any]) -> None:
    for one, truth in zip(scan.runs, manifest["runs"], strict=False):
        assert one.run == truth["number"]
        assert one.verdict == {"paramagnetic": "not ordered"}.get(truth["model"], "ordered")
        agrees(one.result, truth["parameters"])
    order = mu.fit_order_parameter(scan, parameter="nu2", alpha=2.0)
    assert order.valid
    for name in ("nu0", "T_N", "beta"):
        fitted = getattr(order, name)
        assert abs(fitted.value - manifest["order"][name]) < 3.5 * fitted.error


def test_dead_times_are_needed(folder: Path, manifest: dict[str, Any]) -> None:
    """Without them the fit of a run is seen to be wrong."""
    truth = manifest["runs"][0]
    run = mu.read(folder / truth["file"])
    model = mu.Model(truth["expression"])
    alpha = manifest["simulation"]["alpha"]
    used, not_used = (
        mu.fit(mu.reduce(run, mu.Reduction(alpha=alpha, dead_time=how)), model, t_range=(0.2, 10.0))
        for how in ("file", "none")
    )
    agrees(used, truth["parameters"])
    away = abs(not_used["A_bg"].value - truth["parameters"]["A_bg"])
    assert away > abs(used["A_bg"].value - truth["parameters"]["A_bg"])
