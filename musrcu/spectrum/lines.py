"""Lines taken out of a signal one after the other, so that none is found twice in its own tails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.spectrum.fourier_sum import ComplexArray

RATES = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0)
"""Dampings that are tried, 1/µs."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line: Re[c envelope exp(2 pi i nu t)]."""

    nu: float
    """MHz."""
    envelope: FloatArray
    """(n_bins,) damping."""
    value: complex
    """Amplitude and phase at t = 0."""

    def turning(self, time: FloatArray) -> ComplexArray:
        """(n_bins,) half of the line, the one that turns with +nu."""
        half = 0.5 * self.value * self.envelope
        return np.asarray(half * np.exp(2j * np.pi * self.nu * time))

    def curve(self, time: FloatArray) -> FloatArray:
        """(n_bins,) the line."""
        return np.asarray(2 * self.turning(time).real)


def envelopes(time: FloatArray) -> list[FloatArray]:
    """Exponential and Gaussian dampings that are tried."""
    found = [np.ones(time.size)]
    for rate in RATES:
        found += [np.exp(-rate * time), np.exp(-0.5 * (rate * time) ** 2)]
    return found


def fitted_line(
    time: FloatArray, value: FloatArray, root: FloatArray, nu: float, tried: list[FloatArray]
) -> Line:
    """The line of a frequency that lowers chi-square most, of all envelopes.

    Parameters
    ----------
    root : (n_bins,) 1 / sigma.
    """
    turn = np.exp(2j * np.pi * nu * time)
    best, found = -1.0, Line(nu, tried[0], 0j)
    for envelope in tried:
        design = np.array([turn.real, -turn.imag]) * (envelope * root)
        matrix, data = design @ design.T, design @ (value * root)
        solved = np.linalg.pinv(matrix, rcond=1e-10, hermitian=True) @ data
        if solved @ data > best:
            best, found = float(solved @ data), Line(nu, envelope, complex(solved[0], solved[1]))
    return found


def solved_together(
    time: FloatArray, value: FloatArray, root: FloatArray, lines: list[Line]
) -> list[Line]:
    """The lines with their amplitudes and phases solved for at once."""
    rows = []
    for line in lines:
        turn = line.envelope * np.exp(2j * np.pi * line.nu * time)
        rows += [turn.real, -turn.imag]
    solved = np.linalg.lstsq((np.array(rows) * root).T, value * root, rcond=1e-10)[0]
    return [
        Line(line.nu, line.envelope, complex(solved[2 * k], solved[2 * k + 1]))
        for k, line in enumerate(lines)
    ]
