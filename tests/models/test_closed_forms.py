"""Closed forms in their limits, and the references of their certificates against quadrature."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from musrcu.constants import GAMMA_MU
from musrcu.models.correlation import NEAR, its_slope, second_integral
from musrcu.models.registry import find_component
from musrcu.references.bessel import bessel
from musrcu.references.fluctuating_field import correlated, diffusion
from musrcu.references.static_field import (
    broadened_field,
    gaussian_around,
    gaussian_field,
    lorentzian_around,
    spin_glass,
    voigtian_field,
)

T = np.linspace(0.0, 40.0, 401)


def at(key: str, t: Any, *values: float) -> np.ndarray:
    return np.asarray(find_component(key)(t, *values))


def slopes(key: str, t: Any, *values: float) -> list[np.ndarray]:
    made = find_component(key)
    t = np.asarray(t, dtype=float)
    return [np.asarray(row) for row in made.value_and_gradient(t, values)[1]]


# --- the references, each against another integral along the real axis


def over_field(density: Any, t: float, reach: float) -> float:
    """1/3 + 2/3 cos(b t) over a density of the field's length, Gauss and Legendre."""
    b, weight = np.polynomial.legendre.leggauss(400)
    b, weight = reach / 2 * (b + 1), reach / 2 * weight
    return float(1 / 3 + 2 / 3 * (weight * density(b) * np.cos(b * t)).sum())


@pytest.mark.parametrize(("t", "delta"), [(0.7, 1.3), (5.0, 0.4), (11.0, 0.9)])
def test_gaussian_reference_is_the_mean_over_maxwell(t: float, delta: float) -> None:
    def maxwell(b: np.ndarray) -> np.ndarray:
        return np.sqrt(2 / np.pi) * b**2 / delta**3 * np.exp(-((b / delta) ** 2) / 2)

    found = gaussian_field(mpmath, mpmath.mpf(t), mpmath.mpf(delta))
    assert float(found) == pytest.approx(over_field(maxwell, t, 12 * delta), abs=1e-13)


@pytest.mark.parametrize(("t", "sigma", "nu"), [(0.7, 1.3, 0.4), (4.0, 0.5, 1.1), (1.0, 0.9, 0.01)])
def test_reference_of_a_field_with_a_spread(t: float, sigma: float, nu: float) -> None:
    """The length of a vector w with Gaussian spread: b/w times a difference of two Gaussians."""
    w = 2 * np.pi * nu

    def density(b: np.ndarray) -> np.ndarray:
        near, far = (np.exp(-(((b - s * w) / sigma) ** 2) / 2) for s in (1, -1))
        return b / (w * sigma * np.sqrt(2 * np.pi)) * (near - far)

    turning = gaussian_around(mpmath, mpmath.mpf(t), mpmath.mpf(sigma), mpmath.mpf(nu))
    expected = over_field(density, t, w + 12 * sigma)
    assert float(1 + 2 * turning) / 3 == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("t", "a", "nu"), [(1.0, 0.5, 0.0), (2.0, 0.7, 0.3), (0.5, 3.0, 0.1)])
def test_reference_of_a_lorentzian_field(t: float, a: float, nu: float) -> None:
    """Oscillatory quadrature over the length of a vector with a Lorentzian spread."""
    mp = mpmath
    t, a, w = mp.mpf(t), mp.mpf(a), 2 * mp.pi * mp.mpf(nu)

    def density(b: Any) -> Any:
        return 4 * a / mp.pi * b**2 / (((b - w) ** 2 + a**2) * ((b + w) ** 2 + a**2))

    with mp.workdps(15):
        expected = mp.quadosc(lambda b: density(b) * mp.cos(b * t), [0, mp.inf], omega=t)
    found = lorentzian_around(mp, t, a, mp.mpf(nu))
    assert float(found) == pytest.approx(float(expected), abs=1e-9)
    if nu == 0:
        third = voigtian_field(mp, t, a, mp.mpf(0))
        assert float(third) == pytest.approx(float(1 + 2 * expected) / 3, abs=1e-9)


