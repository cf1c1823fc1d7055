"""What a minimum of the law says once limits, MINOS and what all runs share are looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from musrcu.ordering.common_shifts import common_shifts
from musrcu.ordering.minimum import (
    NAMES,
    LawCost,
    Limits,
    Minimum,
    bound_above,
    inner_walls,
    lowest,
)
from musrcu.ordering.minos import Interval, minos_errors
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import BetaForAlpha

ALPHAS = (1.5, 2.0, 3.0, 4.0)
"""Exponents for which beta is always given beside the chosen one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A minimum with what is said of its parameters."""

    minimum: Minimum
    at_limit: dict[str, float]
    """Free parameters that ended at a limit, and were held there for the rest."""
    intervals: dict[str, Interval | None]
    """MINOS errors."""
    notes: tuple[str, ...]
    common: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What all runs share, see :func:`musrcu.ordering.common_shifts.common_shifts`."""


def at_limits(
    cost: LawCost, minimum: Minimum, limits: Limits, held: Mapping[str, float]
) -> Outcome:
    """The minimum, once more with what ended at a limit held there: HESSE means nothing at it."""
    at_limit = limits_reached(cost, minimum, limits)
    if at_limit:
        minimum = lowest(cost, limits, {**held, **at_limit}, near=minimum.values, tries=0)
    called = cost.points.quantity.called
    notes = tuple(
        f"{called(name)} is at its limit {value:.5g}; errors of the others are with it held there, "
        "unequal ones with it free"
        for name, value in at_limit.items()
    )
    return Outcome(minimum, at_limit, {}, notes)


def limits_reached(cost: LawCost, minimum: Minimum, limits: Limits) -> dict[str, float]:
    """Free parameters that ended at a limit, and the limit."""
    found: dict[str, float] = {}
    for name in minimum.free:
        value = minimum.values[NAMES.index(name)]
        low, high = limits[name]
        near_low = near_high = 1e-3 * (high - low)
        if name == "T_N":
            # it may come very close to the highest ordered temperature before it is at it
            near_low = (1e-4 if cost.latent else 1e-6) * low
        if value - low < near_low:
            found[name] = low
        elif high - value < near_high:
            found[name] = high
        if name == "T_N":
            for wall in inner_walls(cost, limits):
                if abs(value - wall) < 1e-3 * (wall - low):
                    found[name] = wall
    return found


def with_minos(
    cost: LawCost, outcome: Outcome, limits: Limits, held: Mapping[str, float]
) -> Outcome:
    """The outcome with unequal errors; T_N has them even at a limit."""
    names = tuple(
        name for name in NAMES
        if name not in held and (name == "T_N" or name not in outcome.at_limit)
    )  # fmt: skip
    all_held = {**held, **outcome.at_limit}
    found = minos_errors(cost, outcome.minimum, limits, all_held, names, leaving=outcome.at_limit)
    return Outcome(found.minimum, outcome.at_limit, found.intervals, outcome.notes + found.notes)


def with_common(
    cost: LawCost, outcome: Outcome, limits: Limits, held: Mapping[str, float],
    thermometer_offset: float,
) -> Outcome:  # fmt: skip
    """The errors with what all runs share added in quadrature."""
    minimum = outcome.minimum
    shared = bool(cost.points.common) or thermometer_offset > 0
    if not shared or minimum.covariance is None or not minimum.valid:
        return outcome
    fixed = {**held, **outcome.at_limit}
    shifts = common_shifts(cost, minimum, limits, fixed, thermometer_offset=thermometer_offset)
    covariance = minimum.covariance.copy()
    intervals = dict(outcome.intervals)
    for moved in shifts.values():
        vector = np.array([moved[name] for name in minimum.free])
        covariance += np.outer(vector, vector)
        for name, shift in moved.items():
            sides = intervals.get(name)
            if sides is not None:
                intervals[name] = (-math.hypot(sides[0], shift), math.hypot(sides[1], shift))
    return replace(
        outcome,
        minimum=replace(minimum, covariance=covariance),
        intervals=intervals,
        common=shifts,
    )


def beta_for_alpha(
    cost: LawCost, limits: Limits, outcome: Outcome, held: Mapping[str, float]
) -> tuple[BetaForAlpha, ...]:
    """The beta at each of ALPHAS; each fit starts where that of the nearest exponent ended."""
    minimum = outcome.minimum
    done = {minimum.values[NAMES.index("alpha")]: minimum}
    for alpha in sorted(ALPHAS, key=lambda alpha: abs(alpha - minimum.values[3])):
        if alpha in done and "alpha" in held:
            continue
        near = done[min(done, key=lambda other: abs(other - alpha))].values
        found = lowest(cost, limits, {"alpha": alpha}, near=near, tries=0)
        done[alpha] = found if found.valid else lowest(cost, limits, {"alpha": alpha}, near=near)
    rows = []
    for alpha in ALPHAS:
        settled = at_limits(cost, done[alpha], limits, {"alpha": alpha})
        sound, stuck = settled.minimum, tuple(settled.at_limit)
        if held.get("alpha") == alpha:  # what ended at a limit is no longer free in it
            stuck = tuple(outcome.at_limit)
        _, T_N, beta, _ = sound.values
        error = sound.errors.get("beta", math.nan)
        rows.append(BetaForAlpha(alpha, beta, error, T_N, cost.chi2(sound.values), stuck))
    return tuple(rows)


def judge(
    minimum: Minimum, at_limit: Mapping[str, float], limits: Limits, points: OrderPoints
) -> tuple[bool, str]:
    """Whether the numbers may be used, and why not."""
    if not minimum.valid:
        return False, minimum.reason
    for name, value in at_limit.items():
        ends = (limits["T_N"][0], bound_above(points), *points.not_ordered)
        physical = name == "T_N" and value in ends
        if not physical:
            called = points.quantity.called(name)
            return False, f"the points do not determine {called}: it ended at its limit {value:.5g}"
    if minimum.covariance is None:
        return False, "the covariance is singular"
    return True, ""
