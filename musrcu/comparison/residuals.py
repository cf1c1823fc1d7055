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
    """(n_groups, n_bins): one row for an asymmetry, forward and backward for counts of a pair."""
    expected: FloatArray | None = None
    """(n_groups, n_bins) counts that the model expects; None for an asymmetry."""
    kind: str = "pearson"

    @property
    def chi2(self) -> float:
        """Sum of squares: without what constraints add, the chi-square of an asymmetry; of counts
        that of Pearson, or, of deviances, twice the logarithm of Poisson's likelihood ratio."""
        return float((self.value**2).sum())


def residuals(data: Fittable, result: FitResult, *, kind: str = "pearson") -> Residuals:
    """What a fit leaves of its data.

    Of an asymmetry (A - model) / sigma; of counts n where mu are expected ``pearson`` is
    (n - mu) / sqrt(mu) and ``deviance`` sign(n - mu) sqrt(2 [mu - n + n ln(n / mu)]).

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
        raise FitError(
            "the binomial cost has no residuals of bins in time; fit with cost='poisson' for them"
        )
    if not isinstance(cost, CountCost):
        left = -cost.linearise(here.x)[0][: cost.size]
        return Residuals(time, left.reshape(-1, time.size), None, kind)
    n = cost.counts.reshape(-1, time.size)
    full = cost.freedom.expand(here.x)
    mu = np.asarray(cost.freedom.model.value(cost.where, full)).reshape(n.shape)
    if kind == "pearson":
        return Residuals(time, (n - mu) / np.sqrt(mu), mu, kind)
    from scipy.special import xlogy

    twice = 2 * (mu - n + xlogy(n, n / mu))
    return Residuals(time, np.sign(n - mu) * np.sqrt(np.maximum(twice, 0.0)), mu, kind)