def test_references_that_are_means_of_simpler_ones() -> None:
    """Over widths, by quadrature of another kind than that of the references."""
    mp = mpmath
    t, a, sigma = mp.mpf(2), mp.mpf("0.3"), mp.mpf("0.4")

    def gaussian(width: Any) -> Any:
        return (1 + 2 * (1 - (width * t) ** 2) * mp.exp(-((width * t) ** 2) / 2)) / 3

    def half_normal(v: Any) -> Any:
        return mp.sqrt(2 / mp.pi) * mp.exp(-v * v / 2)

    found = voigtian_field(mp, t, a, sigma)
    expected = mp.quad(
        lambda v: half_normal(v) * gaussian(mp.hypot(sigma, a / v)), [0, 0.3, 1, 3, 12]
    )
    assert float(found) == pytest.approx(float(expected), abs=1e-12)
    expected = mp.quad(
        lambda x: half_normal(x) * (gaussian(a + sigma * x) + gaussian(a - sigma * x)) / 2,
        [0, 1, 3, 12],
    )
    assert float(broadened_field(mp, t, a, sigma)) == pytest.approx(float(expected), abs=1e-12)
    hop, order = mp.mpf(5), mp.mpf("0.3")

    def site(v: Any) -> Any:
        static = order * (a / v * t) ** 2
        fast = mp.exp(-2 * (1 - order) * (a / v) ** 2 * t / hop)
        return half_normal(v) * fast * (1 + 2 * (1 - static) * mp.exp(-static / 2)) / 3

    expected = mp.quad(site, [0, 0.3, 1, 3, 12])
    assert float(spin_glass(mp, t, a, hop, order)) == pytest.approx(float(expected), abs=1e-12)


def test_references_of_special_functions() -> None:
    mp = mpmath
    with mp.workdps(40):
        for x in ("0", "0.3", "7", "42.5", "59.99", "60.01", "5000"):
            assert abs(bessel(mp, mp.mpf(x)) - mp.besselj(0, mp.mpf(x))) < mp.mpf("1e-36")
        for x in ("0", "0.01", "2", "300"):
            expected = mp.exp(mp.mpf(x)) * mp.erfc(mp.sqrt(mp.mpf(x)))
            assert abs(diffusion(mp, mp.mpf(x)) - expected) < mp.mpf("1e-36")


@pytest.mark.parametrize(("rate", "omega"), [(1.5, 0.0), (0.2, 2.2), (0.0, 3.9), (4.5, 0.3)])
def test_reference_of_a_correlation(rate: float, omega: float) -> None:
    """The double integral over two times, on a grid of Gauss and Legendre in either."""
    t, (x, weight) = 2.0, np.polynomial.legendre.leggauss(60)
    first, w = t / 2 * (x + 1), t / 2 * weight
    second = first[:, None] / 2 * (x + 1)
    inner = np.exp(-rate * (first[:, None] - second)) * np.cos(omega * (first[:, None] - second))
    expected = (w * (inner * weight).sum(axis=1) * first / 2).sum()
    found = correlated(mpmath, mpmath.mpf(t), mpmath.mpf(rate), mpmath.mpf(omega))
    assert float(found) == pytest.approx(expected, rel=1e-12)


# --- the twofold integral of a correlation beside its switch


