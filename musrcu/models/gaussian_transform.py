"""The transform of the static function of Gaussian fields and a field along the spin.

    q(z) = <B_perp^2 / (z^2 + B^2)>,    width 1, y = omega/width, S = (F(z-iy) - F(z+iy)) / 2i:
    q(z) = (2/y^2) (1 - z (F(z+iy) + F(z-iy)) / 2 - S/y)

The second form loses its digits for weak fields, where its series in y^2 is taken, and far from
the singularities, where the first is computed by Gauss rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import factorial

import numpy as np

from musrcu.models.contour import ComplexArray, FloatArray
from musrcu.models.gaussian_line import (
    FAR,
    SMALLEST,
    faddeeva_line,
    gaussian_line,
    growing_line,
    normal_rule,
)
from musrcu.models.product import weighted
from musrcu.models.strong_collision import StaticFunction, Transform

WEAK = 0.2
"""omega/width below which the transform is a series in its square."""
TERMS = 10
GROWN = 90.0
"""Twice the exponent below which what grows to the left is left out."""


@cache
def _transverse_rule() -> tuple[FloatArray, FloatArray]:
    """Places and weights of int_0^inf u exp(-u) f(u) du, by the eigenvalues of its recurrence."""
    n = np.arange(1, 7)
    beside = np.sqrt(n[:-1] * (n[:-1] + 1.0))
    places, vectors = np.linalg.eigh(np.diag(2.0 * n) + np.diag(beside, 1) + np.diag(beside, -1))
    return places, vectors[0] ** 2


@dataclass(frozen=True, slots=True)
class LongitudinalGaussian(StaticFunction):
    """Gaussian fields, one along the spin: q(z) and its slopes to ``width`` and ``omega``."""

    width: float
    """1/µs."""
    omega: float = 0.0
    """gamma_mu B, rad/µs."""

    def damping(self, t: float) -> float:
        """width^2 t^2 / 2."""
        return 0.5 * (self.width * t) ** 2

    def transform(self, z: ComplexArray) -> Transform:
        """q(z) = <B_perp^2 / (z^2 + B^2)> over the fields."""
        near = np.minimum(np.abs(z + 1j * self.omega), np.abs(z - 1j * self.omega))
        near = near <= FAR * self.width
        rows = np.empty((4, z.size), dtype=complex)
        if near.any():
            rows[:, near] = self._near(z[near])
        if not near.all():
            rows[:, ~near] = self._far(z[~near])
        return Transform(rows[0], rows[1], (rows[2], rows[3]))

    def _near(self, z: ComplexArray) -> ComplexArray:
        x, y = z / self.width, self.omega / self.width
        if y < WEAK:
            value = faddeeva_line(x)
            return self._scaled(x, y, _weak_field(x, y, value, x * value - 1.0))
        above, below = faddeeva_line(x + 1j * y), faddeeva_line(x - 1j * y)
        slopes = (x + 1j * y) * above - 1.0, (x - 1j * y) * below - 1.0
        return self._scaled(x, y, _in_field(x, y, (above, below), slopes, 1.0))

    def _far(self, z: ComplexArray) -> ComplexArray:
        squares, shares = normal_rule()
        places, transverse = _transverse_rule()
        width, omega = self.width, self.omega
        along = (width**2 * squares)[:, None]
        across = (2.0 * width**2 * places)[:, None, None]
        share = np.multiply.outer(transverse, shares)
        middle = (z + 1j * omega) * (z - 1j * omega) + along + across
        below = middle * middle - 4.0 * omega**2 * along
        both = (middle * middle + 4.0 * omega**2 * along) / (below * below)

        def mean(values: ComplexArray) -> ComplexArray:
            return weighted(share.ravel(), values.reshape(share.size, -1))

        inverse = mean(middle / below)
        by_omega = mean(both - 4.0 * along * middle / below**2)
        by_width = mean((across + along) * both - 4.0 * omega**2 * along * middle / below**2)
        twice = 2.0 * width**2
        rows = np.array(
            [
                twice * inverse,
                -2.0 * twice * z * mean(both),
                4.0 * width * inverse - 4.0 * width * by_width,
                -2.0 * twice * omega * by_omega,
            ]
        )
        left = z.real < 0
        if left.any():
            rows[:, left] += self._grown(z[left])
        return rows

    def _grown(self, z: ComplexArray) -> ComplexArray:
        """What F(w) has beside -F(-w) to the left: it grows beyond +-135 degrees."""
        rows = np.zeros((4, z.size), dtype=complex)
        width = max(self.width, SMALLEST)
        x, y = z / width, self.omega / width
        exponent = 0.5 * ((x * x).real - y * y) + np.abs(x.imag) * y
        seen = exponent > -GROWN
        x = x[seen]
        weak = (np.abs(x) * y < 1.0) & (y < WEAK)
        for part, chosen in ((True, weak), (False, ~weak)):
            here = x[chosen]
            if not here.size:
                continue
            if part:
                value = growing_line(here)
                found = _weak_field(here, y, value, here * value)
            else:
                up, down = here + 1j * y, here - 1j * y
                values = growing_line(up), growing_line(down)
                slopes = up * values[0], down * values[1]
                found = _in_field(here, y, values, slopes, 0.0)
            rows[:, np.flatnonzero(seen)[chosen]] = self._scaled(here, y, found)
        return rows

    def _scaled(self, x: ComplexArray, y: float, found: ComplexArray) -> ComplexArray:
        """(q, dq/dx, dq/dy) as q and its slopes to z, width and omega."""
        q, by_x, by_y = found
        width = max(self.width, SMALLEST)
        return np.array([q, by_x / width, -(x * by_x + y * by_y) / width, by_y / width])

    def near_precession(self, z: ComplexArray) -> tuple[Transform, Transform]:
        """The part of q(z) that holds F(z - i omega), and the rest."""
        width, omega = self.width, self.omega
        first, third = width / omega**2, 1j * (width / omega) ** 3
        a, b = width * first, width * third
        factor = b - a * z
        of_width, of_omega = 4 * third - 2 * first * z, (2 * a * z - 3 * b) / omega
        value, by_w, by_width = gaussian_line(z - 1j * omega, width)
        part = Transform(
            factor * value,
            factor * by_w - a * value,
            (factor * by_width + of_width * value, of_omega * value - 1j * factor * by_w),
        )
        value, by_w, by_width = gaussian_line(z + 1j * omega, width)
        factor = -b - a * z
        of_width, of_omega = -4 * third - 2 * first * z, (2 * a * z + 3 * b) / omega
        rest = Transform(
            2 * a + factor * value,
            factor * by_w - a * value,
            (
                4 * first + factor * by_width + of_width * value,
                -4 * a / omega + of_omega * value + 1j * factor * by_w,
            ),
        )
        return part, rest


def _in_field(
    x: ComplexArray,
    y: float,
    values: Sequence[ComplexArray],
    slopes: Sequence[ComplexArray],
    one: float,
) -> ComplexArray:
    """q, dq/dx, dq/dy of width 1 from F(x +- iy) and dF/dw there."""
    half = 0.5 * (values[0] + values[1])
    half_slope = 0.5 * (slopes[0] + slopes[1])
    half_turn = 0.5j * (slopes[0] - slopes[1])
    sine = (values[1] - values[0]) / 2j
    sine_slope = (slopes[1] - slopes[0]) / 2j
    moment = one - x * half
    return np.array(
        [
            2.0 * (moment - sine / y) / y**2,
            -2.0 * (half + x * half_slope + sine_slope / y) / y**2,
            (-4.0 * moment / y - 2.0 * x * half_turn + (6.0 * sine / y + 2.0 * half_slope) / y)
            / y**2,
        ]
    )


def _weak_field(
    x: ComplexArray, y: float, value: ComplexArray, slope: ComplexArray
) -> ComplexArray:
    """q, dq/dx, dq/dy of width 1 as a series in y^2, from F(x) and dF/dx."""
    line = [value, slope]
    for n in range(1, 2 * TERMS + 3):
        line.append(x * line[n] + n * line[n - 1])
    rows = np.zeros((3, x.size), dtype=complex)
    for k in range(TERMS):
        first, third = -1.0 / factorial(2 * k + 1), 1.0 / factorial(2 * k + 2)
        third -= 1.0 / factorial(2 * k + 3)
        sign = -2.0 if k % 2 else 2.0
        term = sign * (first * line[2 * k + 1] + third * line[2 * k + 3])
        rows[0] += y ** (2 * k) * term
        rows[1] += y ** (2 * k) * sign * (first * line[2 * k + 2] + third * line[2 * k + 4])
        if k:
            rows[2] += 2 * k * y ** (2 * k - 1) * term
    return rows
