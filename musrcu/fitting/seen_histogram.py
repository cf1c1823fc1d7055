"""A model as one histogram sees it: decays of one group of detectors, and their background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.containers.losses import Losses
from musrcu.fitting.seen import PER_BIN, Seen
from musrcu.fitting.seen_curvature import of_losses
from musrcu.models.bins import Bins
from musrcu.models.model import Model
from musrcu.models.parameter import Parameter
from musrcu.models.product import onto

FloatArray = NDArray[np.float64]

N0 = Parameter("N0", PER_BIN, 1.0, "decays per raw bin at t = 0, the asymmetry taken off", 0.0)
B = Parameter("b", PER_BIN, 0.0, "background per raw bin")


@dataclass(frozen=True, slots=True, eq=False)
class HistogramBins:
    """The fitted bins of one histogram."""

    decay: FloatArray
    """(n_bins,) decays in each bin over the rate at t = 0 in a raw bin (``Counts.decay``)."""
    raw_bins: FloatArray
    """(n_bins,) raw bins in each."""
    width: FloatArray
    """(n_bins,) µs."""
    losses: Losses | None = None


class SeenHistogram(Seen):
    """Counts of one histogram, as its detectors saw them.

        mu = N0 E (1 + a) + k b

    with a(t) the model, E the decay law integrated over the bin, k its raw bins; what was seen of
    mu is less by the dead time (:class:`musrcu.containers.losses.Losses`).

    Parameters
    ----------
    model : of the asymmetry, or its expression.
    bins : the fitted bins.
    """

    __slots__ = ("bins",)

    def __init__(self, model: Model | str, bins: HistogramBins) -> None:
        super().__init__(model, (N0, B))
        self.bins = bins

    def without(self, term: int) -> Self:
        """This without one term of the model."""
        return type(self)(super().without(term).expression, self.bins)

    def value(self, t: ArrayLike | Bins, values: Sequence[float] | FloatArray) -> FloatArray:
        """Mean counts, (n_bins,)."""
        return self._seen(super().value(t, values), values)[0]

    def value_and_gradient(
        self,
        t: ArrayLike | Bins,
        values: Sequence[float] | FloatArray,
        out: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Mean counts (n_bins,) and their derivatives (n_parameters, n_bins)."""
        a, gradient = super().value_and_gradient(t, values, out)
        seen, slope = self._seen(a, values)
        decay = self.bins.decay * slope
        gradient[: self.own] *= float(values[self.own]) * decay
        gradient[self.own] = decay * (1 + a)
        gradient[self.own + 1] = self.bins.raw_bins * slope
        return seen, gradient

    def curvature(
        self, t: FloatArray | Bins, values: FloatArray, weights: FloatArray, steps: FloatArray
    ) -> FloatArray:
        """Second derivatives of the mean counts, as those of a model."""
        a, inner = super().value_and_gradient(t, values)
        slope = self._seen(a, values)[1]
        weighted = weights * slope * self.bins.decay
        n0 = float(values[self.own])
        found = super().curvature(t, values, n0 * weighted, steps)
        mixed = onto(inner[: self.own], weighted)
        found[self.own, : self.own] += mixed
        found[: self.own, self.own] += mixed
        if self.bins.losses is None:
            return found
        there = n0 * self.bins.decay * (1 + a) + float(values[self.own + 1]) * self.bins.raw_bins
        rows = self.value_and_gradient(t, values)[1] / slope
        lost = of_losses((self.bins.losses,), there[None], self.bins.width, weights[None], rows)
        return np.asarray(found + lost)

    def _seen(
        self, a: FloatArray, values: Sequence[float] | FloatArray
    ) -> tuple[FloatArray, FloatArray | float]:
        """Counts that are seen, and their derivative by what there is."""
        n0, level = (float(v) for v in values[self.own : self.own + 2])
        there = n0 * self.bins.decay * (1 + a) + level * self.bins.raw_bins
        if self.bins.losses is None:
            return there, 1.0
        return self.bins.losses.seen(there, self.bins.width)
