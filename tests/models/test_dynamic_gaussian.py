"""Dynamic Gaussian and Voigtian functions against tables, limits and two independent methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from musrcu.constants import GAMMA_MU
from musrcu.models.dynamic_gaussian import (
    dynamic_gaussian_kt,
    dynamic_gaussian_kt_lf,
    dynamic_voigtian_kt,
)
from musrcu.models.registry import Component
from musrcu.references.strong_collision import (
    by_series,
    gaussian,
    gaussian_by_transform,
    gaussian_derivatives,
    voigtian,
    voigtian_by_transform,
    voigtian_derivatives,
)

FloatArray = NDArray[np.float64]
THIRD = 1 / 3

# t, delta, omega, hop: inverse Laplace transforms of 40 digits, two methods that agree
TABLE = [
    (2.0, 0.5, 0.0, 0.1, 0.3656852266168),
    (8.0, 0.5, 0.0, 0.5, 0.04826171030418),
    (8.0, 0.5, 0.0, 5.0, 0.461637595124),
    (2.0, 0.5, 1.0, 0.5, 0.5812934915357),
    (8.0, 0.5, 1.0, 0.5, 0.2393510968049),
    (8.0, 0.5, 2.0, 5.0, 0.510845271913),
    (4.0, 0.5, 0.0, 50.0, 0.9609853822036),
    (4.0, 0.5, 3.0, 50.0, 0.9611211875766),
]
LORENTZIAN_TABLE = [(2.0, 0.5, 0.5, 0.309388387679), (8.0, 0.5, 5.0, 0.005403392146603)]

# omega t just below and above the switch to three curves, and places that are hard for other
# methods: fast precession, weak field, slow and fast hopping, early times
HARD = [
    (0.5, 20.0, 119.9 / 0.5, 1.0),
    (0.5, 2.0, 120.1 / 0.5, 3.0),
    (0.02, 5.0, 7000.0, 2.0),
    (3.0, 1.0, 1000.0, 0.3),
    (3.0, 1.0, 0.199, 1.0),
    (3.0, 1.0, 0.201, 1.0),
    (3.0, 1.0, 1e-6, 1.0),
    (11.0, 1.0, 0.5, 2.0),
    (7.0, 1.0, 30.0, 0.01),
    (40.0, 200.0, 8516.0, 1000.0),
    (40.0, 200.0, 0.05, 0.001),
    (40.0, 0.001, 0.3, 900.0),
    (1e-5, 3.0, 20.0, 5.0),
]
HARD_IDS = [f"{t:g}-{delta:g}-{omega:g}-{hop:g}" for t, delta, omega, hop in HARD]


def at(component: Component, t: float, *values: float) -> float:
    return float(component(np.array([t]), *values)[0])


@pytest.mark.parametrize(("t", "delta", "omega", "hop", "expected"), TABLE)
def test_table(t: float, delta: float, omega: float, hop: float, expected: float) -> None:
    found = at(dynamic_gaussian_kt_lf, t, delta, omega / GAMMA_MU, hop)
    assert found == pytest.approx(expected, rel=0, abs=2e-12)
    if omega == 0:
        assert at(dynamic_gaussian_kt, t, delta, hop) == found
        voigtian = at(dynamic_voigtian_kt, t, 0.0, delta, hop)
        assert voigtian == pytest.approx(expected, rel=0, abs=1e-11)


@pytest.mark.parametrize(("t", "a", "hop", "expected"), LORENTZIAN_TABLE)
def test_table_of_lorentzian_fields(t: float, a: float, hop: float, expected: float) -> None:
    assert at(dynamic_voigtian_kt, t, a, 0.0, hop) == pytest.approx(expected, rel=0, abs=2e-12)


def static_lf(t: FloatArray, delta: float, omega: float) -> FloatArray:
    """1 - <sin^2 (1 - cos b t)> over Gaussian fields around omega, by sums over the field."""
    u, weights = np.polynomial.laguerre.laggauss(60)
    v = np.linspace(-9.0, 9.0, 161)
    across, along = np.meshgrid(2 * delta**2 * u, omega + delta * v, indexing="ij")
    share = np.outer(weights, np.exp(-(v**2) / 2) * (v[1] - v[0]) / np.sqrt(2 * np.pi))
    field = across + along**2
    lost = (share * across / field).ravel()
    return np.array([1 - lost @ (1 - np.cos(np.sqrt(field).ravel() * when)) for when in t])


def product_integration(
    t: float, static: Callable[[FloatArray], FloatArray], hop: float, count: int
) -> float:
    """Strong collisions in the time domain: hop exp(-hop u) exactly, g(u) G(t - u) in chords."""
    step = t / count
    times = step * np.arange(count + 1)
    g, x = static(times), hop * step
    e, k = -np.expm1(-x), np.arange(count + 1)
    whole = np.exp(-x * (k - 1)) * e**2 / x
    last = np.exp(-x * (k - 1)) * (e / x - np.exp(-x))
    kernel = -whole * g
    kernel[0] = 1 - (1 - e / x) * g[0]
    right = g * np.exp(-hop * times) + (last - whole) * g
    right[0] = kernel[0]
    return float(lfilter([1.0], kernel, right)[-1])


def extrapolated(t: float, static: Callable[[FloatArray], FloatArray], hop: float) -> float:
    coarse, middle, fine = (product_integration(t, static, hop, n) for n in (500, 1000, 2000))
    once, twice = (4 * middle - coarse) / 3, (4 * fine - middle) / 3
    return (16 * twice - once) / 15


@pytest.mark.parametrize("seed", range(8))
def test_against_product_integration_of_a_mean_over_fields(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t, hop = rng.uniform(0.5, 5), 10 ** rng.uniform(-1, 1)
    delta, omega = rng.uniform(0.1, 3) / t, rng.uniform(0, 6) / t
    expected = extrapolated(t, lambda times: static_lf(times, delta, omega), hop)
    found = at(dynamic_gaussian_kt_lf, t, delta, omega / GAMMA_MU, hop)
    assert found == pytest.approx(expected, rel=0, abs=3e-8)


@pytest.mark.parametrize("seed", range(8))
def test_voigtian_against_product_integration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t, hop = rng.uniform(0.5, 5), 10 ** rng.uniform(-1, 1)
    a, sigma = rng.uniform(0, 3, 2) / t

    def static(u: FloatArray) -> FloatArray:
        x, y = a * u, (sigma * u) ** 2
        return THIRD + 2 * THIRD * (1 - x - y) * np.exp(-x - y / 2)

    found = at(dynamic_voigtian_kt, t, a, sigma, hop)
    assert found == pytest.approx(extrapolated(t, static, hop), rel=0, abs=3e-8)


@pytest.mark.parametrize(("t", "delta", "omega", "hop"), HARD, ids=HARD_IDS)
def test_hard_places(t: float, delta: float, omega: float, hop: float) -> None:
    field = omega / GAMMA_MU
    with mpmath.workdps(40):
        point = [mpmath.mpf(x) for x in (t, delta, field, hop)]
        expected = float(gaussian(mpmath, *point))
    assert at(dynamic_gaussian_kt_lf, t, delta, field, hop) == pytest.approx(
        expected, rel=0, abs=1e-10
    )
    # with other times beside it the same value comes from a curve that serves them all
    times = np.concatenate([np.geomspace(t / 9, t, 30), np.geomspace(t, 9 * t, 30)])
    crowd = dynamic_gaussian_kt_lf(times, delta, field, hop)
    assert crowd[29] == pytest.approx(expected, rel=0, abs=1e-10)


DERIVATIVES: list[tuple[Component, Callable[..., Any], tuple[float, ...]]] = [
    (dynamic_gaussian_kt_lf, gaussian, (8.0, 0.3, 11.0, 1.0)),
    (dynamic_gaussian_kt_lf, gaussian, (0.8, 5.0, 3000.0, 0.5)),
    (dynamic_gaussian_kt_lf, gaussian, (0.02, 3.0, 50.0, 20.0)),
    (dynamic_gaussian_kt_lf, gaussian, (5.0, 1.5, 0.2, 0.0)),
    (dynamic_gaussian_kt_lf, gaussian, (9.0, 0.02, 5e4, 4.0)),
    (dynamic_gaussian_kt_lf, gaussian, (5.0, 60.0, 900.0, 800.0)),
    (dynamic_voigtian_kt, voigtian, (3.0, 0.4, 0.3, 0.7)),
    (dynamic_voigtian_kt, voigtian, (0.5, 3.0, 1e-3, 9.0)),
    (dynamic_voigtian_kt, voigtian, (4.0, 0.0, 1.0, 0.1)),
]


@pytest.mark.parametrize(("component", "truth", "point"), DERIVATIVES)
def test_derivatives_against_differences_of_many_digits(
    component: Component, truth: Callable[..., Any], point: tuple[float, ...]
) -> None:
    t, *values = point
    # two times, so that the scale of a derivative is not that of a zero of it
    times = np.array([0.55 * t, t])
    _, rows = component.value_and_gradient(times, values)
    with mpmath.workdps(40):
        for place, row in enumerate(rows):
            expected = []
            for when in times:
                exact = [mpmath.mpf(x) for x in (when, *values)]
                step = mpmath.mpf("1e-12") * max(abs(exact[place + 1]), mpmath.mpf("1e-3"))
                both = []
                for sign in (1, -1):
                    moved = list(exact)
                    moved[place + 1] += sign * step
                    both.append(truth(mpmath, *moved))
                expected.append(float((both[0] - both[1]) / (2 * step)))
            size = np.abs(expected).max()
            np.testing.assert_allclose(row, expected, rtol=0, atol=1e-8 * size + 1e-12)


def test_the_two_truths_agree() -> None:
    with mpmath.workdps(40):
        mpf = mpmath.mpf
        for t, delta, omega, hop in [(3, 2, 20, 3), (5, 1, 0, 4), (2, "0.1", "0.3", 30)]:
            series = by_series(
                mpmath, gaussian_derivatives(mpf(delta) * t, mpf(omega) * t), mpf(hop) * t, 30
            )
            inverse = gaussian_by_transform(mpmath, mpf(t), mpf(delta), mpf(omega), mpf(hop))
            assert abs(series - inverse) < mpf("1e-22")
            series = by_series(
                mpmath, voigtian_derivatives(mpf(omega) / 9, mpf(delta) * t), mpf(hop) * t, 30
            )
            inverse = voigtian_by_transform(
                mpmath, mpf(t), mpf(omega) / (9 * t), mpf(delta), mpf(hop)
            )
            assert abs(series - inverse) < mpf("1e-22")


def test_the_truth_around_each_singularity_is_that_around_all() -> None:
    from musrcu.references import strong_collision

    t, delta, omega, hop = (mpmath.mpf(x) for x in (2, "1.5", 301, "0.8"))
    with mpmath.workdps(40):
        apart = gaussian_by_transform(mpmath, t, delta, omega, hop)
        switch, strong_collision.APART = strong_collision.APART, 700
        try:
            together = gaussian_by_transform(mpmath, t, delta, omega, hop)
        finally:
            strong_collision.APART = switch
    assert abs(apart - together) < mpmath.mpf("1e-24")


T = np.linspace(0.0, 20.0, 201)


def test_without_hopping_it_is_static() -> None:
    x = (0.4 * T) ** 2
    static = THIRD + 2 * THIRD * (1 - x) * np.exp(-x / 2)
    np.testing.assert_allclose(dynamic_gaussian_kt(T, 0.4, 0.0), static, atol=1e-11)
    few = T[::40]
    found = dynamic_gaussian_kt_lf(few, 0.4, 0.9 / GAMMA_MU, 0.0)
    np.testing.assert_allclose(found, static_lf(few, 0.4, 0.9), atol=1e-9)


def test_without_fields_nothing_happens() -> None:
    for component, values in [
        (dynamic_gaussian_kt, (0.0, 2.0)),
        (dynamic_gaussian_kt_lf, (0.0, 30.0, 2.0)),
        (dynamic_voigtian_kt, (0.0, 0.0, 2.0)),
    ]:
        value, rows = component.value_and_gradient(T, values)
        assert (value == 1).all()
        assert all(np.isfinite(row).all() for row in rows)
    for field in (0.0, 30.0, 1e5):
        value, rows = dynamic_gaussian_kt_lf.value_and_gradient(T, (0.0, field, 2.0))
        assert (value == 1).all()
        assert not np.any(rows)


ENDS = [0.0, 1e-300, 1e-9, 0.3, 200.0]


@pytest.mark.parametrize("delta", ENDS)
@pytest.mark.parametrize("field", [0.0, 1e-300, 1e-9, 3.0, 1e5])
@pytest.mark.parametrize("hop", [0.0, 1e-300, 1e-9, 0.5, 1000.0])
def test_finite_at_all_limits_and_beside_them(delta: float, field: float, hop: float) -> None:
    t = np.concatenate([[-0.001, 0.0, 1e-300], np.geomspace(1e-9, 40.0, 30)])
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        solved = [
            dynamic_gaussian_kt_lf.value_and_gradient(t, (delta, field, hop)),
            dynamic_gaussian_kt.value_and_gradient(t, (delta, hop)),
            dynamic_voigtian_kt.value_and_gradient(t, (delta, 200.0 - delta, hop)),
            dynamic_voigtian_kt.value_and_gradient(t, (200.0 - delta, delta, hop)),
        ]
    for value, rows in solved:
        assert np.isfinite(value).all() and np.isfinite(rows).all()
        assert (np.abs(value) <= 1).all()


def test_without_a_field_it_is_that_of_zero_field() -> None:
    value, (by_delta, by_field, by_hop) = dynamic_gaussian_kt_lf.value_and_gradient(
        T, (0.4, 0.0, 0.7)
    )
    expected, rows = dynamic_gaussian_kt.value_and_gradient(T, (0.4, 0.7))
    assert np.array_equal(value, expected)
    assert not by_field.any()
    np.testing.assert_array_equal([by_delta, by_hop], rows)


def test_fast_hopping_narrows() -> None:
    delta, hop = 0.5, 1000.0
    for omega in (0.0, 600.0):
        found = dynamic_gaussian_kt_lf(T, delta, omega / GAMMA_MU, hop)
        rate = 2 * delta**2 * hop / (hop**2 + omega**2)
        np.testing.assert_allclose(found, np.exp(-rate * T), atol=2e-6)


def test_slow_hopping_lets_the_third_decay() -> None:
    t = np.array([20.0, 30.0, 40.0])
    hop = 1e-3
    found = dynamic_gaussian_kt(t, 3.0, hop)
    decay = np.log(found[:-1] / found[1:]) / 10.0
    np.testing.assert_allclose(decay, 2 * hop / 3, rtol=2e-3)


@pytest.mark.parametrize("hop", [0.0, 0.05, 3.0])
def test_no_step_where_the_curves_separate(hop: float) -> None:
    omega, delta = 40.0, 0.4
    t = 3.0 * (1 + 1e-12 * np.arange(-5, 6))
    times = np.concatenate([[0.5, 1.0], t, [4.0, 9.0]])
    value, rows = dynamic_gaussian_kt_lf.value_and_gradient(times, (delta, omega / GAMMA_MU, hop))
    # omega dt is 5e-10 here, which moves the function by less than 1e-12
    assert np.ptp(value[2:-2]) < 3e-12
    for row in rows:
        assert np.ptp(row[2:-2]) < 1e-8 * np.abs(row).max()


def test_no_step_where_the_weak_field_ends() -> None:
    field = 0.2 * 0.7 / GAMMA_MU * (1 + 1e-13 * np.arange(-3, 4))
    solved = [dynamic_gaussian_kt_lf.value_and_gradient(T, (0.7, b, 0.5)) for b in field]
    assert np.ptp([value for value, _ in solved], axis=0).max() < 1e-11
    for place in range(3):
        rows = np.array([slopes[place] for _, slopes in solved])
        assert np.ptp(rows, axis=0).max() < 1e-8 * np.abs(rows).max()


def test_even_times_are_those_one_by_one() -> None:
    t = 0.016 * np.arange(2000)
    values = (0.3, 90.0, 1.0)
    value, rows = dynamic_gaussian_kt_lf.value_and_gradient(t, values)
    for place in (1, 7, 60, 61, 500, 1999):
        one, slopes = dynamic_gaussian_kt_lf.value_and_gradient(t[place : place + 1], values)
        assert value[place] == pytest.approx(one[0], rel=0, abs=1e-12)
        for row, slope in zip(rows, slopes, strict=True):
            assert row[place] == pytest.approx(slope[0], rel=0, abs=1e-10 * np.abs(row).max())


def test_uneven_times_of_any_shape() -> None:
    t = np.array([[0.3, -0.001, 7.0], [1e-320, 0.0, 40.0]])
    value, rows = dynamic_gaussian_kt_lf.value_and_gradient(t, (0.3, 10.0, 1.0))
    assert value.shape == t.shape and all(row.shape == t.shape for row in rows)
    early = t <= 1e-300
    assert (value[early] == 1).all()
    assert not np.any([row[early] for row in rows])
    for place in ((0, 0), (0, 2), (1, 2)):
        alone = at(dynamic_gaussian_kt_lf, t[place], 0.3, 10.0, 1.0)
        assert value[place] == pytest.approx(alone, rel=0, abs=1e-12)


def test_a_repeat_is_remembered() -> None:
    t = 0.016 * np.arange(2000)
    first = dynamic_gaussian_kt_lf(t, 0.31, 10.0, 1.0)
    assert np.shares_memory(first, dynamic_gaussian_kt_lf(t.copy(), 0.31, 10.0, 1.0))
