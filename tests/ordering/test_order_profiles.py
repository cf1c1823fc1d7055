"""Profiles and contours of a fitted law against its cost with parameters held."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import FitError
from musrcu.fitting.contour import Contour
from musrcu.fitting.profile import Profile
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.two_step import constrained_chi2, fit_order_parameter

T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104])
NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
NU = np.array([1.58733, 1.60106, 1.56821, 1.55628, 1.54083, 1.51595, 1.47023, 1.44711, 1.4186,
               1.34559, 1.27579, 1.17632, 1.03168])  # fmt: skip
PLAIN = OrderPoints(T, None, NU, NU_ERROR)
ORDER = fit_order_parameter(PLAIN)


def test_a_profile_is_the_cost_with_one_parameter_held() -> None:
    for name in ("nu0", "T_N", "beta"):
        found = ORDER.profile(name, points=9)
        assert isinstance(found, Profile)
        for value, cost in list(zip(found.values, found.chi2, strict=True))[::4]:
            held = constrained_chi2(PLAIN, hold={name: float(value)})
            assert cost == pytest.approx(held, abs=1e-3)
        assert found.interval == pytest.approx(ORDER[name].minos, rel=5e-3)
        assert found.minimum == ORDER.chi2
        assert found.rise[[0, -1]] == pytest.approx([9.0, 9.0], abs=0.02)
        assert (found.rise > -1e-3).all() and (np.diff(found.values) > 0).all()
        assert (found.name, found.unit) == (name, ORDER[name].unit)
        assert found.parameters.shape == (found.values.size, 4)
    assert "nu2(T): profile of T_N: 0.10508 -0.00053 +0.00097 K" in ORDER.profile("T_N").summary()


def test_values_that_are_named() -> None:
    found = ORDER.profile("T_N", points=[0.106, 0.105])
    assert found.values.tolist() == [0.105, 0.106]
    assert found.rise[0] == pytest.approx(
        constrained_chi2(PLAIN, hold={"T_N": 0.105}) - ORDER.chi2, abs=1e-3
    )


@pytest.mark.parametrize("method", ["naive", "latent", "effective"])
def test_a_contour_is_where_the_cost_with_two_held_is_one_height(method: str) -> None:
    points = OrderPoints(T, np.full(13, 3e-4), NU, NU_ERROR, not_ordered=(0.107,),
                         not_ordered_error=(3e-4,))  # fmt: skip
    options = {"method": method, "above": "censored"}
    order = fit_order_parameter(points, minos=False, **options)
    found = order.contour("T_N", "beta", levels=0.683, points=16)
    assert isinstance(found, Contour)
    assert found.closed == (True,) and found.names == ("T_N", "beta")
    ((first, *others),) = (found.curves[0].tolist(),)
    assert others[-1] == first
    rise = -2 * math.log1p(-0.683)
    for T_N, beta in others[::5]:
        held = constrained_chi2(points, hold={"T_N": T_N, "beta": beta}, **options)
        assert held - order.cost == pytest.approx(rise, rel=0.02)


def test_a_parabola_has_an_ellipse() -> None:
    """With a twentieth of the errors the cost is a parabola: half axes by the errors."""
    exact = 1.59 * (1 - (T / 0.105) ** 3) ** 0.12
    order = fit_order_parameter(OrderPoints(T, None, exact, NU_ERROR / 20))
    (curve,) = order.contour("nu0", "beta", levels=0.954, points=24).curves
    for column, name in zip(curve.T, ("nu0", "beta"), strict=True):
        half = np.ptp(column) / 2
        expected = math.sqrt(-2 * math.log1p(-0.954)) * order[name].error
        assert half == pytest.approx(expected, rel=0.03)


def test_a_limit_cuts_a_region_open() -> None:
    order = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR, upper_bound=0.1055))
    region = order.contour("T_N", "beta", levels=0.683, points=16)
    assert region.closed == (False,)
    assert "it runs along the limit 0.1055 of T_N" in region.notes[0]
    assert region.curves[0][:, 0].max() == pytest.approx(0.1055)
    line = order.profile("T_N", points=5)
    assert line.notes == ("T_N ends at its limit 0.1055",)
    assert line.values[-1] == 0.1055


def test_what_runs_share_is_part_of_them() -> None:
    order = fit_order_parameter(PLAIN, thermometer_offset=5e-4)
    shared = order.profile("T_N", points=5).interval
    alone = ORDER.T_N.minos
    assert shared is not None and alone is not None
    for side, before in zip(shared, alone, strict=True):
        assert abs(side) == pytest.approx(math.hypot(before, 5e-4), rel=0.06)
    beta = order.profile("beta", points=3).interval
    assert beta == pytest.approx(ORDER.beta.minos, rel=0.02)


def test_a_free_exponent_and_a_steep_place() -> None:
    """Next to a run without order the cost turns up within a millionth of T_N."""
    points = OrderPoints(T, None, NU, NU_ERROR, not_ordered=(0.1055,))
    order = fit_order_parameter(points, alpha="free", above="censored", minos=False)
    found = order.profile("T_N", points=11)
    assert found.values.size > 11
    steep = found.values[1:][np.diff(found.rise) > 1]
    assert np.abs(steep - 0.1055).min() < 1e-4
    assert order.profile("alpha", points=3).values.size >= 3


def test_pictures_and_json() -> None:
    pytest.importorskip("matplotlib")
    line, region = ORDER.profile("beta", points=5), ORDER.contour("beta", "nu0", points=8)
    assert mu.plot.profile(line).get_ylabel().startswith("$")
    assert mu.plot.contour(region).get_legend() is not None
    json.dumps([line.to_dict(), region.to_dict()], allow_nan=False)
    assert "regions of beta and nu0 jointly" in region.summary()


def test_what_is_refused() -> None:
    with pytest.raises(FitError, match="alpha is not free in this fit; it has no profile"):
        ORDER.profile("alpha")
    with pytest.raises(FitError, match="no 'TN', only nu0, T_N, beta, alpha"):
        ORDER.profile("TN")
    with pytest.raises(FitError, match="two different parameters"):
        ORDER.contour("beta", "beta")
    with pytest.raises(FitError, match="levels = 1.5; give probabilities"):
        ORDER.contour("T_N", "beta", levels=1.5)
    for points, words in ((1, "two or more"), ([0.2, 0.05], "leave the limits"), ("x", "give a")):
        with pytest.raises(FitError, match=words):
            ORDER.profile("T_N", points=points)
    few = fit_order_parameter(OrderPoints(T[:2], None, NU[:2], NU_ERROR[:2]))
    with pytest.raises(FitError, match="not valid has no profile: 2 ordered runs do not"):
        few.profile("T_N")


def test_unequal_errors_beside_a_bound_of_T_N() -> None:
    """At its bound T_N may still move to where the other parameters want it."""
    near = T > 0.085
    value = 1.9 * (1 - T[near] / 0.1069) ** 0.15
    points = OrderPoints(T[near], None, value, NU_ERROR[near], not_ordered=(0.106,))
    order = fit_order_parameter(points, alpha=1.0)
    assert order.valid and order.T_N.at_limit
    for name in ("nu0", "beta"):
        sides = order[name].minos
        assert sides is not None
        assert abs(sides[0]) > 1.2 * order[name].error  # that of T_N held
        assert order.profile(name, points=5).interval == pytest.approx(sides, rel=5e-3)
        for side in sides:
            hold = {name: order[name].value + side}
            best = min(
                constrained_chi2(points, alpha=1.0, hold={**hold, "T_N": float(at)})
                for at in np.linspace(0.10402, 0.106, 100)
            )
            assert best - order.cost == pytest.approx(1.0, abs=0.01)
    assert any("unequal ones with it free" in note for note in order.notes)
