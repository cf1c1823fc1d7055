"""Unequal errors of joint fits beside limits and other minima, against a scan of chi-square."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asymmetries import RUN, asymmetry
from scipy.optimize import brentq, minimize

import musrcu as mu
from musrcu.containers.asymmetry import Asymmetry

MODEL = "exponential"


def relaxing(n: int = 3) -> list[Asymmetry]:
    """Runs that relax at 0.5 per us, thrown with Gaussian errors."""
    found = []
    for k in range(n):
        rng = np.random.default_rng(k)
        time = (np.arange(60) + 0.5) * 0.03
        value = (0.1 + 0.02 * k) * np.exp(-0.5 * time) + 0.02 * rng.normal(size=60)
        found.append(asymmetry(time, value, np.full(60, 0.02), run=RUN.replace(number=k + 1)))
    return found


def profile(data: list[Asymmetry], rate: float) -> float:
    """Chi-square with the best amplitude of every run, by linear least squares."""
    total = 0.0
    for one in data:
        shape = np.exp(-rate * one.time) / one.error
        y = one.value / one.error
        total += float(y @ y - (shape @ y) ** 2 / (shape @ shape))
    return total


@pytest.fixture(scope="module")
def truth() -> tuple[float, float, float]:
    """(minimum, lower end, upper end) of the rate."""
    data = relaxing()
    best = float(minimize(lambda v: profile(data, v[0]), [0.5], tol=1e-12).x[0])

    def above(rate: float) -> float:
        return profile(data, rate) - profile(data, best) - 1

    return best, brentq(above, best - 3, best), brentq(above, best, best + 3)


def test_both_ends(truth: tuple[float, float, float]) -> None:
    best, low, high = truth
    found = mu.joint_fit(relaxing(), MODEL, shared=("lambda1",), minos=("lambda1",))
    one = found["lambda1"]
    assert one.minos is not None
    assert one.value == pytest.approx(best, abs=1e-4 * (high - best))
    assert one.minos == pytest.approx((low - best, high - best), rel=1e-3)
    assert not any("MINOS" in note for note in found.notes)


@pytest.mark.parametrize("share", [0.3, 0.8, 0.9995])
def test_an_interval_ends_at_its_limit(truth: tuple[float, float, float], share: float) -> None:
    best, low, high = truth
    limit = best + share * (high - best)
    words: dict[str, Any] = {"limits": {"lambda1": (None, limit)}, "minos": ("lambda1",)}
    found = mu.joint_fit(relaxing(), MODEL, shared=("lambda1",), **words)
    one = found["lambda1"]
    assert one.minos is not None
    assert one.minos[1] == pytest.approx(limit - best, abs=1e-4 * (high - best))
    assert one.minos[0] == pytest.approx(low - best, rel=1e-3)
    note = f"the MINOS interval of lambda1 ends above at its limit {limit:.4g}"
    assert note in found.notes
    alone = mu.fit(relaxing()[0], MODEL, **words)
    assert alone["lambda1"].minos is not None


@pytest.mark.parametrize("share", [1.0005, 1.02, 1.5])
def test_an_end_just_inside_a_limit_is_found(
    truth: tuple[float, float, float], share: float
) -> None:
    best, low, high = truth
    for limits in ((None, best + share * (high - best)), (best + share * (low - best), None)):
        found = mu.joint_fit(
            relaxing(), MODEL, shared=("lambda1",), limits={"lambda1": limits}, minos=("lambda1",)
        )
        assert found["lambda1"].minos == pytest.approx((low - best, high - best), rel=1e-3)
        assert not any("MINOS" in note for note in found.notes)


def test_a_parameter_held_at_its_limit_has_an_end_on_the_other_side(
    truth: tuple[float, float, float],
) -> None:
    best, low, high = truth
    limit = best + 0.5 * (high - best)
    found = mu.joint_fit(
        relaxing(), MODEL, shared=("lambda1",), limits={"lambda1": (limit, None)},
        minos=("lambda1",),
    )  # fmt: skip
    data = relaxing()
    end = brentq(lambda rate: profile(data, rate) - profile(data, limit) - 1, limit, limit + 3)
    one = found["lambda1"]
    assert one.at_limit
    assert one.minos is not None
    assert one.minos[0] == 0.0
    assert one.minos[1] == pytest.approx(end - limit, rel=1e-3)


def test_a_lower_minimum_on_the_way_is_taken() -> None:
    """Bins at two ends of a gap: minima 0.25 MHz apart, with low walls between them."""
    time = np.r_[np.arange(20) * 0.02 + 0.01, np.arange(20) * 0.02 + 4.01]
    rng = np.random.default_rng(1)
    curve = 0.1 * np.cos(2 * np.pi * 2.0 * time)
    data = [
        asymmetry(time, curve + 0.9 * rng.normal(size=40), np.full(40, 0.9),
                  run=RUN.replace(number=k))
        for k in (1, 2)
    ]  # fmt: skip

    def chi2(nu: float) -> float:
        bent = 0.1 * np.cos(2 * np.pi * nu * time)
        return float(sum((((one.value - bent) / 0.9) ** 2).sum() for one in data))

    grid = np.arange(1.0, 3.0, 0.001)
    lowest = float(grid[int(np.argmin([chi2(nu) for nu in grid]))])
    found = mu.joint_fit(
        data, "cosine", shared=("nu1",), fixed={"phi1": 0.0, "A1": 0.1},
        start={"nu1": lowest + 0.25}, minos=("nu1",),
    )  # fmt: skip
    one = found["nu1"]
    assert one.value == pytest.approx(lowest, abs=0.002)
    assert any("the fit began again from there" in note for note in found.notes)
    assert one.minos is not None
    for distance in one.minos:
        assert chi2((one.value or 0.0) + distance) == pytest.approx((found.chi2 or 0) + 1, abs=1e-3)
