"""MINOS errors of the order-parameter law, and roots of its likelihood where MINOS gives up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from musrcu.ordering.minimum import (
    NAMES,
    LawCost,
    Limits,
    Minimum,
    Values,
    collect,
    descend,
    lowest,
)

Interval = tuple[float, float]

_AT = 1e-4
"""Share of the way to a limit that is as good as none."""
_SHORT = 1e-3
"""Share of the way to a run without order that is as good as none."""


@dataclass(frozen=True, slots=True)
class Minos:
    """Unequal errors of the parameters, and what there is to say about them."""

    minimum: Minimum
    """The minimum they belong to: MINOS may find a deeper one on its way."""
    intervals: dict[str, Interval | None]
    """(low, high) with low < 0 < high, in the unit of the parameter; None where there are none."""
    notes: tuple[str, ...]


def minos_errors(
    cost: LawCost, minimum: Minimum, limits: Limits, held: dict[str, float],
    names: tuple[str, ...], leaving: Mapping[str, float] = MappingProxyType({}),
) -> Minos:  # fmt: skip
    """Where chi2, minimised over the other parameters, has risen by one on either side.

    Minuit's MINOS first; a side that it does not find is searched with Brent's method on the
    profile of chi2. A side that ends at a limit of the parameter reaches to that limit.

    Parameters
    ----------
    held : what stays where it is for the minimum itself.
    leaving : which of them may leave their places as another parameter is moved: T_N at its bound.
    """
    minimum = _settled(cost, minimum, limits, held, names)
    free = {name: value for name, value in held.items() if name not in leaving}
    found: dict[str, Interval | None] = {}
    notes: list[str] = []
    called = cost.points.quantity.called
    for name in names:
        sides: list[float | None] = []
        for side in (-1, 1):
            if leaving and name not in leaving:
                width, at_limit = _root(cost, minimum, limits, free, name, side)
            else:
                width, at_limit = _side(cost, minimum, limits, held, name, side)
            sides.append(width)
            word = "lower" if side < 0 else "upper"
            if width is None:
                notes.append(f"the {word} MINOS error of {called(name)} was not found")
            elif at_limit:
                notes.append(
                    f"the {word} MINOS error of {called(name)} ends at the limit "
                    f"{limits[name][side > 0]:.5g}"
                )
        low, high = sides
        found[name] = None if low is None or high is None else (low, high)
    return Minos(minimum, found, tuple(notes))


def _settled(
    cost: LawCost, minimum: Minimum, limits: Limits, held: dict[str, float], names: tuple[str, ...]
) -> Minimum:
    """MINOS on every name; starts over once where it comes upon a deeper minimum."""
    if minimum.minuit.fmin is None or not minimum.valid:
        return minimum
    for name in names:
        if name not in minimum.free:
            continue
        minuit = minimum.minuit
        minuit.minos(name)
        state = minuit.merrors[name]
        if state.lower_new_min or state.upper_new_min:
            deeper = lowest(cost, limits, held, near=minimum.values, tries=6)
            if deeper.chi2 < minimum.chi2 - 1e-3:
                deeper.minuit.minos(*[other for other in names if other in deeper.free])
                return deeper
    return replace(collect(minimum.minuit, minimum.free), covariance=minimum.covariance)


def _side(
    cost: LawCost, minimum: Minimum, limits: Limits, held: dict[str, float], name: str, side: int
) -> tuple[float | None, bool]:
    """(signed error, whether it ends at the limit) of one side."""
    if name in minimum.free:
        state = minimum.minuit.merrors.get(name)
        if state is not None:
            sound = state.lower_valid if side < 0 else state.upper_valid
            width = float(state.lower if side < 0 else state.upper)
            if _at_a_wall(minimum, limits, name, side, width):
                return _root(cost, minimum, limits, held, name, side)
            room = limits[name][side > 0] - minimum.values[NAMES.index(name)]
            if sound and abs(width) > (1 - _AT) * abs(room):
                return room, True
            if sound and side * width > 0:
                return width, False
    return _root(cost, minimum, limits, held, name, side)


def _at_a_wall(minimum: Minimum, limits: Limits, name: str, side: int, width: float) -> bool:
    """Whether MINOS was stopped at a run without order, beyond which the cost goes on."""
    end = float(minimum.minuit.limits[name][side > 0])
    room = abs(end - minimum.values[NAMES.index(name)])
    return end != limits[name][side > 0] and abs(width) > (1 - _SHORT) * room


def _root(
    cost: LawCost, minimum: Minimum, limits: Limits, held: dict[str, float], name: str, side: int
) -> tuple[float | None, bool]:
    from scipy.optimize import brentq

    centre = minimum.values[NAMES.index(name)]
    end = limits[name][side > 0] - centre
    rise = _profile(cost, minimum, limits, held, name)
    error = minimum.errors.get(name, float("nan"))
    step = side * (error if error > 0 else 0.01 * abs(centre))
    last = 0.0
    for _ in range(25):
        reach = min(step, end) if side > 0 else max(step, end)
        if rise(centre + reach) > 0:
            width = brentq(
                lambda offset: rise(centre + offset), last, reach, xtol=1e-4 * abs(reach) + 1e-12
            )
            return float(width), False
        if reach == end:
            return float(end), True
        last, step = reach, 1.7 * step
    return None, False


def _profile(
    cost: LawCost, minimum: Minimum, limits: Limits, held: dict[str, float], name: str
) -> Callable[[float], float]:
    """chi2 - (its minimum) - 1 with ``name`` held; each minimum starts where the last one ended."""
    last: list[Values] = [minimum.values]

    def rise(value: float) -> float:
        if value == minimum.values[NAMES.index(name)]:
            return -1.0
        found = descend(cost, last[0], limits, {**held, name: value})
        last[0] = found.values
        return found.chi2 - minimum.chi2 - 1.0

    return rise
