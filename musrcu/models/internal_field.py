"""Spontaneous fields in a powder: a share turns, the rest points along the field and stays.

``fraction`` is 2/3 where all directions are equally frequent; texture moves it.
"""

from __future__ import annotations

import numpy as np

from musrcu.models.bessel import FAST, FEW, SCHENCK, waves
from musrcu.models.certificate import Certificate
from musrcu.models.oscillation import DEGREE, NU, PHI, TWO_PI
from musrcu.models.parameter import Check, Parameter
from musrcu.models.phasor import phasor
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.models.relaxation import SIGMA
from musrcu.references.bessel import bessel as bessel_truth

FRACTION = Parameter(
    "fraction", "", 2.0 / 3.0, "share that turns; 2/3 in a powder", lower=0.0, upper=1.0
)
LAMBDA_L = Parameter(
    "lambda_L", "1/us", 0.1, "relaxation rate of the rest", lower=0.0, seeds=(0.03, 0.3)
)
LAMBDA_T = Parameter(
    "lambda_T", "1/us", 0.5, "relaxation rate of what turns", lower=0.0, seeds=(0.3, 2.0)
)
YAOUANC = (
    "A. Yaouanc and P. Dalmas de Reotier, Muon Spin Rotation, Relaxation and Resonance, "
    "Oxford (2011)"
)


def mixture(
    fraction: float,
    stays: FloatArray,
    turns: FloatArray,
    by_rest: list[FloatArray],
    by_turning: list[FloatArray],
) -> Solved:
    """(1 - fraction) stays + fraction turns, with the derivatives by fraction and by the others.

    ``by_rest`` and ``by_turning`` are the derivatives of the two, each parameter in one of them.
    """
    rest = 1.0 - fraction
    rows = [rest * row for row in by_rest] + [fraction * row for row in by_turning]
    return rest * stays + fraction * turns, (turns - stays, *rows)


def _internal_field(
    t: FloatArray, fraction: float, lambda_l: float, lambda_t: float, nu: float, phi: float
) -> Solved:
    stays = np.exp(-lambda_l * t)
    wave = phasor(t, nu, phi, lambda_t)
    turns, sine = wave.real, wave.imag
    slopes = [-t * turns, -TWO_PI * t * sine, -DEGREE * sine]
    return mixture(fraction, stays, turns, [-t * stays], slopes)


@component(
    "(1 - fraction) exp(-lambda_L t) + fraction exp(-lambda_T t) cos(2 pi nu t + phi)",
    parameters=[FRACTION, LAMBDA_L, LAMBDA_T, NU, PHI],
    together=_internal_field,
    checks=[
        Check(
            {"fraction": 2 / 3, "lambda_L": 0.1, "lambda_T": 0.5, "nu": 1.59, "phi": 0.0},
            1.0,
            -0.039794709767038,
            "computed with 25 digits",
            1e-14,
        ),
        Check(
            {"fraction": 2 / 3, "lambda_L": 0.0, "lambda_T": 0.5, "nu": 1.0, "phi": 0.0},
            1000.0,
            1 / 3,
            "a third stays",
        ),
    ],
    reference=YAOUANC,
    certificate=Certificate(
        lambda mp, t, fraction, lambda_l, lambda_t, nu, phi: (
            (1 - fraction) * mp.exp(-lambda_l * t)
            + fraction * mp.exp(-lambda_t * t) * mp.cos(2 * mp.pi * nu * t + phi * mp.pi / 180)
        ),
        "the formula with 40 digits",
    ),
)
def internal_field(
    t: FloatArray, fraction: float, lambda_L: float, lambda_T: float, nu: float, phi: float
) -> FloatArray:
    """Powder with one spontaneous field: two thirds turn, one third stays."""
    turns = fraction * phasor(t, nu, phi, lambda_T).real
    return np.asarray((1.0 - fraction) * np.exp(-lambda_L * t) + turns)


def _internal_bessel(
    t: FloatArray, fraction: float, lambda_l: float, lambda_t: float, nu: float, phi: float
) -> Solved:
    stays, decay = np.exp(-lambda_l * t), np.exp(-lambda_t * t)
    wave, slope = waves(t, nu, phi)
    turns, by_phase = wave * decay, slope * decay
    slopes = [-t * turns, TWO_PI * t * by_phase, DEGREE * by_phase]
    return mixture(fraction, stays, turns, [-t * stays], slopes)


