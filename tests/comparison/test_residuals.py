"""Residuals and their tests against closed forms, and against noise thrown with NumPy alone."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from asymmetries import asymmetry
from compared import LIFETIME, MODEL, START, counted, curve, thrown
from scipy import stats

import musrcu as mu
from musrcu.comparison.line_scan import line_scans
from musrcu.comparison.placed import placed
from musrcu.comparison.runs_test import runs_test
from musrcu.errors import FitError
from musrcu.fitting.count_moments import binomial_moments, poisson_moments
from musrcu.fitting.result import chi2_probability


def test_residuals_of_an_asymmetry_are_data_less_curve() -> None:
    data = thrown(1)
    result = mu.fit(data, MODEL)
    left = mu.residuals(data, result)
    by_hand = (data.value - result.curve(data.time)) / data.error
    np.testing.assert_allclose(left.value[0], by_hand, atol=1e-9)
    assert left.expected is None
    assert left.chi2 == pytest.approx(result.chi2)


def test_residuals_keep_to_the_range_of_the_fit() -> None:
    data = thrown(1)
    result = mu.fit(data, MODEL, t_range=(0.5, 4.0))
    left = mu.residuals(data, result)
    assert left.time[0] >= 0.5
    assert left.time[-1] <= 4.0
    assert left.chi2 == pytest.approx(result.chi2)


def test_residuals_of_counts_by_hand() -> None:
    data = counted(2, 40.0)
    result = mu.fit(data, MODEL)
    deviances = mu.residuals(data, result, kind="deviance")
    pearson = mu.residuals(data, result)
    value = {name: p.value for name, p in result.parameters.items()}
    a, beta = result.curve(data.time), value["detector_beta"]
    assert beta is not None
    mean = float(value["N0"] or 0) * data.decay * np.array([1 + a, 1 - beta * a])
    np.testing.assert_allclose(pearson.expected, mean, rtol=1e-9)
    np.testing.assert_allclose(pearson.value, (data.values - mean) / np.sqrt(mean), atol=1e-9)
    assert deviances.chi2 + ((beta - 1) / 0.05) ** 2 == pytest.approx(result.chi2)
    assert (np.sign(deviances.value) == np.sign(pearson.value)).all()


def test_residuals_of_fits_with_knowledge_ties_limits_and_held_parameters() -> None:
    data = replace(thrown(3), alpha_error=0.01)
    fits = (
        mu.fit(data, MODEL),
        mu.fit(data, MODEL, fixed={"phi2": 0.0}, constraints={"A1": (0.1, 0.002)}),
        mu.fit(data, MODEL, ties={"lambda2": "0.6*lambda1"}, average_bins=True),
        mu.fit(data, MODEL, limits={"lambda1": (0.8, 2.0)}),
    )
    for result in fits:
        here = placed(data, result)
        assert here.cost()(here.x) == pytest.approx(result.chi2, abs=0.01)


def test_another_data_set_or_no_result_is_refused() -> None:
    result = mu.fit(thrown(1), MODEL)
    with pytest.raises(FitError, match="give the data that were fitted"):
        mu.residuals(thrown(2), result)
    with pytest.raises(FitError, match="not a str"):
        mu.residuals(thrown(2), "result")  # type: ignore[arg-type]
    with pytest.raises(FitError, match="pearson"):
        mu.residuals(thrown(1), result, kind="raw")


@pytest.mark.parametrize(("plus", "minus"), [(5, 4), (3, 8), (6, 6)])
def test_runs_of_few_residuals_are_counted_out(plus: int, minus: int) -> None:
    """Every order of so many signs, one by one."""
    orders = []
    for ups in itertools.combinations(range(plus + minus), plus):
        signs = -np.ones(plus + minus)
        signs[list(ups)] = 1.0
        orders.append(signs)
    numbers = np.array([1 + int((s[1:] != s[:-1]).sum()) for s in orders])
    for k in (0, len(orders) // 3, -1):
        found = runs_test(orders[k])
        below, above = (numbers <= numbers[k]).mean(), (numbers >= numbers[k]).mean()
        assert found.runs == numbers[k]
        assert found.expected == pytest.approx(numbers.mean())
        assert found.error == pytest.approx(numbers.std())
        assert found.probability == pytest.approx(min(1.0, 2 * min(below, above)))


def test_runs_of_many_counts_have_the_moments_of_simulations() -> None:
    rng = np.random.default_rng(5)
    mean = np.array([0.3, 1.0])[:, None] * np.geomspace(20.0, 0.5, 300)
    above = stats.poisson.sf(np.floor(mean), mean)
    found = [runs_test((rng.poisson(mean) - mean), above) for _ in range(1500)]
    numbers = np.array([one.runs for one in found])
    assert found[0].expected == pytest.approx(numbers.mean(), abs=4 * numbers.std() / 38)
    assert found[0].error == pytest.approx(numbers.std(), rel=0.08)
    assert stats.kstest([one.probability for one in found], "uniform").statistic < 0.07


@pytest.mark.parametrize("mean", [0.02, 0.7, 3.2, 30.0])
def test_moments_of_the_likelihood_ratio_are_sums_over_poisson(mean: float) -> None:
    n = np.arange(0, 400)
    weight = stats.poisson.pmf(n, mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        term = 2 * (mean - n + np.where(n > 0, n * np.log(n / mean), 0.0))
    expected = float(weight @ term)
    first, second = poisson_moments(np.array([mean]))
    assert first[0] == pytest.approx(expected, rel=2e-3)
    assert second[0] == pytest.approx(float(weight @ (term - expected) ** 2), rel=5e-3)


@pytest.mark.parametrize(("n", "p"), [(1, 0.5), (3, 0.3), (40, 0.9), (100, 0.45), (150, 0.4)])
def test_moments_of_the_likelihood_ratio_are_sums_over_the_binomial_law(n: int, p: float) -> None:
    f = np.arange(0, n + 1)
    weight = stats.binom.pmf(f, n, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        term = np.where(f > 0, f * np.log(f / (n * p)), 0.0)
        term += np.where(f < n, (n - f) * np.log((n - f) / (n * (1 - p))), 0.0)
    expected = float(weight @ (2 * term))
    for share in (p, 1 - p):
        first, second = binomial_moments(np.array([7.0, n]), np.array([0.2, share]))
        assert first[1] == pytest.approx(expected, rel=2e-3)
        assert second[1] == pytest.approx(float(weight @ (2 * term - expected) ** 2), rel=5e-3)


def test_probability_of_many_counts_is_that_of_chi_square() -> None:
    mean, variance = poisson_moments(np.full(500, 1e6))
    found = chi2_probability(520.0, 495, ((mean - 1).sum(), (variance - 2).sum()))
    assert found == pytest.approx(float(stats.chi2.sf(520.0, 495)), rel=1e-3)


@pytest.mark.parametrize("cost", ["poisson", "binomial"])
def test_a_good_fit_of_few_counts_is_called_good_everywhere(cost: str) -> None:
    """1.5 counts a bin at first: chi-square per degree of freedom is far from 1."""
    data = counted(4, 1.5, 4000)
    known = {n: v for n, v in START.items() if n not in ("A1", "A2", "A_bg")}
    result = mu.fit(data, MODEL, start=START, fixed=known, cost=cost)
    naive = float(stats.chi2.sf(result.chi2, result.ndof))
    assert not 1e-3 < naive < 1 - 1e-3
    assert 0.005 < (result.probability or 0.0) < 0.995
    assert f"probability {result.probability:.2g}" in result.summary()
    assert not any("does not describe" in note for note in result.notes)
    assert sum("fewer than 5 counts" in note for note in result.notes) == 1
    tests = mu.test_residuals(data, result)
    assert tests.probability == pytest.approx(result.probability, rel=1e-6)
    again = mu.FitResult.from_dict(json.loads(json.dumps(result.to_dict())))
    assert again.probability == result.probability


@pytest.fixture(scope="module")
def null() -> dict[str, list[float]]:
    """Probabilities of the three tests where the model is true."""
    found: dict[str, list[float]] = {"chi2": [], "runs": [], "line": []}
    for seed in range(250):
        data = thrown(1000 + seed, 500)
        tests = mu.test_residuals(data, mu.fit(data, MODEL, start=START))
        found["chi2"].append(tests.probability or 0.0)
        found["runs"].append(tests.runs.probability)
        found["line"].append(tests.line.probability)
    return found


@pytest.mark.parametrize("test", ["chi2", "runs", "line"])
def test_probabilities_of_a_true_model_are_uniform(null: dict[str, list[float]], test: str) -> None:
    assert stats.kstest(null[test], "uniform").pvalue > 0.01
    assert np.mean(np.array(null[test]) < 0.05) == pytest.approx(0.05, abs=0.045)


def test_probabilities_of_few_counts_are_uniform() -> None:
    """Three counts a bin at the beginning and less than one later."""
    found = []
    for seed in range(120):
        data = counted(seed, 6.0, 400)
        known = {n: v for n, v in START.items() if n not in ("A1", "A2", "A_bg")}
        result = mu.fit(data, MODEL, start=START, fixed=known)
        tests = mu.test_residuals(data, result)
        found.append((tests.probability, tests.runs.probability, tests.line.probability))
    for column in np.array(found, dtype=float).T:
        assert stats.kstest(column, "uniform").pvalue > 0.01


def test_residuals_of_the_division_of_counts_by_hand() -> None:
    data = counted(2, 3.0)
    result = mu.fit(data, MODEL, start=START, cost="binomial")
    value = {name: float(p.value or 0) for name, p in result.parameters.items()}
    a, n = result.curve(data.time), data.values.sum(axis=0)
    p = (1 + a) / (1 + a + 1 - value["detector_beta"] * a)
    some = n > 0
    assert not some.all()
    left = mu.residuals(data, result)
    np.testing.assert_array_equal(left.time, data.time[some])
    by_hand = (data.values[0] - n * p)[some] / np.sqrt(n * p * (1 - p))[some]
    np.testing.assert_allclose(left.value[0], by_hand, atol=1e-9)
    deviances = mu.residuals(data, result, kind="deviance")
    law = stats.binom.pmf(data.values[0], n, p)[some]
    most = stats.binom.pmf(data.values[0], n, data.values[0] / np.maximum(n, 1))[some]
    np.testing.assert_allclose(deviances.value[0] ** 2, 2 * np.log(most / law), atol=1e-8)


def test_probabilities_of_divided_counts_are_uniform() -> None:
    found = []
    for seed in range(120):
        data = counted(seed, 6.0, 400)
        known = {n: v for n, v in START.items() if n not in ("A1", "A2", "A_bg")}
        result = mu.fit(data, MODEL, start=START, fixed=known, cost="binomial")
        tests = mu.test_residuals(data, result)
        found.append((tests.probability, tests.runs.probability, tests.line.probability))
    for column in np.array(found, dtype=float).T:
        assert stats.kstest(column, "uniform").pvalue > 0.01


def test_a_line_in_the_division_of_counts_is_named() -> None:
    t = 0.01 * (np.arange(600) + 0.5)
    rng = np.random.default_rng(3)
    a = curve(t) + 0.05 * np.cos(2 * np.pi * 7.3 * t)
    seen = rng.poisson(100 * np.exp(-t / LIFETIME) * np.array([1 + a, 1 - a])).astype(float)
    data = replace(counted(1, 100.0), values=seen, variance=seen)
    tests = mu.test_residuals(data, mu.fit(data, MODEL, start=START, cost="binomial"))
    assert tests.line.nu == pytest.approx(7.3, abs=0.05)
    assert tests.line.probability < 1e-3


def test_a_line_that_was_left_is_named() -> None:
    data = thrown(7, extra=0.012)
    tests = mu.test_residuals(data, mu.fit(data, MODEL))
    assert tests.line.probability < 1e-3
    assert tests.line.nu == pytest.approx(5.1, abs=0.1)
    assert "a line is left at 5." in tests.summary()
    assert tests.to_dict()["line"]["nu"] == tests.line.nu
    with_it = mu.fit(data, f"{MODEL} + damped_cosine", start={"nu2": 1.5, "nu3": 5.1})
    assert mu.test_residuals(data, with_it).line.probability > 0.01


def test_a_line_in_counts_is_named() -> None:
    t = 0.01 * (np.arange(600) + 0.5)
    rng = np.random.default_rng(3)
    a = curve(t) + 0.03 * np.cos(2 * np.pi * 7.3 * t)
    seen = rng.poisson(400 * np.exp(-t / LIFETIME) * np.array([1 + a, 1 - a])).astype(float)
    data = replace(counted(1, 400.0), values=seen, variance=seen)
    tests = mu.test_residuals(data, mu.fit(data, MODEL, start=START))
    assert tests.line.nu == pytest.approx(7.3, abs=0.05)
    assert tests.line.probability < 1e-6


def test_the_gain_is_that_of_a_fit_with_the_line() -> None:
    """The scan lets all fitted parameters follow: linear ones exactly, the others nearly."""
    data = thrown(8, extra=0.008)
    without = mu.fit(data, MODEL)
    here = placed(data, without)
    nu, gain = line_scans(here)[0].best(-here.cost().linearise(here.x)[0])
    more = {"nu3": nu, "lambda3": 0.0}
    with_it = mu.fit(data, f"{MODEL} + damped_cosine", start=START | more, fixed={"lambda3": 0.0})
    assert gain == pytest.approx((without.chi2 or 0) - (with_it.chi2 or 0), rel=0.05)


def test_what_is_slow_and_left_is_called_so() -> None:
    t = 0.01 * (np.arange(600) + 0.5)
    error = np.full(600, 0.003)
    rng = np.random.default_rng(2)
    data = asymmetry(t, 0.1 * np.exp(-t) + error * rng.standard_normal(600), error)
    tests = mu.test_residuals(data, mu.fit(data, "constant"))
    assert tests.runs.probability < 1e-6
    assert any("slower than" in text for text in tests.doubts)
    assert any("fewer than" in text for text in tests.doubts)
