"""Chi-squares of counts: biased where counts are few, for comparison with other programs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.count_cost import CountCost
from musrcu.fitting.positive import LEAST, made_positive
from musrcu.models.product import scalar

FloatArray = NDArray[np.float64]


class NeymanCost(CountCost):
    """sum (n - mu)^2 / max(n, 1): weights from what was counted, as many programs take them.

    Bins that came out low weigh more than those that came out high: levels come out low by about
    one count in a bin, a background of few counts by a quarter and more. Never the default.

    Parameters: those of :class:`CountCost`.
    """

    name = "Neyman chi-square of counts"

    def excess(self, full: FloatArray) -> tuple[float, float] | None:
        """Taken for a chi-square, as the programs that have it do."""
        return None

    def _sum(self, model: FloatArray) -> float:
        residual, _ = self._weigh(model)
        return scalar(residual, residual)

    def _weigh(self, model: FloatArray) -> tuple[FloatArray, FloatArray]:
        inverse = 1.0 / np.sqrt(np.maximum(self.counts, 1.0))
        return (model - self.counts) * inverse, inverse

    def _bend(self, model: FloatArray) -> tuple[FloatArray, FloatArray | None] | None:
        return (model - self.counts) / np.maximum(self.counts, 1.0), None


class PearsonCost(CountCost):
    """sum (n - mu)^2 / mu: weights from the model.

    A larger mean makes the weights smaller: levels come out high by half a count in a bin. Never
    the default.

    Parameters: those of :class:`CountCost`.
    """

    name = "Pearson chi-square of counts"

    def excess(self, full: FloatArray) -> tuple[float, float] | None:
        """Taken for a chi-square, as the programs that have it do."""
        return None

    def _sum(self, model: FloatArray) -> float:
        wrong = made_positive(model)
        mean, penalty = (model, 0.0) if wrong is None else (wrong.mean, wrong.penalty)
        return float(((self.counts - mean) ** 2 / mean).sum()) + penalty

    def _weigh(self, model: FloatArray) -> tuple[FloatArray, FloatArray]:
        wrong = made_positive(model)
        mean = model if wrong is None else wrong.mean
        force, curvature = 0.5 * (1.0 - (self.counts / mean) ** 2), 1.0 / mean
        if wrong is not None:
            force = force * wrong.slope - wrong.short / LEAST
            curvature = curvature * wrong.slope**2 + (wrong.short > 0) / LEAST**2
        inverse = np.sqrt(curvature)
        return force / inverse, inverse

    def _bend(self, model: FloatArray) -> tuple[FloatArray, FloatArray | None] | None:
        if made_positive(model) is not None:
            return None
        ratio = (self.counts / model) ** 2
        return 0.5 * (1.0 - ratio), ratio
