"""An offset that all temperatures share, against a fit in which it is a parameter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from musrcu.errors import FitError
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.two_step import fit_order_parameter, likelihood_root

T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
TRUTH = {"nu0": 1.59, "T_N": 0.105, "beta": 0.12}
OFFSET = 3e-4


def law(t: np.ndarray, nu0: float, T_N: float, beta: float) -> np.ndarray:
    return nu0 * np.maximum(1 - (t / T_N) ** 3, 0.0) ** beta


def points(scale: float = 1.0, **more: object) -> OrderPoints:
    return OrderPoints(T, None, law(T, *TRUTH.values()), scale * NU_ERROR, **more)


def test_errors_are_those_of_a_nuisance_parameter() -> None:
    given = points(0.2)

    def residuals(x: np.ndarray) -> np.ndarray:
        nu = (given.value - law(T + x[3], *x[:3])) / given.error
        return np.append(nu, x[3] / OFFSET)

    start = [*TRUTH.values(), 0.0]
    fitted = least_squares(residuals, start, x_scale=[1, 0.01, 0.1, 1e-4], jac="3-point")
    expected = np.sqrt(np.diag(np.linalg.inv(fitted.jac.T @ fitted.jac)))
    alone = fit_order_parameter(given)
    order = fit_order_parameter(given, thermometer_offset=OFFSET)
    for name, error in zip(TRUTH, expected, strict=False):
        assert order[name].error == pytest.approx(error, rel=0.02)
        assert order[name].value == alone[name].value
    # it moves T_N by itself, and beta not to first order
    moved = order.common["thermometer offset 0.0003 K"]
    assert moved["T_N"] == pytest.approx(OFFSET, rel=0.05)
    assert abs(moved["beta"]) < 0.05 * fit_order_parameter(points()).beta.error
    for side, before in zip(order.T_N.minos or (), alone.T_N.minos or (), strict=True):
        assert abs(side) == pytest.approx(np.hypot(before, moved["T_N"]))
    assert "thermometer offset 0.0003 K moves nu0 by" in order.summary()
    assert likelihood_root(order, "T_N", 0.1048) < likelihood_root(alone, "T_N", 0.1048)
    again = OrderParameter.from_dict(order.to_dict())
    assert again.thermometer_offset == OFFSET
    assert again.options["thermometer_offset"] == OFFSET


@pytest.mark.parametrize("above", ["bound", "censored"])
def test_a_limit_moves_with_the_thermometer(above: str) -> None:
    """T_N at a run without order, which the same thermometer has measured."""
    given = replace(points(), upper_bound=0.1044, not_ordered=(0.1044,))
    alone = fit_order_parameter(given, above=above)
    order = fit_order_parameter(given, above=above, thermometer_offset=OFFSET)
    assert alone.T_N.at_limit and order.T_N.at_limit
    assert order.T_N.value == alone.T_N.value == 0.1044
    assert order.common["thermometer offset 0.0003 K"]["T_N"] == pytest.approx(OFFSET)
    low, high = order.T_N.minos or (0.0, 0.0)
    assert high == pytest.approx(OFFSET, rel=1e-3)
    assert low == pytest.approx(-np.hypot(alone.T_N.minos[0], OFFSET), rel=1e-3)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (-1e-3, "thermometer_offset = -0.001; expected kelvin, 0 or above"),
        (float("nan"), "thermometer_offset = nan; expected kelvin"),
        ("0.5mK", "thermometer_offset = '0.5mK'; expected kelvin"),
        (True, "thermometer_offset = True; expected kelvin"),
        (0.5, "0.5 K is more than half of the highest ordered temperature, 0.104 K"),
    ],
)
def test_what_is_no_error_of_a_temperature(offset: object, words: str) -> None:
    with pytest.raises(FitError, match=words):
        fit_order_parameter(points(), thermometer_offset=offset)  # type: ignore[arg-type]
