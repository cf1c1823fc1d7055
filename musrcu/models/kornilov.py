"""Spontaneous fields with an isotropic spread: exact means over the length of the field.

The field is a vector of fixed length, omega = 2 pi nu, in any direction, with a spread whose
characteristic function is chi(t) in each direction. What turns is then

    <cos(|b| t)> = d/dt [sin(omega t) chi(t) / omega],

and omega -> 0 is the Kubo-Toyabe function of that spread.
"""

from __future__ import annotations

import numpy as np

from musrcu.models.certificate import Certificate, Corner
from musrcu.models.internal_field import FRACTION, LAMBDA_L, mixture
from musrcu.models.kubo_toyabe import A
from musrcu.models.oscillation import NU, TWO_PI
from musrcu.models.parameter import Check
from musrcu.models.phasor import phasor
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.models.relaxation import BETA, SIGMA, stretched, stretched_slopes
from musrcu.references.static_field import gaussian_around, lorentzian_around

KORNILOV = "E. I. Kornilov and V. Yu. Pomjakushin, Phys. Lett. A 153, 364 (1991)"
SMALL = 0.03
"""omega t below which d/domega [sin(omega t) / omega] is summed as a series."""
SLOWEST = 1e-9
"""omega t below which sin(omega t) / omega is t: to 1e-18."""


def _sine_over(t: FloatArray, sine: FloatArray, omega: float) -> FloatArray:
    """sin(omega t) / omega."""
    if omega * np.max(np.abs(t), initial=0.0) < SLOWEST:
        return t
    return np.asarray(sine / omega)


def _its_slope(t: FloatArray, cosine: FloatArray, ratio: FloatArray, omega: float) -> FloatArray:
    """Its derivative by omega, (t cos(omega t) - ratio) / omega."""
    x = omega * t
    square = np.minimum(x * x, SMALL * SMALL)
    series = (-omega / 3.0) * t * t * t * (1.0 - square * (1.0 - square / 28.0) / 10.0)
    return np.where(np.abs(x) < SMALL, series, (t * cosine - ratio) / (omega or 1.0))


