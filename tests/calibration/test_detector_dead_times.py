"""Phases and amplitudes of detectors whose dead times come from the same counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from run_of import run_of

import musrcu as mu

TAU_MU = 2.1969811
DT, BINS, T0 = 0.016, 1000, 10.0
FRAMES, NU, RATE = 260_000.0, 0.4, 0.05
N = 8
LEVEL = 26_000.0 * (1 + 0.1 * np.cos(np.arange(N)))
TAU = 0.010 + 0.003 * np.sin(np.arange(N))
PHASE = np.where(np.arange(N) < N // 2, 12.0, -168.0) + 5.0 * np.cos(2.0 * np.arange(N))
AMPLITUDE = 0.2 + 0.02 * np.cos(3.0 * np.arange(N))


def mean() -> np.ndarray:
    parts = []
    for k in range(10):
        t = (np.arange(BINS) + (k + 0.5) / 10 - 0.5 - T0) * DT
        wave = np.cos(2 * np.pi * NU * t + np.radians(PHASE)[:, None]) * np.exp(-RATE * t)
        rate = np.exp(-t / TAU_MU) * (1 + AMPLITUDE[:, None] * wave)
        parts.append(np.where(t >= 0, rate, 0.0))
    reach = LEVEL[:, None] * np.mean(parts, axis=0)
    return np.asarray(reach / (1 + reach * TAU[:, None] / (FRAMES * DT)))


def test_pulls_of_phases_and_of_the_correlation_with_dead_times() -> None:
    """The error of a phase holds that of the dead time; so do their correlations: the whole
    distance of 24 numbers from the truth is a chi-square."""
    names = [f"{noun}_{d}" for noun in ("phase", "amplitude", "dead_time") for d in range(1, N + 1)]
    truth = np.concatenate([PHASE, AMPLITUDE, TAU])
    recipe = mu.Reduction(forward="1-4", backward="5-8")
    through = 1 / (1 + mean() * TAU[:, None] / (FRAMES * DT))  # dead times quench fluctuations
    pulls, distances = [], []
    for seed in range(40):
        spread = np.random.default_rng(seed).poisson(mean()) - mean()
        counts = np.maximum(np.rint(mean() + spread * through), 0)
        run = run_of(
            counts.astype(int), bin_width=DT, t0=np.full(N, T0), first_good=np.full(N, 16),
            source="pulsed", good_frames=[FRAMES],
        )  # fmt: skip
        found = mu.calibrate(run, recipe, detector_beta=True, detectors=True, dead_time=True)
        assert set(names) < set(found.names)
        _, values, covariance = found.constraint(*names)
        off = values - truth
        off[:N] = (off[:N] + 180) % 360 - 180
        pulls.append(off / np.sqrt(np.diag(covariance)))
        distances.append(off @ np.linalg.solve(covariance, off))
    for part in np.split(np.array(pulls), 3, axis=1):
        assert abs(part.std() - 1) < 0.12
    assert abs(np.mean(distances) - 24) < 3.5 * np.sqrt(48 / 40)


def test_a_calibration_with_them_travels(tmp_path: Path) -> None:
    counts = np.random.default_rng(1).poisson(mean())
    run = run_of(
        counts, bin_width=DT, t0=np.full(N, T0), first_good=np.full(N, 16), source="pulsed",
        good_frames=[FRAMES],
    )  # fmt: skip
    recipe = mu.Reduction(forward="1-4", backward="5-8")
    found = mu.calibrate(run, recipe, detectors=True, dead_time=True)
    found.save(tmp_path / "one.toml")
    assert mu.Calibration.load(tmp_path / "one.toml") == found
