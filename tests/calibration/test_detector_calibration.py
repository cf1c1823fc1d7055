"""Phases, dead times and t0 of single detectors against thrown runs; NumPy only in the thrower."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.errors import FitError

TAU_MU = 2.1969811
DT = 0.01
NU, RATE = 1.3, 0.08
LEVEL = np.array([420.0, 380.0, 300.0, 310.0])
AMPLITUDE = np.array([0.24, 0.26, 0.2, 0.21])
PHASE = np.array([-12.0, 17.0, 171.0, -166.0])  # degrees; both groups precess alike
T0 = np.array([50.0, 50.37, 51.2, 49.6])
FLAT = np.array([0.3, 0.2, 0.25, 0.1])
LEFT = np.array([50.0, 50.37, 50.2, 49.6]) - 50.0425
"""What alignment by whole bins leaves of t0."""
SEEN = LEVEL * np.exp(LEFT * DT / TAU_MU)
"""Levels on the common time axis, of which the pair's alpha is the ratio."""
PAIR = {"forward": "1-2", "backward": "3-4"}


def mean(scale: float = 1.0, bins: int = 1050) -> np.ndarray:
    """Counts of each detector, integrated over its bins by ten points."""
    parts = []
    for k in range(10):
        t = (np.arange(bins) + (k + 0.5) / 10 - 0.5 - T0[:, None]) * DT
        wave = np.cos(2 * np.pi * NU * t + np.radians(PHASE)[:, None])
        decay = np.exp(-t / TAU_MU) * (1 + AMPLITUDE[:, None] * np.exp(-RATE * t) * wave)
        parts.append(LEVEL[:, None] * np.where(t >= 0, decay, 0.0))
    return scale * (np.mean(parts, axis=0) + FLAT[:, None])


def run(seed: int, scale: float = 1.0, **more: Any) -> mu.Run:
    counts = np.random.default_rng(seed).poisson(mean(scale))
    known = {"t0": T0, "first_good": np.full(4, 60), "bin_width": DT}
    return run_of(counts, **(known | more))


def calibrated(one: mu.Run, **more: Any) -> mu.Calibration:
    recipe = mu.Reduction(**PAIR, background="fit", packing=5)
    return mu.calibrate(one, recipe, detectors=True, detector_beta=True, **more)


@pytest.fixture(scope="module")
def found() -> list[mu.Calibration]:
    return [calibrated(run(seed)) for seed in range(100)]


def test_phases_and_amplitudes_of_each_detector_come_back(found: list[mu.Calibration]) -> None:
    """100 runs: pulls, and the whole covariance against the scatter of what was found."""
    truth = {f"phase_{d}": PHASE[d - 1] for d in range(1, 5)}
    truth |= {f"amplitude_{d}": AMPLITUDE[d - 1] for d in range(1, 5)}
    truth |= {"field": NU / GAMMA_MU_OVER_2PI, "alpha": SEEN[:2].sum() / SEEN[2:].sum()}
    names = tuple(truth)
    pulls, off = [], []
    for one in found:
        _, values, covariance = one.constraint(*names)
        apart = values - np.array(list(truth.values()))
        apart[:4] = (apart[:4] + 180) % 360 - 180
        pulls.append(apart / np.sqrt(np.diag(covariance)))
        off.append(apart)
    pulls = np.array(pulls)
    assert np.abs(pulls.mean(axis=0)).max() < 0.03 + 3.5 / np.sqrt(100)
    assert np.abs(pulls.std(axis=0, ddof=1) - 1).max() < 0.03 + 3.5 / np.sqrt(200)
    scatter = np.corrcoef(np.transpose(off))
    _, _, covariance = found[0].constraint(*names)
    errors = np.sqrt(np.diag(covariance))
    assert np.abs(scatter - covariance / np.outer(errors, errors)).max() < 4 / np.sqrt(100)


def test_numbers_of_the_pair_hang_together_with_its_detectors(found: list[mu.Calibration]) -> None:
    """Correlations of alpha, total and phase with detectors, which two separate fits give."""
    names = ("alpha", "detector_beta", "total", "phase", "phase_1", "amplitude_2", "amplitude_3")
    values = np.array([one.constraint(*names)[1] for one in found])
    scatter = np.corrcoef(values.T)
    _, _, covariance = found[0].constraint(*names)
    errors = np.sqrt(np.diag(covariance))
    expected = covariance / np.outer(errors, errors)
    assert expected[2, 5] > 0.3
    assert expected[3, 4] > 0.5
    assert np.abs(scatter - expected).max() < 4 / np.sqrt(100)


def test_counts_that_a_dead_time_took_do_not_move_phases() -> None:
    tau = np.array([0.03, 0.01, 0.02, 0.0])
    frames = 2_000_000
    n = mean(100.0) - 100 * FLAT[:, None]
    seen = n / (1 + n * tau[:, None] / (frames * DT))
    one = run_of(
        np.random.default_rng(5).poisson(seen), bin_width=DT, t0=T0, first_good=np.full(4, 60),
        source="pulsed", good_frames=[frames], dead_time=[tau],
    )  # fmt: skip
    found = calibrated(one)
    np.testing.assert_array_less(
        np.abs(np.array(found.amplitudes) - AMPLITUDE), 4 * np.array(found.amplitudes_error)
    )
    raw = mu.Reduction(**PAIR, dead_time="none", packing=5)
    without = mu.calibrate(one, raw, detectors=True).amplitudes
    assert abs(without[0] - AMPLITUDE[0]) > 6 * found.amplitudes_error[0]


