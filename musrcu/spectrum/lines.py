"""Lines taken out of a signal one after the other, so that none is found twice in its own tails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.spectrum.fourier_sum import ComplexArray

Shape = Callable[[FloatArray], FloatArray]
RATES = (0.03, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 6.0, 12.0)
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
    nu_error: float | None = None
    """MHz; of a line that was placed together with those that it overlaps."""

    def turning(self, time: FloatArray) -> ComplexArray:
        """(n_bins,) half of the line, the one that turns with +nu."""
        half = 0.5 * self.value * self.envelope
        return np.asarray(half * np.exp(2j * np.pi * self.nu * time))

    def curve(self, time: FloatArray) -> FloatArray:
        """(n_bins,) the line."""
        return np.asarray(2 * self.turning(time).real)


def _exponential(x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-x))


def _gaussian(x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * x * x))


def highest(gain: Callable[[float], float], bounds: tuple[float, float]) -> float:
    """Where a function of one maximum is highest, by golden sections, to a thousandth of bounds."""
    golden = 0.5 * (np.sqrt(5) - 1)
    low, high = bounds
    places = [high - golden * (high - low), low + golden * (high - low)]
    gains = [gain(place) for place in places]
    while high - low > 1e-3 * (bounds[1] - bounds[0]):
        if gains[0] > gains[1]:
            high, places[1], gains[1] = places[1], places[0], gains[0]
            places[0] = high - golden * (high - low)
            gains[0] = gain(places[0])
        else:
            low, places[0], gains[0] = places[0], places[1], gains[1]
            places[1] = low + golden * (high - low)
            gains[1] = gain(places[1])
    return float(places[int(gains[1] > gains[0])])


def fitted_line(time: FloatArray, value: FloatArray, root: FloatArray, nu: float) -> Line:
    """The line of a frequency that lowers chi-square most, with exponential or Gaussian damping.

    Parameters
    ----------
    root : (n_bins,) 1 / sigma.
    """
    turn = np.exp(2j * np.pi * nu * time)
    rows, data = np.array([turn.real, -turn.imag]) * root, value * root

    def solved(envelope: FloatArray) -> tuple[float, complex]:
        design = rows * envelope
        right = design @ data
        values = np.linalg.pinv(design @ design.T, rcond=1e-10, hermitian=True) @ right
        return float(values @ right), complex(values[0], values[1])

    tried = [np.ones(time.size)]
    for shape in (_exponential, _gaussian):
        gains = [solved(shape(rate * time))[0] for rate in RATES]
        rate = RATES[int(np.argmax(gains))]

        def gain(log: float, shape: Shape = shape, rate: float = rate) -> float:
            return solved(shape(rate * np.exp(log) * time))[0]

        log = highest(gain, (-1.0, 1.0))
        tried.append(shape(rate * np.exp(log) * time))
    envelope = max(tried, key=lambda one: solved(one)[0])
    return Line(nu, envelope, solved(envelope)[1])


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
