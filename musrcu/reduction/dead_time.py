"""Dead time: events lost because a detector was still busy, restored detector by detector."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.containers.history import Step
from musrcu.containers.kinds import check_kind
from musrcu.containers.run import Run
from musrcu.errors import MusrcuWarning, ReductionError
from musrcu.reduction.calibrated import origin_of
from musrcu.reduction.options import LONGEST_DEAD_TIME

LARGEST_LOSS = 0.5
"""Above this fraction a loss is taken for a wrong number of frames, not for physics."""
DOUBTFUL_LOSS = 0.1
NOT_WANTED = "not applied: as asked"
"""What the history says of a run whose raw counts were asked for."""


def correct_dead_time(
    run: Run, *, dead_time: ArrayLike | None = None, periods: Sequence[int] | None = None
) -> Run:
    """The run with the counts that its detectors lost restored.

    n_true = n / (1 - x),  x = n tau / (frames dt),

    with n the counts of one detector and period in a raw bin of width dt, tau its dead time and
    frames the good frames of that period; the error is sqrt(n) / (1 - x), because the losses make
    the counts of a bin vary less than Poisson's law says.

    Parameters
    ----------
    run : a run with raw counts.
    dead_time : µs; one number, one per detector, or one per period and detector. None takes the
        file's own.
    periods : numbers from 1 of those that will be used; None is all. Another that cannot be
        corrected, without frames or with a loss beyond belief, is left as it is.

    Returns
    -------
    Run with corrected counts and their variance. A run whose file has no dead times, or no good
    frames, comes back unchanged and its history says so.

    Raises
    ------
    ReductionError if the run was corrected before, if dead times are given for a run without good
    frames (a continuous source has none), or if a loss reaches one half.

    Source: W. R. Leo, Techniques for Nuclear and Particle Physics Experiments, Springer (1994),
    non-extendable dead time; the error was checked by a frame-by-frame simulation.
    """
    check_kind("correct_dead_time", run, Run)
    if run.variance is not None:
        raise ReductionError(f"{run.name}: the dead time was corrected already")
    tau = dead_times(run, dead_time)
    if tau is None:
        return run.replace(step=Step("correct_dead_time", "not applied: none known"))
    if run.good_frames is None:
        note = "the good frames are unknown, so there is no rate"
        if dead_time is not None:
            raise ReductionError(f"{run.name}: dead times were given but {note}")
        return run.replace(step=Step("correct_dead_time", f"not applied: {note}"))
    loss, left = _losses(run, tau, periods)
    largest = check_loss(run, loss, tau)
    counts = run.counts / (1 - loss)
    step = Step(
        "correct_dead_time",
        f"largest loss {100 * largest:.2g} %{left}",
        {
            "dead_time": "given"
            if dead_time is not None
            else f"from {origin_of(run, 'dead_time')}",
            "mean_us": float(tau.mean()),
            "frames": [int(n) for n in run.good_frames],
        },
    )
    return run.replace(step=step, counts=counts, variance=run.counts / (1 - loss) ** 2)


def _losses(
    run: Run, tau: NDArray[np.float64], periods: Sequence[int] | None
) -> tuple[NDArray[np.float64], str]:
    """(period, detector, bin) share of the counts that was lost, and which periods are left out."""
    frames = np.asarray(run.good_frames, dtype=float)
    used = np.ones(run.n_periods, dtype=bool)
    if periods is not None:
        used[:] = False
        used[[number - 1 for number in periods]] = True
    without = (frames <= 0) & run.counts.any(axis=(1, 2))
    if (without & used).any():
        period = int(np.argmax(without & used)) + 1
        raise ReductionError(f"{run.name}: period {period} has {frames[period - 1]:g} frames")
    rates = np.where(frames > 0, frames, np.inf)[:, None, None] * run.bin_width
    loss = run.counts * tau[:, :, None] / rates
    without |= np.abs(loss).max(axis=(1, 2)) >= LARGEST_LOSS
    left = np.flatnonzero(without & ~used)
    loss[left] = 0.0
    numbers = ",".join(str(k + 1) for k in left)
    return loss, f"; period {numbers}, not used, left as it is" if numbers else ""


def settle_dead_time(run: Run, periods: Sequence[int] | None = None) -> Run:
    """The run with its dead time corrected by the file's own, where that is not settled yet.

    It is where the counts were corrected before, where the history says that it was not wanted, or
    where it says that nothing is known to correct with and that still holds. ``periods`` are those
    that will be used, as in :func:`correct_dead_time`.
    """
    step = run.history.find("correct_dead_time")
    known = run.dead_time is not None and run.good_frames is not None
    if run.variance is not None or (step is not None and (step.note == NOT_WANTED or not known)):
        return run
    return correct_dead_time(run, periods=periods)


def leave_dead_time(run: Run) -> Run:
    """The raw run, its history saying that the dead time is not to be corrected.

    Raises
    ------
    ReductionError if it was corrected already.
    """
    if run.variance is not None:
        raise ReductionError(
            f"{run.name}: the dead time was corrected already, dead_time = 'none' cannot undo it"
        )
    return run.replace(step=Step("correct_dead_time", NOT_WANTED))


def dead_times(run: Run, given: ArrayLike | None) -> NDArray[np.float64] | None:
    """(n_periods, n_detectors) dead times, µs, from what was given, else the file's; checked."""
    shape = (run.n_periods, run.n_detectors)
    if given is None:
        given = run.dead_time
    if given is None:
        return None
    try:
        found = np.asarray(given, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise ReductionError(
            f"{run.name}: the dead time {given!r} is no number of us, nor rows of them"
        ) from error
    try:
        tau = np.broadcast_to(found, shape)
    except ValueError as error:
        raise ReductionError(
            f"{run.name}: {' x '.join(map(str, found.shape))} dead times; expected one for all, or "
            f"{shape[1]}, one for each detector of the file (of each period: {shape[0]} rows)"
        ) from error
    wrong = ~(np.abs(tau) <= LONGEST_DEAD_TIME)
    if wrong.any():
        period, detector = np.unravel_index(int(np.argmax(wrong)), shape)
        raise ReductionError(
            f"{run.name}, period {period + 1}, detector {detector + 1}: the dead time is "
            f"{tau[period, detector]} us; pass dead_time= in us"
        )
    return tau


def check_loss(run: Run, loss: NDArray[np.float64], tau: NDArray[np.float64]) -> float:
    """The largest loss by size, signed; raises where it is beyond belief."""
    p, d, b = np.unravel_index(np.argmax(np.abs(loss)), loss.shape)
    largest = float(loss[p, d, b])
    place = f"{run.name}, period {p + 1}, detector {d + 1}, bin {b}: dead-time loss {largest:.2f}"
    if abs(largest) >= LARGEST_LOSS:
        assert run.good_frames is not None
        raise ReductionError(
            f"{place} is beyond {LARGEST_LOSS} (dead time {tau[p, d]:.4g} us, "
            f"{run.good_frames[p]} frames); check both numbers"
        )
    if abs(largest) > DOUBTFUL_LOSS:
        why = f"its dead time is {tau[p, d]:.4g} us"
        advice = "check the number of frames" if largest > 0 else "a negative one takes counts off"
        warnings.warn(f"{place} is large ({why}); {advice}", MusrcuWarning, stacklevel=3)
    return largest
