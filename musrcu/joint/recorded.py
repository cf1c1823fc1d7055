"""What a joint fit was asked for, as plain data: enough to ask for it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from musrcu.containers.run import Run
from musrcu.errors import FitError, quoted
from musrcu.fitting import recorded
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.freedom import is_number
from musrcu.joint.grouping import Key
from musrcu.joint.result import JointResult
from musrcu.joint.words import Extra, Words

JOINTLY = "jointly"
"""Entry of the request of a run that was fitted with others."""
FUNCTION = "function"
"""Entry of what groups runs where that is a function, with its name: it cannot be saved."""

_KINDS: dict[str, type | tuple[type, ...]] = {
    name: kind for name, kind in recorded.KINDS.items() if name != "alternatives"
} | {"shared": list, "local": list, "by": dict, "extra": dict}
"""What a request may hold, as JSON has it."""


def with_record(
    result: JointResult, data: Sequence[Fittable], told: Words, **more: Any
) -> JointResult:
    """The result with what was asked for, and in each run its file, its recipe, its detectors.

    Parameters
    ----------
    result : the record of the fit.
    data : what was fitted, in the order of its runs.
    told : what was said of the parameters.
    more : the other arguments of the fit, by name; those that are None or empty are left out.
    """
    runs = []
    for run, one in zip(result.runs, data, strict=True):
        origin = recorded.origin_of(one)
        origin["request"] = {**origin["request"], JOINTLY: True}
        runs.append(dataclasses.replace(run, **origin))
    asked = _asked(told, [one.run for one in data])
    return dataclasses.replace(result, runs=tuple(runs), request=asked | recorded.kept(more))


def _asked(told: Words, runs: Sequence[Run]) -> dict[str, Any]:
    """What was said of the parameters, run by run where it was said by number."""
    named = {
        "by": {name: _key(key) for name, key in told.by.items()},
        "start": {name: _each(value, runs) for name, value in told.start.items()},
        "fixed": {name: _each(value, runs) for name, value in told.fixed.items()},
        "limits": {name: recorded.ends(pair) for name, pair in told.limits.items()},
        "ties": {name: tie.text for name, tie in told.ties.items()},
        "extra": {name: _extra(value) for name, value in told.extra.items()},
        "constraints": [recorded.written(one) for one in told.constraints],
        "max_asymmetry": told.max_asymmetry,
    }
    # that nothing is local is another fit than that nothing was said of it
    scope = {"shared": told.shared} if told.local is None else {"local": told.local}
    return {n: list(names) for n, names in scope.items()} | recorded.kept(named)


def _key(key: Key) -> Any:
    return key if isinstance(key, str) else {FUNCTION: getattr(key, "__name__", "unnamed")}


def _each(value: Any, runs: Sequence[Run]) -> Any:
    """One number, or one for each run, None where there was none."""
    if isinstance(value, Mapping):
        return [recorded.plain(value.get(run.number)) for run in runs]
    return float(value) if is_number(value) else [recorded.plain(one) for one in value]


def _extra(value: Extra) -> Any:
    if not isinstance(value, tuple):
        return float(value)
    return [float(value[0]), *recorded.ends(value[1:])]


def arguments(request: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of :func:`musrcu.joint_fit` from a saved request.

    Raises
    ------
    FitError if it cannot be understood, or runs were grouped by a function.
    """
    asked = recorded.arguments(request, _KINDS)
    for name, key in asked.get("by", {}).items():
        if isinstance(key, dict) and isinstance(key.get(FUNCTION), str):
            raise FitError(
                f"its runs were grouped for {name} by the function {quoted(key[FUNCTION])}, which "
                "is not saved; repeat it in Python"
            )
        if not isinstance(key, str):
            raise FitError(f"its request groups {name} by {quoted(key)}, which is not known here")
    return asked
