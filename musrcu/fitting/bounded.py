"""The minimum inside limits: what lies at a limit is held there, what has no bound is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import Cost
from musrcu.fitting.descent import descend, pressed
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.minimise import CONVERGED, Minimum, minimise

FloatArray = NDArray[np.float64]

SAME = 0.01
"""Two fits closer than this in chi-square are equally good."""
FURTHER = 10.0
"""Times its value or error, whichever is larger, at which a parameter is tried."""
VAGUE = 3.0
"""A parameter of fewer standard errors than this may have no upper bound."""


def bounded_minimum(cost: Cost, x: FloatArray) -> tuple[Minimum, Freedom, frozenset[int]]:
    """The minimum; parameters that end at a limit are held there and the fit is redone.

    What is pressed against a limit is held before Minuit, whose coordinates are singular there, has
    its word. A parameter that the data hardly bound is within a small part of its error of any
    limit: it is held only where chi-square does not rise by that.
    """
    held, cost, minimum = _without_pressed(cost, x)
    while minimum.at_limit and len(minimum.at_limit) < minimum.x.size:
        together = minimum.at_limit
        tried = [together, *((k,) for k in together if len(together) > 1)]
        for places in tried:
            fewer, found = _held(cost, minimum.x, places)
            if found.chi2 <= minimum.chi2 + SAME:
                held |= {int(cost.free[k]) for k in places}
                cost, minimum = fewer, found
                break
        else:
            break
    return minimum, cost.freedom, held


def _without_pressed(cost: Cost, x: FloatArray) -> tuple[frozenset[int], Cost, Minimum]:
    """The minimum with those held, of which there are some, that a descent leaves at a limit."""
    x, _ = descend(cost, x, tolerance=CONVERGED)
    at = pressed(cost, x)
    if at and len(at) < x.size:
        fewer, minimum = _held(cost, x, at)
        whole = x.copy()
        whole[[k for k in range(x.size) if k not in at]] = minimum.x
        if minimum.valid and set(at) <= set(pressed(cost, whole)):
            return frozenset(int(cost.free[k]) for k in at), fewer, minimum
        x = whole
    return frozenset(), cost, _minimum(cost, x)


def _minimum(cost: Cost, x: FloatArray) -> Minimum:
    return minimise(cost, x, tuple(cost.freedom.model.names[k] for k in cost.free))


def _held(cost: Cost, x: FloatArray, places: Sequence[int]) -> tuple[Cost, Minimum]:
    """The cost and its minimum with some of the free parameters at their nearer limits."""
    freedom = cost.freedom
    for k in places:
        place = int(cost.free[k])
        lower, upper = float(freedom.lower[place]), float(freedom.upper[place])
        near_lower = x[k] - lower < upper - x[k]
        freedom = freedom.hold(place, lower if near_lower else upper)
    fewer = cost.with_freedom(freedom)
    return fewer, _minimum(fewer, np.delete(x, list(places)))


def boundless(cost: Cost, freedom: Freedom, minimum: Minimum) -> list[str]:
    """Rates and widths that the data do not bound above, one sentence each.

    Chi-square is tried with each vague one held far above, the others following.

    Parameters
    ----------
    cost : the fitted cost.
    freedom : what was free at its minimum.
    minimum : where it lies.
    """
    model: Any = freedom.model
    cost, notes = cost.with_freedom(freedom), []
    for k, place in enumerate(cost.free):
        parameter, value = model.parameters[place], float(minimum.x[k])
        if place >= model.own or parameter.kind != "plain" or not freedom.lower[place] >= 0:
            continue
        error = value
        if minimum.covariance is not None:
            error = float(np.sqrt(minimum.covariance[k, k]))
        if value > VAGUE * error or np.isfinite(freedom.upper[place]):
            continue
        certain = max(FURTHER * value, parameter.certified[1])
        far = min(FURTHER * max(value, error), certain)
        if far > 0 and _along(cost, minimum.x, k, far) < minimum.chi2 + 1:
            notes.append(
                f"the data do not bound {parameter.name} above: {far:.2g} {parameter.unit}".rstrip()
                + f" fits as well as {value:.3g}"
            )
    return notes


def _along(cost: Cost, x: FloatArray, k: int, far: float) -> float:
    """Chi-square with a free parameter held at ``far``, reached in steps that others follow."""
    place, rest = int(cost.free[k]), np.delete(x, k)
    begin = min(max(float(x[k]), 1e-3 * far), far)
    chi2 = np.inf
    for value in np.geomspace(begin, far, 3)[1:]:
        held = cost.with_freedom(cost.freedom.hold(place, float(value)))
        rest, chi2 = descend(held, rest, tolerance=0.01)
    return chi2
