"""Known truth for pull studies: counts of the paper's model, drawn without anything of musrcu.

The formulas are written out here a second time, with NumPy only, so that an error in the package
cannot hide in the study that is meant to find it. Units: µs, MHz, 1/µs, K, radians.

One run is a pair of histograms, Back (the muon spin points to it) and Forw:

    N(t) = N0 [exp(-t/tau) (1 + s a(t)) + 0.005],   s = +1 in Back, -1 in Forw,

with the muon at t = 0 and nothing but the flat part before. Below T_N, and above,

    a(t) = .055 exp(-.9 t) + .045 exp(-l t) cos(2 pi nu t + phi) + .11,   l = .35 + .9 (T/T_N)^8
    a(t) = .045 exp(-(.35 t)^2 / 2) + .055 exp(-2 t) + .11

The order parameter is that of Huddart et al., Phys. Chem. Chem. Phys. 21, 1014 (2019); amplitudes,
rates, phase and background are assumptions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TAU = 2.1969811  # muon lifetime
DT = 0.0009765625  # bin width
BINS = 10240
T0_BACK, T0_FORW = 298, 301  # bins from 0
FIRST_GOOD, LAST_GOOD = 6, 10228  # bins after t0; bin from 0
ALPHA = 0.93  # efficiency of Back / Forw; the counts are 1.2 in zero field
FLAT = 0.005
NU0, T_N, BETA, EXPONENT = 1.59, 0.105, 0.12, 3.0
PHI = np.radians(6.0)
RATE_ABOVE = 2.0
JITTER, NOISE, READINGS = 0.3e-3, 0.6e-3, 36  # K, K, of the sample and of one reading


class Runs(NamedTuple):
    """Runs as plain arrays."""

    counts: np.ndarray
    """(n_runs, 2, n_bins) counts of Back and Forw."""
    temperature: np.ndarray
    """(n_runs,) mean of the readings, K."""
    temperature_spread: np.ndarray
    """(n_runs,) standard deviation of the readings, K."""
    true_temperature: np.ndarray
    """(n_runs,) K."""


def frequency(temperature: float) -> float:
    """nu0 [1 - (T/T_N)^alpha]^beta below T_N, else 0."""
    if temperature >= T_N:
        return 0.0
    return NU0 * (1 - (temperature / T_N) ** EXPONENT) ** BETA


def asymmetry(t: np.ndarray, temperature: float, rate_above: float = RATE_ABOVE) -> np.ndarray:
    """a(t) at a true temperature."""
    if temperature >= T_N:
        return 0.045 * np.exp(-((0.35 * t) ** 2) / 2) + 0.055 * np.exp(-rate_above * t) + 0.11
    damping = 0.35 + 0.9 * (temperature / T_N) ** 8
    line = np.exp(-damping * t) * np.cos(2 * np.pi * frequency(temperature) * t + PHI)
    return 0.055 * np.exp(-0.9 * t) + 0.045 * line + 0.11


def expected(temperature: float, events: float, rate_above: float = RATE_ABOVE) -> np.ndarray:
    """(2, n_bins) mean counts of Back and Forw; ``events`` is N0 tau / dt of the two together."""
    means = np.empty((2, BINS))
    shares = ALPHA / (1 + ALPHA), 1 / (1 + ALPHA)
    for row, share, t0, sign in zip(means, shares, (T0_BACK, T0_FORW), (1, -1), strict=True):
        t = (np.arange(BINS) - t0) * DT
        decays = np.exp(-t / TAU) * (1 + sign * asymmetry(t, temperature, rate_above))
        row[:] = events * share * DT / TAU * (np.where(t >= 0, decays, 0.0) + FLAT)
    return means


def throw(
    set_points: np.ndarray,
    events: float,
    seed: int | tuple[int, ...],
    *,
    jitter: float = JITTER,
    noise: float = NOISE,
    rate_above: float = RATE_ABOVE,
) -> Runs:
    """Runs at these set points: true temperature, thermometer readings and counts are drawn.

    ``jitter=0`` puts the sample at the set point; ``noise=0`` makes the thermometer exact.
    """
    rng = np.random.default_rng(seed)
    set_points = np.atleast_1d(np.asarray(set_points, dtype=float))
    true = set_points + jitter * rng.standard_normal(set_points.size)
    readings = true[:, None] + noise * rng.standard_normal((set_points.size, READINGS))
    counts = np.empty((set_points.size, 2, BINS), dtype=np.int64)
    for row, temperature in zip(counts, true, strict=True):
        row[:] = rng.poisson(expected(float(temperature), events, rate_above))
    return Runs(counts, readings.mean(axis=1), readings.std(axis=1, ddof=1), true)
