"""The transform of the static Voigtian function, Gaussian and Lorentzian fields at once.

    q(z) = (2/3) (1 + z^2 dF(w)/dw),    w = z + a,    F(w) = int_0^inf exp(-w t - sigma^2 t^2/2) dt

or, far from w = 0, as a mean over a normal deviate in which nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.models.contour import ComplexArray
from musrcu.models.gaussian_line import FAR, SMALLEST, faddeeva_line, growing_line, normal_rule
from musrcu.models.product import weighted
from musrcu.models.strong_collision import StaticFunction, Transform


@dataclass(frozen=True, slots=True)
class Voigtian(StaticFunction):
    """Voigtian fields: q(z) and its slopes to ``a`` and ``sigma``."""

    a: float
    """Lorentzian width, 1/µs."""
    sigma: float
    """Gaussian width, 1/µs."""

    def transform(self, z: ComplexArray) -> Transform:
        """q(z) of the zero-field function."""
        near = np.abs(z + self.a) <= FAR * self.sigma
        rows = np.empty((4, z.size), dtype=complex)
        if near.any():
            rows[:, near] = self._near(z[near])
        if not near.all():
            rows[:, ~near] = self._far(z[~near])
        return Transform(rows[0], rows[1], (rows[2], rows[3]))

    def _near(self, z: ComplexArray) -> ComplexArray:
        x = (z + self.a) / self.sigma
        value = faddeeva_line(x)
        rows = self._of_line(z, x, value, x * value - 1.0)
        rows[0] += 2.0 / 3.0
        return rows

    def _of_line(
        self, z: ComplexArray, x: ComplexArray, value: ComplexArray, slope: ComplexArray
    ) -> ComplexArray:
        """(2/3) z^2 dF/dw and its slopes to z, a and sigma."""
        sigma = max(self.sigma, SMALLEST)
        bend = x * slope + value
        by_a = z * z * bend / sigma**3
        by_sigma = -z * z * (2.0 * slope + x * bend) / sigma**3
        rows = [z * z * slope / sigma**2, 2.0 * z * slope / sigma**2 + by_a, by_a, by_sigma]
        return np.array(rows) * (2.0 / 3.0)

    def _far(self, z: ComplexArray) -> ComplexArray:
        squares, shares = normal_rule()
        w, a = z + self.a, self.a
        spread = (self.sigma**2 * squares)[:, None]
        square = w * w
        below = square + spread
        value = a * (z + w) * square + spread * (2.0 * square + z * z + spread)
        by_z = -a * w * square + spread * (spread - 3.0 * z * w)
        by_a = w * (square - 3.0 * spread)
        by_square = 3.0 * square - spread
        means = [weighted(shares, value / below**2)]
        means += [weighted(shares, part / below**3) for part in (by_z, by_a)]
        means += [weighted(shares * squares, by_square / below**3)]
        factors = [np.ones_like(z), 2.0 * z, 2.0 * z * z, 2.0 * self.sigma * z * z]
        rows = np.array(means) * np.array(factors) * (2.0 / 3.0)
        left = w.real < 0
        if left.any():
            x = w[left] / max(self.sigma, SMALLEST)
            grown = growing_line(x)
            rows[:, left] += self._of_line(z[left], x, grown, x * grown)
        return rows
