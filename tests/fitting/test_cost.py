"""Chi-square with its gradient and Hessian, against central differences and plain sums."""

from __future__ import annotations

import numpy as np
import pytest
from throw import paper, paper_parameters, throw_pair

from musrcu.fitting.cost import NO_NUMBER, AsymmetryCost
from musrcu.fitting.freedom import settle
from musrcu.models.model import Model

MODELS = [
    "exponential + damped_cosine + constant",
    "gaussian + exponential + constant",
    "stretched_exponential * cosine + gaussian_cosine + constant",
    "cosine + constant",
]
WORDS = [
    {},
    {"fixed": {"A1": 0.06}},
    {"ties": {"A1": "0.2 - A_bg"}},
]


def data(n_bins: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth = paper(paper_parameters(0.02))
    time, forward, backward = throw_pair(truth, 2e5, 11, n_bins=n_bins, width=6 / n_bins)
    total = np.maximum(forward + backward, 1)
    return time, (forward - backward) / total, 1 / np.sqrt(total)


def made(expression: str, words: dict[str, dict[str, object]], n_bins: int = 600) -> AsymmetryCost:
    model = Model(expression)
    return AsymmetryCost(*data(n_bins), settle(model, **words))  # type: ignore[arg-type]


def point(cost: AsymmetryCost, seed: int) -> np.ndarray:
    """A point away from the minimum."""
    rng = np.random.default_rng(seed)
    model = cost.freedom.model
    start = model.vector({}) + rng.uniform(0.02, 0.3, len(model.names))
    return start[cost.free]


def differences(function: object, x: np.ndarray, step: float) -> np.ndarray:
    """Central differences with one Richardson step."""
    rows = []
    for k in range(x.size):
        estimates = []
        for h in (2 * step, step):
            shift = np.zeros(x.size)
            shift[k] = h
            high, low = function(x + shift), function(x - shift)  # type: ignore[operator]
            estimates.append((np.array(high) - np.array(low)) / (2 * h))
        rows.append((4 * estimates[1] - estimates[0]) / 3)
    return np.array(rows)


def test_chi_square_is_the_plain_sum() -> None:
    cost = made(MODELS[0], {})
    x = point(cost, 1)
    time, value, error = data()
    a1, l1, a2, l2, nu, phi, bg = x
    turn = np.cos(2 * np.pi * nu * time + np.deg2rad(phi))
    model = a1 * np.exp(-l1 * time) + a2 * np.exp(-l2 * time) * turn + bg
    assert cost(x) == pytest.approx(np.sum(((value - model) / error) ** 2), rel=1e-12)
    assert cost.n_bins == 600


@pytest.mark.parametrize("n_bins", [200, 600])
@pytest.mark.parametrize("words", WORDS, ids=["free", "fixed", "tied"])
@pytest.mark.parametrize("expression", MODELS)
def test_gradient(expression: str, words: dict[str, dict[str, object]], n_bins: int) -> None:
    # 600 read-only uniform bins take the fast path of the phasor, 200 the plain one.
    cost = made(expression, words, n_bins)
    for seed in range(3):
        x = point(cost, seed)
        numerical = differences(cost, x, 1e-4)
        found = cost.grad(x)
        assert np.allclose(found, numerical, rtol=1e-6, atol=1e-6 * np.abs(numerical).max())


@pytest.mark.parametrize("words", WORDS, ids=["free", "fixed", "tied"])
@pytest.mark.parametrize("expression", MODELS)
def test_hessian(expression: str, words: dict[str, dict[str, object]]) -> None:
    cost = made(expression, words)
    x = point(cost, 5)
    numerical = differences(cost.grad, x, 1e-4)
    found = cost.hessian(x)
    scale = np.sqrt(np.outer(np.abs(np.diag(numerical)), np.abs(np.diag(numerical))))
    assert np.abs((found - numerical) / scale).max() < 1e-5
    assert np.array_equal(found, found.T)


def test_gauss_newton_is_the_expected_curvature() -> None:
    """Averaged over noise, the Hessian at the truth is the Gauss-Newton matrix."""
    model = Model(MODELS[0])
    p = paper_parameters(0.02)
    x = np.array([p[name] for name in model.names])
    time = (np.arange(400) + 0.5) * 0.02
    curve = paper(p)(time)
    exact = AsymmetryCost(time, curve, np.full(400, 0.01), settle(model))
    ours, hessian = exact.gauss_newton(x), exact.hessian(x)
    scale = np.sqrt(np.outer(np.diag(ours), np.diag(ours)))
    assert exact(x) == pytest.approx(0.0, abs=1e-20)
    assert np.abs((ours - hessian) / scale).max() < 1e-5


def test_values_do_not_depend_on_what_was_asked_before() -> None:
    cost = made(MODELS[0], {})
    a, b = point(cost, 1), point(cost, 2)
    fresh_a, fresh_b = made(MODELS[0], {})(a), made(MODELS[0], {})(b)
    cost.grad(a)
    assert cost(b) == pytest.approx(fresh_b, rel=1e-12)
    assert cost(a) == pytest.approx(fresh_a, rel=1e-12)
    gradient = cost.grad(b).copy()
    cost.hessian(a)
    assert np.allclose(cost.grad(b), gradient, rtol=1e-13)
    x = a.copy()
    cost.grad(x)
    x += 0.01
    assert cost(x) == pytest.approx(made(MODELS[0], {})(x), rel=1e-12)


def test_no_number_is_large_and_finite() -> None:
    cost = made("exponential + constant", {"ties": {"lambda1": "log(A_bg)"}})
    x = np.array([0.1, -0.1])
    assert cost(x) == NO_NUMBER
    assert np.isfinite(cost.grad(x)).all()


def test_the_data_are_copied() -> None:
    time, value, error = data()
    cost = AsymmetryCost(time, value, error, settle(Model("constant")))
    before = cost(np.array([0.1]))
    time += 1.0
    assert time.flags.writeable
    assert cost(np.array([0.1])) == before
    assert not cost.time.flags.writeable
