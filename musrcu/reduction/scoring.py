"""A small Poisson likelihood fit: few parameters, few bins, NumPy only.

For the shapes that the reduction looks for in raw counts, such as a prompt peak. Physics is fitted
in :mod:`musrcu.fitting`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Shape = Callable[[FloatArray], FloatArray]

FEWEST = 1e-9
"""Expected counts of a bin are never taken to be fewer."""
MOST_STEPS = 200
CLOSE = 1e-6
"""A step that would gain less deviance than this ends the search."""
BEND = 1e-4
"""Width of the difference quotients, in units of ``scale``."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The maximum of a Poisson likelihood."""

    x: FloatArray
    """(n_parameters,) where it lies."""
    covariance: FloatArray
    """Inverse of the Fisher matrix; NaN where a parameter has no information or lies at a limit."""
    deviance: float
    """2 ln(L_saturated / L), distributed about as chi-square."""
    ndof: int
    converged: bool


def score(
    shape: Shape,
    counts: FloatArray,
    variance: FloatArray,
    start: FloatArray,
    limits: tuple[FloatArray, FloatArray],
    scale: FloatArray,
) -> Scored:
    """Maximise the Poisson likelihood of ``shape(x)`` by Fisher scoring with damping.

    Parameters
    ----------
    shape : expected counts (n_bins,) of parameters (n_parameters,).
    counts, variance : (n_bins,); the variance of raw counts is the counts, that of corrected ones
        is larger, and a bin then weighs counts / variance.
    start : (n_parameters,) first values, within the limits.
    limits : lowest and highest value of each parameter.
    scale : (n_parameters,) a change of each parameter that matters, such as its error.
    """
    counts = np.asarray(counts, dtype=float)
    ratio = np.divide(counts, variance, out=np.ones_like(counts), where=variance > 0)
    low, high = limits
    x, damping, converged = np.clip(start, low, high), 1e-3, False
    mu = expected(shape, x)
    best = deviance(counts, mu, ratio)
    for _ in range(MOST_STEPS):
        slopes = jacobian(shape, x, mu, high, scale)
        gradient = slopes @ (ratio * (counts / mu - 1))
        fisher = (slopes * (ratio / mu)) @ slopes.T
        held = ((x <= low) & (gradient < 0)) | ((x >= high) & (gradient > 0))
        free = ~held & (np.diag(fisher) > 0)
        if not free.any():
            converged = True
            break
        matrix, slope = fisher[np.ix_(free, free)], gradient[free]
        if slope @ _solve(matrix, slope, 0.0) < CLOSE:
            converged = True
            break
        trial = x.copy()
        trial[free] += _solve(matrix, slope, damping)
        trial = np.clip(trial, low, high)
        trial_mu = expected(shape, trial)
        found = deviance(counts, trial_mu, ratio)
        if found <= best:
            settled = best - found < CLOSE and damping <= 1e-3
            x, mu, best, damping = trial, trial_mu, found, max(damping / 10, 1e-9)
            if settled:
                converged = True
                break
        elif damping > 1e9:
            break
        else:
            damping = max(damping, 1e-6) * 10
    inside = (x > low) & (x < high)
    slopes = jacobian(shape, x, mu, high, scale)
    covariance = _inverse((slopes * (ratio / mu)) @ slopes.T, inside)
    return Scored(x, covariance, best, int(counts.size - inside.sum()), converged)


def expected(shape: Shape, x: FloatArray) -> FloatArray:
    """Expected counts, never none."""
    return np.asarray(np.maximum(shape(x), FEWEST))


def deviance(counts: FloatArray, mu: FloatArray, ratio: FloatArray) -> float:
    """2 sum r [mu - n + n ln(n / mu)]."""
    logarithm = np.log(np.where(counts > 0, counts, 1.0) / mu)
    return float(2 * np.sum(ratio * (mu - counts + counts * logarithm)))


def jacobian(
    shape: Shape, x: FloatArray, mu: FloatArray, high: FloatArray, scale: FloatArray
) -> FloatArray:
    """(n_parameters, n_bins) derivatives by difference quotients within the limits."""
    rows = []
    for place, step in enumerate(BEND * scale):
        moved = x.copy()
        moved[place] += step if x[place] + step <= high[place] else -step
        rows.append((expected(shape, moved) - mu) / (moved[place] - x[place]))
    return np.array(rows)


def _solve(matrix: FloatArray, vector: FloatArray, damping: float) -> FloatArray:
    size = np.sqrt(np.diag(matrix))
    scaled = matrix / np.outer(size, size) + damping * np.eye(size.size)
    return np.asarray(np.linalg.lstsq(scaled, vector / size, rcond=1e-13)[0] / size)


def _inverse(fisher: FloatArray, inside: NDArray[np.bool_]) -> FloatArray:
    """The covariance of the parameters inside their limits, the others held."""
    covariance = np.full(fisher.shape, np.nan)
    used = inside & (np.diag(fisher) > 0)
    size = np.sqrt(np.diag(fisher)[used])
    scaled = fisher[np.ix_(used, used)] / np.outer(size, size)
    if not used.any() or np.linalg.cond(scaled) > 1e12:
        return covariance
    covariance[np.ix_(used, used)] = np.linalg.inv(scaled) / np.outer(size, size)
    return covariance
