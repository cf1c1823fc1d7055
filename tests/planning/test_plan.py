"""Plans: against Fisher's information in closed form, a search on a grid, and kept promises."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import FitError
from musrcu.planning.line_error import LineError

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
NU0, T_N, BETA = 1.59, 0.105, 0.12


def law(T: Any, nu0: Any = NU0, T_N: Any = T_N, beta: Any = BETA) -> Any:
    return nu0 * np.maximum(1 - (T / T_N) ** 3, 0.0) ** beta


def gradient(T: float) -> np.ndarray:
    """By nu0, T_N and beta, as a textbook has it."""
    u = 1 - (T / T_N) ** 3
    steep = NU0 * BETA * 3 * u ** (BETA - 1) * (T / T_N) ** 3 / T_N
    return np.array([u**BETA, steep, NU0 * u**BETA * np.log(u)])


def order(level: float = 0.1, **more: Any) -> mu.OrderParameter:
    """Exact frequencies of the law, with errors."""
    points = mu.OrderPoints(T, None, law(T), level * ERROR, **more)
    return mu.fit_order_parameter(points)


def covariance(errors: np.ndarray) -> np.ndarray:
    slopes = np.array([gradient(float(one)) for one in T]) / errors[:, None]
    return np.asarray(np.linalg.inv(slopes.T @ slopes))


@pytest.fixture(scope="module")
def small() -> mu.Plan:
    """Errors so small that everything is normal."""
    return mu.plan(order(0.02), run_events=1e7, events=4e7, candidates=(0.03, 0.08, 0.095, 0.103))


def test_errors_by_now_are_those_of_the_covariance(small: mu.Plan) -> None:
    by_now = np.sqrt(np.diag(covariance(0.02 * ERROR)))
    found = small.saturation_error, small.T_N_error, small.beta_error
    assert found == pytest.approx(by_now, rel=0.02)


@pytest.mark.parametrize("place", range(4))
def test_a_run_adds_its_fisher_information(small: mu.Plan, place: int) -> None:
    row = small.rows[place]
    slope = gradient(row.temperature)
    before = np.linalg.inv(covariance(0.02 * ERROR))
    after = np.linalg.inv(before + np.outer(slope, slope) / row.value_error**2)
    expected = np.sqrt(np.diag(after))
    assert (row.saturation_error, row.T_N_error, row.beta_error) == pytest.approx(
        expected, rel=0.03
    )
    assert row.value == pytest.approx(law(row.temperature), rel=0.003)
    gain = (after[1, 1] ** -1 - np.linalg.inv(before)[1, 1] ** -1) / 40
    assert row.T_N_information == pytest.approx(gain, rel=0.2, abs=2e-3 / row.T_N_error**2)


def test_an_error_of_temperature_is_carried_over_by_the_slope() -> None:
    made = mu.plan(
        order(0.02), run_events=1e7, events=4e8, candidates=(0.095,), temperature_error=2e-4
    )
    (row,) = made.rows
    slope = gradient(0.095)
    steep = NU0 * BETA * 3 * (1 - (0.095 / T_N) ** 3) ** (BETA - 1) * (0.095 / T_N) ** 3 / 0.095
    variance = row.value_error**2 + (steep * 2e-4) ** 2
    before = np.linalg.inv(covariance(0.02 * ERROR))
    after = np.sqrt(np.diag(np.linalg.inv(before + np.outer(slope, slope) / variance)))
    assert (row.T_N_error, row.beta_error) == pytest.approx(after[1:], rel=0.03)


def test_large_errors_by_now_are_those_of_a_search_on_a_grid() -> None:
    """The likelihood of the points on a fixed grid of three parameters, far from normal."""
    found = mu.plan(order(0.6, upper_bound=0.108), run_events=1e7, candidates=(0.09,))
    critical = np.linspace(0.10401, 0.108, 180)[:, None, None]
    beta = np.linspace(0.08, 0.17, 91)[None, :, None]
    nu0 = np.linspace(1.56, 1.62, 61)[None, None, :]
    cost = np.zeros((180, 91, 61))
    for T_i, sigma in zip(T, 0.6 * ERROR, strict=True):
        cost += ((law(T_i) - law(T_i, nu0, critical, beta)) / sigma) ** 2
    for x, axes, error in (
        (critical.ravel(), (1, 2), found.T_N_error), (beta.ravel(), (0, 2), found.beta_error),
    ):  # fmt: skip
        inside = x[cost.min(axis=axes) < cost.min() + 1]
        assert error == pytest.approx(0.5 * (inside[-1] - inside[0]), rel=0.04)


def test_a_run_that_may_show_no_order_bounds_T_N() -> None:
    made = mu.plan(order(0.6, upper_bound=0.108), run_events=1e7, candidates=(0.1055, 0.1079))
    inside, outside = made.rows
    assert 0.05 < inside.ordered < 0.7
    assert inside.T_N_error < 0.9 * made.T_N_error
    assert outside.ordered == pytest.approx(0.0, abs=0.02)
    assert outside.T_N_error == pytest.approx(made.T_N_error, rel=0.02)


def test_more_events_lower_the_error() -> None:
    errors = [
        mu.plan(order(0.3), run_events=1e7, events=n, candidates=(0.104,)).rows[0].T_N_error
        for n in (1e5, 1e7, 1e9)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_the_best_row_is_that_of_the_target() -> None:
    made = mu.plan(order(0.3), run_events=1e7, target="beta")
    assert made.best.beta_error == min(row.beta_error for row in made.rows)
    assert made.best.temperature > 0.103
    assert made.rows == tuple(sorted(made.rows, key=lambda row: row.temperature))
    assert "best" in made.summary()


def test_errors_between_runs_and_beyond() -> None:
    """Where the variance is a power of 1 - T/T_N, it is that power everywhere."""
    errors = 0.01 * (1 - T / T_N) ** -0.4
    points = mu.OrderPoints(T, None, law(T), errors)
    lines = LineError.of(points, np.full(len(T), 2e7))
    for place, off in ((0.055, 0.01), (0.0975, 0.01), (0.1043, 0.25)):
        expected = 2e7 * (0.01 * (1 - place / T_N) ** -0.4) ** 2
        assert lines.at(place, np.array([T_N]))[0] == pytest.approx(expected, rel=off)


def test_a_saved_plan_comes_back(small: mu.Plan, tmp_path: Path) -> None:
    small.save(tmp_path / "plan.json")
    data = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    back = mu.Plan.from_dict(data)
    assert back.rows == small.rows
    assert back.to_dict() == small.to_dict()
    loaded = mu.load(tmp_path / "plan.json")
    assert isinstance(loaded, mu.Plan)
    assert loaded.best == small.best
    with pytest.raises(mu.MusrcuError, match="not the JSON of a musrcu plan"):
        mu.Plan.from_dict({})


def test_hours_take_the_rate() -> None:
    made = mu.plan(order(), run_events=1e7, hours=2.0, rate=3e7, candidates=(0.1,))
    assert (made.events, made.hours) == (6e7, 2.0)
    assert mu.plan(order(), run_events=1e7, candidates=(0.1,)).hours is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "the events of no ordered run are known"),
        ({"run_events": 1e7, "target": "nu0"}, "target 'nu0' is not one of T_N, beta"),
        ({"run_events": -1.0}, "run_events = -1.0; expected a number above 0"),
        ({"run_events": 1e7, "hours": 1.0}, "give the rate, or events"),
        ({"run_events": 1e7, "hours": 1.0, "events": 1e7}, "give one of them"),
        ({"run_events": 1e7, "candidates": (-0.1, 0.1)}, "expected temperatures above 0 K"),
        ({"run_events": 1e7, "candidates": ()}, "found none"),
        ({"run_events": 1e7, "candidates": (9.0,)}, "9 K is far above T_N"),
        ({"run_events": 1e7, "temperature_error": -1.0}, "expected kelvin, 0 or above"),
    ],
)
def test_what_cannot_be_planned_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(FitError, match=words.replace("(", r"\(")):
        mu.plan(order(), **options)


def test_no_plan_without_a_valid_order_parameter() -> None:
    invalid = dataclasses.replace(order(), valid=False, reason="no run is ordered")
    with pytest.raises(FitError, match="no run is ordered"):
        mu.plan(invalid, run_events=1e7)
    with pytest.raises(FitError, match="not for int"):
        mu.plan(3)  # type: ignore[arg-type]


def test_promises_are_kept() -> None:
    """A few scans of benchmarks/plan_truth.py, which draws by formulas of its own."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        study = importlib.import_module("plan_truth")
    finally:
        sys.path.remove(str(BENCHMARKS))
    random = np.random.default_rng(20261123)
    case = study.Case(2e7, 0.0, 2.0)
    rows = np.array([study.one(random, case, "T_N", others=False) for _ in range(4)])
    now, best = rows[:, 0], rows[:, 1]
    assert now[:, (0, 3)] == pytest.approx(now[:, (1, 4)], rel=0.03)  # what the fit quotes
    assert best[:, 1].mean() == pytest.approx(best[:, 0].mean(), rel=0.4)
    assert best[:, 4].mean() == pytest.approx(best[:, 3].mean(), rel=0.15)
    assert best[:, 1].mean() < 0.8 * now[:, 1].mean()


def test_a_run_of_few_events_bounds_nothing() -> None:
    """It would be undecided on either side of T_N."""
    found = mu.plan(order(0.1), events=10.0, run_events=2e7)
    assert all(row.unseen == 1.0 and row.ordered == 0.0 for row in found.rows)
    assert all(row.T_N_error == pytest.approx(found.T_N_error) for row in found.rows)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"events": 1e30}, "events = 1e[+]30; expected a number above 0, up to 1e[+]15"),
        ({"candidates": "abc"}, "candidates = 'abc'; expected temperatures in K"),
    ],
)
def test_what_no_run_is_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(mu.MusrcuError, match=sentence):
        mu.plan(order(0.1), run_events=2e7, **given)
