"""The slope next to T_N against tables, finite differences, plain algebra and simulation."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fixed_scan import NU, NU_ERROR, T

from musrcu.errors import FitError
from musrcu.ordering.critical import critical_region, local_slope
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.power_law import power_laws
from musrcu.ordering.two_step import fit_order_parameter


def law(t: np.ndarray, nu0: float, T_N: float, beta: float, alpha: float) -> np.ndarray:
    """The law as a textbook writes it; independent of the package."""
    return nu0 * (1 - (t / T_N) ** alpha) ** beta


def numerical_slope(t: np.ndarray, T_N: float, beta: float, alpha: float) -> np.ndarray:
    """Slope of ln nu against ln(1 - T/T_N) by central differences."""
    step = 1e-5 * (1 - t / T_N)
    up, down = (law(t + sign * step * T_N, 1.0, T_N, beta, alpha) for sign in (-1, 1))
    e = 1 - t / T_N
    return (np.log(up) - np.log(down)) / (np.log(e + step) - np.log(e - step))


@pytest.mark.parametrize(
    ("x", "expected"),
    [(0.5, 0.0514285714286), (0.9, 0.107601476015), (0.99, 0.118796000135), (0.999, 0.11987996)],
)
def test_table_of_local_slopes(x: float, expected: float) -> None:
    assert local_slope(x, 0.12, 3.0)[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.5, 1.5, 3.0, 8.0])
def test_local_slope_is_the_derivative(alpha: float) -> None:
    x = np.array([0.05, 0.3, 0.7, 0.95, 0.995])
    assert local_slope(x, 0.3, alpha) == pytest.approx(numerical_slope(x, 1.0, 0.3, alpha), 1e-6)


def test_ends_of_the_local_slope() -> None:
    assert local_slope([0.0, 0.3, 0.999999], 0.2, 1.0) == pytest.approx([0.2] * 3, rel=1e-12)
    assert local_slope(0.0, 0.2, 3.0)[0] == 0.0
    assert local_slope(1 - 1e-12, 0.2, 3.0)[0] == pytest.approx(0.2, rel=1e-11)
    assert np.isnan(local_slope([-0.1, 1.0, 1.2], 0.2, 3.0)).all()


@pytest.mark.parametrize("alpha", [3.0, "free"])
def test_error_of_the_slope_by_finite_differences(alpha: float | str) -> None:
    order = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR), alpha=alpha)
    at = np.array([0.05, 0.09, 0.1, 0.104])
    values = dict(zip(("nu0", "T_N", "beta", "alpha"), order.values, strict=True))
    columns = []
    for name in order.names:
        ends = []
        for sign in (1, -1):
            moved = {**values, name: values[name] * (1 + 1e-6 * sign)}
            del moved["nu0"]
            ends.append(local_slope(at / moved.pop("T_N"), **moved))
        columns.append((ends[0] - ends[1]) / (2e-6 * values[name]))
    gradient = np.array(columns)
    expected = np.sqrt(np.einsum("in,ij,jn->n", gradient, order.covariance, gradient))
    slope, error = order.effective_beta(at)
    assert slope == pytest.approx(numerical_slope(at, *order.values[1:]), rel=1e-5)
    assert error == pytest.approx(expected, rel=1e-4)


class TestRegion:
    order = fit_order_parameter(OrderPoints(T, np.full(13, 1e-5), NU, NU_ERROR))
    region = critical_region(order)

    def test_reduced_temperatures(self) -> None:
        T_N = self.order.T_N.value
        assert self.region.reduced == pytest.approx(1 - T / T_N)
        assert self.region.reduced_error == pytest.approx(np.full(13, 1e-5 / T_N))
        assert self.region.reduced_common == pytest.approx(T / T_N**2 * self.order.T_N.error)
        assert self.region.value == pytest.approx(NU / self.order.nu0.value)
        assert self.region.error == pytest.approx(NU_ERROR / self.order.nu0.value)

    def test_runs_inside(self) -> None:
        assert self.region.inside.tolist() == [False] * 9 + [True] * 4
        wide = critical_region(self.order, above=0.8)
        assert wide.inside.tolist() == [False] * 7 + [True] * 6
        assert wide.free.error < self.region.free.error

    def test_the_runs_alone_say_less(self) -> None:
        free, held, beta = self.region.free, self.region.held, self.order.beta
        assert free.n_runs == held.n_runs == 4
        assert free.error > 1.5 * held.error > 1.5 * beta.error
        low, high = held.by_T_N or (0.0, 0.0)
        assert low < 0 < high

    def test_summary(self) -> None:
        text = self.region.summary()
        assert "4 of 13 runs at T/T_N above 0.9, T_N = 0.1051(7) K" in text
        assert "the error of T_N moves all 1 - T/T_N together, by 0.0067" in text
        assert "beta_eff = 0.109 at T/T_N = 0.9, beta = 0.122 at T_N" in text
        assert "T_N free: slope 0.11(5)" in text
        assert "with T_N one error lower and higher (4 runs)" in text

    def test_json(self) -> None:
        data = json.loads(json.dumps(self.region.to_dict(), allow_nan=False))
        assert data["T_N_free"]["n_runs"] == 4
        assert len(data["reduced"]) == 13

    @pytest.mark.parametrize("above", [-0.1, 1.0, np.nan])
    def test_no_region(self, above: float) -> None:
        with pytest.raises(FitError, match="expected 0 to below 1"):
            critical_region(self.order, above=above)


def test_a_region_without_enough_runs_says_so() -> None:
    few = [2, 5, 8, 12]
    order = fit_order_parameter(OrderPoints(T[few], None, NU[few], NU_ERROR[few]))
    region = critical_region(order)
    assert not region.free.valid and not region.held.valid
    assert "T_N free: no slope: 1 ordered run does not determine 3 parameters" in region.summary()
    assert json.dumps(region.to_dict(), allow_nan=False)


HOT = np.array([*T[:-1], 0.1066])


def test_a_run_beyond_T_N() -> None:
    points = OrderPoints(HOT, np.full(13, 1e-3), NU, NU_ERROR, upper_bound=0.1055)
    region = critical_region(fit_order_parameter(points, method="latent"))
    assert region.beyond == ("13",)
    assert np.isnan(region.slope[-1]) and np.isfinite(region.slope[:-1]).all()
    assert "beyond T_N" in region.summary()
    assert json.dumps(region.to_dict(), allow_nan=False)


def test_three_runs_for_three_parameters() -> None:
    """The slope that comes closest to them is 0.99, and says nothing."""
    points = OrderPoints(HOT, np.full(13, 1e-3), NU, NU_ERROR)
    region = critical_region(fit_order_parameter(points, method="latent"))
    assert region.free.n_runs == 3 and region.free.ndof == 0
    assert not region.free.valid
    assert "T_N free: no slope: these runs leave it anywhere from 0.0" in region.summary()


def test_no_region_of_a_fit_that_is_not_valid() -> None:
    order = fit_order_parameter(OrderPoints(T[:2], None, NU[:2], NU_ERROR[:2]))
    with pytest.raises(FitError, match="not valid has no critical region: 2 ordered runs"):
        critical_region(order)


def test_only_a_fit_has_a_region() -> None:
    points = OrderPoints(T, None, NU, NU_ERROR)
    with pytest.raises(FitError, match="OrderPoints has no critical region; expected an Order"):
        critical_region(points)  # type: ignore[arg-type]


class TestPowerLaws:
    """Runs of a known power of 1 - T/T_N."""

    T = 10.0 * np.array([0.905, 0.92, 0.935, 0.95, 0.96, 0.97, 0.98, 0.985])
    nu = 20.0 * (1 - T / 10.0) ** 0.33
    error = np.full(8, 0.1)
    exact = OrderPoints(T, None, nu, error)
    order = fit_order_parameter(exact, alpha=1.0)

    def columns(self) -> np.ndarray:
        """Derivatives of B e^s in B, s and T_N over the errors, as a textbook has them."""
        e = 1 - self.T / 10.0
        by_T_N = 20.0 * 0.33 * e ** (0.33 - 1) * self.T / 100.0
        return np.stack([e**0.33, self.nu * np.log(e), by_T_N], axis=1) / self.error[:, None]

    def test_errors_of_exact_runs(self) -> None:
        free, held = power_laws(self.order, self.exact)
        found = free.slope, held.slope, 0.1 * free.T_N
        assert found == pytest.approx((0.33, 0.33, 1.0), abs=1e-4)
        a = self.columns()
        assert held.error == pytest.approx(
            np.sqrt(np.linalg.inv(a[:, :2].T @ a[:, :2])[1, 1]), 0.02
        )
        covariance = np.linalg.inv(a.T @ a)
        assert free.error == pytest.approx(np.sqrt(covariance[1, 1]), rel=0.1)
        # the slope at a T_N that is off by its error
        assert held.by_T_N is not None
        shift = -np.linalg.lstsq(a[:, :2], a[:, 2], rcond=None)[0][1]
        low, high = self.order.T_N.minos or (0.0, 0.0)
        assert held.by_T_N == pytest.approx((shift * low, shift * high), rel=0.2)

    def test_errors_of_simulated_runs(self) -> None:
        random = np.random.default_rng(7)
        free, held = [], []
        for _ in range(40):
            drawn = replace(self.exact, value=self.nu + self.error * random.normal(size=8))
            one, other = power_laws(self.order, drawn)
            held.append((other.slope - 0.33) / other.error)
            low, high = one.minos or (0.0, 0.0)
            free.append(one.slope + low < 0.33 < one.slope + high)
        assert abs(np.mean(held)) < 0.48
        assert 0.7 < np.std(held) < 1.35
        assert 18 <= sum(free) <= 36  # 27 expected, three standard deviations are 9

    def test_T_N_at_its_bound_leaves_the_other_side_free(self) -> None:
        """The bound is the true T_N: only slopes of a lower T_N are left, as without the bound."""
        points = replace(self.exact, upper_bound=10.0)
        bounded, held = power_laws(self.order, points)
        free, _ = power_laws(self.order, self.exact)
        assert np.isnan(bounded.error) and np.isnan(bounded.T_N_error)
        assert bounded.minos is not None and free.minos is not None and held.minos is not None
        assert bounded.minos[0] == pytest.approx(free.minos[0], rel=0.03)
        assert bounded.minos[1] == pytest.approx(held.minos[1], rel=0.05)
        assert "(MINOS), T_N at its bound 10 K (8 runs)" in str(bounded)


def test_a_T_N_at_its_bound_is_said_to_be_there() -> None:
    near = np.array([0.09, 0.095, 0.099, 0.102, 0.104])
    points = OrderPoints(near, None, 1.9 * (1 - near / 0.1069) ** 0.15, np.full(5, 0.03),
                         not_ordered=(0.106,))  # fmt: skip
    order = fit_order_parameter(points, unit="mT", alpha=1.0)
    assert order.T_N.at_limit
    text = critical_region(order, above=0.5).summary()
    assert text.startswith(
        "critical region of B (nu2): 5 of 5 runs at T/T_N above 0.5, T_N = 0.106"
    )
    assert "(at its upper bound), 68 % lower end" in text.splitlines()[0]
    assert "with T_N one error lower (5 runs)" in text