@pytest.mark.parametrize("direction", [1.0, -1.0j, 0.6 - 0.8j, 0.999 - 0.045j])
@pytest.mark.parametrize("size", [0.0, 1e-9, 0.3 * NEAR, 0.9999 * NEAR, 1.0001 * NEAR, 0.5, 3, 60])
def test_twofold_integral_and_its_slope(direction: complex, size: float) -> None:
    """E2 and dE2/dz with 120 digits, for several t at the same rate and for one."""
    t = np.array([1.0, 0.5, 2.0, -0.001])
    rate = size * direction
    decay = np.exp(-rate * t)
    value = second_integral(t, rate, decay)
    slope = its_slope(t, rate, decay, value)
    alone = second_integral(t[:1], rate, decay[:1])
    with mpmath.workdps(120):
        for k, time in enumerate(t):
            z = mpmath.mpmathify(rate) * mpmath.mpf(time) + mpmath.mpf("1e-25")
            integral = (mpmath.exp(-z) - 1 + z) / z**2
            by_z = ((1 - mpmath.exp(-z)) / z - 2 * integral) / z
            assert abs(complex(integral) * time**2 - value[k]) <= 1e-13 * abs(value[k])
            assert abs(complex(by_z) * time**3 - slope[k]) <= 1e-11 * abs(slope[k])
    assert abs(alone[0] - value[0]) <= 1e-13 * abs(value[0])


# --- limits


def test_kornilov_without_a_field_is_kubo_toyabe() -> None:
    for nu in (0.0, 1e-300, 1e-12, 1e-6):
        found = at("kornilov_gaussian", T, 2 / 3, 0.0, 1.0, 0.3, nu)
        np.testing.assert_allclose(found, at("gaussian_kt", T, 0.3), rtol=0, atol=1e-8)
        found = at("kornilov_lorentzian", T, 2 / 3, 0.0, 0.3, nu)
        np.testing.assert_allclose(found, at("lorentzian_kt", T, 0.3), rtol=0, atol=1e-8)


