"""The curve of inverse Laplace transforms, on transforms whose function is known."""

from __future__ import annotations

import numpy as np
import pytest

from musrcu.models.contour import SPAN, exponentials, upper_nodes, windows


@pytest.mark.parametrize("omega", [0.0, 3.0, 60.0])
@pytest.mark.parametrize("rate", [0.0, 0.4, 20.0])
def test_damped_cosine(omega: float, rate: float) -> None:
    last = 1.7
    t = np.geomspace(last / SPAN, last, 40)
    s, weights = upper_nodes(t[0], last, omega)
    z = s + rate
    found = exponentials(t, s, np.array([weights * z / (z * z + omega**2)]))[0]
    np.testing.assert_allclose(found, np.exp(-rate * t) * np.cos(omega * t), rtol=0, atol=3e-12)


def test_nodes_of_a_gaussian_stay_where_it_does_not_grow() -> None:
    from scipy.special import wofz

    t = np.geomspace(0.7, 5.6, 30)
    s, weights = upper_nodes(t[0], t[-1])
    transform = np.sqrt(np.pi / 2) * wofz(1j * s / np.sqrt(2))
    found = exponentials(t, s, np.array([weights * transform]))[0]
    np.testing.assert_allclose(found, np.exp(-(t**2) / 2), rtol=0, atol=3e-12)


def test_even_times_are_a_product_of_two_tables() -> None:
    t = 0.3 + 0.01 * np.arange(150)
    s = np.array([-1 + 2j, 0.3 - 5j, -4 + 0.1j])
    weights = np.array([[1, 2j, -1], [0.5, 0, 3 + 1j]])
    direct = weights @ np.exp(np.multiply.outer(s, t))
    np.testing.assert_allclose(exponentials(t, s, weights), direct.real, rtol=0, atol=1e-13)
    uneven = np.concatenate([t[:-1], [t[-1] + 1e-9]])
    direct = weights @ np.exp(np.multiply.outer(s, uneven))
    np.testing.assert_allclose(exponentials(uneven, s, weights), direct.real, rtol=0, atol=1e-15)


def test_windows_hold_every_time_after_zero_once() -> None:
    t = np.array([-1.0, 0.0, 1e-6, 0.02, 0.3, 0.5, 0.51, 7.0, 32.0, 3.0])
    seen = np.zeros(t.size, dtype=int)
    for (first, last), chosen in windows(t, 0.5):
        assert first == t[chosen].min() and last == t[chosen].max()
        assert last <= SPAN * first
        assert last <= 0.5 or first > 0.5
        seen += chosen
    assert seen.tolist() == [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
