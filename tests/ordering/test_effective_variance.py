"""Effective variances against the textbook formula and an independent minimiser."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from musrcu.ordering.effective_variance import effective_cost
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.two_step import fit_order_parameter

T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
AT = np.array([1.585, 0.1079, 0.13, 2.8])


def law(t: np.ndarray, nu0: float, T_N: float, beta: float, alpha: float = 3.0) -> np.ndarray:
    """The law as a textbook writes it; independent of the package."""
    return nu0 * np.maximum(1 - (np.maximum(t, 0) / T_N) ** alpha, 0.0) ** beta


def drawn(seed: int, T_error: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    errors = np.full(13, T_error)
    nu = law(T, 1.59, 0.105, 0.12) + NU_ERROR * random.normal(size=13)
    return T + errors * random.normal(size=13), errors, nu, NU_ERROR


def textbook(data: tuple[np.ndarray, ...], at: np.ndarray, normalised: bool) -> float:
    """The cost with the slope from central differences."""
    t, errors, nu, nu_error = data
    step = 1e-7
    slope = (law(t + step, *at) - law(t - step, *at)) / (2 * step)
    variance = nu_error**2 + (slope * errors) ** 2
    logarithms = np.log(variance / nu_error**2).sum() if normalised else 0.0
    return float(((nu - law(t, *at)) ** 2 / variance).sum() + logarithms)


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_cost_of_the_textbook(seed: int, normalised: bool) -> None:
    data = drawn(seed, 5e-4)
    chi2, logarithms, _ = effective_cost(*data, tuple(AT), normalised=normalised)
    assert chi2 + logarithms == pytest.approx(textbook(data, AT, normalised), rel=1e-6)
    assert (logarithms > 0) is normalised


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("T_error", [0.0, 3e-4, 4e-3])
def test_gradient_is_exact(normalised: bool, T_error: float) -> None:
    t, errors, nu, nu_error = drawn(4, T_error)
    t = np.append(t, [0.0, 0.2])  # 0 K, and a run above T_N
    data = (t, np.append(errors, [1e-3, 1e-3]), np.append(nu, [1.6, 0.1]),
            np.append(nu_error, [0.01, 0.05]))  # fmt: skip
    _, _, gradient = effective_cost(*data, tuple(AT), normalised=normalised)
    for place in range(4):
        shift = np.zeros(4)
        shift[place] = AT[place] * 1e-6
        above, below = (
            sum(effective_cost(*data, tuple(AT + sign * shift), normalised=normalised)[:2])
            for sign in (1, -1)
        )
        numeric = (above - below) / (2 * shift[place])
        assert gradient[place] == pytest.approx(numeric, rel=1e-6, abs=1e-4)


def test_exact_temperatures_are_a_plain_chi2() -> None:
    t, _, nu, nu_error = drawn(5, 0.0)
    chi2, logarithms, _ = effective_cost(t, np.zeros(13), nu, nu_error, tuple(AT))
    assert chi2 == pytest.approx((((nu - law(t, *AT)) / nu_error) ** 2).sum())
    assert logarithms == 0


@pytest.mark.parametrize("method", ["effective", "effective_plain"])
def test_minimum_of_another_minimiser(method: str) -> None:
    data = drawn(7, 3e-4)
    points = OrderPoints(*data)
    order = fit_order_parameter(points, method=method, minos=False)
    assert order.valid and order.method == method
    normalised = method == "effective"

    def cost(x: np.ndarray) -> float:
        if x[1] <= data[0].max():
            return 1e9
        return textbook(data, np.append(x, 3.0), normalised)

    options = {"xatol": 1e-8, "fatol": 1e-8, "maxiter": 4000, "maxfev": 4000}
    other = minimize(cost, [1.58, 0.1055, 0.125], method="Nelder-Mead", options=options)
    assert order.cost == pytest.approx(other.fun, abs=1e-4)
    for name, value in zip(("nu0", "T_N", "beta"), other.x, strict=True):
        assert abs(order[name].value - value) < 0.01 * order[name].error
    # what is printed as chi2 is the sum of squares alone
    squares, logarithms, _ = effective_cost(*data, order.values, normalised=normalised)
    assert order.chi2 == pytest.approx(squares)
    assert order.cost == pytest.approx(squares + logarithms)