def test_kornilov_without_a_spread_is_one_field() -> None:
    expected = at("internal_field", T, 0.6, 0.1, 0.0, 1.3, 0.0)
    found = at("kornilov_gaussian", T, 0.6, 0.1, 1.0, 0.0, 1.3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
    found = at("kornilov_lorentzian", T, 0.6, 0.1, 0.0, 1.3)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
    found = at("gaussian_internal_field", T, 0.6, 0.1, 0.0, 1.3, 0.0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_kubo_toyabe_functions_meet_at_their_limits() -> None:
    gaussian, lorentzian = at("gaussian_kt", T, 0.4), at("lorentzian_kt", T, 0.4)
    for found in (
        at("voigtian_kt", T, 0.0, 0.4),
        at("broadened_kt", T, 0.4, 0.0),
        at("interpolating_kt", T, 0.4, 2.0),
    ):
        np.testing.assert_allclose(found, gaussian, rtol=0, atol=2e-15)
    for found in (
        at("voigtian_kt", T, 0.4, 0.0),
        at("interpolating_kt", T, 0.4, 1.0),
        at("uemura_spin_glass", T, 0.4, 10.0, 1.0),
    ):
        np.testing.assert_allclose(found, lorentzian, rtol=0, atol=2e-15)


def test_keren_without_a_field_is_abragam_of_two_components() -> None:
    for hop in (0.0, 1e-9, 0.3, 40.0):
        found, envelope = at("keren", T, 0.3, 0.0, hop), at("abragam", T, 0.3, hop)
        np.testing.assert_allclose(found, envelope**2, rtol=1e-12, atol=1e-300)


def test_keren_ends_with_the_rate_of_redfield() -> None:
    delta, omega, hop = 0.4, 3.0, 50.0
    found = at("keren", np.array([20.0, 30.0]), delta, omega / GAMMA_MU, hop)
    rate = 2 * delta**2 * hop / (hop**2 + omega**2)
    assert np.log(found[0] / found[1]) / 10.0 == pytest.approx(rate, rel=1e-12)


def test_power_with_a_large_exponent_is_a_gaussian() -> None:
    found = at("gaussian_power", T, 0.3, 1e9)
    np.testing.assert_allclose(found, at("gaussian", T, 0.3), rtol=0, atol=1e-8)


def test_a_cosine_fitted_to_a_bessel_function_is_45_degrees_late() -> None:
    t = np.linspace(2.0, 20.0, 2001)
    found = at("bessel", t, 1.5, 0.0) * np.sqrt(t)
    turns = 2 * np.pi * 1.5 * t
    cosine, sine = np.linalg.lstsq(np.array([np.cos(turns), np.sin(turns)]).T, found)[0]
    assert np.rad2deg(np.arctan2(-sine, cosine)) == pytest.approx(-45.0, abs=0.7)


# --- where a derivative is infinite, and before the muon


def test_interpolating_without_fields() -> None:
    """d/dlambda is -4/3 t for the Lorentzian exponent and 0 for every larger one."""
    t = np.array([0.0, 1.0, 5.0])
    np.testing.assert_allclose(slopes("interpolating_kt", t, 0.0, 1.0)[0], -4 / 3 * t, rtol=1e-14)
    for beta in (1.001, 1.5, 2.0):
        np.testing.assert_array_equal(slopes("interpolating_kt", t, 0.0, beta)[0], 0.0)


@pytest.mark.parametrize("beta", [1.001, 1.3, 3.0])
def test_a_stretched_exponential_is_flat_at_rate_zero(beta: float) -> None:
    for key, more in (("stretched_exponential", ()), ("stretched_cosine", (0.0, 0.0))):
        row = slopes(key, np.array([0.0, 1.0, 40.0]), 0.0, beta, *more)[0]
        np.testing.assert_array_equal(row, 0.0)


def test_diffusion_at_rate_zero() -> None:
    """The infinite derivative is that of gamma = 1e-12: -sqrt(t / (pi gamma))."""
    row = slopes("risch_kehr", np.array([0.0, 1.0, 4.0]), 0.0)[0]
    np.testing.assert_allclose(row, [0.0, -1e6 / np.sqrt(np.pi), -2e6 / np.sqrt(np.pi)], rtol=1e-5)


def test_spin_glass_at_its_limits() -> None:
    t = np.array([0.0, 1e-3, 1.0, 40.0])
    np.testing.assert_array_equal(at("uemura_spin_glass", t, 0.5, 0.0, 0.5), [1, 0, 0, 0])
    np.testing.assert_array_equal(at("uemura_spin_glass", t, 0.0, 0.0, 0.5), 1.0)
    for values in [(0.5, 0.0, 0.5), (0.0, 0.0, 0.0), (0.5, 10.0, 1.0), (0.5, 0.0, 1.0)]:
        assert np.isfinite(slopes("uemura_spin_glass", t, *values)).all()
    # 1/3 exp(-sqrt(y)) has an infinite slope at Q = 1: that of 1 - Q = 1e-16 stands for it
    by_order = slopes("uemura_spin_glass", np.array([1.0]), 0.5, 10.0, 1.0)[2][0]
    assert by_order == pytest.approx(0.5 / 3 * np.sqrt(0.1) * 1e8, rel=1e-6)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("interpolating_kt", (0.3, 1.5)),
        ("power_decay", (200.0, 1.5)),
        ("risch_kehr", (0.3,)),
        ("uemura_spin_glass", (0.3, 10.0, 0.4)),
    ],
)
def test_one_before_the_muon(key: str, values: tuple[float, ...]) -> None:
    t = np.array([-10.0, -0.001, 0.0])
    np.testing.assert_array_equal(at(key, t, *values), 1.0)
    assert np.isfinite(slopes(key, t, *values)).all()


@pytest.mark.parametrize(
    "key", ["gaussian_kt", "voigtian_kt", "broadened_kt", "kornilov_gaussian", "abragam", "keren"]
)
def test_nothing_overflows_far_outside(key: str) -> None:
    """A fit may try anything between its limits, of which widths have no upper one."""
    made = find_component(key)
    for size in (1e-200, 1e-20, 1e9, 1e60):
        values = [min(size, p.upper or size) for p in made.parameters]
        if "beta" in [p.name for p in made.parameters]:
            values[2] = 1.0
        value, rows = made.value_and_gradient(T, values)
        assert np.isfinite(value).all() and np.isfinite(rows).all(), values
