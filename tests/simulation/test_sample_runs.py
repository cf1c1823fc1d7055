"""The sample runs: what they say of themselves, and that their scripts give the truth back."""

from __future__ import annotations

import runpy
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.analysis.scan_file import ScanFile
from musrcu.simulation.simulate import simulate

NUMBERS = range(1, 22)


@pytest.fixture(scope="module")
def manifest(samples: Path) -> dict[str, Any]:
    return tomllib.loads((samples / "manifest.toml").read_text(encoding="utf-8"))


def test_every_file_is_in_the_manifest_and_the_folder_is_small(
    samples: Path, manifest: dict[str, Any]
) -> None:
    listed = [run["file"] for run in manifest["runs"]]
    assert listed == [f"deltat_tdc_ltf_{number:04d}.bin" for number in NUMBERS]
    assert sorted(path.name for path in samples.glob("*.bin")) == listed
    assert sum(path.stat().st_size for path in samples.glob("*.*")) < 5e6


@pytest.mark.parametrize("number", NUMBERS)
def test_file_is_a_sound_simulated_ltf_run(
    samples: Path, manifest: dict[str, Any], number: int
) -> None:
    truth = manifest["runs"][number - 1]
    run = mu.read(samples / truth["file"])
    assert run.warnings == ()
    assert run.sample == "SIMULATED" and (run.title or "").startswith("SIMULATED ")
    assert (run.instrument, run.number, run.format) == ("LTF", number, "psi-bin")
    assert run.header["FMT_ID"] == "1N" and run.header["BINWIX"] == 0.0009765625
    assert run.counts[0].sum(axis=1).tolist() == truth["counts"]
    assert (run.temperature.nominal, run.field) == (truth["set_point"], truth["field"])
    for sensor, mean, spread in zip(
        run.temperature.sensors, truth["sensor_means"], truth["sensor_spreads"], strict=True
    ):
        assert sensor.mean == pytest.approx(mean, rel=1e-7)
        assert sensor.spread == pytest.approx(spread, rel=1e-7)
    assert run.temperature.error == pytest.approx(truth["temperature_error"], rel=1e-6)
    assert abs(run.temperature.mean - truth["temperature"]) < 4.5e-4  # 0.1 mK, 21 runs


def test_manifest_follows_the_truth_file(samples: Path, manifest: dict[str, Any]) -> None:
    """The law written out once more, from the numbers of the truth file."""
    truth = tomllib.loads((samples / "truth.toml").read_text(encoding="utf-8"))
    order = truth["order"]
    assert manifest["order"] == order
    assert (order["nu0"], order["T_N"], order["beta"], order["alpha"]) == (1.59, 0.105, 0.12, 3.0)
    for run in manifest["runs"][:20]:
        x = run["temperature"] / order["T_N"]
        assert run["model"] == ("ordered" if x < 1 else "paramagnetic")
        total = sum(v for name, v in run["parameters"].items() if name.startswith("A"))
        assert total == pytest.approx(0.21)
        if x < 1:
            nu = order["nu0"] * (1 - x ** order["alpha"]) ** order["beta"]
            assert run["parameters"]["nu2"] == pytest.approx(nu, rel=1e-9)
    assert [run["model"] for run in manifest["runs"]].count("ordered") == 15


@pytest.mark.parametrize("number", [7, 18, 21])
def test_a_run_made_again_has_the_same_bytes(samples: Path, tmp_path: Path, number: int) -> None:
    path, _ = simulate(samples / "truth.toml", tmp_path, numbers=[number])
    assert path.read_bytes() == (samples / path.name).read_bytes()


def test_calibration_run_gives_alpha_total_and_field(
    samples: Path, manifest: dict[str, Any]
) -> None:
    found = mu.calibrate(mu.read(samples / "deltat_tdc_ltf_0021.bin"))
    assert abs(found.alpha - manifest["simulation"]["alpha"]) < 4 * found.alpha_error
    assert found.total is not None and found.total_error is not None
    assert abs(found.total - 0.21) < 4 * found.total_error
    assert found.field is not None and found.field_error is not None
    assert abs(found.field - 50.0) < 4 * found.field_error


def agrees(result: mu.FitResult, truth: dict[str, float]) -> None:
    """Every parameter within four errors of its truth, alpha and backgrounds of what was known."""
    assert result.valid, result.reason
    known = {n: p.constraint[0] for n, p in result.parameters.items() if p.constraint is not None}
    assert set(known) == {"alpha", "b_F", "b_B"}
    truth = {name: value for name, value in (truth | known).items() if name in result.names}
    assert set(truth) == set(result.names)
    pulls = (result.values - np.array([truth[name] for name in result.names])) / result.errors
    assert np.all(np.abs(pulls) < 4)
    assert result.probability is not None and result.probability > 1e-3


@pytest.mark.parametrize(("script", "number"), [("fit_below.py", 1), ("fit_above.py", 18)])
def test_script_of_one_run_gives_its_truth(
    samples: Path,
    manifest: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    script: str,
    number: int,
) -> None:
    names = runpy.run_path(str(samples / script))
    result = names["result"]
    assert result.run == number
    agrees(result, manifest["runs"][number - 1]["parameters"])
    assert result.summary() in capsys.readouterr().out


def test_script_of_the_scan_gives_the_order_parameter(
    samples: Path, manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    names = runpy.run_path(str(samples / "scan_to_TN.py"))
    scan, order = names["scan"], names["order"]
    for one, truth in zip(scan.runs, manifest["runs"], strict=False):
        assert one.run == truth["number"]
        assert one.verdict == {"paramagnetic": "not ordered"}.get(truth["model"], "ordered")
        agrees(one.result, truth["parameters"])
    low, high = scan.bracket
    assert low < 0.105 < high
    assert order.valid
    for name in ("nu0", "T_N", "beta"):
        fitted = getattr(order, name)
        assert abs(fitted.value - manifest["order"][name]) < 3.5 * fitted.error
    assert order.summary() in capsys.readouterr().out


def test_scan_file_asks_for_what_the_script_does(samples: Path) -> None:
    asked = ScanFile.load(samples / "scan.toml")
    assert [path.name for path in asked.data] == [
        f"deltat_tdc_ltf_{number:04d}.bin" for number in range(1, 21)
    ]
    assert asked.recipe.calibration == mu.calibrate(mu.read(samples / "deltat_tdc_ltf_0021.bin"))
    assert (asked.recipe.forward, asked.recipe.backward) == ("Back", "Forw")
    assert asked.fit["t_range"] == (0.01, 8.0)
    assert asked.order == {"parameter": "nu2", "alpha": 3.0}
