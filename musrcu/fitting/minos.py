"""Unequal errors of the parameters of a fit, and what stood in their way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import Cost
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.interval import End, Place, interval, valley
from musrcu.fitting.minimise import Minimum

FloatArray = NDArray[np.float64]


@dataclass(slots=True)
class Intervals:
    """What was found of the intervals that were asked for."""

    found: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Distances to the lower (negative) and upper end, by name."""
    notes: list[str] = field(default_factory=list)
    lower: FloatArray | None = None
    """(n_free,) where the cost is lower than at the minimum; None where no such place was met."""


def minos(cost: Cost, freedom: Freedom, minimum: Minimum, names: Iterable[str]) -> Intervals:
    """The intervals in which the profile of the cost rises by less than one.

    Parameters
    ----------
    cost : with everything free, what is held at a limit included: it may leave that on the way.
    freedom : what was free at the minimum.
    minimum : where it lies.
    names : of the parameters.
    """
    place, spread = placed(cost, freedom, minimum)
    positions = {cost.freedom.model.names[k]: n for n, k in enumerate(cost.free.tolist())}
    made = Intervals()
    for name in names:
        if name not in positions:
            made.notes.append(f"no MINOS error for {name}: it is not free")
            continue
        k = positions[name]
        ends = interval(cost, place, with_scale(cost, place, spread, k), k)
        lower = next((end.lower for end in ends if end.lower is not None), None)
        if lower is not None:
            made.lower = lower.x
            made.notes.append(
                f"on the way to the MINOS error of {name} chi-square fell "
                f"{place.cost - lower.cost:.3g} below the minimum; the fit began again from there"
            )
            return made
        _note(made, name, k, place, ends)
    return made


def placed(cost: Cost, freedom: Freedom, minimum: Minimum) -> tuple[Place, FloatArray]:
    """The minimum with all its free parameters, and their covariance; zero for what is held."""
    full = freedom.expand(minimum.x)
    inside = np.isin(cost.free, freedom.free)
    spread = np.zeros((cost.free.size, cost.free.size))
    known = minimum.blurred if minimum.covariance is None else minimum.covariance
    spread[np.ix_(inside, inside)] = known
    return Place(full[cost.free], minimum.chi2), spread


def with_scale(cost: Cost, place: Place, spread: FloatArray, k: int) -> FloatArray:
    """The covariance with that of the k-th parameter, where it is held at a limit and has none."""
    if spread[k, k] > 0:
        return spread
    along, curved = valley(cost, place.x, [k])
    slope = abs(float(cost.normal(place.x)[1][k]))
    size = 1 / (slope + np.sqrt(slope**2 + max(float(curved[0, 0]), 1e-300)))
    spread = spread.copy()
    spread[:, k] = along[:, 0] * size**2
    return spread


def _note(made: Intervals, name: str, k: int, place: Place, ends: tuple[End, End]) -> None:
    """An interval into the record, or the reason why there is none."""
    reason = next((end.reason for end in ends if end.reason), "")
    if reason:
        made.notes.append(f"no MINOS error for {name}: {reason}")
        return
    below, above = (float(end.place.x[k] - place.x[k]) for end in ends)
    made.found[name] = (below, above)
    for end, side in zip(ends, ("below", "above"), strict=True):
        if end.at_limit:
            made.notes.append(
                f"the MINOS interval of {name} ends {side} at its limit {end.place.x[k]:.4g}"
            )
