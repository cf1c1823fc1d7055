"""Where the points of an order parameter come from: points as they are, or those of a scan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

from musrcu.errors import FitError
from musrcu.models.model import Model
from musrcu.ordering.order_quantity import UNITS
from musrcu.ordering.points import OrderPoints


@runtime_checkable
class HasPoints(Protocol):
    """What a scan offers: its points for one parameter of the fitted model."""

    def points(self, parameter: str) -> OrderPoints:
        """The ordered runs with their values of ``parameter``."""
        ...


def points_of(
    source: OrderPoints | HasPoints,
    parameter: str,
    *,
    unit: str | None = None,
    temperature_range: tuple[float, float] | None = None,
) -> OrderPoints:
    """The points themselves, or those that a scan makes of ``parameter``.

    Parameters
    ----------
    unit : MHz, G, mT or T to have frequencies or fields in; None leaves them as they are.
    temperature_range : (low, high) K; points outside are left out and named.

    Raises
    ------
    FitError if ``source`` is neither, or ``parameter`` is not a frequency, a field or an amplitude
    of the scan's ordered runs.
    """
    if isinstance(source, OrderPoints):
        points = source
    elif isinstance(source, HasPoints):
        _refuse_parameter(getattr(source, "runs", ()), parameter)
        points = source.points(parameter)
    else:
        raise FitError(
            "an order parameter is fitted to a Scan or to OrderPoints, not to "
            f"{type(source).__name__}"
        )
    if unit is not None:
        points = points.in_unit(unit)
    if temperature_range is None:
        return points
    return points.within(*_pair(temperature_range))


def _pair(given: Any) -> tuple[float, float]:
    """The two ends of a range of temperatures."""
    try:
        low, high = map(float, given)
    except (TypeError, ValueError):
        raise FitError(
            f"temperature_range is {given!r}, expected two temperatures in K such as (0.08, 0.2)"
        ) from None
    return low, high


def _refuse_parameter(runs: Iterable[Any], parameter: str) -> None:
    """Refuse what no ordered run of a scan has, and what is no order parameter."""
    fits = [run.result for run in runs if run.verdict == "ordered" and run.result is not None]
    known = {name: one.unit for fit in fits for name, one in fit.parameters.items()}
    if not known:
        return
    models = [Model(model) for model in dict.fromkeys(fit.model for fit in fits)]
    amplitudes = {one.name for m in models for one in m.parameters if one.kind == "amplitude"}
    orders = [name for name, unit in known.items() if unit in UNITS[:-1] or name in amplitudes]
    offered = ", ".join(orders)
    expected = f"an order parameter is a frequency, a field or an amplitude: {offered}"
    if parameter not in known:
        raise FitError(f"the ordered runs of the scan have no parameter {parameter!r}; {expected}")
    if parameter not in orders:
        unit = f"the unit {known[parameter]}" if known[parameter] else "no unit"
        raise FitError(f"{parameter} of the scan has {unit}; {expected}")
