"""The costs of counts: their gradients and weights against differences, values in closed form."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from musrcu.containers.losses import Losses
from musrcu.fitting.binomial_cost import BinomialCost
from musrcu.fitting.constraint import Constraint, Prior
from musrcu.fitting.count_cost import CountCost
from musrcu.fitting.freedom import Freedom, settle
from musrcu.fitting.seen import CountBins, SeenCounts
from musrcu.fitting.weighted_counts import NeymanCost, PearsonCost

TAU = 2.1969811
DT = 0.05
TIME = (np.arange(160) + 0.5) * DT
COSTS = (CountCost, NeymanCost, PearsonCost, BinomialCost)
START = {"A1": 0.19, "lambda1": 0.33, "nu1": 1.6, "phi1": 4.0, "N0": 49.0, "alpha": 1.22}
START |= {"detector_beta": 1.0, "b_F": 0.6, "b_B": 0.4}


def model_of(lost: float = 0.0) -> SeenCounts:
    losses = Losses(np.array([0.7, 0.3]), np.array([lost, 2 * lost])) if lost else None
    pair = None if losses is None else (losses, losses)
    decay, ones = np.exp(-TIME / TAU), np.ones(TIME.size)
    return SeenCounts("damped_cosine", CountBins(decay, ones, DT * ones, pair))


def cost_of(
    kind: type[Any], n0: float = 50.0, *, lost: float = 0.0, **held: Any
) -> tuple[Any, Freedom]:
    """A cost of counts thrown from the start values at another level."""
    rng = np.random.default_rng(2)
    model = model_of(lost)
    full = np.array([*(START | {"N0": n0}).values()])
    counts = rng.poisson(model.value(TIME, full)).astype(float)
    freedom = settle(model, START | {"N0": n0}, {"detector_beta": 1.0}, **held)
    return kind(TIME, counts, freedom), freedom


def numerical(cost: Any, x: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Central differences of fourth order."""
    found = []
    for k in range(x.size):
        h = np.zeros(x.size)
        h[k] = steps[k]
        near, far = cost(x + h) - cost(x - h), cost(x + 2 * h) - cost(x - 2 * h)
        found.append((8 * near - far) / (12 * h[k]))
    return np.array(found)


@pytest.mark.parametrize("n0", [2.0, 50.0, 2000.0])
@pytest.mark.parametrize("lost", [0.0, 1e-6])
@pytest.mark.parametrize("kind", COSTS)
def test_gradient_is_that_of_differences(kind: type[Any], lost: float, n0: float) -> None:
    cost, freedom = cost_of(kind, n0, lost=lost)
    x = freedom.start[freedom.free] * (1 + 0.03 * np.sin(np.arange(8) + 1))
    exact = cost.grad(x)
    scale = np.abs(cost.linearise(x)[1]).sum(axis=1)  # what the sum is made of
    steps = 1e-4 * np.maximum(np.abs(x), 0.1)
    assert np.abs(numerical(cost, x, steps) - exact).max() / scale.max() < 1e-6
    far = np.abs(exact) > 1e-2 * np.abs(exact).max()
    assert numerical(cost, x, steps)[far] == pytest.approx(exact[far], rel=1e-6)


@pytest.mark.parametrize("kind", COSTS)
def test_gradient_at_limits_and_with_ties_and_constraints(kind: type[Any]) -> None:
    model = model_of()
    counts = np.random.default_rng(3).poisson(5.0, 2 * TIME.size).astype(float)
    fixed = {"detector_beta": 1.0}
    freedom = settle(model, START, fixed, {"b_F": (0.0, None)}, {"b_B": "0.5*b_F + 0.1"})
    known = Constraint(
        ("alpha", "A1"), np.array([1.2, 0.2]), np.array([[0.01, 0.001], [0.001, 0.02]])
    )
    cost = kind(TIME, counts, freedom, Prior([known], freedom))
    x = freedom.start[freedom.free].copy()
    names = [model.names[k] for k in freedom.free]
    x[names.index("b_F")], x[names.index("lambda1")] = 0.0, 0.0  # both at their limits
    assert numerical(cost, x, 1e-4 * np.maximum(np.abs(x), 0.1)) == pytest.approx(
        cost.grad(x), rel=1e-6, abs=1e-6 * np.abs(cost.grad(x)).max()
    )


@pytest.mark.parametrize("kind", [CountCost, PearsonCost, BinomialCost])
def test_negative_means_cost_much_and_smoothly(kind: type[Any]) -> None:
    """A background that takes means below zero: finite, rising, and its own gradient."""
    cost, freedom = cost_of(kind, 5.0)
    names = [cost.freedom.model.names[k] for k in freedom.free]
    x, k = freedom.start[freedom.free].copy(), 0
    k = names.index("b_F")
    heights = []
    for level in (-0.5, -1.0, -2.0, -20.0):
        x[k] = level
        step = np.zeros(x.size)
        step[k] = 1e-3 * abs(level)
        slope = (cost(x + step) - cost(x - step)) / (2 * step[k])
        assert np.isfinite(cost.grad(x)).all() and np.isfinite(cost.gauss_newton(x)).all()
        assert cost.grad(x)[k] == pytest.approx(slope, rel=1e-4)
        heights.append(cost(x))
    assert np.isfinite(heights).all()
    assert (np.diff(heights) > 0).all() and heights[0] > 1e9


