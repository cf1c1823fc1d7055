"""Fourier spectra of asymmetries and counts."""

from __future__ import annotations

from typing import Literal

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.containers.history import Step
from musrcu.containers.numbers import is_number, is_whole
from musrcu.errors import FitError
from musrcu.spectrum.apodisation import apodised
from musrcu.spectrum.chance import chance_anywhere, level_of
from musrcu.spectrum.fourier_sum import FourierSum
from musrcu.spectrum.noise import noise_at_each, white_noise
from musrcu.spectrum.peak import SpectrumPeak
from musrcu.spectrum.peaks import Search, find_peaks
from musrcu.spectrum.signal import Signal, signal_of
from musrcu.spectrum.smooth import DEFAULT, Smooth, find_smooth, read_terms
from musrcu.spectrum.spectrum_result import Spectrum

LONGEST_SHIFT = 100.0
"""Of the time from which phases count, µs."""
MOST_PADDING = 64


def fourier(
    data: Asymmetry | Counts | Histogram,
    *,
    t_range: tuple[float, float] | None = None,
    apodisation: str = "errors",
    width: float | None = None,
    padding: float = 4,
    phase: float | Literal["auto"] = 0.0,
    t0: float = 0.0,
    detrend: str = DEFAULT,
    group: str | None = None,
    lifetime: bool = True,
    nu_range: tuple[float, float] | None = None,
    chance: float = 0.01,
    most: int = 10,
) -> Spectrum:
    """Fourier spectrum of an asymmetry or of the counts of a group.

    F(nu) = 2 / W sum w y exp(-2 pi i nu (t - t0)), y the data without their smooth part, w the
    weights of the bins, W their sum: a cosine of amplitude A that does not decay has the height A.
    Bins may have gaps and different widths.

    Parameters
    ----------
    data : asymmetry; a histogram; or counts, of which one group is taken. The background must be
        subtracted.
    t_range : (first, last) time, µs; None takes all.
    apodisation : ``errors`` (default) weights bins with 1 / sigma^2, for the least noise: the
        errors grow with time, and late noise would else bury the lines. ``none``, ``exponential``,
        ``gaussian``, ``hann``, ``blackman`` and ``cosine`` weight equal times equally and multiply
        by a shape.
    width : of the shape, µs; None takes 2.197 µs for ``exponential`` exp(-t / width) and
        ``gaussian`` exp(-t^2 / 2 width^2), and the end of the data for the others.
    padding : the frequencies lie 1 / (padding x length) apart.
    phase : degrees by which the real part is turned; ``auto`` those of the highest peak.
    t0 : the time at which phases are taken, µs; a muon that came later than the file says has a
        positive one.
    detrend : smooth terms that are taken out: ``gaussian + exponential + constant``, some of them,
        ``none``, or ``auto`` (default): all three, the constant alone where the strongest line is
        that of the field of the run. They are fitted together with the strongest line, and a
        relaxation that lowers chi-square by less than 9 is left out; without this a relaxing part
        fills the low frequencies.
    group : of counts: ``forward`` (default) or ``backward``.
    lifetime : of counts: whether the decay of the muon is taken out, y = N e^(t/tau) / N0 - 1.
    nu_range : frequencies in which peaks are looked for, MHz; None from the resolution to the
        highest that the bins show.
    chance : peaks that noise alone would make somewhere in that range with a larger probability
        are not listed.
    most : peaks that are listed at most.

    Returns
    -------
    Spectrum.

    Raises
    ------
    FitError if there is no such option, or fewer than 8 bins to transform.

    Source: normalisation and errors are derived in the page on spectra.
    """
    _check(padding, phase, t0, chance, most)
    terms = read_terms(detrend, "detrend")
    signal = signal_of(data, t_range, group, lifetime, "fourier")
    weight, weighted = apodised(signal, apodisation, width)
    bounds_of(nu_range, 0.0, signal)
    smooth = find_smooth(signal, terms)
    sums = FourierSum(signal, float(padding), float(t0))
    search = _search(signal, smooth, weight, sums, nu_range, (float(chance), int(most)))
    peaks = find_peaks(search)
    turned = _phase(phase, search, peaks)
    options = {
        "apodisation": apodisation,
        "padding": float(padding),
        "phase": turned,
        "t0": float(t0),
        "detrend": " + ".join(smooth.terms) or "none",
    }
    level = white_noise(weight, signal.error)
    highest = level_of(search.least_chance, lambda z: chance_anywhere(z, search.turns))
    step = Step("fourier", f"{weighted}; smooth part: {smooth.note}", options)
    return Spectrum(
        kind=signal.name,
        unit=signal.unit,
        nu=sums.nu,
        transform=search.shown,
        noise=search.noise,
        noise_level=level,
        threshold=level * float(np.sqrt(2 * highest)),
        threshold_chance=search.least_chance,
        resolution=search.resolution,
        phase=turned,
        t0=float(t0),
        peaks=peaks,
        searched=search.bounds,
        apodisation=apodisation,
        t_range=(float(signal.time[0]), float(signal.time[-1])),
        run=signal.run,
        history=signal.history.with_step(step),
    )


