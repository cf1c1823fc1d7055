"""Relaxation functions without precession. Rates in 1/µs, P(0) = 1."""

from __future__ import annotations

import numpy as np

from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, component

LAMBDA = Parameter("lambda", "1/us", 0.5, "relaxation rate", lower=0.0, seeds=(0.1, 0.8, 4.0))
SMALLEST_RATE = 1e-12
"""1/µs; a stretched exponential takes its derivative here where its rate is smaller."""
SIGMA = Parameter("sigma", "1/us", 0.5, "Gaussian width", lower=0.0, seeds=(0.15, 0.6, 2.5))


@component(
    "1",
    checks=[
        Check({}, t=0.0, expected=1.0, source="definition"),
        Check({}, t=7.0, expected=1.0, source="definition"),
    ],
    reference="definition",
    exponent=lambda: (0.0, 0.0, ()),
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
)
def gaussian(t: FloatArray, sigma: float) -> FloatArray:
    """Gaussian relaxation: dense static moments such as nuclei. The half is in the exponent."""
    return np.exp(-0.5 * (sigma * t) ** 2)


def _stretched_derivatives(
    t: FloatArray, value: FloatArray, lambda_: float, beta: float
) -> tuple[FloatArray, FloatArray]:
    # d/dlambda is -beta t (lambda t)^(beta-1) P: infinite at lambda = 0 for beta < 1
    rate = max(lambda_, SMALLEST_RATE)
    x = rate * t
    positive = x > 0
    log_x = np.log(x, out=np.zeros_like(x), where=positive)
    power = np.where(positive, np.exp(beta * log_x), 0.0)
    return -(beta / rate) * power * value, -power * log_x * value


@component(
    "exp(-(lambda t)^beta)",
    parameters=[
        LAMBDA,
        Parameter("beta", "", 1.0, "stretching exponent", lower=0.1, upper=3.0, seeds=(1.0,)),
    ],
    derivatives=_stretched_derivatives,
    checks=[
        Check({"lambda": 0.5, "beta": 0.7}, t=2.0, expected=0.36787944117144233, source="1/e"),
        Check({"lambda": 0.5, "beta": 2.0}, t=4.0, expected=0.01831563888873418, source="exp(-4)"),
        Check({"lambda": 0.5, "beta": 0.7}, t=0.0, expected=1.0, source="normalisation"),
    ],
    reference="I. A. Campbell et al., Phys. Rev. Lett. 72, 1291 (1994)",
)
def stretched_exponential(t: FloatArray, lambda_: float, beta: float) -> FloatArray:
    """Stretched exponential: a distribution of relaxation rates. 1 before t = 0."""
    return np.exp(-(np.maximum(lambda_ * t, 0.0) ** beta))
