"""Numbers for which no formula is made: a minimiser tries them nevertheless, and goes on.

Within its limits a function is called as it is. Beyond them, or where a number is so small or so
large that its square is lost, what cannot be computed is NaN, without a warning or an exception.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ModelError
from musrcu.models.parameter import Parameter

FloatArray = NDArray[np.float64]
Kind = Literal["value", "rows", "both"]

SMALL, LARGE = 1e-20, 1e12
"""Sizes beyond which a number is looked at twice."""
NOTHING = 1e-100
"""Smaller numbers are 0; the cube of this is still a number."""
ROUNDING = 1e-12
"""By so much, as a share, a value may lie beyond a limit that it is meant to be at."""
_FLOAT = np.dtype(float)


def times_of(t: Any) -> FloatArray:
    """``t`` as an array of floats, the same one where it is one already.

    Raises
    ------
    ModelError where some of the times are masked.
    """
    if type(t) is np.ndarray and t.dtype == _FLOAT:
        return t
    if isinstance(t, np.ma.MaskedArray) and np.ma.is_masked(t):
        hidden = int(np.ma.getmaskarray(t).sum())
        raise ModelError(
            f"{hidden} of {t.size} times are masked, and a function has no value there; give "
            "t.compressed() instead"
        )
    return np.asarray(t, dtype=float)


def steady(
    function: Callable[..., Any], parameters: Sequence[Parameter], kind: Kind = "value"
) -> Callable[..., Any]:
    """The function for any numbers and any array of times: NaN where it has no value.

    Parameters
    ----------
    function : ``function(t, *parameters)``; ``function(t, value, *parameters)`` for ``rows``.
    parameters : its table.
    kind : whether it returns the value, the derivatives, or both.
    """
    limits = tuple(
        (
            -math.inf if one.lower is None else one.lower,
            math.inf if one.upper is None else one.upper,
        )
        for one in parameters
    )
    first = 1 if kind == "rows" else 0
    count = first + len(limits)
    lows, highs = tuple(low for low, _ in limits), tuple(high for _, high in limits)

    def odd(t: Any, arrays: tuple[Any, ...], values: Sequence[Any]) -> Any:
        return _odd(function, kind, limits, t, arrays, values)

    @wraps(function)
    def at(t: Any, *given: Any, **named: Any) -> Any:
        # The usual call first: the checks take a third of what the shortest functions do.
        if type(t) is np.ndarray and t.dtype is _FLOAT and t.ndim and len(given) == count:
            for value, low, high in zip(given[first:], lows, highs, strict=True):
                if type(value) is not float or not (
                    low <= value <= high and (SMALL < value < LARGE or value == 0.0)
                ):
                    break
            else:
                try:
                    return function(t, *given)
                except ArithmeticError:
                    return odd(t, given[:first], given[first:])
        if named:
            given = inspect.signature(function).bind(t, *given, **named).args[1:]
        arrays, values = given[:first], given[first:]
        numbers = _plain(values, limits)
        if numbers is None or type(t) is not np.ndarray or t.dtype != _FLOAT or not t.ndim:
            return odd(t, arrays, values)
        try:
            return function(t, *arrays, *numbers)
        except ArithmeticError:
            return odd(t, arrays, values)

    return at


def _odd(
    function: Callable[..., Any],
    kind: Kind,
    limits: Sequence[tuple[float, float]],
    t: Any,
    arrays: tuple[Any, ...],
    values: Sequence[Any],
) -> Any:
    """The function for times and numbers that need a second look."""
    t, shape = times_of(t), np.shape(t)
    row = np.atleast_1d(t)
    arrays = tuple(np.reshape(one, row.shape) for one in arrays)
    numbers = _plain(values, limits)
    if numbers is None:
        found = _anyhow(function, kind, row, arrays, _mended(values, limits))
    else:
        try:
            found = function(row, *arrays, *numbers)
        except ArithmeticError:
            found = _anyhow(function, kind, row, arrays, numbers)
    return _each(lambda one: np.reshape(one, shape), found)


def _plain(values: Sequence[Any], limits: Sequence[tuple[float, float]]) -> list[float] | None:
    """The values as floats; None where one is odd."""
    numbers = []
    for value, (low, high) in zip(values, limits, strict=False):
        number = float(value)
        if not (low <= number <= high and (SMALL < abs(number) < LARGE or number == 0.0)):
            return None
        numbers.append(number)
    numbers += values[len(numbers) :]  # too many: the function says so
    return numbers


def _mended(values: Sequence[Any], limits: Sequence[tuple[float, float]]) -> list[float]:
    """What rounding has moved beyond a limit is put there; next to nothing is 0."""
    numbers = []
    for value, (low, high) in zip(values, limits, strict=False):
        number = float(value)
        inside = min(max(number, low), high)
        if abs(number - inside) <= ROUNDING * max(1.0, abs(inside)):
            number = inside
        numbers.append(0.0 if abs(number) < NOTHING else number)
    return numbers


def _anyhow(
    function: Callable[..., Any],
    kind: Kind,
    t: FloatArray,
    arrays: Sequence[FloatArray],
    numbers: Sequence[float],
) -> Any:
    """The function where it is finite, NaN elsewhere."""
    if all(map(math.isfinite, numbers)):
        try:
            with np.errstate(all="ignore"):
                found = function(t, *arrays, *numbers)
                return _each(lambda one: np.where(np.isfinite(one), one, np.nan), found)
        except (ArithmeticError, ValueError):
            pass
    nothing = np.full(t.shape, np.nan)
    rows = (nothing,) * len(numbers)
    return {"value": nothing, "rows": rows, "both": (nothing, rows)}[kind]


def _each(change: Callable[[Any], FloatArray], found: Any) -> Any:
    """Arrays changed, wherever they are in a result."""
    if isinstance(found, tuple | list):
        return tuple(_each(change, one) for one in found)
    return change(found)
