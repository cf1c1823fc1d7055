"""Counts as the detectors saw them, with what dead time took from each group."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
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


def with_losses(counts: Counts, origin: str) -> Counts:
    """Grouped counts with the losses of their detectors, where dead times and frames are known.

    ``origin`` says where the dead times come from.
    """
    run = counts.run
    if run.dead_time is None or run.good_frames is None or not run.good_frames[0]:
        why = "none known" if run.dead_time is None else "the good frames are unknown"
        return counts.replace(step=Step("correct_dead_time", f"not applied: {why}"))
    tau, frames = run.dead_time[0], float(run.good_frames[0])
    loss = run.counts * tau[None, :, None] / (frames * run.bin_width)
    largest = check_loss(run, loss, tau[None])
    decays = (run.counts[0] / (1 - loss[0])).sum(axis=1)
    found = []
    for members in counts.detectors:
        rows = np.array(members) - 1
        total = float(decays[rows].sum())
        share = decays[rows] / total if total > 0 else np.full(rows.size, 1 / rows.size)
        found.append(Losses(share, tau[rows] / frames))
    step = Step(
        "correct_dead_time",
        f"{LEFT}: largest loss {100 * largest:.2g} %",
        {"dead_time": origin, "mean_us": float(tau.mean()), "frames": [int(frames)]},
    )
    return counts.replace(step=step, losses=(found[0], found[1]))
