"""What a fit was asked for, as plain data: enough to ask for it again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.errors import FitError, quoted
from musrcu.fitting.constraint import Constraint, as_constraints
from musrcu.fitting.request import Request

FORMS = {Asymmetry: "asymmetry", Counts: "counts", Histogram: "histogram"}
"""What was fitted, in one word."""
_FORM = ("data", "label", "detectors")
"""Entries of a request that say what was fitted."""

KINDS: dict[str, type | tuple[type, ...]] = {
    "start": dict, "fixed": dict, "limits": dict, "ties": dict, "constraints": list,
    "t_range": list, "minos": list, "average_bins": bool, "max_asymmetry": (int, float),
    "cost": str, "alternatives": bool,
}  # fmt: skip
"""What a request may hold, as JSON has it."""


def record(data: Asymmetry | Counts | Histogram, request: Request, **more: Any) -> dict[str, Any]:
    """Entries of a :class:`musrcu.FitResult`: its file, its recipe, and what was asked for.

    Parameters
    ----------
    data : what was fitted.
    request : what was asked of the parameters.
    more : the other arguments of the fit, by name; those that are None or empty are left out.
    """
    asked = {
        "start": _numbers(request.start),
        "fixed": _numbers(request.fixed),
        "limits": {name: ends(pair) for name, pair in (request.limits or {}).items()},
        "ties": dict(request.ties or {}),
        "constraints": [written(one) for one in as_constraints(request.constraints)],
        "max_asymmetry": request.max_asymmetry,
        **more,
    }
    origin = origin_of(data)
    return origin | {"request": {**origin["request"], **kept(asked)}}


def origin_of(data: Asymmetry | Counts | Histogram) -> dict[str, Any]:
    """Entries of a :class:`musrcu.FitResult`: its file, its recipe, and what was fitted."""
    form: dict[str, Any] = {"data": FORMS[type(data)]}
    if isinstance(data, Histogram):
        form |= {"label": data.label, "detectors": list(data.detectors)}
    return {
        "path": None if data.run.path is None else str(data.run.path),
        "recipe": None if data.recipe is None else plain(data.recipe.to_tables()),
        "request": form,
    }


def kept(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for as JSON has it; what is None or empty is left out."""
    return {n: plain(v) for n, v in asked.items() if v is not None and v not in ({}, [], ())}


def arguments(
    request: Mapping[str, Any], kinds: Mapping[str, type | tuple[type, ...]] | None = None
) -> dict[str, Any]:
    """The arguments of :func:`musrcu.fit` from a saved request; what was fitted is left out.

    Parameters
    ----------
    request : what was saved.
    kinds : what each entry may be, where it is the request of another function.

    Raises
    ------
    FitError if it is no table, or a constraint in it is none.
    """
    kinds = KINDS if kinds is None else kinds
    if not isinstance(request, Mapping) or not request:
        raise FitError("it does not say what was asked for")
    asked = {name: value for name, value in request.items() if name not in _FORM}
    for name, value in asked.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise FitError(f"its request has {name} = {quoted(value)}, which is not known here")
    try:
        if "constraints" in asked:
            asked["constraints"] = [Constraint(**one) for one in asked["constraints"]]
        if "limits" in asked:
            asked["limits"] = {name: tuple(pair) for name, pair in asked["limits"].items()}
        if "t_range" in asked:
            asked["t_range"] = tuple(asked["t_range"])
    except (TypeError, AttributeError) as error:
        raise FitError(f"its request cannot be understood ({error})") from error
    return asked


def group_of(request: Mapping[str, Any]) -> dict[str, list[int]]:
    """The detectors of a fitted histogram by its label, from a saved request.

    Raises
    ------
    FitError if it does not say them.
    """
    label, detectors = request.get("label"), request.get("detectors")
    whole = isinstance(detectors, list) and all(isinstance(d, int) for d in detectors)
    if not (isinstance(label, str) and isinstance(detectors, list) and whole and detectors):
        raise FitError("it does not say which detectors were fitted")
    return {label: detectors}


def plain(value: Any) -> Any:
    """Tables and rows of numbers as JSON has them: dictionaries, lists, Python's own numbers."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _numbers(table: Mapping[str, float] | None) -> dict[str, float]:
    return {name: float(value) for name, value in (table or {}).items()}


def ends(pair: tuple[float | None, float | None]) -> list[float | None]:
    """Lower and upper limit, None for an open end."""
    return [None if end is None or math.isinf(end) else float(end) for end in pair]


def written(one: Constraint) -> dict[str, Any]:
    """The entries of a constraint."""
    return {
        "names": list(one.names),
        "values": one.values.tolist(),
        "covariance": one.covariance.tolist(),
    }
