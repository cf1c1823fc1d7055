"""Runs added: histograms aligned on their t0 and summed bin by bin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.history import History, Step
from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.reduction.calibrated import shifts_of
from musrcu.reduction.co_add_checks import check_addable, check_together, doubts
from musrcu.reduction.co_add_metadata import combined_metadata
from musrcu.reduction.dead_time import settle_dead_time

MOST_NOTES = 4
"""Runs whose steps are told one by one."""


def add_runs(runs: Iterable[Run], *, force: bool = False) -> Run:
    """One run with the counts of several, period by period, detector by detector, bin by bin.

    N[k] = sum over runs r of N_r[k + s_r], with s_r the t0 of run r less that of the first run, in
    whole bins, for each detector; Var N likewise. Bins that some run does not have are left out,
    and a bin is good where it is good in every run.

    * The dead time of each run is corrected first, with its own frames: the correction is not
      linear, so that counts and frames may be added raw only where all rates are equal. Where a
      run's history says that it was not wanted, its raw counts are added.
    * What is left of the differences in t0, at most half a bin, is averaged, weighted by counts.
    * Temperature and field are means weighted by counts; the spread of the temperature holds the
      spread within the runs and between them. It starts with the earliest run and stops with the
      latest. Headers and logs are kept with the name of their run before each entry, logs in
      seconds after the start of the sum; logs that all runs call by one name are one log of that
      name too. What is unknown in one run is unknown in the sum.

    Parameters
    ----------
    runs : two or more runs of one instrument.
    force : add what is refused because it does not seem to belong together: the same run twice,
        another instrument, facility, detector labels or period labels. It becomes a warning.

    Returns
    -------
    Run with the number of the first run; ``numbers`` holds those of all.

    Raises
    ------
    ReductionError for fewer than two runs, and for those that do not belong together. Other
    numbers of detectors or periods, other bin widths, a pulsed and a continuous source, or no bin
    in common are refused even with ``force``.
    """
    if isinstance(runs, Run):
        runs = (runs,)
    chosen = tuple(runs)
    for item in chosen:
        if not isinstance(item, Run):
            raise ReductionError(f"add_runs takes runs, not a {type(item).__name__}; read it first")
    if len(chosen) < 2:
        raise ReductionError(f"add_runs takes two runs or more, got {len(chosen)}")
    check_addable(chosen)
    warnings = check_together(chosen, force)
    settled = tuple(settle_dead_time(run) for run in chosen)
    weights = np.array([float(run.counts.sum()) for run in chosen])
    place = _aligned(settled)
    raw = all(run.variance is None for run in settled)
    return chosen[0].replace(
        counts=place.sum([run.counts for run in settled]),
        variance=None if raw else place.sum([_variance(run) for run in settled]),
        t0=place.t0,
        first_good=place.first_good,
        last_good=place.last_good,
        history=_history(settled).with_step(_step(settled, place, weights)),
        **combined_metadata(settled, weights, [*warnings, *doubts(settled)]),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the bins of each run lie in the sum."""

    shift: NDArray[np.int64]
    """(n_runs, n_detectors) bin k of the first run is bin k + shift of each."""
    left: NDArray[np.float64]
    """(n_runs, n_detectors) what is left of the differences in t0, bins."""
    start: int
    """The first bin, of the first run, that every run has."""
    stop: int
    """The one behind the last."""
    t0: NDArray[np.float64]
    first_good: NDArray[np.int64]
    last_good: NDArray[np.int64]

    def sum(self, histograms: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """(period, detector, bin) arrays added where all of them have bins."""
        whole = all(array.dtype.kind in "iu" for array in histograms)
        periods, detectors, _ = histograms[0].shape
        total = np.zeros((periods, detectors, self.stop - self.start), np.int64 if whole else float)
        for array, shifts in zip(histograms, self.shift, strict=True):
            for detector, shift in enumerate(shifts):
                total[:, detector] += array[:, detector, self.start + shift : self.stop + shift]
        return total


def _aligned(runs: Sequence[Run]) -> _Place:
    apart = np.array([run.t0 for run in runs]) - runs[0].t0
    sizes = np.array([[run.n_bins] for run in runs])
    if not np.isfinite(apart).all():
        place, detector = np.unravel_index(int(np.argmin(np.isfinite(apart))), apart.shape)
        raise ReductionError(
            f"{runs[int(place)].name}: t0 of detector {detector + 1} is no bin number; set it with "
            "run.replace(t0=...) before adding"
        )
    shift = np.rint(np.clip(apart, -sizes.max(), sizes.max())).astype(np.int64)
    left = apart - shift
    start, stop = max(0, int((-shift).max())), int((sizes - shift).min())
    first = np.max([run.first_good - moved for run, moved in zip(runs, shift, strict=True)], axis=0)
    last = np.min([run.last_good - moved for run, moved in zip(runs, shift, strict=True)], axis=0)
    first, last = np.maximum(first, start) - start, np.minimum(last, stop - 1) - start
    if stop <= start or not (first < last).any():
        raise ReductionError(
            f"{', '.join(run.name for run in runs)}: after alignment on t0 they have no good bins "
            "in common; check t0 and the good bins"
        )
    return _Place(shift, left, start, stop, _mean_t0(runs, left) - start, first, last)


def _mean_t0(runs: Sequence[Run], left: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n_detectors,) t0 in bins of the first run, weighted by the counts of each detector."""
    weights = np.array([run.counts.sum(axis=(0, 2), dtype=float) for run in runs])
    total = weights.sum(axis=0)
    mean = (weights * left).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.asarray(runs[0].t0 + mean)


def _variance(run: Run) -> NDArray[Any]:
    return run.counts if run.variance is None else run.variance


def _step(runs: Sequence[Run], place: _Place, weights: NDArray[np.float64]) -> Step:
    notes = []
    largest = float(np.abs(place.left).max())
    if largest > 0:
        notes.append(f"t0 averaged, up to {largest:.2g} bins were left after whole bins")
    outside = [
        float(run.counts[:, detector].sum())
        - float(run.counts[:, detector, place.start + moved : place.stop + moved].sum())
        for run, shifts in zip(runs, place.shift, strict=True)
        for detector, moved in enumerate(shifts)
    ]
    if sum(outside) > 0:
        notes.append(f"{sum(outside):.6g} counts lie in bins that not every run has")
    return Step(
        "add_runs",
        "; ".join(notes),
        {
            "runs": [run.name for run in runs],
            "counts": [float(weight) for weight in weights],
            "shift": _shifts(runs, place),
            "bins": place.stop - place.start,
        },
    )


def _shifts(runs: Sequence[Run], place: _Place) -> list[int]:
    """Least and largest shift of a detector, those within runs that are sums themselves included.

    Both are 0 where every bin of the sum is that bin of every run.
    """
    within = [shift for run in runs for shift in shifts_of(run)]
    return [min(int(place.shift.min()), *within), max(int(place.shift.max()), *within)]


def _history(runs: Sequence[Run]) -> History:
    """The steps of the runs; where they took the same one otherwise, what each of them did."""
    stages = dict.fromkeys(step.stage for run in runs for step in run.history)
    steps = []
    for stage in stages:
        found = [run.history.find(stage) for run in runs]
        first = next(step for step in found if step is not None)
        if stage == "add_runs":  # the names of the runs tell it
            continue
        if all(str(step) == str(first) for step in found):
            steps.append(first)
            continue
        same = {
            name: value
            for name, value in first.options.items()
            if all(step is not None and step.options.get(name) == value for step in found)
        }
        steps.append(Step(stage, _told(runs, found), same))
    return History(steps)


def _told(runs: Sequence[Run], steps: Sequence[Step | None]) -> str:
    """What each run's step says, the first and the last of many."""
    notes = [
        f"{run.name}: {'not taken' if step is None else step.note or 'done'}"
        for run, step in zip(runs, steps, strict=True)
    ]
    return "; ".join(notes if len(notes) <= MOST_NOTES else [notes[0], "...", notes[-1]])
