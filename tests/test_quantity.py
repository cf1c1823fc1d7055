"""Errors of two sides through formulas, by closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from musrcu.errors import MusrcuError
from musrcu.quantity import Quantity, propagated, quantity


def squared(x: Any) -> Any:
    return x**2


def test_an_interval_goes_through_a_monotonic_formula_as_it_is() -> None:
    found = propagated(squared, "K^2", Quantity(3.0, -1.0, 0.5, "K"))
    assert (found.value, found.low, found.high, found.unit) == (9.0, 4.0 - 9.0, 12.25 - 9.0, "K^2")
    falling = propagated(lambda x: 1 / x, "", Quantity(2.0, -1.0, 2.0))
    assert (falling.low, falling.high) == (0.25 - 0.5, 0.5)


def test_independent_errors_add_in_quadrature() -> None:
    found = propagated(lambda a, b: a + b, "", Quantity(1.0, -3.0, 0.3), Quantity(1.0, -4.0, 0.4))
    assert (found.low, found.high) == pytest.approx((-5.0, 0.5))
    exact = propagated(lambda a, b: a * b, "", Quantity(2.0), Quantity(3.0))
    assert (exact.value, exact.low, exact.high) == (6.0, 0.0, 0.0)


def test_at_a_turning_point_the_farther_side_counts() -> None:
    found = propagated(squared, "", Quantity(0.0, -2.0, 1.0))
    assert (found.low, found.high) == (0.0, 4.0)


def test_out_of_range_is_infinite_and_unknown_stays_unknown() -> None:
    root = propagated(np.sqrt, "", Quantity(1.0, -2.0, 3.0))
    assert (root.low, root.high) == (-math.inf, 1.0)
    unknown = propagated(np.sqrt, "", Quantity(1.0, math.nan, math.nan))
    assert (unknown.value, math.isnan(unknown.low), math.isnan(unknown.high)) == (1.0, True, True)
    assert str(unknown) == "1"
    assert root.to_dict() == {"value": 1.0, "low": None, "high": 1.0, "unit": ""}


def test_arrays() -> None:
    found = propagated(np.multiply, "", Quantity(np.array([1.0, 2.0])), Quantity(3.0, -0.1, 0.1))
    assert found.value.tolist() == [3.0, 6.0]
    assert found.error == pytest.approx([0.1, 0.2])
    assert found.to_dict()["value"] == [3.0, 6.0]
    assert str(found) == "2 values, 3 to 6"


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (Quantity(13.7, -0.1, 0.1, "K"), "13.7(1) K"),
        (Quantity(13.7, 0.0, 0.0, "K"), "13.7 K"),
        (Quantity(0.105, -0.00101, 0.00099), "0.105(1)"),
        (Quantity(0.105, -0.001, 0.002, "K"), "0.1050 -0.0010 +0.0020 K"),
    ],
)
def test_as_it_prints(one: Quantity, text: str) -> None:
    assert str(one) == text
    assert quantity("x", text, one.unit).value == one.value


@pytest.mark.parametrize(
    ("given", "unit", "value", "error"),
    [
        ("105(1) mK", "K", 0.105, 0.001),
        ("19.9(1) T", "G", 199000.0, 1000.0),
        (("2.04", 0.01), "", 2.04, 0.01),
        (Quantity(5.0, -1.0, 1.0, "G"), "G", 5.0, 1.0),
        (np.float64(3.0), "K", 3.0, 0.0),
    ],
)
def test_as_it_is_given(given: Any, unit: str, value: float, error: float) -> None:
    found = quantity("x", given, unit)
    assert (found.value, found.error) == pytest.approx((value, error), rel=1e-12)
    assert found.unit == unit


@pytest.mark.parametrize(
    ("given", "unit", "message"),
    [
        ("2.04(1) K", "", "x is given in K; expected a number without unit"),
        ("10 T", "K", "x is given in T; expected K"),
        (0.0, "K", "x = 0.0 K; expected a positive number"),
        (math.inf, "", "x = inf; expected a positive number"),
        ((1.0, -0.1), "K", "the error of x = 1.0 is negative"),
        ((1.0, 0.1, 0.2), "K", "expected a number, .value, error."),
        (["a"], "K", "expected a number"),
    ],
)
def test_what_is_refused(given: Any, unit: str, message: str) -> None:
    with pytest.raises(MusrcuError, match=message):
        quantity("x", given, unit)