def _at_switch(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    t = max(values["t"], 1e-3)
    return {**values, "t": t, "nu": SMALL / (TWO_PI * t)}


def _slowest(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    t = max(values["t"], 1e-3)
    return {**values, "t": t, "nu": SLOWEST / (TWO_PI * t)}


def _narrow(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    return {**values, "nu": 10 ** rng.uniform(-9, -2)}


CORNERS = (
    Corner("derivative by nu: series to closed form", _at_switch, across="nu"),
    Corner("sine over omega is t", _slowest, across="nu"),
    Corner("field small against its spread", _narrow),
    Corner("no field", lambda v, rng: {**v, "nu": 0.0}),
)


def _kornilov_gaussian(
    t: FloatArray, fraction: float, lambda_l: float, beta: float, sigma: float, nu: float
) -> Solved:
    omega, wave = TWO_PI * nu, phasor(t, nu)
    square = t * t
    decay = np.exp((-0.5 * sigma * sigma) * square)
    ratio = _sine_over(t, wave.imag, omega)
    turns = (wave.real - (sigma * sigma) * t * ratio) * decay
    slope = _its_slope(t, wave.real, ratio, omega)
    by_sigma = -sigma * (2.0 * t * ratio * decay + square * turns)
    by_nu = -TWO_PI * t * (wave.imag + (sigma * sigma) * slope) * decay
    stays = stretched(t, lambda_l, beta)
    by_rest = list(stretched_slopes(t, stays, lambda_l, beta))
    return mixture(fraction, stays, turns, by_rest, [by_sigma, by_nu])


@component(
    "(1 - fraction) exp(-(lambda_L t)^beta) + fraction [cos(2 pi nu t) "
    "- sigma^2 t / (2 pi nu) sin(2 pi nu t)] exp(-sigma^2 t^2 / 2)",
    parameters=[FRACTION, LAMBDA_L, BETA, SIGMA, NU],
    together=_kornilov_gaussian,
    checks=[
        Check(
            {"fraction": 2 / 3, "lambda_L": 0.0, "beta": 1.0, "sigma": 0.5, "nu": 0.0},
            1.0,
            0.774581784625631,
            "nu = 0: Gaussian Kubo-Toyabe, by quadrature",
            2e-15,
        ),
        Check(
            {"fraction": 1.0, "lambda_L": 0.0, "beta": 1.0, "sigma": 0.5, "nu": 1.0},
            2.0,
            0.6065306597126334,
            "two full turns leave exp(-1/2)",
        ),
        Check(
            {"fraction": 0.0, "lambda_L": 0.5, "beta": 0.7, "sigma": 0.5, "nu": 1.0},
            2.0,
            0.36787944117144233,
            "what stays: 1/e",
        ),
    ],
    reference=KORNILOV,
    certificate=Certificate(
        lambda mp, t, fraction, lambda_l, beta, sigma, nu: (
            (1 - fraction) * mp.exp(-((lambda_l * t) ** beta))
            + fraction * gaussian_around(mp, t, sigma, nu)
        ),
        "integral over the length of the field",
        domain="interior",
        corners=(
            *CORNERS,
            Corner("no spread", lambda v, rng: {**v, "sigma": 0.0}),
            Corner("one part alone", lambda v, rng: {**v, "fraction": rng.choice((0.0, 1.0))}),
        ),
        digits=50,
    ),
)
def kornilov_gaussian(
    t: FloatArray, fraction: float, lambda_L: float, beta: float, sigma: float, nu: float
) -> FloatArray:
    """Powder with a spontaneous field and a Gaussian spread of its three components.

    The derivative by lambda_L is infinite at 0 where beta < 1; there it is that of 1e-12.
    """
    wave = phasor(t, nu)
    turns = wave.real - (sigma * sigma) * t * _sine_over(t, wave.imag, TWO_PI * nu)
    turns = fraction * turns * np.exp((-0.5 * sigma * sigma) * t * t)
    return np.asarray((1.0 - fraction) * stretched(t, lambda_L, beta) + turns)


def _kornilov_lorentzian(
    t: FloatArray, fraction: float, lambda_l: float, a: float, nu: float
) -> Solved:
    omega, wave = TWO_PI * nu, phasor(t, nu)
    decay = np.exp(-a * t)
    ratio = _sine_over(t, wave.imag, omega)
    turns = (wave.real - a * ratio) * decay
    slope = _its_slope(t, wave.real, ratio, omega)
    by_a = -ratio * decay - t * turns
    by_nu = -TWO_PI * (t * wave.imag + a * slope) * decay
    stays = np.exp(-lambda_l * t)
    return mixture(fraction, stays, turns, [-t * stays], [by_a, by_nu])


@component(
    "(1 - fraction) exp(-lambda_L t) + fraction [cos(2 pi nu t) "
    "- a / (2 pi nu) sin(2 pi nu t)] exp(-a t)",
    parameters=[FRACTION, LAMBDA_L, A, NU],
    together=_kornilov_lorentzian,
    checks=[
        Check(
            {"fraction": 2 / 3, "lambda_L": 0.0, "a": 0.5, "nu": 0.0},
            1.0,
            0.5355102199042,
            "nu = 0: Lorentzian Kubo-Toyabe, by quadrature",
            6e-14,
        ),
        Check(
            {"fraction": 1.0, "lambda_L": 0.0, "a": 0.5, "nu": 1.0},
            2.0,
            0.36787944117144233,
            "two full turns leave 1/e",
        ),
    ],
    reference=KORNILOV + ", with a Lorentzian in the place of the Gaussian",
    certificate=Certificate(
        lambda mp, t, fraction, lambda_l, a, nu: (
            (1 - fraction) * mp.exp(-lambda_l * t) + fraction * lorentzian_around(mp, t, a, nu)
        ),
        "integral over Gaussian spreads whose mixture is a Lorentzian",
        corners=CORNERS,
    ),
)
def kornilov_lorentzian(
    t: FloatArray, fraction: float, lambda_L: float, a: float, nu: float
) -> FloatArray:
    """Powder with a spontaneous field and a Lorentzian spread of its three components."""
    wave = phasor(t, nu)
    turns = wave.real - a * _sine_over(t, wave.imag, TWO_PI * nu)
    return np.asarray((1.0 - fraction) * np.exp(-lambda_L * t) + fraction * turns * np.exp(-a * t))
