"""The asymmetry and its error: tables, exact Poisson sums, bins without counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_of import pair_of, run_of

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.errors import ReductionError
from musrcu.reduction.asymmetry import asymmetry_and_error, form_asymmetry
from musrcu.reduction.background import subtract_background
from musrcu.reduction.grouping import group


def one_bin(f: float, b: float, bg_f: float = 0.0, bg_b: float = 0.0) -> Counts:
    """Two bins with the same counts, background subtracted."""
    counts = pair_of([f, f], [b, b])
    return subtract_background(counts, given=(bg_f, bg_b)) if bg_f or bg_b else counts


@pytest.mark.parametrize(
    ("f", "b", "bg_f", "bg_b", "alpha", "value", "error", "slope"),
    [
        (1000, 800, 0, 0, 1.0, 0.11111111111111, 0.02342427896421, -0.49382716049383),
        (1000, 800, 20, 15, 1.3, -0.020244938765309, 0.024174069944078, -0.38445774709784),
        (52, 31, 2, 1, 0.83, 0.33511348464619, 0.1043229878589, -0.53475840506523),
    ],
)
def test_the_table(
    f: int, b: int, bg_f: int, bg_b: int, alpha: float, value: float, error: float, slope: float
) -> None:
    """Reference: 30-digit differentiation, raw counts as variance."""
    counts = one_bin(f, b, bg_f, bg_b)
    found = form_asymmetry(counts, alpha=alpha)
    assert found.value[0] == pytest.approx(value, rel=1e-13)
    assert found.error[0] == pytest.approx(error, rel=1e-12)
    step = 1e-5
    above, below = (form_asymmetry(counts, alpha=alpha + s).value[0] for s in (step, -step))
    assert (above - below) / (2 * step) == pytest.approx(slope, rel=1e-8)


def exact(mean_f: float, mean_b: float, alpha: float) -> dict[str, float]:
    """Exact sums over Poisson probabilities of both groups."""
    n = np.arange(int(mean_f + mean_b + 12 * np.sqrt(mean_f + mean_b) + 30))
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(n[1:]))))
    p_f, p_b = (np.exp(n * np.log(m) - m - log_factorial) for m in (mean_f, mean_b))
    p = np.outer(p_f, p_b)
    f, b = (grid.ravel().astype(float) for grid in np.meshgrid(n, n, indexing="ij"))
    p = p.ravel()
    value, error = asymmetry_and_error([f, b], [f, b], alpha)
    empty = f + b == 0
    p_any = np.where(empty, 0.0, p) / p[~empty].sum()
    # (f - alpha b) / (f + alpha b) is +1 or -1 where one group is empty; its error is no number
    ratio = (f - alpha * b) / np.where(empty, 1.0, f + alpha * b)
    mean = float(p_any @ ratio)
    both = np.isfinite(error)
    weight = np.where(both, p, 0.0) / np.where(both, error, 1.0) ** 2
    return {
        "mean": mean,
        "sd": float(np.sqrt(p_any @ (ratio - mean) ** 2)),
        "weighted": float(weight @ np.where(both, value, 0.0) / weight.sum()),
        "one empty": float(p_f[0] + p_b[0] - p_f[0] * p_b[0]),
    }


@pytest.mark.parametrize(
    ("f", "b", "alpha", "mean", "sd", "formula", "weighted", "empty"),
    [
        (12, 8, 1.0, 0.2, 0.225135240474, 0.219089023002, 0.226637, 3.4e-4),
        (12, 8, 1.5, 0.011022051118, 0.235528482856, 0.228217732294, -0.008264, 3.4e-4),
        (60, 40, 1.5, 0.002105472548, 0.102667720950, 0.102062072616, -0.002033, 4e-18),
        (3, 2, 1.0, 0.2, 0.497452264622, 0.438178046004, 0.191923, 0.178),
    ],
)
def test_small_counts(
    f: int,
    b: int,
    alpha: float,
    mean: float,
    sd: float,
    formula: float,
    weighted: float,
    empty: float,
) -> None:
    """Reference: exact Poisson sums; the formula tends to the spread as counts grow."""
    found = exact(f, b, alpha)
    assert found["mean"] == pytest.approx(mean, abs=1e-11)
    assert found["sd"] == pytest.approx(sd, rel=1e-10)
    assert found["weighted"] == pytest.approx(weighted, abs=1e-6)
    assert found["one empty"] == pytest.approx(empty, rel=0.05)
    value, error = asymmetry_and_error([[f], [b]], [[f], [b]], alpha)
    assert error[0] == pytest.approx(formula, rel=1e-11)
    first_order = 2 * alpha * f * b * (alpha - 1) / (f + alpha * b) ** 3
    assert found["mean"] - value[0] == pytest.approx(first_order, rel=0.1, abs=1e-11)


def test_error_against_drawn_counts() -> None:
    rng = np.random.default_rng(11)
    for f, b, alpha, level in [(900, 700, 1.3, 0.0), (400, 500, 0.8, 100.0), (2000, 60, 1.0, 20.0)]:
        drawn = rng.poisson([[f] * 20_000, [b] * 20_000])
        counts = pair_of(*drawn)
        if level:
            counts = subtract_background(counts, given=(level, level / 2))
        found = form_asymmetry(counts, alpha=alpha)
        spread = found.value.std()
        assert np.median(found.error) == pytest.approx(spread, rel=0.025)
        pull = (found.value - np.mean(found.value)) / found.error
        assert pull.std() == pytest.approx(1.0, abs=0.05)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_error_at_alpha_one(f: int, b: int) -> None:
    """sigma^2 = (1 - A^2) / (F + B)."""
    value, error = asymmetry_and_error([[f], [b]], [[f], [b]], 1.0)
    expected = 4.0 * f * b / (f + b) ** 3
    assert error[0] ** 2 == pytest.approx(expected, rel=1e-12)
    assert abs(value[0]) < 1


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=2, max_size=30),
    st.floats(0.2, 5.0),
)
def test_the_reversed_pair_with_one_over_alpha(bins: list[tuple[int, int]], alpha: float) -> None:
    run = run_of(np.array(bins).T)
    ahead = form_asymmetry(group(run, forward="1", backward="2"), alpha=alpha)
    back = form_asymmetry(group(run, forward="2", backward="1"), alpha=1 / alpha)
    np.testing.assert_allclose(back.value, -ahead.value, rtol=0, atol=1e-15)
    np.testing.assert_allclose(back.error, ahead.error, rtol=1e-14)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=20),
    st.floats(0.2, 5.0),
    st.floats(0.0, 30.0),
)
def test_every_bin_has_both_or_neither(
    bins: list[tuple[int, int]], alpha: float, level: float
) -> None:
    counts = subtract_background(pair_of(*np.array(bins).T), given=(level, level))
    found = form_asymmetry(counts, alpha=alpha)
    valid = np.isfinite(found.value)
    np.testing.assert_array_equal(valid, np.isfinite(found.error))
    assert (found.error[valid] > 0).all()
    f, b = counts.values
    empty = np.array(bins).sum(axis=1) == 0
    np.testing.assert_array_equal(valid, ~empty & (f + alpha * b > 0))


def notes(asymmetry: Asymmetry) -> str:
    return asymmetry.history[-1].note


def test_bins_without_counts() -> None:
    found = form_asymmetry(pair_of([0, 9, 0, 7], [0, 0, 4, 7]), alpha=2.0)
    np.testing.assert_array_equal(found.value, [np.nan, 1.0, -1.0, (7 - 14) / 21])
    # no count in one group takes the error of one: 2 alpha F / (F + alpha B)^2, likewise for B
    assert found.error[1] == pytest.approx(2 * 2.0 * 9 / 9**2)
    assert found.error[2] == pytest.approx(2 * 2.0 * 4 / 8**2)
    assert np.isnan(found.error[0])
    assert notes(found) == (
        "1 bins without counts are left out, 2 bins with counts in one group only have the error "
        "of one count there"
    )
    assert found.smallest is not None
    np.testing.assert_array_equal(found.smallest, [0, 0, 0, 7])


def test_a_background_above_the_counts() -> None:
    counts = subtract_background(pair_of([5, 5, 50], [5, 6, 50]), given=(6.0, 5.5))
    found = form_asymmetry(counts, alpha=1.0)
    # F + B is -1.5, then -0.5
    np.testing.assert_array_equal(np.isnan(found.value), [True, True, False])
    assert notes(found) == "2 bins in which the background exceeds the counts are left out"


def test_alpha_and_its_error_are_kept_apart() -> None:
    counts = pair_of([100, 90], [80, 70])
    found = form_asymmetry(counts, alpha=1.1, alpha_error=0.5, total=0.23, total_error=0.01)
    plain = form_asymmetry(counts, alpha=1.1)
    np.testing.assert_array_equal(found.error, plain.error)
    assert (found.alpha, found.alpha_error) == (1.1, 0.5)
    assert (found.total, found.total_error) == (0.23, 0.01)
    assert (plain.alpha_error, plain.total, plain.total_error) == (None, None, None)
    assert str(found.history[-1]) == "form_asymmetry(alpha=1.1, alpha_error=0.5)"


@pytest.mark.parametrize("alpha", [0.0, -1.0, np.nan, np.inf, 1e-4, 1e300, 10**400, "1"])
def test_alpha_is_a_balance(alpha: Any) -> None:
    with pytest.raises(ReductionError, match="alpha = .*; expected a number from 0.001 to 1000"):
        form_asymmetry(pair_of([1, 2], [3, 4]), alpha=alpha)


def test_only_good_bins() -> None:
    run = run_of([[1, 20, 30, 40, 5], [1, 10, 30, 20, 5]], first_good=[1, 0], last_good=[4, 3])
    found = form_asymmetry(group(run, forward="1", backward="2"))
    np.testing.assert_allclose(found.time, [0.01, 0.02, 0.03])
    np.testing.assert_allclose(found.value, [1 / 3, 0.0, 1 / 3])
