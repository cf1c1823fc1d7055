"""Events of the runs of a scan, how fast they came, and how strong their lines are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.analysis.scan_result import Scan, ScanRun
from musrcu.containers.arrays import FloatArray
from musrcu.errors import ReadError
from musrcu.models.model import Model
from musrcu.ordering.points import OrderPoints
from musrcu.readers.registry import read

SEEN_GAIN = 25.0
"""Fall of chi-square from which on a line is told from noise, as the verdict of a scan has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What the runs of a scan were measured with."""

    events: FloatArray
    """(n,) all counts of the file of each point; NaN where it cannot be read."""
    needed: FloatArray
    """(n,) events from which on the line of each point is seen; NaN where not known."""
    rate: float | None
    """Events per hour, the median of the runs; None where no file says when it was taken."""


def statistics_of(scan: Scan | None, points: OrderPoints, given: float | None = None) -> Statistics:
    """Events and strengths of lines of the points of a scan, and the rate of all its runs.

    Parameters
    ----------
    given : events of every run, instead of those in the files.
    """
    runs = {} if scan is None else {run.name: run for run in scan.runs}
    parameter = "" if scan is None else scan.parameter
    counted = {} if given is not None else {name: _counted(run) for name, run in runs.items()}
    unknown = (float("nan"), None)
    events = np.array([
        given if given is not None else counted.get(label, unknown)[0] for label in points.labels
    ], dtype=float)  # fmt: skip
    strength = np.array([_strength(runs.get(label), parameter) for label in points.labels])
    rates = [3600.0 * n / seconds for n, seconds in counted.values() if seconds and np.isfinite(n)]
    with np.errstate(divide="ignore"):
        needed = events * SEEN_GAIN / strength**2
    return Statistics(events, needed, float(np.median(rates)) if rates else None)


def _counted(run: ScanRun) -> tuple[float, float | None]:
    """(all counts of the file, seconds it took), NaN and None where they are not known."""
    if run.path is None:
        return float("nan"), None
    try:
        found = read(run.path)
    except ReadError:
        return float("nan"), None
    return float(found.counts.sum(dtype=float)), found.duration


def _strength(run: ScanRun | None, parameter: str) -> float:
    """Amplitude of the line over its error; NaN where the fit has none."""
    if run is None or run.result is None or parameter not in run.result.parameters:
        return float("nan")
    model = Model(run.result.model)
    for number, place, _ in model.oscillations():
        amplitude = model.terms[number].amplitude
        if model.names[place] == parameter and amplitude is not None:
            fitted = run.result[model.names[amplitude]]
            if fitted.value is not None and fitted.error:
                return abs(fitted.value) / fitted.error
    return float("nan")
