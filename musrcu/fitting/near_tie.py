"""Whether a second minimum is one, or another place in the same flat valley."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import Cost
from musrcu.fitting.interval import follow, limits_of
from musrcu.fitting.start import NEAR_TIE, Start, differing
from musrcu.notation import bracket

FloatArray = NDArray[np.float64]

BARRIER = 1.0
"""Rise of chi-square above the higher of two places that makes them two minima."""
BETWEEN = 7
"""Places that are looked at between the two."""
TOLD = 2.0
"""Standard errors within which the error of a parameter tells enough."""


def near_tie(cost: Cost, starts: list[Start], covariance: FloatArray) -> list[str]:
    """A second minimum of about the same chi-square at another frequency or rate, or a rate that
    the data leave open over a wide range.

    Two places are two minima where chi-square, minimised over all else, rises between them.

    Parameters
    ----------
    cost : what is minimised.
    starts : minima that the search found, best first.
    covariance : (n_parameters, n_parameters) of the fit.
    """
    best = starts[0]
    for other in starts[1:]:
        worse = other.chi2 - best.chi2
        # equal to the last digits: the same minimum with two equal terms exchanged
        if not 0.01 < worse < NEAR_TIE:
            continue
        moved = differing(cost, other.x, best.x)
        apart = _apart(cost, best, other, moved)
        if apart is not None:
            name, place = _words(cost, other, apart)
            return [f"a second minimum at {name} = {place} is only {worse:.1f} worse in chi-square"]
        for k in moved:
            error = float(np.sqrt(covariance[cost.free[k], cost.free[k]]))
            if not abs(other.x[k] - best.x[k]) <= TOLD * error:
                name, place = _words(cost, other, k)
                return [
                    f"the data hardly bound {name}: chi-square is only {worse:.1f} worse at {place}"
                ]
    return []


def _words(cost: Cost, other: Start, k: int) -> tuple[str, str]:
    parameter = cost.freedom.model.parameters[cost.free[k]]
    return parameter.name, bracket(float(other.x[k]), None, parameter.unit)


def _apart(cost: Cost, best: Start, other: Start, moved: list[int]) -> int | None:
    """The parameter along which a barrier lies between two places; None where there is none."""
    if not moved:
        return None
    height = max(best.chi2, other.chi2) + BARRIER
    shares = np.arange(1, BETWEEN + 1) / (BETWEEN + 1)
    if all(cost(best.x + share * (other.x - best.x)) <= height for share in shares):
        return None
    lower, upper = limits_of(cost)
    for k in moved:
        here = best.x
        for value in _values(float(best.x[k]), float(other.x[k])):
            x = np.clip(here, lower, upper)
            x[k] = value
            place = follow(cost, x, [k])
            if place.cost > height:
                return k
            here = place.x
    return None


def _values(a: float, b: float) -> FloatArray:
    """Values from one to the other, even in their logarithm where both are positive."""
    if a > 0 and b > 0:
        return np.geomspace(a, b, BETWEEN + 2)[1:]
    return np.linspace(a, b, BETWEEN + 2)[1:]
