"""The average of a line over temperatures, against one with thousands of nodes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from musrcu.direct.nodes import REACH, enough, nodes

FloatArray = NDArray[np.float64]
LAST = 8.0
"""µs."""
V, WEIGHT = np.polynomial.legendre.leggauss(1400)


def law(q: FloatArray, nu0: float, T_N: float, beta: float, s: float) -> FloatArray:
    """Frequencies q widths below T_N, with the exponent 3."""
    return np.asarray(nu0 * (-np.expm1(3 * np.log1p(-s * q / T_N))) ** beta)


def line(t: FloatArray, nu0: float, T_N: float, beta: float, s: float, delta: float) -> FloatArray:
    """Mean of cos(2 pi nu t) over what is below T_N, by 1400 nodes."""
    low, top = max(0.0, delta - 9), min(delta + 9, 0.999999 * T_N / s)
    v = (V + 1) / 2
    q = top * v**6 if low == 0 else low + (top - low) * v
    by_v = top * 6 * v**5 if low == 0 else np.full(v.size, top - low)
    weight = np.exp(-0.5 * (delta - q) ** 2) / math.sqrt(2 * math.pi) * by_v * WEIGHT / 2
    nu = law(q, nu0, T_N, beta, s)
    return np.array([weight @ np.cos(2 * math.pi * nu * one) for one in t])


@pytest.mark.parametrize("nu0", [1.59, 5.0, 20.0, 50.0])
@pytest.mark.parametrize(("T_N", "beta"), [(100.0, 0.3), (0.105, 0.12), (10.0, 0.5)])
@pytest.mark.parametrize("share", [2e-4, 2e-3, 1e-2])
def test_a_line_dephases_as_its_temperatures_say(
    nu0: float, T_N: float, beta: float, share: float
) -> None:
    s, t = share * T_N, np.linspace(0.0, LAST, 25)
    for delta in (0.0, 0.5, 3.0, 5.9, 6.1, 10.0, 30.0):
        where = max(min(T_N - delta * s, T_N - REACH * s), 0.0)
        step = 1e-6 * s
        slope = np.diff(law((T_N - where + np.array([step, -step])) / s, nu0, T_N, beta, s))
        fastest = law(np.array([2 * REACH]), nu0, T_N, beta, s)[0]
        turned = abs(2 * math.pi * LAST * s * float(slope[0]) / (2 * step))
        many = enough(turned, 2 * math.pi * LAST * float(fastest))
        made = nodes((nu0, T_N, beta, 3.0), T_N - delta * s, s, many)
        assert made is not None
        found = made.weight @ np.cos(2 * math.pi * np.outer(made.nu, t))
        expected = line(t, nu0, T_N, beta, s, delta)
        assert np.allclose(found, expected, rtol=0, atol=1e-5), delta


def test_nothing_is_ordered_far_above() -> None:
    assert nodes((1.59, 0.105, 0.12, 3.0), 0.106, 1e-4, enough(0.1)) is None
