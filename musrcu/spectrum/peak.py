"""A peak of a Fourier spectrum, measured: frequency, amplitude, phase, width, with errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.notation import bracket, said
from musrcu.spectrum.found_line import FoundLine
from musrcu.spectrum.fourier_sum import ComplexArray, FourierSum

ROUNDS = 4
POINTS = 9
"""A maximum is narrowed by (POINTS - 1) / 2 in each round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumPeak(FoundLine):
    """One line of a Fourier spectrum."""

    amplitude: float
    """Height; of a damped line less than its amplitude at t = 0."""
    amplitude_error: float
    phase: float
    """Degrees, of cos(2 pi nu (t - t0) + phase)."""
    phase_error: float
    width: float
    """Full width at half maximum of the power, MHz; of an undamped line the resolution."""
    significance: float
    """Height over the noise."""
    chance: float
    """Probability that noise alone makes such a peak anywhere in the range that was searched."""
    origin: str = ""
    """What else than a muon makes it: ``the accelerator's 50.63 MHz, folded``."""

    def __str__(self) -> str:
        return (
            f"{self.place()}: amplitude "
            f"{bracket(self.amplitude, self.amplitude_error)}, phase "
            f"{bracket(self.phase, self.phase_error)} deg, width {self.width:.3g} MHz, "
            f"{self.significance:.1f} sigma, {said(self.chance)}"
            + f"; {self.origin}"
            * bool(self.origin)
        )


class Measured(NamedTuple):
    """What is known of a line."""

    nu: float
    nu_error: float
    value: complex
    """Amplitude and phase at t0."""
    error: float
    """Of the amplitude."""
    phase_error: float
    """Degrees."""


def maximum(sums: FourierSum, values: ComplexArray | FloatArray, nu: float, half: float) -> float:
    """Frequency of the largest abs(sum) within ``half`` of ``nu``, MHz."""
    for _ in range(ROUNDS):
        tried = nu + half * np.linspace(-1, 1, POINTS)
        power = np.abs(sums.at(values, tried)) ** 2
        top = int(np.clip(np.argmax(power), 1, POINTS - 2))
        step = 2 * half / (POINTS - 1)
        low, mid, high = power[top - 1 : top + 2]
        bend = low - 2 * mid + high
        shift = 0.5 * (low - high) / bend if bend < 0 else 0.0
        nu, half = float(tried[top] + step * np.clip(shift, -1, 1)), 2 * step
    return nu


def measured(
    sums: FourierSum,
    weight: FloatArray,
    error: FloatArray,
    turning: ComplexArray,
    envelope: FloatArray,
    around: tuple[float, float],
) -> Measured:
    """A line measured where its power is largest, with errors from those of the bins.

    The frequency is that of the maximum with the weights u = w E, E the damping of the line: with
    the weights w alone a broad line breaks up into ripples of noise. With M_k = sum u E t^k,
    tc = M_1/M_0 and V = M_2/M_0 - tc^2, noise shifts it by
    -sum u e (t - tc) sin(omega t + phi) / (A M_0 V / 2). For a line weighted by its errors this is
    the Cramer-Rao bound, sqrt2 / [2 pi A sqrt(sum (E/sigma)^2 Var t)]. Height and phase are those
    of the weights w at this frequency.

    Parameters
    ----------
    turning : (n_bins,) the half of the line that turns with +nu, and the noise.
    envelope : (n_bins,) damping of the line.
    around : (nu, half), where to look, MHz.
    """
    matched = weight * envelope
    nu = maximum(sums, matched * turning, *around)
    time = sums.time - sums.t0
    height = 2 * complex(sums.at(weight * turning, nu)) / float(weight.sum())
    turn = 2 * np.pi * nu * time + np.angle(height)
    along, across = np.cos(turn), np.sin(turn)
    filtered = 2 * complex(sums.at(matched * turning, nu))
    moments = [float((matched * envelope * time**k).sum()) for k in range(3)]
    centre = moments[1] / moments[0]
    lever = (time - centre) / (moments[2] / moments[0] - centre**2)
    shift = -2 * matched * error * across * lever / abs(filtered)
    # the phase of the height: turned by noise, and by the frequency about the centre of the line
    seen = float((weight * envelope * time).sum() / (weight * envelope).sum())
    unit = 2 * weight * error / float(weight.sum())
    turned = -unit * across / abs(height) - shift * seen
    return Measured(
        nu=nu,
        nu_error=float(np.sqrt((shift**2).sum())) / (2 * np.pi),
        value=height,
        error=float(np.sqrt(((unit * along) ** 2).sum())),
        phase_error=float(np.rad2deg(np.sqrt((turned**2).sum()))),
    )


def half_width(nu: FloatArray, power: FloatArray, centre: float) -> float:
    """Full width at half maximum of a peak of the power on a grid, MHz."""
    top = int(np.argmin(np.abs(nu - centre)))
    # the grid may miss the top: a parabola through three points
    if 0 < top < nu.size - 1:
        low, mid, high = power[top - 1 : top + 2]
        bend = low - 2 * mid + high
        level = 0.5 * (mid - (low - high) ** 2 / (8 * bend) if bend < 0 else mid)
    else:
        level = 0.5 * float(power[top])
    sides = []
    for step in (-1, 1):
        k = top
        while 0 <= k + step < nu.size and power[k] > level:
            k += step
        before = k - step
        fall = power[before] - power[k]
        share = (power[before] - level) / fall if fall > 0 else 1.0
        sides.append(abs(nu[before] + share * (nu[k] - nu[before]) - centre))
    return float(sum(sides))
