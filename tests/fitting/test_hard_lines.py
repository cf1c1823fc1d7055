"""Lines that a search misses easily: a share that does not turn, and gaps in the data.

The data are thrown, and the lowest chi-square found by brute force, with NumPy and SciPy alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.special import j0

from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.descent import descend
from musrcu.fitting.freedom import settle
from musrcu.fitting.partly_turning import splitter
from musrcu.fitting.start import find_starts
from musrcu.models.model import Model

TAU = 2.1969811
TIME = 0.016 * (np.arange(600) + 0.5)
GAPPED = 0.01 + 0.02 * np.concatenate([np.arange(20), 200 + np.arange(20)])
ERROR = 0.05
TURNING = {
    "internal_field": lambda t, nu, rate: np.exp(-rate * t) * np.cos(2 * np.pi * nu * t),
    "gaussian_internal_field": lambda t, nu, rate: (
        np.exp(-0.5 * (rate * t) ** 2) * np.cos(2 * np.pi * nu * t)
    ),
    "internal_bessel": lambda t, nu, rate: np.exp(-rate * t) * j0(2 * np.pi * nu * t),
}


@pytest.mark.parametrize("constant", ["", " + constant"])
@pytest.mark.parametrize("name", list(TURNING))
@pytest.mark.parametrize(
    ("nu", "rate"), [(0.5, 5.0), (9.0, 3.25), (12.0, 5.0), (18.0, 0.2), (25.0, 1.0)]
)
def test_a_powder_line_is_found(name: str, constant: str, nu: float, rate: float) -> None:
    """A third that does not turn hides no line: the search ends lower than the truth lies."""
    rng = np.random.default_rng(12)
    error = 0.004 * np.exp(TIME / (2 * TAU))
    truth = 0.2 * (2 / 3 * TURNING[name](TIME, nu, rate) + 1 / 3 * np.exp(-0.1 * TIME))
    noise = rng.standard_normal(TIME.size)
    cost = AsymmetryCost(TIME, truth + error * noise, error, settle(Model(name + constant)))
    assert descend(cost, find_starts(cost)[0].x)[1] < float(noise @ noise)


def gapped(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(GAPPED.size)
    return 0.1 * np.cos(2 * np.pi * 2.0 * GAPPED) + ERROR * noise


def lowest(value: np.ndarray, fixed: Mapping[str, float]) -> float:
    """Chi-square at the best of 25000 frequencies up to 25 MHz, with what is free solved for."""
    turn = np.exp(2j * np.pi * np.outer(np.linspace(0.001, 25, 25000), GAPPED))
    y = value / ERROR
    if "phi1" in fixed:
        shape = turn.real / ERROR
        size = (shape * shape).sum(axis=1)
        height = np.full(size.size, fixed["A1"]) if "A1" in fixed else shape @ y / size
        return float(y @ y - (2 * height * (shape @ y) - height**2 * size).max())
    if "A1" in fixed:
        turn, phases = turn[::5], np.exp(1j * np.linspace(0, 2 * np.pi, 60, endpoint=False))
        return min(
            float(((y - fixed["A1"] * (turn * one).real / ERROR) ** 2).sum(axis=1).min())
            for one in phases
        )
    shape = np.stack([turn.real, turn.imag], axis=1) / ERROR
    along, matrix = shape @ y, shape @ shape.transpose(0, 2, 1)
    sound = np.linalg.det(matrix) > 1e-3 * matrix[:, 0, 0] ** 2
    along, matrix = along[sound], matrix[sound]
    gain = (along * np.linalg.solve(matrix, along[..., None])[..., 0]).sum(axis=1)
    return float(y @ y - gain.max())


@pytest.mark.parametrize(
    "fixed", [{}, {"phi1": 0.0}, {"A1": 0.1}, {"phi1": 0.0, "A1": 0.1}], ids=str
)
def test_the_right_image_of_a_line_in_data_with_a_gap(fixed: dict[str, float]) -> None:
    """Images stand 1/4 us apart; the one of lowest chi-square is found, however much is held."""
    for seed in range(6 if fixed == {"A1": 0.1} else 12):
        value = gapped(seed)
        freedom = settle(Model("cosine"), None, fixed)
        cost = AsymmetryCost(GAPPED, value, np.full(GAPPED.size, ERROR), freedom)
        found = descend(cost, find_starts(cost)[0].x, steps=100, tolerance=1e-6)[1]
        assert found < lowest(value, fixed) + 0.05, seed


def test_the_next_image_is_among_the_starts() -> None:
    """Where two images describe the data nearly equally well, both are given, the better first."""
    fixed, ties = {"phi1": 0.0, "A1": 0.1}, 0
    shape = np.cos(2 * np.pi * np.outer(np.linspace(0.001, 25, 25000), GAPPED))
    for seed in range(12):
        value = gapped(seed)
        chi2 = ((value - 0.1 * shape) ** 2).sum(axis=1) / ERROR**2
        minima = np.flatnonzero((chi2[1:-1] < chi2[:-2]) & (chi2[1:-1] < chi2[2:])) + 1
        first, second = np.sort(chi2[minima])[:2]
        freedom = settle(Model("cosine"), None, fixed)
        cost = AsymmetryCost(GAPPED, value, np.full(GAPPED.size, ERROR), freedom)
        found = find_starts(cost)
        if second < first + 3.0:
            ties += 1
            assert found[1].chi2 < second + 0.1, seed
    assert ties > 2


@pytest.mark.parametrize(
    ("name", "rests"),
    [("internal_field", True), ("damped_cosine", False), ("kornilov_gaussian", True)],
)
def test_what_of_a_line_turns(name: str, rests: bool) -> None:
    model = Model(name)
    cost = AsymmetryCost(TIME, np.zeros(TIME.size), np.ones(TIME.size), settle(model))
    full = model.vector({})
    turns, rest = splitter(cost, model.lines()[0])(full)
    assert (rest is not None) == rests
    if rest is not None:
        np.testing.assert_allclose(rest, np.exp(-0.1 * TIME), rtol=1e-12)
        assert turns[0] == pytest.approx(2 / 3, abs=0.01)
