"""Counts as the detectors saw them, with what dead time took from each group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from musrcu.containers.counts import Counts
from musrcu.containers.history import History, Step
from musrcu.containers.losses import Losses
from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.reduction.dead_time import check_loss, dead_times

LEFT = "left to the model of the counts"


def with_dead_time(run: Run, dead_time: ArrayLike | None) -> Run:
    """The raw run with the dead times that a model of its counts is to use.

    Parameters
    ----------
    run : a run with raw counts.
    dead_time : µs, as in :func:`musrcu.correct_dead_time`; None takes the file's own.

    Raises
    ------
    ReductionError if the run was corrected before, or the dead times do not fit.
    """
    if run.variance is not None:
        raise ReductionError(
            f"{run.name}: the dead time was corrected already; a likelihood needs the counts as "
            "they were seen"
        )
    if dead_time is not None and run.good_frames is None:
        raise ReductionError(
            f"{run.name}: dead times were given but the good frames are unknown, so there is no "
            "rate"
        )
    return run.replace(dead_time=dead_times(run, dead_time))


def with_measured(counts: Counts) -> Counts:
    """The same counts, their history saying that a known background is left to the model.

    The likelihood is that of what was counted, the background a parameter of its model.
    """
    *before, step = counts.history
    if step.stage != "subtract_background" or counts.background is None:
        return counts
    step = Step(step.stage, LEFT + (f": {step.note}" if step.note else ""), step.options)
    return counts.replace(history=History((*before, step)))


def with_losses(counts: Counts, run: Run, periods: Sequence[int], origin: str) -> Counts:
    """Grouped counts with the losses of their detectors, where dead times and frames are known.

    Each detector loses in each of the added periods by itself: n_seen of a group is the sum over
    both, with the share of the group's decays that each detector has in each period.

    Parameters
    ----------
    counts : as they were seen, of one period or the sum of several.
    run : the run they are of, with its dead times and all its periods.
    periods : numbers (from 1) of the periods in the counts.
    origin : where the dead times come from.

    Raises
    ------
    ReductionError if a period has counts but no frames, or a loss reaches one half.
    """
    history = History(step for step in counts.history if step.stage != "correct_dead_time")
    if run.dead_time is None or run.good_frames is None:
        why = "none known" if run.dead_time is None else "the good frames are unknown"
        step = Step("correct_dead_time", f"not applied: {why}")
        return counts.replace(history=history.with_step(step))
    rows = [period - 1 for period in periods]
    tau, frames = run.dead_time[rows], np.asarray(run.good_frames, dtype=float)[rows]
    without = (frames <= 0) & run.counts[rows].any(axis=(1, 2))
    if without.any():
        first = int(np.argmax(without))
        raise ReductionError(
            f"{run.name}: period {periods[first]} has {frames[first]:g} frames, so there is no "
            "rate to take the dead time from; use dead_time = 'none'"
        )
    frames = np.where(frames > 0, frames, 1.0)  # no counts, whatever the frames
    dead = tau / frames[:, None]
    loss = np.zeros(run.counts.shape)
    loss[rows] = run.counts[rows] * dead[:, :, None] / run.bin_width
    largest = check_loss(run, loss, run.dead_time)
    decays = (run.counts[rows] / (1 - loss[rows])).sum(axis=2)
    found = []
    for members in counts.detectors:
        chosen = np.array(members) - 1
        share = decays[:, chosen].reshape(-1)
        total = float(share.sum())
        share = share / total if total > 0 else np.full(share.size, 1 / share.size)
        found.append(Losses(share, dead[:, chosen].reshape(-1)))
    step = Step(
        "correct_dead_time",
        f"{LEFT}: largest loss {100 * largest:.2g} %",
        {"dead_time": origin, "mean_us": float(tau.mean()), "frames": [int(n) for n in frames]},
    )
    return counts.replace(history=history.with_step(step), losses=(found[0], found[1]))
