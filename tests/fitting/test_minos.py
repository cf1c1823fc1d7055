"""Profile errors beside those of Minuit's MINOS with numerical derivatives of plain formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry
from iminuit import Minuit

import musrcu as mu
from musrcu.fitting.asymmetry_data import AsymmetryData
from musrcu.fitting.bounded import bounded_minimum
from musrcu.fitting.cost import AsymmetryCost, Cost
from musrcu.fitting.count_cost import CountCost
from musrcu.fitting.freedom import settle
from musrcu.fitting.interval import End, Place, interval
from musrcu.fitting.minos import minos
from musrcu.fitting.seen import CountBins, SeenCounts
from musrcu.fitting.start import Start
from musrcu.models.model import Model

TIME = (np.arange(500) + 0.5) * 0.016
TAU = 2.2


def line(t: np.ndarray, p: Any) -> np.ndarray:
    wave = np.exp(-p[3] * t) * np.cos(2 * np.pi * p[4] * t + np.radians(p[5]))
    return np.asarray(p[0] * np.exp(-p[1] * t) + p[2] * wave + p[6])


def damped(t: np.ndarray, p: Any) -> np.ndarray:
    wave = np.cos(2 * np.pi * p[2] * t + np.radians(p[3]))
    return np.asarray(p[0] * np.exp(-p[1] * t) * wave)


def slow(t: np.ndarray, p: Any) -> np.ndarray:
    return np.asarray(p[0] * np.exp(-p[1] * t))


EXPRESSIONS = {
    line: "exponential + damped_cosine + constant",
    damped: "damped_cosine",
    slow: "exponential",
}
CASES: dict[str, tuple[Callable[..., np.ndarray], list[float], float, int]] = {
    "usual": (line, [0.055, 0.9, 0.045, 0.4, 1.5, 6.0, 0.11], 0.004, 1),
    "few counts": (line, [0.055, 0.9, 0.045, 0.4, 1.5, 6.0, 0.11], 0.02, 2),
    "rate near 0": (slow, [0.2, 0.004], 0.02, 13),
    "rate at its limit": (slow, [0.2, 0.004], 0.02, 10),
    "weak line": (damped, [0.04, 0.8, 0.9, 30.0], 0.03, 4),
    "fast damping": (damped, [0.2, 4.0, 0.7, 10.0], 0.03, 5),
}


def chi2_of(case: str) -> tuple[AsymmetryCost, Callable[..., float]]:
    curve, truth, noise, seed = CASES[case]
    error = noise * np.exp(TIME / (2 * TAU))
    value = curve(TIME, truth) + np.random.default_rng(seed).normal(0, error)
    freedom = settle(Model(EXPRESSIONS[curve]))

    def chi2(p: Any) -> float:
        return float((((curve(TIME, p) - value) / error) ** 2).sum())

    return AsymmetryCost(TIME, value, error, freedom), chi2


def by_minuit(function: Callable[..., float], cost: Cost, x: np.ndarray) -> Minuit:
    names = [cost.freedom.model.names[k] for k in cost.free]
    minuit = Minuit(function, x, name=names)
    minuit.errordef = 1.0
    for k, place in enumerate(cost.free):
        minuit.limits[k] = (cost.freedom.lower[place], cost.freedom.upper[place])
    minuit.errors = np.maximum(0.01 * np.abs(x), 1e-4)
    minuit.strategy = 2
    minuit.tol = 1e-3
    return minuit.migrad().minos()


def ends_of(cost: Cost, x: list[float]) -> dict[str, tuple[End, End]]:
    minimum, freedom, at_limit = bounded_minimum(cost, np.array(x))
    assert minimum.valid and not at_limit
    assert minimum.covariance is not None
    place = Place(minimum.x, minimum.chi2)
    names = [cost.freedom.model.names[k] for k in freedom.free]
    return {n: interval(cost, place, minimum.covariance, k) for k, n in enumerate(names)}


def compare(cost: Cost, x: list[float], other: Callable[..., float]) -> None:
    found = ends_of(cost, x)
    middle = bounded_minimum(cost, np.array(x))[0]
    minuit = by_minuit(other, cost, middle.x)
    assert minuit.fval == pytest.approx(middle.chi2, abs=1e-3)
    for k, (name, ends) in enumerate(found.items()):
        theirs = minuit.merrors[name]
        wanted = {-1: (theirs.lower, theirs.at_lower_limit), 1: (theirs.upper, False)}
        for end, side in zip(ends, (-1, 1), strict=True):
            size, limited = wanted[side]
            assert end.at_limit == limited
            assert not end.reason
            if not limited:
                assert end.place.x[k] - middle.x[k] == pytest.approx(size, rel=0.01)
                assert end.place.cost == pytest.approx(middle.chi2 + 1, abs=2e-3)
                assert other(end.place.x) == pytest.approx(end.place.cost, rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_as_minos(case: str) -> None:
    cost, chi2 = chi2_of(case)
    compare(cost, CASES[case][1], chi2)


@pytest.mark.parametrize("decays", [400.0, 20.0])
def test_counts_as_minos(decays: float) -> None:
    decay = np.exp(-TIME / TAU)
    bins = CountBins(decay, np.ones(TIME.size), np.full(TIME.size, 0.016))
    model = SeenCounts("damped_cosine", bins)
    truth = [0.2, 0.5, 1.4, 10.0, decays, 1.2, 1.0, 0.05 * decays, 0.04 * decays]

    def means(p: Any) -> np.ndarray:
        a, root = damped(TIME, p), np.sqrt(p[5])
        forward = p[4] * root * decay * (1 + a) + p[6]
        backward = p[4] / root * decay * (1 - a) + p[7]
        return np.concatenate([forward, backward])

    own = [*truth[:6], *truth[7:]]
    counts = np.random.default_rng(6).poisson(means(own)).astype(float)
    some = np.where(counts > 0, counts, 1.0)

    def likelihood(p: Any) -> float:
        mu_ = np.maximum(means(p), 1e-9)
        return float(2 * (mu_ - counts + counts * np.log(some / mu_)).sum())

    freedom = settle(model, fixed={"detector_beta": 1.0})
    compare(CountCost(TIME, counts, freedom), own, likelihood)


def slow_line(seed: int) -> tuple[AsymmetryCost, np.ndarray]:
    """A line whose few turns allow another frequency about as well."""
    rng, time = np.random.default_rng(seed), (np.arange(100) + 0.5) * 0.08
    error = 0.05 * np.exp(time / (2 * TAU))
    value = damped(time, [0.1, 0.5, 0.6, 0.0]) + rng.normal(0, error)
    return AsymmetryCost(time, value, error, settle(Model("damped_cosine"))), time


WORSE = [(1, 1.6), (7, 1.3), (14, 0.6), (29, 0.2)]
"""Seeds and frequencies of minima beside a better one, the ridge between them below one."""


@pytest.mark.parametrize(("seed", "nu"), WORSE)
def test_a_lower_minimum_on_the_way_is_said(seed: int, nu: float) -> None:
    cost, _ = slow_line(seed)
    minimum, freedom, _ = bounded_minimum(cost, np.array([0.1, 0.5, nu, 0.0]))
    found = minos(cost, freedom, minimum, ("nu1",))
    assert found.lower is not None
    assert cost(found.lower) < minimum.chi2 - 0.1
    assert "fell" in found.notes[-1]


@pytest.mark.parametrize(("seed", "nu"), WORSE)
def test_the_fit_begins_again_from_a_lower_minimum(
    seed: int, nu: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost, time = slow_line(seed)
    data = asymmetry(time, cost.value, 1 / cost.inverse_error)
    worse = bounded_minimum(cost, np.array([0.1, 0.5, nu, 0.0]))[0]
    monkeypatch.setattr(
        AsymmetryData, "starts", lambda _, c: [Start(np.array([0.1, 0.5, nu, 0.0]), worse.chi2)]
    )
    found = mu.fit(data, "damped_cosine", minos=["nu1"])
    assert found.chi2 is not None
    assert found.chi2 < worse.chi2 - 0.1
    assert any("began again" in note for note in found.notes)


def test_an_interval_that_ends_at_a_limit_says_so() -> None:
    rng = np.random.default_rng(4)
    error = 0.02 * np.exp(TIME / (2 * TAU))
    value = slow(TIME, [0.2, 0.004]) + rng.normal(0, error)
    data = asymmetry(TIME, value, error)
    found = mu.fit(data, "exponential", minos=["lambda1"])
    fitted = found["lambda1"]
    assert fitted.minos is not None
    assert fitted.value is not None
    assert fitted.value + fitted.minos[0] == pytest.approx(0.0, abs=1e-12)
    assert "the MINOS interval of lambda1 ends below at its limit 0" in found.notes


def test_the_interval_of_what_is_held_at_a_limit() -> None:
    """Its upper end is where chi-square has risen by one, the others following."""
    rng = np.random.default_rng(1)
    error = 0.02 * np.exp(TIME / (2 * TAU))
    value = slow(TIME, [0.2, -0.02]) + rng.normal(0, error)
    found = mu.fit(asymmetry(TIME, value, error), "exponential", minos=["lambda1"])
    fitted = found["lambda1"]
    assert fitted.at_limit
    assert fitted.value == 0.0
    assert fitted.minos is not None
    assert fitted.minos[0] == 0.0

    def profile(rate: float) -> float:
        shape = np.exp(-rate * TIME) / error
        height = (shape @ (value / error)) / (shape @ shape)
        return float(((value / error - height * shape) ** 2).sum())

    assert profile(fitted.minos[1]) - profile(0.0) == pytest.approx(1.0, abs=3e-3)


def test_flat_costs_have_no_end() -> None:
    """A rate so vague that no value above is worse by one."""
    rng = np.random.default_rng(3)
    time = (np.arange(40) + 0.5) * 0.2
    error = np.full(40, 0.02)
    value = slow(time, [0.05, 40.0]) + rng.normal(0, error)
    found = mu.fit(
        asymmetry(time, value, error), "exponential", start={"lambda1": 5.0}, minos=["lambda1"]
    )
    assert found["lambda1"].minos is None
    assert any(note.startswith("no MINOS error") for note in found.notes)


def test_repeated() -> None:
    cost, _ = chi2_of("few counts")
    first, second = (ends_of(cost, CASES["few counts"][1]) for _ in range(2))
    fresh = ends_of(chi2_of("few counts")[0], CASES["few counts"][1])
    for name, ends in first.items():
        for end, other, new in zip(ends, second[name], fresh[name], strict=True):
            assert np.array_equal(end.place.x, other.place.x)
            assert np.array_equal(end.place.x, new.place.x)
