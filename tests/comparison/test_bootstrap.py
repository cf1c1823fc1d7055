"""Bootstraps against known errors; the same digits with any executor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry
from compared import LIFETIME, MODEL, START, counted, thrown
from throw import asymmetry_of, throw_pair

import musrcu as mu
from musrcu.comparison import bootstrap as module
from musrcu.comparison.placed import placed
from musrcu.comparison.thrown import slim, thrower
from musrcu.errors import FitError


class Client:
    """What a Dask client is to a user: futures of its own from ``submit`` and ``map``."""

    class _Future:
        def __init__(self, value: Any) -> None:
            self.value, self.cancelled = value, False

        def result(self) -> Any:
            return self.value

        def cancel(self) -> None:
            self.cancelled = True

    def submit(self, function: Callable[..., Any], *given: Any) -> _Future:
        return self._Future(function(*given))

    def map(self, function: Callable[..., Any], items: Iterable[Any]) -> list[_Future]:
        return [self.submit(function, item) for item in items]


class Mapper:
    """An executor that has ``.map`` alone, as a pool of multiprocessing without futures."""

    def map(self, function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
        return [function(item) for item in items]


@pytest.fixture(scope="module")
def linear() -> tuple[Any, Any]:
    """A model that is linear in all that is free: its errors are known in closed form."""
    t = 0.02 * (np.arange(200) + 0.5)
    error = 0.004 * np.exp(t / (2 * LIFETIME))
    rng = np.random.default_rng(11)
    value = 0.12 * np.exp(-0.8 * t) + 0.05 + error * rng.standard_normal(t.size)
    data = asymmetry(t, value, error)
    return data, mu.fit(data, "exponential + constant", fixed={"lambda1": 0.8})


def test_scatter_of_a_linear_fit_is_its_closed_form(linear: tuple[Any, Any]) -> None:
    data, result = linear
    design = np.array([np.exp(-0.8 * data.time), np.ones(data.time.size)]) / data.error
    exact = np.linalg.inv(design @ design.T)
    found = mu.bootstrap(data, result, n=600, seed=4)
    free = [found.names.index(name) for name in ("A1", "A_bg")]
    errors = np.sqrt(np.diag(exact))
    np.testing.assert_allclose(found.errors[free], errors, rtol=0.1)  # 3.5 standard errors
    np.testing.assert_allclose(found.bias[free] / errors, 0.0, atol=3.5 / np.sqrt(600))
    exact_correlation = exact[0, 1] / errors.prod()
    assert found.correlation[free[0], free[1]] == pytest.approx(exact_correlation, abs=0.06)
    low, high = found.interval("A1")
    assert high - low == pytest.approx(2 * errors[0], rel=0.15)
    assert found.errors[found.names.index("lambda1")] == 0.0
    assert found.failed == 0
    assert "600 replicas, seed 4" in found.summary()
    assert found.to_dict()["parameters"]["lambda1"]["error"] == 0.0


@pytest.mark.parametrize("kind", ["parametric", "poisson"])
def test_the_scatter_of_known_values_is_their_error(linear: tuple[Any, Any], kind: str) -> None:
    data = linear[0]
    result = mu.fit(
        data, "exponential + constant", fixed={"lambda1": 0.8}, constraints={"A1": (0.12, 1e-5)}
    )
    found = mu.bootstrap(data, result, n=300, kind=kind, seed=2)
    assert found.errors[0] == pytest.approx(1e-5, rel=0.15)


def test_digits_are_the_same_with_any_executor(linear: tuple[Any, Any]) -> None:
    data = thrown(5, 300)
    result = mu.fit(data, MODEL, start=START)
    alone = mu.bootstrap(data, result, n=25, seed=9, progress=False)
    others = [
        mu.bootstrap(data, result, n=25, seed=9, executor=one) for one in (Client(), Mapper())
    ]
    with ThreadPoolExecutor(3) as threads:
        others.append(mu.bootstrap(data, result, n=25, seed=9, executor=threads))
    for workers in (1, 2):
        with ProcessPoolExecutor(workers) as processes:
            others.append(mu.bootstrap(data, result, n=25, seed=9, executor=processes))
    for other in others:
        np.testing.assert_array_equal(other.values, alone.values)
        np.testing.assert_array_equal(other.chi2, alone.chi2)
    assert not np.array_equal(mu.bootstrap(data, result, n=25, seed=8).values, alone.values)
    more = mu.bootstrap(data, result, n=40, seed=9)
    np.testing.assert_array_equal(more.values[:25], alone.values)


def test_a_seed_that_was_not_given_is_named(linear: tuple[Any, Any]) -> None:
    data, result = linear
    first = mu.bootstrap(data, result, n=3)
    again = mu.bootstrap(data, result, n=3, seed=first.seed)
    np.testing.assert_array_equal(again.values, first.values)


class Interrupted:
    """An executor whose second piece of work is interrupted by the user."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, function: Callable[..., Any], *given: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if not self.futures:
            future.set_result(function(*given))
        elif len(self.futures) == 1:
            future.set_exception(KeyboardInterrupt())
        self.futures.append(future)
        return future


def test_an_interrupt_cancels_what_has_not_begun(linear: tuple[Any, Any]) -> None:
    data, result = linear
    executor = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        mu.bootstrap(data, result, n=50, seed=1, executor=executor)
    assert len(executor.futures) == 5
    assert all(one.cancelled() for one in executor.futures[2:])


