"""Averages over bins against quadrature with mpmath of exp(-s/tau) P(s)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from musrcu.errors import ModelError
from musrcu.models.bin_average import nodes_needed
from musrcu.models.bins import Bins
from musrcu.models.model import Model
from musrcu.models.registry import components

TAU = 2.1969811
TIMES = np.array([0.001, 0.37, 3.2])


def truth(function: Callable[[Any], Any], t: float, width: float, turns: float = 0.0) -> float:
    """The average over a bin, weighted with decays, by quadrature over its pieces."""
    with mp.workdps(25):
        pieces = mp.linspace(t - mp.mpf(width) / 2, t + mp.mpf(width) / 2, 2 + int(2 * turns))
        weigh = lambda s: mp.exp(-s / TAU)  # noqa: E731
        above = mp.quad(lambda s: function(s) * weigh(s), pieces)
        return float(above / mp.quad(weigh, pieces))


def damped(lam: float, nu: float, phi: float) -> Callable[[Any], Any]:
    turn = 2 * mp.pi * mp.mpf(nu)
    return lambda s: mp.exp(-lam * s) * mp.cos(turn * s + mp.mpf(phi) * mp.pi / 180)


@pytest.mark.parametrize("turns", [0.0, 1e-9, 1e-3, 0.07, 0.3, 0.5, 1.0, 2.2, 3.0])
@pytest.mark.parametrize("width", [0.0002, 0.0024, 0.1])
def test_damped_cosine_is_exact(turns: float, width: float) -> None:
    values = (0.9, turns / width, 23.0)
    found = Model("damped_cosine").value(Bins(TIMES, width), [1.0, *values])
    phase = 2 * np.pi * values[1] * 3.2
    for t, value in zip(TIMES, found, strict=True):
        expected = truth(damped(*values), t, width, turns)
        assert value == pytest.approx(expected, abs=1e-12 + 8e-16 * phase)


@pytest.mark.parametrize("rate", [0.0, 1e-7, 1 / TAU, 1.0, 50.0, 200.0])
@pytest.mark.parametrize("width", [0.001, 0.4, 6.0])
def test_exponential_is_exact(rate: float, width: float) -> None:
    t = 0.5 * width + TIMES
    found = Model("exponential").value(Bins(t, width), [1.0, rate])
    for one, value in zip(t, found, strict=True):
        with mp.workdps(25):
            z, a = -mp.mpf(rate) - 1 / mp.mpf(TAU), one - mp.mpf(width) / 2
            whole = (mp.exp(z * (a + width)) - mp.exp(z * a)) / z
            decays = -TAU * (mp.exp(-(a + width) / TAU) - mp.exp(-a / TAU))
            expected = float(whole / decays)
        assert value == pytest.approx(expected, abs=1e-13, rel=1e-11)


def test_a_constant_stays_itself() -> None:
    assert Model("constant").value(Bins(TIMES, 0.4), [0.3]) == pytest.approx([0.3] * 3, abs=1e-16)


def test_products_are_sums_of_waves() -> None:
    model = Model("exponential * cosine * damped_cosine")
    values = [1.0, 0.6, 30.0, 20.0, 0.2, 25.0, -40.0]
    one, other = damped(0.0, 30.0, 20.0), damped(0.2, 25.0, -40.0)
    found = model.value(Bins(TIMES, 0.02), values)
    for t, value in zip(TIMES, found, strict=True):
        expected = truth(lambda s: mp.exp(-0.6 * s) * one(s) * other(s), t, 0.02, 3)
        assert value == pytest.approx(expected, abs=1e-12)


def gauss(sigma: float, nu: float, phi: float) -> Callable[[Any], Any]:
    line = damped(0.0, nu, phi)
    return lambda s: mp.exp(-((sigma * s) ** 2) / 2) * line(s)


@pytest.mark.parametrize("turns", [0.0, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("sigma", [0.3, 8.0])
@pytest.mark.parametrize("width", [0.0024, 0.4])
def test_nodes_for_a_gaussian_line(turns: float, sigma: float, width: float) -> None:
    values = (sigma, turns / width, 70.0)
    t = 0.5 * width + np.array([0.0, 0.01, 0.3])
    found = Model("gaussian_cosine").value(Bins(t, width), [1.0, *values])
    for one, value in zip(t, found, strict=True):
        assert value == pytest.approx(truth(gauss(*values), one, width, turns + 2), abs=1e-9)


def test_nodes_for_other_functions() -> None:
    width, beta = 0.05, 0.6
    found = Model("stretched_exponential * cosine").value(
        Bins([0.1, 1.0, 3.0], width), [1.0, 2.0, beta, 25.0, 10.0]
    )
    line = damped(0.0, 25.0, 10.0)
    for t, value in zip([0.1, 1.0, 3.0], found, strict=True):
        expected = truth(lambda s: mp.exp(-((2 * s) ** mp.mpf(beta))) * line(s), t, width, 3)
        assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("damped_cosine", [0.2, 0.7, 135.5, 30.0]),
        ("damped_cosine", [0.2, 0.0, 0.0, 0.0]),
        ("exponential + constant", [0.2, 0.7, 0.05]),
        ("exponential * cosine * cosine", [0.2, 0.7, 135.5, 30.0, 20.0, 10.0]),
        ("gaussian_cosine + gaussian", [0.2, 0.7, 135.5, 30.0, 0.1, 0.4]),
        ("stretched_exponential * damped_cosine", [0.2, 0.7, 0.8, 0.5, 135.5, 30.0]),
    ],
)
@pytest.mark.parametrize("width", [0.0024, [0.001, 0.002, 0.01]])
def test_derivatives_against_differences(
    expression: str, values: list[float], width: float | list[float]
) -> None:
    model, bins = Model(expression), Bins([0.02, 0.4, 1.7], width)
    value, gradient = model.value_and_gradient(bins, values)
    assert value == pytest.approx(model.value(bins, values), abs=1e-15)
    for k, row in enumerate(gradient):
        step = 1e-4 / max(1.0, abs(values[k]))
        shifted = []
        for turns in (-2, -1, 1, 2):
            moved = list(values)
            moved[k] += turns * step
            shifted.append(model.value(bins, moved))
        slope = (shifted[0] - 8 * shifted[1] + 8 * shifted[2] - shifted[3]) / (12 * step)
        assert row == pytest.approx(slope, abs=3e-8, rel=3e-8)


def test_widths_that_differ_are_those_of_each_bin() -> None:
    model, values = (
        Model("damped_cosine + gaussian_cosine"),
        [0.2, 0.5, 40.0, 5.0, 0.1, 1.0, 55.0, 0.0],
    )
    widths = [0.001, 0.01, 0.03]
    together, gradient = model.value_and_gradient(Bins(TIMES, widths), values)
    for k, width in enumerate(widths):
        alone, by = model.value_and_gradient(Bins(TIMES[k : k + 1], width), values)
        assert together[k] == pytest.approx(alone[0], abs=1e-12)
        assert gradient[:, k] == pytest.approx(by[:, 0], abs=1e-11)


def test_raw_bins_added_are_one_wide_bin() -> None:
    raw, pack = 0.0008, 5
    model, values = Model("damped_cosine"), [1.0, 0.8, 135.5, 12.0]
    time = 0.01 + raw * np.arange(5 * pack)
    decay = np.exp(-time / TAU)  # all raw bins have one width
    fine = (decay * model.value(Bins(time, raw), values)).reshape(-1, pack).sum(axis=1)
    packed = fine / decay.reshape(-1, pack).sum(axis=1)
    wide = Bins(time.reshape(-1, pack).mean(axis=1), pack * raw)
    assert model.value(wide, values) == pytest.approx(packed, abs=1e-13)


def test_evenly_spaced_bins_give_the_same_as_others() -> None:
    model, values = Model("damped_cosine"), [1.0, 0.8, 135.5, 12.0]
    time = 0.02 + 0.0024 * np.arange(2000)
    even = model.value_and_gradient(Bins(time, 0.0024), values)
    odd = model.value_and_gradient(Bins(np.append(time, 9.0), 0.0024), values)
    assert even[0] == pytest.approx(odd[0][:-1], abs=2e-12)
    assert even[1] == pytest.approx(odd[1][:, :-1], abs=1e-10)


def test_scalar_times_and_shapes() -> None:
    model = Model("damped_cosine + gaussian")
    values = [0.2, 0.3, 20.0, 0.0, 0.1, 0.4]
    grid = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    found = model.value(Bins(grid, 0.01), values)
    assert found.shape == grid.shape
    assert float(model.value(Bins(0.5, 0.01), values)) == pytest.approx(found[1, 1], abs=1e-15)
    assert model.value(Bins([], 0.01), values).shape == (0,)


@pytest.mark.parametrize("width", [0.0, -0.1, np.nan, np.inf])
def test_a_bin_has_a_width(width: float) -> None:
    with pytest.raises(ModelError, match="width"):
        Bins(TIMES, width)


def test_nodes_grow_with_turns_in_a_bin() -> None:
    (term,) = Model("gaussian_cosine").terms
    numbers = [nodes_needed(term, [1.0, 0.1, nu, 0.0], 0.01) for nu in (0.0, 30.0, 100.0, 300.0)]
    assert numbers == sorted(numbers)
    assert numbers[0] <= 3 and numbers[-1] < 25


OF_TIME = sorted(key for key, one in components().items() if one.variable == "t")


@pytest.mark.parametrize("key", OF_TIME)
def test_every_component_against_its_own_values_inside_bins(key: str) -> None:
    """A hundred and ninety places a bin, weighted with decays: whether its nodes suffice."""
    places, weights = np.polynomial.legendre.leggauss(16)
    model, width = Model(key), 0.003
    pieces = (np.arange(12) + 0.5) / 12 - 0.5
    inside = (pieces[:, None] + places / 24).ravel() * width
    weight = np.tile(weights, 12) * np.exp(-inside / TAU)
    for factor in (1.0, 1.7):
        values = [1.0] + [factor * one.default for one in components()[key].parameters]
        values = np.clip(values, *limits_of(model)).tolist()
        time = np.array([0.1, 0.5, 2.0, 9.0])
        found, gradient = model.value_and_gradient(Bins(time, width), values)
        fine, slopes = model.value_and_gradient((time[:, None] + inside).ravel(), values)
        share = weight / weight.sum()
        assert found == pytest.approx(fine.reshape(4, -1) @ share, abs=1e-9)
        for row, slope in zip(gradient, slopes, strict=True):
            scale = max(1.0, float(np.abs(slope).max()))
            assert row / scale == pytest.approx(slope.reshape(4, -1) @ share / scale, abs=1e-8)


def limits_of(model: Model) -> tuple[list[float], list[float]]:
    low = [-np.inf if one.lower is None else one.lower for one in model.parameters]
    high = [np.inf if one.upper is None else one.upper for one in model.parameters]
    return low, high


def test_a_gaussian_in_wide_bins() -> None:
    """Bins of several widths of the Gaussian, as packed ones of a pulsed source are."""
    width, sigma = 1.0, 5.0
    found = Model("gaussian").value(Bins([0.5, 1.5], width), [1.0, sigma])
    for t, value in zip([0.5, 1.5], found, strict=True):
        expected = truth(lambda s: mp.exp(-((sigma * s) ** 2) / 2), t, width, 6)
        assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("half", [0.002, 0.1, 0.24, 0.26])
@pytest.mark.parametrize("turns", [0.0, 0.4, 1.4, 1.7])
def test_gaussian_envelopes_across_the_end_of_their_series(half: float, turns: float) -> None:
    """Half a bin of so many 1/sigma; the series ends at 0.25 and at 10/2pi turns."""
    width = 0.02
    sigma, nu = 2 * half / width, turns / width
    values = [1.0, 0.7, sigma, nu, 33.0]
    t = 0.01 + np.array([0.0, 1.5, 4.0]) / sigma
    found = Model("exponential * gaussian_cosine").value(Bins(t, width), values)
    line = gauss(sigma, nu, 33.0)
    for one, value in zip(t, found, strict=True):
        expected = truth(lambda s: mp.exp(-0.7 * s) * line(s), one, width, 3)
        assert value == pytest.approx(expected, abs=2e-11)


def test_fast_hops_need_few_nodes() -> None:
    """Hops make nothing fast: bins of fast ones are averaged as exactly, and soon."""
    bins = Bins(0.02 * (np.arange(5) + 0.5), 0.02)
    model, made = Model("dynamic_gaussian_kt"), components()["dynamic_gaussian_kt"]
    for hop in (0.5, 100.0, 492.0, 2e4):
        values = [1.0, 0.35, hop]
        assert nodes_needed(model.terms[0], values, 0.02) < 12
        found = model.value(bins, values)
        for centre, one in zip(bins.time, found, strict=True):
            t = centre + np.linspace(-0.01, 0.01, 4001)
            weight = np.ones(4001)
            weight[1:-1:2], weight[2:-1:2] = 4.0, 2.0
            weight *= np.exp(-t / 2.1969811)
            assert one == pytest.approx(made(t, 0.35, hop) @ weight / weight.sum(), abs=2e-10)
