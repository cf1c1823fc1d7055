"""The dynamic Lorentzian Kubo-Toyabe function from its Laplace transform, to many digits.

The transform is closed: with p = s + hop, Q = p + a and w = gamma_mu B_LF

    1 - p g~ = (a/w) [Y + (Q Y/w - 1) (a - p)/w],    Y = atan(w/Q),

and G~ = (1 - q)/(s + hop q) with q = 1 - p g~. It is inverted on cotangent curves (J. Abate and
P. P. Valko, Int. J. Numer. Meth. Engng 60, 979 (2004)) with as many digits as the curve is high.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from musrcu.constants import GAMMA_MU

NODES = 64
"""Nodes of a curve around the real axis: 38 digits are left."""
APART = 135
"""w t from which the two precessions have curves of their own, which end well before they meet."""
GONE = 100
"""Exponent at which a precession has died out."""


def dynamic_lorentzian(mp: Any, t: Any, a: Any, B_LF: Any, hop: Any) -> Any:
    """Strong collisions in a longitudinal field; B_LF = 0 is zero field."""
    if t == 0:
        return mp.mpf(1)
    w = abs(mp.mpf(GAMMA_MU) * B_LF)
    together = w * t < APART
    count = NODES + (int(2.2 * w * t) if together else 0)
    # a small field cancels as its third power against Q, which is 2 count / (5 t) or so
    small = 0 if w == 0 else max(0, int(-3 * mp.log10(w * t / (count + (a + hop) * t)))) + 1
    with mp.workdps(max(count, mp.mp.dps) + 20 + small):

        def slow(s: Any) -> Any:
            q = _loss(mp, s + hop, s + hop + a, s + hop + a - mp.mpc(0, w), a, w)
            return (1 - q) / (s + hop * q)

        def precession(shift: Any) -> Any:
            Q = mp.mpc(0, w) + shift
            s, p = Q - a - hop, Q - a
            q = _loss(mp, p, Q, shift, a, w)
            return -q * p / (s * (s + hop * q))

        total = _inverse(mp, slow, t, count)
        if not together and (a + hop) * t < GONE:
            turning = mp.expj(w * t) * _inverse_complex(mp, precession, t, count)
            total += 2 * mp.re(turning) * mp.exp(-(a + hop) * t)
        return total


def _loss(mp: Any, p: Any, Q: Any, below: Any, a: Any, w: Any) -> Any:
    """1 - p g~(p); ``below`` is Q - i w. Its cuts run to the left from Q = +-i w."""
    if w == 0:
        return 2 * a * (2 * p + a) / (3 * Q * Q)
    Y = (mp.log(Q + mp.mpc(0, w)) - mp.log(below)) / mp.mpc(0, 2)
    return a / w * (Y + (Q * Y / w - 1) * (a - p) / w)


def _curve(mp: Any, k: int, count: int) -> tuple[Any, Any]:
    """Node (times t) and weight number k, -count < k < count."""
    r = mp.mpf(2 * count) / 5
    if k == 0:
        return r, mp.mpf(1)
    angle = mp.pi * k / count
    cot = mp.cot(angle)
    return r * angle * mp.mpc(cot, 1), mp.mpc(1, angle + (angle * cot - 1) * cot)


def _inverse(mp: Any, transform: Callable[[Any], Any], t: Any, count: int) -> Any:
    """A real function of time from its transform."""
    total = mp.mpf(0)
    for k in range(count):
        s, weight = _curve(mp, k, count)
        part = mp.re(mp.exp(s) * weight * transform(s / t))
        total += part / 2 if k == 0 else part
    return total * 2 / (5 * t)


def _inverse_complex(mp: Any, transform: Callable[[Any], Any], t: Any, count: int) -> Any:
    total = mp.mpc(0)
    for k in range(1 - count, count):
        s, weight = _curve(mp, k, count)
        total += mp.exp(s) * weight * transform(s / t)
    return total / (5 * t)
