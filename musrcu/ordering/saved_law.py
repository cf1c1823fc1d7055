"""The law of a scan that was fitted before: its options serve again where no others are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from musrcu.ordering.method import Treatment, choose_method
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.refit import held_in
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.source import HasPoints, points_of
from musrcu.ordering.two_step import fit_order_parameter

DEFAULTS: Mapping[str, Any] = {
    "alpha": 3.0, "method": "auto", "above": "bound", "nu_det": None, "thermometer_offset": 0.0,
    "unit": None, "temperature_range": None,
}  # fmt: skip
"""Options of the law that a saved fit may have otherwise."""
_UNITS = {"nu_det": " MHz", "thermometer_offset": " K", "temperature_range": " K"}


def fit_again(
    source: OrderPoints | HasPoints | OrderParameter, given: Mapping[str, Any]
) -> OrderParameter:
    """The law of a scan, of points, or of a law; options as it was fitted before but those given.

    Parameters
    ----------
    source : a Scan, whose ``order`` tells the options where it has one; a law; or points.
    given : arguments of :func:`musrcu.ordering.two_step.fit_order_parameter`.

    Returns
    -------
    OrderParameter; a note says what was taken of the law before.

    Raises
    ------
    FitError if an argument cannot be used.
    """
    law = source if isinstance(source, OrderParameter) else getattr(source, "order", None)
    points = source.points if isinstance(source, OrderParameter) else source
    known = getattr(source, "parameter", None)
    if not isinstance(law, OrderParameter):
        named = {} if known is None else {"parameter": known}
        return fit_order_parameter(points, **{**named, **given})
    parameter = given.get("parameter", law.parameter)
    taken = _options(law, points, {"parameter": parameter, **given})
    found = fit_order_parameter(points, **{"parameter": parameter, **taken, **given})
    said = [
        f"{name} = {_shown(value)}{_UNITS.get(name, '')}"
        for name, value in taken.items()
        if name not in given and value != DEFAULTS[name]
    ]
    if not said:
        return found
    return replace(found, notes=(f"as in the saved fit: {', '.join(said)}", *found.notes))


def _options(
    law: OrderParameter, points: OrderPoints | HasPoints, given: Mapping[str, Any]
) -> dict[str, Any]:
    """What the law was fitted with, by the names of ``DEFAULTS``."""
    found = {name: value for name, value in law.options.items() if name in DEFAULTS}
    if not law.valid or _as_auto(law):
        found["method"] = "auto"
    if law.points.window is not None:
        found["temperature_range"] = law.points.window
    if isinstance(points, OrderPoints) or given["parameter"] != law.parameter:
        return found
    plain = points_of(points, law.parameter)
    if plain.unit != law.points.unit:
        found["unit"] = law.points.unit
    least = _least(law, plain)
    if least is not None and given.get("above", law.above) == "censored":
        found["nu_det"] = least
    return found


def _as_auto(law: OrderParameter) -> bool:
    """Whether the method is the one that would be chosen: then it is chosen anew."""
    if law.method not in ("naive", "latent"):
        return False
    how = Treatment(above=law.above)
    return choose_method(law.points, held_in(law), how).name == law.method


def _least(law: OrderParameter, plain: OrderPoints) -> float | None:
    """The lowest frequency that was given for all runs without order, MHz; None where none was."""
    told = set(law.points.detectable)
    if law.above != "censored" or len(told) != 1:
        return None
    if law.points.quantity.kind == "amplitude":
        return told.pop()
    ours = law.points.in_unit("MHz").detectable
    theirs = Treatment(above="censored").applied(plain.in_unit("MHz")).detectable
    return None if np.allclose(ours, theirs, rtol=1e-9, atol=0) else ours[0]


def _shown(value: Any) -> str:
    """A value as it may be given."""
    if isinstance(value, tuple):
        return f"({', '.join(f'{one:g}' for one in value)})"
    return f"{value:g}" if isinstance(value, float) else str(value)
