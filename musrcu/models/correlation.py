"""The twofold integral of a correlation that decays exponentially, without cancellation.

M(t) = int_0^t (t - u) exp(-r u) du = (exp(-z) - 1 + z) / r^2 with z = r t, in the literature
t^2 E2(z). The rate r is real, or complex where the correlation also turns.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from musrcu.models.registry import FloatArray

NEAR = 0.1
"""|z| below which the series t^2 sum (-z)^k / (k + 2)! is summed."""
_SERIES = tuple((-1.0) ** k / math.factorial(k + 2) for k in range(8, -1, -1))
_SLOPES = tuple((-1.0) ** k * k / math.factorial(k + 2) for k in range(9, 0, -1))
"""Coefficients of the two series, of the highest power first."""


def second_integral(t: FloatArray, rate: Any, decay: Any) -> Any:
    """M(t), µs^2, of the shape of ``t``; t^2 / 2 for the rate 0.

    Parameters
    ----------
    t : times, µs.
    rate : r, 1/µs, real or complex.
    decay : exp(-r t).
    """
    near = _near(t, rate)
    count = np.count_nonzero(near)
    if count == near.size:
        return t * t * _polynomial(_SERIES, rate * t)
    value = decay - 1.0
    value += rate * t
    value *= 1.0 / (rate * rate)
    if count:
        early = t[near]
        value[near] = early * early * _polynomial(_SERIES, rate * early)
    return value


def its_slope(t: FloatArray, rate: Any, decay: Any, value: Any) -> Any:
    """Its derivative dM/dr, µs^3; ``value`` is M(t), the others as for it."""
    near = _near(t, rate)
    count = np.count_nonzero(near)
    if count == near.size:
        return t**3 * _polynomial(_SLOPES, rate * t)
    slope = t * (1.0 - decay)
    slope -= (2.0 * rate) * value
    slope *= 1.0 / (rate * rate)
    if count:
        early = t[near]
        slope[near] = early**3 * _polynomial(_SLOPES, rate * early)
    return slope


def _near(t: FloatArray, rate: Any) -> Any:
    size = abs(rate)
    return np.abs(t) < (NEAR / size if size > 0 else math.inf)


def _polynomial(coefficients: tuple[float, ...], z: Any) -> Any:
    total = coefficients[0] * z
    for coefficient in coefficients[1:-1]:
        total += coefficient
        total *= z
    return total + coefficients[-1]
