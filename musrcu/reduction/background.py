"""Flat background of a continuous source, measured before the muon arrives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import ACCELERATOR_PERIOD
from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.errors import ReductionError

GUARD = 0.020
"""Time left free before t0, µs: the prompt peak begins up to 10 ns before it."""
LIVE_FROM = 0.4
"""The default window begins at this fraction of t0; older front ends count nothing before."""
FEWEST_PERIODS = 2


def subtract_background(
    counts: Counts,
    *,
    before_t0: tuple[float, float] | None = None,
    given: tuple[float, float] | None = None,
) -> Counts:
    """Counts without the flat background.

    By default the background of a continuous source is the mean of the bins before t0, over the
    largest whole number of accelerator periods (19.75 ns at PSI) between 0.4 t0 and 20 ns before
    t0, because the beam carries the structure of the radio frequency. A pulsed source has no bins
    for it and none is subtracted.

    Parameters
    ----------
    counts : grouped counts, not yet packed.
    before_t0 : window (start, stop) in µs, both negative; it is shortened at its start to whole
        accelerator periods.
    given : background of (forward, backward), counts per raw bin.

    Returns
    -------
    Counts; their variance stays that of the raw counts. ``background_error`` is common to all
    bins of a group and is not part of the variance.

    Raises
    ------
    ReductionError if the counts are packed or subtracted already, both options are used, or the
    window has no room for two accelerator periods.
    """
    if counts.background is not None:
        raise ReductionError("a background was subtracted already")
    if counts.packing != 1:
        raise ReductionError("subtract the background before packing the counts")
    if before_t0 is not None and given is not None:
        raise ReductionError("give the background or a window for it, not both")
    if given is not None:
        level = _two_numbers(given, "a given background is two numbers: forward, backward")
        options = {"given": [float(b) for b in level]}
        return _subtract(counts, level, None, Step("subtract_background", "", options))
    if before_t0 is None and counts.run.source == "pulsed":
        return counts.replace(
            step=Step("subtract_background", "not applied: a pulsed source has none before t0")
        )
    return _from_window(counts, before_t0)


def _from_window(counts: Counts, window: tuple[float, float] | None) -> Counts:
    dt, zero = counts.bin_width, -counts.time[0] / counts.bin_width
    if window is None:
        first, last = int(np.ceil(LIVE_FROM * zero)), int(np.floor(zero - GUARD / dt))
    else:
        wanted = (
            f"the background window {window} must lie before t0: "
            "two negative times in µs, the earlier one first"
        )
        begin, end = _two_numbers(window, wanted)
        if not begin < end <= 0:
            raise ReductionError(wanted)
        # a printed window may be given again: the last digits of a bin's time do not count
        first, last = int(np.ceil(zero + begin / dt - 1e-6)), int(np.floor(zero + end / dt + 1e-6))
    first = max(first, 0)
    n, periods = _whole_periods(counts.run.facility, last - first + 1, dt)
    if n < 1:
        found = f"{max(0.0, (last - first + 1) * dt * 1e3):.0f} ns"
        note = f"{found} before t0 hold fewer than {FEWEST_PERIODS} accelerator periods"
        if window is not None:
            raise ReductionError(f"{counts.run.name}: the background window of {note}")
        return counts.replace(step=Step("subtract_background", f"not applied: {note}"))
    chosen = slice(last - n + 1, last + 1)
    sums = counts.values[:, chosen].sum(axis=1)
    error = np.sqrt(counts.variance[:, chosen].sum(axis=1)) / n
    step = Step(
        "subtract_background",
        "mean of the bins before t0" + (f", {periods} accelerator periods" if periods else ""),
        {
            "before_t0": [float(counts.time[chosen.start]), float(counts.time[chosen.stop - 1])],
            "per_bin": [float(b) for b in sums / n],
            "error": [float(e) for e in error],
        },
    )
    return _subtract(counts, sums / n, error, step)


def _two_numbers(values: Sequence[float], sentence: str) -> NDArray[np.float64]:
    try:
        pair = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ReductionError(sentence) from error
    if pair.shape != (2,) or not np.isfinite(pair).all():
        raise ReductionError(sentence)
    return pair


def _whole_periods(facility: str | None, n: int, dt: float) -> tuple[int, int]:
    """Bins in the largest whole number of accelerator periods, and that number (0 = unknown)."""
    period = ACCELERATOR_PERIOD.get(facility or "")
    if period is None:
        return n, 0
    periods = int(np.floor(n * dt / period + 1e-9))
    while periods and round(periods * period / dt) > n:
        periods -= 1
    if periods < FEWEST_PERIODS:
        return 0, periods
    return round(periods * period / dt), periods


def _subtract(counts: Counts, level: np.ndarray, error: np.ndarray | None, step: Step) -> Counts:
    return counts.replace(
        step=step,
        values=counts.values - level[:, None],
        background=level,
        background_error=error,
    )
