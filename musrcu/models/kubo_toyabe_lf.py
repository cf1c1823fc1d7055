"""Static Kubo-Toyabe functions in a longitudinal field. Widths in 1/µs, B_LF in G, P(0) = 1.

With w = gamma_mu B_LF, theta = w t and E = exp(-Delta^2 t^2 / 2) or exp(-a t):

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

from musrcu.constants import GAMMA_MU
from musrcu.models.certificate import Certificate, Corner
from musrcu.models.kubo_toyabe import DELTA, HAYANO, UEMURA, A
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.references.longitudinal_average import gaussian_lf, lorentzian_lf

GAUSSIAN_SERIES, LORENTZIAN_SERIES = 1.0, 0.1
"""Ratios of w to the width below which the moments are summed: the closed form loses 16 eps at
the first, 1e-12 at the second, where the moments of a Lorentzian still converge fast."""
TERMS = 13
"""Powers of theta^2 that are summed: the next one is below 1e-16 at both switches."""
ALIKE = 1e7
"""w over Delta above which the Dawson integral is its leading term to the last digit."""

B_LF = Parameter("B_LF", "G", 10.0, "longitudinal field", lower=0.0, kind="field")

GAUSSIAN_SOURCE = "integral over magnitude and angle of the field"
LORENTZIAN_SOURCE = "Gaussian function averaged over half-normal 1/width"

Pair = tuple[FloatArray, FloatArray]


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
    """j0(theta) and j1(theta)/theta."""
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


# --- both


def _gaussian_loss(t: FloatArray, delta: float, w: float) -> Pair:
    return _pieces(_gaussian_series, _gaussian_closed, t, delta, w, GAUSSIAN_SERIES)


def _lorentzian_loss(t: FloatArray, a: float, w: float) -> Pair:
    return _pieces(_lorentzian_series, _lorentzian_closed, t, a, w, LORENTZIAN_SERIES)


def _gaussian_solution(t: FloatArray, delta: float, B_LF: float) -> Solved:
    late, w = np.maximum(t, 0.0).ravel(), GAMMA_MU * abs(B_LF)
    s, theta = delta * late, w * late
    j0, j1 = spherical(theta, np.cos(theta), np.sin(theta))
    change = 2.0 * delta * late * late * np.exp(-0.5 * s * s) * (j0 - s * s * j1)
    return _shaped(t, delta, B_LF, _gaussian_loss(late, delta, w), change)


def _lorentzian_solution(t: FloatArray, a: float, B_LF: float) -> Solved:
    late, w = np.maximum(t, 0.0).ravel(), GAMMA_MU * abs(B_LF)
    s, theta = a * late, w * late
    j0, j1 = spherical(theta, np.cos(theta), np.sin(theta))
    change = 2.0 * late * np.exp(-s) * (j0 - (1.0 + s) * j1)
    return _shaped(t, a, B_LF, _lorentzian_loss(late, a, w), change)


def _shaped(
    t: FloatArray,
    width: float,
    B_LF: float,
    pair: Pair,
    change: FloatArray,
) -> Solved:
    """Value and derivatives in the shape of ``t``; ``change`` is -t/width dP/dt.

    P depends on width t and w t alone, so that width dP/dwidth + w dP/dw = t dP/dt.
    """
    (loss, slope), w = pair, GAMMA_MU * abs(B_LF)
    by_field = -math.copysign(GAMMA_MU, B_LF) * width * slope
    parts = 1.0 - width * loss, w * slope - change, by_field
    value, by_width, by_field = (part.reshape(t.shape) for part in parts)
    return value, (by_width, by_field)


def _place_ratio(width: str, ratio: float) -> Callable[..., dict[str, float]]:
    """The field at which w over the width is this, and a time when that matters."""

    def place(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
        size = 10 ** rng.uniform(-2, 2)
        t = 10 ** rng.uniform(-2, 1.5) / size
        return {**values, width: size, "B_LF": ratio * size / GAMMA_MU, "t": t}

    return place


def _place_theta(width: str) -> Callable[..., dict[str, float]]:
    """The time at which theta is one, in a field that outweighs the width."""

    def place(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
        w = 10 ** rng.uniform(-1, 3)
        return {**values, width: w * 10 ** rng.uniform(-3, -0.01), "B_LF": w / GAMMA_MU, "t": 1 / w}

    return place


def _corners(width: str, ratio: float) -> list[Corner]:
    return [
        Corner("small field: moments to closed form", _place_ratio(width, ratio), "B_LF"),
        Corner("early times: moments to closed form", _place_theta(width), "t"),
        Corner("field near zero", lambda v, rng: {**v, "B_LF": 10 ** rng.uniform(-9, -1)}),
        Corner("width near zero", lambda v, rng: {**v, width: 10 ** rng.uniform(-9, -3)}),
    ]


def _check(width: str, t: float, w: float, expected: float, source: str, tolerance: float) -> Check:
    return Check({width: 0.5, "B_LF": w / GAMMA_MU}, t, expected, source, tolerance)


@component(
    "1 - 2 (delta/w)^2 [1 - exp(-delta^2 t^2/2) cos(w t)] + 2 (delta^4/w^3) int_0^t "
    "exp(-delta^2 u^2/2) sin(w u) du, w = gamma_mu B_LF",
    parameters=[DELTA, B_LF],
    together=_gaussian_solution,
    checks=[
        _check("delta", 1.0, 0.005, 0.774582248212084, GAUSSIAN_SOURCE, 1e-13),
        _check("delta", 4.0, 0.005, 0.0626851222778482, GAUSSIAN_SOURCE, 1e-13),
        _check("delta", 2.0, 0.3, 0.35199860165952, GAUSSIAN_SOURCE, 1e-13),
        _check("delta", 3.0, 1.0, 0.518389766140053, GAUSSIAN_SOURCE, 1e-13),
        _check("delta", 6.0, 2.5, 0.922681748057459, GAUSSIAN_SOURCE, 1e-13),
        _check("delta", 5.0, 10.0, 0.995224014563708, GAUSSIAN_SOURCE, 1e-13),
        _check("delta", 1.0, 0.0, 0.774581784625631, "radial quadrature in zero field", 1e-13),
        Check({"delta": 0.0, "B_LF": 5.0}, t=3.0, expected=1.0, source="no width"),
    ],
    reference=HAYANO,
    certificate=Certificate(
        gaussian_lf,
        "sum over the magnitude of the field, 40 digits",
        corners=_corners("delta", GAUSSIAN_SERIES),
    ),
)
def gaussian_kt_lf(t: FloatArray, delta: float, B_LF: float) -> FloatArray:
    """Static Gaussian Kubo-Toyabe function in a longitudinal field. 1 before t = 0."""
    late = np.maximum(t, 0.0)
    loss, _ = _gaussian_loss(late.ravel(), delta, GAMMA_MU * abs(B_LF))
    return (1.0 - delta * loss).reshape(late.shape)


@component(
    "1 - (a/w) j1(w t) exp(-a t) - (a/w)^2 [j0(w t) exp(-a t) - 1] - a [1 + (a/w)^2] int_0^t "
    "j0(w u) exp(-a u) du, w = gamma_mu B_LF",
    parameters=[A, B_LF],
    together=_lorentzian_solution,
    checks=[
        _check("a", 1.0, 0.3, 0.5380133083194, LORENTZIAN_SOURCE, 1e-12),
        _check("a", 3.0, 1.0, 0.4916658645968, LORENTZIAN_SOURCE, 1e-12),
        _check("a", 6.0, 2.5, 0.7533352730443, LORENTZIAN_SOURCE, 1e-12),
        _check("a", 1.0, 0.0, 0.5355102199042, "quadrature over the field", 1e-12),
        _check("a", 4.0, 0.0, 0.2431098111756, "quadrature over the field", 1e-12),
        Check({"a": 0.0, "B_LF": 5.0}, t=3.0, expected=1.0, source="no width"),
    ],
    reference=UEMURA,
    certificate=Certificate(
        lorentzian_lf,
        "average over the field by its exponential integral, 40 to 100 digits",
        corners=_corners("a", LORENTZIAN_SERIES),
    ),
)
def lorentzian_kt_lf(t: FloatArray, a: float, B_LF: float) -> FloatArray:
    """Static Lorentzian Kubo-Toyabe function in a longitudinal field. 1 before t = 0."""
    late = np.maximum(t, 0.0)
    loss, _ = _lorentzian_loss(late.ravel(), a, GAMMA_MU * abs(B_LF))
    return (1.0 - a * loss).reshape(late.shape)
