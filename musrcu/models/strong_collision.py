"""Strong collisions: a static function that starts anew after every hop of the muon.

    G(t) = g(t) exp(-hop t) + hop int_0^t g(u) exp(-hop u) G(t - u) du

Both sides are transformed. With z = s + hop and q(z) = 1 - z g~(z), the transform of -dg/dt,

    G~(s) = (1 - q) / (s + hop q),    1/s - G~(s) = q z / (s (s + hop q)),

which loses no digits at any s, and whose derivatives are as short. It is brought back to time on
curves (:mod:`musrcu.models.contour`), whose nodes lie some 10/t away from everything singular, at
any t. Static fields around a field omega make q singular at z = 0 and z = +-i omega: early on one
curve encloses them all, and when omega t is large each has its own. The one around i omega takes
the difference between G~ and G~ without the part of q that is singular there: however small,
the precession keeps its relative accuracy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musrcu.models.contour import ComplexArray, FloatArray, exponentials, upper_nodes, windows

APART = 120.0
"""omega t from which the singularities have curves of their own."""
GONE = 30.0
"""A precession that is damped by exp(-GONE) is left out."""


@dataclass(frozen=True, slots=True)
class Transform:
    """q(z) of a static function, with what it changes by."""

    q: ComplexArray
    dz: ComplexArray
    """dq/dz."""
    dp: Sequence[ComplexArray]
    """dq/dp of every parameter."""


class StaticFunction(ABC):
    """A static relaxation function as its transform sees it."""

    omega: float = 0.0
    """Precession of the mean field, rad/µs; 0 in zero field."""

    @abstractmethod
    def transform(self, z: ComplexArray) -> Transform:
        """q(z), precise relative to itself wherever it is not singular."""

    def near_precession(self, z: ComplexArray) -> tuple[Transform, Transform]:
        """The part of q that is singular near z = i omega, and the rest of it."""
        raise NotImplementedError("a static function in a field says what is singular there")

    def damping(self, t: float) -> float:
        """Minus the logarithm of what is left of the static precession at a time."""
        return 0.0


def strong_collision(
    t: FloatArray, static: StaticFunction, hop: float, slopes: bool = True
) -> FloatArray:
    """The dynamic function and its derivatives.

    Parameters
    ----------
    t : times, µs, any shape; below 0 it counts as 0.
    static : the static function.
    hop : hopping rate, 1/µs, from 0 on.
    slopes : whether derivatives are wanted.

    Returns
    -------
    Array of rows, each of the shape of ``t``: the function, its derivative with respect to every
    parameter of the static function, and that with respect to ``hop``; or its first row only.
    """
    flat = np.ravel(t)
    rows: FloatArray | None = None
    apart = APART / static.omega if static.omega > 0 else np.inf
    for (first, last), chosen in windows(flat, apart):
        times = flat[chosen]
        together = not first > apart
        s, weights = upper_nodes(first, last, static.omega if together else 0.0)
        found = exponentials(times, s, weights * _change(s, static, hop, slopes))
        if not together and hop * first + static.damping(first) < GONE:
            found += _precession(times, (first, last), static, hop, slopes)
        if rows is None:
            rows = np.zeros((len(found), flat.size))
        rows[:, chosen] = found
    if rows is None:
        rows = np.zeros((len(_change(np.ones(1, dtype=complex), static, hop, slopes)), flat.size))
    rows[0] = np.minimum(rows[0] + 1.0, 1.0)
    return rows.reshape(len(rows), *np.shape(t))


def _change(s: ComplexArray, static: StaticFunction, hop: float, slopes: bool) -> ComplexArray:
    """Rows of G~ - 1/s and the derivatives of G~."""
    z = s + hop
    found = static.transform(z)
    q, below = found.q, s + hop * found.q
    rows = [-q * z / (s * below)]
    if slopes:
        by_q = -z / (below * below)
        rows += [by_q * slope for slope in found.dp]
        rows += [by_q * found.dz - q * (1.0 - q) / (below * below)]
    return np.array(rows)


def _precession(
    t: FloatArray, ends: tuple[float, float], static: StaticFunction, hop: float, slopes: bool
) -> FloatArray:
    """What the singularities at +-i omega give to the function and its derivatives."""
    upper, half = upper_nodes(*ends)
    shift = np.concatenate([upper, upper.conj()])
    weights = 0.5 * np.concatenate([half, half.conj()])
    s = shift + 1j * static.omega
    return 2.0 * exponentials(t, s, weights * _difference(s, static, hop, slopes))


def _difference(s: ComplexArray, static: StaticFunction, hop: float, slopes: bool) -> ComplexArray:
    """Rows of G~ with all of q less G~ with the rest of q, and its derivatives."""
    z = s + hop
    part, rest = static.near_precession(z)
    f = part.q
    whole, other = s + hop * (f + rest.q), s + hop * rest.q
    both = whole * other
    rows = [-f * z / both]
    if not slopes:
        return np.array(rows)

    def slope(of_f: ComplexArray, of_whole: ComplexArray, of_other: ComplexArray) -> ComplexArray:
        return (f * (of_whole / whole + of_other / other) - of_f) * z / both

    for p, r in zip(part.dp, rest.dp, strict=True):
        rows.append(slope(p, hop * (p + r), hop * r))
    of_other = rest.q + hop * rest.dz
    rows.append(slope(part.dz, of_other + f + hop * part.dz, of_other) - f / both)
    return np.array(rows)
