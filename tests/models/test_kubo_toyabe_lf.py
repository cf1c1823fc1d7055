"""Static Kubo-Toyabe functions in a longitudinal field against averages over the field."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

from musrcu.constants import GAMMA_MU
from musrcu.models.kubo_toyabe import gaussian_kt, lorentzian_kt
from musrcu.models.kubo_toyabe_lf import gaussian_kt_lf, lorentzian_kt_lf
from musrcu.models.longitudinal_field import GAUSSIAN_SERIES, LORENTZIAN_SERIES
from musrcu.models.registry import Component
from musrcu.references.longitudinal_average import gaussian_lf, lorentzian_lf

BOTH = pytest.mark.parametrize(
    ("made", "truth", "switch"),
    [
        pytest.param(gaussian_kt_lf, gaussian_lf, GAUSSIAN_SERIES, id="gaussian"),
        pytest.param(lorentzian_kt_lf, lorentzian_lf, LORENTZIAN_SERIES, id="lorentzian"),
    ],
)


def field(w: float) -> float:
    return w / GAMMA_MU


def gaussian_average(t: float, delta: float, w: float) -> float:
    """< cos^2 + sin^2 cos(b t) > by Gauss-Legendre over magnitude and angle of the field."""
    x, x_weight = np.polynomial.legendre.leggauss(160)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    mu = (np.linspace(-0.95, 0.95, 20)[:, None] + 0.05 * nodes).ravel()
    mu_weight = 0.05 * np.tile(weights, 20)
    low, high = max(w - 9 * delta, 0.0), w + 9 * delta
    b = 0.5 * (high - low) * (x + 1) + low
    b_weight = 0.5 * (high - low) * x_weight
    square = b[:, None] ** 2 + w**2 - 2 * b[:, None] * w * mu
    density = np.exp(-0.5 * square / delta**2) * 2 * np.pi * b[:, None] ** 2
    density /= (2 * np.pi) ** 1.5 * delta**3
    kept = mu**2 + (1 - mu**2) * np.cos(b * t)[:, None]
    return float(b_weight @ (density * kept) @ mu_weight)


def lorentzian_average(t: float, a: float, w: float) -> float:
    """Gaussian functions of width a/v averaged over the half-normal v."""
    x, weight = np.polynomial.legendre.leggauss(400)
    v = 4.5 * (x + 1)
    shares = 4.5 * weight * math.sqrt(2 / math.pi) * np.exp(-0.5 * v * v)
    values = [gaussian_kt_lf(np.array([t]), a / one, field(w))[0] for one in v]
    return float(shares @ values)


def slopes(truth: Any, t: float, width: float, B_LF: float) -> list[float]:
    """Derivatives by differences of 40 digits; one-sided at zero field."""
    with mpmath.workdps(40):
        point, found = [mpmath.mpf(width), mpmath.mpf(B_LF)], []
        for k in range(2):
            h = mpmath.mpf("1e-12") * max(point[k], mpmath.mpf("1e-3"))
            high, low = list(point), list(point)
            high[k], low[k] = point[k] + h, point[k] - h
            change = truth(mpmath, mpmath.mpf(t), *high) - truth(mpmath, mpmath.mpf(t), *low)
            found.append(float(change / (2 * h)))
    return found


@pytest.mark.parametrize("t", [0.3, 2.0, 9.0])
@pytest.mark.parametrize("w", [0.01, 0.29, 0.31, 2.0, 7.0])
def test_a_gaussian_is_the_average_over_its_fields(t: float, w: float) -> None:
    expected = gaussian_average(t, 0.3, w)
    assert gaussian_kt_lf(t, 0.3, field(w)) == pytest.approx(expected, abs=2e-13)
    digits = gaussian_lf(mpmath, mpmath.mpf(t), mpmath.mpf(0.3), mpmath.mpf(field(w)))
    assert float(digits) == pytest.approx(expected, abs=2e-13)


@pytest.mark.parametrize("t", [0.3, 2.0, 9.0])
@pytest.mark.parametrize("w", [0.01, 0.2, 2.0, 7.0])
def test_a_lorentzian_is_the_average_over_gaussians(t: float, w: float) -> None:
    expected = lorentzian_average(t, 0.3, w)
    assert lorentzian_kt_lf(t, 0.3, field(w)) == pytest.approx(expected, abs=1e-12)
    digits = lorentzian_lf(mpmath, mpmath.mpf(t), mpmath.mpf(0.3), mpmath.mpf(field(w)))
    assert float(digits) == pytest.approx(expected, abs=1e-12)


def test_one_reference_is_the_average_of_the_other() -> None:
    """The exponential integral of a Lorentzian, and the half-normal average of sums over b."""
    t, a, B_LF = mpmath.mpf("1.7"), mpmath.mpf("0.4"), mpmath.mpf(9)
    with mpmath.workdps(25):
        # v = exp(y - exp(-y)) makes both ends fall off so fast that equal steps converge
        total = mpmath.mpf(0)
        for k in range(-56, 61):
            y = mpmath.mpf(k) / 18
            v = mpmath.exp(y - mpmath.exp(-y))
            if v < 1e-30 or v > 12:
                continue
            weight = v * (1 + mpmath.exp(-y)) / 18 * mpmath.exp(-v * v / 2)
            total += weight * gaussian_lf(mpmath, t, a / v, B_LF)
        total *= mpmath.sqrt(2 / mpmath.pi)
        assert abs(total - lorentzian_lf(mpmath, t, a, B_LF)) < 5e-12


@BOTH
@pytest.mark.parametrize("width", [3e-4, 40.0])
@pytest.mark.parametrize("ratio", [1e-6, 0.3, 3.0, 1e4])
@pytest.mark.parametrize("s", [1e-3, 0.3, 5.0])
def test_values_and_derivatives(
    made: Component, truth: Any, switch: float, width: float, ratio: float, s: float
) -> None:
    """Each derivative relative to itself, however small it is: the phase takes its eps."""
    t, B_LF = s / width, field(ratio * width)
    value, rows = made.value_and_gradient(np.array([t]), (width, B_LF))
    expected = truth(mpmath, mpmath.mpf(t), mpmath.mpf(width), mpmath.mpf(B_LF))
    assert value[0] == pytest.approx(float(expected), abs=1e-12)
    found = [float(row[0]) for row in rows]
    # at large s what is left of a derivative may be a difference of larger terms
    floor = 1e-11 * np.array([t, t * GAMMA_MU]) * min(1.0, s / ratio) * min(s, 1.0)
    for one, true, least in zip(found, slopes(truth, t, width, B_LF), floor, strict=True):
        assert one == pytest.approx(true, rel=1e-8, abs=least)


@BOTH
def test_continuous_across_the_switch_by_the_field(
    made: Component, truth: Any, switch: float
) -> None:
    t = np.linspace(0.0, 40.0, 400)
    for width in (0.02, 0.3, 30.0):
        w = switch * width
        sides = [made.value_and_gradient(t, (width, field(w * x))) for x in (1 - 1e-14, 1 + 1e-14)]
        np.testing.assert_allclose(sides[0][0], sides[1][0], rtol=0, atol=2e-12)
        for low, high in zip(sides[0][1], sides[1][1], strict=True):
            np.testing.assert_allclose(low, high, rtol=0, atol=1e-9 * np.abs(low).max())


@BOTH
def test_continuous_across_the_switch_by_the_time(
    made: Component, truth: Any, switch: float
) -> None:
    for w in (0.7, 30.0, 5000.0):
        for share in (1e-6, 0.01, 0.9):
            t = np.array([(1 - 1e-14) / w, (1 + 1e-14) / w])
            value, rows = made.value_and_gradient(t, (w * share, field(w)))
            assert np.ptp(value) < 1e-13
            for row in rows:
                np.testing.assert_allclose(row[0], row[1], rtol=1e-9)


@BOTH
def test_no_width_and_no_time(made: Component, truth: Any, switch: float) -> None:
    t = np.array([-0.001, 0.0, 1e-9, 0.5, 40.0])
    for B_LF in (0.0, 1e-9, 10.0, 1e5):
        value, rows = made.value_and_gradient(t, (0.0, B_LF))
        np.testing.assert_array_equal(value, 1.0)
        np.testing.assert_array_equal(rows[1], 0.0)
        assert np.isfinite(rows[0]).all()
        value, rows = made.value_and_gradient(t, (200.0, B_LF))
        np.testing.assert_array_equal(value[:2], 1.0)
        np.testing.assert_array_equal([row[:2] for row in rows], 0.0)


def test_slope_at_no_width() -> None:
    t = np.array([0.0, 0.1, 7.0])
    for B_LF in (0.0, 1e-3):
        by_a = lorentzian_kt_lf.gradient(t, np.ones(3), (0.0, B_LF))[0]
        np.testing.assert_allclose(by_a, -4 / 3 * t, rtol=1e-6)
        by_delta = gaussian_kt_lf.gradient(t, np.ones(3), (0.0, B_LF))[0]
        np.testing.assert_array_equal(by_delta, 0.0)


@pytest.mark.parametrize("width", [1e-6, 0.3, 200.0])
def test_zero_field(width: float) -> None:
    t = np.linspace(0.0, 40.0, 300)
    for made, zero in ((gaussian_kt_lf, gaussian_kt), (lorentzian_kt_lf, lorentzian_kt)):
        value, rows = made.value_and_gradient(t, (width, 0.0))
        expected, (slope,) = zero.value_and_gradient(t, (width,))
        np.testing.assert_allclose(value, expected, rtol=0, atol=1e-15)
        scale = np.abs(slope).max()
        np.testing.assert_allclose(rows[0], slope, rtol=0, atol=1e-13 * scale)
        np.testing.assert_array_equal(rows[1], 0.0)


@BOTH
@pytest.mark.parametrize("width", [1e-300, 1e-150, 1e-20, 1e-6])
def test_hardly_any_width_in_the_largest_field(
    made: Component, truth: Any, switch: float, width: float
) -> None:
    t = np.array([0.0, 1e-6, 0.01, 40.0])
    value, rows = made.value_and_gradient(t, (width, 1e5))
    np.testing.assert_allclose(value, 1.0, rtol=0, atol=1e-9)
    assert np.isfinite(rows).all()


def test_late_gaussian_in_a_strong_field() -> None:
    """1 - 2/x^2 + 2 sqrt2/x^3 Dawson(x/sqrt2) = 1 - 2/x^2 + 2/x^4 + ... , x = w/delta."""
    x = 50.0
    expected = 1 - 2 / x**2 + 2 / x**4 + 2 / x**6 + 6 / x**8
    found = gaussian_kt_lf(np.array([20.0, 40.0]), 200.0, field(200 * x))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@BOTH
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0,)])
@pytest.mark.parametrize("B_LF", [0.0, 3.0, 300.0])
def test_any_shape(
    made: Component, truth: Any, switch: float, shape: tuple[int, ...], B_LF: float
) -> None:
    value, rows = made.value_and_gradient(np.full(shape, 0.5), (0.3, B_LF))
    assert made(np.full(shape, 0.5), 0.3, B_LF).shape == value.shape == shape
    assert all(row.shape == shape for row in rows)
