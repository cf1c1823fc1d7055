"""Loss of polarisation in random static fields and a field along the spin, in stable forms.

With w the precession of the field along the spin, theta = w t and E = exp(-Delta^2 t^2 / 2) or
exp(-a t):

    dP/dt = -2 Delta^2 t E [j0(theta) - Delta^2 t^2 j1(theta)/theta]     Gaussian
    dP/dt = -2 a E [j0(theta) - (1 + a t) j1(theta)/theta]               Lorentzian

Integrated by parts this gives the closed forms, which cancel where w is small against the width or
theta against one; integrated term by term in powers of theta it gives sums of positive moments.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from musrcu.models.registry import FloatArray

GAUSSIAN_SERIES, LORENTZIAN_SERIES = 1.0, 0.1
"""Ratios of w to the width below which the moments are summed: the closed form loses 16 eps at
the first, 1e-12 at the second, where the moments of a Lorentzian still converge fast."""
TERMS = 13
"""Powers of theta^2 that are summed: the next one is below 1e-16 at both switches."""
ALIKE = 1e7
"""w over Delta above which the Dawson integral is its leading term to the last digit."""

Pair = tuple[FloatArray, FloatArray]
"""(1 - P) / width, and its derivative by w."""


def _moments(y: FloatArray, count: int) -> FloatArray:
    """Integrals of v^n exp(-y v) over 0 < v < 1 for n = 0 to count, shape (count + 1, n)."""
    found = np.empty((count + 1, y.size))
    # each direction of the recurrence forgets its errors on one side of y = n
    large = y > count + 2
    if large.any():
        found[:, large] = _moments_upwards(y[large], count)
    if not large.all():
        small = ~large
        found[:, small] = _moments_downwards(y[small], count)
    return found


def _moments_upwards(y: FloatArray, count: int) -> FloatArray:
    found, end = np.empty((count + 1, y.size)), np.exp(-y)
    found[0] = -np.expm1(-y) / y
    for n in range(1, count + 1):
        found[n] = (n * found[n - 1] - end) / y
    return found


def _moments_downwards(y: FloatArray, count: int) -> FloatArray:
    found, end, largest = np.empty((count + 1, y.size)), np.exp(-y), float(y.max())
    start, forgotten = count, 1.0
    while forgotten > 1e-18:
        start += 1
        forgotten *= largest / (start + 1)
    moment = end / (start + 1)
    for n in range(start - 1, -1, -1):
        moment = (y * moment + end) * (1.0 / (n + 1))
        if n <= count:
            found[n] = moment
    return found


def _sum_of_moments(
    moments: FloatArray, half: float, end: FloatArray, theta: FloatArray, t: FloatArray
) -> Pair:
    """Sum of (-1)^k theta^2k 4(k+1)/(2k+3)! (half moment_k + end), and its slope in w."""
    square, power = theta * theta, np.ones_like(theta)
    total, slope = np.zeros_like(theta), np.zeros_like(theta)
    for k, moment in enumerate(moments):
        part = (-1) ** k * 4 * (k + 1) / math.factorial(2 * k + 3) * (half * moment + end)
        if k:
            slope += 2 * k * power * part
            power = power * square
        total += power * part
    return total, slope * theta * t


def spherical(theta: FloatArray, cos: FloatArray, sin: FloatArray) -> Pair:
    """Spherical Bessel functions j0(theta) and j1(theta)/theta, from its cosine and sine."""
    small = theta < 0.02
    if not small.any():
        j0 = sin / theta
        return j0, (j0 - cos) / (theta * theta)
    square, safe = theta * theta, np.where(small, 1.0, theta)
    j0 = np.where(small, 1.0 - square / 6.0 * (1.0 - square / 20.0), sin / safe)
    series = (1.0 - square / 10.0 * (1.0 - square / 28.0)) / 3.0
    return j0, np.where(small, series, (j0 - cos) / (safe * safe))


def _chosen(series: bool, theta: FloatArray) -> NDArray[np.bool_]:
    return np.ones(theta.shape, dtype=bool) if series else theta < 1.0


# --- Gaussian: 1 - P = delta * loss, and loss itself goes to zero with delta


def _gaussian_series(t: FloatArray, delta: float, w: float) -> Pair:
    half_square = 0.5 * (delta * t) ** 2
    total, slope = _sum_of_moments(
        _moments(half_square, TERMS - 1), 0.5, np.exp(-half_square), w * t, t
    )
    return delta * t * t * total, delta * t * t * slope


def _gaussian_closed(t: FloatArray, delta: float, w: float) -> Pair:
    s, theta, ratio = delta * t, w * t, delta / w
    end, cos, sin = np.exp(-0.5 * s * s), np.cos(theta), np.sin(theta)
    rest = 1.0 - end * cos
    wave = _gaussian_wave(s, ratio, end, cos, sin)
    scale = 2.0 * ratio / w
    loss = scale * (rest - ratio**2 * wave)
    slope = (6.0 * rest - 6.0 * ratio**2 * wave - 2.0 * wave - 2.0 * end * theta * sin) * (
        -0.5 * scale / w
    )
    return loss, slope


def _gaussian_wave(
    s: FloatArray, ratio: float, end: FloatArray, cos: FloatArray, sin: FloatArray
) -> FloatArray:
    """Integral of w exp(-delta^2 u^2 / 2) sin(w u) over 0 < u < t."""
    from scipy.special import dawsn, wofz

    if ratio * ALIKE < 1.0:
        return 1.0 - end * cos
    z = math.sqrt(0.5) / ratio
    wave = np.full(s.shape, math.sqrt(2.0) / ratio * float(dawsn(z)))
    alive = end > 0.0
    w_function = wofz(z + 1j * math.sqrt(0.5) * s[alive])
    turned = sin[alive] * w_function.real + cos[alive] * w_function.imag
    wave[alive] -= math.sqrt(0.5 * math.pi) / ratio * end[alive] * turned
    return wave


# --- Lorentzian: 1 - P = a * loss, and loss stays finite at a = 0


def _lorentzian_series(t: FloatArray, a: float, w: float) -> Pair:
    s = a * t
    moments = _moments(s, 2 * TERMS - 2)[::2]
    total, slope = _sum_of_moments(moments, 1.0, np.exp(-s), w * t, t)
    return t * total, t * slope


def _lorentzian_closed(t: FloatArray, a: float, w: float) -> Pair:
    from scipy.special import exp1

    s, theta, ratio = a * t, w * t, a / w
    end, cos, sin = np.exp(-s), np.cos(theta), np.sin(theta)
    j0 = sin / theta
    j1 = (j0 - cos) / theta
    kernel = math.atan2(w, a) - exp1(s - 1j * theta).imag
    rest = end * j0 - 1.0
    loss = (end * j1 + ratio * rest + (1.0 + ratio**2) * kernel) / w
    slope = -end * j1 + end * (theta * j0 - 2.0 * j1) - 2.0 * ratio * rest
    slope += ratio * (1.0 - theta * end * j1) - (1.0 + 3.0 * ratio**2) * kernel
    slope -= end * (ratio * cos - sin)
    return loss, slope / (w * w)


def _pieces(
    series: Callable[[FloatArray, float, float], Pair],
    closed: Callable[[FloatArray, float, float], Pair],
    t: FloatArray,
    width: float,
    w: float,
    switch: float,
) -> Pair:
    """(1 - P) / width and its slope in w, from the form that does not cancel."""
    small = _chosen(w < switch * width, w * t)
    if small.all():
        return series(t, width, w)
    if not small.any():
        return closed(t, width, w)
    loss, slope = np.empty_like(t), np.empty_like(t)
    loss[small], slope[small] = series(t[small], width, w)
    loss[~small], slope[~small] = closed(t[~small], width, w)
    return loss, slope


def gaussian_loss(t: FloatArray, delta: float, w: float) -> Pair:
    """(1 - P) / delta of Gaussian fields, and its derivative by w.

    ``t`` is one-dimensional and not negative; ``delta`` and ``w`` are in 1/µs, either may be 0.
    """
    return _pieces(_gaussian_series, _gaussian_closed, t, delta, w, GAUSSIAN_SERIES)


def lorentzian_loss(t: FloatArray, a: float, w: float) -> Pair:
    """(1 - P) / a of Lorentzian fields, and its derivative by w.

    ``t`` is one-dimensional and not negative; ``a`` and ``w`` are in 1/µs, either may be 0.
    """
    return _pieces(_lorentzian_series, _lorentzian_closed, t, a, w, LORENTZIAN_SERIES)
