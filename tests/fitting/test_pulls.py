"""Pulls of repeated seeded fits: mean 0, width 1, by the rule of the project."""

from __future__ import annotations

import numpy as np
from asymmetries import thrown
from throw import paper, paper_parameters

from musrcu.fitting.fit import fit

PAPER = "exponential + damped_cosine + constant"
N, SEED = 150, 20190117


def test_pulls_of_the_seven_parameters() -> None:
    truth = paper_parameters(0.06)
    pulls, chances = [], []
    for seed in range(SEED, SEED + N):
        data = thrown(paper(truth), 2e7, seed, n_bins=2000, width=0.0045)
        result = fit(data, PAPER)
        assert result.valid, result.reason
        pulls.append((result.values - np.array(list(truth.values()))) / result.errors)
        chances.append(result.probability)
    mean, width = np.mean(pulls, axis=0), np.std(pulls, axis=0, ddof=1)
    assert np.abs(mean).max() < 0.03 + 3.5 / np.sqrt(N), mean
    assert np.abs(width - 1).max() < 0.03 + 3.5 / np.sqrt(2 * N), width
    assert abs(np.mean(chances) - 0.5) < 3.5 / np.sqrt(12 * N)
