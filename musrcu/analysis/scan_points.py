"""The points of an order parameter that the runs of a scan are worth."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING

import numpy as np

from musrcu.constants import NU_MIN
from musrcu.ordering.common_shifts import at_what_is_known
from musrcu.ordering.points import OrderPoints

if TYPE_CHECKING:
    from musrcu.analysis.scan_result import ScanRun


def order_points(
    runs: Sequence[ScanRun], name: str, shared: Set[str], doubts: Sequence[str] = ()
) -> OrderPoints:
    """The ordered runs with one fitted parameter, and what the others say of T_N.

    Parameters
    ----------
    name : of the parameter that orders.
    shared : parameters of which one knowledge serves all runs.
    doubts : about the temperatures of the runs, in words.
    """
    rows: list[ScanRun] = []
    above: list[ScanRun] = []
    rest: list[ScanRun] = []
    for run in runs:
        if run.verdict == "not ordered" and not _no_temperature(run):
            above.append(run)
        else:
            (rest if _unusable(run, name) else rows).append(run)
    fits = [run.result for run in rows if run.result is not None]
    value, error, common = at_what_is_known(fits, name, shared)
    lowest = min(above, key=lambda run: run.temperature or 0.0, default=None)
    errors = _column([run.temperature_error for run in rows])
    return OrderPoints(
        temperature=_column([run.temperature for run in rows]),
        temperature_error=None if np.isnan(errors).all() else errors,
        value=value,
        error=error,
        labels=tuple(run.name for run in rows),
        upper_bound=None if lowest is None else lowest.temperature,
        upper_bound_error=None if lowest is None else lowest.temperature_error,
        left_out=tuple(f"{run.name}: {_unusable(run, name)}" for run in rest),
        not_ordered=tuple(_column([run.temperature for run in above])),
        not_ordered_error=tuple(_column([run.temperature_error for run in above])),
        detectable=tuple(_slowest(run, name) for run in above),
        left_out_at=tuple(
            (run.temperature, _found(run, name)) for run in rest if run.temperature is not None
        ),
        common=common,
        unit=fits[0][name].unit if fits else "MHz",
        doubts=tuple(doubts),
    )


def _column(numbers: Sequence[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([np.nan if number is None else number for number in numbers], dtype=float)


def _found(run: ScanRun, name: str) -> float:
    """What was fitted, 0 where nothing was."""
    fitted = None if run.result is None else run.result.parameters.get(name)
    return 0.0 if fitted is None or fitted.value is None else fitted.value


def _slowest(run: ScanRun, name: str) -> float:
    """Lowest frequency, MHz, that a run without order would have shown; NaN of what is none."""
    searched = None if run.ordered is None else run.ordered.parameters.get(name)
    if searched is None or searched.unit != "MHz":
        return np.nan
    low = None if searched.limits is None else searched.limits[0]
    return NU_MIN if low is None else max(NU_MIN, low)


def _no_temperature(run: ScanRun) -> str:
    """What is wrong with the temperature of a run; empty where nothing is."""
    if run.temperature is None:
        return "its temperature is unknown"
    return "" if 0 <= run.temperature < np.inf else f"its temperature is {run.temperature:g} K"


def _unusable(run: ScanRun, name: str) -> str:
    """Why a run cannot be a point of the order parameter; empty where it can."""
    no_temperature = _no_temperature(run)
    if run.verdict == "not ordered":
        return f"not ordered, but {no_temperature}"
    if run.verdict != "ordered":
        return f"{run.verdict} ({run.why})"
    if no_temperature:
        return no_temperature
    if run.result is None or name not in run.result.parameters:
        return f"its fit has no {name}"
    return f"{name} has no error" if run.result[name].error is None else ""
