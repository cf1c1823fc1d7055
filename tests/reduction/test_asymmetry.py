"""The asymmetry and its error: identities, drawn counts, bins without counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_of import pair_of, run_of

from musrcu.containers.asymmetry import Asymmetry
from musrcu.errors import ReductionError
from musrcu.reduction.asymmetry import asymmetry_and_error, form_asymmetry
from musrcu.reduction.background import subtract_background
from musrcu.reduction.grouping import group


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
