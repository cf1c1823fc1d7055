"""The peak list of a Fourier spectrum: what stands out of the noise, and of stronger lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray
from musrcu.spectrum.chance import chance_anywhere, effective_length
from musrcu.spectrum.fourier_sum import ComplexArray, FourierSum
from musrcu.spectrum.lines import Line, envelopes, fitted_line, solved_together
from musrcu.spectrum.peak import SpectrumPeak, half_width, maximum, measured
from musrcu.spectrum.signal import Signal

LEFT = 0.5
"""A peak is one of its own where this share of it is left when stronger lines are taken out."""
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

    def chance(self, height: float, nu: float) -> float:
        """Probability that noise makes a peak of this height anywhere in the range."""
        noise = float(np.interp(nu, self.sums.nu, self.noise))
        spread = (self.weight * self.signal.error) ** 2
        turns = (self.bounds[1] - self.bounds[0]) * effective_length(self.signal.time, spread)
        return chance_anywhere(0.5 * (height / noise) ** 2, turns) if noise > 0 else 1.0


def find_peaks(search: Search) -> tuple[SpectrumPeak, ...]:
    """The peaks, highest first.

    Lines are found one by one: the highest peak of what is left is fitted with a damped cosine,
    all found so far are solved for together, and taken out. A peak is listed where the spectrum
    itself has a maximum of which at least half is left, so that side lobes and the flanks of a
    line of another shape are not. Each is measured with all others, and its own mirror image at
    -nu, taken out.
    """
    lines = _found(search)
    peaks = [_measure(search, lines, k) for k in range(len(lines))]
    return tuple(sorted(peaks, key=lambda peak: -peak.amplitude))


def _found(search: Search) -> list[Line]:
    signal = search.signal
    time, root, nu = signal.time, 1 / signal.expected, search.sums.nu
    open_ = (nu >= search.bounds[0]) & (nu <= search.bounds[1])
    shown = np.abs(search.shown)
    tops = _maxima(shown)
    tried = envelopes(time)
    lines: list[Line] = []
    left, height = search.residual, shown
    for _ in range(ATTEMPTS * search.most):
        if not open_.any() or len(lines) == search.most:
            break
        top = int(np.argmax(np.where(open_, height, 0.0)))
        if search.chance(float(height[top]), float(nu[top])) > search.least_chance:
            break
        beside = np.abs(nu - nu[top]) <= 0.5 * search.resolution
        own = tops & beside
        if not own.any() or height[top] < LEFT * shown[beside].max():
            open_ &= ~beside
            continue
        half = max(0.5 * search.resolution, float(nu[1]))
        place = maximum(search.sums, search.weight * left, float(nu[top]), half)
        lines.append(fitted_line(time, left, root, place, tried))
        lines = solved_together(time, search.residual, root, lines)
        left = search.residual - _total(time, lines)
        height = search.amplitude(left)
        open_ &= ~beside
    return lines


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


def _measure(search: Search, lines: list[Line], k: int) -> SpectrumPeak:
    time, sums = search.signal.time, search.sums
    alone = search.residual - _total(time, [line for j, line in enumerate(lines) if j != k])
    turning: ComplexArray = np.asarray(alone - np.conj(lines[k].turning(time)))
    half = max(0.5 * search.resolution, float(sums.nu[1]))
    nu, nu_error, value, error, phase_error = measured(
        sums, search.weight, search.signal.error, turning, lines[k].nu, half
    )
    height = abs(value)
    noise = float(np.interp(nu, sums.nu, search.noise))
    return SpectrumPeak(
        nu=nu,
        nu_error=nu_error,
        amplitude=height,
        amplitude_error=error,
        phase=float(np.rad2deg(np.angle(value))),
        phase_error=phase_error,
        width=half_width(sums.nu, search.amplitude(alone) ** 2, nu),
        significance=height / noise,
        chance=search.chance(height, nu),
    )
