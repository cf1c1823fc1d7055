"""Numbers with errors of two sides: as they are given, carried through a formula, and printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from musrcu.constants import GAUSS, KELVIN
from musrcu.errors import MusrcuError
from musrcu.notation import asymmetric, bracket, parsed

Formula = Callable[..., Any]

ALIKE = 0.1
"""Share of their mean by which two errors may differ and be printed as one."""


class Estimate(Protocol):
    """A fitted parameter, such as ``T_N`` of an order parameter."""

    @property
    def value(self) -> float:
        """Its value."""

    @property
    def error(self) -> float | None:
        """One standard deviation; NaN or None where it is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A number, or an array, with its errors."""

    value: Any
    """A float, or an array (n,) where an argument was one."""
    low: Any = 0.0
    """Lower error, below 0; 0 where everything is exact, NaN where it is not known."""
    high: Any = 0.0
    """Upper error; infinite where the interval leaves the range of a formula."""
    unit: str = ""

    @property
    def error(self) -> Any:
        """Mean of the two errors."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        if np.ndim(self.value):
            ends = f"{np.min(self.value):.6g} to {np.max(self.value):.6g} {self.unit}".rstrip()
            return f"{np.size(self.value)} values, {ends}"
        if math.isinf(self.error) or abs(self.high + self.low) > ALIKE * self.error:
            return asymmetric(self.value, self.low, self.high, self.unit)
        return bracket(self.value, self.error, self.unit)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; what is not known or not finite is null."""
        sides = {"value": self.value, "low": self.low, "high": self.high}
        return {**{name: _plain(side) for name, side in sides.items()}, "unit": self.unit}


Given = float | str | tuple[float, float] | ArrayLike | Estimate | Quantity
"""A number (exact), an array, (value, error), text such as ``"13.7(1)"``, or a fitted parameter."""

_UNITS: dict[str, Mapping[str, float]] = {"K": KELVIN, "G": GAUSS, "": {}}


def quantity(name: str, given: Given, unit: str, positive: bool = True) -> Quantity:
    """An argument of a formula with its errors, converted to ``unit``.

    Parameters
    ----------
    name : of the argument, for the error.
    unit : ``K``, ``G`` or empty; text may name another of the same kind, such as mK or T.
    positive : whether only numbers above 0 will do.

    Raises
    ------
    MusrcuError for what is no such number, another unit, or a negative error.
    """
    value, low, high, own = _sides(name, given)
    if not np.size(value):
        raise MusrcuError(f"{name} is empty; expected a number, or an array of them")
    scale = 1.0 if own in ("", unit) else _UNITS[unit].get(own.lower())
    if scale is None:
        raise MusrcuError(f"{name} is given in {own}; expected {unit or 'a number without unit'}")
    if not np.all(np.isfinite(value)) or (positive and np.any(np.less_equal(value, 0))):
        wanted = "a positive number" if positive else "a number"
        raise MusrcuError(f"{name} = {value} {own or unit}".rstrip() + f"; expected {wanted}")
    if np.any(np.greater(low, 0)) or np.any(np.less(high, 0)):
        raise MusrcuError(f"the error of {name} = {value} is negative")
    return Quantity(value * scale, low * scale, high * scale, unit)


def _sides(name: str, given: Any) -> tuple[Any, Any, Any, str]:
    """Value, lower and upper error, and the unit if it comes with one."""
    if isinstance(given, Quantity):
        return given.value, given.low, given.high, given.unit
    if isinstance(given, str):
        value, errors, own = parsed(given)
        return value, *(errors or (0.0, 0.0)), own
    try:
        if hasattr(given, "value") and hasattr(given, "error"):
            error = math.nan if given.error is None else given.error
            low, high = getattr(given, "minos", None) or (-error, error)
            return float(given.value), low, high, getattr(given, "unit", "")
        if isinstance(given, tuple):
            value, error = map(float, given)
            return value, -error, error, ""
        array = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as problem:
        raise MusrcuError(
            f"{name} = {given!r}; expected a number, (value, error), or text such as '13.7(1)'"
        ) from problem
    return (array if array.ndim else float(array)), 0.0, 0.0, ""


def propagated(formula: Formula, unit: str, *arguments: Quantity) -> Quantity:
    """The formula with errors: each side of each argument moved alone, added in quadrature.

    Exact for the interval of a single argument through a monotonic formula. Where both sides of an
    argument move the result the same way, the farther one counts.
    """
    values = [argument.value for argument in arguments]
    try:
        np.broadcast_shapes(*map(np.shape, values))
    except ValueError:
        sizes = ", ".join(str(np.size(value)) for value in values)
        raise MusrcuError(f"arguments have {sizes} numbers; give arrays of one length") from None
    best = formula(*values)
    low = high = np.zeros(np.shape(best))
    for place, argument in enumerate(arguments):
        sides = (argument.low, argument.high)
        steps = [_step(formula, values, best, place, side) for side in sides if np.any(side)]
        if steps:
            steps.append(np.zeros(np.shape(best)))
            low = np.hypot(low, np.minimum.reduce(steps))
            high = np.hypot(high, np.maximum.reduce(steps))
    if np.ndim(best):
        return Quantity(best, 0.0 - low, high, unit)
    return Quantity(float(best), 0.0 - float(low), float(high), unit)


def _step(formula: Formula, values: list[Any], best: Any, place: int, side: Any) -> Any:
    """How far the result moves with one argument; infinite where that leaves the formula's range.

    NaN where it is not known how far the argument may move.
    """

    def moved(by: Any) -> Any:
        return formula(*values[:place], values[place] + by, *values[place + 1 :]) - best

    with np.errstate(all="ignore"):
        step = moved(side)
        if np.all(np.isfinite(step)):
            return step
        direction = moved(np.copysign(1e-6 * np.abs(values[place]), side))
    return np.where(np.isfinite(step) | np.isnan(side), step, np.copysign(np.inf, direction))


def _plain(number: Any) -> Any:
    """Floats and lists of them; None for what is not finite."""
    if np.ndim(number):
        return [_plain(one) for one in number]
    return float(number) if math.isfinite(number) else None
