"""Fits of counts by Poisson's likelihood: values, bias at few counts, pulls, constraints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry
from thrown_counts import DT, TAU, TIME, TRUTH, counts_of, means

from musrcu.containers.history import Step
from musrcu.containers.losses import Losses
from musrcu.errors import FitError, MusrcuError
from musrcu.fitting.constraint import Constraint, as_constraints
from musrcu.fitting.count_cost import CountCost
from musrcu.fitting.fit import fit
from musrcu.fitting.freedom import settle
from musrcu.fitting.seen import CountBins, SeenCounts


@pytest.mark.parametrize(
    ("n", "mu", "expected"),
    [(0, 1.3, 2.6), (5, 3.2, 0.8628710262842), (100, 110, 0.93796403913503)],
)
def test_terms_of_the_likelihood(n: float, mu: float, expected: float) -> None:
    """Values to 25 digits by another program, the notes on fitting, section 1."""
    model = SeenCounts("constant", CountBins(np.ones(1), np.ones(1), np.ones(1)))
    # no asymmetry, N0 = 0: the backgrounds alone are the mean
    held = {"A_bg": 0.0, "N0": 1e-30, "detector_beta": 1.0, "b_B": 1.0}
    freedom = settle(model, {"alpha": 1.0, "b_F": mu}, held)
    cost = CountCost(np.zeros(1), np.array([float(n), 1.0]), freedom)
    assert cost(np.array([1.0, mu])) == pytest.approx(expected, rel=1e-12)


def test_gradient_and_expected_hessian() -> None:
    rng = np.random.default_rng(2)
    model = SeenCounts(
        "damped_cosine", CountBins(np.exp(-TIME / TAU), np.ones(TIME.size), np.full(TIME.size, DT))
    )
    freedom = settle(model, None, {"detector_beta": 1.0})
    cost = CountCost(TIME, rng.poisson(means(50.0, 0.5)).reshape(-1), freedom)
    x = np.array([0.19, 0.33, 1.6, 4.0, 49.0, 1.22, 0.6, 0.4])
    numerical = []
    for k in range(x.size):
        h = np.zeros(x.size)
        h[k] = 1e-6 * max(1.0, x[k])
        numerical.append((cost(x + h) - cost(x - h)) / (2 * h[k]))
    assert cost.grad(x) == pytest.approx(np.array(numerical), rel=1e-5, abs=1e-3)
    # Fisher's information: its mean over data is that of the exact Hessian
    exact = np.mean(
        [
            CountCost(
                TIME, rng.poisson(cost.freedom.model.value(TIME, freedom.expand(x))), freedom
            ).hessian(x)
            for _ in range(200)
        ],
        axis=0,
    )
    scale = np.sqrt(np.diag(exact))
    assert np.abs((exact - cost.gauss_newton(x)) / np.outer(scale, scale)).max() < 0.05


def test_few_counts_bias_no_parameter() -> None:
    """7 % of the bins empty: the asymmetry loses 4 % of N0, the counts nothing."""
    rng = np.random.default_rng(5)
    pulls, found = [], []
    for _ in range(120):
        result = fit(
            counts_of(rng.poisson(means(50.0, 0.5)).astype(float)),
            "damped_cosine",
            start={"nu1": 1.6},
        )
        assert result.valid, result.reason
        truth = TRUTH | {"N0": 50.0, "b_F": 0.5, "b_B": 0.5}
        pulls.append([(result[n].value - v) / result[n].error for n, v in truth.items()])
        found.append([result[n].value for n in ("N0", "b_F", "b_B")])
    means_of, widths = np.mean(pulls, axis=0), np.std(pulls, axis=0, ddof=1)
    assert np.abs(means_of).max() < 4 / np.sqrt(120)
    assert np.abs(widths - 1).max() < 4 / np.sqrt(2 * 120)
    assert np.mean(found, axis=0) == pytest.approx([50.0, 0.5, 0.5], rel=0.05)


def test_start_values_are_found_and_dead_time_is_taken_off() -> None:
    dead = 1e-7  # us a frame: 10 ns in 100 000 frames, 14 % at t = 0
    values = np.random.default_rng(6).poisson(means(25000.0, 0.0, dead)).astype(float)
    lost = Losses(np.ones(1), np.array([dead]))
    free = fit(counts_of(values, "pulsed"), "damped_cosine")
    seen = fit(counts_of(values, "pulsed", losses=(lost, lost)), "damped_cosine")
    assert seen.valid
    assert seen["b_F"].fixed
    for name, truth in TRUTH.items():
        assert abs(seen[name].value - truth) < 4 * seen[name].error
    assert abs(seen["N0"].value - 25000) < 4 * seen["N0"].error
    assert seen.probability is not None
    assert seen.probability > 1e-3
    assert free.probability is not None
    assert free.probability < 1e-6
    assert any("does not describe" in note for note in free.notes)


def test_a_subtracted_background_is_a_constraint() -> None:
    raw = np.random.default_rng(7).poisson(means(400.0, 4.0)).astype(float)
    level, error = np.array([4.1, 3.9]), np.array([0.2, 0.1])
    counts = counts_of(raw).replace(
        values=raw - level[:, None], background=level, background_error=error
    )
    result = fit(counts, "damped_cosine")
    assert result["b_F"].constraint == pytest.approx((4.1, 0.2))
    assert result["b_F"].error < 0.2
    assert result.ndof == 2 * TIME.size + 2 - 8
    exact = fit(counts.replace(background_error=None), "damped_cosine")
    assert exact["b_F"].fixed
    assert exact["b_F"].value == pytest.approx(4.1)
    # the constraint of the likelihood is that of adding the square by hand
    by_hand = fit(
        counts_of(raw), "damped_cosine", constraints={"b_F": (4.1, 0.2), "b_B": (3.9, 0.1)}
    )
    assert by_hand.chi2 == pytest.approx(result.chi2, abs=1e-3)
    assert by_hand["b_F"].value == pytest.approx(result["b_F"].value, abs=1e-3)


def test_correlated_constraints() -> None:
    """Two amplitudes that only their sum is known of: the constraint decides, exactly."""
    covariance = np.array([[0.01, 0.0099], [0.0099, 0.01]])
    told = Constraint(("lambda1", "nu1"), np.array([0.3, 1.59]), covariance)
    raw = np.random.default_rng(8).poisson(means(2000.0, 0.0)).astype(float)
    free = fit(counts_of(raw, "pulsed"), "damped_cosine")
    bound = fit(counts_of(raw, "pulsed"), "damped_cosine", constraints=[told])
    places = [bound.names.index(n) for n in ("lambda1", "nu1")]
    assert free.covariance is not None
    assert bound.covariance is not None
    inner = np.linalg.inv(free.covariance[np.ix_(places, places)])
    expected = np.linalg.inv(inner + np.linalg.inv(covariance))
    np.testing.assert_allclose(bound.covariance[np.ix_(places, places)], expected, rtol=0.02)
    mean = expected @ (
        inner @ free.values[places] + np.linalg.inv(covariance) @ np.array([0.3, 1.59])
    )
    np.testing.assert_allclose(bound.values[places], mean, rtol=1e-3)


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ({"alpha": (1.0, 0.0)}, r"constraint of alpha = \(1.0, 0.0\); give \(value, error\)"),
        ({"alpha": 1.0}, "constraint of alpha = 1.0; give"),
        ({"alfa": (1.0, 0.1)}, "has no parameter 'alfa'; did you mean 'alpha'"),
        ([1.0], "constraint 1.0; give a Constraint"),
        (5, "constraint 5; give a Constraint"),
        ({1: (1, 2)}, "constraint of 1 = "),
        ({"A1": (0.2, 1e300)}, "with an error above 0 and below 1e"),
    ],
)
def test_wrong_constraints(constraints: Any, message: str) -> None:
    with pytest.raises(MusrcuError, match=message):
        fit(counts_of(means(400.0, 4.0)), "damped_cosine", constraints=constraints)


def test_what_is_held_is_not_constrained_too() -> None:
    with pytest.raises(FitError, match="nu1 is constrained and fixed or tied; choose one"):
        fit(
            counts_of(means(400.0, 4.0)), "damped_cosine",
            fixed={"nu1": 1.59}, constraints={"nu1": (1.59, 0.1)},
        )  # fmt: skip
    twice = [*as_constraints({"nu1": (1.6, 0.1)}), *as_constraints({"nu1": (1.5, 0.1)})]
    with pytest.raises(FitError, match="nu1 is constrained twice"):
        fit(counts_of(means(400.0, 4.0)), "damped_cosine", constraints=twice)


@pytest.mark.parametrize(
    ("covariance", "message"),
    [([[1.0, 2.0], [2.0, 1.0]], "positive definite"), ([[1.0]], "expected 2 and")],
)
def test_covariances_that_are_none(covariance: list[list[float]], message: str) -> None:
    with pytest.raises(FitError, match=message):
        Constraint(("a", "b"), np.zeros(2), np.array(covariance))


@pytest.mark.parametrize(
    ("names", "values", "covariance", "message"),
    [
        ((), [], [[]], "give the names of its parameters"),
        ("nu1", [1.0], [[1.0]], "give the names of its parameters"),
        (("a",), ["x"], [[1.0]], "the values are no numbers"),
        (("a", "b"), [1.0, 2.0], [[1.0], [1.0, 2.0]], "the covariance are no numbers"),
    ],
)
def test_constraints_of_no_numbers(names: Any, values: Any, covariance: Any, message: str) -> None:
    with pytest.raises(FitError, match=message):
        Constraint(names, values, covariance)


def test_corrected_counts_are_refused() -> None:
    counts = counts_of(means(400.0, 4.0))
    run = counts.run.replace(variance=np.ones((1, 2, 8)), counts=np.ones((1, 2, 8)))
    with pytest.raises(FitError, match="corrected for dead time and are not Poisson's"):
        fit(counts.replace(run=run), "damped_cosine")


def test_an_unmeasured_detector_beta_tells_no_alpha() -> None:
    """Different intrinsic asymmetries: taken as equal they would shift A_bg by 8 errors."""
    pulls = []
    for seed in range(12):
        rng = np.random.default_rng([9, seed])
        a = 0.2 * np.exp(-0.3 * TIME) * np.cos(2 * np.pi * 0.8 * TIME) + 0.04
        decay = 20000.0 * np.exp(-TIME / TAU)
        root = np.sqrt(0.93)
        counted = rng.poisson(decay * np.array([root * (1 + a), (1 - 0.93 * a) / root]))
        quoted = 0.93 + 0.02 * rng.normal()
        result = fit(
            counts_of(counted.astype(float), "pulsed"),
            "damped_cosine + constant",
            constraints={"alpha": (quoted, 0.02)},
        )
        assert result["detector_beta"].constraint == (1.0, 0.05)
        pulls.append((result["A_bg"].value - 0.04) / result["A_bg"].error)
    assert abs(np.mean(pulls)) < 4 / np.sqrt(12)
    assert np.std(pulls, ddof=1) < 1 + 4 / np.sqrt(24)
    # where alpha is what is looked for, beta has little to do with it and is 1
    free = fit(counts_of(means(2000.0, 0.0), "pulsed"), "damped_cosine")
    assert free["detector_beta"].fixed


def test_what_the_data_pull_away_from_is_named() -> None:
    counted = np.random.default_rng(10).poisson(means(2000.0, 0.0)).astype(float)
    wrong = fit(counts_of(counted, "pulsed"), "damped_cosine", constraints={"nu1": (1.62, 0.005)})
    (note,) = [one for one in wrong.notes if "nu1 was known as 1.620(5) MHz" in one]
    away = 1.62 - wrong["nu1"].value
    explained = np.sqrt(0.005**2 - wrong["nu1"].error ** 2)
    assert f"the fit takes it to {wrong['nu1']}".split("  ")[0] in note
    assert f"shifts it by about {explained:.2g} MHz, this is {away / explained:.1f} times" in note
    right = fit(counts_of(counted, "pulsed"), "damped_cosine", constraints={"nu1": (1.59, 0.005)})
    assert not any("was known as" in note for note in right.notes)


def test_a_late_level_does_not_count_twice() -> None:
    counts = counts_of(means(400.0, 4.0)).replace(
        background=np.array([4.1, 3.9]), background_error=np.array([0.2, 0.1])
    )
    step = Step("subtract_background", "", {"late": [5.0, 9.0]})
    result = fit(counts.replace(step=step), "damped_cosine")
    assert result["b_F"].constraint is None
    assert not result["b_F"].fixed


def test_dead_times_that_are_left_out_are_named() -> None:
    counts = counts_of(means(400.0, 0.0), "pulsed")
    known = counts.run.replace(dead_time=np.full((1, 2), 0.01), good_frames=np.array([1000]))
    notes = fit(counts.replace(run=known), "damped_cosine").notes
    assert any("dead times of the file are not in this fit" in note for note in notes)


def test_the_fit_without_a_spare_term_knows_what_was_known() -> None:
    """Short names and joint constraints hold for the alternative too."""
    rng = np.random.default_rng(12)
    value = 0.1 * np.exp(-0.9 * TIME) + 0.05 + 0.002 * rng.normal(size=TIME.size)
    data = asymmetry(TIME, value, np.full(TIME.size, 0.002))
    told = Constraint(("lambda1", "lambda2"), np.array([0.9, 0.9]), 1e-8 * np.eye(2))
    result = fit(data, "exponential + exponential + constant", constraints=[told])
    assert not result.valid
    assert result.alternative is not None
    (name,) = [n for n in result.alternative.names if n.startswith("lambda")]
    assert result.alternative[name].constraint == pytest.approx((0.9, 1e-4))
    assert result.alternative[name].value == pytest.approx(0.9, abs=1e-3)


def test_a_hopeless_fit_prints_no_hundred_digits() -> None:
    given = counts_of(means(400.0, 4.0)).replace(background=np.array([1e6, 1e6]))
    result = fit(given, "damped_cosine")
    assert not result.valid
    assert max(map(len, result.summary().split("\n"))) < 300
