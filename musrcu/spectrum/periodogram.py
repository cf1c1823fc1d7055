"""The periodogram that start values are found with, for the eye and with probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.containers.history import Step
from musrcu.containers.numbers import is_number, is_whole
from musrcu.errors import FitError
from musrcu.spectrum.fourier import bounds_of
from musrcu.spectrum.periodogram_result import Periodogram, PeriodogramPeak
from musrcu.spectrum.scan import Scan
from musrcu.spectrum.signal import signal_of
from musrcu.spectrum.smooth import DEFAULT, Smooth, find_smooth, read_terms

DAMPINGS = (0.0, 0.3, 0.7, 1.5, 3.0)
"""1/µs."""
SEEN = 8
"""Bins in which a line has to be seen."""
GONE = 100.0
"""Times its damping after which nothing is left that a float could square."""


def periodogram(
    data: Asymmetry | Counts | Histogram,
    *,
    t_range: tuple[float, float] | None = None,
    smooth: str = DEFAULT,
    damping: float | Sequence[float] = DAMPINGS,
    phase: float | None = None,
    nu_range: tuple[float, float] | None = None,
    group: str | None = None,
    chance: float = 0.01,
    most: int = 10,
) -> Periodogram:
    """How much a line of each frequency lowers the chi-square of an asymmetry or of counts.

    At each frequency the amplitudes of the smooth terms, of cosine and of sine are solved for by
    weighted least squares: the generalised Lomb-Scargle periodogram, with relaxing terms and
    damping beside the floating mean. It is the scan that :func:`musrcu.fit` finds start values
    with. Unlike a Fourier spectrum it does not mistake a relaxation for a low frequency.

    Parameters
    ----------
    data : asymmetry; a histogram; or counts, of which one group is taken with the decay taken out.
    t_range : (first, last) time, µs; None takes all.
    smooth : terms beside the line: ``gaussian + exponential + constant``, some of them, ``none``,
        or ``auto``: all, the constant alone where the strongest line is that of the field of the
        run. Rates are found beside the strongest line and then held.
    damping : of the line, 1/µs; of several the best is taken at each frequency.
    phase : degrees where it is known; None solves for it.
    nu_range : searched frequencies, MHz; None from half a turn in the data to the highest that the
        bins show, a quarter turn in a bin where they differ.
    group : of counts: ``forward`` (default) or ``backward``.
    chance : peaks that noise alone would make somewhere in the range with a larger probability are
        not listed.
    most : peaks that are listed at most.

    Returns
    -------
    Periodogram. Its peaks are found one after the other, each beside those that gain more, so that
    side lobes are none, and measured beside all others; the damping of each is refined where
    several were given.

    Raises
    ------
    FitError if there is no such option, or fewer than 8 bins.

    Source: M. Zechmeister and M. Kuerster, Astron. Astrophys. 496, 577 (2009); probabilities: R. V.
    Baluev, Mon. Not. R. Astron. Soc. 385, 1279 (2008).
    """
    dampings = _dampings(damping)
    if not (phase is None or is_number(phase)):
        raise FitError(f"phase = {phase!r}; expected degrees, or None")
    if not (is_number(chance) and 0 < chance < 1):
        raise FitError(f"chance = {chance!r}; expected a probability")
    if not (is_whole(most) and most >= 0):
        raise FitError(f"most = {most!r}; expected a whole number, 0 or above")
    terms = read_terms(smooth, "smooth")
    signal = signal_of(data, t_range, group, True, "periodogram")
    _check_fast(dampings, float(signal.time[SEEN - 1]))
    bounds_of(nu_range, 0.0, signal)
    part = find_smooth(signal, terms)
    scan = Scan(signal, part.columns, dampings, phase)
    bounds, kept = _searched(scan, nu_range)
    peaks = _lines(scan, bounds, float(chance), int(most))
    nu, gain, phases, best = scan.grid
    options = {
        "smooth": " + ".join(part.terms) or "none",
        "damping": list(dampings),
        "phase": "free" if phase is None else float(phase),
    }
    return Periodogram(
        kind=signal.name,
        nu=nu[kept],
        gain=gain[kept],
        phase=phases[kept],
        damping=best[kept],
        chi2=scan.chi2,
        n_bins=signal.time.size,
        resolution=1 / scan.lengths[0],
        level=scan.level(float(chance), bounds),
        level_chance=float(chance),
        peaks=peaks,
        searched=bounds,
        run=signal.run,
        history=signal.history.with_step(Step("periodogram", _said(part), options)),
    )


def _said(part: Smooth) -> str:
    return f"smooth part: {part.note}; its amplitudes are solved for at each frequency"


def _dampings(damping: object) -> tuple[float, ...]:
    several = damping if isinstance(damping, (tuple, list)) else (damping,)
    if not several or not all(is_number(one) and one >= 0 for one in several):
        raise FitError(f"damping = {damping!r}; expected rates in 1/us, 0 or above")
    return tuple(sorted({float(one) for one in several}))


def _check_fast(dampings: tuple[float, ...], time: float) -> None:
    """Refuse a damping by which a line is nothing after so few bins that it has no amplitude."""
    if dampings[-1] * time > GONE:
        raise FitError(
            f"damping = {dampings[-1]:g} 1/us: such a line is gone at {time:.4g} us, bin {SEEN} of "
            f"the fitted times; give rates below {GONE / time:.3g} 1/us"
        )


def _searched(
    scan: Scan, nu_range: tuple[float, float] | None
) -> tuple[tuple[float, float], NDArray[np.bool_]]:
    """The range that is searched, and which frequencies of the scan lie in it."""
    nu = scan.grid[0]
    lowest, highest = bounds_of(nu_range, 0.5 / scan.signal.length, scan.signal)
    bounds = (lowest, min(highest, float(nu[-1])))
    kept = (nu >= bounds[0]) & (nu <= bounds[1])
    if not kept.any():
        raise FitError(
            f"nu_range = {nu_range!r} MHz holds no frequency of the scan: they lie "
            f"{float(nu[1]):.3g} MHz apart up to {float(nu[-1]):.4g} MHz"
        )
    return bounds, kept


def _lines(
    scan: Scan, bounds: tuple[float, float], chance: float, most: int
) -> tuple[PeriodogramPeak, ...]:
    """The lines, each found beside those that gain more, then measured beside all others."""
    found: list[PeriodogramPeak] = []
    half = float(scan.grid[0][1])
    while len(found) < most:
        beside = scan.beside([scan.line(one.nu, one.damping) for one in found])
        nu, gain, _, _ = beside.grid
        inside = (nu >= bounds[0]) & (nu <= bounds[1])
        top = int(np.argmax(np.where(inside, gain, -np.inf)))
        peak = beside.peak(float(nu[top]), half, bounds)
        if not peak.chance <= chance:
            break
        found.append(peak)
    if len(found) > 1:
        for k, one in enumerate(found):
            others = [scan.line(two.nu, two.damping) for j, two in enumerate(found) if j != k]
            found[k] = scan.beside(others).peak(one.nu, half, bounds)
    return tuple(sorted(found, key=lambda peak: -peak.gain))
