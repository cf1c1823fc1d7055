"""Projection scan: chi-square against frequency, with everything linear solved for.

At each frequency the amplitudes of cosine, sine and the smooth terms are solved by weighted least
squares; on evenly spaced bins Fourier transforms give the sums for all frequencies at once. It is
the weighted Lomb-Scargle periodogram with floating mean, relaxing terms and damping.

Source: M. Zechmeister and M. Kuerster, Astron. Astrophys. 496, 577 (2009), generalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from musrcu.models.product import product

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
    padding : frequencies lie closer than 1 / (padding x window).
    lowest : where bins show frequencies up to 1 / (2 step) only, those above fold back; the grid is
        the one between two multiples of it that holds this frequency, MHz.
    """

    def __init__(
        self,
        time: FloatArray,
        weight: FloatArray,
        lowest: float = 0.0,
        padding: int = PADDING,
    ) -> None:
        spacing = np.diff(time)
        self.step = float(spacing.min()) if time.size > 1 else 1.0
        place = (time - time[0]) / self.step
        self.place = np.rint(place).astype(int)
        self.even = bool(np.abs(place - self.place).max(initial=0.0) < 1e-3)
        if not self.even:
            # Uneven bins are shared out to the two nearest places of a fine grid.
            self.step /= 4
            place = (time - time[0]) / self.step
            self.place = np.floor(place).astype(int)
        self._share = None if self.even else place - self.place
        self.time, self.weight, self.padding = time, weight, padding
        self.size = _good_size(padding * (int(self.place[-1]) + 2))
        top = self.size // 2 if self.even else self.size // 16
        self._index = np.arange(top) + top * int(lowest * self.size * self.step / top + 1e-6)
        self.nu = self._index / (self.size * self.step)
        self._origin = np.exp(-2j * np.pi * self.nu * time[0])

    def transform(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i nu t) at every frequency of the grid, for each row."""
        return np.asarray(self._picked(self._placed(values), self._index) * self._origin)

    def holding(self, nu: float) -> Spectrum:
        """These bins on the grid that holds a frequency, MHz."""
        top = self.nu.size / (self.size * self.step)
        return self if nu < top else Spectrum(self.time, self.weight, nu, self.padding)

    def transform_doubled(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i 2 nu t) at every frequency of the grid, for each row."""
        grid = self._placed(values)
        half = self.size // 2
        folded = grid[..., :half] + grid[..., half:]
        return np.asarray(self._picked(folded, self._index) * self._origin**2)

    def _placed(self, values: FloatArray) -> FloatArray:
        grid = np.zeros((*values.shape[:-1], self.size))
        if self._share is None:
            grid[..., self.place] = values
        else:
            grid[..., self.place] = values * (1 - self._share)
            grid[..., self.place + 1] = values * self._share
        return grid

    def _picked(self, grid: FloatArray, index: NDArray[np.int64]) -> ComplexArray:
        """The sums at places of the transform, which repeats itself behind its mirror image."""
        full, size = np.fft.rfft(grid), grid.shape[-1]
        if index.size and index[-1] < full.shape[-1]:
            return np.asarray(full[..., index[0] : index[-1] + 1])
        index = index % size
        below = index < full.shape[-1]
        mirrored = np.where(below, index, size - index)
        return np.asarray(np.where(below, full[..., mirrored], np.conj(full[..., mirrored])))


