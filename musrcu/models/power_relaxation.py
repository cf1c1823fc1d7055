"""Relaxations that end as a power of time. Rates in 1/µs, P(0) = 1."""

from __future__ import annotations

import math

import numpy as np

from musrcu.models.certificate import Certificate, Corner
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, Solved, component
from musrcu.models.relaxation import LAMBDA, SIGMA

SMALL = 0.01
"""y below which log(1 + y) - y / (1 + y) is summed as a series."""
_SERIES = tuple((-1.0) ** k * (k - 1) / k for k in range(9, 1, -1))
"""Coefficients of y^9 to y^2."""


def _power_decay(t: FloatArray, lambda_: float, n: float) -> Solved:
    t = np.maximum(t, 0.0)
    x = lambda_ * t
    logarithm = np.log1p(x)
    value = np.exp(-n * logarithm)
    return value, (-n * t * value / (1.0 + x), -logarithm * value)


@component(
    "(1 + lambda t)^(-n)",
    parameters=[
        LAMBDA,
        Parameter("n", "", 1.0, "exponent", lower=0.0, upper=20.0, domain=(0.0, 20.0)),
    ],
    together=_power_decay,
    checks=[
        Check({"lambda": 0.5, "n": 1.5}, 2.0, 0.35355339059327, "2^(-3/2)", 4e-15),
        Check({"lambda": 0.5, "n": 1.0}, 2.0, 0.5, "closed form", 1e-15),
        Check({"lambda": 0.5, "n": 0.0}, 2.0, 1.0, "no relaxation"),
    ],
    reference="definition",
    certificate=Certificate(
        lambda mp, t, lambda_, n: (1 + lambda_ * t) ** -n, "the formula with 40 digits"
    ),
)
def power_decay(t: FloatArray, lambda_: float, n: float) -> FloatArray:
    """Relaxation that ends as a power of time. 1 before t = 0."""
    return np.asarray(np.exp(-n * np.log1p(lambda_ * np.maximum(t, 0.0))))


def _gaussian_power(t: FloatArray, sigma: float, n: float) -> Solved:
    square = t * t
    y = (sigma * sigma / n) * square
    logarithm = np.log1p(y)
    value = np.exp(-0.5 * n * logarithm)
    bend = logarithm - y / (1.0 + y)
    small = y < SMALL
    if small.any():
        np.copyto(bend, np.polyval((*_SERIES, 0.0, 0.0), y), where=small)
    return value, (-sigma * square * value / (1.0 + y), -0.5 * bend * value)


def _at_switch(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    n = 10 ** rng.uniform(-1, 3)
    t = rng.uniform(0.1, 40)
    return {**values, "n": n, "t": t, "sigma": math.sqrt(SMALL * n) / t}


@component(
    "(1 + sigma^2 t^2 / n)^(-n/2)",
    parameters=[
        SIGMA,
        Parameter(
            "n",
            "",
            2.0,
            "exponent of the tail; a Gaussian as it grows",
            lower=0.1,
            upper=1000.0,
            domain=(0.1, 1000.0),
        ),
    ],
    together=_gaussian_power,
    checks=[
        Check({"sigma": 0.5, "n": 2.0}, 2.0, 2.0 / 3.0, "1/(1 + 1/2)", 1e-15),
        Check({"sigma": 0.5, "n": 1.0}, 2.0, 0.5**0.5, "1/sqrt(2)", 1e-15),
        Check({"sigma": 0.5, "n": 1000.0}, 2.0, math.exp(-0.5), "nearly a Gaussian", 2e-4),
        Check({"sigma": 0.0, "n": 2.0}, 9.0, 1.0, "no relaxation"),
    ],
    reference="definition; the mean of Gaussians whose sigma^2 has a gamma distribution of n/2",
    certificate=Certificate(
        lambda mp, t, sigma, n: (1 + (sigma * t) ** 2 / n) ** (-n / 2),
        "the formula with 40 digits",
        corners=[
            Corner("derivative by n: series to logarithm", _at_switch, across="t"),
            Corner("n above 100", lambda v, rng: {**v, "n": rng.uniform(100, 1000)}),
        ],
    ),
)
def gaussian_power(t: FloatArray, sigma: float, n: float) -> FloatArray:
    """Gaussian at first, a power of time at last: a spread of Gaussian widths."""
    return np.asarray(np.exp(-0.5 * n * np.log1p((sigma * sigma / n) * (t * t))))
