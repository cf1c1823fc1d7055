"""Runs of residuals of one sign: too few of them where a model misses what is slow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

EXACT = 100
"""Residuals up to which the distribution of the number of runs is summed term by term."""


@dataclass(frozen=True, slots=True)
class Runs:
    """How often the residuals change their sign."""

    runs: int
    """Stretches of residuals of one sign."""
    expected: float
    """Their mean number where nothing is left but noise."""
    error: float
    """Standard deviation of that number."""
    probability: float
    """Of a number at least as far from its mean, on either side."""

    def __str__(self) -> str:
        many = "fewer" if self.runs < self.expected else "more"
        return f"{self.runs} runs of residuals of one sign, {many} than {self.expected:.0f}"


def runs_test(residual: FloatArray, above: FloatArray | None = None) -> Runs:
    """The runs test of residuals.

    Without ``above`` it is that of Wald and Wolfowitz: given n+ and n- residuals of either
    sign, every order is equally likely; mean 1 + 2 n+ n- / n, variance
    2 n+ n- (2 n+ n- - n) / (n^2 (n - 1)). Up to 100 residuals the distribution is exact, beyond it
    is normal. Counts are skew, the more the fewer there are, so that orders are not equally
    likely: of them each sign has the probability ``above``, neighbours are independent, and the
    number is normal with the moments that follow.

    Parameters
    ----------
    residual : (n_groups, n_bins); the runs of each group are counted on their own.
    above : (n_groups, n_bins) probability of a residual above 0; None where they are symmetric.

    Source: A. Wald and J. Wolfowitz, Ann. Math. Statist. 11, 147 (1940).
    """
    rows = np.atleast_2d(residual)
    if above is not None:
        return _of_counts(rows, np.atleast_2d(above))
    moments = [_moments(row) for row in rows]
    runs = int(sum(one[0] for one in moments))
    mean, variance = (float(sum(one[k] for one in moments)) for k in (1, 2))
    if len(rows) == 1 and rows.size <= EXACT:
        probability = _exact(runs, int((rows > 0).sum()), int((rows <= 0).sum()))
    else:
        probability = _normal(runs, mean, variance)
    return Runs(runs, mean, float(np.sqrt(variance)), probability)


def _moments(row: FloatArray) -> tuple[int, float, float]:
    """Runs in one row, their mean and variance."""
    up = row > 0
    runs = 1 + int((up[1:] != up[:-1]).sum()) if row.size else 0
    plus, n = float(up.sum()), float(row.size)
    twice = 2 * plus * (n - plus)
    if n < 2 or not twice:
        return runs, float(runs), 0.0
    return runs, 1 + twice / n, twice * (twice - n) / (n * n * (n - 1))


def _exact(runs: int, plus: int, minus: int) -> float:
    """Probability of a number of runs as unlikely on its side, twice, at most 1."""
    from math import comb

    total = comb(plus + minus, plus)
    ways = []
    for r in range(1, plus + minus + 1):
        half, odd = divmod(r, 2)
        if r == 1:
            ways.append(1 if 0 in (plus, minus) else 0)
        elif odd:
            one = comb(plus - 1, half) * comb(minus - 1, half - 1) if min(plus, minus) else 0
            other = comb(plus - 1, half - 1) * comb(minus - 1, half) if min(plus, minus) else 0
            ways.append(one + other)
        else:
            ways.append(
                2 * comb(plus - 1, half - 1) * comb(minus - 1, half - 1) if plus and minus else 0
            )
    below, above = sum(ways[:runs]) / total, sum(ways[runs - 1 :]) / total
    return min(1.0, 2 * min(below, above))


def _normal(runs: int, mean: float, variance: float) -> float:
    from scipy.special import erfc

    if not variance > 0:
        return 1.0
    # half a run towards the mean: the number is whole
    away = max(abs(runs - mean) - 0.5, 0.0) / np.sqrt(variance)
    return float(erfc(away / np.sqrt(2)))


def _of_counts(rows: FloatArray, p: FloatArray) -> Runs:
    """Changes of sign of independent residuals, each up with its own probability."""
    up = rows > 0
    runs = len(rows) + int((up[:, 1:] != up[:, :-1]).sum())
    q = 1 - p
    change = p[:, :-1] * q[:, 1:] + q[:, :-1] * p[:, 1:]
    # change k and change k + 1 share the sign in the middle: both happen for + - + and - + -
    both = p[:, :-2] * q[:, 1:-1] * p[:, 2:] + q[:, :-2] * p[:, 1:-1] * q[:, 2:]
    covariance = both - change[:, :-1] * change[:, 1:]
    variance = float((change * (1 - change)).sum() + 2 * covariance.sum())
    mean = len(rows) + float(change.sum())
    return Runs(runs, mean, float(np.sqrt(variance)), _normal(runs, mean, variance))
