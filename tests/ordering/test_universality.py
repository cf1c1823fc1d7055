"""Exponents of universality classes against relations they obey, and distances by hand."""

from __future__ import annotations

import json
import math

import pytest
from fixed_scan import NU, NU_ERROR, T

from musrcu.errors import FitError
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.two_step import fit_order_parameter
from musrcu.ordering.universality import CLASSES, universality

BETA = {one.name: one for one in CLASSES}


@pytest.mark.parametrize(
    ("name", "nu", "eta", "tolerance"),
    [
        ("3D XY", 0.6717, 0.0381, 1e-4),
        ("3D Heisenberg", 0.7112, 0.0375, 3e-4),
        ("3D Ising", 0.629971, 0.0362978, 3e-6),
    ],
)
def test_scaling_relation_of_three_dimensions(
    name: str, nu: float, eta: float, tolerance: float
) -> None:
    """It is beta = nu (1 + eta) / 2, with nu and eta as the same papers print them."""
    assert BETA[name].beta == pytest.approx(nu * (1 + eta) / 2, abs=tolerance)


def test_exact_exponents() -> None:
    assert BETA["2D Ising"].beta == 1 / 8
    assert BETA["mean field"].beta == 1 / 2
    assert BETA["2D XY (finite size)"].beta == pytest.approx(0.231, abs=5e-4)
    assert BETA["3D Ising"].beta == pytest.approx(0.5181489 / (3 - 1.412625), abs=1e-6)
    assert [one.beta for one in CLASSES] == sorted(one.beta for one in CLASSES)


def test_distances_in_unequal_errors() -> None:
    order = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR))
    found = universality(order)
    low, high = order.beta.minos or (0.0, 0.0)
    away = dict(zip(BETA, found.distances, strict=True))
    assert away["2D Ising"] == pytest.approx((0.125 - order.beta.value) / high)
    assert away["3D Heisenberg"] == pytest.approx(
        (0.3689 - order.beta.value) / math.hypot(high, 0.0003)
    )
    assert found.within(1) == ("2D Ising",)
    assert low < 0


def test_a_steeper_fit_uses_its_lower_error() -> None:
    order = fit_order_parameter(OrderPoints(T, None, 20 * (1 - T / 0.1052) ** 0.5, 5 * NU_ERROR),
                                alpha=1.0)  # fmt: skip
    found = universality(order)
    low, _ = order.beta.minos or (0.0, 0.0)
    away = dict(zip(BETA, found.distances, strict=True))
    assert away["3D XY"] == pytest.approx((0.3486 - order.beta.value) / -low, rel=1e-3)


def test_what_is_not_claimed() -> None:
    order = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR))
    text = universality(order).summary()
    assert "beta of a fit to all temperatures is no critical exponent, and with alpha held" in text
    betas = [row.beta for row in order.beta_for_alpha if row.chi2 - order.chi2 < 9]
    apart = (max(betas) - min(betas)) / order.beta.error
    assert f"{apart:.1f} of its errors apart" in text
    free = universality(fit_order_parameter(order.points, alpha="free")).summary()
    assert "no critical exponent" in free and "apart" not in free


def test_exponents_that_the_runs_exclude_are_not_counted() -> None:
    nu = 1.59 * (1 - (T / 0.105) ** 3) ** 0.12
    text = universality(fit_order_parameter(OrderPoints(T, None, nu, 0.1 * NU_ERROR))).summary()
    assert "no critical exponent; of alpha = 1.5, 2, 3, 4 the runs allow 3 alone" in text


def test_runs_of_the_critical_region_alone() -> None:
    near = T > 0.0945
    points = OrderPoints(T[near], None, NU[near], 0.1 * NU_ERROR[near])
    order = fit_order_parameter(points, alpha=1.0)
    assert order.valid
    assert "still no proof of a class" in universality(order).summary()


def test_json() -> None:
    found = universality(fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR)))
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [one["name"] for one in data["classes"]] == list(BETA)
    assert all(one["source"] for one in data["classes"])


def test_no_classes_of_a_fit_that_is_not_valid() -> None:
    order = fit_order_parameter(OrderPoints(T[:2], None, NU[:2], NU_ERROR[:2]))
    with pytest.raises(FitError, match="no beta to compare"):
        universality(order)
