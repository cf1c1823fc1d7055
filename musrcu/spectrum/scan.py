"""Chi-square of one signal against the frequency of a line, on a grid and exactly."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from musrcu.containers.accelerator import accelerator_line
from musrcu.containers.arrays import FloatArray
from musrcu.fitting import projection
from musrcu.spectrum.chance import chance_anywhere, effective_length, level_of
from musrcu.spectrum.lines import highest
from musrcu.spectrum.periodogram_result import PeriodogramPeak
from musrcu.spectrum.signal import Signal

ROUNDS = 4
POINTS = 9
FASTEST = 3.0
"""The damping of a line is looked for up to so many times the largest that is tried."""


class Scan:
    """What a line beside some linear terms gains.

    Parameters
    ----------
    signal : the bins.
    columns : (n_terms, n_bins) terms that are solved for beside the line.
    dampings : 1/µs, ascending.
    held : phase of the line, degrees; None solves for it.
    """

    def __init__(
        self, signal: Signal, columns: FloatArray, dampings: tuple[float, ...], held: float | None
    ) -> None:
        self.signal, self.columns = signal, columns
        self.dampings, self.held = dampings, held
        self._root = 1 / signal.expected
        weight = self._root**2
        self.lengths = tuple(
            effective_length(signal.time, weight * np.exp(-2 * rate * signal.time))
            for rate in dampings
        )
        self.chi2 = self._chi2(columns)[0]

    @cached_property
    def grid(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """(nu, gain, phase, damping) on the grid of the scan."""
        spectrum = projection.Spectrum(self.signal.time, self._root**2)
        best = np.full(spectrum.nu.size, -np.inf)
        phases, rates = np.zeros(best.size), np.zeros(best.size)
        for rate in self.dampings:
            envelope = np.exp(-rate * self.signal.time)
            gain, phase = projection.line_gain(
                spectrum, self.signal.value, self.columns, envelope, self.held
            )
            better = gain > best
            best[better], phases[better], rates[better] = gain[better], phase[better], rate
        return spectrum.nu, best, phases, rates

    def _chi2(self, rows: FloatArray) -> tuple[float, FloatArray]:
        """Chi-square of the terms, and their amplitudes."""
        value = self.signal.value * self._root
        if not len(rows):
            return float(value @ value), np.empty(0)
        design = (rows * self._root).T
        solved = np.linalg.lstsq(design, value, rcond=1e-10)[0]
        left = value - design @ solved
        return float(left @ left), np.asarray(solved, dtype=float)

    def beside(self, lines: list[FloatArray]) -> Scan:
        """The scan of one more line beside some."""
        if not lines:
            return self
        columns = np.concatenate([self.columns, *lines])
        return Scan(self.signal, columns, self.dampings, self.held)

    def line(self, nu: float, rate: float) -> FloatArray:
        """(2, n_bins) cosine and minus sine, damped; (1, n_bins) where the phase is held."""
        turn = np.exp((2j * np.pi * nu - rate) * self.signal.time)
        if self.held is not None:
            return np.array([(turn * np.exp(1j * np.deg2rad(self.held))).real])
        return np.array([turn.real, -turn.imag])

    def exact(self, nu: float, rate: float) -> tuple[float, complex]:
        """The gain of one line by least squares, and its amplitude and phase."""
        chi2, solved = self._chi2(np.concatenate([self.columns, self.line(nu, rate)]))
        if self.held is None:
            return self.chi2 - chi2, complex(solved[-2], solved[-1])
        return self.chi2 - chi2, complex(solved[-1] * np.exp(1j * np.deg2rad(self.held)))

    def peak(self, nu: float, half: float, bounds: tuple[float, float]) -> PeriodogramPeak:
        """The maximum near a point of the grid, exact."""
        rate = max(self.dampings, key=lambda one: self.exact(nu, one)[0])
        nu = self._highest(nu, half, rate, bounds)
        if len(self.dampings) > 1:
            rate = self._best_damping(nu)
            nu = self._highest(nu, half, rate, bounds)
        gain, value = self.exact(nu, rate)
        near = int(np.argmin(np.abs(np.array(self.dampings) - rate)))
        step = 0.03 / self.lengths[near]
        sides = [self.exact(nu + sign * step, rate)[0] for sign in (-1, 1)]
        bend = (2 * gain - sides[0] - sides[1]) / step**2
        turned = float(np.rad2deg(np.angle(value)))
        origin = accelerator_line(
            self.signal.run, nu, self.signal.narrowest, 0.25 / self.lengths[0]
        )
        return PeriodogramPeak(
            nu=nu,
            nu_error=float(np.sqrt(2 / bend)) if bend > 0 else np.inf,
            gain=gain,
            amplitude=abs(value),
            phase=turned,
            damping=rate,
            chance=self.chance(gain, bounds),
            origin=origin,
        )

    def _highest(self, nu: float, half: float, rate: float, bounds: tuple[float, float]) -> float:
        for _ in range(ROUNDS):
            tried = np.clip(nu + half * np.linspace(-1, 1, POINTS), *bounds)
            gains = [self.exact(float(one), rate)[0] for one in tried]
            nu, half = float(tried[int(np.argmax(gains))]), half / 3
        return nu

    def _best_damping(self, nu: float) -> float:
        most = FASTEST * self.dampings[-1]
        found = highest(lambda rate: self.exact(nu, rate)[0], (0.0, most))
        return max((found, *self.dampings), key=lambda rate: self.exact(nu, rate)[0])

    def chance(self, gain: float, bounds: tuple[float, float]) -> float:
        """Probability of such a gain anywhere, summed over the dampings."""
        span = bounds[1] - bounds[0]
        return min(1.0, sum(chance_anywhere(0.5 * gain, span * one) for one in self.lengths))

    def level(self, chance: float, bounds: tuple[float, float]) -> float:
        """The gain that has this probability."""
        return 2 * level_of(chance, lambda z: self.chance(2 * z, bounds))
