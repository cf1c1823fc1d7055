"""A cost on fewer bins: weighted means of neighbours, enough for what varies slowly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import AsymmetryCost
from musrcu.models.bins import Bins

FloatArray = NDArray[np.float64]


def averaged(cost: AsymmetryCost, enough: int) -> AsymmetryCost | None:
    """The same cost on ``enough`` to twice as many bins; None where there are no more."""
    factor = cost.n_bins // enough
    if factor < 2:
        return None
    edges = np.arange(0, cost.n_bins // factor * factor + 1, factor)
    return on_groups(cost, edges)


def on_growing(cost: AsymmetryCost, growth: float, widest: float) -> AsymmetryCost:
    """The same cost on bins that grow with time, as what relaxes needs.

    Parameters
    ----------
    growth : width of a bin over its time.
    widest : µs.
    """
    time, edges = cost.time, [0]
    while edges[-1] < time.size:
        at = float(time[edges[-1]])
        reach = at + min(growth * max(at - float(time[0]), 0.0), widest)
        edges.append(max(int(np.searchsorted(time, reach)), edges[-1] + 1))
    return on_groups(cost, np.array(edges))


def on_groups(cost: AsymmetryCost, edges: NDArray[np.int64]) -> AsymmetryCost:
    """The same cost on the weighted means of groups of bins, which begin at ``edges`` and end at
    the last of them."""
    first, last, count = edges[:-1], int(edges[-1]), np.diff(edges)
    weight = cost.inverse_error[:last] ** 2
    total = np.add.reduceat(weight, first)
    value = np.add.reduceat(weight * cost.value[:last], first) / total
    time = np.add.reduceat(cost.time[:last], first) / count
    where: FloatArray | Bins = time
    if isinstance(cost.where, Bins):
        width = np.broadcast_to(cost.where.width, cost.time.shape)[:last]
        where = Bins(time, np.add.reduceat(width, first))
    return AsymmetryCost(where, value, 1 / np.sqrt(total), cost.freedom)


def scatter(cost: AsymmetryCost, fewer: AsymmetryCost) -> float:
    """Chi-square of bins about the means of their groups: what a slow model cannot change.

    Bins behind the last group are compared with that.
    """
    last = cost.n_bins // fewer.n_bins * fewer.n_bins
    grouped = (cost.value[:last] * cost.inverse_error[:last]) ** 2
    behind = (cost.value[last:] - fewer.value[-1]) * cost.inverse_error[last:]
    means = fewer.value * fewer.inverse_error
    return float(grouped.sum()) - float(means @ means) + float(behind @ behind)