@component(
    "(1 - fraction) exp(-lambda_L t) + fraction exp(-lambda_T t) J0(2 pi nu t + phi)",
    parameters=[FRACTION, LAMBDA_L, LAMBDA_T, NU, PHI],
    together=_internal_bessel,
    checks=[
        Check(
            {"fraction": 1.0, "lambda_L": 0.1, "lambda_T": 0.0, "nu": 1.59, "phi": 0.0},
            1.0,
            -0.2455006838394,
            "J0 alone, integral form",
            6e-14,
        ),
        Check(
            {"fraction": 2 / 3, "lambda_L": 0.0, "lambda_T": 0.0, "nu": 0.4, "phi": 0.0},
            3.0,
            1 / 3 + 2 / 3 * 0.2607586296396,
            "a third stays, J0 in integral form",
            6e-14,
        ),
    ],
    reference=SCHENCK,
    certificate=Certificate(
        lambda mp, t, fraction, lambda_l, lambda_t, nu, phi: (
            (1 - fraction) * mp.exp(-lambda_l * t)
            + fraction
            * mp.exp(-lambda_t * t)
            * bessel_truth(mp, 2 * mp.pi * nu * t + phi * mp.pi / 180)
        ),
        "J0 as the mean of cos(x sin theta), mpmath's asymptotic series beyond x = 60",
        corners=[FAST, FEW],
    ),
)
def internal_bessel(
    t: FloatArray, fraction: float, lambda_L: float, lambda_T: float, nu: float, phi: float
) -> FloatArray:
    """Powder with an incommensurate spin-density wave: J0 where one field has a cosine."""
    from scipy.special import j0

    turns = j0((TWO_PI * nu) * t + DEGREE * phi) * np.exp(-lambda_T * t)
    return np.asarray((1.0 - fraction) * np.exp(-lambda_L * t) + fraction * turns)


def _gaussian_internal_field(
    t: FloatArray, fraction: float, lambda_l: float, sigma: float, nu: float, phi: float
) -> Solved:
    stays, decay = np.exp(-lambda_l * t), np.exp(-0.5 * (sigma * t) ** 2)
    wave = phasor(t, nu, phi)
    turns, sine = wave.real * decay, wave.imag * decay
    slopes = [-sigma * t * t * turns, -TWO_PI * t * sine, -DEGREE * sine]
    return mixture(fraction, stays, turns, [-t * stays], slopes)


@component(
    "(1 - fraction) exp(-lambda_L t) + fraction exp(-sigma^2 t^2 / 2) cos(2 pi nu t + phi)",
    parameters=[FRACTION, LAMBDA_L, SIGMA, NU, PHI],
    together=_gaussian_internal_field,
    checks=[
        Check(
            {"fraction": 2 / 3, "lambda_L": 0.0, "sigma": 0.5, "nu": 1.0, "phi": 0.0},
            2.0,
            1 / 3 + 2 / 3 * 0.6065306597126334,
            "two full turns leave exp(-1/2)",
        ),
        Check(
            {"fraction": 0.5, "lambda_L": 0.5, "sigma": 3.0, "nu": 1.0, "phi": 20.0},
            40.0,
            0.5 * 2.061153622438558e-09,
            "only exp(-20) is left",
            1e-20,
        ),
    ],
    reference=YAOUANC,
    certificate=Certificate(
        lambda mp, t, fraction, lambda_l, sigma, nu, phi: (
            (1 - fraction) * mp.exp(-lambda_l * t)
            + fraction
            * mp.exp(-((sigma * t) ** 2) / 2)
            * mp.cos(2 * mp.pi * nu * t + phi * mp.pi / 180)
        ),
        "the formula with 40 digits",
    ),
)
def gaussian_internal_field(
    t: FloatArray, fraction: float, lambda_L: float, sigma: float, nu: float, phi: float
) -> FloatArray:
    """Powder whose spontaneous field has a Gaussian spread of its strength, small against it.

    Where the spread is not small, or is one of all three components: kornilov_gaussian.
    """
    turns = np.exp(-0.5 * (sigma * t) ** 2) * phasor(t, nu, phi).real
    return np.asarray((1.0 - fraction) * np.exp(-lambda_L * t) + fraction * turns)