def test_the_counts_behind_an_asymmetry_come_back() -> None:
    """A parametric throw of counts has the mean and variance of counts thrown by NumPy."""
    alpha = 1.3
    rng = np.random.default_rng(3)
    time, forward, backward = throw_pair(lambda t: 0.2 * np.exp(-t), 4e5, 3, alpha=alpha)
    forward, backward = forward + rng.poisson(30.0, 900), backward + rng.poisson(20.0, 900)
    f, b = forward - 30.0, backward - 20.0
    total = f + alpha * b
    error = 2 * alpha * np.sqrt(b * b * forward + f * f * backward) / total**2
    data = asymmetry(
        time, (f - alpha * b) / total, error, alpha=alpha, background=np.array([30.0, 20.0])
    )
    result = mu.fit(data, "exponential + constant")
    throw = thrower(placed(data, result), "poisson")
    again = [throw(np.random.default_rng(k)) for k in range(200)]
    values = np.array([one.value for one in again])  # type: ignore[attr-defined]
    by_hand = []
    for k in range(200):
        other = np.random.default_rng(1000 + k)
        f, b = other.poisson(forward)[:500] - 30.0, other.poisson(backward)[:500] - 20.0
        by_hand.append((f - alpha * b) / (f + alpha * b))
    spread, size = values.std(axis=0)[:500], np.std(by_hand, axis=0)
    pull = (values.mean(axis=0)[:500] - np.mean(by_hand, axis=0)) / (size * np.sqrt(2 / 200))
    assert np.sqrt((pull**2).mean()) == pytest.approx(1.0, abs=0.12)
    assert (spread / size).mean() == pytest.approx(1.0, abs=0.02)
    assert np.median(spread / error[:500]) == pytest.approx(1.0, abs=0.02)


def test_poisson_bootstrap_of_an_asymmetry_has_the_scatter_of_experiments() -> None:
    model, values = "exponential", []
    for seed in range(250):
        time, f, b = throw_pair(lambda t: 0.2 * np.exp(-0.7 * t), 3e5, seed)
        value, error = asymmetry_of(f, b)
        result = mu.fit(asymmetry(time, value, error), model, start={"A1": 0.2, "lambda1": 0.7})
        values.append(result.values)
    scatter = np.std(values, axis=0)
    time, f, b = throw_pair(lambda t: 0.2 * np.exp(-0.7 * t), 3e5, 999)
    found = mu.bootstrap(asymmetry(time, *asymmetry_of(f, b)), model, n=250, kind="poisson", seed=5)
    np.testing.assert_allclose(found.errors, scatter, rtol=0.2)


@pytest.mark.parametrize("kind", ["parametric", "poisson"])
def test_bootstrap_of_few_counts(kind: str) -> None:
    data = replace(counted(4, 8.0, 300), detector_beta=1.0)
    known = {"nu2": 1.5, "lambda2": 0.3, "phi2": 0.0, "lambda1": 0.5, "A1": 0.1}
    result = mu.fit(data, MODEL, fixed=known)
    found = mu.bootstrap(data, result, n=200, kind=kind, seed=1)
    for name in ("N0", "A2", "A_bg"):
        place = found.names.index(name)
        assert found.errors[place] == pytest.approx(result[name].error, rel=0.2)


def test_phases_stay_within_half_a_turn() -> None:
    t = 0.01 * (np.arange(500) + 0.5)
    error = np.full(500, 0.05)
    rng = np.random.default_rng(2)
    value = 0.05 * np.cos(2 * np.pi * 2.0 * t + np.pi) + error * rng.standard_normal(500)
    data = asymmetry(t, value, error)
    result = mu.fit(data, "cosine")
    found = mu.bootstrap(data, result, n=60, seed=3)
    phi = found.values[:, found.names.index(result["phi"].name)]
    assert np.abs(phi - float(result["phi"].value or 0)).max() < 120
    assert found.errors[found.names.index(result["phi"].name)] < 30


def test_a_search_for_each_replica_finds_the_same_line() -> None:
    data = thrown(6, 300)
    result = mu.fit(data, MODEL)
    found = mu.bootstrap(data, result, n=8, seed=3, search=True)
    near = mu.bootstrap(data, result, n=8, seed=3)
    place = found.names.index("nu2")
    np.testing.assert_allclose(found.values[:, place], near.values[:, place], rtol=1e-3)


def test_what_is_sent_has_no_histograms() -> None:
    data = counted(1, 20.0)
    assert slim(data).run.counts.size < data.run.counts.size
    assert slim(data).run.name == data.run.name


def test_a_replica_that_did_not_converge_is_counted(
    linear: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False, True, True, False] * 5)
    monkeypatch.setattr(module, "converged", lambda cost, x: next(answers))
    found = mu.bootstrap(*linear, n=20, seed=1)
    assert found.failed == 10
    assert len(found.values) == 10
    assert "10 did not converge" in found.summary()


def test_wrong_words_are_refused(linear: tuple[Any, Any]) -> None:
    data, result = linear
    for wrong, words in (
        ({"n": 1}, "n = 1"),
        ({"n": 2.5}, "n = 2.5"),
        ({"kind": "residual"}, "kind = 'residual'"),
        ({"seed": -1}, "seed = -1"),
        ({"executor": 3, "n": 4}, "executor = 3"),
    ):
        with pytest.raises(FitError, match=words):
            mu.bootstrap(data, result, **wrong)  # type: ignore[arg-type]
    with pytest.raises(FitError, match="not valid"):
        mu.bootstrap(data, replace(result, valid=False, reason="for a test"))
    with pytest.raises(FitError, match="level"):
        mu.bootstrap(data, result, n=3, seed=1).interval("A1", 1.5)
