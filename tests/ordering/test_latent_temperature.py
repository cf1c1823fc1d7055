"""The profile over latent temperatures against brute force; its gradient against differences."""

from __future__ import annotations

import numpy as np
import pytest

from musrcu.ordering.latent_temperature import latent_chi2

TRUTH = (1.59, 0.105, 0.12, 3.0)
T_TRUE = np.array(
    [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104]
)
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])


def law(t: np.ndarray, nu0: float, T_N: float, beta: float, alpha: float) -> np.ndarray:
    """The law as a textbook writes it; independent of the package."""
    return nu0 * np.maximum(1 - (t / T_N) ** alpha, 0.0) ** beta


def one_set(seed: int, T_error: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    errors = np.full(13, T_error)
    T = np.abs(T_TRUE + errors * random.normal(size=13))
    nu = law(T_TRUE, *TRUTH) + NU_ERROR * random.normal(size=13)
    return T, errors, nu, NU_ERROR


def brute_force(
    T: np.ndarray, T_error: np.ndarray, nu: np.ndarray, nu_error: np.ndarray,
    parameters: tuple[float, float, float, float],
) -> float:  # fmt: skip
    """The least of 200,000 places for each point, dense next to T_N."""
    total = 0.0
    for T_i, s_T, nu_i, s_nu in zip(T, T_error, nu, nu_error, strict=True):
        near = np.linspace(max(T_i - 12 * s_T, 0), T_i + 12 * s_T, 100_001)
        towards = parameters[1] * (1 - np.logspace(-16, -0.01, 100_001))
        t = np.concatenate([near, towards, [parameters[1], T_i]])
        total += np.min(((nu_i - law(t, *parameters)) / s_nu) ** 2 + ((T_i - t) / s_T) ** 2)
    return float(total)


def moved(seed: int) -> tuple[float, float, float, float]:
    """Parameters several errors away from the truth."""
    random = np.random.default_rng(1000 + seed)
    nu0, T_N, beta, alpha = np.array(TRUTH) * (
        1 + np.array([0.02, 0.03, 0.4, 0.4]) * random.uniform(-1, 1, size=4)
    )
    return float(nu0), float(T_N), float(beta), float(alpha)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("T_error", [1e-4, 5e-4, 1e-3, 4e-3])
def test_chi2_is_that_of_brute_force(seed: int, T_error: float) -> None:
    data, parameters = one_set(seed, T_error), moved(seed)
    chi2, _, t = latent_chi2(*data, parameters)
    expected = brute_force(*data, parameters)
    assert chi2 <= expected * (1 + 1e-12)
    assert chi2 == pytest.approx(expected, rel=1e-5)
    again = np.sum(((data[2] - law(t, *parameters)) / data[3]) ** 2)
    again += np.sum(((data[0] - t) / data[1]) ** 2)
    assert chi2 == pytest.approx(again, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("T_error", [1e-4, 5e-4, 4e-3])
def test_gradient_is_that_of_differences(seed: int, T_error: float) -> None:
    data, parameters = one_set(seed, T_error), np.array(moved(seed))
    chi2, gradient, _ = latent_chi2(*data, tuple(parameters))
    for place in range(4):
        step = parameters[place] * (1e-6 if place == 1 else 1e-5)
        shift = np.zeros(4)
        shift[place] = step
        above, below = (latent_chi2(*data, tuple(parameters + s))[0] for s in (shift, -shift))
        numeric = (above - below) / (2 * step)
        scale = 1e-3 * chi2 / parameters[place]
        assert gradient[place] == pytest.approx(numeric, rel=1e-6, abs=1e-6 * scale)


def test_hard_places_stay_close_to_brute_force() -> None:
    """Points at 0 K, at T_N, above it, above nu0, and far below the curve (two places compete)."""
    T = np.array([0.0, 0.105, 0.11, 0.02, 0.05, 0.09, 0.103, 0.1049])
    nu = np.array([1.6, 0.8, 0.5, 1.9, 0.3, 0.1, 0.0, -0.1])
    errors = np.full(8, 2e-3), np.full(8, 0.05)
    for beta in (0.12, 0.25, 0.5, 1.0):
        parameters = (1.59, 0.105, beta, 3.0)
        chi2, gradient, _ = latent_chi2(T, errors[0], nu, errors[1], parameters)
        expected = brute_force(T, errors[0], nu, errors[1], parameters)
        assert chi2 <= expected * (1 + 1e-12)
        assert chi2 == pytest.approx(expected, rel=1e-5)
        assert np.isfinite(gradient).all()


def test_an_exact_temperature_is_held() -> None:
    T, _, nu, nu_error = one_set(3, 0.0)
    chi2, _, t = latent_chi2(T, np.zeros(13), nu, nu_error, TRUTH)
    expected = np.sum(((nu - law(T, *TRUTH)) / nu_error) ** 2)
    assert chi2 == pytest.approx(expected, rel=1e-6)
    assert t == pytest.approx(T, rel=1e-6)


def test_above_the_transition_nu_is_zero() -> None:
    """A point above T_N with no frequency costs nothing but its frequency."""
    chi2, gradient, t = latent_chi2(
        np.array([0.12]), np.array([1e-3]), np.array([0.01]), np.array([0.05]), TRUTH
    )
    assert chi2 == pytest.approx(0.04)
    assert gradient == pytest.approx(np.zeros(4))
    assert t == pytest.approx([0.12])
