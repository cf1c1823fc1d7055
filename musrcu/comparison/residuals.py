"""What a fit leaves of its data, in standard deviations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.comparison.placed import Placed, placed
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.errors import FitError
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


def residuals(data: Asymmetry | Counts, result: FitResult, *, kind: str = "pearson") -> Residuals:
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
    value = -cost.linearise(here.x)[0][: cost.size].reshape(-1, time.size)
    counted = getattr(cost, "counts", None)
    if counted is None:
        return Residuals(time, value, None, kind)
    model = cost.freedom.model
    mu = np.asarray(model.value(cost.where, cost.freedom.expand(here.x))).reshape(value.shape)
    if kind == "deviance":
        from scipy.special import xlogy

        n = np.asarray(counted, dtype=float).reshape(value.shape)
        twice = 2 * (mu - n + xlogy(n, n / mu))
        value = np.sign(n - mu) * np.sqrt(np.maximum(twice, 0.0))
    return Residuals(time, value, mu, kind)
