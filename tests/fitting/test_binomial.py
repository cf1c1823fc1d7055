"""Fits of how counts divide into forward and backward: bias, errors, what drops out."""

from __future__ import annotations

import numpy as np
import pytest
from thrown_counts import DT, TAU, TIME, TRUTH, counts_of, means

import musrcu as mu

LEVELS = {"b_F": 0.5, "b_B": 0.5}


def pulls(flat: float, sets: int, **words: object) -> np.ndarray:
    """(sets, parameters) of the case with 50 decays in the first bin."""
    rng, found = np.random.default_rng(11), []
    for _ in range(sets):
        counts = counts_of(rng.poisson(means(50.0, flat)).astype(float))
        result = mu.fit(counts, "damped_cosine", start={"nu1": 1.6}, cost="binomial", **words)  # type: ignore[arg-type]
        assert result.valid, result.reason
        found.append([(result[n].value - v) / result[n].error for n, v in TRUTH.items()])
    return np.array(found)


@pytest.mark.parametrize(("flat", "error"), [(0.5, 0.0), (5.0, 0.25)])
def test_few_counts_and_backgrounds_bias_nothing(flat: float, error: float) -> None:
    """Background held, and known within errors, up to a tenth of the first bin's decays."""
    both = ("b_F", "b_B")
    words: dict[str, object] = {"fixed": dict.fromkeys(both, flat)}
    if error:
        words = {"constraints": dict.fromkeys(both, (flat, error))}
    found = pulls(flat, 60, **words)
    assert np.abs(found.mean(axis=0)).max() < 4 / np.sqrt(60)
    assert np.abs(found.std(axis=0, ddof=1) - 1).max() < 4 / np.sqrt(120)


def test_it_loses_hardly_anything() -> None:
    """Its errors of the asymmetry are those of the whole law within 3 %."""
    counts = counts_of(np.random.default_rng(3).poisson(means(2000.0, 4.0)).astype(float))
    held = {"b_F": 4.0, "b_B": 4.0}
    split = mu.fit(counts, "damped_cosine", cost="binomial", fixed=held)
    whole = mu.fit(counts, "damped_cosine", cost="poisson", fixed=held)
    for name in TRUTH:
        assert split[name].error == pytest.approx(whole[name].error, rel=0.03)
        assert abs(split[name].value - whole[name].value) < 0.5 * whole[name].error
    assert split.ndof == 500 + 1 - 6
    assert split["N0"].value == pytest.approx(whole["N0"].value, rel=1e-3)
    assert split.cost == "binomial likelihood of forward given both"


def test_what_changes_both_groups_alike_drops_out() -> None:
    """A rate that falls by a third in the first microsecond, beside the decay."""
    gain = 1 - 0.3 * np.exp(-TIME / 0.7)
    rng = np.random.default_rng(9)
    counts = counts_of(rng.poisson(gain * means(2000.0, 0.0)).astype(float), "pulsed")
    split = mu.fit(counts, "damped_cosine", cost="binomial")
    assert split.valid and split.probability > 1e-3
    for name, truth in TRUTH.items():
        assert abs(split[name].value - truth) < 4 * split[name].error
    whole = mu.fit(counts, "damped_cosine", cost="poisson")
    assert whole.chi2 > 2 * whole.ndof


def test_without_counts_a_bin_is_no_datum() -> None:
    counts = np.random.default_rng(2).poisson(means(4.0, 0.0)).astype(float)
    full = mu.fit(counts_of(counts, "pulsed"), "exponential", cost="binomial")
    some = counts.sum(axis=0) > 0
    assert not some.all()
    assert full.ndof == some.sum() + 1 - 4
    assert DT * TIME.size > 4 * TAU  # late bins are the empty ones


def test_as_many_counts_as_nobody_has() -> None:
    rng = np.random.default_rng(5)
    counts = counts_of(rng.poisson(means(1e14, 1e9)).astype(float))
    levels = dict.fromkeys(LEVELS, 1e9)
    result = mu.fit(counts, "damped_cosine", cost="binomial", fixed=levels)
    assert result.valid, result.reason
    assert abs(result.chi2 - result.ndof) < 5 * np.sqrt(2 * result.ndof)
    for name, truth in TRUTH.items():
        assert abs(result[name].value - truth) < 5 * result[name].error
