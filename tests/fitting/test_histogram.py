"""Fits of single histograms: values, bias, dead time, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.containers.histogram import Histogram
from musrcu.containers.history import History
from musrcu.containers.losses import Losses
from musrcu.errors import FitError
from musrcu.fitting.seen_histogram import HistogramBins, SeenHistogram

TAU = 2.1969811
DT = 0.02
TIME = (np.arange(500) + 0.5) * DT
TRUTH = {"A1": 0.2, "lambda1": 0.3, "nu1": 1.59, "phi1": 40.0, "N0": 200.0, "b": 0.5}


def means(n0: float, flat: float, dead: float = 0.0) -> np.ndarray:
    """(n_bins,) mean counts, seen through dead time."""
    line = np.cos(2 * np.pi * 1.59 * TIME + np.deg2rad(40.0))
    mu = n0 * np.exp(-TIME / TAU) * (1 + 0.2 * np.exp(-0.3 * TIME) * line) + flat
    return mu / (1 + mu * dead / DT)


def histogram_of(counts: np.ndarray, source: str = "continuous", **more: Any) -> Histogram:
    run = mu.Run(
        counts=np.ones((1, 2, 8), dtype=int), bin_width=DT, t0=np.zeros(2),
        first_good=np.zeros(2, dtype=int), last_good=np.full(2, 7), labels=("Forw", "Back"),
        source=source, number=7, instrument="SIM",  # type: ignore[arg-type]
    )  # fmt: skip
    return Histogram(
        time=TIME, counts=counts, bin_width=DT, packing=1, detectors=(1,), label="Forw",
        run=run, history=History(), **more,
    )  # fmt: skip


def test_few_counts_bias_no_parameter() -> None:
    rng = np.random.default_rng(5)
    pulls = []
    for _ in range(120):
        result = mu.fit(histogram_of(rng.poisson(means(200.0, 0.5)).astype(float)), "damped_cosine")
        assert result.valid, result.reason
        pulls.append([(result[n].value - v) / result[n].error for n, v in TRUTH.items()])
    mean, width = np.mean(pulls, axis=0), np.std(pulls, axis=0, ddof=1)
    assert np.abs(mean).max() < 4 / np.sqrt(120)
    assert np.abs(width - 1).max() < 4 / np.sqrt(240)


def test_the_result_says_what_and_why() -> None:
    counts = np.random.default_rng(1).poisson(means(600.0, 5.0)).astype(float)
    result = mu.fit(histogram_of(counts), "damped_cosine", minos=["nu1"])
    assert result.cost == "Poisson likelihood of counts"
    assert "unbiased however few counts" in result.cost_reason
    assert "SIM 7, Forw" in result.summary()
    assert result.names == ("A1", "lambda1", "nu1", "phi1", "N0", "b")
    assert result["nu1"].minos is not None
    again = mu.FitResult.from_dict(result.to_dict())
    assert again.summary() == result.summary()


def test_dead_time_is_taken_off() -> None:
    dead = 1e-7
    counts = np.random.default_rng(6).poisson(means(25000.0, 0.0, dead)).astype(float)
    lost = Losses(np.ones(1), np.array([dead]))
    free = mu.fit(histogram_of(counts, "pulsed"), "damped_cosine")
    seen = mu.fit(histogram_of(counts, "pulsed", losses=lost), "damped_cosine")
    assert seen.valid and seen["b"].fixed
    for name in ("A1", "lambda1", "nu1", "phi1"):
        assert abs(seen[name].value - TRUTH[name]) < 4 * seen[name].error
    assert abs(seen["N0"].value - 25000.0) < 4 * seen["N0"].error
    assert free.chi2 > 2 * seen.chi2


def test_a_measured_background_is_known() -> None:
    counts = np.random.default_rng(8).poisson(means(60.0, 0.5)).astype(float)
    known = mu.fit(histogram_of(counts, background=0.5, background_error=0.05), "damped_cosine")
    assert known["b"].constraint == (0.5, 0.05)
    held = mu.fit(histogram_of(counts, background=0.5), "damped_cosine")
    assert held["b"].fixed and held["b"].value == 0.5
    free = mu.fit(histogram_of(counts), "damped_cosine")
    assert free["b"].constraint is None and not free["b"].fixed
    assert known["b"].error < free["b"].error


def test_a_constant_is_a_part_of_n0() -> None:
    counts = histogram_of(np.random.default_rng(8).poisson(means(60.0, 0.5)).astype(float))
    with pytest.raises(FitError, match="N0 and A_bg are one parameter"):
        mu.fit(counts, "damped_cosine + constant")
    result = mu.fit(counts, "damped_cosine + constant", fixed={"A_bg": 0.05})
    assert result.valid, result.reason


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        ("binomial", "a single histogram has one"),
        ("asymmetry", "give the asymmetry itself"),
        ("Poisson", "did you mean 'poisson'"),
        (3, "no cost of counts is called 3"),
    ],
)
def test_costs_that_a_histogram_has_not(cost: Any, text: str) -> None:
    with pytest.raises(FitError, match=text):
        mu.fit(histogram_of(np.ones(500)), "damped_cosine", cost=cost)


@pytest.mark.parametrize("lost", [0.0, 2e-4])
def test_derivatives_of_the_means(lost: float) -> None:
    """First and second ones against central differences."""
    losses = Losses(np.array([0.6, 0.4]), np.array([lost, lost])) if lost else None
    ones = np.ones(TIME.size)
    model = SeenHistogram(
        "damped_cosine", HistogramBins(np.exp(-TIME / TAU), ones, DT * ones, losses)
    )
    x = np.array([*TRUTH.values()])
    exact = model.value_and_gradient(TIME, x)[1]
    weights = np.cos(TIME)
    step = 1e-5 * np.maximum(np.abs(x), 0.1)
    bent = []
    for k in range(x.size):
        h = np.zeros(x.size)
        h[k] = step[k]
        slope = (model.value(TIME, x + h) - model.value(TIME, x - h)) / (2 * step[k])
        assert exact[k] == pytest.approx(slope, rel=1e-6, abs=1e-7 * np.abs(slope).max())
        high, low = (model.value_and_gradient(TIME, x + s * h)[1] @ weights for s in (1, -1))
        bent.append((high - low) / (2 * step[k]))
    found = model.curvature(TIME, x, weights, step)
    scale = np.sqrt(np.abs(np.diag(np.array(bent)))) + 1e-3
    difference = (found - np.array(bent)) / np.maximum(np.abs(bent).max(axis=1)[:, None], 1e-9)
    assert np.abs(difference).max() < 1e-5, (difference, scale)