@pytest.mark.parametrize("kind", [CountCost, PearsonCost, BinomialCost])
def test_expected_hessian_is_the_mean_of_the_exact_one(kind: type[Any]) -> None:
    rng = np.random.default_rng(4)
    cost, freedom = cost_of(kind, 400.0)
    x = freedom.start[freedom.free]
    exact = np.mean(
        [
            kind(
                TIME, rng.poisson(model_of().value(TIME, freedom.start)).astype(float), freedom
            ).hessian(x)
            for _ in range(150)
        ],
        axis=0,
    )
    scale = np.sqrt(np.diag(exact))
    assert np.abs((exact - cost.gauss_newton(x)) / np.outer(scale, scale)).max() < 0.06


def test_binomial_is_the_law_of_the_division() -> None:
    """Against scipy's binomial law and Poisson's of the sum, less those of the data themselves."""
    from scipy.stats import binom, poisson

    cost, freedom = cost_of(BinomialCost, 6.0)
    forward, backward = cost.counts.reshape(2, -1)
    n = forward + backward

    def law(mean: np.ndarray) -> float:
        f, b = mean
        with np.errstate(invalid="ignore"):
            p = np.where(f + b > 0, f / (f + b), 0.5)
        return float(binom.logpmf(forward, n, p).sum() + poisson.logpmf(n.sum(), mean.sum()))

    x = freedom.start[freedom.free]
    mean = cost.freedom.model.value(TIME, freedom.start).reshape(2, -1)
    ratio = 2 * (law(np.array([forward, backward])) - law(mean))
    assert (n == 0).any() and (forward == 0).any()
    assert cost(x) == pytest.approx(ratio, rel=1e-10)
    assert cost.ndof == (n > 0).sum() + 1 - x.size


def test_chi_squares_of_counts_are_their_sums() -> None:
    for kind in (NeymanCost, PearsonCost):
        cost, freedom = cost_of(kind, 6.0)
        mean = cost.freedom.model.value(TIME, freedom.start)
        weight = np.maximum(cost.counts, 1) if kind is NeymanCost else mean
        expected = ((cost.counts - mean) ** 2 / weight).sum()
        assert cost(freedom.start[freedom.free]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("lost", [0.0, 1e-6])
@pytest.mark.parametrize("kind", COSTS)
def test_hessian_is_that_of_differences_of_the_gradient(kind: type[Any], lost: float) -> None:
    cost, freedom = cost_of(kind, 20.0, lost=lost)
    x = freedom.start[freedom.free] * (1 + 0.02 * np.cos(np.arange(8)))
    steps = 1e-4 * np.maximum(np.abs(x), 0.1)
    rows = []
    for k, step in enumerate(steps):
        h = np.zeros(x.size)
        h[k] = step
        near = cost.grad(x + h) - cost.grad(x - h)
        far = cost.grad(x + 2 * h) - cost.grad(x - 2 * h)
        rows.append((8 * near - far) / (12 * step))
    expected = np.array(rows)
    scale = np.sqrt(np.abs(np.diag(expected)))
    assert np.abs((cost.hessian(x) - expected) / np.outer(scale, scale)).max() < 1e-6


@pytest.mark.parametrize("level", [3.0, 1e14])
@pytest.mark.parametrize("kind", [CountCost, BinomialCost])
def test_value_to_many_digits(kind: type[Any], level: float) -> None:
    """At a few counts, and at so many that sums of their logarithms would cancel."""
    cost, freedom = cost_of(kind, level)
    full = np.array([*(START | {"N0": level}).values()])
    mean = freedom.model.value(TIME, full)
    with mpmath.workdps(50):
        counts, means = ([mpmath.mpf(float(v)) for v in row] for row in (cost.counts, mean))

        def part(n: Any, m: Any) -> Any:
            return n * mpmath.log(n / m) if n else mpmath.mpf(0)

        half = TIME.size
        if kind is BinomialCost:
            total, bins = mpmath.mpf(0), range(half)
            for k in bins:
                n, m = counts[k] + counts[half + k], means[k] + means[half + k]
                total += part(counts[k], n * means[k] / m)
                total += part(counts[half + k], n * means[half + k] / m)
            counts, means = [sum(counts)], [sum(means)]
        else:
            total = mpmath.mpf(0)
        total += sum(m - n + part(n, m) for n, m in zip(counts, means, strict=True))
        true = float(2 * total)
    assert 100 < true < 600
    assert cost(full[cost.free]) == pytest.approx(true, rel=1e-12 if level < 10 else 1e-6)
