"""Strong collisions of Lorentzian fields in zero field: a rational transform, solved by its roots.

With p = s + hop the transform of the dynamic function is

    G~ = (p^2 + 2/3 a p + a^2/3) / [p (p + a)^2 - hop (p^2 + 2/3 a p + a^2/3)].

One root of the cubic, p0 = hop + s0, is real and positive; the others lie around -b/2 and are
complex. Kept as one quadratic factor they may come as close to each other as they like:

    G = (1 - A) exp(s0 t) + exp(-(b/2 + hop) t) [A cos(d t) + B sin(d t)/d].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from musrcu.models.longitudinal_field import spherical
from musrcu.models.registry import FloatArray

EARLY = 0.5
"""(a + hop) t below which the power series in t is summed, as derivatives by hop go with t^3."""
TERMS = 24
STEPS = 60
"""Newton steps at most; six are enough."""


@dataclass(frozen=True, slots=True)
class Jet:
    """A number with its derivatives by a and by hop."""

    value: float
    by_a: float = 0.0
    by_hop: float = 0.0

    def __add__(self, other: Jet | float) -> Jet:
        y = _jet(other)
        return Jet(self.value + y.value, self.by_a + y.by_a, self.by_hop + y.by_hop)

    def __mul__(self, other: Jet | float) -> Jet:
        y = _jet(other)
        return Jet(
            self.value * y.value,
            self.value * y.by_a + self.by_a * y.value,
            self.value * y.by_hop + self.by_hop * y.value,
        )

    def __sub__(self, other: Jet | float) -> Jet:
        return self + _jet(other) * -1.0

    def __truediv__(self, other: Jet) -> Jet:
        ratio = self.value / other.value
        return Jet(
            ratio,
            (self.by_a - ratio * other.by_a) / other.value,
            (self.by_hop - ratio * other.by_hop) / other.value,
        )

    __radd__ = __add__
    __rmul__ = __mul__


def _jet(x: Jet | float) -> Jet:
    return x if isinstance(x, Jet) else Jet(x)


@dataclass(frozen=True, slots=True)
class Roots:
    """What the closed form is made of, all of it smooth in a and hop."""

    slow: Jet
    """s0."""
    share: Jet
    """A."""
    sine: Jet
    """B."""
    half: Jet
    """b/2 + hop."""
    square: Jet
    """d^2."""


def rational_lorentzian(t: FloatArray, a: float, hop: float) -> FloatArray:
    """The dynamic Lorentzian function in zero field and its derivatives by a and hop.

    Parameters
    ----------
    t : times, µs, any shape; below 0 it counts as 0.
    a, hop : width and hopping rate, 1/µs, not negative.

    Returns
    -------
    Array of three rows of the shape of ``t``.
    """
    late = np.maximum(np.ravel(t), 0.0)
    rows = np.empty((3, late.size))
    early = (a + hop) * late < EARLY
    if early.any():
        rows[:, early] = _series(late[early], a, hop)
    if not early.all():
        rows[:, ~early] = _closed(late[~early], roots(a, hop))
    return rows.reshape(3, *np.shape(t))


def roots(a: float, hop: float) -> Roots:
    """The roots and residues, from the ratio of the rates that is at most one."""
    return _fast(a, hop) if a <= hop else _slow(a, hop)


def _fast(a: float, hop: float) -> Roots:
    """A <= hop. With x = a/hop, s0 = a (-4/3 + x rho): what is of order x^2 stays precise."""

    def left(x: Jet, rho: Jet) -> Jet:
        sigma = x * rho + -4.0 / 3.0
        eta = sigma + 1.0
        return 3.0 * rho + (6.0 * eta + 3.0 * x * eta * eta) * sigma + 4.0 * sigma + 2.0

    width, rate = Jet(a, 1.0, 0.0), Jet(hop, 0.0, 1.0)
    x = width / rate
    rho = _solved(left, x, 2.0 / 9.0)
    sigma = x * rho + -4.0 / 3.0
    q = x * sigma + 1.0
    slope = 3.0 * (q + x) * (3.0 * q + x) - 6.0 * q - 2.0 * x
    share = x * x * (6.0 * rho * q + 2.0 * sigma + 2.0) / slope
    b = width * (sigma + 2.0)
    c = width * width * (1.0 / 3.0) / q
    sine = c * (x * sigma + share) * -1.0 / (rate * q) - 0.5 * share * b
    return Roots(width * sigma, share, sine, 0.5 * b + rate, c - 0.25 * b * b)


def _slow(a: float, hop: float) -> Roots:
    """A > hop. With x = hop/a, s0 = -hop y."""

    def left(x: Jet, y: Jet) -> Jet:
        q = x * (1.0 + -1.0 * y)
        return 3.0 * y * (q + 1.0) * (q + 1.0) - 4.0 * q - 2.0

    width, rate = Jet(a, 1.0, 0.0), Jet(hop, 0.0, 1.0)
    x = rate / width
    y = _solved(left, x, 2.0 / 3.0)
    rest = 1.0 + -1.0 * y
    q = x * rest
    slope = 3.0 * (q + 1.0) * (3.0 * q + 1.0) - 2.0 * x * (3.0 * q + 1.0)
    share = (6.0 * q * q + 10.0 * q + 2.0 - 2.0 * x * (3.0 * q + 1.0)) / slope
    b = 2.0 * width - rate * y
    c = width * width / (3.0 * rest)
    sine = width * (2.0 / 3.0) + rate * rest * share - b * (1.0 + -0.5 * share)
    return Roots(-1.0 * rate * y, share, sine, 0.5 * b + rate, c - 0.25 * b * b)


def _solved(left: Callable[[Jet, Jet], Jet], x: Jet, start: float) -> Jet:
    """The root of left(x, root) = 0 with its derivatives, by Newton's method."""
    root = start
    for _ in range(STEPS):
        # the slope by the unknown is carried as a derivative by a
        found = left(Jet(x.value), Jet(root, 1.0))
        change = found.value / found.by_a
        root -= change
        if abs(change) < 1e-15:
            break
    slope = left(Jet(x.value), Jet(root, 1.0)).by_a
    rest = left(x, Jet(root))
    return Jet(root, -rest.by_a / slope, -rest.by_hop / slope)


