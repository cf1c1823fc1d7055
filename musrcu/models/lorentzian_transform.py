"""The transform of the static function of Lorentzian fields and a field along the spin.

With Q = z + a, e = a/Q, u = omega/Q and the sums

    D = atan(u)/u,    T = (1 - D)/u^2,    V = (3 T - 1/(1 + u^2))/u^2,    Z = (D - 1/(1 + u^2))/u^2,

which are 1, 1/3, 2/5, 2/3 in zero field, q(z) = e S with S = D + (1 - 2e) T; nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.models.contour import ComplexArray
from musrcu.models.strong_collision import StaticFunction, Transform

WEAK = 0.2
"""|u| below which D, T, V and Z are summed: the closed forms lose 1/u^4 there."""
TERMS = 13
_POWERS = np.arange(TERMS)
_T = (-1.0) ** _POWERS / (2 * _POWERS + 3)
_V = (-1.0) ** _POWERS * (2 * _POWERS + 2) / (2 * _POWERS + 5)
_Z = (-1.0) ** _POWERS * (2 * _POWERS + 2) / (2 * _POWERS + 3)


@dataclass(frozen=True, slots=True)
class LongitudinalLorentzian(StaticFunction):
    """Lorentzian fields, one along the spin: q(z) and its slopes to ``width`` and ``omega``."""

    width: float
    """1/µs."""
    omega: float = 0.0
    """gamma_mu B, rad/µs."""

    def damping(self, t: float) -> float:
        """The exponent a t."""
        return self.width * t

    def transform(self, z: ComplexArray) -> Transform:
        """q(z), cut from -width +- i omega to the left."""
        Q = z + self.width
        e, u = self.width / Q, self.omega / Q
        D, T, V, Z = _angles(Q, self.omega)
        square = u * u
        S = D + (1.0 - 2.0 * e) * T
        turned = V * (1.0 - 2.0 * e) + Z
        by_z = (square * turned + 2.0 * e * T - S) * e / Q
        by_width = ((1.0 - e) * (S - 2.0 * e * T) + e * square * turned) / Q
        return Transform(e * S, by_z, (by_width, -e * u / Q * turned))

    def near_precession(self, z: ComplexArray) -> tuple[Transform, Transform]:
        """All of q, which is no larger there than what is singular in it, and nothing."""
        nothing = np.zeros_like(z)
        return self.transform(z), Transform(nothing, nothing, (nothing, nothing))


def _angles(
    Q: ComplexArray, omega: float
) -> tuple[ComplexArray, ComplexArray, ComplexArray, ComplexArray]:
    """D, T, V, Z; to the left of the singularities the angle is pi more than atan(u)."""
    between = (Q.real < 0) & (np.abs(Q.imag) < omega)
    weak = (np.abs(Q) * WEAK > omega) & ~between
    rows = np.empty((4, Q.size), dtype=complex)
    if weak.any():
        square = (omega / Q[weak]) ** 2
        T, V, Z = (_series(square, terms) for terms in (_T, _V, _Z))
        rows[:, weak] = 1.0 - square * T, T, V, Z
    if not weak.all():
        far = Q[~weak]
        above, below = far + 1j * omega, far - 1j * omega
        inverse = far / omega
        square = inverse * inverse
        D = inverse * (np.log(above) - np.log(below)) / 2j
        T, cosine = (1.0 - D) * square, inverse * inverse / ((above / omega) * (below / omega))
        rows[:, ~weak] = D, T, (3.0 * T - cosine) * square, (D - cosine) * square
    return rows[0], rows[1], rows[2], rows[3]


def _series(square: ComplexArray, terms: np.ndarray) -> ComplexArray:
    total = np.full_like(square, terms[-1])
    for term in terms[-2::-1]:
        total = total * square + term
    return total
