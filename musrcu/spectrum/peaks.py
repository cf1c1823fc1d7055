"""The peak list of a Fourier spectrum: what stands out of the noise, and of stronger lines."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.accelerator import accelerator_line
from musrcu.containers.arrays import FloatArray
from musrcu.spectrum.chance import chance_anywhere, effective_length
from musrcu.spectrum.fourier_sum import ComplexArray, FourierSum
from musrcu.spectrum.lines import Line, fitted_line, solved_together
from musrcu.spectrum.overlap import fitted_jointly
from musrcu.spectrum.peak import SpectrumPeak, half_width, maximum, measured
from musrcu.spectrum.signal import Signal

POLISHED = 12
"""Times at most that each line is measured again with all others taken out."""
SETTLED = 0.02
"""Share of the error of a frequency by which it may still move."""
LEFT = 0.5
"""A peak is one of its own where this share of it is left when stronger lines are taken out."""
STANDS_OUT = 5.0
"""Standard deviations of noise by which a maximum on the flank of a line is higher than what lies
between it and a higher one."""
FLANK = 10.0
"""Resolutions within which a maximum is on the flank of a line."""
DISTINCT = 0.07
"""Share of its height by which it is so."""
ATTEMPTS = 3
"""Candidates that are looked at for each peak that may be listed."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Search:
    """Everything that a search for peaks looks at."""

    signal: Signal
    residual: FloatArray
    """(n_bins,) the signal without its smooth part."""
    weight: FloatArray
    sums: FourierSum
    shown: ComplexArray
    """(n_nu,) the spectrum."""
    noise: FloatArray
    """(n_nu,) of a quadrature."""
    resolution: float
    """MHz."""
    bounds: tuple[float, float]
    """Frequencies that are searched, MHz."""
    least_chance: float
    """Peaks that noise makes with a larger probability are left out."""
    most: int

    def amplitude(self, values: FloatArray) -> FloatArray:
        """(n_nu,) abs of the spectrum of other values."""
        total = float(self.weight.sum())
        return np.asarray(2 * np.abs(self.sums.grid(self.weight * values)) / total)

    @property
    def turns(self) -> float:
        """Independent frequencies in the range that is searched."""
        spread = (self.weight * self.signal.error) ** 2
        return (self.bounds[1] - self.bounds[0]) * effective_length(self.signal.time, spread)

    def half(self, envelope: FloatArray) -> float:
        """How far from where it shows a line of this damping is looked for, MHz."""
        spread = (self.weight * envelope * self.signal.error) ** 2
        return 0.5 / effective_length(self.signal.time, spread)

    def chance(self, height: float, nu: float) -> float:
        """Probability that noise makes a peak of this height anywhere in the range."""
        noise = float(np.interp(nu, self.sums.nu, self.noise))
        return chance_anywhere(0.5 * (height / noise) ** 2, self.turns) if noise > 0 else 1.0


def find_peaks(search: Search) -> tuple[SpectrumPeak, ...]:
    """The peaks, highest first.

    Lines are found one by one: the highest peak of what is left is fitted with a damped cosine,
    all found so far are solved for together, and taken out. A peak is listed where the spectrum
    itself has a maximum of which at least half is left, or that stands out where the lines found so
    far have none: side lobes and the flanks of a line of another shape are neither. Each is
    measured with all others, and its own mirror image at -nu, taken out. What has left the searched
    range by then, is noise beside the others, or is the other half of a stronger line that it
    cancels, is not listed.
    """
    lines, peaks = _sound(search, _polished(search, _found(search)))
    more = _with_flanks(search, lines)
    if len(more) > len(lines):
        peaks = _sound(search, more)[1]
    return tuple(sorted(peaks, key=lambda peak: -peak.amplitude))


