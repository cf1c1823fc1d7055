"""A peak of a Fourier spectrum, measured: frequency, amplitude, phase, width, with errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.models.precession import field_from_nu
from musrcu.notation import bracket, probability
from musrcu.spectrum.fourier_sum import ComplexArray, FourierSum

ROUNDS = 4
POINTS = 9
"""A maximum is narrowed by (POINTS - 1) / 2 in each round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumPeak:
    """One line of a Fourier spectrum."""

    nu: float
    """MHz."""
    nu_error: float
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

    @property
    def field(self) -> float:
        """B = nu / gamma_mu, G."""
        return float(field_from_nu(self.nu))

    @property
    def field_error(self) -> float:
        """G."""
        return float(field_from_nu(self.nu_error))

    def __str__(self) -> str:
        return (
            f"{bracket(self.nu, self.nu_error, 'MHz')}, "
            f"{bracket(self.field, self.field_error, 'G')}: amplitude "
            f"{bracket(self.amplitude, self.amplitude_error)}, phase "
            f"{bracket(self.phase, self.phase_error)} deg, width {self.width:.3g} MHz, "
            f"{self.significance:.1f} sigma, p = {probability(self.chance)}"
        )


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
    values: ComplexArray,
    start: float,
    half: float,
) -> tuple[float, float, complex, float, float]:
    """A line measured at the maximum of its power, with errors from those of the bins.

    With s_k = sum w y (t - t0)^k exp(-i omega t) at the maximum, tc = Re s_1/s_0 and
    V = Re[s_2/s_0 - (s_1/s_0)^2], noise shifts it by
    -2 sum w e (t - tc) sin(omega t + phi) / (A W V). For an undamped line weighted by its errors
    this is the Cramer-Rao bound, sqrt2 / (2 pi A sqrt(sum 1/sigma^2 Var t)).

    Parameters
    ----------
    values : (n_bins,) the half of the line that turns with +nu.
    start, half : where to look, MHz.

    Returns
    -------
    (nu, nu_error, complex amplitude at t0, its error along its phase, phase_error in degrees).
    """
    weighted = weight * values
    nu = maximum(sums, weighted, start, half)
    time = sums.time - sums.t0
    s0, s1, s2 = (complex(sums.at(weighted * time**k, nu)) for k in range(3))
    centre = (s1 / s0).real
    spread = (s2 / s0 - (s1 / s0) ** 2).real
    total = float(weight.sum())
    height = 2 * abs(s0) / total
    turn = 2 * np.pi * nu * time + np.angle(s0)
    along, across = np.cos(turn), np.sin(turn)
    unit = 2 * weight * error / total
    amplitude_error = float(np.sqrt(((unit * along) ** 2).sum()))
    if not spread > 0:
        return nu, np.inf, 2 * s0 / total, amplitude_error, np.inf
    lever = (time - centre) / spread
    shift = unit * across * lever / height
    turned = unit * across * (1 - centre * lever) / height
    nu_error = float(np.sqrt((shift**2).sum())) / (2 * np.pi)
    phase_error = float(np.rad2deg(np.sqrt((turned**2).sum())))
    return nu, nu_error, 2 * s0 / total, amplitude_error, phase_error


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
