"""Start values found without the user, against the table of section 4 of the notes on fitting."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetries import asymmetry
from throw import asymmetry_of, paper, paper_frequency, paper_parameters, throw_pair

from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.fit import fit
from musrcu.fitting.freedom import settle
from musrcu.fitting.start import find_starts
from musrcu.models.model import Model

PAPER = Model("exponential + damped_cosine + constant")


def cost_of(
    temperature: float, events: float, seed: int, n_bins: int = 180, **words: object
) -> AsymmetryCost:
    # 9 us; the table's 900 bins of 10 ns packed by five are 180.
    truth = paper(paper_parameters(temperature))
    time, forward, backward = throw_pair(truth, events, seed, n_bins=n_bins, width=9 / n_bins)
    value, error = asymmetry_of(forward, backward)
    good = np.isfinite(value)
    return AsymmetryCost(
        time[good],
        value[good],
        error[good],
        settle(PAPER, **words),  # type: ignore[arg-type]
    )


def found_right(temperature: float, events: float, seeds: range, tolerance: float = 0.1) -> float:
    true = paper_frequency(temperature)
    hits = []
    for seed in seeds:
        best = find_starts(cost_of(temperature, events, seed))[0]
        hits.append(abs(abs(best.x[4]) / true - 1) < tolerance)
    return float(np.mean(hits))


@pytest.mark.parametrize("temperature", [0.020, 0.060, 0.090, 0.100])
def test_always_right_at_two_million_events(temperature: float) -> None:
    assert found_right(temperature, 2e6, range(20)) == 1.0


@pytest.mark.parametrize(("temperature", "least"), [(0.104, 0.83), (0.1048, 0.67)])
def test_near_the_transition_as_good_as_the_table(temperature: float, least: float) -> None:
    assert found_right(temperature, 2e6, range(18)) >= least


@pytest.mark.parametrize(("temperature", "least"), [(0.020, 1.0), (0.100, 0.83)])
def test_half_a_million_events(temperature: float, least: float) -> None:
    assert found_right(temperature, 5e5, range(12)) >= least


def test_the_full_resolution_of_a_run() -> None:
    for seed in range(3):
        best = find_starts(cost_of(0.06, 2e7, seed, n_bins=9000))[0]
        assert best.x[4] == pytest.approx(paper_frequency(0.06), abs=0.02)


@pytest.mark.parametrize("nu", [0.4, 3.0, 27.0, 135.5, 220.0])
def test_slow_and_fast_lines_in_raw_bins(nu: float) -> None:
    truth = paper(paper_parameters(0.02) | {"nu2": nu, "phi2": -70.0})
    time, forward, backward = throw_pair(truth, 1e7, 4, n_bins=8000, width=0.001)
    value, error = asymmetry_of(forward, backward)
    best = find_starts(AsymmetryCost(time, value, error, settle(PAPER)))[0]
    assert best.x[4] == pytest.approx(nu, abs=0.03)


def test_starts_are_sorted_and_best_is_near_the_minimum() -> None:
    starts = find_starts(cost_of(0.02, 2e6, 3))
    chi2 = [start.chi2 for start in starts]
    assert chi2 == sorted(chi2)
    assert 100 < chi2[0] < 250


def test_given_values_are_kept_as_the_only_trial() -> None:
    # The line is asked for around a wrong frequency, so the search must not jump to the right one.
    cost = cost_of(0.02, 2e6, 3, limits={"nu2": (4.0, 5.0)})
    for start in find_starts(cost):
        assert 4.0 <= start.x[4] <= 5.0


@pytest.mark.parametrize(
    "limits", [(1.58, 1.60), (1.5880, 1.5881), (0.0, 0.04), (60.0, 61.0), (None, 0.01)]
)
def test_any_limits_leave_a_start(limits: tuple[float | None, float]) -> None:
    starts = find_starts(cost_of(0.02, 2e6, 3, limits={"nu2": limits}))
    assert starts
    assert all(start.x[4] <= limits[1] for start in starts)


@pytest.mark.parametrize("phi", [-170.0, -90.0, 0.0, 45.0, 90.0, 135.0, 180.0])
def test_any_phase_is_found(phi: float) -> None:
    truth = paper(paper_parameters(0.02) | {"phi2": phi})
    time, forward, backward = throw_pair(truth, 5e6, 8, n_bins=300, width=0.03)
    value, error = asymmetry_of(forward, backward)
    for words in ({}, {"start": {"nu2": 1.59}}, {"fixed": {"nu2": 1.5887}}):
        cost = AsymmetryCost(time, value, error, settle(PAPER, **words))  # type: ignore[arg-type]
        assert find_starts(cost)[0].chi2 < 300 + 4 * np.sqrt(600)


def test_a_known_frequency_is_not_lost_for_its_unknown_phase() -> None:
    """From 300 random fits: a start with the phase of zero ended 43 higher in chi-square."""
    truth = paper(
        {"A1": 0.007, "lambda1": 2.717, "A2": 0.067, "lambda2": 1.451}
        | {"nu2": 2.278, "phi2": 114.662, "A_bg": -0.084}
    )
    time, forward, backward = throw_pair(truth, 1e7, 174, n_bins=450, width=0.02)
    value, error = asymmetry_of(forward, backward)
    words = {"start": {"A2": 0.058, "lambda2": 1.385}, "fixed": {"nu2": 2.278}}
    cost = AsymmetryCost(time, value, error, settle(PAPER, **words))
    assert find_starts(cost)[0].chi2 < 444


def test_two_lines() -> None:
    model = Model("damped_cosine + damped_cosine + constant")
    time = (np.arange(600) + 0.5) * 0.015
    rng = np.random.default_rng(12)
    error = 0.004 * np.exp(time / 4.4)
    value = 0.08 * np.exp(-0.3 * time) * np.cos(2 * np.pi * 1.6 * time + 0.2) + 0.05
    value += 0.05 * np.exp(-0.6 * time) * np.cos(2 * np.pi * 3.9 * time - 0.9)
    value += error * rng.standard_normal(time.size)
    best = find_starts(AsymmetryCost(time, value, error, settle(model)))[0]
    assert sorted(best.x[[2, 6]]) == pytest.approx([1.6, 3.9], abs=0.02)
    assert best.chi2 < 600 + 4 * np.sqrt(1200)


@pytest.mark.parametrize("tie", ["log(-1 - lambda1**2)", "sqrt(lambda1 - 0.5)", "1/(A1 - A1)"])
def test_a_tie_that_is_no_number_is_no_crash(tie: str) -> None:
    starts = find_starts(cost_of(0.02, 2e6, 3, ties={"lambda2": tie}))
    assert all(np.isfinite(start.x).all() for start in starts)
    assert bool(starts) == tie.startswith("sqrt")


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("kornilov_gaussian", {"beta1": 1.0, "sigma1": 1.4, "nu1": 3.3}),
        ("kornilov_lorentzian", {"a1": 1.4, "nu1": 7.3}),
        ("internal_field", {"lambda_T1": 0.9, "nu1": 3.3, "phi1": 8.0}),
    ],
)
def test_a_powder_needs_no_start_values(expression: str, values: dict[str, float]) -> None:
    """Also where the field has no phase of its own, its frequency is scanned."""
    model, rng = Model(expression), np.random.default_rng(5)
    truth = model.vector({"A1": 0.2, "lambda_L1": 0.08, **values})
    t = 0.005 * (np.arange(2000) + 0.5)
    error = 0.004 * np.exp(t / 4.4)
    data = asymmetry(t, model.value(t, truth) + error * rng.standard_normal(t.size), error)
    held = {
        name: truth[model.index(name)] for name in ("fraction1", "beta1") if name in model.names
    }
    found = fit(data, model, fixed=held)
    free = [k for k, name in enumerate(model.names) if name not in held]
    pulls = (np.asarray(found.values) - truth)[free] / np.asarray(found.errors)[free]
    assert np.abs(pulls).max() < 4.0
