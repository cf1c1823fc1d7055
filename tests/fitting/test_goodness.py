"""A fit says so when its model does not describe the data."""

from __future__ import annotations

import numpy as np
from asymmetries import asymmetry
from scipy.stats import chi2

from musrcu.fitting.fit import fit
from musrcu.fitting.result import chi2_probability

TIME = np.arange(1, 3001) * 0.003
TURN = 2 * np.pi


def thrown(value: np.ndarray, error: float = 0.004, seed: int = 8):
    noise = np.random.default_rng(seed).standard_normal(value.size)
    return asymmetry(TIME, value + error * noise, np.full(value.size, error))


def test_the_probability_is_that_of_chi_square() -> None:
    for ndof, value in ((1, 0.3), (12, 20.0), (990, 1100.0)):
        assert abs(chi2_probability(value, ndof) - chi2.sf(value, ndof)) < 1e-12
    assert chi2_probability(3.0, 0) is None
    assert chi2_probability(None, 5) is None


def test_a_poor_fit_is_named_and_a_good_one_is_not() -> None:
    line = 0.1 * np.exp(-0.3 * TIME) * np.cos(TURN * 1.5 * TIME) + 0.1
    poor = fit(thrown(line), "exponential + constant")
    assert any("does not describe" in note for note in poor.notes)
    good = fit(thrown(line), "damped_cosine + constant")
    assert not any("does not describe" in note for note in good.notes)


def test_a_slow_and_a_fast_line_are_both_found() -> None:
    """1.6 and 60 MHz in bins of 3 ns: the fast one is invisible in averaged bins."""
    slow = 0.06 * np.exp(-0.3 * TIME) * np.cos(TURN * 1.6 * TIME)
    fast = 0.05 * np.exp(-0.5 * TIME) * np.cos(TURN * 60.0 * TIME + 0.3)
    result = fit(thrown(slow + fast + 0.05), "damped_cosine + damped_cosine + constant")
    assert result.valid
    assert sorted(round(result[name].value, 1) for name in ("nu1", "nu2")) == [1.6, 60.0]


def test_a_tie_that_leaves_the_limits_is_named() -> None:
    line = 0.1 * np.exp(-0.3 * TIME) * np.cos(TURN * 1.5 * TIME) + 0.1
    tie = {"lambda1": "nu1 - 2"}
    result = fit(thrown(line), "damped_cosine + constant", ties=tie)
    assert any("outside its limits" in note for note in result.notes)
