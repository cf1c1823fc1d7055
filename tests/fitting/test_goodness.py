"""A fit says so when its model does not describe the data."""

from __future__ import annotations

import numpy as np
from asymmetries import asymmetry
from scipy.stats import chi2

from musrcu.fitting.fit import fit
from musrcu.fitting.judgement import Bound, judge
from musrcu.fitting.result import chi2_probability
from musrcu.models.model import Model

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


def test_wide_bins_are_said_to_lower_the_amplitude() -> None:
    """A line of 2 MHz averaged over bins of 0.15 us: sin(x)/x = 0.858 at x = 0.3 pi."""
    fine = np.arange(1, 9001) * 0.001
    line = 0.1 * np.exp(-0.2 * fine) * np.cos(TURN * 2.0 * fine)
    packed = line.reshape(-1, 150).mean(axis=1)
    time = fine.reshape(-1, 150).mean(axis=1)
    noise = 0.001 * np.random.default_rng(2).standard_normal(time.size)
    wide = asymmetry(time, packed + noise, np.full(time.size, 0.001))
    result = fit(wide, "damped_cosine")
    assert any("A1 is low by 14 %" in note for note in result.notes)
    narrow = fit(thrown(0.1 * np.cos(TURN * 2.0 * TIME)), "damped_cosine")
    assert not any("is low by" in note for note in narrow.notes)


def test_the_record_holds_what_was_given() -> None:
    line = 0.1 * np.exp(-0.3 * TIME) * np.cos(TURN * 1.5 * TIME) + 0.1
    result = fit(
        thrown(line), "damped_cosine + constant", start={"nu1": 1.45}, limits={"nu1": (1, None)}
    )
    assert result.start["nu1"] == 1.45
    assert result["nu1"].limits == (1.0, None)
    assert result["lambda1"].limits == (0.0, None)
    assert result["A_bg"].limits is None


def test_an_amplitude_that_nothing_determines_is_not_physics() -> None:
    model = Model("exponential + constant")
    values = np.array([0.2, 0.004, 0.1])
    judgement = judge(model, values, np.diag([2.0, 0.05, 0.001]) ** 2, Bound())
    assert judgement.reason == "A1 = 0.2(20) is not determined"
    assert judgement.spare == (0,)


def test_no_bins_in_the_range_names_what_there_is() -> None:
    result = fit(thrown(np.full(TIME.size, 0.1)), "constant", t_range=(20.0, 30.0))
    assert not result.valid
    assert "0 bins for 1 free parameters (the asymmetry has 3000, 0.003 to 9 us)" in result.reason