def _sound(search: Search, lines: list[Line]) -> tuple[list[Line], list[SpectrumPeak]]:
    """The lines that are lines of their own, and what they are like."""
    time, root = search.signal.time, 1 / search.signal.expected
    while True:
        peaks = [_measure(search, lines, k) for k in range(len(lines))]
        doubtful = _doubtful(search, lines, peaks)
        if doubtful is None:
            return lines, peaks
        left = lines[:doubtful] + lines[doubtful + 1 :]
        if left:
            left = solved_together(time, search.residual, root, left)
        lines = _polished(search, left)


def _doubtful(search: Search, lines: list[Line], peaks: list[SpectrumPeak]) -> int | None:
    """Which line is none of its own, the weakest first."""
    low, high = search.bounds
    weakest = sorted(range(len(peaks)), key=lambda k: peaks[k].amplitude)
    for k in weakest:
        if not low <= peaks[k].nu <= high or not peaks[k].chance <= search.least_chance:
            return k
    for one, two in itertools.combinations(weakest, 2):
        if _cancel(search, lines[one], lines[two]):
            return one
    return None


def _cancel(search: Search, one: Line, two: Line) -> bool:
    """Whether two lines that are not resolved turn against each other."""
    if abs(one.nu - two.nu) >= search.resolution:
        return False
    time = search.signal.time
    both = np.conj(one.turning(time)) * two.turning(time)
    return float((search.weight * both.real).sum()) < 0


def _found(search: Search) -> list[Line]:
    """The lines that stand out of what the ones before leave."""
    signal = search.signal
    time, root, nu = signal.time, 1 / signal.expected, search.sums.nu
    open_ = (nu >= search.bounds[0]) & (nu <= search.bounds[1])
    shown = np.abs(search.shown)
    tops = _maxima(shown)
    lines: list[Line] = []
    left, height = search.residual, shown
    for _ in range(ATTEMPTS * search.most):
        if not open_.any() or len(lines) == search.most:
            break
        top = int(np.argmax(np.where(open_, height, 0.0)))
        if search.chance(float(height[top]), float(nu[top])) > search.least_chance:
            break
        beside = np.abs(nu - nu[top]) <= 0.5 * search.resolution
        open_ &= ~beside
        if not (tops & beside).any() or height[top] < LEFT * shown[beside].max():
            continue
        lines.append(_line(search, left, float(nu[top])))
        lines = solved_together(time, search.residual, root, lines)
        left = search.residual - _total(time, lines)
        height = search.amplitude(left)
    return lines


def _with_flanks(search: Search, lines: list[Line]) -> list[Line]:
    """The lines, and one more for a maximum that stands out on the flank of one where none has one.

    A broad line has its own place between two maxima: the better one gets the line, and the broad
    one goes to the other.
    """
    tops = _standing_out(search) if lines else []
    while tops and len(lines) < search.most:
        found = [(one, top) for top in tops for one in _beside(search, lines, top)]
        if not found:
            break
        (lines, _), taken = min(found, key=lambda one: one[0][1])
        tops.remove(taken)
    return lines


def _beside(search: Search, lines: list[Line], top: int) -> list[tuple[list[Line], float]]:
    """The lines with one more at a maximum, and chi-square; none where the lines have one there."""
    time, root, nu = search.signal.time, 1 / search.signal.expected, search.sums.nu
    beside = np.abs(nu - nu[top]) <= 0.5 * search.resolution
    if (_maxima(search.amplitude(_total(time, lines))) & beside).any():
        return []
    near = min(range(len(lines)), key=lambda k: abs(lines[k].nu - nu[top]))
    if abs(lines[near].nu - nu[top]) > FLANK * search.resolution:
        return []
    others = [line for k, line in enumerate(lines) if k != near]
    alone = search.residual - _total(time, others)
    places = (lines[near].nu, float(nu[top]))
    both, chi2 = fitted_jointly(time, alone, root, places, search.resolution)
    return [([*others, *both], chi2)]


