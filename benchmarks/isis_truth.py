"""Known truth for pull studies at a pulsed source, drawn without anything of musrcu.

The formulas are written out here a second time, with NumPy only, and another way: the pulse is
summed over nodes of Gauss and Legendre instead of cells. Units: µs, MHz, 1/µs, K, radians.

A frame brings muons at times s about zero, with the chance 3/(4h) [1 - (s/h)^2], |s| < h = 80 ns /
sqrt(2). Detector d of 96 (3 rings x 16 segments on each side) counts in a bin about the time t

    N_d(t) = events share_d dt / tau  <exp(-(t - s)/tau) [1 + c_d a(t - s)]>,  s < t,

and loses to its dead time: n = N / (1 + N tau_d / (frames dt)). c_d is the cosine between the
detector and the initial spin, averaged over its solid angle, relative to the mean of its side;
share_d is solid angle times efficiency. Below T_N, and above,

    a(t) = .06 exp(-.8 t) + .08 exp(-l t) cos(2 pi nu t) + .10,   l = .25 + .6 (T/T_N)^8
    a(t) = .08 exp(-(.3 t)^2 / 2) + .06 exp(-2.5 t) + .10

and in the 20 G of a calibration run, with c_d cos + r_d sin for c_d cos, r_d the cosine across,

    a(t) = .24 exp(-.05 t) cos(2 pi nu t)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TAU = 2.1969811  # muon lifetime
DT, BINS = 0.016, 2048
TIME_ZERO = 0.16  # of the pulse centre, from the left edge of the first bin
FIRST_GOOD = 13  # bins after t0
PULSE = 0.08  # full width at half maximum
FRAMES = 72000
RINGS, SEGMENTS = (20.0, 34.0, 47.0, 60.0), 16  # degrees
EFFICIENCY = (1.0, 0.9)  # of forward and backward
SCATTER = 0.03  # of the efficiencies
DEAD_TIME, DEAD_SPREAD = 0.010, 0.002
NU0, T_N, BETA, EXPONENT = 0.8, 12.0, 0.3, 2.0
GAMMA, FIELD = 0.0135538817, 20.0  # muon, MHz/G; G
JITTER, NOISE, READINGS = 0.03, 0.06, 90  # K, K, of the sample and of one reading


class Detectors(NamedTuple):
    """What differs between detectors; each (96,)."""

    share: np.ndarray
    cosine: np.ndarray
    """Along the initial spin."""
    across: np.ndarray
    """Along the direction to which the spin turns in a transverse field."""
    dead_time: np.ndarray


class Runs(NamedTuple):
    """Runs as plain arrays."""

    counts: np.ndarray
    """(n_runs, 96, n_bins) counts."""
    temperature: np.ndarray
    """(n_runs,) mean of the readings, K."""
    temperature_spread: np.ndarray
    """(n_runs,) standard deviation of the readings, K."""
    true_temperature: np.ndarray
    """(n_runs,) K."""
    detectors: Detectors


def throw_detectors(rng: np.random.Generator, scatter: float = SCATTER) -> Detectors:
    """Efficiencies and dead times of the 96 detectors, drawn."""
    theta = np.radians(RINGS)
    half = np.pi / SEGMENTS
    azimuth = np.cos((2 * np.arange(SEGMENTS) + 1) * half) * np.sin(half) / half
    solid, cosine, sine = [], [], []
    for low, high in zip(theta[:-1], theta[1:], strict=True):
        fine = np.linspace(low, high, 20001)
        fine = (fine[1:] + fine[:-1]) / 2
        solid += [np.sin(fine).mean() * (high - low)] * SEGMENTS
        cosine += [(np.cos(fine) * np.sin(fine)).sum() / np.sin(fine).sum()] * SEGMENTS
        sine += list((np.sin(fine) ** 2).sum() / np.sin(fine).sum() * azimuth)
    share, along, across = [], [], []
    for sign, efficiency in zip((1, -1), EFFICIENCY, strict=True):
        weight = efficiency * np.array(solid) * (1 + scatter * rng.standard_normal(len(solid)))
        mean = np.average(cosine, weights=weight)
        along.append(sign * np.array(cosine) / mean)
        across.append(np.array(sine) / mean)
        share.append(weight)
    shares = np.concatenate(share)
    dead = np.maximum(DEAD_TIME + DEAD_SPREAD * rng.standard_normal(shares.size), 0)
    return Detectors(shares / shares.sum(), np.concatenate(along), np.concatenate(across), dead)


def frequency(temperature: float) -> float:
    """nu0 [1 - (T/T_N)^alpha]^beta below T_N, else 0."""
    if temperature >= T_N:
        return 0.0
    return NU0 * (1 - (temperature / T_N) ** EXPONENT) ** BETA


def asymmetry(t: np.ndarray, temperature: float) -> np.ndarray:
    """a(t) at a true temperature."""
    if temperature >= T_N:
        return 0.08 * np.exp(-((0.3 * t) ** 2) / 2) + 0.06 * np.exp(-2.5 * t) + 0.10
    damping = 0.25 + 0.6 * (temperature / T_N) ** 8
    line = np.exp(-damping * t) * np.cos(2 * np.pi * frequency(temperature) * t)
    return 0.06 * np.exp(-0.8 * t) + 0.08 * line + 0.10


def transverse(t: np.ndarray, quarter: float) -> np.ndarray:
    """a(t) in the field of the calibration, along the spin or a quarter turn on."""
    angle = 2 * np.pi * (GAMMA * FIELD * t - quarter)
    return 0.24 * np.exp(-0.05 * t) * np.cos(angle)


def expected(temperature: float | None, events: float, detectors: Detectors) -> np.ndarray:
    """(96, n_bins) mean counts after the loss; ``events`` would be counted in all detectors.

    Parameters
    ----------
    temperature : K; None in the transverse field.
    """
    half = PULSE / np.sqrt(2)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    pulse = weights * 0.75 * (1 - nodes**2)
    # within a bin: as many nodes again; inside the pulse the integrand has a kink
    inside, shares = np.polynomial.legendre.leggauss(16)
    t = (np.arange(BINS)[:, None] + 0.5 + inside / 2) * DT - TIME_ZERO
    age = t[:, :, None] - half * nodes
    alive = age > 0
    ages = np.where(alive, age, 0.0)
    decay = np.where(alive, np.exp(-ages / TAU), 0.0)
    plain = np.einsum("bip,p,i->b", decay, pulse, shares / 2)

    def seen_as(a: np.ndarray) -> np.ndarray:
        return np.einsum("bip,p,i->b", decay * a, pulse, shares / 2)

    if temperature is None:
        turned = seen_as(transverse(ages, 0.25))
        spin = detectors.cosine[:, None] * seen_as(transverse(ages, 0.0))
        spin = spin + detectors.across[:, None] * turned
    else:
        spin = detectors.cosine[:, None] * seen_as(asymmetry(ages, temperature))
    seen = plain + spin
    true = events * detectors.share[:, None] * DT / TAU * seen
    return true / (1 + true * detectors.dead_time[:, None] / (FRAMES * DT))


def throw(
    set_points: np.ndarray,
    events: float,
    seed: int | tuple[int, ...],
    *,
    jitter: float = JITTER,
    noise: float = NOISE,
) -> Runs:
    """Runs at these set points: detectors, temperatures, readings and counts are drawn."""
    rng = np.random.default_rng(seed)
    detectors = throw_detectors(rng)
    set_points = np.atleast_1d(np.asarray(set_points, dtype=float))
    true = set_points + jitter * rng.standard_normal(set_points.size)
    readings = true[:, None] + noise * rng.standard_normal((set_points.size, READINGS))
    counts = np.empty((set_points.size, detectors.share.size, BINS), dtype=np.int64)
    for row, temperature in zip(counts, true, strict=True):
        row[:] = rng.poisson(expected(float(temperature), events, detectors))
    return Runs(counts, readings.mean(axis=1), readings.std(axis=1, ddof=1), true, detectors)


def calibration(scan: Runs, events: float) -> Runs:
    """One run in the transverse field with the detectors of a scan, and seeded with its counts."""
    seed = [int(total) for total in scan.counts.sum(axis=(1, 2))]
    counts = np.random.default_rng(seed).poisson(expected(None, events, scan.detectors))
    exact = np.array([40.0])
    return Runs(counts[None], exact, 0 * exact, exact, scan.detectors)
