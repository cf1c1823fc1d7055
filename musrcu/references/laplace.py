"""Laplace transforms back to time in many digits: a sum over a curve in the complex plane.

Nothing is done for speed or against cancellation, which working digits pay for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
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
    """int_0^inf exp(-w t - width^2 t^2/2) dt, the mean of 1/(w - i v) over normal v."""
    x = w / width
    if mp.re(x) < 0:
        return mp.sqrt(2 * mp.pi) * mp.exp(x * x / 2) / width - gaussian_line(mp, -w, width)
    if abs(x) ** 2 / 2 < 2.31 * mp.mp.dps + 10:
        return _trapezoidal_line(mp, x) / width
    total = term = 1 / x
    k = 0
    while abs(term) > mp.eps * abs(total):
        term *= -(2 * k + 1) / (x * x)
        total += term
        k += 1
    return total / width


def _trapezoidal_line(mp: Any, x: Any) -> Any:
    """The mean as a sum over even steps, and what its pole at v = -i x adds to it.

    The sum runs over whole steps, or over half ones where x is near a whole one.
    """
    bits = mp.mp.prec + 20
    step, places = _steps(mp, mp.mp.dps, bits)
    turns = mp.im(x) / step
    half = abs(turns - mp.nint(turns)) < 0.25
    square = x * x
    # 1/(x^2 + v^2) of each place v in whole numbers, units of 2^-bits: ten times faster
    a, b = (int(mp.ldexp(part, bits)) for part in (mp.re(square), mp.im(square)))
    real = imaginary = 0
    for place, share in places[half]:
        c = a + place
        size = (c * c + b * b) >> bits
        real += share * c // size
        imaginary -= share * b // size
    total = mp.mpc(mp.ldexp(mp.mpf(real), -bits), mp.ldexp(mp.mpf(imaginary), -bits))
    pole = mp.exp(square / 2) * mp.sqrt(2 * mp.pi)
    pole /= (1 if half else -1) * mp.exp(2 * mp.pi * x / step) + 1
    return x * total + pole


@cache
def _steps(mp: Any, digits: int, bits: int) -> tuple[Any, tuple[list[Any], list[Any]]]:
    """Step, and squares of places with twice their shares in 2^-bits: whole steps, half ones."""
    reach = mp.sqrt(2 * (2.31 * digits + 10))
    step = 2 * mp.pi / reach
    both: tuple[list[Any], list[Any]] = ([], [])
    for half in (0, 1):
        for k in range(int(reach / step) + 2):
            place = ((k + mp.mpf(half) / 2) * step) ** 2
            share = mp.exp(-place / 2) * step * mp.sqrt(2 / mp.pi)
            share = share if k or half else share / 2
            both[half].append((int(mp.ldexp(place, bits)), int(mp.ldexp(share, bits))))
    return step, both
