"""How likelihood ratios of counts are distributed where few are expected."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MANY = 100
"""Counts above which the mean is 1 + c / 6 and the variance 2 + 2 c / 3 to four digits, where c is
1 / mu of Poisson's law and (1/p + 1/q - 1) / n of a binomial one."""
STEEPEST = 8.0
"""Largest |ln(p / q)| of the table of a binomial law."""


def poisson_moments(mu: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of 2 [mu - n + n ln(n / mu)] for Poisson's n of mean mu, as mu."""
    grid, mean, variance = _poisson_table()
    few = np.log(np.clip(mu, grid[0], MANY))
    least = 1 / np.maximum(mu, MANY)
    at = np.log(grid)
    means = np.where(mu < MANY, np.interp(few, at, mean), 1 + least / 6)
    spreads = np.where(mu < MANY, np.interp(few, at, variance), 2 + 2 * least / 3)
    return means, spreads


def binomial_moments(n: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of 2 [F ln(F / np) + (n - F) ln((n - F) / nq)] for a binomial F.

    Parameters
    ----------
    n : (n_bins,) whole numbers of 1 or above.
    p : (n_bins,) probability of F, and q = 1 - p.
    """
    p = np.clip(p, 1e-6, 1 - 1e-6)
    small = (1 / p + 1 / (1 - p) - 1) / n
    means, spreads = 1 + small / 6, 2 + 2 * small / 3
    steep = np.abs(np.log(p / (1 - p)))
    few = np.flatnonzero(n <= MANY)
    order = few[np.argsort(n[few], kind="stable")]
    levels, firsts = np.unique(n[order], return_index=True)
    for level, inside in zip(levels, np.split(order, firsts)[1:], strict=True):
        grid, mean, variance = _binomial_table(int(level))
        means[inside] = np.interp(steep[inside], grid, mean)
        spreads[inside] = np.interp(steep[inside], grid, variance)
    return means, spreads


@cache
def _poisson_table() -> tuple[FloatArray, FloatArray, FloatArray]:
    grid = np.geomspace(1e-6, MANY, 800)
    n = np.arange(0.0, 241.0)[:, None]
    with np.errstate(under="ignore"):
        weight = np.exp(n * np.log(grid) - grid - _log_factorials(240)[:, None])
    term = 2 * (grid - n + n * (np.log(np.maximum(n, 1.0)) - np.log(grid)))
    mean = (weight * term).sum(axis=0)
    return grid, mean, (weight * (term - mean) ** 2).sum(axis=0)


@cache
def _binomial_table(n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Moments by |ln(p / q)|: those of p and of q are the same."""
    grid = np.linspace(0.0, STEEPEST, 161)
    log_p, log_q = -np.log1p(np.exp(-grid)), -np.log1p(np.exp(grid))
    f = np.arange(n + 1.0)[:, None]
    logs = _log_factorials(n)
    ways = (logs[n] - logs - logs[::-1])[:, None]
    weight = np.exp(ways + f * log_p + (n - f) * log_q)
    own = f * np.log(np.maximum(f, 1.0) / n) + (n - f) * np.log(np.maximum(n - f, 1.0) / n)
    term = 2 * (own - f * log_p - (n - f) * log_q)
    mean = (weight * term).sum(axis=0)
    return grid, mean, (weight * (term - mean) ** 2).sum(axis=0)


def _log_factorials(n: int) -> FloatArray:
    """Ln 0!, ln 1!, ... ln n!."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, n + 1)))])
