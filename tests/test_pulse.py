"""Where the counts of a pulsed source rise: counts whose rise is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from musrcu.pulse import rise_of


def step(first: int, height: int = 100, bins: int = 400) -> np.ndarray:
    """(1, 1, bins) nothing, then ``height`` counts in every bin from ``first`` on."""
    return np.where(np.arange(bins) < first, 0, height)[None, None]


@pytest.mark.parametrize("width", [0.016, 0.016 / 3, 0.08, 1.0])
def test_a_step_rises_between_two_bins(width: float) -> None:
    # over an odd number of bins the average is symmetric: half the height is half a bin before
    assert rise_of(step(200), width) == pytest.approx(199.5, abs=1e-9)


def test_a_ramp_as_long_as_the_average() -> None:
    # 5 bins of 16 ns: a ramp of 0, 0.2 ... 1 has had half of its height 2.5 bins after its foot
    ramp = np.clip((np.arange(400) - 200) / 5, 0, 1) * 1000
    counts = np.rint(ramp).astype(np.int64)[None, None]
    assert rise_of(counts, 0.016) == pytest.approx(202.5, abs=1e-9)


def test_all_periods_and_detectors_count() -> None:
    # 8 of 48 are there before; 24 are reached when 2 of 5 bins are full, those of bin 199
    counts = np.concatenate([step(200, 10), step(200, 30), step(100, 8)], axis=1)
    assert rise_of(np.concatenate([counts, counts]), 0.016) == pytest.approx(199.0, abs=1e-9)


def test_a_decay_behind_the_pulse_moves_the_rise_by_less_than_half_a_bin() -> None:
    t = (np.arange(2000) - 200) * 0.016
    counts = np.rint(np.where(t < 0, 0, 1e6 * np.exp(-t / 2.197)))[None, None]
    assert rise_of(counts, 0.016) == pytest.approx(199.5, abs=0.1)


def test_counts_from_the_first_bin_on() -> None:
    # nothing is known before bin 0: the average of 5 bins there is 3/5 of the height
    assert rise_of(step(0), 0.016) == pytest.approx(-(0.6 - 0.5) / 0.6, abs=1e-9)


@pytest.mark.parametrize("bins", [1, 3, 400])
def test_no_counts_rise_nowhere(bins: int) -> None:
    assert rise_of(np.zeros((2, 4, bins), np.int64), 0.016) is None