def test_phases_need_what_they_need() -> None:
    one = run(1)
    recipe = mu.Reduction(**PAIR, background="fit")
    with pytest.raises(FitError, match="phases of detectors need a model with one precession"):
        mu.calibrate(one, mu.Reduction(**PAIR), method="sum", detectors=True)
    counts = one.counts.copy()
    counts[0, 3] = 0
    with pytest.raises(FitError, match="detector 4 has fewer than 1000 counts"):
        mu.calibrate(one.replace(counts=counts), recipe, detectors=True)


def test_t0_of_the_prompt_peak() -> None:
    """A Gaussian peak in each detector at a fraction of a bin."""
    from math import erf

    place = np.array([50.2, 50.37, 51.2, 49.6])
    k = np.arange(1050)
    edge = np.array([[erf((e - p) / (2**0.5 * 1.1)) for e in np.arange(1051) - 0.5] for p in place])
    counts = np.random.default_rng(2).poisson(mean() + 4000 * np.diff(edge) / 2)
    one = run_of(counts, bin_width=DT, t0=np.full(4, 50.0), first_good=np.full(4, 65))
    found = mu.calibrate(one, mu.Reduction(**PAIR, background="fit"), t0=True)
    assert found.detectors == (1, 2, 3, 4)
    errors = np.array(found.t0_error)
    assert (np.abs(np.array(found.t0) - place) < 4 * errors).all()
    assert errors.max() < 0.2
    assert found.bin_width == DT
    asymmetry = mu.reduce(one, mu.Reduction(**PAIR, calibration=found))
    step = asymmetry.history.find("group")
    assert step is not None
    assert step.options["t0_from"] == "the calibration SIM 7"
    np.testing.assert_allclose(step.options["t0"], np.round(found.t0, 3))
    assert k.size == 1050
    with pytest.raises(FitError, match="t0 = 50.0 is given, so it is not looked for"):
        mu.calibrate(one, mu.Reduction(**PAIR, t0=50.0), t0=True)


def pulsed(seed: int, tau: np.ndarray, decays: float, frames: int = 20_000) -> mu.Run:
    """A run of a pulsed source in 100 G: every second detector forward."""
    rng = np.random.default_rng(seed)
    n = tau.size
    bins, dt = 1500, 0.016
    t = (np.arange(bins) + 0.5) * dt
    sign = np.where(np.arange(n) < n // 2, 1.0, -1.0)
    level = rng.uniform(0.8, 1.2, n)
    wave = np.outer(sign, 0.23 * np.exp(-0.05 * t) * np.cos(2 * np.pi * 1.36 * t + 0.1))
    mean = level[:, None] * np.exp(-t / TAU_MU) * (1 + wave)
    mean *= decays / mean.sum()
    x = mean * tau[:, None] / (frames * dt)
    seen = rng.normal(mean / (1 + x), np.sqrt(mean / (1 + x) ** 3))
    t0 = np.full(n, -0.5 + 40)
    before = np.zeros((n, 40))
    counts = np.concatenate([before, np.maximum(np.rint(seen), 0)], axis=1).astype(int)
    return run_of(
        counts, bin_width=dt, t0=t0, first_good=np.full(n, 41), source="pulsed", facility="ISIS",
        good_frames=[frames],
    )  # fmt: skip


def test_dead_times_come_first_and_their_errors_reach_alpha() -> None:
    tau = 0.010 * np.random.default_rng(1).uniform(0.8, 1.2, 16)
    pulls, narrow, dead = [], [], []
    recipe = mu.Reduction(forward="1-8", backward="9-16", packing=3)
    for seed in range(30):
        one = pulsed(seed, tau, 2e7, frames=200_000)
        level = np.random.default_rng(seed).uniform(0.8, 1.2, 16)
        truth = level[:8].sum() / level[8:].sum()
        found = mu.calibrate(one, recipe, dead_time=True)
        known = mu.calibrate(one, dataclasses.replace(recipe, dead_time=tuple(tau)))
        pulls.append((found.alpha - truth) / found.alpha_error)
        narrow.append(known.alpha_error / found.alpha_error)
        dead.append((np.array(found.dead_time) - tau) / found.dead_time_error)
    assert abs(np.mean(pulls)) < 3.5 / np.sqrt(30)
    assert abs(np.std(pulls) - 1) < 3.5 / np.sqrt(60)
    assert np.mean(narrow) < 0.9  # the error of alpha with dead times that are known
    assert abs(np.std(dead) - 1) < 0.15
    with pytest.raises(FitError, match="dead_time = 'none' is given, so it is not looked for"):
        mu.calibrate(one, dataclasses.replace(recipe, dead_time="none"), dead_time=True)


def test_a_continuous_source_has_no_dead_times_to_find() -> None:
    with pytest.raises(FitError, match="the source is continuous"):
        mu.calibrate(run(1), mu.Reduction(**PAIR), dead_time=True)
