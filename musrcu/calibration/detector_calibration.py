"""What a calibration run says of single detectors: dead times, t0, phases and amplitudes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.calibration.dead_time import estimate_dead_time
from musrcu.calibration.dead_time_result import DeadTimes
from musrcu.calibration.detector_phases import align, fit_detectors
from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.containers.arrays import FloatArray
from musrcu.containers.calibration import Calibration, correlations
from musrcu.containers.history import Step
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.notation import bracket
from musrcu.reduction.calibrated import origin_of, shifts_of
from musrcu.reduction.dead_time import correct_dead_time, dead_times
from musrcu.reduction.grouping import group, ranges
from musrcu.reduction.periods import read_periods, select_periods
from musrcu.reduction.recipe import Reduction
from musrcu.reduction.t0 import find_t0

RELAXATION = 0.05
"""1/µs; where the search of the common damping begins."""
APART = 3.0
"""Errors from the dead time that was known before, above which a detector is counted."""
PAIR = ("alpha", "detector_beta", "total", "field", "phase")
Sides = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for of single detectors."""

    phases: bool = False
    dead_time: bool = False
    t0: bool = False


def pair_of(run: Run, recipe: Reduction) -> Sides:
    """Numbers of the detectors in forward and in backward.

    Raises
    ------
    ReductionError where the recipe does not choose a pair of this run.
    """
    options = {name: getattr(recipe, name) for name in ("forward", "backward", "geometry")}
    return group(run, **options, exclude=recipe.exclude, period=recipe.period).detectors


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A run with what was found of its detectors taken into it."""

    run: Run
    entries: dict[str, Any]
    """Of a :class:`musrcu.Calibration`."""
    rows: tuple[np.ndarray, np.ndarray]
    """Places of the detectors of forward and of backward."""
    spread: FloatArray | None = None
    """(2, 2) covariance of the mean dead times of forward and backward, µs²."""
    dead_covariance: FloatArray | None = None
    """(n, n) of the dead times that were found, µs²."""


def measure_detectors(run: Run, recipe: Reduction, wanted: Wanted) -> Measured:
    """Dead times and t0 found in a run and taken into it, for alpha and phases.

    Dead times come first, because they move the rise of a pulse.

    Raises
    ------
    FitError or ReductionError where the run cannot give them, or the recipe gives them itself.
    """
    sides = pair_of(run, recipe)
    numbers = tuple(sorted((*sides[0], *sides[1])))
    places = np.array(sides[0]) - 1, np.array(sides[1]) - 1
    rows = np.array(numbers) - 1
    notes: list[str] = []
    entries: dict[str, Any] = {}
    spread = covariance = None
    for name, asked, free in (
        ("dead_time", wanted.dead_time, recipe.dead_time == "auto"),
        ("t0", wanted.t0, recipe.t0 is None),
    ):
        if asked and not free:
            raise FitError(
                f"{run.name}: {name} = {getattr(recipe, name)!r} is given, so it is not looked for"
            )
    if wanted.dead_time:
        forward, backward = map(ranges, sides)
        found = estimate_dead_time(run, forward=forward, backward=backward, period=recipe.period)
        notes += _dead_times_said(run, found, rows, recipe.period)
        run, more, covariance = _with_dead_times(run, found, rows)
        spread = _of_means(covariance, rows, places)
        entries |= more
        notes += [
            f"dead time of detector {d}: mean of the others, {why}"
            for d, why in found.refused.items()
            if d - 1 in rows
        ]
        notes += [f"dead times: {note}" for note in found.notes]
    if wanted.t0:
        run, more = _t0(run, recipe, numbers, rows, notes)
        entries |= more
    if entries:
        entries |= {"detectors": numbers, "notes": tuple(notes)}
    return Measured(run, entries, places, spread, covariance)


def _dead_times_said(
    run: Run, found: DeadTimes, rows: np.ndarray, period: int | str | None
) -> list[str]:
    """How the dead times were found, and how far they are from those known before."""
    mean = bracket(1e3 * found.common, 1e3 * found.common_error, "ns")
    notes = [f"dead times: mean = {mean} ({found.regime}: {found.method}), {found.quality()}"]
    if run.dead_time is None:
        return notes
    before = run.dead_time[read_periods(run, period).plus[0] - 1][rows]
    apart = np.abs(found.values[rows] - before) > APART * found.errors[rows]
    unsure = 1e3 * float(np.nanmedian(found.errors[rows]))
    notes.append(
        f"dead times: {origin_of(run, 'dead_time')} has its own, {1e3 * before.mean():.3g} ns on "
        f"average; {apart.sum()} of {rows.size} found here, each uncertain by {unsure:.2g} ns, "
        f"differ by more than {APART:g} errors; where this calibration is used they replace the "
        "file's, unless dead_time = 'file'"
    )
    return notes


def _with_dead_times(
    run: Run, found: DeadTimes, rows: np.ndarray
) -> tuple[Run, dict[str, Any], FloatArray]:
    """The run with its dead times, and entries and covariance of those of the pair."""
    table = np.array(found.table())
    unsure = float(np.hypot(found.common_error, np.nanstd(found.values[rows])))
    errors = np.where(np.isfinite(found.errors), found.errors, unsure)
    covariance = np.where(np.isfinite(found.covariance), found.covariance, np.diag(errors**2))
    step = Step("estimate_dead_time", f"{found.regime}: {found.method}", {"mean_us": found.common})
    row = np.broadcast_to(table, (run.n_periods, run.n_detectors))
    entries = {
        "dead_time": tuple(table[rows].tolist()),
        "dead_time_error": tuple(errors[rows].tolist()),
    }
    return run.replace(step=step, dead_time=row), entries, covariance[np.ix_(rows, rows)]


def _of_means(
    covariance: FloatArray, rows: np.ndarray, places: tuple[np.ndarray, np.ndarray]
) -> FloatArray:
    """(2, 2) covariance of the mean dead times of both groups."""
    mean = np.array([np.isin(rows, members) / members.size for members in places])
    return np.asarray(mean @ covariance @ mean.T)


def with_dead_time_errors(
    found: Calibration, measured: Measured, again: Callable[[Run], Calibration]
) -> Calibration:
    """The calibration of a pair with the errors of dead times from the same run in its own.

    The mean dead time of either group is moved by its error and alpha is found ``again``.
    """
    if measured.spread is None:
        return found
    names = tuple(n for n in PAIR if getattr(found, n) is not None)
    _, values, covariance = found.constraint(*names)
    slopes = []
    for side, members in enumerate(measured.rows):
        by = float(np.sqrt(measured.spread[side, side]))
        assert measured.run.dead_time is not None
        dead = np.array(measured.run.dead_time)
        dead[:, members] += by
        moved = again(measured.run.replace(dead_time=dead)).constraint(*names)[1]
        slopes.append((moved - values) / by)
    jacobian = np.transpose(slopes)
    covariance = covariance + jacobian @ measured.spread @ jacobian.T
    errors = np.sqrt(np.diag(covariance))
    changes: dict[str, Any] = {
        f"{name}_error": float(error) for name, error in zip(names, errors, strict=True)
    }
    if found.names:
        changes |= {"names": names, "correlation": correlations(covariance)}
    return dataclasses.replace(found, **changes)


def _t0(
    run: Run, recipe: Reduction, numbers: tuple[int, ...], rows: np.ndarray, notes: list[str]
) -> tuple[Run, dict[str, Any]]:
    if shifts_of(run) != (0, 0):
        raise FitError(
            f"{run.name}: its runs were added with different t0, so that a t0 found in their sum "
            "is that of none; find it in one of them"
        )
    corrected = run
    if run.variance is None and run.dead_time is not None and recipe.dead_time != "none":
        corrected = correct_dead_time(run, periods=read_periods(run, recipe.period).plus)
    found = find_t0(corrected, detectors=numbers)
    assert found.error is not None
    notes += [f"t0: {note}" for note in found.notes]
    if found.method == "edge":
        notes.append("t0 from the edge of the pulse is one number, its error common to all")
    step = Step("find_t0", f"from {found.origin}")
    entries = {
        "t0": tuple(found.value[rows].tolist()),
        "t0_error": tuple(found.error[rows].tolist()),
    }
    return run.replace(step=step, t0=found.value), entries


def with_phases(
    measured: Measured,
    recipe: Reduction,
    found: Calibration,
    t_range: tuple[float, float] | None,
) -> Calibration:
    """The calibration of the pair with phase and amplitude of each of its detectors.

    Dead times that were found enter with their errors.

    Its ``correlation`` becomes that of the fit of all detectors, in which the pair's numbers are
    functions of those of the detectors.

    Raises
    ------
    FitError where the pair has no single precession, or the fit fails.
    """
    run = measured.run
    if found.field is None:
        raise FitError(f"{run.name}: phases of detectors need a model with one precession")
    if len(read_periods(run, recipe.period).plus) != 1:
        raise FitError(f"{run.name}: phases of detectors need one period; name it")
    if run.variance is not None:
        raise FitError(f"{run.name}: phases of detectors need the counts as they were seen")
    if isinstance(recipe.t0, str):
        raise FitError(f"{run.name}: phases of detectors with t0 = {recipe.t0!r}; use t0=True")
    sides = pair_of(run, recipe)
    given = None if isinstance(recipe.dead_time, str) else recipe.dead_time
    dead = None if recipe.dead_time == "none" or run.good_frames is None else dead_times(run, given)
    run = select_periods(run.replace(dead_time=dead), recipe.period)
    aligned = align(
        run,
        sides,
        t0=np.broadcast_to(run.t0 if recipe.t0 is None else recipe.t0, run.n_detectors),
        dead_time=np.zeros(run.n_detectors) if run.dead_time is None else run.dead_time[0],
        t_range=t_range,
        dead_covariance=measured.dead_covariance,
    )
    fitted = fit_detectors(
        aligned,
        frequency=found.field * GAMMA_MU_OVER_2PI,
        relaxation=RELAXATION,
        detector_beta=found.detector_beta is not None,
    )
    losses = {k: entry for k, entry in measured.entries.items() if k.startswith("dead_time")}
    return dataclasses.replace(
        found,
        **losses,
        detectors=fitted.detectors,
        phases=tuple(fitted.phases.tolist()),
        phases_error=tuple(fitted.phases_error.tolist()),
        amplitudes=tuple(fitted.amplitudes.tolist()),
        amplitudes_error=tuple(fitted.amplitudes_error.tolist()),
        names=fitted.names,
        correlation=fitted.correlation,
    )