def _standing_out(search: Search) -> list[int]:
    """Maxima of the spectrum above noise and above the saddles around them, highest first."""
    shown, nu = np.abs(search.shown), search.sums.nu
    inside = (nu >= search.bounds[0]) & (nu <= search.bounds[1])
    tops = np.flatnonzero(_maxima(shown) & inside & (shown > STANDS_OUT * search.noise))
    found = []
    for top in tops[np.argsort(-shown[tops])].tolist():
        higher = np.flatnonzero(shown > shown[top])
        ends = [*higher[higher < top][-1:].tolist(), *higher[higher > top][:1].tolist()]
        saddles = [float(shown[min(top, end) : max(top, end) + 1].min()) for end in ends]
        fall = float(shown[top]) - max(saddles, default=0.0)
        if fall >= max(STANDS_OUT * float(search.noise[top]), DISTINCT * float(shown[top])):
            found.append(top)
    return found


def _line(search: Search, left: FloatArray, nu: float) -> Line:
    """The line near a frequency: its place and its damping, each found with the other."""
    time, root = search.signal.time, 1 / search.signal.expected
    envelope = np.ones(time.size)
    for _ in range(2):
        place = maximum(search.sums, search.weight * envelope * left, nu, search.half(envelope))
        envelope = fitted_line(time, left, root, place).envelope
    place = maximum(search.sums, search.weight * envelope * left, nu, search.half(envelope))
    return Line(place, envelope, 0j)


def _total(time: FloatArray, lines: list[Line]) -> FloatArray:
    """(n_bins,) the sum of the lines."""
    total = np.zeros(time.size)
    for line in lines:
        total += line.curve(time)
    return total


def _maxima(height: FloatArray) -> NDArray[np.bool_]:
    """Which points of the grid are local maxima."""
    found = np.zeros(height.size, dtype=bool)
    found[1:-1] = (height[1:-1] >= height[:-2]) & (height[1:-1] > height[2:])
    return found


def _polished(search: Search, lines: list[Line]) -> list[Line]:
    """The lines, each placed and damped again with the others and its mirror image taken out."""
    time, root = search.signal.time, 1 / search.signal.expected
    for _ in range(POLISHED):
        moved = 0.0
        for k, line in enumerate(lines):
            alone, turning = _alone(search, lines, k)
            place = maximum(
                search.sums,
                search.weight * line.envelope * turning,
                line.nu,
                search.half(line.envelope),
            )
            lines[k] = fitted_line(time, alone, root, place)
            height = abs(lines[k].value) * float((lines[k].envelope * search.weight).sum())
            noise = float(np.sqrt(((search.weight * search.signal.error) ** 2).sum()))
            moved = max(moved, abs(place - line.nu) * height / noise)
        if moved < SETTLED * search.resolution:
            break
    return lines


def _alone(search: Search, lines: list[Line], k: int) -> tuple[FloatArray, ComplexArray]:
    """(n_bins,) the data without the other lines, and of these the half that turns with +nu."""
    time = search.signal.time
    alone = search.residual - _total(time, [line for j, line in enumerate(lines) if j != k])
    return alone, np.asarray(alone - np.conj(lines[k].turning(time)))


def _measure(search: Search, lines: list[Line], k: int) -> SpectrumPeak:
    sums = search.sums
    alone, turning = _alone(search, lines, k)
    known = lines[k].nu_error
    found = measured(
        sums,
        search.weight,
        search.signal.error,
        turning,
        lines[k].envelope,
        (lines[k].nu, 0.0 if known else search.half(lines[k].envelope)),
    )
    nu, height = found.nu, abs(found.value)
    reach = max(0.25 * search.resolution, 3 * found.nu_error)
    noise = float(np.interp(nu, sums.nu, search.noise))
    return SpectrumPeak(
        nu=nu,
        nu_error=known or found.nu_error,
        amplitude=height,
        amplitude_error=found.error,
        phase=float(np.rad2deg(np.angle(found.value))),
        phase_error=found.phase_error,
        width=half_width(sums.nu, search.amplitude(alone) ** 2, nu),
        significance=height / noise,
        chance=search.chance(height, nu),
        origin=accelerator_line(search.signal.run, nu, search.signal.narrowest, reach),
    )