def _search(
    signal: Signal,
    smooth: Smooth,
    weight: FloatArray,
    sums: FourierSum,
    nu_range: tuple[float, float] | None,
    asked: tuple[float, int],
) -> Search:
    """The transform and its noise, and where to look for peaks; ``asked`` is (chance, most)."""
    residual = signal.value - smooth.curve
    resolution = _resolution(sums, weight, signal)
    return Search(
        signal=signal,
        residual=residual,
        weight=weight,
        sums=sums,
        shown=np.asarray(2 * sums.grid(weight * residual) / weight.sum()),
        noise=noise_at_each(sums, weight, signal.error, smooth),
        resolution=resolution,
        bounds=bounds_of(nu_range, resolution, signal),
        least_chance=asked[0],
        most=asked[1],
    )


def _check(padding: object, phase: object, t0: object, chance: object, most: object) -> None:
    if not (is_number(padding) and 1 <= padding <= MOST_PADDING):  # type: ignore[operator]
        raise FitError(f"padding = {padding!r}; expected a number from 1 to {MOST_PADDING}")
    if not (phase == "auto" or is_number(phase)):
        raise FitError(f"phase = {phase!r}; expected degrees or 'auto'")
    if not (is_number(t0) and abs(t0) <= LONGEST_SHIFT):  # type: ignore[arg-type]
        raise FitError(f"t0 = {t0!r}; expected a time in us, at most {LONGEST_SHIFT:g}")
    if not (is_number(chance) and 0 < chance < 1):  # type: ignore[operator]
        raise FitError(f"chance = {chance!r}; expected a probability")
    if not (is_whole(most) and most >= 0):  # type: ignore[operator]
        raise FitError(f"most = {most!r}; expected a whole number, 0 or above")


def bounds_of(
    nu_range: tuple[float, float] | None, lowest: float, signal: Signal
) -> tuple[float, float]:
    """Frequencies in which peaks are looked for, MHz.

    Raises
    ------
    FitError if the range is none, or lies above what the bins show.
    """
    if nu_range is None:
        return min(lowest, 0.5 * signal.highest), signal.highest
    given = isinstance(nu_range, (tuple, list)) and len(nu_range) == 2
    if not (given and all(is_number(nu) for nu in nu_range) and 0 <= nu_range[0] < nu_range[1]):
        raise FitError(f"nu_range = {nu_range!r}; expected (lowest, highest) in MHz, 0 or above")
    if nu_range[0] >= signal.highest:
        packed = signal.narrowest > 1.5 * signal.raw_width
        raise FitError(
            f"nu_range = {nu_range!r} MHz: bins of {1e3 * signal.narrowest:.4g} ns show "
            f"frequencies up to {signal.highest:.4g} MHz; "
            + ("pack less" if packed else "these are the bins of the file")
        )
    return float(nu_range[0]), min(float(nu_range[1]), signal.highest)


def _resolution(sums: FourierSum, weight: FloatArray, signal: Signal) -> float:
    """Full width at half maximum of the power of a line that does not decay, MHz."""
    total = float(weight.sum())
    low, high = 0.0, 1 / (4 * signal.length)
    while abs(complex(sums.at(weight, high))) ** 2 > 0.5 * total**2 and high < signal.highest:
        low, high = high, 1.5 * high
    for _ in range(40):
        middle = 0.5 * (low + high)
        above = abs(complex(sums.at(weight, middle))) ** 2 > 0.5 * total**2
        low, high = (middle, high) if above else (low, middle)
    return low + high


def _phase(phase: float | str, search: Search, peaks: tuple[SpectrumPeak, ...]) -> float:
    """Degrees; ``auto`` is the phase of the highest peak of muons, or without one of the highest
    point."""
    if phase != "auto":
        return float(phase)
    if peaks:
        return next((peak.phase for peak in peaks if not peak.origin), peaks[0].phase)
    nu = search.sums.nu
    inside = (nu >= search.bounds[0]) & (nu <= search.bounds[1])
    top = int(np.argmax(np.where(inside, np.abs(search.shown), 0.0)))
    return float(np.rad2deg(np.angle(search.shown[top])))
