"""What is said in words of a fitted order parameter: limits of T_N, quality, one-sided ends."""

from __future__ import annotations

import math

import numpy as np

from musrcu import notation
from musrcu.constants import IMPROBABLE
from musrcu.fitting.result import chi2_probability
from musrcu.ordering.censored import CensoredRuns
from musrcu.ordering.minimum import LawCost, Limits, Values, bound_above
from musrcu.ordering.points import OrderPoints

_NONE = 1e-2
"""Distance, as a share of that on the other side, which is none: T_N at a run without order."""

MUCH = 4.0
"""Cost of the censored runs, two standard errors of one, that is worth a word."""


def quality_notes(points: OrderPoints, limits: Limits, chi2: float, n_free: int) -> list[str]:
    """What a reader should know of the points and of how well the law goes through them.

    Parameters
    ----------
    n_free : parameters that were not held on request.
    """
    notes = []
    above, hottest = bound_above(points), points.temperature.max()
    if points.upper_bound is not None and points.upper_bound < hottest:
        notes.append(
            f"the run without order at {points.upper_bound:.5g} K lies below the ordered run at "
            f"{hottest:.5g} K" + ("" if above == limits["T_N"][1] else " and does not bound T_N")
        )
    ndof = len(points) - n_free
    if ndof == 0:
        notes.append(
            f"{n_free} points for {n_free} parameters, 0 degrees of freedom: nothing tests the law"
        )
    probability = chi2_probability(chi2, ndof)
    if probability is not None and probability < IMPROBABLE:
        notes.append(
            f"chi-square {chi2:.1f} for {ndof} degrees of freedom has the probability "
            f"{notation.probability(probability, 1)}: the law does not describe these points "
            "within their errors"
        )
    return notes


def censored_notes(cost: LawCost, values: Values) -> list[str]:
    """A word where the law gives runs without order what they would have shown.

    Parameters
    ----------
    values : nu0, T_N, beta and alpha of the law.
    """
    if cost.censored is None:
        return []
    added, _ = cost.censored.cost(values)
    below = np.sort(cost.censored.temperature[cost.censored.temperature < values[1]])
    if added < MUCH:
        return []
    count = f"the run without order at {below[0]:.5g} K adds"
    if len(below) > 1:
        count = f"{len(below)} runs without order from {below[0]:.5g} K on add"
    return [f"{count} {added:.1f} to the cost: below T_N the law gives what would have been seen"]


def bound_text(cost: LawCost, limits: Limits) -> str:
    """The limits of T_N and the runs they come from, or what censored runs do."""
    points, (low, high) = cost.points, limits["T_N"]
    text = f"T_N {_from(cost)} {low:.5g} K ({_lower_run(cost, low)})"
    if cost.censored is not None:
        return f"{text}; {_censored_text(cost.censored, points.unit)}"
    if cost.above != "censored" and high == bound_above(points):
        return f"{text}, not above {high:.5g} K (run without order at {points.upper_bound:.5g} K)"
    return f"{text}; no run without order bounds it from above"


def _censored_text(runs: CensoredRuns, unit: str) -> str:
    """How many censored runs there are, and what each would have shown."""
    seen = sorted(set(runs.nu_det.tolist()))
    least = f"{seen[0]:.3g}" if len(seen) == 1 else f"{seen[0]:.3g} to {seen[-1]:.3g}"
    count = "1 run" if len(runs.nu_det) == 1 else f"{len(runs.nu_det)} runs"
    least = f"{least} {unit}".rstrip()
    return (
        f"{count} without order from {runs.temperature.min():.5g} K, censored: what the law gives "
        f"them costs its square over that of the least that would have been seen, {least}"
    )


def _from(cost: LawCost) -> str:
    """``sought from`` where the lower limit is none of the runs but one of the search."""
    return "sought from" if cost.T_error is not None and cost.latent else "above"


def _lower_run(cost: LawCost, low: float) -> str:
    """Why T_N may not be lower."""
    temperature = cost.points.temperature
    if cost.T_error is None or not cost.latent:
        return f"the highest ordered run, {temperature.max():.5g} K"
    reach = temperature - 10 * cost.T_error
    place = int(np.argmax(reach))
    if reach[place] < low:
        return f"a tenth of the highest ordered temperature, {temperature.max():.5g} K"
    return (
        f"ordered run at {temperature[place]:.5g} K, whose true temperature may be lower by up to "
        f"10 of its errors of {cost.T_error[place]:.2g} K"
    )


def one_sided(value: float, minos: tuple[float, float], unit: str) -> str:
    """A value at a bound with the other end of its 68 % interval, to the digits of the distance.

    Empty where neither distance of ``minos`` is as good as zero.
    """
    low, high = (0.0 if abs(side) < _NONE * max(map(abs, minos)) else side for side in minos)
    if (low == 0) == (high == 0):
        return ""
    distance = low or high
    decimals = max(0, -math.floor(math.log10(abs(distance))))
    tail = f" {unit}" if unit else ""
    at, end = ("upper", "lower") if high == 0 else ("lower", "upper")
    return (
        f"{value:.{decimals}f}{tail} (at its {at} bound), 68 % {end} end "
        f"{value + distance:.{decimals}f}{tail}"
    )
