"""The spectrum of a run near its transition, against integrals over sharp transitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from musrcu.direct.nodes import Counts
from musrcu.direct.transition import Part, Transition
from musrcu.models.bins import Bins
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

NU0, T_N, BETA, ALPHA = 1.59, 0.105, 0.12, 3.0
ORDERED = Model("exponential + damped_cosine + constant")
ABOVE = Model("gaussian + exponential + constant")
TIME = np.linspace(0.01, 8.0, 160)
VALUES = {
    "A1": 0.055, "lambda1": 0.9, "A2": 0.045, "lambda2": 0.8, "phi2": 6.0, "A_bg": 0.11,
    "nu0": NU0, "T_N": T_N, "beta": BETA, "exponent": ALPHA, "T_offset": 0.0,
    "A1_above": 0.04, "sigma1_above": 0.35, "lambda2_above": 2.0,
}  # fmt: skip


def sharp(t: FloatArray, x: float) -> FloatArray:
    """What a part of the sample at the temperature x does where the transition is sharp."""
    if x >= T_N:
        return np.asarray(0.04 * np.exp(-0.5 * (0.35 * t) ** 2) + 0.06 * np.exp(-2.0 * t) + 0.11)
    nu = NU0 * (1 - (x / T_N) ** ALPHA) ** BETA
    line = np.exp(-0.8 * t) * np.cos(2 * math.pi * nu * t + math.radians(6.0))
    return np.asarray(0.055 * np.exp(-0.9 * t) + 0.045 * line + 0.11)


def spread_out(t: FloatArray, T: float, s: float) -> FloatArray:
    """The mean over a normal distribution of x, by brute force."""
    n = 400_001
    x = T + s * np.linspace(-7, 7, n)
    weight = np.exp(-0.5 * ((x - T) / s) ** 2)
    weight /= weight.sum()
    below = x < T_N
    nu = NU0 * (1 - (x[below] / T_N) ** ALPHA) ** BETA
    found = np.empty(t.size)
    w = weight[below].sum()
    for k, one in enumerate(t):
        line = math.exp(-0.8 * one) * np.cos(2 * math.pi * nu * one + math.radians(6.0))
        found[k] = 0.045 * (weight[below] @ line)
    found += w * 0.055 * np.exp(-0.9 * t)
    return np.asarray(found + (1 - w) * (sharp(t, 1.0) - 0.11) + 0.11)


def model_and_values(
    T: float, sigma: float, spread: float = 0.0, part: Part = "both"
) -> tuple[Transition, FloatArray]:
    model = Transition(ORDERED, ABOVE, "nu2", part=part, spread=spread, many=Counts(15, 48))
    given = {**VALUES, "T": T, "sigma_TN": sigma}
    return model, np.array([given[name] for name in model.names])


@pytest.mark.parametrize("T", [0.06, 0.102, 0.1045, 0.10495, 0.105, 0.10505, 0.1055])
@pytest.mark.parametrize("s", [5e-5, 3e-4])
def test_a_run_is_the_mean_over_its_temperatures(T: float, s: float) -> None:
    model, values = model_and_values(T, 0.6 * s, 0.8 * s)
    few = TIME[::20]
    assert np.allclose(model.value(few, values), spread_out(few, T, s), atol=2e-6)


@pytest.mark.parametrize("T", [0.06, 0.1045, 0.10495, 0.105, 0.10505])
def test_derivatives_are_those_of_the_values(T: float) -> None:
    model, values = model_and_values(T, 1e-4, 5e-5)
    gradient = model.value_and_gradient(TIME, values)[1]
    for k, name in enumerate(model.names):
        step = 1e-6 if name in ("T", "T_N", "T_offset", "sigma_TN") else 1e-5 * abs(values[k])
        up, down = values.copy(), values.copy()
        up[k] += step
        down[k] -= step
        difference = (model.value(TIME, up) - model.value(TIME, down)) / (2 * step)
        scale = max(np.abs(difference).max(), 1e-6)
        assert np.allclose(gradient[k], difference, atol=2e-3 * scale), name


@pytest.mark.parametrize(("part", "T"), [("ordered", 0.09), ("paramagnetic", 0.12)])
def test_far_from_T_N_one_part_is_all(part: Part, T: float) -> None:
    both, full = model_and_values(T, 2e-5)
    alone, values = model_and_values(T, 2e-5, part=part)
    assert set(alone.names) < set(both.names)
    assert np.allclose(alone.value(TIME, values), sharp(TIME, T), atol=2e-6)
    assert np.allclose(both.value(TIME, full), alone.value(TIME, values), atol=1e-12)


def test_a_run_is_averaged_over_its_bins_too() -> None:
    model, values = model_and_values(0.1049, 1e-4)
    width = np.full(TIME.size, 0.04)
    fine = np.linspace(-0.02, 0.02, 81)
    weight = np.exp(-fine / 2.1969811)
    weight[[0, -1]] /= 2
    mean = [weight @ model.value(t + fine, values) / weight.sum() for t in TIME[::20]]
    assert np.allclose(model.value(Bins(TIME, width), values)[::20], mean, atol=2e-6)


def test_the_total_asymmetry_is_the_same_above() -> None:
    model, values = model_and_values(0.107, 2e-5)
    start = model.value(np.array([0.0]), values)
    assert start[0] == pytest.approx(0.055 + 0.045 + 0.11, abs=1e-12)
