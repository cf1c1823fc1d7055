"""Relaxation by fluctuating fields, in the Gaussian approximation and beyond. Rates in 1/µs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from musrcu.constants import GAMMA_MU, GAMMA_MU_OVER_2PI
from musrcu.models.certificate import Certificate, Corner
from musrcu.models.correlation import NEAR, its_slope, second_integral
from musrcu.models.kubo_toyabe import DELTA, UEMURA, A
from musrcu.models.parameter import Check, Parameter
from musrcu.models.phasor import phasor
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.models.relaxation import SMALLEST_RATE
from musrcu.models.validity import Validity
from musrcu.references.fluctuating_field import correlated, diffusion
from musrcu.references.static_field import spin_glass

HOP = Parameter(
    "hop",
    "1/us",
    1.0,
    "rate at which the field changes",
    lower=0.0,
    seeds=(0.2, 2.0, 20.0),
    domain=(0.0, 1000.0),
)
B_LF = Parameter("B_LF", "G", 0.0, "longitudinal field", lower=0.0, kind="field")
STEEP = 100.0
"""Up to this delta / hop, exp(-hop t) - 1 + hop t may cancel: it costs STEEP^2 eps at most."""
SLOWEST_HOP = 1e-100
"""1/µs; a spin glass that does not fluctuate at all is computed with this rate."""
SMALLEST_SQUARE = 1e-300
"""y/(a^2 t) of a spin glass where it is 0, so that nothing is divided by 0 at t = 0."""
LEAST_ROOM = 1e-16
"""1 - Q of a spin glass where its derivative by Q is infinite."""
SQRT_PI = float(np.sqrt(np.pi))
KEREN_FROM, KEREN_BEYOND, KEREN_WITHIN = 6.0, 15.0, 0.6
"""hop / delta and gamma_mu B_LF / delta from which keren is as good as 0.01 of P, and delta t up to
which it is: the largest difference from dynamic_gaussian_kt_lf is 0.0083 at the first whatever the
field, 0.0088 at the second whatever the hop rate, and (delta t)^4 / 12 early."""
GLASS_FROM = 50.0
"""hop / (a sqrt(1 - Q)) from which a spin glass is as good as 0.03 of P: the largest difference
from the mean of dynamic_gaussian_kt over its sites, at Q = 0, is 0.024 there, 0.13 at 5."""


def _abragam(t: FloatArray, delta: float, hop: float) -> Solved:
    decay = np.exp(-hop * t)
    integral = second_integral(t, hop, decay)
    value = np.exp(-(delta * delta) * integral)
    slope = its_slope(t, hop, decay, integral)
    return value, (-2.0 * delta * integral * value, -(delta * delta) * slope * value)


def _at_switch(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    values = {**values, "hop": max(values["hop"], 0.1)}
    rate = complex(values["hop"], -GAMMA_MU * values.get("B_LF", 0.0))
    return {**values, "t": NEAR / abs(rate)}


def _at_short_times(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Where the series is used and the relaxation is nevertheless large."""
    values = _at_switch(values, rng)
    t = values["t"] * rng.uniform(0, 1)
    return {**values, "t": t, "delta": rng.uniform(0.3, 3) / max(t, 0.02)}


