"""Dynamic Kubo-Toyabe functions of Gaussian and Voigtian fields, by strong collisions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musrcu.constants import GAMMA_MU
from musrcu.models.certificate import DYNAMIC, Certificate, Corner
from musrcu.models.gaussian_transform import WEAK, LongitudinalGaussian
from musrcu.models.kubo_toyabe import DELTA, A
from musrcu.models.kubo_toyabe_lf import B_LF
from musrcu.models.parameter import LONGEST, Check, Parameter
from musrcu.models.registry import FloatArray, component
from musrcu.models.remember import remembered
from musrcu.models.strong_collision import APART, GONE, strong_collision
from musrcu.models.validity import zero_field
from musrcu.models.voigtian_transform import Voigtian
from musrcu.references.strong_collision import gaussian, voigtian

HOP = Parameter(
    "hop",
    "1/us",
    0.5,
    "hopping rate: the field is a new one after each hop",
    lower=0.0,
    seeds=(0.05, 0.5, 5.0),
    domain=(0.0, 1000.0),
)
SIGMA = Parameter("sigma", "1/us", 0.2, "width of the Gaussian fields", lower=0.0, seeds=(0.2,))

HAYANO = "R. S. Hayano et al., Phys. Rev. B 20, 850 (1979)"
CROOK = "M. R. Crook and R. Cywinski, J. Phys.: Condens. Matter 9, 1149 (1997)"
METHOD = "power series in time, or inverse Laplace transform in many digits at late times"
INVERTED = "inverse Laplace transform (Talbot), 40 digits"
FAST = "fast hopping: exp(-2 delta^2 hop t / (hop^2 + omega^2))"


@remembered
def _solve_gaussian(t: FloatArray, delta: float, B_LF: float, hop: float) -> FloatArray:
    static = LongitudinalGaussian(abs(delta), GAMMA_MU * abs(B_LF))
    return strong_collision(t, static, max(hop, 0.0))


@remembered
def _solve_voigtian(t: FloatArray, a: float, sigma: float, hop: float) -> FloatArray:
    return strong_collision(t, Voigtian(max(a, 0.0), abs(sigma)), max(hop, 0.0))


def _in_field(
    t: FloatArray, delta: float, B_LF: float, hop: float
) -> tuple[FloatArray, Sequence[FloatArray]]:
    value, by_delta, by_omega, by_hop = _solve_gaussian(np.asarray(t, float), delta, B_LF, hop)
    return value, (by_delta, GAMMA_MU * by_omega, by_hop)


def _zero_field(t: FloatArray, delta: float, hop: float) -> tuple[FloatArray, Sequence[FloatArray]]:
    value, by_delta, _, by_hop = _solve_gaussian(np.asarray(t, float), delta, 0.0, hop)
    return value, (by_delta, by_hop)


def _voigtian(
    t: FloatArray, a: float, sigma: float, hop: float
) -> tuple[FloatArray, Sequence[FloatArray]]:
    value, *slopes = _solve_voigtian(np.asarray(t, float), a, sigma, hop)
    return value, slopes


def _at_weak_field(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    return {**values, "B_LF": WEAK * values["delta"] / GAMMA_MU}


def _at_separation(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    field = max(values["B_LF"], 1.01 * APART / (GAMMA_MU * LONGEST))
    t = APART / (GAMMA_MU * field)
    delta = rng.uniform(0, 7) / t if rng.random() < 0.5 else values["delta"]
    return {**values, "B_LF": field, "t": t, "delta": delta}


def _at_last_precession(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    share = rng.uniform()
    t = max(values["t"], 0.05)
    field = rng.uniform(1, 10) * APART / (GAMMA_MU * t)
    delta = float(np.sqrt(2 * GONE * (1 - share))) / t
    return {**values, "t": t, "B_LF": field, "delta": delta, "hop": GONE * share / t}


def _few_gaussian(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    return {**values, "sigma": values["a"] * 10 ** rng.uniform(-4, -0.5)}


def _table(delta: float, hop: float, t: float, expected: float, digits: float) -> Check:
    return Check({"delta": delta, "hop": hop}, t, expected, INVERTED, digits)


def _field_table(omega: float, delta: float, hop: float, t: float, expected: float) -> Check:
    values = {"delta": delta, "B_LF": omega / GAMMA_MU, "hop": hop}
    return Check(values, t, expected, INVERTED, 1e-11)


@component(
    "G(t) = g(t) exp(-hop t) + hop int_0^t g(u) exp(-hop u) G(t-u) du, g = gaussian_kt",
    parameters=[DELTA, HOP],
    together=_zero_field,
    checks=[
        _table(0.5, 0.1, 2.0, 0.3656852266168, 1e-11),
        _table(0.5, 0.5, 8.0, 0.04826171030418, 1e-11),
        _table(0.5, 5.0, 8.0, 0.461637595124, 1e-11),
        _table(0.5, 50.0, 4.0, 0.9609853822036, 1e-11),
        Check({"delta": 0.5, "hop": 0.0}, 1.0, 0.774581784625631, "static", 1e-11),
        Check({"delta": 0.0, "hop": 3.0}, 9.0, 1.0, "no field"),
        Check({"delta": 0.1, "hop": 1000.0}, 20.0, float(np.exp(-0.0004)), FAST, 2e-8),
    ],
    reference=HAYANO,
    certificate=Certificate(
        lambda mp, t, delta, hop: gaussian(mp, t, delta, 0, hop),
        METHOD,
        accuracy=DYNAMIC,
    ),
    valid=zero_field("dynamic_gaussian_kt_lf", max),
)
def dynamic_gaussian_kt(t: FloatArray, delta: float, hop: float) -> FloatArray:
    """Dynamic Gaussian Kubo-Toyabe: nuclear moments seen by a hopping muon, zero field."""
    return _zero_field(t, delta, hop)[0]


@component(
    "G(t) = g(t) exp(-hop t) + hop int_0^t g(u) exp(-hop u) G(t-u) du, g = gaussian_kt_lf",
    parameters=[DELTA, B_LF, HOP],
    together=_in_field,
    checks=[
        _field_table(0.0, 0.5, 0.1, 2.0, 0.3656852266168),
        _field_table(1.0, 0.5, 0.5, 2.0, 0.5812934915357),
        _field_table(1.0, 0.5, 0.5, 8.0, 0.2393510968049),
        _field_table(2.0, 0.5, 5.0, 8.0, 0.510845271913),
        _field_table(3.0, 0.5, 50.0, 4.0, 0.9611211875766),
        Check(
            {"delta": 0.5, "B_LF": 10.0 / GAMMA_MU, "hop": 0.0}, 5.0, 0.995224014563708,
            "static, integral over the fields", 1e-11,
        ),
        Check({"delta": 0.0, "B_LF": 50.0, "hop": 3.0}, 9.0, 1.0, "no field"),
    ],
    reference=HAYANO,
    certificate=Certificate(
        gaussian,
        METHOD,
        accuracy=DYNAMIC,
        corners=[
            Corner("omega = 0.2 delta: series to closed form", _at_weak_field, "B_LF"),
            Corner("omega t = 120: one curve to three", _at_separation, "t"),
            Corner("omega t = 120 by the field", _at_separation, "B_LF"),
            Corner("the precession is gone", _at_last_precession, "t"),
            Corner("the precession is gone by hopping", _at_last_precession, "hop"),
        ],
    ),
)  # fmt: skip
def dynamic_gaussian_kt_lf(t: FloatArray, delta: float, B_LF: float, hop: float) -> FloatArray:
    """Dynamic Gaussian Kubo-Toyabe in a longitudinal field: hopping that decouples late."""
    return _in_field(t, delta, B_LF, hop)[0]


@component(
    "G(t) = g(t) exp(-hop t) + hop int_0^t g(u) exp(-hop u) G(t-u) du, g = voigtian_kt",
    parameters=[A, SIGMA, HOP],
    together=_voigtian,
    checks=[
        Check(
            {"a": 0.0, "sigma": 0.5, "hop": 0.5}, 8.0, 0.04826171030418,
            "Gaussian fields alone, inverse Laplace transform", 1e-11,
        ),
        Check(
            {"a": 0.5, "sigma": 0.0, "hop": 0.5}, 2.0, 0.309388387679,
            "Lorentzian fields alone, inverse Laplace transform", 1e-11,
        ),
        Check(
            {"a": 0.5, "sigma": 0.0, "hop": 5.0}, 8.0, 0.005403392146603,
            "Lorentzian fields alone, inverse Laplace transform", 1e-11,
        ),
        Check(
            {"a": 0.3, "sigma": 0.4, "hop": 0.0}, 1.0, 0.5795234406498,
            "static, quadrature over the fields", 1e-11,
        ),
    ],
    reference=CROOK,
    certificate=Certificate(
        voigtian,
        METHOD,
        accuracy=DYNAMIC,
        corners=[Corner("few Gaussian fields", _few_gaussian)],
    ),
    valid=zero_field("dynamic_gaussian_kt_lf and dynamic_lorentzian_kt_lf", max),
)  # fmt: skip
def dynamic_voigtian_kt(t: FloatArray, a: float, sigma: float, hop: float) -> FloatArray:
    """Dynamic Voigtian Kubo-Toyabe: dense and dilute moments seen by a hopping muon."""
    return _voigtian(t, a, sigma, hop)[0]