def _closed(t: FloatArray, found: Roots) -> FloatArray:
    square = max(found.square.value, 0.0)
    theta = math.sqrt(square) * t
    cos = np.cos(theta)
    j0, j1 = spherical(theta, cos, np.sin(theta))
    share, sine = found.share.value, found.sine.value
    slow = np.exp(found.slow.value * t)
    fast = np.exp(-found.half.value * t)
    turning = share * cos + sine * t * j0
    # derivatives by d^2 of cos(d t) and sin(d t)/d
    by_square = -0.5 * t * t * (share * j0 + sine * t * j1)
    rows = [(1.0 - share) * slow + fast * turning]
    for name in ("by_a", "by_hop"):
        s, A, B, half, d = (
            getattr(part, name)
            for part in (found.slow, found.share, found.sine, found.half, found.square)
        )
        change = A * cos + B * t * j0 + d * by_square - half * t * turning
        rows.append(((1.0 - share) * s * t - A) * slow + fast * change)
    return np.array(rows)


def _series(t: FloatArray, a: float, hop: float) -> FloatArray:
    """Powers of t by long division of the transform of -dG/dt."""
    width, rate = Jet(a, 1.0, 0.0), Jet(hop, 0.0, 1.0)
    both, third = width + rate, width * (2.0 / 3.0)
    above = [2.0 * third, third * (4.0 * rate + width), third * rate * (2.0 * rate + width)]
    below = [2.0 * both, both * both + 2.0 * third * rate, third * rate * (2.0 * rate + width)]
    terms: list[Jet] = []
    for n in range(TERMS):
        term = above[n] if n < 3 else Jet(0.0)
        for k, factor in enumerate(below[:n], 1):
            term = term - factor * terms[n - k]
        terms.append(term)
    rows = np.zeros((3, t.size))
    for n in range(TERMS - 1, -1, -1):
        term = terms[n]
        scale = t / (n + 1)
        for row, part in zip(rows, (term.value, term.by_a, term.by_hop), strict=True):
            row += part
            row *= scale
    rows *= -1.0
    rows[0] += 1.0
    return rows
