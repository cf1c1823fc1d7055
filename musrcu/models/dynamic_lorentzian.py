"""Dynamic Kubo-Toyabe functions of Lorentzian fields, by strong collisions."""

from __future__ import annotations

import numpy as np

from musrcu.constants import GAMMA_MU
from musrcu.models.certificate import DYNAMIC, Certificate, Corner
from musrcu.models.dynamic_gaussian import HOP
from musrcu.models.kubo_toyabe import UEMURA, A
from musrcu.models.kubo_toyabe_lf import B_LF
from musrcu.models.lorentzian_transform import LongitudinalLorentzian
from musrcu.models.parameter import LONGEST, Check
from musrcu.models.rational_lorentzian import EARLY, rational_lorentzian
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.models.remember import remembered
from musrcu.models.strong_collision import APART, GONE, strong_collision
from musrcu.models.validity import zero_field
from musrcu.references.laplace_lorentzian import dynamic_lorentzian

INVERTED = "inverse Laplace transform (Talbot), 40 digits"
FIELD_AVERAGE = "static: Gaussian function averaged over half-normal 1/width"
METHOD = "inverse Laplace transform on cotangent curves, 38 digits"


@remembered
def _solve_zero_field(t: FloatArray, a: float, hop: float) -> FloatArray:
    return rational_lorentzian(t, max(a, 0.0), max(hop, 0.0))


@remembered
def _solve_in_field(t: FloatArray, a: float, B_LF: float, hop: float) -> FloatArray:
    static = LongitudinalLorentzian(max(a, 0.0), GAMMA_MU * abs(B_LF))
    return strong_collision(t, static, max(hop, 0.0))


def _zero_field(t: FloatArray, a: float, hop: float) -> Solved:
    value, *slopes = _solve_zero_field(np.asarray(t, dtype=float), a, hop)
    return value, slopes


def _in_field(t: FloatArray, a: float, B_LF: float, hop: float) -> Solved:
    value, by_a, by_omega, by_hop = _solve_in_field(np.asarray(t, dtype=float), a, B_LF, hop)
    return value, (by_a, GAMMA_MU * by_omega, by_hop)


