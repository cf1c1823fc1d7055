"""What a calibration knows of the detectors, taken into a run before it is reduced."""

from __future__ import annotations

from typing import Any

import numpy as np

from musrcu.containers.calibration import Calibration
from musrcu.containers.history import Step
from musrcu.containers.run import Run
from musrcu.errors import ReductionError


def take_calibration(
    run: Run, calibration: Calibration, *, t0: bool = True, dead_time: bool = True
) -> Run:
    """The run with t0 and dead times of a calibration, where it has them.

    Detectors that the calibration does not name keep what the file says of them, a dead time of 0
    where that says nothing. Counts that were corrected for dead time before keep that correction.

    Parameters
    ----------
    run : a run of the calibrated instrument.
    calibration : of its detectors.
    t0, dead_time : which of both are taken.

    Raises
    ------
    ReductionError if the calibration is of another instrument, another number of detectors, its t0
    are in bins of another width, or the run is a sum of runs that were shifted to meet in t0.
    """
    check_instrument(run, calibration)
    changes: dict[str, Any] = {}
    told: dict[str, Any] = {}
    if t0 and calibration.t0:
        _check_width(run, calibration)
        _check_aligned(run)
        changes["t0"] = _placed(calibration, run.t0, calibration.t0)
        told["t0"] = list(calibration.t0)
    if dead_time and calibration.dead_time and run.variance is None:
        known = run.dead_time
        if known is None:
            known = np.zeros((run.n_periods, run.n_detectors))
        changes["dead_time"] = _placed(calibration, known, calibration.dead_time)
        told["dead_time"] = list(calibration.dead_time)
    if not changes:
        return run
    step = Step("take_calibration", f"from {calibration.origin or 'a calibration'}", told)
    return run.replace(step=step, **changes)


def origin_of(run: Run, name: str) -> str:
    """Where ``t0`` or ``dead_time`` of a run come from: ``the file`` or ``the calibration LTF 21``.

    What was taken from a calibration is in the run's history.
    """
    step = run.history.find("take_calibration")
    if step is None or name not in step.options:
        return "the file"
    return (
        f"the calibration {step.note.removeprefix('from ').removeprefix('a calibration')}".strip()
    )


def shifts_of(run: Run) -> tuple[int, int]:
    """Bins by which the runs of a sum were moved to meet in t0, least and largest; else (0, 0)."""
    step = run.history.find("add_runs")
    least, largest = (0, 0) if step is None else step.options["shift"]
    return int(least), int(largest)


def check_instrument(run: Run, calibration: Calibration) -> None:
    """Raise a ReductionError where the calibration is of another instrument."""
    ours, theirs = run.instrument or "", calibration.instrument or ""
    if ours and theirs and ours.casefold() != theirs.casefold():
        raise ReductionError(
            f"{run.name}: the calibration is of {theirs}; take one of {ours}, or give alpha"
        )
    number = calibration.n_detectors
    if number is not None and number != run.n_detectors:
        raise ReductionError(
            f"{run.name}: the calibration is of {number} detectors, the run has "
            f"{run.n_detectors}; calibrate with a run of the same histograms"
        )
    last = max(calibration.detectors, default=0)
    if last > run.n_detectors:
        raise ReductionError(
            f"{run.name}: the calibration names detector {last}, the run has {run.n_detectors}"
        )


def _check_width(run: Run, calibration: Calibration) -> None:
    width = calibration.bin_width
    if width is not None and abs(width - run.bin_width) > 1e-6 * run.bin_width:
        raise ReductionError(
            f"{run.name}: t0 of the calibration are in bins of {1e3 * width:.6g} ns, the run has "
            f"bins of {1e3 * run.bin_width:.6g} ns; give t0="
        )


def _check_aligned(run: Run) -> None:
    """A t0 counts bins of a file: the bins of a sum are other ones where its runs were moved."""
    least, largest = shifts_of(run)
    if largest > least:
        raise ReductionError(
            f"{run.name}: its runs were added with t0 {largest - least} bins apart, so that t0 of "
            "the calibration cannot be that of all; give t0 = 'file', or set t0 of each with "
            "run.replace(t0=...) before adding"
        )


def _placed(calibration: Calibration, known: Any, row: tuple[float, ...]) -> np.ndarray:
    """``known`` (..., n_detectors) with the numbers of the calibrated detectors replaced."""
    found = np.array(known, dtype=float)
    found[..., np.array(calibration.detectors) - 1] = row
    return found
