"""How far an asymmetry's own errors carry its fit from the truth where counts are few."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import AsymmetryCost, Cost
from musrcu.fitting.minimise import Minimum

FloatArray = NDArray[np.float64]

WORTH_SAYING = 0.25
"""Of its error, from which on a shift is named."""


def weight_shift(cost: AsymmetryCost, minimum: Minimum) -> FloatArray:
    """(n_free,) expected shift of each parameter, in its errors; 0 where there are none.

    The weight of a bin of n counts in both groups, 1 / sigma^2 = n / (1 - A^2), is computed with
    the asymmetry that was seen: bins that fluctuate away from zero weigh more. To first order

        shift = C sum_k J_k 2 a_k / (1 - a_k^2)

    with C the covariance, a the model and J its derivatives: A M sqrt(2 / N) errors for an
    undamped amplitude A in M bins of N counts in all. Poisson's likelihood has no such shift.
    """
    if minimum.covariance is None:
        return np.zeros(minimum.x.size)
    residual, jacobian = cost.linearise(minimum.x)
    a = np.clip(cost.value + residual[: cost.size] / cost.inverse_error, -0.99, 0.99)
    pull = jacobian[:, : cost.size] @ (2 * a / (1 - a**2) / cost.inverse_error)
    return np.asarray(minimum.covariance @ pull / np.sqrt(np.diag(minimum.covariance)))


def weighed_wrong(cost: Cost, minimum: Minimum) -> list[str]:
    """A sentence on the parameter of the model that is shifted furthest, where that matters."""
    if not isinstance(cost, AsymmetryCost):
        return []
    model: Any = cost.freedom.model
    shift = np.where(cost.free < getattr(model, "own", len(model.names)), 1.0, 0.0)
    shift *= weight_shift(cost, minimum)
    k = int(np.argmax(np.abs(shift)))
    if not abs(shift[k]) > WORTH_SAYING:
        return []
    name = cost.freedom.model.names[int(cost.free[k])]
    return [
        f"errors computed from few counts shift {name} by about {shift[k]:+.2f} of its error: "
        "pack more, or fit the counts (reduce_counts, --cost poisson)"
    ]
