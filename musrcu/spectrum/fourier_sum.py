"""Fourier sums of bins at a grid of frequencies, or at any one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.containers.arrays import FloatArray
from musrcu.errors import FitError
from musrcu.spectrum.signal import Signal

ComplexArray = NDArray[np.complex128]

OFF_GRID = 1e-3
"""Share of a step by which a bin may miss the grid of times: a turn at the highest frequency
errs by a thousandth of a half turn."""
LARGEST = 1 << 25
"""Places of a transform; above it a spectrum takes gigabytes."""
MOST_PRODUCTS = 500_000_000
"""Bins times frequencies of sums that no fast transform makes."""
PIECE = 4_000_000
FEW = 32
"""Frequencies that are summed one from the other."""


class FourierSum:
    """Sums of x exp(-2 pi i nu (t - t0)) over the bins of a signal.

    Bins that lie on a grid of times are summed by a fast Fourier transform, with gaps and with
    bins of several raw bins each; others term by term. Both are exact.

    Parameters
    ----------
    signal : the bins.
    padding : the frequencies lie 1 / (padding length) apart.
    t0 : the time at which phases are taken, µs.

    Raises
    ------
    FitError if the sums would take too much memory or time.
    """

    def __init__(self, signal: Signal, padding: float, t0: float) -> None:
        self.time = signal.time
        self.t0 = t0
        grid = _grid(signal)
        if grid is None:
            span = float(np.ptp(self.time)) + float(signal.width.min())
            self._place, top = None, math.floor(signal.highest * padding * span)
            self.nu = np.arange(top + 1) / (padding * span)
            if self.nu.size * self.time.size > MOST_PRODUCTS:
                raise FitError(
                    f"{signal.run.name}: {self.time.size} bins that lie on no grid of times at "
                    f"{self.nu.size} frequencies; pack more, or pad less than {padding:g}"
                )
            return
        step, self._place = grid
        self._size = max(2, round(padding * (int(self._place[-1]) + 1)))
        if self._size > LARGEST:
            raise FitError(
                f"{signal.run.name}: a transform of {self._size:.3g} places; pack more, choose a "
                f"shorter t_range, or pad less than {padding:g}"
            )
        top = math.floor(min(signal.highest * step * (1 + 1e-9), 0.5) * self._size)
        self.nu = np.arange(top + 1) / (self._size * step)

    def grid(self, values: ArrayLike, twice: bool = False) -> ComplexArray:
        """(n_nu,) sums at every frequency of the grid, or at twice every one of them."""
        real = np.asarray(values, dtype=float)
        nu = 2 * self.nu if twice else self.nu
        if self._place is None:
            return self.at(real, nu)
        half = np.fft.rfft(np.bincount(self._place, weights=real, minlength=self._size))
        index = np.arange(self.nu.size) * (2 if twice else 1) % self._size
        mirrored = index >= half.size
        index[mirrored] = self._size - index[mirrored]
        found = half[index]
        found[mirrored] = np.conj(found[mirrored])
        return np.asarray(found * np.exp(-2j * np.pi * nu * (self.time[0] - self.t0)))

    def at(self, values: ArrayLike, nu: ArrayLike) -> ComplexArray:
        """Sums of real or complex values at any frequencies, MHz, of the shape of ``nu``."""
        wanted = np.asarray(nu, dtype=float)
        flat = wanted.ravel()
        x = np.asarray(values)
        found = np.empty(flat.size, dtype=complex)
        if 2 < flat.size <= FEW and np.ptp(np.diff(flat)) < 1e-9 * float(np.abs(flat).max()):
            return self._stepped(x, flat).reshape(wanted.shape)
        rows = max(1, PIECE // max(1, self.time.size))
        for first in range(0, flat.size, rows):
            turn = np.multiply.outer(flat[first : first + rows], self.time - self.t0)
            found[first : first + rows] = np.einsum("ij,j->i", np.exp(-2j * np.pi * turn), x)
        return found.reshape(wanted.shape)

    def _stepped(self, x: NDArray[Any], nu: FloatArray) -> ComplexArray:
        """The sums at a few frequencies that lie evenly: each turns the one before on."""
        time = self.time - self.t0
        turning = x * np.exp(-2j * np.pi * nu[0] * time)
        step = np.exp(-2j * np.pi * (nu[1] - nu[0]) * time)
        found = [turning.sum()]
        for _ in range(nu.size - 1):
            turning = turning * step
            found.append(turning.sum())
        return np.array(found)


def _grid(signal: Signal) -> tuple[float, NDArray[np.int64]] | None:
    """A step of a grid that every centre lies on, and their places on it."""
    # centres of packs of even and odd numbers of raw bins are half a raw bin apart
    for step in (float(np.diff(signal.time).min()), 0.5 * signal.raw_width):
        place = (signal.time - signal.time[0]) / step
        rounded = np.rint(place)
        if np.abs(place - rounded).max() < OFF_GRID:
            return step, rounded.astype(np.int64)
    return None
