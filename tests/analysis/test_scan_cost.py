"""Scans of counts: the same verdicts and values as those of the asymmetry, from other numbers."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

import musrcu as mu
from musrcu.analysis.scan_file import ScanFile
from musrcu.errors import FitError, MusrcuError

NUMBERS = (1, 9, 14, 17, 20)


@pytest.fixture(scope="module")
def recipe(samples_once: Path) -> mu.Reduction:
    known = mu.calibrate(mu.read(samples_once / "deltat_tdc_ltf_0021.bin"))
    return mu.Reduction(forward="Back", backward="Forw", calibration=known, packing=10)


@pytest.fixture(scope="module")
def samples_once() -> Path:
    return Path(__file__).resolve().parents[2] / "sample_runs"


@pytest.fixture(scope="module")
def files(samples_once: Path) -> list[Path]:
    return [samples_once / f"deltat_tdc_ltf_{number:04d}.bin" for number in NUMBERS]


@pytest.fixture(scope="module")
def truth(samples_once: Path) -> dict[int, dict[str, float]]:
    runs = tomllib.loads((samples_once / "manifest.toml").read_text())["runs"]
    return {run["number"]: run["parameters"] for run in runs}


@pytest.mark.parametrize("cost", ["poisson", "binomial"])
def test_a_scan_of_counts(
    cost: str, files: list[Path], recipe: mu.Reduction, truth: dict[int, dict[str, float]]
) -> None:
    scan = mu.fit_scan(files, recipe, t_range=(0.01, 8.0), cost=cost)
    usual = mu.fit_scan(files, recipe, t_range=(0.01, 8.0))
    assert [run.verdict for run in scan.runs] == ["ordered"] * 3 + ["not ordered"] * 2
    assert [run.verdict for run in usual.runs] == [run.verdict for run in scan.runs]
    assert scan.options["cost"] == cost and "cost" not in usual.options
    for run, other in zip(scan.runs, usual.runs, strict=True):
        assert run.ordered is not None and run.paramagnetic is not None
        assert run.ordered.cost == run.paramagnetic.cost != "asymmetry chi-square"
        assert run.ordered.n_bins == run.paramagnetic.n_bins
        if run.verdict == "ordered":
            nu, seen = run.result["nu2"], other.result["nu2"]
            assert abs(nu.value - truth[run.run]["nu2"]) < 4 * nu.error
            assert abs(nu.value - seen.value) < 0.5 * nu.error
            assert nu.error == pytest.approx(seen.error, rel=0.1)
    said = [line for line in scan.summary().splitlines() if line.startswith("fit: ")]
    assert said == [f"fit: {scan.runs[0].ordered.cost}"]
    assert not any(line.startswith("fit: ") for line in usual.summary().splitlines())


def test_a_saved_scan_of_counts_comes_back(
    files: list[Path], recipe: mu.Reduction, tmp_path: Path
) -> None:
    scan = mu.fit_scan(files[:1], recipe, cost="poisson")
    scan.save(tmp_path / "scan.json")
    assert mu.load(tmp_path / "scan.json").to_dict() == scan.to_dict()


def test_two_processes_find_the_same_digits(files: list[Path], recipe: mu.Reduction) -> None:
    from musrcu.forks import Forks, can_fork

    if not can_fork():
        pytest.skip("this system does not fork")
    for cost in ("asymmetry", "poisson"):
        one, two = (
            mu.fit_scan(files, recipe, cost=cost, executor=executor)
            for executor in (None, Forks(2))
        )
        assert one.to_dict() == two.to_dict()
        laws = [mu.fit_order_parameter(scan, minos=False).values for scan in (one, one, two)]
        assert np.array_equal(laws[0], laws[1]) and np.array_equal(laws[0], laws[2])


def test_the_same_fit_has_the_same_digits(files: list[Path], recipe: mu.Reduction) -> None:
    model = "exponential + damped_cosine + constant"
    for data in (mu.reduce(mu.read(files[1]), recipe), mu.reduce_counts(mu.read(files[1]), recipe)):
        one, two = (mu.fit(data, model, minos=("nu2",)).to_dict() for _ in range(2))
        assert one == two


def test_other_costs_are_refused(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(FitError, match="a scan has no cost 'auto'; expected asymmetry, poisson"):
        mu.fit_scan(files, cost="auto")
    path = tmp_path / "scan.toml"
    path.write_text(f'[data]\nruns = "{files[0]}"\n[fit]\ncost = "magic"\n')
    with pytest.raises(MusrcuError, match=r"\[fit\] cost = 'magic'; expected one of asymmetry"):
        ScanFile.load(path)
    path.write_text(path.read_text().replace("magic", "poisson"))
    assert ScanFile.load(path).fit["cost"] == "poisson"
