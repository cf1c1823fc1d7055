"""Projection scan: chi-square against frequency, with everything linear solved for.

At each frequency the amplitudes of cosine, sine and the smooth terms are solved by weighted least
squares; on evenly spaced bins Fourier transforms give the sums for all frequencies at once. It is
the weighted Lomb-Scargle periodogram with floating mean, relaxing terms and damping.

Source: M. Zechmeister and M. Kuerster, Astron. Astrophys. 496, 577 (2009), generalised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.models.product import onto, scalar

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

PADDING = 4
"""Frequencies lie closer than 1 / (PADDING x window)."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A frequency at which a line lowers chi-square."""

    nu: float
    """MHz."""
    gain: float
    """Chi-square without the line minus chi-square with it."""
    phase: float
    """Degrees."""


class Spectrum:
    """Fourier sums of weighted data on a common grid of frequencies.

    Parameters
    ----------
    time : (n_bins,) centres of the fitted bins, µs; gaps are allowed.
    weight : (n_bins,) 1 / sigma^2.
    lowest : where bins show frequencies up to 1 / (2 step) only, those above fold back; the grid is
        the one between two multiples of it that holds this frequency, MHz.
    """

    def __init__(self, time: FloatArray, weight: FloatArray, lowest: float = 0.0) -> None:
        spacing = np.diff(time)
        self.step = float(spacing.min()) if time.size > 1 else 1.0
        place = (time - time[0]) / self.step
        self.place = np.rint(place).astype(int)
        self.even = bool(np.abs(place - self.place).max(initial=0.0) < 1e-3)
        if not self.even:
            # Uneven bins: a grid fine enough that rounding a time costs little phase.
            self.step /= 4
            self.place = np.rint((time - time[0]) / self.step).astype(int)
        self.time, self.weight = time, weight
        n = int(self.place[-1]) + 1
        self.size = 1 << int(np.ceil(np.log2(PADDING * n)))
        top = self.size // 2 if self.even else self.size // 16
        self._index = np.arange(top) + top * int(lowest * self.size * self.step / top)
        self.nu = self._index / (self.size * self.step)
        self._origin = np.exp(-2j * np.pi * self.nu * time[0])

    def transform(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i nu t) at every frequency of the grid."""
        return np.asarray(self._picked(values, self._index) * self._origin)

    def holding(self, nu: float) -> Spectrum:
        """These bins on the grid that holds a frequency, MHz."""
        top = self.nu.size / (self.size * self.step)
        return self if nu < top else Spectrum(self.time, self.weight, nu)

    def transform_doubled(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i 2 nu t) at every frequency of the grid."""
        return np.asarray(self._picked(values, 2 * self._index) * self._origin**2)

    def _picked(self, values: FloatArray, index: NDArray[np.int64]) -> ComplexArray:
        """The sums at places of the grid, which repeats itself behind its mirror image."""
        grid = np.zeros(self.size)
        np.add.at(grid, self.place, values)
        full = np.fft.rfft(grid)
        index = index % self.size
        below = index < full.size
        mirrored = np.where(below, index, self.size - index)
        return np.asarray(np.where(below, full[mirrored], np.conj(full[mirrored])))


def line_gain(
    spectrum: Spectrum,
    residual: FloatArray,
    smooth: FloatArray,
    envelope: FloatArray,
    phase: float | None,
) -> tuple[FloatArray, FloatArray]:
    """What a line of any frequency gains, and its best phase.

    Parameters
    ----------
    spectrum : grid of frequencies for the fitted bins.
    residual : (n_bins,) data minus everything that is held.
    smooth : (n_smooth, n_bins) linear terms that are free beside the line.
    envelope : (n_bins,) damping of the line.
    phase : degrees where it is held; None solves for it.

    Returns
    -------
    (gain, phase): chi-square without the line minus with it, and degrees, on ``spectrum.nu``.
    """
    weight, weighted = spectrum.weight, spectrum.weight * envelope
    matrix = (smooth * weight) @ smooth.T
    inverse = np.linalg.pinv(matrix, hermitian=True)
    data = inverse @ onto(smooth, weight * residual)
    line = spectrum.transform(weighted * residual)
    cross = np.array([spectrum.transform(weighted * row) for row in smooth])
    cross = cross.reshape(len(smooth), line.size)
    square = spectrum.transform_doubled(weighted * envelope)
    half = 0.5 * scalar(weighted, envelope)
    # cos(wt) is the real part of exp(-iwt), sin(wt) minus its imaginary part.
    right = [line.real, -line.imag]
    left = [cross.real, -cross.imag]
    for k in range(2):
        right[k] = right[k] - data @ left[k]
    solved = [inverse @ part for part in left]
    cc = half + 0.5 * square.real - np.einsum("kn,kn->n", left[0], solved[0])
    ss = half - 0.5 * square.real - np.einsum("kn,kn->n", left[1], solved[1])
    cs = -0.5 * square.imag - np.einsum("kn,kn->n", left[0], solved[1])
    tiny = 1e-9 * half
    if phase is not None:
        c, s = np.cos(np.deg2rad(phase)), np.sin(np.deg2rad(phase))
        norm = c * c * cc + s * s * ss - 2 * c * s * cs
        along = c * right[0] - s * right[1]
        gain = np.where(norm > tiny, along**2 / np.maximum(norm, tiny), 0.0)
        return gain, np.full(gain.shape, phase)
    determinant = cc * ss - cs * cs
    sound = determinant > tiny * half
    safe = np.where(sound, determinant, 1.0)
    a = (ss * right[0] - cs * right[1]) / safe
    b = (cc * right[1] - cs * right[0]) / safe
    gain = np.where(sound, a * right[0] + b * right[1], 0.0)
    return gain, np.rad2deg(np.arctan2(-b, a))


def peaks(
    nu: FloatArray,
    gain: FloatArray,
    phase: FloatArray,
    bounds: tuple[float, float],
    width: float,
    most: int,
) -> list[Peak]:
    """The highest local maxima of a scan inside ``bounds``, at least ``width`` MHz apart."""
    inside = (nu >= bounds[0]) & (nu <= bounds[1])
    top = inside.copy()
    top[1:] &= (gain[1:] >= gain[:-1]) | ~inside[:-1]
    top[:-1] &= (gain[:-1] > gain[1:]) | ~inside[1:]
    found: list[Peak] = []
    candidates = np.flatnonzero(top)
    for k in candidates[np.argsort(gain[candidates])[::-1]]:
        if all(abs(nu[k] - peak.nu) >= width for peak in found):
            found.append(Peak(float(nu[k]), float(gain[k]), float(phase[k])))
        if len(found) == most:
            break
    return found
