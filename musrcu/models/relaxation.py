"""Relaxation functions without precession. Rates in 1/µs, P(0) = 1."""

from __future__ import annotations

import numpy as np

from musrcu.models.certificate import Certificate, Corner
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, component

LAMBDA = Parameter("lambda", "1/us", 0.5, "relaxation rate", lower=0.0, seeds=(0.1, 0.8, 4.0))
SMALLEST_RATE = 1e-12
"""1/µs; an infinite derivative at rate 0 is that of this rate."""
SIGMA = Parameter("sigma", "1/us", 0.5, "Gaussian width", lower=0.0, seeds=(0.15, 0.6, 2.5))
BETA = Parameter(
    "beta",
    "",
    1.0,
    "stretching exponent",
    lower=0.1,
    upper=3.0,
    seeds=(1.0,),
    domain=(0.1, 3.0),
)
DIGITS = "the formula with 40 digits"


@component(
    "1",
    checks=[
        Check({}, t=0.0, expected=1.0, source="definition"),
        Check({}, t=7.0, expected=1.0, source="definition"),
    ],
    reference="definition",
    exponent=lambda: (0.0, 0.0, ()),
    certificate=Certificate(lambda mp, t: mp.mpf(1), "definition"),
)
def constant(t: FloatArray) -> FloatArray:
    """Background asymmetry that does not relax."""
    return np.ones_like(t)


@component(
    "exp(-lambda t)",
    parameters=[LAMBDA],
    derivatives=lambda t, value, lambda_: (-t * value,),
    checks=[
        Check({"lambda": 0.5}, t=2.0, expected=0.36787944117144233, source="1/e"),
        Check({"lambda": 3.0}, t=0.0, expected=1.0, source="normalisation"),
        Check({"lambda": 0.0}, t=9.0, expected=1.0, source="no relaxation"),
    ],
    reference="A. Yaouanc and P. Dalmas de Reotier, Muon Spin Rotation, Relaxation and "
    "Resonance, Oxford (2011)",
    exponent=lambda lambda_: (-lambda_, 0.0, [(-1.0, 0.0)]),
    certificate=Certificate(lambda mp, t, lambda_: mp.exp(-lambda_ * t), DIGITS),
)
def exponential(t: FloatArray, lambda_: float) -> FloatArray:
    """Exponential relaxation: fast fluctuations, or dilute static moments."""
    return np.exp(-lambda_ * t)


@component(
    "exp(-sigma^2 t^2 / 2)",
    parameters=[SIGMA],
    derivatives=lambda t, value, sigma: (-sigma * t * t * value,),
    checks=[
        Check({"sigma": 0.5}, t=2.0, expected=0.6065306597126334, source="exp(-1/2)"),
        Check({"sigma": 0.0}, t=9.0, expected=1.0, source="no relaxation"),
    ],
    reference="A. Yaouanc and P. Dalmas de Reotier, Muon Spin Rotation, Relaxation and "
    "Resonance, Oxford (2011)",
    certificate=Certificate(lambda mp, t, sigma: mp.exp(-((sigma * t) ** 2) / 2), DIGITS),
    exponent=lambda sigma: (0.0, 0.0, [(0.0, 0.0)]),
    spread=lambda sigma: (sigma**2, [2.0 * sigma]),
)
def gaussian(t: FloatArray, sigma: float) -> FloatArray:
    """Gaussian relaxation: dense static moments such as nuclei. The half is in the exponent."""
    return np.exp(-0.5 * (sigma * t) ** 2)


def stretched(t: FloatArray, lambda_: float, beta: float) -> FloatArray:
    """exp(-(lambda t)^beta), 1 before t = 0."""
    return np.asarray(np.exp(-(np.maximum(lambda_ * t, 0.0) ** beta)))


def stretched_slopes(
    t: FloatArray, value: FloatArray, lambda_: float, beta: float
) -> tuple[FloatArray, FloatArray]:
    """Its derivatives by lambda and by beta."""
    # d/dlambda is -beta t (lambda t)^(beta-1) P: infinite at lambda = 0 for beta < 1
    rate = lambda_ or (SMALLEST_RATE if beta < 1 else 0.0)
    t = np.maximum(t, 0.0)
    x = rate * t
    positive = x > 0
    log_x = np.log(x, out=np.zeros_like(x), where=positive)
    lower = np.where(positive, np.exp((beta - 1.0) * log_x), float(beta == 1.0))
    return -beta * t * lower * value, -x * lower * log_x * value


@component(
    "exp(-(lambda t)^beta)",
    parameters=[LAMBDA, BETA],
    derivatives=stretched_slopes,
    checks=[
        Check({"lambda": 0.5, "beta": 0.7}, t=2.0, expected=0.36787944117144233, source="1/e"),
        Check({"lambda": 0.5, "beta": 2.0}, t=4.0, expected=0.01831563888873418, source="exp(-4)"),
        Check({"lambda": 0.5, "beta": 0.7}, t=0.0, expected=1.0, source="normalisation"),
    ],
    reference="I. A. Campbell et al., Phys. Rev. Lett. 72, 1291 (1994)",
    certificate=Certificate(
        lambda mp, t, lambda_, beta: mp.exp(-((lambda_ * t) ** beta)),
        DIGITS,
        domain="interior",
        corners=[
            Corner("steep at first", lambda v, rng: {**v, "beta": rng.uniform(0.1, 0.3)}),
            Corner(
                "rate 0",
                lambda v, rng: {**v, "lambda": 0.0, "beta": rng.choice((1.0, 2.0, 3.0))},
            ),
        ],
    ),
)
def stretched_exponential(t: FloatArray, lambda_: float, beta: float) -> FloatArray:
    """Stretched exponential: a distribution of relaxation rates. 1 before t = 0.

    The derivative by lambda is infinite at 0 where beta < 1; there it is that of 1e-12.
    """
    return stretched(t, lambda_, beta)
