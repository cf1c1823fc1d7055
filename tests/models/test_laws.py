"""The law of the order parameter against tables made with 25 digits and against differences."""

from __future__ import annotations

import numpy as np
import pytest

from musrcu.models.laws import order_parameter_law, order_parameter_slope

TRUTH = {"nu0": 1.59, "T_N": 0.105, "beta": 0.12, "alpha": 3.0}

TABLE = [
    (0.020, 1.588677411478, -0.1989949307),
    (0.030, 1.585503506171, -0.4543532436),
    (0.040, 1.57918564736, -0.8317393374),
    (0.050, 1.568346766527, -1.366916441),
    (0.060, 1.551080486885, -2.134820455),
    (0.070, 1.524347225872, -3.300842113),
    (0.080, 1.482404133603, -5.29015934),
    (0.085, 1.452087953263, -6.949182643),
    (0.090, 1.411296538804, -9.601261492),
    (0.095, 1.352280976615, -14.6330088),
    (0.099, 1.2778525496, -24.06886295),
    (0.102, 1.179960340076, -45.83704799),
    (0.104, 1.03660150401, -123.2037323),
]

GRADIENTS = [
    (0.05, 1.5683467665265, 0.986381614168, 0.650912590946, -0.179209321096, 0.0169027725782),
    (0.10, 1.251653126735, 0.787203224362, 27.2252634341, -2.49567990244, 0.0464913775378),
]


@pytest.mark.parametrize(("T", "value", "slope"), TABLE)
def test_value_and_slope_of_the_table(T: float, value: float, slope: float) -> None:
    """Reference: evaluation with 25 digits, slope by numerical differentiation."""
    assert order_parameter_law(T, **TRUTH)[0][0] == pytest.approx(value, rel=2e-12)
    assert order_parameter_slope(T, **TRUTH)[0] == pytest.approx(slope, rel=1e-9)


@pytest.mark.parametrize("row", GRADIENTS)
def test_gradient_of_the_table(row: tuple[float, ...]) -> None:
    value, gradient = order_parameter_law(row[0], **TRUTH)
    assert value[0] == pytest.approx(row[1], rel=1e-12)
    assert gradient[:, 0] == pytest.approx(np.array(row[2:]), rel=1e-11)


@pytest.mark.parametrize("T", [0.001, 0.03, 0.07, 0.1, 0.1049])
@pytest.mark.parametrize(("beta", "alpha"), [(0.12, 3.0), (0.365, 1.0), (0.5, 0.6), (0.03, 7.0)])
def test_gradient_against_central_differences(T: float, beta: float, alpha: float) -> None:
    at = np.array([1.59, 0.105, beta, alpha])
    _, gradient = order_parameter_law(T, *at)
    for index, step in enumerate(at * np.array([1e-5, 1e-7, 1e-5, 1e-5])):
        shift = np.zeros(4)
        shift[index] = step
        above, _ = order_parameter_law(T, *(at + shift))
        below, _ = order_parameter_law(T, *(at - shift))
        numeric = (above - below)[0] / (2 * step)
        rounding = 4e-16 / step
        assert gradient[index, 0] == pytest.approx(numeric, rel=1e-6, abs=rounding)


def test_nothing_above_the_transition_and_nu0_at_zero() -> None:
    value, gradient = order_parameter_law([0.0, 0.105, 0.2], **TRUTH)
    assert value == pytest.approx([1.59, 0.0, 0.0])
    assert gradient[:, 0] == pytest.approx([1.0, 0.0, 0.0, 0.0])
    assert not gradient[:, 1:].any()
    assert not order_parameter_slope([0.0, 0.105, 0.2], **TRUTH).any()


def test_digits_survive_next_to_the_transition() -> None:
    """For T = T_N (1 - d) and alpha = 1 the bracket is d itself."""
    distance = 2.0**-40
    value, _ = order_parameter_law(1.0 - distance, 1.0, 1.0, 0.5, 1.0)
    assert value[0] == pytest.approx(2.0**-20, rel=1e-15)


def test_local_slope_in_the_critical_region() -> None:
    """beta_eff = d ln nu / d ln(1 - x) = beta alpha x^(alpha-1) (1-x)/(1-x^alpha), from a table."""
    for x, expected in [(0.5, 0.0514285714286), (0.9, 0.107601476015), (0.99, 0.118796000135)]:
        T = 0.105 * x
        value, _ = order_parameter_law(T, **TRUTH)
        local = -order_parameter_slope(T, **TRUTH)[0] * 0.105 * (1 - x) / value[0]
        assert local == pytest.approx(expected, rel=1e-10)