def _steep(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Where delta t is moderate, as the relaxation is then neither nothing nor complete."""
    hop = 10 ** rng.uniform(-3, 0.3)
    return {**values, "hop": hop, "delta": STEEP * hop, "t": rng.uniform(0.1, 3) / (STEEP * hop)}


SHORT = (
    Corner("series to closed form: |hop - i omega| t = 0.1", _at_switch, across="t"),
    Corner("much relaxation at |hop - i omega| t < 0.1", _at_short_times),
)


@component(
    "exp(-(delta / hop)^2 [exp(-hop t) - 1 + hop t])",
    parameters=[DELTA, HOP],
    together=_abragam,
    checks=[
        Check({"delta": 0.5, "hop": 0.2}, 1.0, 0.889525409053921, "double integral", 1e-15),
        Check({"delta": 0.5, "hop": 2.0}, 5.0, 0.569781207976953, "double integral", 1e-15),
        Check({"delta": 0.5, "hop": 1e-6}, 2.0, 0.606530861889453, "double integral", 1e-15),
        Check({"delta": 0.5, "hop": 0.0}, 2.0, 0.6065306597126334, "static: exp(-1/2)", 1e-15),
    ],
    reference="A. Abragam, The Principles of Nuclear Magnetism, Oxford (1961), chapter X",
    certificate=Certificate(
        lambda mp, t, delta, hop: mp.exp(-(delta**2) * correlated(mp, t, hop, mp.mpf(0))),
        "integral over the correlation of the field",
        corners=(
            *SHORT,
            Corner("series unused: delta = 100 hop", _steep, across="delta"),
        ),
    ),
)
def abragam(t: FloatArray, delta: float, hop: float) -> FloatArray:
    """Envelope in a transverse field of Gaussian fields that fluctuate; hop 0 is a Gaussian."""
    z = hop * t
    decay = np.exp(-z)
    if delta > STEEP * hop:
        return np.asarray(np.exp(-(delta * delta) * second_integral(t, hop, decay)))
    z -= 1.0
    z += decay
    z *= -((delta / hop) ** 2) if hop else 0.0
    return np.asarray(np.exp(z))


def _turning(t: FloatArray, b_lf: float, hop: float) -> tuple[complex, Any]:
    """The rate hop - i omega, and exp(-rate t)."""
    return complex(hop, -GAMMA_MU * b_lf), phasor(t, GAMMA_MU_OVER_2PI * b_lf, 0.0, hop)


def _slow_keren(field: float | None, longest: float, delta: float, b_lf: float, hop: float) -> str:
    known = hop >= KEREN_FROM * delta or GAMMA_MU * abs(b_lf) >= KEREN_BEYOND * delta
    if known or delta * longest < KEREN_WITHIN:
        return ""
    return (
        f"is within 0.01 of the polarisation for hop above {KEREN_FROM:g} delta, and here "
        f"hop/delta = {hop / delta:.2g}: use dynamic_gaussian_kt_lf"
    )


def _slow_glass(field: float | None, longest: float, a: float, hop: float, order: float) -> str:
    fast = a * math.sqrt(max(1.0 - order, 0.0))
    if hop >= GLASS_FROM * fast:
        return ""
    return (
        f"is within 0.03 of the polarisation for hop above {GLASS_FROM:g} a sqrt(1 - Q), and here "
        f"that ratio is {hop / fast:.2g}: it relaxes too fast at first"
    )


def _keren(t: FloatArray, delta: float, b_lf: float, hop: float) -> Solved:
    rate, decay = _turning(t, b_lf, hop)
    integral = second_integral(t, rate, decay)
    slope = its_slope(t, rate, decay, integral)
    value = np.exp(-2.0 * (delta * delta) * integral.real)
    common = -2.0 * (delta * delta) * value
    return value, (
        -4.0 * delta * integral.real * value,
        GAMMA_MU * common * slope.imag,
        common * slope.real,
    )


@component(
    "exp(-2 delta^2 t^2 Re E2((hop - i gamma_mu B_LF) t)), E2(z) = (exp(-z) - 1 + z) / z^2",
    parameters=[DELTA, B_LF, HOP],
    together=_keren,
    checks=[
        Check(
            {"delta": 0.5, "B_LF": 0.0, "hop": 0.2},
            1.0,
            0.791255453352546,
            "double integral",
            1e-15,
        ),
        Check(
            {"delta": 0.5, "B_LF": 1.0 / GAMMA_MU, "hop": 2.0},
            5.0,
            0.390626173044455,
            "double integral",
            1e-15,
        ),
        Check(
            {"delta": 0.5, "B_LF": 3.0 / GAMMA_MU, "hop": 0.3},
            5.0,
            0.86590212037311,
            "double integral",
            5e-15,
        ),
        Check(
            {"delta": 0.5, "B_LF": 1e-5 / GAMMA_MU, "hop": 1e-6},
            2.0,
            0.367879686436625,
            "double integral",
            1e-15,
        ),
        Check(
            {"delta": 0.4, "B_LF": 0.05 / GAMMA_MU, "hop": 0.04},
            3.0,
            0.251182366738439,
            "double integral",
            2e-15,
        ),
    ],
    reference="A. Keren, Phys. Rev. B 50, 10039 (1994)",
    certificate=Certificate(
        lambda mp, t, delta, b_lf, hop: mp.exp(
            -2 * delta**2 * correlated(mp, t, hop, mp.mpf(GAMMA_MU) * b_lf)
        ),
        "integral over the correlation of the field",
        corners=SHORT,
    ),
    valid=Validity(
        f"hop above {KEREN_FROM:g} delta (or gamma_mu B_LF above {KEREN_BEYOND:g} delta), where it "
        "is within 0.01 of dynamic_gaussian_kt_lf; below, use that",
        _slow_keren,
    ),
)
def keren(t: FloatArray, delta: float, B_LF: float, hop: float) -> FloatArray:
    """Fast fluctuating Gaussian fields in a longitudinal field; valid for hop far above delta."""
    integral = second_integral(t, *_turning(t, B_LF, hop))
    return np.asarray(np.exp(-2.0 * (delta * delta) * integral.real))


def _risch_kehr_derivatives(
    t: FloatArray, value: FloatArray, gamma: float
) -> tuple[FloatArray, ...]:
    # the derivative at gamma = 0 is infinite
    rate = gamma or SMALLEST_RATE
    t = np.maximum(t, 0.0)
    root = np.sqrt(rate * t)
    infinite = np.divide(1.0, SQRT_PI * root, out=np.zeros_like(root), where=root > 0)
    return (t * (value - infinite),)


@component(
    "exp(gamma t) erfc(sqrt(gamma t))",
    parameters=[
        Parameter("gamma", "1/us", 0.1, "rate of the diffusion", lower=0.0, seeds=(0.01, 0.3))
    ],
    derivatives=_risch_kehr_derivatives,
    checks=[
        Check({"gamma": 0.01}, 1.0, 0.8964569799691, "quadrature", 6e-14),
        Check({"gamma": 0.5}, 2.0, 0.4275835761558, "quadrature", 6e-14),
        Check({"gamma": 10.0}, 40.0, 0.02817434874105, "quadrature", 6e-15),
    ],
    reference="R. Risch and K. W. Kehr, Phys. Rev. B 46, 5246 (1992)",
    certificate=Certificate(
        lambda mp, t, gamma: diffusion(mp, gamma * t),
        "2/sqrt(pi) int exp(-u^2 - 2 u sqrt(gamma t)) du",
        domain="interior",
    ),
)
def risch_kehr(t: FloatArray, gamma: float) -> FloatArray:
    """Muon and a spin that diffuses along a chain. 1 before t = 0.

    The derivative by gamma is infinite at gamma = 0; there it is that of gamma = 1e-12.
    """
    from scipy.special import erfcx

    return np.asarray(erfcx(np.sqrt(gamma * np.maximum(t, 0.0))))


def _spin_glass_lengths(
    t: FloatArray, hop: float, order: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """sqrt(y)/a, sqrt(y + v)/a and v/(a sqrt(y + v)), and sqrt(y + v)/(a sqrt(t))."""
    t = np.maximum(t, 0.0)
    root = np.sqrt(t)
    square = max(4.0 * (1.0 - order) / max(hop, SLOWEST_HOP), SMALLEST_SQUARE)
    static = order * t
    inner = np.sqrt(static + square)
    return math.sqrt(square) * root, root * inner, static * root / inner, inner


def _uemura_spin_glass(t: FloatArray, a: float, hop: float, order: float) -> Solved:
    t, hop = np.maximum(t, 0.0), max(hop, SLOWEST_HOP)
    fast, both, ratio, inner = _spin_glass_lengths(t, hop, order)
    inverse = 1.0 / inner
    third = np.exp(-a * fast) / 3.0
    rest = (2.0 / 3.0) * np.exp(-a * both)
    turning = 1.0 - a * ratio
    by_a = -fast * third - rest * (ratio + both * turning)
    # d both/d hop = -fast^2/(2 hop both), and 1 - ratio/both = (fast/both)^2
    share = math.sqrt(4.0 * (1.0 - order) / hop) * inverse
    by_hop = a * fast / (2.0 * hop) * (third + rest * share * (share * share - a * ratio))
    root = np.sqrt(t)
    both_by_order = (0.5 * t - 2.0 / hop) * root * inverse
    ratio_by_order = t * inverse * (root - order * both_by_order * inverse)
    fast_by_order = -root / math.sqrt(hop * max(1.0 - order, LEAST_ROOM))
    by_order = -a * (fast_by_order * third + rest * (ratio_by_order + both_by_order * turning))
    return third + rest * turning, (by_a, by_hop, by_order)


@component(
    "1/3 exp(-sqrt(y)) + 2/3 [1 - v / sqrt(y + v)] exp(-sqrt(y + v)), "
    "y = 4 (1 - Q) a^2 t / hop, v = Q a^2 t^2",
    parameters=[
        A,
        Parameter(
            "hop",
            "1/us",
            10.0,
            "rate of the fluctuations",
            lower=0.0,
            seeds=(1.0, 10.0, 100.0),
            domain=(0.0, 1e3),
        ),
        Parameter("Q", "", 0.5, "static part of the squared moment", lower=0.0, upper=1.0),
    ],
    together=_uemura_spin_glass,
    checks=[
        Check({"a": 0.5, "hop": 10.0, "Q": 0.3}, 1.0, 0.6216675751515, "mean over sites", 6e-14),
        Check({"a": 0.5, "hop": 10.0, "Q": 0.3}, 4.0, 0.1990556449473, "mean over sites", 6e-14),
        Check({"a": 0.5, "hop": 10.0, "Q": 0.9}, 4.0, 0.1851680438093, "mean over sites", 6e-14),
        Check({"a": 0.5, "hop": 10.0, "Q": 1.0}, 4.0, 0.2431098111756, "static Lorentzian", 6e-14),
    ],
    reference=UEMURA,
    certificate=Certificate(
        spin_glass,
        "integral over the sites of Gaussian fields with a static and a fast part",
        domain="interior",
        corners=[
            Corner("hop small", lambda v, rng: {**v, "hop": 10 ** rng.uniform(-3, 0)}),
            Corner("Q near 1", lambda v, rng: {**v, "Q": 1 - 10 ** rng.uniform(-8, -1)}),
            Corner("Q = 0", lambda v, rng: {**v, "Q": 0.0}),
            Corner("a = 0", lambda v, rng: {**v, "a": 0.0}),
        ],
    ),
    valid=Validity(
        f"hop above {GLASS_FROM:g} a sqrt(1 - Q), where it is within 0.03 of the mean over sites; "
        "below, early times are off",
        _slow_glass,
    ),
)
def uemura_spin_glass(t: FloatArray, a: float, hop: float, Q: float) -> FloatArray:
    """Spin glass: a static part Q and a fluctuating one, at every site; valid for hop far above a.

    1 before t = 0. As hop goes to 0 the formula loses its meaning: it relaxes at once, where the
    field would be static. The derivative by Q is infinite at Q = 1; there it is that of a Q
    smaller by 1e-16.
    """
    fast, both, ratio, _ = _spin_glass_lengths(t, hop, Q)
    value = np.exp(-a * fast) + (2.0 - (2.0 * a) * ratio) * np.exp(-a * both)
    return np.asarray(value / 3.0)
