"""Alpha and total asymmetry from a transverse-field run, against a known truth."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from throw import asymmetry_of, throw_pair

import musrcu as mu
from musrcu.calibration.calibrate import calibrate
from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.containers.calibration import Calibration
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.reduction.recipe import Reduction, reduce

ALPHA, TOTAL, RATE, PHASE = 1.3, 0.22, 0.1, 0.2
NONE = {"given": (0.0, 0.0)}
RECIPE = Reduction(forward="1", backward="2", packing=1, background=NONE)


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


TABLE = [
    # nu, events, method, mean, sd, quoted error: section 7 of the notes on reduction, 40 sets each
    (2.7, 1e6, "sum", 1.29792, 0.00246, 0.00261),
    (2.7, 1e6, "zero", 1.29269, 0.00240, None),
    (2.7, 1e6, "cosine", 1.30050, 0.00245, 0.00264),
    (2.7, 1e6, "counts", 1.30049, 0.00246, 0.00262),
    (0.15, 1e6, "sum", 1.38177, 0.00272, 0.00278),
    (0.15, 1e6, "cosine", 1.30062, 0.00482, 0.00476),
    (0.15, 1e6, "counts", 1.30061, 0.00452, 0.00466),
    (2.7, 2e4, "sum", 1.30271, 0.01777, 0.01851),
    (2.7, 2e4, "counts", 1.30524, 0.01776, 0.01859),
]


@pytest.mark.parametrize(("nu", "events", "method", "mean", "sd", "error"), TABLE)
def test_the_table_of_methods(
    nu: float, events: float, method: str, mean: float, sd: float, error: float | None
) -> None:
    """Both means are of 40 sets, the widths too; the errors that are quoted hardly vary."""
    found = [calibrate(run(nu, events, seed), RECIPE, method=method) for seed in range(40)]
    alphas = np.array([c.alpha for c in found])
    assert abs(alphas.mean() - mean) < 3.5 * sd * np.sqrt(2 / 40)
    assert abs(np.log(alphas.std(ddof=1) / sd)) < 3.5 * np.sqrt(2 / 78)
    if error is not None:
        assert np.mean([c.alpha_error for c in found]) == pytest.approx(error, rel=0.015)
    assert all(bool(c.bias) == (method != "counts") for c in found)


def test_alpha_of_the_counts_is_normal() -> None:
    """200 runs; the rule of pulls. Bins of 0.1 us take 1.6 % off an amplitude at 1 MHz."""
    packed = dataclasses.replace(RECIPE, packing=10)
    found = [calibrate(run(1.0, 2e5, seed), packed) for seed in range(200)]
    phase = np.degrees(PHASE) + 360 * 0.005  # thrown half a bin late
    for name, true in (("alpha", ALPHA), ("total", TOTAL), ("phase", phase)):
        pulls = np.array([(getattr(c, name) - true) / getattr(c, f"{name}_error") for c in found])
        assert abs(pulls.mean()) < 0.03 + 3.5 / np.sqrt(200), name
        assert abs(pulls.std(ddof=1) - 1) < 0.03 + 3.5 / np.sqrt(400), name
    probabilities = np.array([c.probability for c in found])
    assert abs(probabilities.mean() - 0.5) < 0.02 + 3.5 / np.sqrt(12 * 200)


def test_a_background_that_is_not_known_costs_its_share() -> None:
    """Against the information of the same model in plain NumPy."""
    made = run(0.15, 1e6, 1)
    t = (np.arange(1000) + 0.5) * 0.01
    e = np.exp(-t / 2.1969811)
    envelope, angle = np.exp(-RATE * t), 2 * np.pi * 0.15 * t + PHASE
    a = TOTAL * envelope * np.cos(angle)
    n0 = 1e6 / (np.sqrt(ALPHA) * e * (1 + a) + e * (1 - a) / np.sqrt(ALPHA)).sum()
    f, b = n0 * np.sqrt(ALPHA) * e, n0 / np.sqrt(ALPHA) * e
    shapes = [a / TOTAL, -t * a, -2 * np.pi * t * TOTAL * envelope * np.sin(angle)]
    shapes += [-TOTAL * envelope * np.sin(angle)]
    rows = [np.append(f * d, -b * d) for d in shapes]
    mu = np.append(f * (1 + a), b * (1 - a))
    rows += [mu / n0, mu / (2 * ALPHA) * np.repeat([1, -1], 1000)]
    flat = [np.repeat([1.0, 0.0], 1000), np.repeat([0.0, 1.0], 1000)]
    expected = []
    for more in ([], flat):
        design = np.array(rows + more) / np.sqrt(mu)
        expected.append(np.sqrt(np.linalg.inv(design @ design.T)[5, 5]))
    free = dataclasses.replace(RECIPE, background="fit")
    errors = [calibrate(made, recipe).alpha_error for recipe in (RECIPE, free)]
    np.testing.assert_allclose(errors, expected, rtol=0.06)
    assert errors[1] > 1.4 * errors[0]


def test_detector_beta_comes_back() -> None:
    """Thrown with a smaller asymmetry in the backward group."""
    rng = np.random.default_rng(3)
    t = (np.arange(1000) + 0.5) * 0.01
    a = TOTAL * np.exp(-RATE * t) * np.cos(2 * np.pi * 1.5 * t + PHASE)
    e = np.exp(-t / 2.1969811) * 2e4
    pulls = []
    for _ in range(20):
        made = run(1.5, 1e6, 0)
        counts = rng.poisson([1.2 * e * (1 + a), e * (1 - 0.9 * a)])
        found = calibrate(made.replace(counts=counts[None]), RECIPE, detector_beta=True)
        assert found.names == ("alpha", "detector_beta", "total", "field", "phase")
        names = ("alpha", "detector_beta", "total")
        _, values, covariance = found.constraint(*names)
        off = values - [1.2, 0.9, TOTAL]
        pulls.append([off @ np.linalg.solve(covariance, off), *off / np.sqrt(np.diag(covariance))])
    chi2, *each = np.transpose(pulls)
    assert abs(chi2.mean() - 3) < 3.5 * np.sqrt(6 / 20)
    assert all(abs(one.mean()) < 3.5 / np.sqrt(20) for one in each)
    bare = calibrate(made.replace(counts=counts[None]), RECIPE)
    assert bare.detector_beta is None
    assert found.detector_beta_error == pytest.approx(0.9 * 0.0102, rel=0.6)


def test_methods_that_cannot_give_detector_beta_say_so() -> None:
    for method in ("cosine", "sum", "zero"):
        with pytest.raises(FitError, match="take method 'counts'"):
            calibrate(run(2.7, 1e6, 1), RECIPE, method=method, detector_beta=True)
    with pytest.raises(FitError, match=r"method = 'count'; did you mean 'counts'\?; expected"):
        calibrate(run(2.7, 1e6, 1), RECIPE, method="count")


def test_a_background_widens_the_ratio_of_sums() -> None:
    """That is alpha sqrt(F / f^2 + B / b^2 + (n sigma_b)^2 / f^2 + ...) by hand."""
    made = run(2.7, 1e6, 2)
    forward, backward = made.counts[0].astype(float)
    given = {"given": (3.0, 2.0), "error": (0.5, 0.4)}
    recipe = dataclasses.replace(RECIPE, background=given)
    found = calibrate(made, recipe, method="sum", t_range=(0.0, 8.0))
    f, b = forward[:801].sum(), backward[:801].sum()
    f0, b0 = f - 801 * 3.0, b - 801 * 2.0
    assert found.alpha == pytest.approx(f0 / b0, rel=1e-12)
    relative = (f + (801 * 0.5) ** 2) / f0**2 + (b + (801 * 0.4) ** 2) / b0**2
    assert found.alpha_error == pytest.approx(found.alpha * np.sqrt(relative), rel=1e-12)
    assert (found.total, found.field, found.probability, found.names) == (None, None, None, ())
    assert "ratio of the summed counts" in found.summary()
    assert "bias: " in found.summary()


def test_the_zero_is_where_the_weighted_mean_vanishes() -> None:
    made = run(2.7, 1e6, 3)
    found = calibrate(made, RECIPE, method="zero")
    forward, backward = made.counts[0].astype(float)

    def mean(alpha: float) -> tuple[float, float]:
        value, error = asymmetry_of(forward, backward, alpha)
        weight = 1 / error**2
        return float(np.average(value, weights=weight)), float(weight.sum() ** -0.5)

    assert abs(mean(found.alpha)[0]) < 1e-9
    # dA/dalpha is -(1 - A^2) / (2 alpha), and the mean of A^2 about A0^2 / 2 at most
    assert found.alpha_error == pytest.approx(2 * found.alpha * mean(found.alpha)[1], rel=0.04)


def test_several_runs_are_combined() -> None:
    runs = [run(2.7, 1e6, seed).replace(number=seed) for seed in (1, 2, 3)]
    found = calibrate(runs, RECIPE)
    assert found.runs == (1, 2, 3)
    single = [calibrate(one, RECIPE) for one in runs]
    weight = np.array([one.alpha_error**-2 for one in single])
    mean = np.average([one.alpha for one in single], weights=weight)
    assert found.alpha == pytest.approx(mean, abs=0.1 * found.alpha_error)
    assert found.alpha_error == pytest.approx(weight.sum() ** -0.5, rel=1e-2)
    odd = run(2.7, 1e6, 4, alpha=1.33).replace(number=4)
    notes = calibrate([*runs, odd], RECIPE).notes
    assert any(note.startswith("SIM 4 disagrees: alpha = 1.33") for note in notes)


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
    found = calibrate(made, RECIPE, method="cosine")
    assert found.alpha == pytest.approx(values[4], abs=1e-3 * found.alpha_error)
    assert found.alpha_error == pytest.approx(np.sqrt(covariance[4, 4]), rel=0.02)
    whole = values[0] / np.sinc(2.7 * 0.01)  # the bins average over 2.7 % of a turn
    assert found.total == pytest.approx(whole, abs=1e-3 * found.total_error)
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
        calibrate(run(2.7, 2e4, 6), RECIPE, method="cosine")
    assert calibrate(run(2.7, 2e4, 6), RECIPE).probability is None


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


def test_counts_that_deviate_alike_in_both_groups_are_told() -> None:
    """An unknown dead time of two equal detectors: seen in the counts, hardly in the asymmetry."""
    made = run(1.0, 2e6, 5, alpha=1.0)
    expected = made.counts * (1 - 1e-5 * made.counts)
    counts = np.random.default_rng(1).binomial(made.counts, expected / made.counts.clip(1))
    found = calibrate(made.replace(counts=counts), dataclasses.replace(RECIPE, packing=4))
    assert found.probability is not None
    assert found.probability < 1e-4
    (note,) = found.notes
    assert note.startswith("the asymmetry alone is described (probability 0.")
    assert "the counts of both groups deviate alike" in found.summary()
    single = calibrate(made, dataclasses.replace(RECIPE, packing=4))
    assert single.notes == ()
