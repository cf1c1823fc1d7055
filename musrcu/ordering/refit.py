"""The cost of a fitted order parameter again: on its points, or on some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from musrcu.ordering.minimum import NAMES, LawCost, Limits, Minimum, Values, law_limits, lowest
from musrcu.ordering.outcome import judge, limits_reached
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import OrderParameter


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """The law fitted to some points as it was to those of another fit."""

    minimum: Minimum
    at_limit: Mapping[str, float]
    """Free parameters that ended at a limit, and the limit."""
    limits: Limits
    reason: str
    """Why the numbers are not to be used; empty where they are."""


def cost_on(order: OrderParameter, points: OrderPoints) -> LawCost:
    """The cost that an order parameter was fitted with, on other points."""
    return LawCost(points, method=order.method, above=order.above)


def held_in(order: OrderParameter) -> dict[str, float]:
    """What a fit held on request, by name inside the law."""
    parameters = dict(
        zip(NAMES, (order.saturation, order.T_N, order.beta, order.alpha), strict=True)
    )
    return {name: one.value for name, one in parameters.items() if one.fixed}


def refit(cost: LawCost, held: Mapping[str, float], near: Values, *, tries: int = 0) -> Refit:
    """The minimum of a cost from ``near`` and from ``tries`` other places.

    Parameters that end at a limit are held there, as in the first fit.
    """
    limits = law_limits(cost)
    found = lowest(cost, limits, held, near=near, tries=tries)
    stuck = limits_reached(cost, found, limits)
    if stuck:
        found = lowest(cost, limits, {**held, **stuck}, near=found.values, tries=0)
    _, reason = judge(found, stuck, limits, cost.points)
    return Refit(found, stuck, limits, reason)
