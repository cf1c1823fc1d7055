"""Leave-one-out against plain least squares that know nothing of the package."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from fixed_scan import NU, NU_ERROR, T
from scipy.optimize import least_squares

from musrcu.errors import FitError
from musrcu.ordering.influence import Influence, influence
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.two_step import fit_order_parameter

TRUTH = (1.59, 0.105, 0.12)
NAMES = ("nu0", "T_N", "beta")
STEPS = np.array([1e-4, 1e-6, 1e-4])

Residuals = Callable[[np.ndarray], np.ndarray]


def law(t: np.ndarray, nu0: float, T_N: float, beta: float) -> np.ndarray:
    return nu0 * np.maximum(1 - (np.maximum(t, 0) / T_N) ** 3, 1e-300) ** beta


def naive(t: np.ndarray, nu: np.ndarray, error: np.ndarray) -> Residuals:
    return lambda p: (nu - law(t, *p)) / error


def latent(t: np.ndarray, dt: float, nu: np.ndarray, error: np.ndarray) -> Residuals:
    """With a true temperature of each run behind the three parameters of the law."""
    return lambda p: np.concatenate([(nu - law(p[3:], *p[:3])) / error, (t - p[3:]) / dt])


def solved(residuals: Residuals, start: np.ndarray) -> tuple[np.ndarray, float]:
    found = least_squares(
        residuals, start, x_scale=np.abs(start), xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=2000
    )
    return found.x, 2 * found.cost


def errors_of(residuals: Residuals, best: np.ndarray) -> np.ndarray:
    """From second differences of half of chi-square."""

    def half(p: np.ndarray) -> float:
        return 0.5 * float((residuals(p) ** 2).sum())

    moves = np.diag(STEPS)
    hessian = np.array([
        [(half(best + a + b) - half(best + a - b) - half(best - a + b) + half(best - a - b))
         / (4 * a.sum() * b.sum()) for b in moves]
        for a in moves
    ])  # fmt: skip
    return np.sqrt(np.diag(np.linalg.inv(hessian)))


class TestNaive:
    order = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR))
    found = influence(order)

    @pytest.mark.parametrize("place", range(13))
    def test_against_refits_by_least_squares(self, place: int) -> None:
        keep = np.arange(13) != place
        residuals = naive(T[keep], NU[keep], NU_ERROR[keep])
        best, chi2 = solved(residuals, np.array(self.order.values[:3]))
        run = self.found.runs[place]
        errors = errors_of(residuals, best)
        for name, value, error in zip(NAMES, best, errors, strict=True):
            assert run.values[name] == pytest.approx(value, abs=0.02 * error)
            assert run.errors[name] == pytest.approx(error, rel=0.03)
            one = self.order[name]
            assert one.minos is not None
            side = one.minos[int(value > one.value)]
            expected = (value - one.value) / abs(side)
            assert run.shifts[name] == pytest.approx(expected, abs=0.03)
            assert run.growth[name] == pytest.approx(error / one.error, rel=0.04)
        assert run.residual**2 == pytest.approx(self.order.chi2 - chi2, abs=2e-3)
        assert np.sign(run.residual) in (0, np.sign(NU[place] - law(T[place], *best)))

    def test_leverages_are_as_many_as_parameters(self) -> None:
        assert sum(run.leverage for run in self.found.runs) == pytest.approx(3.0)

    def test_the_hottest_run_carries_the_result(self) -> None:
        assert self.found.carrier is self.found.runs[-1]
        assert "Run 13 (0.104 K) carries the result: without it the error of T_N grows" in (
            self.found.summary()
        )
        assert self.found.mover.label == "2"

    def test_json(self) -> None:
        data = json.loads(json.dumps(self.found.to_dict(), allow_nan=False))
        assert [run["run"] for run in data["runs"]] == [str(n) for n in range(1, 14)]
        assert data["sentence"] == self.found.sentence()


def test_leverage_is_what_the_curve_follows_a_run() -> None:
    """By refits with one frequency moved, where errors are so small that the law is straight."""
    error = 0.01 * NU_ERROR
    nu = law(T, *TRUTH)
    found = influence(fit_order_parameter(OrderPoints(T, None, nu, error), minos=False))
    for place in (0, 8, 12):
        ends = []
        for sign in (1, -1):
            moved = nu.copy()
            moved[place] += sign * error[place]
            best, _ = solved(naive(T, moved, error), np.array(TRUTH))
            ends.append(law(T[place : place + 1], *best)[0])
        followed = (ends[0] - ends[1]) / (2 * error[place])
        assert found.runs[place].leverage == pytest.approx(followed, rel=0.02)


def test_latent_against_refits_by_least_squares() -> None:
    random = np.random.default_rng(4)
    dt = 3e-4
    nu = law(T, *TRUTH) + 0.5 * NU_ERROR * random.normal(size=13)
    points = OrderPoints(T + dt * random.normal(size=13), np.full(13, dt), nu, NU_ERROR)
    order = fit_order_parameter(points, method="latent")
    found = influence(order)
    measured = points.temperature
    for place in (1, 9, 11):
        keep = np.arange(13) != place
        residuals = latent(measured[keep], dt, nu[keep], NU_ERROR[keep])
        start = np.array([*order.values[:3], *np.minimum(measured[keep], 0.999 * order.T_N.value)])
        best, chi2 = solved(residuals, start)
        run = found.runs[place]
        for name, value in zip(NAMES, best, strict=False):
            assert run.values[name] == pytest.approx(value, abs=0.03 * order[name].error)
        assert run.residual**2 == pytest.approx(order.chi2 - chi2, abs=5e-3)
    assert sum(run.leverage for run in found.runs) == pytest.approx(3.0)
    assert all(0 <= run.leverage <= 1 for run in found.runs)


def test_a_run_without_which_there_is_no_fit() -> None:
    few = [2, 8, 12]
    found = influence(fit_order_parameter(OrderPoints(T[few], None, NU[few], NU_ERROR[few])))
    assert found.sentence() == (
        "There is no fit without run 1 (0.04 K) or run 2 (0.09 K) or run 3 (0.104 K): without any "
        "of these, 2 ordered runs do not determine 3 parameters."
    )
    assert found.summary().count("  no fit  ") == 3
    assert json.dumps(found.to_dict(), allow_nan=False)


def test_the_only_run_at_a_third_temperature() -> None:
    t = np.array([0.04, 0.04, 0.09, 0.09, 0.104])
    points = OrderPoints(t, None, law(t, *TRUTH), np.full(5, 0.02))
    found = influence(fit_order_parameter(points))
    assert [run.valid for run in found.runs] == [True] * 4 + [False]
    assert "There is no fit without run 5 (0.104 K): without it, " in found.sentence()
    assert "too few different temperatures" in found.sentence()


def test_no_single_run() -> None:
    """Each of the three temperatures three times."""
    t = np.repeat([0.04, 0.09, 0.104], 3)
    error = np.full(9, 0.01)
    nu = law(t, *TRUTH) + 0.003 * np.tile([1, 0, -1], 3)
    found = influence(fit_order_parameter(OrderPoints(t, None, nu, error)))
    assert found.carrier is None
    assert found.sentence().startswith("No single run carries the result: the largest change is")


def test_a_run_that_moves_the_result() -> None:
    """One low frequency among good ones, two runs at each temperature: errors hardly grow."""
    t = np.repeat(T, 2)
    nu = law(t, *TRUTH)
    nu[21] -= 0.25
    found = influence(fit_order_parameter(OrderPoints(t, None, nu, np.repeat(NU_ERROR, 2))))
    assert found.carrier is found.mover is found.runs[21]
    assert found.runs[21].residual == pytest.approx(-8, abs=1.5)
    assert "Run 22 (0.099 K) carries the result: without it " in found.sentence()


class TestBound:
    def fit(self, bound: float | None) -> Influence:
        points = OrderPoints(T, None, NU, NU_ERROR, upper_bound=bound)
        return influence(fit_order_parameter(points))

    def test_far_above_it_is_not_felt(self) -> None:
        assert self.fit(0.13).unbounded is None
        assert self.fit(None).unbounded is None

    def test_close_to_T_N_it_is(self) -> None:
        found = self.fit(0.1052)
        assert found.unbounded is not None
        free = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR))
        assert found.unbounded.T_N.value == pytest.approx(free.T_N.value, abs=1e-6)
        assert "Without the runs above T_N: T_N = 0.1051(7) K" in found.summary()


def test_an_amplitude_has_its_own_names() -> None:
    points = OrderPoints(T, None, 0.1 * NU, 0.1 * NU_ERROR, unit="")
    found = influence(fit_order_parameter(points, parameter="A2"))
    assert set(found.runs[0].shifts) == {"A0", "T_N", "beta"}
    assert "run  T (K)  A0 " in found.summary()


def test_a_free_exponent_is_followed_too() -> None:
    found = influence(fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR), alpha="free"))
    assert set(found.runs[0].shifts) == {"nu0", "T_N", "beta", "alpha"}
    assert sum(run.leverage for run in found.runs) == pytest.approx(4.0)


def test_no_influence_on_a_fit_that_is_not_valid() -> None:
    order = fit_order_parameter(OrderPoints(T[:2], None, NU[:2], NU_ERROR[:2]))
    with pytest.raises(FitError, match="not valid has no influence of runs: 2 ordered runs"):
        influence(order)