def _at_series(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    rate = 10 ** rng.uniform(-1.8, 3)
    a = min(rate * rng.uniform(), 200.0)
    return {**values, "a": a, "hop": rate - a, "t": EARLY / rate}


def _at_equal_rates(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    rate = 10 ** rng.uniform(-2, 2.3)
    return {**values, "a": rate, "hop": rate, "t": 10 ** rng.uniform(-1, 1.3) / rate}


def _nearly_static(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    a = 10 ** rng.uniform(-1, 2.3)
    return {**values, "a": a, "hop": a * 10 ** rng.uniform(-15, -4), "t": rng.uniform(0, 30) / a}


def _few_fields(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    return {**values, "a": values["hop"] * 10 ** rng.uniform(-9, -3)}


def _at_separation(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    field = max(values["B_LF"], 1.01 * APART / (GAMMA_MU * LONGEST))
    t = APART / (GAMMA_MU * field)
    damped = {"a": rng.uniform(0, 30) / t, "hop": rng.uniform(0, 30) / t}
    return {**values, **(damped if rng.random() < 0.5 else {}), "B_LF": field, "t": t}


def _at_last_precession(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    share, t = rng.uniform(), max(values["t"], 0.2)
    field = rng.uniform(1, 10) * APART / (GAMMA_MU * t)
    a, hop = GONE * (1 - share) / t, GONE * share / t
    return {**values, "t": t, "B_LF": field, "a": a, "hop": hop}


def _fast_everything(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    hop, omega = 10 ** rng.uniform(0, 3), 10 ** rng.uniform(0, 3.9)
    t = 10 ** rng.uniform(-1, 1.5) / hop
    return {**values, "hop": hop, "B_LF": omega / GAMMA_MU, "a": rng.uniform(0, 200), "t": t}


def _weak_field(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    return {**values, "B_LF": 10 ** rng.uniform(-9, -1)}


def _table(a: float, hop: float, t: float, expected: float) -> Check:
    return Check({"a": a, "hop": hop}, t, expected, INVERTED, 1e-12)


def _static(w: float, t: float, expected: float) -> Check:
    values = {"a": 0.5, "B_LF": w / GAMMA_MU, "hop": 0.0}
    return Check(values, t, expected, FIELD_AVERAGE, 1e-11)


@component(
    "G(t) = g(t) exp(-hop t) + hop int_0^t g(u) exp(-hop u) G(t-u) du, g = lorentzian_kt",
    parameters=[A, HOP],
    together=_zero_field,
    checks=[
        _table(0.5, 0.5, 2.0, 0.309388387679),
        _table(0.5, 5.0, 8.0, 0.005403392146603),
        Check({"a": 0.5, "hop": 0.0}, 4.0, 0.2431098111756, "static, quadrature", 1e-12),
        Check({"a": 0.0, "hop": 3.0}, 9.0, 1.0, "no field"),
        Check({"a": 0.3, "hop": 1000.0}, 2.0, float(np.exp(-0.8)), "fast: exp(-4/3 a t)", 5e-5),
        Check({"a": 1e-6, "hop": 20.0}, 1.0, 1 - 4e-6 / 3, "small t: 1 - 4/3 a t", 2e-12),
    ],
    reference=UEMURA,
    certificate=Certificate(
        lambda mp, t, a, hop: dynamic_lorentzian(mp, t, a, mp.mpf(0), hop),
        METHOD,
        accuracy=DYNAMIC,
        corners=[
            Corner("early: power series to roots", _at_series, "t"),
            Corner("a = hop: two ways to the roots", _at_equal_rates, "hop"),
            Corner("two roots nearly one", _nearly_static),
            Corner("fields small against hop", _few_fields),
        ],
    ),
    valid=zero_field("dynamic_lorentzian_kt_lf", max),
)
def dynamic_lorentzian_kt(t: FloatArray, a: float, hop: float) -> FloatArray:
    """Dynamic Lorentzian Kubo-Toyabe: dilute moments seen by a hopping muon; never narrowed."""
    return _zero_field(t, a, hop)[0]


@component(
    "G(t) = g(t) exp(-hop t) + hop int_0^t g(u) exp(-hop u) G(t-u) du, g = lorentzian_kt_lf",
    parameters=[A, B_LF, HOP],
    together=_in_field,
    checks=[
        Check({"a": 0.5, "B_LF": 0.0, "hop": 0.5}, 2.0, 0.309388387679, INVERTED, 1e-11),
        Check({"a": 0.5, "B_LF": 0.0, "hop": 5.0}, 8.0, 0.005403392146603, INVERTED, 1e-11),
        _static(0.3, 1.0, 0.5380133083194),
        _static(1.0, 3.0, 0.4916658645968),
        _static(2.5, 6.0, 0.7533352730443),
        Check({"a": 0.0, "B_LF": 50.0, "hop": 3.0}, 9.0, 1.0, "no field"),
    ],
    reference=UEMURA,
    certificate=Certificate(
        dynamic_lorentzian,
        METHOD,
        accuracy=DYNAMIC,
        corners=[
            Corner("omega t = 120: one curve to three", _at_separation, "t"),
            Corner("omega t = 120 by the field", _at_separation, "B_LF"),
            Corner("the precession is gone", _at_last_precession, "t"),
            Corner("the precession is gone by hopping", _at_last_precession, "hop"),
            Corner("hopping and precession fast", _fast_everything),
            Corner("field near zero", _weak_field),
        ],
    ),
)
def dynamic_lorentzian_kt_lf(t: FloatArray, a: float, B_LF: float, hop: float) -> FloatArray:
    """Dynamic Lorentzian Kubo-Toyabe in a longitudinal field: hopping that decouples late."""
    return _in_field(t, a, B_LF, hop)[0]
