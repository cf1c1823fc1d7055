"""How Poisson's likelihood ratio is distributed where few counts are expected."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MANY = 100.0
"""Expected counts above which the mean is 1 + 1 / (6 mu) and the variance 2 + 2 / (3 mu) to four
digits."""


def count_probability(mu: FloatArray, likelihood: float, n_free: int, n_known: int) -> float | None:
    """Probability of a likelihood ratio C at least this large, where the model is true.

    C is taken as a multiple of chi-square with the mean and the variance that the sum of
    2 [mu - n + n ln(n / mu)] has for Poisson's n, less one degree of freedom for each free
    parameter. None without degrees of freedom.

    Parameters
    ----------
    mu : expected counts.
    likelihood : C at its minimum, what constraints add to it included.
    n_free : free parameters.
    n_known : constraints.

    Source: F. E. Satterthwaite, Biometrics Bull. 2, 110 (1946), for the multiple of chi-square.
    """
    each, spread = moments(mu)
    mean = float(each.sum()) + n_known - n_free
    variance = float(spread.sum()) + 2 * (n_known - n_free)
    if mu.size + n_known <= n_free or mean <= 0 or variance <= 0:
        return None
    from scipy.special import gammaincc

    return float(gammaincc(mean**2 / variance, likelihood * mean / variance))


def moments(mu: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of 2 [mu - n + n ln(n / mu)] for Poisson's n of mean mu, as mu."""
    grid, mean, variance = _table()
    few = np.clip(mu, grid[0], MANY)
    inverse = 1 / np.maximum(mu, MANY)
    means = np.where(mu < MANY, np.interp(np.log(few), np.log(grid), mean), 1 + inverse / 6)
    spreads = np.where(
        mu < MANY, np.interp(np.log(few), np.log(grid), variance), 2 + 2 * inverse / 3
    )
    return means, spreads


@cache
def _table() -> tuple[FloatArray, FloatArray, FloatArray]:
    from scipy.special import gammaln, xlogy

    grid = np.geomspace(1e-6, MANY, 800)
    n = np.arange(0.0, 241.0)[:, None]
    weight = np.exp(xlogy(n, grid) - grid - gammaln(n + 1))
    term = 2 * (grid - n + xlogy(n, n / grid))
    mean = (weight * term).sum(axis=0)
    return grid, mean, (weight * (term - mean) ** 2).sum(axis=0)