def _good_size(least: int) -> int:
    """A multiple of 32 with small factors alone, for which Fourier transforms are quick."""
    size = 1 << max(int(np.ceil(np.log2(max(least, 1)))), 7)
    return next(part for part in (size * 5 // 8, size * 3 // 4, size) if part >= least)


class Frequencies(Protocol):
    """Sums of weighted data at some frequencies."""

    def transform(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i nu t), for each row."""

    def transform_doubled(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i 2 nu t), for each row."""


class Few:
    """The same sums at a few frequencies, wherever they lie.

    Parameters
    ----------
    time : (n_bins,) centres of the fitted bins, µs.
    nu : frequencies, MHz.
    """

    def __init__(self, time: FloatArray, nu: FloatArray) -> None:
        self.nu = np.asarray(nu, dtype=float)
        turned = np.exp(-2j * np.pi * np.outer(self.nu, time))
        doubled = turned * turned
        self._parts = np.concatenate([turned.real, turned.imag])
        self._doubled = np.concatenate([doubled.real, doubled.imag])

    def transform(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i nu t), for each row."""
        return self._sums(values, self._parts)

    def transform_doubled(self, values: FloatArray) -> ComplexArray:
        """Sums of values exp(-2 pi i 2 nu t), for each row."""
        return self._sums(values, self._doubled)

    def _sums(self, values: FloatArray, parts: FloatArray) -> ComplexArray:
        found = product(np.atleast_2d(values), parts.T)
        found = found.reshape(*values.shape[:-1], parts.shape[0])
        return np.asarray(found[..., : self.nu.size] + 1j * found[..., self.nu.size :])


@dataclass(frozen=True, slots=True)
class Gains:
    """What a line gains beside each of several sets of smooth terms, at each frequency."""

    gain: FloatArray
    """(n_sets, n_nu) chi-square without the line minus with it."""
    left: FloatArray
    """(n_sets,) what the smooth terms gain by themselves."""
    _line: ComplexArray
    _square: ComplexArray
    _half: FloatArray
    _phase: float | None

    def phase(self, at: int, nu: int | slice = slice(None)) -> FloatArray:
        """Best phase beside one of the sets, degrees."""
        line, square, half = self._line[at, nu], self._square[at, nu], self._half[at, nu]
        if self._phase is not None:
            return np.full(np.shape(half), self._phase)
        return np.asarray(np.rad2deg(np.angle(half * line - 0.5 * square * np.conj(line))))


def line_gains(
    spectrum: Frequencies,
    data: tuple[FloatArray, NDArray[np.int64]],
    smooth: tuple[FloatArray, NDArray[np.int64]],
    envelope: tuple[FloatArray, NDArray[np.int64]],
    phase: float | None,
    heights: tuple[float, float] | None = None,
) -> Gains:
    """What a line of any frequency gains beside many sets of smooth terms.

    Rows stand for arrays over the bins, and every set names the rows that it takes, so that what
    sets have in common is transformed once.

    Parameters
    ----------
    spectrum : frequencies.
    data : rows of what the terms are to describe, in standard deviations; (n_sets,) which.
    smooth : rows of terms that are free beside the line, so too; (n_sets, n_smooth) which.
    envelope : rows of the damping of the line, over the standard deviation; (n_sets,) which.
    phase : degrees where it is held; None solves for it.
    heights : least and largest amplitude of the line, twice the same where it is held; with a free
        phase, of its size.
    """
    line = _transformed(spectrum, envelope, data[0], data[1][:, None])[:, 0]
    cross = _transformed(spectrum, envelope, smooth[0], smooth[1])
    whiten, along = whitened(data, smooth)
    left = (along**2).sum(axis=1)
    square = spectrum.transform_doubled(envelope[0] ** 2)[envelope[1]]
    full = 0.5 * (envelope[0] ** 2).sum(axis=1)[envelope[1], None]
    half = np.broadcast_to(full, line.shape).copy()
    for k in range(cross.shape[1]):
        row = sum(whiten[:, k, j, None] * cross[:, j] for j in range(k + 1))
        line = line - along[:, k, None] * row
        half -= 0.5 * (row.real**2 + row.imag**2)
        square = square - row * row
    tiny = 1e-9 * full
    if phase is not None:
        # Along cos(wt + phase): the projection of everything on that one direction.
        turn = np.exp(-1j * np.deg2rad(phase))
        norm = half + 0.5 * (square * turn * turn).real
        along_it = (line * turn).real
        gain = _gain_within(along_it, np.maximum(norm, tiny), heights)
        return Gains(np.where(norm > tiny, gain, 0.0), left, line, square, half, phase)
    determinant = half * half - 0.25 * (square.real**2 + square.imag**2)
    above = half * (line.real**2 + line.imag**2) - 0.5 * (np.conj(square) * line * line).real
    sound = determinant > tiny * full
    gain = np.where(sound, above / np.where(sound, determinant, 1.0), 0.0)
    if heights is not None:
        turn = half * line - 0.5 * square * np.conj(line)
        turn = np.conj(turn) / np.maximum(np.abs(turn), 1e-300)
        norm = half + 0.5 * (square * turn * turn).real
        gain = _gain_within((line * turn).real, np.maximum(norm, tiny), heights)
    return Gains(gain, left, line, square, half, phase)


def _gain_within(
    along: FloatArray, norm: FloatArray, heights: tuple[float, float] | None
) -> FloatArray:
    """Gain along one direction with an amplitude between the least and the largest."""
    if heights is None:
        return np.asarray(along**2 / norm)
    height = np.clip(along / norm, *heights)
    return np.asarray(height * (2 * along - height * norm))


def whitened(
    data: tuple[FloatArray, NDArray[np.int64]], smooth: tuple[FloatArray, NDArray[np.int64]]
) -> tuple[FloatArray, FloatArray]:
    """Lower triangular matrices that make the smooth rows of each set orthonormal, and the data
    along these: (n_sets, n_smooth, n_smooth) and (n_sets, n_smooth)."""
    rows, which = smooth
    n_sets, n_smooth = which.shape
    if not n_smooth:
        return np.zeros((n_sets, 0, 0)), np.zeros((n_sets, 0))
    products, onto_data = product(rows, rows.T), product(rows, data[0].T)
    matrix = products[which[:, :, None], which[:, None, :]]
    size = np.sqrt(np.maximum(np.einsum("skk->sk", matrix), 1e-300))
    unit = matrix / (size[:, :, None] * size[:, None, :]) + 1e-10 * np.eye(n_smooth)
    whiten = np.linalg.inv(np.linalg.cholesky(unit)) / size[:, None, :]
    along = onto_data[which, data[1][:, None]]
    return whiten, np.einsum("skj,sj->sk", whiten, along)


def _transformed(
    spectrum: Frequencies,
    envelope: tuple[FloatArray, NDArray[np.int64]],
    rows: FloatArray,
    which: NDArray[np.int64],
) -> ComplexArray:
    """(n_sets, n_which, n_nu) sums of rows times envelopes, each pair transformed once."""
    pairs = envelope[1][:, None] * len(rows) + which
    known, place = np.unique(pairs, return_inverse=True)
    e, r = np.divmod(known, max(len(rows), 1))
    found = spectrum.transform(envelope[0][e] * rows[r])
    return np.asarray(found[place.reshape(pairs.shape)])


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
    inverse_error, one = np.sqrt(spectrum.weight), np.zeros(1, dtype=int)
    found = line_gains(
        spectrum,
        ((residual * inverse_error)[None], one),
        (smooth * inverse_error, np.arange(len(smooth))[None]),
        ((envelope * inverse_error)[None], one),
        phase,
    )
    return found.gain[0], found.phase(0)


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
