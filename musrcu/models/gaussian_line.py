"""The transform of a Gaussian, F(w) = int_0^inf exp(-w t - width^2 t^2/2) dt, and its slopes.

It is a Faddeeva function. 1 - w F and what comes after it cancel where w is large: there it is
taken as the mean of 1/(w - i v) over a normal deviate v, by a Gauss rule, in which nothing cancels.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from musrcu.models.contour import ComplexArray, FloatArray
from musrcu.models.product import weighted

FAR = 10.0
"""|w| in widths beyond which the Gauss rule holds to 1e-13."""
SMALLEST = 1e-12
"""1/µs; widths below are this where one divides by them."""


@cache
def normal_rule() -> tuple[FloatArray, FloatArray]:
    """Squares and weights of a normal deviate, both signs together."""
    places, weights = np.polynomial.hermite_e.hermegauss(10)
    upper = places > 0
    return places[upper] ** 2, 2.0 * weights[upper] / weights.sum()


def gaussian_line(w: ComplexArray, width: float) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """F(w) = int_0^inf exp(-w t - width^2 t^2/2) dt, dF/dw and dF/d width.

    Precise relative to themselves, in the sector |arg w| < 135 degrees.
    """
    near = np.abs(w) <= FAR * width
    found = np.empty((3, w.size), dtype=complex)
    if near.any():
        found[:, near] = _near(w[near], width)
    if not near.all():
        found[:, ~near] = _far(w[~near], width)
    return found[0], found[1], found[2]


def _near(w: ComplexArray, width: float) -> ComplexArray:
    x = w / width
    value = faddeeva_line(x)
    slope = x * value - 1.0
    return np.array([value / width, slope / width**2, -(value + x * slope) / width**2])


def faddeeva_line(x: ComplexArray) -> ComplexArray:
    """int_0^inf exp(-x t - t^2/2) dt."""
    from scipy.special import wofz

    return np.asarray(np.sqrt(0.5 * np.pi) * wofz(1j * np.sqrt(0.5) * x))


def _far(w: ComplexArray, width: float) -> ComplexArray:
    squares, shares = normal_rule()
    square = w * w
    spread = width**2 * squares[:, None]
    below = square + spread
    value = w * weighted(shares, 1.0 / below)
    slope = -weighted(shares, (square - spread) / below**2)
    by_width = -2.0 * width * w * weighted(shares * squares, 1.0 / below**2)
    found = np.array([value, slope, by_width])
    left = w.real < 0
    if left.any():
        safe = max(width, SMALLEST)
        x = w[left] / safe
        grown = growing_line(x)
        found[:, left] += np.array(
            [grown / safe, x * grown / safe**2, -(1.0 + x * x) * grown / safe**2]
        )
    return found


def growing_line(x: ComplexArray) -> ComplexArray:
    """sqrt(2 pi) exp(x^2/2), which F(x) is beside -F(-x)."""
    return np.asarray(np.sqrt(2.0 * np.pi) * np.exp(0.5 * x * x))
