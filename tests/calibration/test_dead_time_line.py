"""Slow precessions, as in 20 G, give dead times too; runs thrown by NumPy alone."""

from __future__ import annotations

import numpy as np
import pytest
from run_of import run_of

import musrcu as mu
from musrcu.calibration.dead_time_counts import choose
from musrcu.calibration.dead_time_transverse import find_line
from musrcu.errors import FitError

TAU_MU = 2.1969811
DT, BINS, T0 = 0.016, 1250, 10.0
FRAMES = 60_000.0
DETECTORS = 24
TAU = 0.010 + 0.003 * np.cos(np.arange(DETECTORS))


def thrown(seed: int, decays: float, frequency: float, relaxation: float = 0.05) -> mu.Run:
    """Detectors around the field, each at a phase of its own; bins integrated by ten points."""
    parts = []
    phase = 2 * np.pi * np.arange(DETECTORS)[:, None] / DETECTORS
    for k in range(10):
        t = (np.arange(BINS) + (k + 0.5) / 10 - 0.5 - T0) * DT
        wave = np.exp(-relaxation * t) * np.cos(2 * np.pi * frequency * t + phase)
        parts.append(np.where(t >= 0, np.exp(-t / TAU_MU) * (1 + 0.25 * wave), 0.0))
    reach = decays / DETECTORS * DT / TAU_MU * np.mean(parts, axis=0)
    mean = reach / (1 + reach * TAU[:, None] / (FRAMES * DT))
    counts = np.random.default_rng(seed).poisson(mean)
    return run_of(
        counts, t0=np.full(DETECTORS, T0), first_good=np.full(DETECTORS, 16), bin_width=DT,
        source="pulsed", good_frames=[FRAMES],
    )  # fmt: skip


@pytest.mark.parametrize("frequency", [0.14, 0.2, 0.27, 0.35, 0.68])
def test_a_slow_line_is_found(frequency: float) -> None:
    run = thrown(1, 5e6, frequency)
    line = find_line(choose(run, None, None, None, None, None))
    assert line.frequency == pytest.approx(frequency, abs=0.012)
    assert line.certainty > 100


def test_pulls_in_20_gauss() -> None:
    """Every run gives dead times within their errors."""
    pulls = []
    for seed in range(12):
        found = mu.estimate_dead_time(thrown(seed, 6e6, 0.271))
        assert found.regime == "transverse"
        pulls.append((found.values - TAU) / found.errors)
    off = np.ravel(pulls)
    assert abs(off.mean()) < 3.5 / np.sqrt(12)  # the frequency is common
    assert abs(off.std() - 1) < 3.5 / np.sqrt(2 * off.size)


def test_empty_bins_at_the_end_are_no_reason_to_fail() -> None:
    """A run too weak by a little is refused for its error, in which the advice is right."""
    for seed in range(8):
        with pytest.raises(FitError, match="error of the mean dead time is .* take a longer run"):
            mu.estimate_dead_time(thrown(seed, 1.2e6, 0.271))
