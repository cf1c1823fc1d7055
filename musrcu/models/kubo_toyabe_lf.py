"""Static Kubo-Toyabe functions in a longitudinal field. Widths in 1/µs, B_LF in G, P(0) = 1."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from musrcu.constants import GAMMA_MU
from musrcu.models.certificate import Certificate, Corner
from musrcu.models.kubo_toyabe import DELTA, HAYANO, UEMURA, A
from musrcu.models.longitudinal_field import (
    GAUSSIAN_SERIES,
    LORENTZIAN_SERIES,
    Pair,
    gaussian_loss,
    lorentzian_loss,
    spherical,
)
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.references.longitudinal_average import gaussian_lf, lorentzian_lf

B_LF = Parameter("B_LF", "G", 10.0, "longitudinal field", lower=0.0, kind="field")

GAUSSIAN_SOURCE = "integral over magnitude and angle of the field"
LORENTZIAN_SOURCE = "Gaussian function averaged over half-normal 1/width"


def _gaussian_solution(t: FloatArray, delta: float, B_LF: float) -> Solved:
    late, w = np.maximum(t, 0.0).ravel(), GAMMA_MU * abs(B_LF)
    s, theta = delta * late, w * late
    j0, j1 = spherical(theta, np.cos(theta), np.sin(theta))
    change = 2.0 * delta * late * late * np.exp(-0.5 * s * s) * (j0 - s * s * j1)
    return _shaped(t, delta, B_LF, gaussian_loss(late, delta, w), change)


def _lorentzian_solution(t: FloatArray, a: float, B_LF: float) -> Solved:
    late, w = np.maximum(t, 0.0).ravel(), GAMMA_MU * abs(B_LF)
    s, theta = a * late, w * late
    j0, j1 = spherical(theta, np.cos(theta), np.sin(theta))
    change = 2.0 * late * np.exp(-s) * (j0 - (1.0 + s) * j1)
    return _shaped(t, a, B_LF, lorentzian_loss(late, a, w), change)


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
    loss, _ = gaussian_loss(late.ravel(), delta, GAMMA_MU * abs(B_LF))
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
    loss, _ = lorentzian_loss(late.ravel(), a, GAMMA_MU * abs(B_LF))
    return (1.0 - a * loss).reshape(late.shape)
