"""Comparisons of models by hand, and likelihood ratios whose distribution is known."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetries import asymmetry
from compared import MODEL, START, counted, thrown
from scipy import stats

import musrcu as mu
from musrcu.comparison.special_cases import SPECIAL
from musrcu.containers.asymmetry import Asymmetry
from musrcu.errors import FitError, ModelError

DECAY, LIFTED = "exponential", "exponential + constant"


def decays(seed: int, constant: float = 0.0, n: int = 150) -> Asymmetry:
    t = 0.03 * (np.arange(n) + 0.5)
    error = 0.006 * np.exp(t / 4.4)
    noise = np.random.default_rng(seed).standard_normal(n)
    return asymmetry(t, 0.15 * np.exp(-0.9 * t) + constant + error * noise, error)


def test_criteria_by_hand() -> None:
    data = thrown(1)
    found = mu.compare_models(data, [LIFTED, MODEL])
    small, large = found.fits
    assert small.n_free == 3
    assert large.n_free == 7
    for one in found.fits:
        assert one.chi2 is not None
        assert one.aic == pytest.approx(one.chi2 + 2 * one.n_free)
        assert one.bic == pytest.approx(one.chi2 + one.n_free * np.log(600))
    assert found.aic[1] == 0.0
    assert found.aic[0] == pytest.approx((small.chi2 or 0) - (large.chi2 or 0) - 8)
    assert found.bic[0] == pytest.approx((small.chi2 or 0) - (large.chi2 or 0) - 4 * np.log(600))
    assert found.best is large
    assert sum(one or 0.0 for one in found.weights) == pytest.approx(1.0)
    assert "is preferred by" in found.verdict
    assert "clearly" in found.verdict
    assert found.tests[0] is not None
    assert found.tests[0].line.nu == pytest.approx(1.5, abs=0.1)
    assert found.to_dict()["models"][0]["delta_aic"] == found.aic[0]
    assert "chi2/ndof" in found.summary()


def test_a_held_parameter_is_not_counted() -> None:
    data = decays(1)
    found = mu.compare_models(data, [LIFTED], fixed={"A_bg": 0.0})
    assert found.fits[0].n_free == 2
    assert mu.fit(data, LIFTED, ties={"A_bg": "0.1*A1"}).n_free == 2


def test_a_regular_likelihood_ratio_is_uniform_where_the_smaller_model_is_true() -> None:
    probabilities = []
    for seed in range(150):
        found = mu.compare_models(
            decays(seed), [DECAY, LIFTED], start={"A1": 0.15, "lambda1": 0.9, "A_bg": 0.0}
        )
        (pair,) = found.pairs
        assert (pair.smaller, pair.larger, pair.more) == (0, 1, 1)
        assert pair.probability is not None
        probabilities.append(pair.probability)
    assert stats.kstest(probabilities, "uniform").pvalue > 0.01


def test_one_model_with_a_parameter_held_is_nested_in_itself() -> None:
    data = thrown(2)
    free = mu.fit(data, MODEL)
    held = mu.fit(data, MODEL, fixed={"phi2": 0.0})
    tied = mu.fit(data, MODEL, ties={"lambda2": "lambda1"})
    found = mu.compare_models(data, [held, free, tied])
    pairs = {(one.smaller, one.larger): one for one in found.pairs}
    assert set(pairs) == {(0, 1), (2, 1)}
    for place, pair in pairs.items():
        gain = (found.fits[place[0]].chi2 or 0) - (free.chi2 or 0)
        assert pair.gain == pytest.approx(gain)
        assert pair.probability == pytest.approx(float(stats.chi2.sf(gain, 1)))
    assert "not nested, so there is no likelihood ratio test: 1 and 3" in found.notes


def test_what_is_held_at_a_limit_has_half_the_probability() -> None:
    data = thrown(4)
    held = mu.fit(data, MODEL, fixed={"lambda2": 0.0})
    (pair,) = mu.compare_models(data, [held, MODEL]).pairs
    assert pair.probability == pytest.approx(0.5 * float(stats.chi2.sf(pair.gain, 1)))
    assert "held at a limit" in pair.why


@pytest.mark.parametrize("smaller", ["model", "amplitude held"])
def test_a_line_has_no_likelihood_ratio(smaller: str) -> None:
    data = thrown(5)
    small = mu.fit(data, LIFTED)
    if smaller == "amplitude held":
        known = {"A2": 0.0, "nu2": 1.5, "lambda2": 0.3, "phi2": 0.0}
        small = mu.fit(data, MODEL, fixed=known)
    (pair,) = mu.compare_models(data, [small, MODEL]).pairs
    assert pair.probability is None
    assert "nu2" in pair.why
    assert "bootstrap" in pair.why


def test_terms_in_another_order_are_nested_too() -> None:
    data = thrown(5)
    found = mu.compare_models(data, ["constant + exponential", MODEL])
    assert [(one.smaller, one.larger) for one in found.pairs] == [(0, 1)]


def test_other_values_held_are_not_nested() -> None:
    data = thrown(5)
    one = mu.fit(data, LIFTED, fixed={"lambda1": 0.5})
    other = mu.fit(data, MODEL, fixed={"lambda1": 0.6})
    assert mu.compare_models(data, [one, other]).pairs == ()


def test_an_invalid_fit_takes_no_part() -> None:
    data = decays(3)
    found = mu.compare_models(data, [LIFTED, "exponential + exponential + exponential"])
    assert not found.fits[1].valid
    assert found.best is found.fits[0]
    assert found.weights[1] is None
    assert any(note.startswith("2 takes no part") for note in found.notes)
    alone = mu.compare_models(data, ["exponential + exponential + exponential"])
    assert alone.verdict == "no fit is valid"
    assert alone.best is None


def test_criteria_that_disagree_leave_it_undecided() -> None:
    for seed in range(60):
        found = mu.compare_models(decays(seed, 0.003), [DECAY, LIFTED])
        (pair,) = found.pairs
        if 2.2 < pair.gain < np.log(150) - 0.2:  # between 2 k and k ln n
            assert found.best is None
            assert found.verdict.startswith("undecided: AIC prefers")
            return
    pytest.fail("no seed lies between the criteria")


def test_a_model_that_is_preferred_but_wrong_is_called_so() -> None:
    data = thrown(1)
    found = mu.compare_models(data, [DECAY, LIFTED])
    assert "does not describe the data" in found.verdict


def test_counts_are_compared_too() -> None:
    found = mu.compare_models(counted(3, 200.0), [LIFTED, MODEL], start=START)
    assert found.best is found.fits[1]
    assert found.fits[1].cost.startswith("Poisson")
    split = mu.compare_models(counted(3, 200.0), [LIFTED, MODEL], start=START, cost="binomial")
    assert split.best is split.fits[1]
    right, wrong = split.tests[1], split.tests[0]
    assert right is not None
    assert wrong is not None
    assert right.doubts == ()
    assert wrong.line.probability < 1e-3 < right.line.probability


def test_fits_of_other_bins_or_costs_are_refused() -> None:
    data = thrown(1)
    other = mu.fit(data, MODEL, t_range=(0.0, 3.0))
    with pytest.raises(FitError, match="cannot be compared"):
        mu.compare_models(data, [MODEL, other])
    with pytest.raises(FitError, match="needs a model"):
        mu.compare_models(data, [])
    with pytest.raises(ModelError, match="nu9"):
        mu.compare_models(data, [MODEL, LIFTED], start={"nu9": 1.0})


@pytest.mark.parametrize(("small", "large"), SPECIAL)
def test_a_special_case_is_the_component_with_parameters_held(small: str, large: str) -> None:
    case, few, many = SPECIAL[small, large], mu.Model(small), mu.Model(large)
    t = np.linspace(0.05, 6.0, 40)
    value = {"delta": 0.35, "a": 0.35, "sigma": 0.35, "lambda": 0.35, "nu": 1.2, "phi": 20.0}
    value |= {"B_LF": 5.0, "hop": 0.4}
    known = [value.get(name.rstrip("1"), 0.2) for name in few.names]
    of_few = dict(zip((name.rstrip("1") for name in few.names), known, strict=True))
    there = {new: old for old, new in case.named.items()}
    full = [0.2]
    for name in (name.rstrip("1") for name in many.names[1:]):
        near = case.held.get(name, 1.3 if name in case.lost else None)
        scale = case.scale if name in there else 1.0
        full.append(near if near is not None else scale * of_few[there.get(name, name)])
    np.testing.assert_allclose(many.value(t, full), few.value(t, known), atol=2e-6)


def test_a_form_at_a_value_inside_has_chi_square_of_one() -> None:
    """damped_cosine is stretched_cosine at beta = 1, gaussian_cosine at beta = 2."""
    data = thrown(4)
    plain, stretched = (
        f"{DECAY} + damped_cosine + constant",
        f"{DECAY} + stretched_cosine + constant",
    )
    wide = f"{DECAY} + gaussian_cosine + constant"
    found = mu.compare_models(data, [plain, stretched, wide])
    pairs = {(one.smaller, one.larger): one for one in found.pairs}
    assert set(pairs) == {(0, 1), (2, 1)}
    for (few, many), pair in pairs.items():
        gain = (found.fits[few].chi2 or 0) - (found.fits[many].chi2 or 0)
        assert pair.more == 1
        assert pair.probability == pytest.approx(float(stats.chi2.sf(max(gain, 0), 1)))
    assert "not nested, so there is no likelihood ratio test: 1 and 3" in found.notes


def test_a_form_at_a_limit_has_half_of_it_or_none() -> None:
    data = decays(5, constant=0.02)
    found = mu.compare_models(
        data, ["constant", DECAY, "stretched_exponential"], start={"A1": 0.15, "lambda1": 0.9}
    )
    pairs = {(one.smaller, one.larger): one for one in found.pairs}
    gain = (found.fits[0].chi2 or 0) - (found.fits[1].chi2 or 0)
    assert pairs[0, 1].probability == pytest.approx(0.5 * float(stats.chi2.sf(gain, 1)))
    assert pairs[0, 2].probability is None
    assert "beta1 means nothing in the special case" in pairs[0, 2].why
    assert pairs[1, 2].probability is not None


def test_a_field_that_is_held_elsewhere_is_no_special_case() -> None:
    data = decays(6)
    fixed = {"B_LF1": 20.0}
    apart = mu.compare_models(data, ["gaussian_kt", "gaussian_kt_lf"], fixed=fixed)
    assert apart.pairs == ()
    hopping = mu.compare_models(
        data, ["gaussian_kt_lf", "dynamic_gaussian_kt_lf"], fixed=fixed, start={"hop1": 0.5}
    )
    (pair,) = hopping.pairs
    assert pair.more == 1
    assert "held at a limit" in pair.why
