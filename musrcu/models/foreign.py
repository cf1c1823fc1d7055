"""What a function that is not of musrcu's own is held to: its results, its errors, its table."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ModelError, MusrcuError
from musrcu.models.parameter import Parameter

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a component comes from, so that another process finds it too."""

    module: str
    """Module of the function."""
    file: str | None = None
    """Python file that a user named; None where the module was imported."""

    def __str__(self) -> str:
        return self.module if self.file is None else Path(self.file).name


class Foreign:
    """A block that runs somebody else's code: any error becomes one sentence.

    It stands for ``except Exception``, which the house does not write: here no list of errors would
    do, and none is swallowed.
    """

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> Foreign:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, MusrcuError):
            raise ModelError(f"{self.what}: {said(error)}") from error


def said(error: BaseException) -> str:
    """An error in one line: ``NameError: name 'foo' is not defined``."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def guarded(
    key: str, function: Callable[..., Any], parameters: Sequence[Parameter]
) -> Callable[..., FloatArray]:
    """The function with its result looked at: real numbers of the shape of ``t``.

    NaN and infinity pass, as a fit may come by them and go on; so do complex numbers where an
    argument is complex.
    """

    @wraps(function)
    def checked(t: Any, *values: Any, **named: Any) -> FloatArray:
        with Foreign(_failed(key, parameters, values)), np.errstate(all="ignore"):
            found = np.asarray(function(t, *values, **named))
        shape = np.shape(t)
        if found.shape != shape:
            raise ModelError(
                f"component {key}: it returned the shape {found.shape} for times of the shape "
                f"{shape}; return one number for each time"
            )
        complex_step = any(isinstance(value, complex) for value in values)
        if found.dtype.kind not in ("fiubc" if complex_step else "fiub"):
            raise ModelError(
                f"component {key}: it returned numbers of the type {found.dtype}; expected real "
                "ones"
            )
        return found if complex_step else found.astype(float, copy=False)

    return checked


def guarded_rows(
    key: str, derivatives: Callable[..., Any], parameters: Sequence[Parameter]
) -> Callable[..., Sequence[FloatArray]]:
    """The function of derivatives with its errors and the shapes of its result looked at."""

    @wraps(derivatives)
    def checked(t: Any, value: Any, *values: Any) -> Sequence[FloatArray]:
        with (
            Foreign(_failed(key, parameters, values, "its derivatives failed")),
            np.errstate(all="ignore"),
        ):
            rows = [np.asarray(row, dtype=float) for row in derivatives(t, value, *values)]
        for parameter, row in zip(parameters, rows, strict=False):
            if row.shape != np.shape(t):
                raise ModelError(
                    f"component {key}: its derivative with respect to {parameter.name} has the "
                    f"shape {row.shape}, expected that of the times, {np.shape(t)}"
                )
        return rows

    return checked


def guarded_solution(
    key: str, together: Callable[..., Any], parameters: Sequence[Parameter]
) -> Callable[..., tuple[FloatArray, Sequence[FloatArray]]]:
    """The function of value and derivatives with the errors and shapes of both looked at."""
    values: dict[str, Any] = {}

    def first(t: Any, *at: Any) -> Any:
        values["rows"] = ()
        value, values["rows"] = together(t, *at)
        return value

    def rest(t: Any, value: Any, *at: Any) -> Any:
        return values["rows"]

    value_of, rows_of = guarded(key, first, parameters), guarded_rows(key, rest, parameters)

    @wraps(together)
    def checked(t: Any, *at: Any) -> tuple[FloatArray, Sequence[FloatArray]]:
        value = value_of(t, *at)
        return value, rows_of(t, value, *at)

    return checked


def _failed(
    key: str, parameters: Sequence[Parameter], values: Sequence[Any], what: str = "it failed"
) -> str:
    """``component my_decay: it failed at lambda = 0.5``."""
    pairs = zip(parameters, values, strict=False)
    shown = ", ".join(f"{one.name} = {np.real(value):.6g}" for one, value in pairs)
    return f"component {key}: {what}" + (f" at {shown}" if shown else "")


def table_of(function: Callable[..., Any]) -> list[Parameter]:
    """The table of a function that comes without one: its arguments with their defaults.

    Raises
    ------
    ModelError where an argument behind the first has no number as its default.
    """
    table = []
    for argument in list(inspect.signature(function).parameters.values())[1:]:
        default = argument.default
        if isinstance(default, bool) or not isinstance(default, (int, float)):
            raise ModelError(
                f"component {function.__name__}: the argument {argument.name} has no default; "
                f"write {argument.name}=0.5, its start value, or give a table with parameters="
            )
        table.append(Parameter(argument.name.rstrip("_"), "", float(default)))
    return table
