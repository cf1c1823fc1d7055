"""Mean counts that a step of a fit made negative: costs stay finite, smooth and uphill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LEAST = 1e-12
"""Counts in a bin below which a mean is taken for one that went astray."""


@dataclass(frozen=True, slots=True)
class Positive:
    """Means above zero in place of those of a model, whatever these are.

    Where a mean m lies below ``LEAST`` = e it is replaced by e^2 / (2e - m), which goes on with the
    same value and slope and never reaches zero, and the cost has one more term,
    sum [(e - m) / e]^2. Nothing changes where every mean is e or more.
    """

    mean: FloatArray
    """(n,) above zero."""
    slope: FloatArray
    """(n,) derivative of ``mean`` by what the model gave: 1 where nothing was wrong."""
    short: FloatArray
    """(n,) (e - m) / e where that is above 0."""

    @property
    def penalty(self) -> float:
        """The term of the cost that grows with what is wrong."""
        return float(self.short @ self.short)


def made_positive(model: FloatArray) -> Positive | None:
    """The replacement of means that are not positive; None where all are."""
    if model.size == 0 or model.min() >= LEAST:
        return None
    short = np.maximum((LEAST - model) / LEAST, 0.0)
    mean = np.where(short > 0, LEAST / (1.0 + short), model)
    return Positive(mean, 1.0 / (1.0 + short) ** 2, short)
