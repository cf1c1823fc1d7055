"""The rule that calls a run ordered, one condition at a time."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from asymmetries import asymmetry

from musrcu.analysis.verdict import decide, expected_gain
from musrcu.fitting.fitted import Fitted
from musrcu.fitting.result import FitResult

LINE = "exponential + damped_cosine + constant"
PLAIN = "gaussian + exponential + constant"
NU_MAX = 50.0


def line(chi2: float, *, nu: float = 1.5, rate: float = 0.4, amplitude: float = 0.045, **more):
    values = {
        "A1": (0.055, 0.001, ""),
        "lambda1": (0.9, 0.03, "1/us"),
        "A2": (amplitude, 0.002, ""),
        "lambda2": (rate, 0.02, "1/us"),
        "nu2": (nu, 0.002, "MHz"),
        "phi2": (6.0, 1.0, "deg"),
        "A_bg": (0.11, 0.001, ""),
    }
    parameters = {
        name: Fitted(name, value, error, unit) for name, (value, error, unit) in values.items()
    }
    settings = {"valid": True, "reason": "", **more}
    return FitResult(
        model=LINE, parameters=parameters, covariance=None, chi2=chi2, ndof=993, n_bins=1000,
        t_range=(0.01, 9.0), **settings,
    )  # fmt: skip


def plain(chi2: float | None) -> FitResult:
    return FitResult(
        model=PLAIN, parameters={}, covariance=None, chi2=chi2, ndof=995, valid=chi2 is not None,
        reason="" if chi2 is not None else "too few bins", n_bins=1000, t_range=(0.01, 9.0),
    )  # fmt: skip


# The chance level of noise among (50 - 0.3) MHz x 2.197 us x 3 places, by hand.
PLACES = (NU_MAX - 0.3) * 2.1969811 * 3
LEVEL = 2 * math.log(PLACES / 1e-4)
DOUBT = 2 * math.log(PLACES / 1e-3)


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [
        (-3.0, "not ordered"),
        (DOUBT - 0.1, "not ordered"),
        (DOUBT + 0.1, "undecided"),
        (LEVEL - 0.1, "undecided"),
        (LEVEL + 0.1, "ordered"),
        (500.0, "ordered"),
    ],
)
def test_gain_in_chi_square_decides(gain: float, verdict: str) -> None:
    decision = decide(line(1000.0), plain(1000.0 + gain), NU_MAX)
    assert decision.verdict == verdict
    assert f"{gain:.1f}" in decision.why


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        (line(1000.0, nu=0.25), "not above 0.3 MHz"),
        (line(1000.0, rate=9.5), "within half a turn"),
        (line(1000.0, amplitude=0.005), "three standard errors"),
        (line(1000.0, valid=False, reason="the covariance is singular"), "not valid"),
    ],
)
def test_a_doubtful_line_is_undecided_and_says_why(fit: FitResult, words: str) -> None:
    decision = decide(fit, plain(1200.0), NU_MAX)
    assert decision.verdict == "undecided"
    assert words in decision.why


def test_a_wider_search_needs_a_stronger_line() -> None:
    gain = LEVEL + 1
    assert decide(line(1000.0), plain(1000.0 + gain), NU_MAX).verdict == "ordered"
    assert decide(line(1000.0), plain(1000.0 + gain), 20 * NU_MAX).verdict != "ordered"


def test_a_fit_without_numbers_is_failed() -> None:
    decision = decide(line(1000.0), plain(None), NU_MAX)
    assert decision.verdict == "failed"
    assert decision.why == "too few bins"


def test_a_condemned_fit_without_the_line_still_bounds_the_gain() -> None:
    """Its alternative lacks a term and may be worse; that is no evidence of a line."""
    condemned = dataclasses.replace(
        plain(1010.0), valid=False, reason="one term", alternative=plain(1010.0 + LEVEL)
    )
    assert decide(line(1000.0), condemned, NU_MAX).verdict == "not ordered"


def test_a_run_that_could_not_show_a_line_is_undecided() -> None:
    blind = decide(line(1000.0), plain(1003.0), NU_MAX, visible=LEVEL - 1)
    assert blind.verdict == "undecided"
    assert "too few counts" in blind.why
    assert decide(line(1000.0), plain(1003.0), NU_MAX, visible=LEVEL + 1).verdict == "not ordered"


def test_what_a_line_would_gain_by_hand() -> None:
    """Sigma = 0.01 in bins of 0.01 us to 10 us: the sum is close to 100 / (2 dt) per unit rate."""
    time = (np.arange(1000) + 0.5) * 0.01
    made = asymmetry(time, np.zeros(1000), np.full(1000, 0.01))
    expected = 0.5 * 0.03**2 / 0.01**2 * (1 - math.exp(-20.0)) / (2 * 0.01)
    assert expected_gain(made) == pytest.approx(expected, rel=1e-4)
    half = expected_gain(made, (0.0, 0.5 * math.log(2)))
    assert half == pytest.approx(0.5 * expected, rel=0.02)
