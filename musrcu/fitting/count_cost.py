"""Poisson's likelihood of counts as a cost."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.constraint import Prior
from musrcu.fitting.cost import Cost
from musrcu.fitting.count_moments import poisson_moments
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.positive import LEAST, made_positive
from musrcu.models.bins import Bins
from musrcu.models.product import scalar

FloatArray = NDArray[np.float64]


class CountCost(Cost):
    """C(x) = 2 sum [mu - n + n ln(n / mu)] over the bins of both groups, n ln(n/mu) = 0 at n = 0.

    mu is the mean of what was counted; C is distributed as chi-square where mu is 5 or more.
    Estimates are unbiased however few counts there are, and errors reach the limit of Cramer and
    Rao. These are right where C is a parabola as far as they go; where counts are so few that it
    is none, the interval in which C rises by one still covers 68 %.

    Parameters
    ----------
    time : (n_bins,) centres of the fitted bins, µs, or ``Bins`` over which the model is averaged.
    counts : (2 n_bins,) counts of forward, then of backward.
    freedom : which parameters of a :class:`musrcu.fitting.seen.SeenCounts` are free.
    prior : what is known of them before.

    Source: S. Baker and R. D. Cousins, Nucl. Instrum. Methods 221, 437 (1984).
    """

    name = "Poisson likelihood of counts"

    def __init__(
        self,
        time: FloatArray | Bins,
        counts: FloatArray,
        freedom: Freedom,
        prior: Prior | None = None,
    ) -> None:
        super().__init__(time, np.size(counts), freedom, prior)
        self.counts = np.asarray(counts, dtype=float)
        # bin by bin and relative to the counts, so that large numbers do not cancel
        self._empty = np.where(self.counts > 0, 0.0, 1.0)
        self._inverse = np.where(self.counts > 0, 1.0 / np.maximum(self.counts, 1e-300), 0.0)

    def with_freedom(self, freedom: Freedom) -> Self:
        """The same counts with other parameters held."""
        return type(self)(self.where, self.counts, freedom, self.prior)

    def excess(self, full: FloatArray) -> tuple[float, float] | None:
        """Of Poisson's likelihood ratio, which few counts make another than chi-square."""
        mu = np.asarray(self.freedom.model.value(self.where, full))
        mean, variance = poisson_moments(np.maximum(mu, LEAST))
        return float((mean - 1).sum()), float((variance - 2).sum())

    def _sum(self, model: FloatArray) -> float:
        wrong = made_positive(model)
        penalty = 0.0
        if wrong is not None:
            model, penalty = wrong.mean, wrong.penalty
        ratio = model * self._inverse + self._empty
        likelihood = scalar(self.counts, ratio - 1.0 - np.log(ratio)) + scalar(self._empty, model)
        return 2.0 * likelihood + penalty

    def _weigh(self, model: FloatArray) -> tuple[FloatArray, FloatArray]:
        wrong = made_positive(model)
        if wrong is None:
            inverse = 1.0 / np.sqrt(model)
            return (model - self.counts) * inverse, inverse
        force = (1.0 - self.counts / wrong.mean) * wrong.slope - wrong.short / LEAST
        inverse = np.sqrt(wrong.slope**2 / wrong.mean + (wrong.short > 0) / LEAST**2)
        return force / inverse, inverse

    def _bend(self, model: FloatArray) -> tuple[FloatArray, FloatArray | None] | None:
        if made_positive(model) is not None:
            return None
        seen = self.counts / model
        return 1.0 - seen, seen
