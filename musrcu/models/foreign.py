"""What a function that is not of musrcu's own is held to: its results, its errors, its table."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ModelError, MusrcuError
from musrcu.models.parameter import Parameter

FloatArray = NDArray[np.float64]
LONGEST_TEXT = 300
"""Characters of somebody else's error that are shown."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a component comes from, so that another process finds it too."""

    module: str
    """Module of the function."""
    file: str | None = None
    """Python file that a user named; None where the module was imported."""

    def __str__(self) -> str:
        return self.module if self.file is None else Path(self.file).name


class _Aside:
    """What is printed meanwhile goes to standard error; any number may be open, in any thread."""

    def __init__(self) -> None:
        self._lock, self._open = Lock(), 0
        self._out: TextIO | None = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._open:
                self._out, sys.stdout = sys.stdout, sys.stderr
            self._open += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._open -= 1
            if not self._open and self._out is not None:
                sys.stdout, self._out = self._out, None


_aside = _Aside()


class Foreign:
    """A block that runs somebody else's code: any error becomes one sentence, and what it prints
    goes to standard error.

    It stands for ``except Exception``, which the house does not write: here no list of errors would
    do, and none is swallowed.
    """

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> Foreign:
        _aside.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _aside.__exit__()
        wants_to_end = isinstance(error, SystemExit)  # it may end its own call only
        if wants_to_end or (isinstance(error, Exception) and not isinstance(error, MusrcuError)):
            assert error is not None
            raise ModelError(f"{self.what}: {said(error)}") from error


def said(error: BaseException) -> str:
    """An error in one line: ``NameError: name 'foo' is not defined``."""
    text = " ".join(str(error).split())
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]} ... ({len(text)} characters)"
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
            values = tuple(map(_double, values))
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
            values = tuple(map(_double, values))
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


def _double(value: Any) -> Any:
    """A number in double precision, with which a division by zero is infinite."""
    return value if isinstance(value, complex) else np.float64(value)


def _failed(
    key: str, parameters: Sequence[Parameter], values: Sequence[Any], what: str = "it failed"
) -> str:
    """``component my_decay: it failed at lambda = 0.5``."""
    pairs = zip(parameters, values, strict=False)
    shown = ", ".join(f"{one.name} = {np.real(value):.6g}" for one, value in pairs)
    return f"component {key}: {what}" + (f" at {shown}" if shown else "")


def arguments_of(function: Callable[..., Any]) -> list[str]:
    """Names of the arguments behind the first, without the underscore of ``lambda_``.

    Raises
    ------
    ModelError where two have one name, or one cannot be given by its place.
    """
    arguments = list(inspect.signature(function).parameters.values())
    what = f"component {function.__name__}"
    for one in arguments:
        if one.kind is one.KEYWORD_ONLY:
            raise ModelError(
                f"{what}: the argument {one.name} can be given by its name only; take away the * "
                "before it"
            )
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            raise ModelError(f"{what}: {one} stands for any number of arguments; name each of them")
    names = [one.name.rstrip("_") for one in arguments[1:]]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ModelError(
            f"{what}: two arguments are called {twice}, as an underscore at the end does not "
            "count; rename one"
        )
    return names


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
