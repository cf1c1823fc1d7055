"""Polarisation of static fields, averaged over the distribution of the field itself.

The averages are sums over evenly spaced nodes, which for integrands that fall off like a Gaussian
or faster on both sides are exact to all digits but the last few. Nothing here knows the closed
forms of the functions that are checked against it.
"""

from __future__ import annotations

from typing import Any

Number = Any
"""mpmath's mpf or mpc."""

OSCILLATING = 6
"""Above this many radians per standard deviation the path of integration is shifted."""


def _smallest(mp: Any) -> Number:
    """X at which exp(-x) is nothing beside 1 in the digits of ``mp``."""
    return 7 - mp.log(mp.eps)


def _reach(mp: Any) -> Number:
    """Standard deviations beyond which a Gaussian is nothing beside 1."""
    return mp.sqrt(2 * _smallest(mp))


def over_normal(mp: Any, s: Number) -> tuple[Number, Number, Number]:
    """Means of cos(s x), x sin(s x) and x^2 cos(s x) over normal x.

    Where they oscillate fast the path runs parallel to the real axis at i s; what lies on either
    side of the imaginary axis is the complex conjugate of the other.
    """
    sign, s, reach = mp.sign(s), abs(s), _reach(mp)
    shift = s if s > OSCILLATING else 0
    step = 2 * mp.pi / (s - shift + reach)
    even = odd = square = mp.mpf(0)
    for k in range(int(reach / step) + 2):
        x = mp.mpc(k * step, shift)
        part = mp.exp((1j * s - x / 2) * x) * (2 if k else 1)
        even += part.real
        part *= x
        odd += part.imag
        part *= x
        square += part.real
    norm = step / mp.sqrt(2 * mp.pi)
    return even * norm, sign * odd * norm, square * norm


def over_half_normal(mp: Any, c: Number) -> tuple[Number, Number]:
    """Means of exp(-c^2/2v^2) and of c^2/v^2 exp(-c^2/2v^2) over half-normal v.

    A Lorentzian vector of width a is a Gaussian one of width a/v with half-normal v, so that
    the first is what a Lorentzian leaves of exp(-(c/v)^2/2). With v = sqrt(c) e^y the integrand
    falls off as exp(-c cosh 2y).
    """
    if c == 0:
        return mp.mpf(1), mp.mpf(0)
    c = abs(c)
    step = min(mp.mpf("0.04"), mp.mpf("0.2") / mp.sqrt(c))
    count = int(mp.acosh(1 + _smallest(mp) / c) / (2 * step)) + 1
    ratio = mp.exp(step)
    v = mp.sqrt(c) * mp.exp(-count * step)
    plain = inverse = mp.mpf(0)
    for _ in range(2 * count + 1):
        square = v * v
        part = v * mp.exp(-(square + c * c / square) / 2)
        plain += part
        inverse += part / square
        v *= ratio
    norm = step * mp.sqrt(2 / mp.pi)
    return plain * norm, c * c * inverse * norm


def gaussian_field(mp: Any, t: Number, delta: Number) -> Number:
    """1/3 + 2/3 cos(b t) averaged over the Maxwell distribution of b, width delta."""
    _, _, turning = over_normal(mp, delta * t)
    return (1 + 2 * turning) / 3


def voigtian_field(mp: Any, t: Number, a: Number, sigma: Number) -> Number:
    """The Gaussian zero-field function averaged over widths sqrt(sigma^2 + a^2/v^2)."""
    plain, inverse = over_half_normal(mp, a * t)
    square = (sigma * t) ** 2
    turning = mp.exp(-square / 2) * ((1 - square) * plain - inverse)
    return (1 + 2 * turning) / 3


def broadened_field(mp: Any, t: Number, delta: Number, width: Number) -> Number:
    """The Gaussian zero-field function averaged over normally distributed widths."""
    d, w = delta * t, width * t
    q = 1 + w * w
    reach = _reach(mp)
    step = 2 * mp.pi / reach
    count = int(reach / step) + 1
    total = mp.mpf(0)
    for k in range(-count, count + 1):
        x = k * step / mp.sqrt(q) - d * w / q
        square = (d + w * x) ** 2
        total += (1 - square) * mp.exp(-(x * x + square) / 2)
    turning = total * step / mp.sqrt(2 * mp.pi * q)
    return (1 + 2 * turning) / 3


def gaussian_around(mp: Any, t: Number, sigma: Number, nu: Number) -> Number:
    """cos(b t) averaged over b, the length of a vector 2 pi nu with Gaussian spread sigma.

    b is distributed as b/w times a normal distribution around w = 2 pi nu, for b of both signs.
    """
    w = 2 * mp.pi * nu
    even, odd, square = over_normal(mp, sigma * t)
    if w == 0:
        return square
    return mp.cos(w * t) * even - mp.sin(w * t) * sigma * odd / w


def lorentzian_around(mp: Any, t: Number, a: Number, nu: Number) -> Number:
    """The same with a Lorentzian spread a: the Gaussian one averaged over sigma = a/v."""
    plain, inverse = over_half_normal(mp, a * t)
    w = 2 * mp.pi * nu
    return mp.cos(w * t) * plain - mp.sinc(w * t) * inverse


def spin_glass(mp: Any, t: Number, a: Number, hop: Number, order: Number) -> Number:
    """A static and a fast part of a Gaussian field, averaged over widths D = a/v of the sites.

    Each site has 1/3 + 2/3 (1 - Q D^2 t^2) exp(-Q D^2 t^2 / 2) times
    exp(-2 (1 - Q) D^2 t / hop).
    """
    fast, static = 4 * (1 - order) * a * a * t / hop, order * (a * t) ** 2
    third, _ = over_half_normal(mp, mp.sqrt(fast))
    total = fast + static
    if total == 0:
        return mp.mpf(1)
    plain, inverse = over_half_normal(mp, mp.sqrt(total))
    return (third + 2 * (plain - static / total * inverse)) / 3
