"""Laplace transforms back to time in many digits: a sum over a curve in the complex plane.

Nothing is done for speed or against cancellation, which working digits pay for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HEIGHT, BEND, BEYOND, DEPTH = 35, 100, 40, 75
"""Of the curve, times t: Re s of its upright piece, how gently it turns, how far beyond the
singularities, and where exp(st) ends. They leave 1e-28."""
STEP = 2.4
SLOPE = 0.7


def inverted(
    mp: Any, transform: Callable[[Any], Any], t: Any, omega: Any = 0, around: Any = 0
) -> Any:
    """(1/2 pi i) int F(s) exp(st) ds around the singularities below and beside +-i omega.

    Parameters
    ----------
    transform : F(s).
    t : time.
    omega : imaginary part of the highest singularity that the curve encloses.
    around : where the curve is centred; at 0 the function of time is real, and the upper half of
        the curve is enough.
    """
    turn = omega * t + BEYOND
    count = int((turn + (DEPTH + HEIGHT) / mp.mpf(SLOPE)) / STEP) + 1
    total = mp.mpf(0)
    for k in range(count) if around == 0 else range(-count, count):
        y = (k + mp.mpf(1) / 2) * STEP
        below, above = mp.hypot(y - turn, BEND), mp.hypot(y + turn, BEND)
        x = HEIGHT - SLOPE * ((below + above) / 2 - mp.hypot(turn, BEND))
        slope = -mp.mpf(SLOPE) / 2 * ((y - turn) / below + (y + turn) / above)
        s = around + mp.mpc(x, y) / t
        term = transform(s) * mp.exp(s * t) * mp.mpc(1, -slope)
        total += mp.re(term) if around == 0 else term / 2
    return total * STEP / (mp.pi * t)


def gaussian_line(mp: Any, w: Any, width: Any) -> Any:
    """int_0^inf exp(-w t - width^2 t^2/2) dt."""
    x = w / width
    if abs(x) ** 2 / 2 < 2.31 * mp.mp.dps + 10:
        return mp.sqrt(mp.pi / 2) / width * mp.exp(x * x / 2) * mp.erfc(x / mp.sqrt(2))
    total = term = 1 / x
    k = 0
    while abs(term) > mp.eps * abs(total):
        term *= -(2 * k + 1) / (x * x)
        total += term
        k += 1
    if mp.re(x) < 0:
        total += mp.sqrt(2 * mp.pi) * mp.exp(x * x / 2)
    return total / width
