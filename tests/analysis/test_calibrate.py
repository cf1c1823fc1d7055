"""Alpha and total asymmetry from a transverse-field run, against a known truth."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from throw import asymmetry_of, throw_pair

import musrcu as mu
from musrcu.analysis.calibrate import calibrate
from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.containers.calibration import Calibration
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.reduction.recipe import Reduction, reduce

ALPHA, TOTAL, RATE, PHASE = 1.3, 0.22, 0.1, 0.2
RECIPE = Reduction(forward="1", backward="2", packing=1, background="none")


def run(nu: float, events: float, seed: int, *, total: float = TOTAL, alpha: float = ALPHA) -> Run:
    def truth(t: np.ndarray) -> np.ndarray:
        return total * np.exp(-RATE * t) * np.cos(2 * np.pi * nu * t + PHASE)

    _, forward, backward = throw_pair(truth, events, seed, n_bins=1000, width=0.01, alpha=alpha)
    return Run(
        counts=np.array([[forward, backward]]).astype(np.int64),
        bin_width=0.01,
        t0=np.full(2, -0.5),
        first_good=np.zeros(2, dtype=int),
        last_good=np.full(2, 999),
        labels=("Forw", "Back"),
        source="continuous",
        instrument="SIM",
        number=17,
    ).replace(t0=np.zeros(2))


def test_truth_comes_back() -> None:
    found = calibrate(run(2.7, 1e7, 1), RECIPE)
    assert abs(found.alpha - ALPHA) < 4 * found.alpha_error
    assert found.alpha_error == pytest.approx(0.00264 / np.sqrt(10), rel=0.1)
    assert found.total is not None
    assert found.total_error is not None
    assert abs(found.total - TOTAL) < 4 * found.total_error
    assert found.field == pytest.approx(2.7 / GAMMA_MU_OVER_2PI, abs=4 * found.field_error)
    assert (found.forward, found.backward) == ("1", "2")
    assert (found.run, found.instrument) == (17, "SIM")
    assert found.probability is not None
    assert 0.001 < found.probability < 0.999
    text = found.summary()
    assert "alpha = 1.2996(8) from SIM 17 (forward 1, backward 2; " in text
    assert "SIM 17" in text
    assert " G" in text


@pytest.mark.parametrize(("nu", "error"), [(2.7, 0.00264), (0.15, 0.00476)])
def test_unbiased_where_the_ratio_of_sums_is_not(nu: float, error: float) -> None:
    """The table of section 7 of the notes on reduction: 1e6 events, alpha = 1.3."""
    packed = dataclasses.replace(RECIPE, packing=4)
    found = [calibrate(run(nu, 1e6, seed), packed) for seed in range(40)]
    alphas = np.array([c.alpha for c in found])
    errors = np.array([c.alpha_error for c in found])
    assert errors.mean() == pytest.approx(error, rel=0.08)
    assert abs(alphas.mean() - ALPHA) < 3.5 * error / np.sqrt(40) + 1e-3
    pulls = (alphas - ALPHA) / errors
    assert abs(pulls.std(ddof=1) - 1) < 0.03 + 3.5 / np.sqrt(80)


def test_as_a_least_squares_fit_of_the_counts() -> None:
    from scipy.optimize import curve_fit

    made = run(2.7, 1e7, 5)
    forward, backward = made.counts[0].astype(float)
    time = np.arange(1000) * 0.01
    raw, error = asymmetry_of(forward, backward)

    def model(t: np.ndarray, a: float, rate: float, nu: float, phi: float, alpha: float) -> object:
        true = a * np.exp(-rate * t) * np.cos(2 * np.pi * nu * t + phi)
        return (alpha * (1 + true) - (1 - true)) / (alpha * (1 + true) + (1 - true))

    start = [0.2, 0.1, 2.7, 0.2, 1.3]
    values, covariance = curve_fit(model, time, raw, start, error, absolute_sigma=True)
    found = calibrate(made, RECIPE)
    assert found.alpha == pytest.approx(values[4], abs=1e-3 * found.alpha_error)
    assert found.alpha_error == pytest.approx(np.sqrt(covariance[4, 4]), rel=0.02)
    assert found.total == pytest.approx(values[0], abs=1e-3 * found.total_error)
    assert found.total_error == pytest.approx(np.sqrt(covariance[0, 0]), rel=0.05)


def test_recipe_is_followed_but_for_its_alpha() -> None:
    made = run(2.7, 1e7, 2)
    held = dataclasses.replace(RECIPE, alpha=7.0)
    assert calibrate(made, held).alpha == calibrate(made, RECIPE).alpha
    turned = dataclasses.replace(RECIPE, forward="2", backward="1")
    other = calibrate(made, turned)
    assert other.alpha == pytest.approx(1 / calibrate(made, RECIPE).alpha, rel=1e-4)
    assert other.total == pytest.approx(calibrate(made, RECIPE).total, rel=1e-4)
    packed = dataclasses.replace(RECIPE, packing=5)
    assert calibrate(made, packed).alpha == pytest.approx(ALPHA, abs=0.004)


def test_calibrated_asymmetry_has_no_offset_and_carries_the_total(tmp_path: Path) -> None:
    made = run(2.7, 1e7, 3)
    calibration = calibrate(made, RECIPE)
    calibration.save(tmp_path / "calibration.toml")
    again = Calibration.load(tmp_path / "calibration.toml")
    assert again == calibration
    data = reduce(made, dataclasses.replace(RECIPE, calibration=again))
    assert (data.alpha, data.alpha_error) == (calibration.alpha, calibration.alpha_error)
    assert (data.total, data.total_error) == (calibration.total, calibration.total_error)
    good = np.isfinite(data.value)
    weight = 1 / data.error[good] ** 2
    # 21.6 turns in the first 8 us: what is left of the mean is small.
    assert abs(np.average(data.value[good], weights=weight)) < 0.004


@pytest.mark.parametrize("alpha", [0.2, 0.83, 1.0, 4.0])
def test_any_balance(alpha: float) -> None:
    found = calibrate(run(2.7, 1e7, 4, alpha=alpha), RECIPE, t_range=(0, 6))
    assert abs(found.alpha - alpha) < 4 * found.alpha_error
    assert abs(found.total - TOTAL) < 4 * found.total_error


def test_impossible_calibrations_are_refused() -> None:
    made = run(2.7, 1e7, 6)
    with pytest.raises(FitError, match="a constant and alpha are one parameter"):
        calibrate(made, RECIPE, model="damped_cosine + constant")
    with pytest.raises(FitError, match="no calibration"):
        calibrate(made, RECIPE, t_range=(0, 0.03))
    with pytest.raises(FitError, match=r"fewer than 20 counts in a group; pack more"):
        calibrate(run(2.7, 2e4, 6), RECIPE)


def test_a_run_without_precession_is_refused() -> None:
    packed = dataclasses.replace(RECIPE, packing=4)
    for seed in range(8):
        with pytest.raises(FitError, match="no calibration"):
            calibrate(run(2.7, 1e6, seed, total=0.0), packed)
    with pytest.raises(FitError, match="is no precession along this pair; take a run in"):
        calibrate(run(2.7, 1e6, 1, total=0.0), packed)


def test_a_zero_field_run_is_no_calibration(samples: Path) -> None:
    """LTF 1 oscillates spontaneously at 1.59 MHz, which would be 117 G; its file says 0 G."""
    run = mu.read(samples / "deltat_tdc_ltf_0001.bin")
    with pytest.raises(mu.MusrcuError, match="the file says 0 G"):
        mu.calibrate(run)


def test_the_phase_tells_a_reversed_pair(samples: Path) -> None:
    run = mu.read(samples / "deltat_tdc_ltf_0021.bin")
    right = mu.calibrate(run)
    assert abs(right.phase - 6.0) < 4 * right.phase_error
    assert "swap" not in right.summary()
    wrong = mu.calibrate(run, mu.Reduction(forward="Forw", backward="Back"))
    assert abs(abs(wrong.phase) - 174.0) < 4 * wrong.phase_error
    assert "swap the pair" in wrong.summary()
    assert wrong.alpha == pytest.approx(1 / right.alpha, rel=1e-4)


def test_an_improbable_fit_is_named() -> None:
    sure = mu.Calibration(alpha=1.0, alpha_error=0.01, probability=0.3)
    assert "does not describe" not in sure.summary()
    poor = mu.Calibration(alpha=1.0, alpha_error=0.01, probability=1e-20)
    assert "does not describe" in poor.summary()
