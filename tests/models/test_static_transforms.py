"""Transforms of static functions against their formulas in many digits, everywhere in the plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from musrcu.models.gaussian_line import gaussian_line
from musrcu.models.gaussian_transform import LongitudinalGaussian
from musrcu.models.strong_collision import StaticFunction
from musrcu.models.voigtian_transform import Voigtian

STEP = 1e-20


def line(w: Any, width: Any) -> Any:
    x = w / (mpmath.sqrt(2) * width)
    return mpmath.sqrt(mpmath.pi / 2) / width * mpmath.exp(x * x) * mpmath.erfc(x)


def gaussian(z: Any, delta: Any, omega: Any) -> Any:
    above, below = line(z + 1j * omega, delta), line(z - 1j * omega, delta)
    share = 2 * (delta / omega) ** 2
    sine = (below - above) / 2j
    return share * (1 - z * (above + below) / 2 - delta**2 * sine / omega)


def voigtian(z: Any, a: Any, sigma: Any) -> Any:
    w = z + a
    return 2 * (1 - z * z * (1 - w * line(w, sigma)) / sigma**2) / 3


def exact(transform: Callable[..., Any], *point: Any) -> list[complex]:
    """The transform and its slopes, by differences of 100 digits."""
    found = [transform(*point)]
    for place, value in enumerate(point):
        step = abs(value) * mpmath.mpf(STEP)
        both = []
        for sign in (1, -1):
            moved = list(point)
            moved[place] = value + sign * step
            both.append(transform(*moved))
        found.append((both[0] - both[1]) / (2 * step))
    return [complex(value) for value in found]


def compare(
    static: StaticFunction, transform: Callable[..., Any], z: complex, *values: float
) -> None:
    found = static.transform(np.array([z]))
    rows = [found.q[0], found.dz[0], *(slope[0] for slope in found.dp)]
    with mpmath.workdps(100):
        expected = exact(transform, mpmath.mpc(z), *map(mpmath.mpf, values))
    # relative errors: nothing cancels, however small a value is
    for value, right in zip(rows, expected, strict=True):
        assert abs(value - right) < 2e-7 * abs(right)
    assert abs(rows[0] - expected[0]) < 1e-9 * abs(expected[0])


def place(rng: np.random.Generator) -> complex:
    angle = rng.uniform(-0.65, 0.65) * np.pi
    return complex(10 ** rng.uniform(-2, 3) * np.exp(1j * angle))


@pytest.mark.parametrize("seed", range(60))
def test_longitudinal_gaussian(seed: int) -> None:
    rng = np.random.default_rng(seed)
    delta, ratio = 10 ** rng.uniform(-2, 2), 10 ** rng.uniform(-4, 3)
    z = delta * (place(rng) + 1j * rng.choice([0, 1, -1]) * ratio)
    omega = delta * ratio
    if any(abs(np.angle(z + sign * 1j * omega)) > 0.68 * np.pi for sign in (1, -1)):
        z = complex(abs(z.real), z.imag)
    compare(LongitudinalGaussian(delta, omega), gaussian, z, delta, omega)


@pytest.mark.parametrize("seed", range(40))
def test_voigtian(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sigma = 10 ** rng.uniform(-2, 2)
    a = sigma * 10 ** rng.uniform(-3, 3)
    compare(Voigtian(a, sigma), voigtian, sigma * place(rng), a, sigma)


@pytest.mark.parametrize("seed", range(20))
def test_parts_around_the_precession_add_up(seed: int) -> None:
    rng = np.random.default_rng(seed)
    delta = 10 ** rng.uniform(-2, 1)
    omega = delta * 10 ** rng.uniform(1.2, 4)
    z = np.array([1j * omega + delta * place(rng) / 100])
    static = LongitudinalGaussian(delta, omega)
    whole, (part, rest) = static.transform(z), static.near_precession(z)
    np.testing.assert_allclose(part.q + rest.q, whole.q, rtol=1e-10)
    np.testing.assert_allclose(part.dz + rest.dz, whole.dz, rtol=1e-9)
    for one, other, both in zip(part.dp, rest.dp, whole.dp, strict=True):
        np.testing.assert_allclose(one + other, both, rtol=1e-7)


def test_widths_of_nothing() -> None:
    z = np.array([0.3 + 2j, 5.0, -0.1 + 3j])
    still = LongitudinalGaussian(0.0, 1.0).transform(z)
    assert not still.q.any() and not np.any(still.dp)
    value, slope, by_width = gaussian_line(z, 0.0)
    np.testing.assert_allclose(value, 1 / z, rtol=1e-15)
    np.testing.assert_allclose(slope, -1 / z**2, rtol=1e-15)
    assert not by_width.any()
