"""Fits whose minimum lies at a limit, or next to one, beside SciPy's bounded least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry
from scipy.optimize import least_squares

import musrcu as mu
from musrcu.fitting.bounded import bounded_minimum
from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.descent import descend, pressed
from musrcu.fitting.freedom import settle
from musrcu.models.model import Model

TIME = (np.arange(400) + 0.5) * 0.02
ERROR = 0.01 * np.exp(TIME / 4.4)


def thrown(rate: float, seed: int) -> np.ndarray:
    curve = 0.1 * np.exp(-rate * TIME) * np.cos(2 * np.pi * 0.9 * TIME + 0.2) + 0.1
    return np.asarray(curve + np.random.default_rng(seed).normal(0, ERROR))


def residuals(p: Any, value: np.ndarray) -> np.ndarray:
    turns = np.cos(2 * np.pi * p[2] * TIME + np.radians(p[3]))
    return np.asarray((p[0] * np.exp(-p[1] * TIME) * turns + p[4] - value) / ERROR)


LIMITS: dict[str, Any] = {
    "none": {},
    "rate": {"lambda1": (0.0, 3.0)},
    "amplitude": {"A1": (0.0, 0.1)},
    "both": {"A1": (0.0, 0.1), "nu1": (0.9, 1.2), "A_bg": (0.1, None)},
    "phase": {"phi1": (-5.0, 5.0), "lambda1": (0.0, 0.01)},
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("case", LIMITS)
def test_as_bounded_least_squares(case: str, seed: int) -> None:
    value = thrown(0.01, seed)
    freedom = settle(Model("damped_cosine + constant"), limits=LIMITS[case])
    cost = AsymmetryCost(TIME, value, ERROR, freedom)
    start = np.array([0.08, 0.005, 0.95, 2.0, 0.12])
    other = least_squares(
        residuals, start, args=(value,), bounds=(freedom.lower, freedom.upper),
        xtol=1e-12, ftol=1e-12, gtol=1e-12, x_scale="jac",
    )  # fmt: skip
    minimum, free, held = bounded_minimum(cost, start)
    full = free.expand(minimum.x)
    assert minimum.valid
    assert minimum.chi2 == pytest.approx(2 * other.cost, abs=1e-4)
    errors = np.full(5, np.inf)
    assert minimum.covariance is not None
    errors[free.free] = np.sqrt(np.diag(minimum.covariance))
    assert (np.abs(full - other.x)[free.free] < 0.01 * errors[free.free]).all()
    for k in held:
        assert full[k] in (freedom.lower[k], freedom.upper[k])
        assert abs(full[k] - other.x[k]) < 1e-5 * max(1.0, abs(full[k]))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_held_at_a_limit_is_the_fit_with_it_fixed(seed: int) -> None:
    data = asymmetry(TIME, thrown(-0.03, seed), ERROR)
    found = mu.fit(data, "damped_cosine + constant")
    assert found["lambda1"].at_limit
    assert found["lambda1"].value == 0.0
    assert "lambda1 is at its limit, held there" in found.notes
    fixed = mu.fit(data, "damped_cosine + constant", fixed={"lambda1": 0.0})
    for name in ("A1", "nu1", "phi1", "A_bg"):
        assert found[name].value == pytest.approx(fixed[name].value, abs=1e-3 * fixed[name].error)
        assert found[name].error == pytest.approx(fixed[name].error, rel=1e-3)


def test_what_leaves_a_limit_on_the_way_is_free() -> None:
    """A descent that begins at a limit, and one that is pressed against it only at first."""
    value = thrown(0.5, 1)
    cost = AsymmetryCost(TIME, value, ERROR, settle(Model("damped_cosine + constant")))
    x, chi2 = descend(cost, np.array([0.02, 0.0, 0.9, 60.0, 0.0]), tolerance=1e-8)
    free = bounded_minimum(cost, np.array([0.1, 0.5, 0.9, 10.0, 0.1]))[0]
    assert chi2 == pytest.approx(free.chi2, abs=1e-5)
    assert x[1] > 0.1
    assert pressed(cost, x) == ()


def test_held_parameters_do_not_move() -> None:
    cost = AsymmetryCost(TIME, thrown(0.5, 2), ERROR, settle(Model("damped_cosine + constant")))
    begin = np.array([0.05, 0.3, 0.95, 0.0, 0.05])
    x, chi2 = descend(cost, begin, held=[1, 2], tolerance=1e-9)
    assert x[1] == 0.3
    assert x[2] == 0.95
    freedom = cost.freedom.hold(1, 0.3).hold(2, 0.95)
    other = bounded_minimum(cost.with_freedom(freedom), begin[[0, 3, 4]])[0]
    assert chi2 == pytest.approx(other.chi2, abs=1e-6)


def test_the_same_digits_again() -> None:
    data = asymmetry(TIME, thrown(0.3, 3), ERROR)
    first = mu.fit(data, "damped_cosine + constant", minos=["nu1"])
    again = mu.fit(data, "damped_cosine + constant", minos=["nu1"])
    assert first.to_dict() == again.to_dict()
