"""Which cost a fit of a run gets, and what the result says of it."""

from __future__ import annotations

import numpy as np
import pytest

import musrcu as mu
from musrcu.analysis.chosen_cost import fit_run
from musrcu.errors import FitError

TAU = 2.1969811


def run_of(n0: float, bins: int = 600, dt: float = 0.016) -> mu.Run:
    """Two detectors of a pulsed source, a line at 1.6 MHz."""
    time = (np.arange(bins) + 0.5) * dt
    a = 0.2 * np.exp(-0.2 * time) * np.cos(2 * np.pi * 1.6 * time)
    means = n0 * np.exp(-time / TAU) * np.array([1 + a, 1 - a])
    counts = np.random.default_rng(3).poisson(means)
    return mu.Run(
        counts=counts[None], bin_width=dt, t0=np.full(2, -0.5 + 1e-9).clip(0),
        first_good=np.zeros(2, dtype=int), last_good=np.full(2, bins - 1),
        labels=("Forw", "Back"), source="pulsed", number=3, instrument="EMU",
    )  # fmt: skip


def recipe(**more: object) -> mu.Reduction:
    return mu.Reduction(forward="1", backward="2", **more)  # type: ignore[arg-type]


def test_rich_bins_take_the_asymmetry() -> None:
    data, result = fit_run(run_of(1e5), recipe(packing=1), "damped_cosine")
    assert isinstance(data, mu.Asymmetry)
    assert result.cost == "asymmetry chi-square"
    least = int(data.smallest.min())
    assert least >= 20
    assert result.cost_reason == f"every bin holds at least {least} counts in each group"
    assert f"cost: asymmetry chi-square (every bin holds at least {least}" in result.summary()


def test_poor_bins_take_the_likelihood() -> None:
    data, result = fit_run(run_of(100.0), recipe(packing=1), "damped_cosine")
    assert isinstance(data, mu.Counts)
    assert result.cost == "Poisson likelihood of counts"
    assert "of 600 bins hold fewer than 20 counts in a group, where chi-square" in (
        result.cost_reason
    )
    # the same run up to a time where its bins are rich
    data, result = fit_run(run_of(100.0), recipe(packing=1), "damped_cosine", t_range=(0, 1.5))
    assert isinstance(data, mu.Asymmetry)


def test_a_constant_beside_an_unknown_alpha_keeps_the_asymmetry() -> None:
    data, result = fit_run(run_of(100.0), recipe(packing=1), "damped_cosine + constant")
    assert isinstance(data, mu.Asymmetry)
    assert "but the counts cannot be fitted: alpha is free" in result.cost_reason
    assert any("chi-square is biased there" in note for note in result.notes)
    data, _ = fit_run(run_of(100.0), recipe(packing=1, alpha=1.0), "damped_cosine + constant")
    assert isinstance(data, mu.Counts)


def test_a_background_that_is_left_to_the_fit_takes_the_counts() -> None:
    data, result = fit_run(run_of(1e5), recipe(background="fit"), "damped_cosine")
    assert isinstance(data, mu.Counts)
    assert result.cost_reason == "the background is left to the fit"


@pytest.mark.parametrize("cost", ["poisson", "binomial", "neyman", "pearson"])
def test_what_is_asked_for_is_taken(cost: str) -> None:
    data, result = fit_run(run_of(1e4), recipe(packing=1), "damped_cosine", cost)
    assert isinstance(data, mu.Counts)
    assert cost.capitalize()[:6] in result.cost.capitalize()
    assert result.valid, result.reason
    assert abs(result["nu1"].value - 1.6) < 5 * result["nu1"].error
    assert abs(result["A1"].value - 0.2) < 5 * result["A1"].error


def test_unknown_costs_are_named() -> None:
    with pytest.raises(FitError, match="no cost is called 'mean'"):
        fit_run(run_of(1e4), recipe(), "damped_cosine", "mean")
    with pytest.raises(FitError, match="one of counts, and this is an asymmetry"):
        mu.fit(mu.reduce(run_of(1e4), recipe()), "damped_cosine", cost="poisson")
    with pytest.raises(FitError, match="no cost is called 'mean'"):
        mu.fit(mu.reduce(run_of(1e4), recipe()), "damped_cosine", cost="mean")
