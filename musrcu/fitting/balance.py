"""A model seen through an unknown balance: what alpha does to an asymmetry formed without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.models.model import Model, Term
from musrcu.models.parameter import Parameter

FloatArray = NDArray[np.float64]


class BalancedModel(Model):
    """The raw asymmetry R = (F - B) / (F + B) of a pair whose alpha is one of the parameters.

    R(t) = [(alpha - 1) + (alpha + 1) A(t)] / [(alpha + 1) + (alpha - 1) A(t)],

    with A(t) the model of the true asymmetry. Fitting R keeps the data and their errors fixed
    while alpha varies.

    Source: follows from F = alpha B (1 + A) / (1 - A).
    """

    __slots__ = ()

    def __init__(self, expression: str) -> None:
        super().__init__(expression)
        alpha = Parameter("alpha", "", 1.0, "balance of the pair", lower=1e-3, upper=1e3)
        self.parameters: tuple[Parameter, ...] = (*self.parameters, alpha)
        self.names: tuple[str, ...] = (*self.names, "alpha")
        self._index = {name: place for place, name in enumerate(self.names)}
        self.terms: tuple[Term, ...] = self.terms

    def value(self, t: ArrayLike, values: Sequence[float] | FloatArray) -> FloatArray:
        """The raw asymmetry at times ``t``, µs; the last of ``values`` is alpha."""
        asymmetry, alpha = super().value(t, values), values[-1]
        return np.asarray(
            ((alpha - 1) + (alpha + 1) * asymmetry) / ((alpha + 1) + (alpha - 1) * asymmetry)
        )

    def value_and_gradient(
        self,
        t: ArrayLike,
        values: Sequence[float] | FloatArray,
        out: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """The raw asymmetry and its derivatives, alpha last."""
        asymmetry, gradient = super().value_and_gradient(t, values, out)
        alpha = float(values[-1])
        below = (alpha + 1) + (alpha - 1) * asymmetry
        gradient[:-1] *= 4 * alpha / below**2
        gradient[-1] = 2 * (1 - asymmetry**2) / below**2
        return ((alpha - 1) + (alpha + 1) * asymmetry) / below, gradient
