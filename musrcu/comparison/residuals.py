"""What a fit leaves of its data, in standard deviations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.comparison.placed import Placed, placed
from musrcu.errors import FitError
from musrcu.fitting.binomial_cost import BinomialCost
from musrcu.fitting.count_cost import CountCost
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.result import FitResult

FloatArray = NDArray[np.float64]
KINDS = ("pearson", "deviance")


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Data less the fitted model, in standard deviations."""

    time: FloatArray
    """(n_bins,) centres, µs."""
    value: FloatArray
    """(n_groups, n_bins): one row for an asymmetry, forward and backward for counts of a pair, one
    row for how these divide."""
    expected: FloatArray | None = None
    """(n_groups, n_bins) counts that the model expects; None for an asymmetry."""
    kind: str = "pearson"
    above: FloatArray | None = None
    """(n_groups, n_bins) probability of a residual above 0, which is not one half where few counts
    are expected; None for an asymmetry."""

    @property
    def chi2(self) -> float:
        """Sum of squares: without what constraints add, the chi-square of an asymmetry; of counts
        that of Pearson, or, of deviances, twice the logarithm of Poisson's likelihood ratio."""
        return float((self.value**2).sum())


def residuals(data: Fittable, result: FitResult, *, kind: str = "pearson") -> Residuals:
    """What a fit leaves of its data.

    Of an asymmetry (A - model) / sigma; of counts n where mu are expected ``pearson`` is
    (n - mu) / sqrt(mu) and ``deviance`` sign(n - mu) sqrt(2 [mu - n + n ln(n / mu)]). A binomial
    fit says how the n counts of a bin divide: of F in forward, where n p are expected, ``pearson``
    is (F - n p) / sqrt(n p q); bins without counts are left out.

    Parameters
    ----------
    data : what was fitted.
    result : the fit; its range and averaging are taken from it.
    kind : ``pearson`` or ``deviance``; of an asymmetry both are the same.

    Returns
    -------
    Residuals of the fitted bins.

    Raises
    ------
    FitError if the result is not one of these data.
    """
    if kind not in KINDS:
        raise FitError(f"kind = {kind!r}; expected 'pearson' or 'deviance'")
    return residuals_of(placed(data, result), kind)


def residuals_of(here: Placed, kind: str = "pearson") -> Residuals:
    """The residuals of a fit that was placed at its minimum."""
    cost, time = here.cost(), here.data.time
    if isinstance(cost, BinomialCost):
        return _divided(cost, here, kind)
    if not isinstance(cost, CountCost):
        left = -cost.linearise(here.x)[0][: cost.size]
        return Residuals(time, left.reshape(-1, time.size), None, kind)
    n = cost.counts.reshape(-1, time.size)
    full = cost.freedom.expand(here.x)
    mu = np.asarray(cost.freedom.model.value(cost.where, full)).reshape(n.shape)
    from scipy.special import pdtr

    above = 1 - pdtr(np.floor(mu), mu)
    value = (n - mu) / np.sqrt(mu) if kind == "pearson" else _deviance(n, mu)
    return Residuals(time, value, mu, kind, above)


def _divided(cost: BinomialCost, here: Placed, kind: str) -> Residuals:
    """How many counts of each bin that holds any fell into forward, against how many should."""
    from scipy.special import bdtr

    some = cost.some
    n, p = cost.total[some], cost.forward(cost.freedom.expand(here.x))[some]
    f, mean = cost.counts[some], n * p
    if kind == "pearson":
        value = (f - mean) / np.sqrt(mean * (1 - p))
    else:
        value = np.sign(f - mean) * np.hypot(_deviance(f, mean), _deviance(n - f, n - mean))
    above = 1 - bdtr(np.floor(mean), n.astype(int), p)
    return Residuals(here.data.time[some], value[None], mean[None], kind, above[None])


def _deviance(n: FloatArray, mu: FloatArray) -> FloatArray:
    """sign(n - mu) sqrt(2 [mu - n + n ln(n / mu)])."""
    from scipy.special import xlogy

    twice = 2 * (mu - n + xlogy(n, n / mu))
    return np.asarray(np.sign(n - mu) * np.sqrt(np.maximum(twice, 0.0)))
