"""The cost of a fitted order parameter again: on its points, or on some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from musrcu.errors import FitError
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


def sound(order: object, lacks: str) -> OrderParameter:
    """A fit that can be asked for more.

    Parameters
    ----------
    order : what was given.
    lacks : what it would not have, as the end of a sentence, such as ``has no critical region``.

    Raises
    ------
    FitError if it is no order parameter, or not valid.
    """
    if not isinstance(order, OrderParameter):
        raise FitError(
            f"{type(order).__name__} {lacks}; expected an OrderParameter, such as .order of a scan "
            "or .two_step of a fit to all spectra"
        )
    if not order.valid:
        raise FitError(f"a fit that is not valid {lacks}: {order.reason}")
    return order


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
