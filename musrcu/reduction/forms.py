"""Forms of a run to look at: a group's counts, with the decay taken out, or in a rotating frame."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.containers.kinds import check_kind
from musrcu.containers.numbers import is_number, is_whole
from musrcu.containers.trace import Trace
from musrcu.errors import ReductionError

GROUPS = ("forward", "backward")
LEFT_OVER = 0.01
"""Share of the sum frequency and of a constant that a pack of a rotating frame may keep."""
MOST_TURNS = 6
"""Turns of the frame, behind those that a pack must hold, among which one is looked for."""
HALF_OF_SINC = 0.603355
"""sin(pi x) / (pi x) is one half at this x."""


def single_histogram(counts: Counts, group: str = "forward") -> Trace:
    """Counts of one group per raw bin, with their Poisson error.

    A fit of a single histogram takes the counts themselves; this is what is drawn.

    Parameters
    ----------
    counts : grouped counts; the background is subtracted where it was.
    group : ``forward`` or ``backward``.
    """
    check_kind("single_histogram", counts, Counts)
    k = _group(group)
    value, error, packs = _good(counts, k)
    return Trace(
        kind="counts",
        name=group,
        time=counts.time[counts.good],
        value=value / packs,
        error=error / packs,
        unit=f"counts per {1e3 * counts.raw_width:.4g} ns",
        note=_packing(counts),
        run=counts.run,
        history=counts.history.with_step(Step("single_histogram", "", {"group": group})),
    )


def lifetime_corrected(counts: Counts, group: str = "forward") -> Trace:
    """L = (N - b) e^{t/tau} / N0 - 1 of one group, sigma = e^{t/tau} sqrt(N) / N0.

    e^{-t/tau} is averaged over each bin. N0 is the one for which the good bins hold as many counts
    as N0 e^{-t/tau}; the precession is taken as zero in that mean, so that L may be shifted as a
    whole. For display: a fit takes the counts.

    Parameters
    ----------
    counts : grouped counts, background subtracted.
    group : ``forward`` or ``backward``.

    Returns
    -------
    Trace; N0 per raw bin and its error stand in the history.

    Raises
    ------
    ReductionError if the background leaves no counts.
    """
    check_kind("lifetime_corrected", counts, Counts)
    k = _group(group)
    value, error, _ = _good(counts, k)
    decay = counts.decay[counts.good]
    rate = float(value.sum() / decay.sum())
    if not rate > 0:
        raise ReductionError(
            f"{counts.run.name}: no counts of the {group} group are left above its background"
        )
    spread = math.sqrt(float(counts.variance[k, counts.good].sum())) / float(decay.sum())
    options = {"group": group, "n0": rate, "n0_error": spread}
    note = "" if counts.background is not None else "no background was subtracted"
    return Trace(
        kind="lifetime_corrected",
        name=group,
        time=counts.time[counts.good],
        value=value / (rate * decay) - 1,
        error=error / (rate * decay),
        unit="",
        note=_packing(counts),
        run=counts.run,
        history=counts.history.with_step(Step("lifetime_corrected", note, options)),
    )


def rotating_frame(
    asymmetry: Asymmetry,
    frequency: float,
    phase: float = 0.0,
    *,
    line: float | None = None,
    packing: int | None = None,
) -> Trace:
    """The asymmetry as seen from a frame that turns with ``frequency``.

    A(t) is multiplied by 2 cos(2 pi nu_R t + phi_R) and averaged over packs of k / (nu + nu_R),
    whole periods of the sum frequency, which drops out; the packs hold whole turns of the frame
    too, so that a constant, which stands at nu_R, drops out with it. A line at nu remains at
    nu - nu_R with its amplitude times sinc[(nu - nu_R) w], w the width of a pack, and its phase
    less phi_R. The error of a bin is multiplied by abs(2 cos). For display only: a fit takes the
    asymmetry itself.

    Parameters
    ----------
    asymmetry : in bins of one width, narrow against 1 / nu_R.
    frequency : nu_R, MHz.
    phase : phi_R, degrees.
    line : nu, MHz; None takes nu_R.
    packing : fewest bins of the asymmetry in one point; None takes those of one turn.

    Returns
    -------
    Trace; a pack with a bin that has no asymmetry is left out. The history says what is left of the
    sum frequency and of a constant, and how far a line may lie from the frame.

    Raises
    ------
    ReductionError if the bins differ, or are too wide or too few for the frequency, or packing is
    no whole number.
    """
    check_kind("rotating_frame", asymmetry, Asymmetry)
    line = frequency if line is None else line
    width = asymmetry.bin_width
    _check_frame(asymmetry, frequency, phase, line)
    if packing is not None and not (is_whole(packing) and packing >= 1):
        raise ReductionError(
            f"packing = {packing!r} of a rotating frame; expected a whole number, 1 or above"
        )
    turns = np.array([frequency, frequency + line]) * width
    size, left = _pack(turns, packing or 1, asymmetry.time.size)
    n = asymmetry.time.size // size
    time, value, error = (
        array[: n * size].reshape(n, size)
        for array in (asymmetry.time, asymmetry.value, asymmetry.error)
    )
    turn = 2 * np.cos(2 * np.pi * frequency * time + math.radians(phase))
    mean = (turn * value).mean(axis=1)
    spread = np.sqrt(((turn * error) ** 2).mean(axis=1) / size)
    known = np.isfinite(mean) & np.isfinite(spread)
    span = size * width
    step = Step(
        "rotating_frame",
        f"for display; in a pack {left:.1%} is left of the sum frequency and of a constant; a line "
        f"{HALF_OF_SINC / span:.3g} MHz from the frame is halved",
        {"frequency": frequency, "phase": phase, "line": line, "packing": size},
    )
    return Trace(
        kind="rotating_frame",
        name=f"{frequency:g} MHz",
        time=time.mean(axis=1)[known],
        value=mean[known],
        error=spread[known],
        unit="",
        note=f"packing {size * asymmetry.packing}",
        run=asymmetry.run,
        history=asymmetry.history.with_step(step),
    )


def _check_frame(asymmetry: Asymmetry, frequency: float, phase: float, line: float) -> None:
    name = asymmetry.run.name
    if asymmetry.packs is not None:
        raise ReductionError(f"{name}: a rotating frame needs bins of one width; pack them so")
    if not is_number(phase):
        raise ReductionError(f"{name}: phase = {phase!r} of a rotating frame; expected degrees")
    highest = 0.5 / asymmetry.bin_width
    for what, number in (("frequency", frequency), ("line", line)):
        if not (is_number(number) and 0 < number < highest):
            raise ReductionError(
                f"{name}: {what} = {number!r} MHz of a rotating frame; bins of "
                f"{1e3 * asymmetry.bin_width:.3g} ns need one above 0 and below {highest:.4g}"
            )


def _pack(turns: FloatArray, fewest: int, bins: int) -> tuple[int, float]:
    """Bins of a pack that average precessions away, and the share of them that is left.

    The first number that leaves less than 1 % of each, or the best of the next few turns.

    Parameters
    ----------
    turns : (2,) of the frame and of the sum frequency in one bin.
    fewest : bins that a pack must hold.
    bins : all there are.
    """
    one_turn = math.ceil(1 / float(turns[0]) - 0.5)
    first = max(2, fewest, one_turn)
    sizes = np.arange(first, min(bins, first + MOST_TURNS * one_turn) + 1)
    if not sizes.size:
        raise ReductionError(f"{bins} bins are too few for a pack of {first} in a rotating frame")
    below = sizes * np.sin(np.pi * turns)[:, None]
    even = np.abs(below) > 1e-9 * sizes  # a whole number of turns in a bin never averages away
    left = np.abs(np.sin(np.pi * turns[:, None] * sizes)) / np.where(even, np.abs(below), 1.0)
    left = np.where(even, left, 1.0).max(axis=0)
    good = np.flatnonzero(left < LEFT_OVER)
    # the first good number may only begin to be good: its neighbour may leave less
    best = int(good[0]) if good.size else int(np.argmin(left))
    while good.size and best + 1 < sizes.size and left[best + 1] < left[best]:
        best += 1
    return int(sizes[best]), float(left[best])


def _group(group: str) -> Literal[0, 1]:
    if group not in GROUPS:
        raise ReductionError(f"group = {group!r}; expected 'forward' or 'backward'")
    return 0 if group == "forward" else 1


def _good(counts: Counts, k: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(counts, error, raw bins) of the good bins; the error of no counts is that of one."""
    good = counts.good
    error = np.sqrt(np.maximum(counts.variance[k, good], 1.0))
    return counts.values[k, good], error, counts.raw_bins[good].astype(float)


def _packing(counts: Counts) -> str:
    packs = counts.raw_bins
    low, high = int(packs.min()), int(packs.max())
    return f"packing {low}" if low == high else f"packing {low}\N{EN DASH}{high}"
