"""Exact Hessians of every cost against differences of the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from musrcu.containers.losses import Losses
from musrcu.fitting.constraint import Constraint, Prior
from musrcu.fitting.cost import AsymmetryCost, Cost
from musrcu.fitting.count_cost import CountCost
from musrcu.fitting.freedom import settle
from musrcu.fitting.second_order import by_differences
from musrcu.fitting.seen import ALPHA, B_B, B_F, CountBins, Formed, SeenAsymmetry, SeenCounts
from musrcu.models.bins import Bins
from musrcu.models.model import Model

WIDTH, N_BINS = 0.02, 600
TIME = (np.arange(N_BINS) + 0.5) * WIDTH
VALUES = {
    "exponential + damped_cosine + constant": [0.06, 0.9, 0.05, 0.4, 1.5, 10.0, 0.1],
    "gaussian_cosine + gaussian * exponential": [0.1, 0.5, 1.3, 20.0, 0.1, 0.4, 0.2],
    "exponential * cosine * damped_cosine + constant": [
        0.1, 0.3, 1.2, 5.0, 0.2, 0.7, -30.0, 0.05,
    ],
    "stretched_exponential * cosine + constant": [0.15, 0.5, 0.8, 0.9, 12.0, 0.05],
    "gaussian_kt + exponential": [0.15, 0.4, 0.08, 0.2],
    "dynamic_gaussian_kt + constant": [0.15, 0.4, 0.6, 0.02],
}  # fmt: skip
AROUND = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}
INSIDE = {0: -137 / 60, 1: 5.0, 2: -5.0, 3: 10 / 3, 4: -5 / 4, 5: 1 / 5}
"""Weights of a first derivative, from both sides or from one."""


def truth(cost: Cost, x: np.ndarray) -> np.ndarray:
    """Differences of the gradient, exact for polynomials up to the fourth power."""
    scale = 1 / np.sqrt(np.maximum(np.diag(cost.gauss_newton(x)), 1e-8))
    lower = cost.freedom.lower[cost.free]
    rows = []
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = 5e-3 * min(scale[k], 0.1)
        places = INSIDE if x[k] == lower[k] else AROUND
        parts = [weight * cost.grad(x + place * step) for place, weight in places.items()]
        rows.append(np.sum(parts, axis=0) / step[k])
    found = np.array(rows)
    return 0.5 * (found + found.T)


def apart(cost: Cost, found: np.ndarray, wanted: np.ndarray) -> float:
    scale = np.sqrt(np.maximum(np.abs(np.diag(wanted)), 1e-4 * np.abs(wanted).max()))
    return float(np.abs((found - wanted) / np.outer(scale, scale)).max())


def compare(cost: Cost, x: np.ndarray) -> None:
    wanted = truth(cost, x)
    found = cost.hessian(x)
    assert np.array_equal(found, found.T)
    assert apart(cost, found, wanted) < 1e-5
    assert apart(cost, by_differences(cost, x), wanted) < 1e-5


def asymmetry_cost(
    expression: str, words: dict[str, Any] | None = None, *, bins: bool = False, few: bool = False
) -> tuple[AsymmetryCost, np.ndarray]:
    model, values = Model(expression), np.array(VALUES[expression])
    rng = np.random.default_rng(3)
    time = TIME[:100] if few else TIME
    curve = model.value(time, values)
    error = 0.005 * np.exp(time / 10)
    freedom = settle(model, **(words or {}))
    where = Bins(time, WIDTH) if bins else time
    cost = AsymmetryCost(where, curve + rng.normal(0, error), error, freedom)
    away = values[cost.free] * (1 + 0.05 * rng.standard_normal(cost.free.size))
    return cost, away


@pytest.mark.parametrize("bins", [False, True], ids=["times", "bins"])
@pytest.mark.parametrize("expression", VALUES)
def test_asymmetry(expression: str, bins: bool) -> None:
    compare(*asymmetry_cost(expression, bins=bins))


def test_times_that_are_not_known_to_be_even() -> None:
    compare(*asymmetry_cost("exponential + damped_cosine + constant", few=True))


@pytest.mark.parametrize(
    "words",
    [
        {"fixed": {"lambda1": 0.8, "A_bg": 0.1}},
        {"ties": {"lambda2": "lambda1**2 / 2", "A1": "0.2 - A2 * exp(-lambda1)"}},
        {"ties": {"phi2": "10 * nu2"}, "fixed": {"lambda1": 0.9}},
    ],
    ids=["fixed", "tied", "both"],
)
def test_held_and_tied_parameters(words: dict[str, Any]) -> None:
    compare(*asymmetry_cost("exponential + damped_cosine + constant", words))


def test_tied_with_constraints() -> None:
    expression = "exponential + damped_cosine + constant"
    free, x = asymmetry_cost(expression, {"ties": {"lambda2": "sqrt(lambda1)"}})
    known = [
        Constraint(("A1", "nu2"), np.array([0.05, 1.6]), np.array([[1e-4, 1e-4], [1e-4, 1e-2]])),
    ]
    prior = Prior(known, free.freedom)
    cost = AsymmetryCost(free.where, free.value, 1 / free.inverse_error, free.freedom, prior)
    compare(cost, x)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("exponential + damped_cosine + constant", "lambda1"),
        ("gaussian_cosine + gaussian * exponential", "sigma1"),
        ("gaussian_kt + exponential", "delta1"),
        ("exponential + damped_cosine + constant", "A1"),
    ],
)
def test_at_a_limit(expression: str, name: str) -> None:
    cost, x = asymmetry_cost(expression, {"limits": {"A1": (0.0, None)}})
    x[cost.freedom.model.index(name)] = 0.0
    compare(cost, x)


def seen_asymmetry() -> tuple[AsymmetryCost, np.ndarray]:
    expression = "exponential + damped_cosine"
    level = 4000 * np.exp(-TIME / 2.2)
    formed = Formed(1.1, 0.95, level, np.full(N_BINS, 4.0), (3.0, 2.0))
    model = SeenAsymmetry(expression, formed, (ALPHA, B_F, B_B))
    values = np.array([0.06, 0.9, 0.12, 0.4, 1.5, 10.0, 1.13, 4.0, 2.5])
    error = 1 / np.sqrt(level + 20)
    noise = np.random.default_rng(4).normal(0, error)
    known = [
        Constraint((name,), np.array([value]), np.array([[size**2]]))
        for name, value, size in (("alpha", 1.1, 0.02), ("b_F", 3.0, 0.5), ("b_B", 2.0, 0.5))
    ]
    freedom = settle(model)
    curve = model.value(TIME, values) + noise
    return AsymmetryCost(TIME, curve, error, freedom, Prior(known, freedom)), 1.02 * values


def test_alpha_and_backgrounds_behind_an_asymmetry() -> None:
    cost, x = seen_asymmetry()
    compare(cost, x)


@pytest.mark.parametrize("losses", [False, True], ids=["all seen", "dead time"])
@pytest.mark.parametrize("bins", [False, True], ids=["times", "bins"])
def test_counts(bins: bool, losses: bool) -> None:
    blind = tuple(Losses(np.array([0.6, 0.4]), np.array([d, 2 * d])) for d in (2e-4, 3e-4))
    decay = np.exp(-TIME / 2.2)
    fitted = CountBins(
        decay, np.full(N_BINS, 2.0), np.full(N_BINS, WIDTH), blind if losses else None
    )  # type: ignore[arg-type]  # noqa: E501
    model = SeenCounts("exponential + damped_cosine", fitted)
    values = np.array([0.06, 0.9, 0.12, 0.4, 1.5, 10.0, 40.0, 1.2, 0.9, 0.3, 0.2])
    counts = np.random.default_rng(5).poisson(model.value(TIME, values)).astype(float)
    cost = CountCost(Bins(TIME, WIDTH) if bins else TIME, counts, settle(model))
    compare(cost, 1.03 * values)


def test_a_model_that_changed_its_values_alone_is_not_believed() -> None:
    class Doubled(Model):
        def value_and_gradient(self, *words: Any, **named: Any) -> Any:
            value, gradient = super().value_and_gradient(*words, **named)
            return 2 * value, 2 * gradient

        def value(self, *words: Any) -> Any:
            return 2 * super().value(*words)

    cost, x = asymmetry_cost("exponential + damped_cosine + constant")
    twice = AsymmetryCost(
        cost.where,
        2 * cost.value,
        2 / cost.inverse_error,
        settle(Doubled(cost.freedom.model.expression)),  # noqa: E501
    )
    assert apart(cost, twice.hessian(x), truth(cost, x)) < 1e-5


def test_few_evaluations() -> None:
    """No model is computed again for waves; per parameter twice for the term of any other."""
    cost, x = asymmetry_cost("exponential + damped_cosine + constant")
    cost.hessian(x)
    assert cost.evaluations == 1
