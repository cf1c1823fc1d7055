"""Flat background: measured before the muon arrives, late, in another run, or given."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import ACCELERATOR_PERIOD, IMPROBABLE, MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.containers.kinds import check_kind
from musrcu.errors import MusrcuWarning, ReductionError
from musrcu.notation import probability
from musrcu.reduction.flat import Flat, chance, fit_flat

GUARD = 0.020
"""Time left free before t0, µs: the prompt peak begins up to 10 ns before it."""
LIVE_FROM = 0.4
"""The default window begins at this fraction of t0; older front ends count nothing before."""
FEWEST_PERIODS = 2
UNSURE = 0.5
"""A late window whose background has an error above this share of all its counts tells nothing."""
LATE = 3.0
"""Muon lifetimes after which a late window may begin: 5 % of the decays come later."""

Two = tuple[float, float]


def subtract_background(
    counts: Counts,
    *,
    before_t0: Two | None = None,
    given: Two | None = None,
    per_frame: Two | None = None,
    late: Two | None = None,
    error: Two | None = None,
) -> Counts:
    """Counts without the flat background.

    By default the background of a continuous source is the mean of the bins before t0, over the
    largest whole number of accelerator periods (19.75 ns at PSI, 43.37 ns at TRIUMF) between 0.4 t0
    and 20 ns before t0, because the beam carries the structure of the radio frequency. A window of
    k periods P is rounded to whole bins of width dt, so that up to half a bin is too much or
    missing: of a modulation of depth m no more than m dt / (2 k P) is left, 0.25 % of m for 10
    periods and 1 ns. A pulsed source has no bins for it and none is subtracted.

    Parameters
    ----------
    counts : grouped counts, not yet packed.
    before_t0 : window (start, stop) in µs, both negative; it is shortened at its start to whole
        accelerator periods.
    given : background of (forward, backward), counts per raw bin.
    per_frame : the same for one good frame, as :func:`musrcu.measure_background` finds it in
        another run; the frames of this run multiply it.
    late : window (start, stop) in µs after t0, in which N exp(-t/tau) + b is fitted to each group
        by the Poisson likelihood; b is the background. A constant asymmetry changes N only, one
        that changes within the window is taken for background, by many errors of b where the
        window begins early: MusrcuWarning before three lifetimes, and where the fit is improbable.
    error : of ``given`` or ``per_frame``, in the same unit.

    Returns
    -------
    Counts; their variance stays that of the raw counts. ``background`` and ``background_error`` are
    per raw bin. The error is common to all bins of a group and is not part of the variance: that
    of a window of n bins is sqrt(N) / n with N counts (one count where there is none).

    Raises
    ------
    ReductionError if the counts are packed or subtracted already, several options are used, the
    window before t0 has no room for two accelerator periods, the late one cannot tell the
    background from the decay, or the frames are unknown.
    """
    check_kind("subtract_background", counts, Counts)
    if counts.background is not None:
        raise ReductionError("a background was subtracted already")
    if counts.packing != 1:
        raise ReductionError("subtract the background before packing the counts")
    options = {"before_t0": before_t0, "given": given, "per_frame": per_frame, "late": late}
    named = [name for name, value in options.items() if value is not None]
    if len(named) > 1:
        raise ReductionError(
            f"give the background or a window for it, not both: {' and '.join(named)}"
        )
    if error is not None and named not in (["given"], ["per_frame"]):
        raise ReductionError("an error of the background belongs to given or per_frame")
    if late is not None:
        return _from_late(counts, late)
    if given is not None:
        return _from_numbers(counts, "given", given, error, 1.0)
    if per_frame is not None:
        return _from_numbers(counts, "per_frame", per_frame, error, _frames(counts))
    if before_t0 is None and counts.run.source == "pulsed":
        return counts.replace(
            step=Step("subtract_background", "not applied: a pulsed source has none before t0")
        )
    return _from_window(counts, before_t0)


def leave_background(counts: Counts) -> Counts:
    """The same counts, their history saying that the background is left to the fit."""
    step = Step("subtract_background", "left to the fit")
    return counts.replace(step=step, background_free=True)


def _frames(counts: Counts) -> float:
    """Good frames behind the counts."""
    frames = counts.run.good_frames
    if frames is None or not frames.sum() > 0:
        raise ReductionError(
            f"{counts.run.name}: a background per frame needs the good frames of the run, which "
            "are unknown; give it in counts per raw bin"
        )
    return float(frames.sum())


def _from_numbers(
    counts: Counts, name: str, numbers: Two, error: Two | None, times: float
) -> Counts:
    level = _two_numbers(numbers, f"a {name} background is two numbers: forward, backward")
    options: dict[str, object] = {name: [float(b) for b in level]}
    sigma = None
    if error is not None:
        wanted = "an error of the background is two numbers, 0 or above: forward, backward"
        sigma = _two_numbers(error, wanted)
        if sigma.min() < 0:
            raise ReductionError(wanted)
        options["error"] = [float(e) for e in sigma]
        sigma = sigma * times
    if times != 1:
        options |= {"frames": round(times), "per_bin": [float(b) for b in level * times]}
    return _subtract(counts, level * times, sigma, Step("subtract_background", "", options))


def _from_late(counts: Counts, window: Two) -> Counts:
    wanted = f"the late window {window} must lie after t0: two times in µs, the earlier one first"
    begin, end = _two_numbers(window, wanted)
    if not 0 <= begin < end:
        raise ReductionError(wanted)
    time, dt = counts.time[counts.good], counts.bin_width
    inside = (time >= begin - 1e-6 * dt) & (time <= end + 1e-6 * dt)
    n = int(inside.sum())
    if n * dt < MUON_LIFETIME:
        raise ReductionError(
            f"{counts.run.name}: {n * dt:.3g} us of good bins in the late window, less than a muon "
            "lifetime, in which a decay and a flat background look alike; choose a longer one"
        )
    rows = counts.values[:, counts.good][:, inside]
    if not (rows.sum(axis=1) > 0).all():
        raise ReductionError(f"{counts.run.name}: a group has no counts in the late window")
    found = fit_flat(rows, np.tile(time[inside], (2, 1)))
    if not (found.settled & (found.share_error < UNSURE)).all():
        worst = int(np.argmax(found.share_error))
        raise ReductionError(
            f"{counts.run.name}: the late window cannot tell background from decay: "
            f"{found.level[worst]:.3g} +- {found.level_error[worst]:.2g} of "
            f"{found.mean[worst]:.3g} counts a bin; choose a longer one"
        )
    step = Step(
        "subtract_background",
        _late_note(counts, found, float(time[inside][0])),
        {
            "late": [float(time[inside][0]), float(time[inside][-1])],
            "per_bin": [float(b) for b in found.level],
            "error": [float(e) for e in found.level_error],
        },
    )
    return _subtract(counts, found.level, found.level_error, step)


def _late_note(counts: Counts, found: Flat, begin: float) -> str:
    """What was fitted; a warning where it may be wrong by more than its error."""
    note = "fit of a decay and a flat level to late times"
    doubts = []
    if begin < LATE * MUON_LIFETIME:
        doubts.append(
            f"it begins {begin / MUON_LIFETIME:.2g} muon lifetimes after t0, and an asymmetry that "
            f"changes in it is taken for background; begin after {LATE * MUON_LIFETIME:.2g} us"
        )
    chances = float(chance(found).min())
    if chances < IMPROBABLE:
        how = f"(probability {probability(chances, 1)})"
        note = f"{note}; it does not describe them {how}"
        doubts.append(f"a decay and a flat level do not describe it {how}")
    if doubts:
        sentence = "; ".join(doubts)
        warnings.warn(
            f"{counts.run.name}: the background of the late window may be wrong by many errors: "
            f"{sentence}",
            MusrcuWarning,
            stacklevel=4,
        )
    return note


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
    error = np.sqrt(np.maximum(counts.variance[:, chosen].sum(axis=1), 1.0)) / n
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
    periods = int(np.floor((n + 0.5) * dt / period))  # those that round to n bins or fewer
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
