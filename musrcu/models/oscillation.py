"""Precession with and without damping. nu in MHz, phi in degrees, rates in 1/µs."""

from __future__ import annotations

from typing import Any

import numpy as np

from musrcu.models.certificate import Certificate
from musrcu.models.parameter import Check, Parameter
from musrcu.models.phasor import cosine_and_sine
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.models.relaxation import BETA, DIGITS, LAMBDA, SIGMA, stretched, stretched_slopes

TWO_PI = 2.0 * np.pi
DEGREE = np.pi / 180.0
BY_NU = (TWO_PI * 1j, 0.0)
BY_PHI = (0.0, DEGREE * 1j)
"""Derivatives of z and of i phi, by nu and by phi, where a function is Re exp(z t + i phi)."""

NU = Parameter(
    "nu", "MHz", 1.0, "precession frequency, gamma_mu B / 2 pi", lower=0.0, kind="frequency"
)
PHI = Parameter("phi", "deg", 0.0, "phase at t = 0", kind="phase")
HUDDART = "B. M. Huddart et al., Phys. Chem. Chem. Phys. 21, 1014 (2019)"


def _turn(mp: Any, t: Any, nu: Any, phi: Any) -> Any:
    return mp.cos(2 * mp.pi * nu * t + phi * mp.pi / 180)


def _cosine(t: FloatArray, nu: float, phi: float) -> Solved:
    value, sine = cosine_and_sine(t, nu, phi)
    return value, (-TWO_PI * t * sine, -DEGREE * sine)


def _damped_cosine(t: FloatArray, lambda_: float, nu: float, phi: float) -> Solved:
    value, sine = cosine_and_sine(t, nu, phi, lambda_)
    return value, (-t * value, -TWO_PI * t * sine, -DEGREE * sine)


def _gaussian_cosine(t: FloatArray, sigma: float, nu: float, phi: float) -> Solved:
    decay = np.exp(-0.5 * (sigma * t) ** 2)
    cosine_, sine = cosine_and_sine(t, nu, phi)
    value, sine = decay * cosine_, decay * sine
    return value, (-sigma * t * t * value, -TWO_PI * t * sine, -DEGREE * sine)


def _stretched_cosine(t: FloatArray, lambda_: float, beta: float, nu: float, phi: float) -> Solved:
    wave, sine = cosine_and_sine(t, nu, phi)
    decay = stretched(t, lambda_, beta)
    sine = sine * decay
    by_lambda, by_beta = stretched_slopes(t, decay, lambda_, beta)
    return wave * decay, (
        by_lambda * wave,
        by_beta * wave,
        -TWO_PI * t * sine,
        -DEGREE * sine,
    )


@component(
    "cos(2 pi nu t + phi)",
    parameters=[NU, PHI],
    together=_cosine,
    checks=[
        Check({"nu": 1.0, "phi": 0.0}, t=0.5, expected=-1.0, source="half a turn"),
        Check({"nu": 0.25, "phi": 90.0}, t=1.0, expected=-1.0, source="half a turn"),
    ],
    reference="definition",
    exponent=lambda nu, phi: (TWO_PI * 1j * nu, DEGREE * phi, [BY_NU, BY_PHI]),
    certificate=Certificate(_turn, DIGITS),
)
def cosine(t: FloatArray, nu: float, phi: float) -> FloatArray:
    """Undamped precession: one sharp field."""
    return cosine_and_sine(t, nu, phi)[0]


@component(
    "exp(-lambda t) cos(2 pi nu t + phi)",
    parameters=[LAMBDA, NU, PHI],
    together=_damped_cosine,
    checks=[
        Check({"lambda": 0.0, "nu": 1.0, "phi": 0.0}, t=0.5, expected=-1.0, source="half a turn"),
        Check(
            {"lambda": 0.35, "nu": 1.59, "phi": 5.729577951308232},
            t=1.0,
            expected=-0.55431919632097,
            source="computed with 25 digits",
            tolerance=1e-13,
        ),
    ],
    reference=HUDDART,
    exponent=lambda lambda_, nu, phi: (
        TWO_PI * 1j * nu - lambda_,
        DEGREE * phi,
        [(-1.0, 0.0), BY_NU, BY_PHI],
    ),
    certificate=Certificate(
        lambda mp, t, lambda_, nu, phi: mp.exp(-lambda_ * t) * _turn(mp, t, nu, phi), DIGITS
    ),
)
def damped_cosine(t: FloatArray, lambda_: float, nu: float, phi: float) -> FloatArray:
    """Precession with exponential damping: a Lorentzian distribution of fields."""
    return cosine_and_sine(t, nu, phi, lambda_)[0]


@component(
    "exp(-sigma^2 t^2 / 2) cos(2 pi nu t + phi)",
    parameters=[SIGMA, NU, PHI],
    together=_gaussian_cosine,
    checks=[
        Check({"sigma": 0.0, "nu": 1.0, "phi": 0.0}, t=0.5, expected=-1.0, source="half a turn"),
        Check(
            {"sigma": 0.5, "nu": 1.0, "phi": 0.0},
            t=2.0,
            expected=0.6065306597126334,
            source="two full turns leave exp(-1/2)",
        ),
    ],
    reference="A. Yaouanc and P. Dalmas de Reotier, Muon Spin Rotation, Relaxation and "
    "Resonance, Oxford (2011)",
    certificate=Certificate(
        lambda mp, t, sigma, nu, phi: mp.exp(-((sigma * t) ** 2) / 2) * _turn(mp, t, nu, phi),
        DIGITS,
    ),
    exponent=lambda sigma, nu, phi: (
        TWO_PI * 1j * nu,
        DEGREE * phi,
        [(0.0, 0.0), BY_NU, BY_PHI],
    ),
    spread=lambda sigma, nu, phi: (sigma**2, [2.0 * sigma, 0.0, 0.0]),
)
def gaussian_cosine(t: FloatArray, sigma: float, nu: float, phi: float) -> FloatArray:
    """Precession with Gaussian damping: a Gaussian distribution of fields."""
    return np.exp(-0.5 * (sigma * t) ** 2) * cosine_and_sine(t, nu, phi)[0]


@component(
    "exp(-(lambda t)^beta) cos(2 pi nu t + phi)",
    parameters=[LAMBDA, BETA, NU, PHI],
    together=_stretched_cosine,
    checks=[
        Check(
            {"lambda": 0.5, "beta": 0.7, "nu": 1.0, "phi": 0.0},
            t=2.0,
            expected=0.36787944117144233,
            source="two full turns leave 1/e",
        ),
        Check(
            {"lambda": 0.35, "beta": 1.0, "nu": 1.59, "phi": 5.729577951308232},
            t=1.0,
            expected=-0.55431919632097,
            source="beta = 1: damped cosine with 25 digits",
            tolerance=1e-13,
        ),
    ],
    reference="I. A. Campbell et al., Phys. Rev. Lett. 72, 1291 (1994)",
    certificate=Certificate(
        lambda mp, t, lambda_, beta, nu, phi: (
            mp.exp(-((lambda_ * t) ** beta)) * _turn(mp, t, nu, phi)
        ),
        DIGITS,
        domain="interior",
    ),
)
def stretched_cosine(
    t: FloatArray, lambda_: float, beta: float, nu: float, phi: float
) -> FloatArray:
    """Precession with a stretched exponential as damping, which is 1 before t = 0.

    The derivative by lambda is infinite at 0 where beta < 1; there it is that of 1e-12.
    """
    return np.asarray(stretched(t, lambda_, beta) * cosine_and_sine(t, nu, phi)[0])
