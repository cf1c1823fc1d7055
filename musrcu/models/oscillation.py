"""Precession with and without damping. nu in MHz, phi in degrees, rates in 1/µs."""

from __future__ import annotations

import numpy as np

from musrcu.models.parameter import Check, Parameter
from musrcu.models.phasor import phasor
from musrcu.models.registry import FloatArray, component
from musrcu.models.relaxation import LAMBDA, SIGMA

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


def _cosine_derivatives(
    t: FloatArray, value: FloatArray, nu: float, phi: float
) -> tuple[FloatArray, FloatArray]:
    sine = phasor(t, nu, phi).imag
    return -TWO_PI * t * sine, -DEGREE * sine


def _damped_derivatives(
    t: FloatArray, value: FloatArray, lambda_: float, nu: float, phi: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    sine = phasor(t, nu, phi, lambda_).imag
    return -t * value, -TWO_PI * t * sine, -DEGREE * sine


def _gaussian_derivatives(
    t: FloatArray, value: FloatArray, sigma: float, nu: float, phi: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    sine = np.exp(-0.5 * (sigma * t) ** 2) * phasor(t, nu, phi).imag
    return -sigma * t * t * value, -TWO_PI * t * sine, -DEGREE * sine


@component(
    "cos(2 pi nu t + phi)",
    parameters=[NU, PHI],
    derivatives=_cosine_derivatives,
    checks=[
        Check({"nu": 1.0, "phi": 0.0}, t=0.5, expected=-1.0, source="half a turn"),
        Check({"nu": 0.25, "phi": 90.0}, t=1.0, expected=-1.0, source="half a turn"),
    ],
    reference="definition",
    exponent=lambda nu, phi: (TWO_PI * 1j * nu, DEGREE * phi, [BY_NU, BY_PHI]),
)
def cosine(t: FloatArray, nu: float, phi: float) -> FloatArray:
    """Undamped precession: one sharp field."""
    return phasor(t, nu, phi).real


@component(
    "exp(-lambda t) cos(2 pi nu t + phi)",
    parameters=[LAMBDA, NU, PHI],
    derivatives=_damped_derivatives,
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
)
def damped_cosine(t: FloatArray, lambda_: float, nu: float, phi: float) -> FloatArray:
    """Precession with exponential damping: a Lorentzian distribution of fields."""
    return phasor(t, nu, phi, lambda_).real


@component(
    "exp(-sigma^2 t^2 / 2) cos(2 pi nu t + phi)",
    parameters=[SIGMA, NU, PHI],
    derivatives=_gaussian_derivatives,
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
)
def gaussian_cosine(t: FloatArray, sigma: float, nu: float, phi: float) -> FloatArray:
    """Precession with Gaussian damping: a Gaussian distribution of fields."""
    return np.exp(-0.5 * (sigma * t) ** 2) * phasor(t, nu, phi).real
