"""Runs without order as terms of the cost: by hand, by brute force, and what becomes of T_N."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from musrcu.errors import FitError
from musrcu.ordering.censored import CensoredRuns
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.two_step import constrained_chi2, fit_order_parameter, likelihood_root

T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
AT = (1.59, 0.105, 0.3, 3.0)
METHODS = ("naive", "effective", "effective_plain", "latent")


def law(t: np.ndarray, nu0: float, T_N: float, beta: float, alpha: float = 3.0) -> np.ndarray:
    """The law as a textbook writes it; independent of the package."""
    return nu0 * np.maximum(1 - (t / T_N) ** alpha, 0.0) ** beta


def drawn(
    seed: int, T_error: float | None, above: tuple[float, ...], **more: object
) -> OrderPoints:
    random = np.random.default_rng(seed)
    nu = law(T, *AT) + NU_ERROR * random.normal(size=13)
    errors = None if T_error is None else np.full(13, T_error)
    shift = 0.0 if errors is None else errors * random.normal(size=13)
    return OrderPoints(T + shift, errors, nu, NU_ERROR, not_ordered=above, **more)


def runs(errors: tuple[float, ...] = (), detectable: tuple[float, ...] = ()) -> CensoredRuns:
    given = drawn(0, None, (0.1, 0.1045, 0.106), not_ordered_error=errors, detectable=detectable)
    found = CensoredRuns.of(given)
    assert found is not None
    return found


def test_cost_of_exact_temperatures() -> None:
    cost, gradient = runs(detectable=(0.3, 0.2, 0.1)).cost(AT)
    assert cost == pytest.approx(((law(np.array([0.1, 0.1045]), *AT) / [0.3, 0.2]) ** 2).sum())
    assert runs().cost(AT)[0] == pytest.approx(
        ((law(np.array([0.1, 0.1045]), *AT) / 0.3) ** 2).sum()
    )
    _check_gradient(runs(detectable=(0.3, 0.2, 0.1)), gradient)


def test_cost_with_errors_of_temperatures() -> None:
    """The true temperature of each where it costs least, by trying 400,000 of them."""
    errors, detectable = (4e-4, 5e-4, 0.0), (0.3, 0.2, 0.1)
    cost, gradient = runs(errors, detectable).cost(AT)
    expected = 0.0
    for place, error, least in ((0.1, 4e-4, 0.3), (0.1045, 5e-4, 0.2)):
        t = np.append(np.linspace(place - 5e-3, place + 12e-3, 400_001), AT[1])
        expected += np.min((law(t, *AT) / least) ** 2 + ((place - t) / error) ** 2)
    assert cost == pytest.approx(expected, rel=1e-6)
    assert cost < runs(detectable=detectable).cost(AT)[0]
    _check_gradient(runs(errors, detectable), gradient)


def _check_gradient(censored: CensoredRuns, gradient: np.ndarray) -> None:
    for place in range(4):
        shift = np.zeros(4)
        shift[place] = 1e-7 * AT[place]
        above, below = (censored.cost(tuple(AT + sign * shift))[0] for sign in (1, -1))
        assert gradient[place] == pytest.approx((above - below) / (2 * shift[place]), rel=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_above_T_N_they_weigh_nothing(method: str) -> None:
    given = drawn(1, 3e-4, (0.13, 0.2), not_ordered_error=(3e-4, 3e-4))
    order = fit_order_parameter(given, method=method, above="censored", minos=False)
    alone = fit_order_parameter(replace(
        given, not_ordered=(), not_ordered_error=()), method=method, minos=False)  # fmt: skip
    assert order.values == pytest.approx(alone.values, rel=1e-5)
    assert order.cost == pytest.approx(alone.cost, abs=1e-6)
    assert order.ndof == alone.ndof == 10
    said = "2 runs without order from 0.13 K, censored: what the law gives them costs its square"
    assert said in order.bound
    assert "least that would have been seen, 0.3 MHz" in order.summary()
    assert "censored" not in fit_order_parameter(given, minos=False).summary()


@pytest.mark.parametrize("method", METHODS)
def test_likelihood_roots_of_every_method(method: str) -> None:
    given = drawn(2, 3e-4, (0.1055, 0.107), not_ordered_error=(3e-4, math.nan))
    options = {"method": method, "above": "censored", "nu_det": 0.2}
    order = fit_order_parameter(given, minos=False, **options)
    assert order.valid, order.reason
    for name, truth in (("nu0", 1.59), ("T_N", 0.105), ("beta", 0.3)):
        held = constrained_chi2(given, hold={name: truth}, **options)
        root = likelihood_root(order, name, truth)
        assert root**2 == pytest.approx(held - order.cost, abs=2e-3)
        assert root * (order[name].value - truth) >= 0
        assert abs(root) < 4


def test_the_upper_end_is_where_a_run_would_have_been_seen() -> None:
    """With beta = 0.3 the law rises so slowly below T_N that nu_det counts; by the profile."""
    given = drawn(3, None, (0.1052,))
    ends = []
    for nu_det in (0.15, 0.3, 0.6):
        order = fit_order_parameter(given, above="censored", nu_det=nu_det)
        assert order.T_N.minos is not None
        end = order.T_N.value + order.T_N.minos[1]
        held = constrained_chi2(given, hold={"T_N": end}, above="censored", nu_det=nu_det)
        assert held - order.cost == pytest.approx(1.0, abs=0.02)
        ends.append(end)
    bound = fit_order_parameter(given)
    assert bound.T_N_limits[1] == 0.1052
    assert 0.1052 < ends[0] < ends[1] < ends[2]


def test_a_run_far_below_T_N_is_told() -> None:
    order = fit_order_parameter(drawn(1, None, (0.1, 0.12)), above="censored", minos=False)
    assert order.valid
    term = float((law(np.array([0.1]), *order.values)[0] / 0.3) ** 2)
    assert order.cost - order.chi2 == pytest.approx(term)
    assert f"the run without order at 0.1 K adds {term:.1f} to the cost" in order.summary()


def test_T_N_at_an_exact_run_has_one_side() -> None:
    """With beta = 0.12, from a frequency of 0 to one of 0.3 MHz it takes a millionth of T_N."""
    nu = law(T, 1.59, 0.105, 0.12)
    given = OrderPoints(T, None, nu, NU_ERROR, not_ordered=(0.1044, 0.106))
    order = fit_order_parameter(given, above="censored")
    assert order.valid and order.T_N.at_limit
    assert order.T_N.value == 0.1044
    assert "T_N = 0.10440 K (at its upper bound), 68 % lower end 0.10" in order.summary()
    same = fit_order_parameter(replace(given, upper_bound=0.1044))
    assert order.beta.value == pytest.approx(same.beta.value, rel=1e-4)
    assert order.T_N.minos[0] == pytest.approx(same.T_N.minos[0], rel=1e-3)


def test_with_an_error_of_its_temperature_it_pulls_like_a_spring() -> None:
    """The run would have to be as warm as T_N: chi2 of its thermometer, (T_N - T)^2 / error^2."""
    nu = law(T, 1.59, 0.105, 0.12)
    given = OrderPoints(T, None, nu, NU_ERROR, not_ordered=(0.1046,), not_ordered_error=(2e-4,))
    order = fit_order_parameter(given, above="censored")
    assert order.valid and not order.T_N.at_limit
    assert 0.1046 < order.T_N.value < 0.105
    spring = ((order.T_N.value - 0.1046) / 2e-4) ** 2
    assert order.cost - order.chi2 == pytest.approx(spring, rel=1e-6)


def test_nothing_above_is_said() -> None:
    given = drawn(1, None, ())
    order = fit_order_parameter(given, above="censored", minos=False)
    assert order.bound.endswith("no run without order bounds it from above")
    assert order.values == fit_order_parameter(given, minos=False).values


def test_json_and_back() -> None:
    given = drawn(2, 3e-4, (0.1055, 0.107), not_ordered_error=(3e-4, math.nan))
    order = fit_order_parameter(given, above="censored", method="effective", minos=False)
    again = OrderParameter.from_dict(json.loads(json.dumps(order.to_dict(), allow_nan=False)))
    assert again.to_dict() == order.to_dict()
    assert (again.above, again.cost, again.points.detectable) == (
        "censored",
        order.cost,
        (0.3, 0.3),
    )
    assert again.points.not_ordered_error[0] == 3e-4
    assert likelihood_root(again, "T_N", 0.105) == likelihood_root(order, "T_N", 0.105)
    old = order.to_dict()
    for name in ("cost", "above", "thermometer_offset"):
        del old[name]
    assert OrderParameter.from_dict(old).cost == order.chi2


def test_fields_and_amplitudes() -> None:
    """What would have been seen is a frequency, also where fields are fitted."""
    given = drawn(2, None, (0.1051, 0.107))
    as_nu = fit_order_parameter(given, above="censored", nu_det=0.2, minos=False)
    as_field = fit_order_parameter(given, unit="mT", above="censored", nu_det=0.2, minos=False)
    assert as_field.T_N.value == pytest.approx(as_nu.T_N.value, rel=1e-6)
    assert as_field.points.detectable[0] == pytest.approx(0.2 / 0.1355388094)
    assert "seen, 1.48 mT" in as_field.bound
    amplitudes = replace(given, unit="")
    with pytest.raises(FitError, match="censored runs of an amplitude need nu_det"):
        fit_order_parameter(amplitudes, above="censored")
    order = fit_order_parameter(amplitudes, above="censored", nu_det=0.05, minos=False)
    assert order.points.detectable == (0.05, 0.05)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"above": "censor"}, "above = 'censor' is not one of bound, censored; did you mean"),
        ({"above": 3}, "above = 3 is not one of bound, censored"),
        ({"nu_det": 0.3}, "nu_det is of censored runs; give it with above = 'censored'"),
        ({"above": "censored", "nu_det": 0}, "nu_det = 0; expected a frequency in MHz, above 0"),
        ({"above": "censored", "nu_det": "x"}, "nu_det = 'x'; expected a frequency"),
        ({"method": "effective"}, "method 'effective' needs errors of temperatures above 0"),
    ],
)
def test_options_that_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(FitError, match=words):
        fit_order_parameter(drawn(1, None, (0.107,)), **options)  # type: ignore[arg-type]


def test_points_that_are_refused() -> None:
    with pytest.raises(FitError, match="2 runs without order but 1 entries in detectable"):
        drawn(1, None, (0.107, 0.108), detectable=(0.3,))
    with pytest.raises(FitError, match="detectable values above 0"):
        drawn(1, None, (0.107,), detectable=(0.0,))
    with pytest.raises(FitError, match="0 or above"):
        drawn(1, None, (0.107,), not_ordered_error=(-1.0,))
