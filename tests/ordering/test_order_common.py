"""The error of a calibration that all runs of a scan share."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from made_runs import made_asymmetry

from musrcu.errors import FitError
from musrcu.fitting.fit import fit
from musrcu.models.laws import order_parameter_law
from musrcu.ordering.common_shifts import at_what_is_known
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.two_step import fit_order_parameter
from musrcu.reduction.asymmetry import asymmetry_and_error

T = np.array([0.02, 0.04, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.1, 0.102, 0.104])
TRUTH = (1.59, 0.105, 0.12, 3.0)
NU, SLOPES = order_parameter_law(T, *TRUTH)
ERROR = np.full(T.size, 0.002)
MODEL = "exponential + damped_cosine + constant"


@pytest.mark.parametrize("latent", [False, True])
@pytest.mark.parametrize(("place", "name"), [(0, "nu0"), (1, "T_N"), (2, "beta")])
def test_a_shift_along_one_parameter_moves_that_one_alone(
    place: int, name: str, latent: bool
) -> None:
    step = 0.2 * np.sqrt(1 / (SLOPES[place] ** 2 / ERROR**2).sum())
    noise = 1e-4 * np.random.default_rng(3).normal(size=T.size)
    errors = np.full(T.size, 5e-5) if latent else None
    plain = OrderPoints(T, errors, NU + 0 * noise, ERROR)
    shared = dataclasses.replace(plain, common={"alpha = 1.0(1)": SLOPES[place] * step})
    alone, found = fit_order_parameter(plain), fit_order_parameter(shared)
    assert found.values == pytest.approx(alone.values, rel=1e-6)
    moved = found.common["alpha = 1.0(1)"]
    for other in ("nu0", "T_N", "beta"):
        tolerance = 0.02 * alone[other].error
        assert moved[other] == pytest.approx(step if other == name else 0.0, abs=tolerance)
    assert found[name].error == pytest.approx(np.hypot(alone[name].error, step), rel=0.01)
    assert alone[name].minos is not None
    assert found[name].minos is not None
    for side, before in zip(found[name].minos, alone[name].minos, strict=True):
        assert abs(side) == pytest.approx(np.hypot(before, step), rel=0.02)
    (text,) = (line for line in found.summary().splitlines() if line.startswith("shared by"))
    assert text.startswith("shared by all runs, balance alpha = 1.0(1) moves ")
    assert f" {name} by " in text
    again = OrderParameter.from_dict(found.to_dict())
    assert again.common == found.common
    assert again.points.common.keys() == found.points.common.keys()


def test_pulls_need_the_common_part() -> None:
    """All frequencies of an experiment move together; unsaid, the errors are too small."""
    rng = np.random.default_rng(11)
    common = 0.004 * NU
    pulls = []
    for _ in range(100):
        value = NU + ERROR * rng.normal(size=T.size) + common * rng.normal()
        row = []
        for told in ({"alpha = 1": common}, {}):
            order = fit_order_parameter(
                OrderPoints(T, None, value, ERROR, common=told), minos=False
            )
            row.append((order.nu0.value - TRUTH[0]) / order.nu0.error)
        pulls.append(row)
    widths = np.std(pulls, axis=0, ddof=1)
    assert abs(widths[0] - 1) < 4 / np.sqrt(200)
    assert widths[1] > 2
    assert np.abs(np.mean(pulls, axis=0)[0]) < 4 / np.sqrt(100)


def test_values_at_the_calibrated_alpha_are_those_of_a_held_alpha() -> None:
    data = made_asymmetry()
    f, b = 0.5 * (1 + data.value), 0.5 * (1 - data.value)
    n = 1 / (data.error**2) * (1 - data.value**2)
    value, error = asymmetry_and_error(np.array([f, b]) * n, np.array([f, b]) * n, 1.03)
    off = data.replace(value=value, error=error, alpha=1.03)
    held = fit(off, MODEL)
    carried = fit(off.replace(alpha_error=0.02), MODEL)
    assert carried["A_bg"].error > 5 * held["A_bg"].error  # that is what alpha decides
    for name in ("nu2", "lambda1", "A_bg"):
        (found,), (sigma,), common = at_what_is_known([carried], name)
        assert found == pytest.approx(held[name].value, abs=0.05 * held[name].error)
        assert sigma == pytest.approx(held[name].error, rel=0.02)
        total = np.hypot(sigma, common["alpha = 1.03(2)"][0])
        assert total == pytest.approx(carried[name].error, rel=0.01)


def test_what_a_user_says_of_all_runs_is_shared_too() -> None:
    """A phase known within an error: at its value the fits are those with the phase held."""
    data = made_asymmetry(events=2e5)
    held = fit(data, MODEL, fixed={"phi2": 3.0})
    carried = fit(data, MODEL, constraints={"phi2": (3.0, 4.0)})
    (found,), (sigma,), common = at_what_is_known([carried], "nu2", {"phi2"})
    assert found == pytest.approx(held["nu2"].value, abs=0.05 * held["nu2"].error)
    assert sigma == pytest.approx(held["nu2"].error, rel=0.05)  # of a line of few counts
    (shift,) = common["phi2 = 3(4)"]
    assert abs(shift) > 0.3 * sigma
    moved = fit(data, MODEL, fixed={"phi2": 7.0})
    assert shift == pytest.approx(moved["nu2"].value - held["nu2"].value, rel=0.1)


def test_a_shift_that_is_no_row_of_numbers() -> None:
    with pytest.raises(FitError, match="common shift by alpha must be one finite number per run"):
        OrderPoints(T, None, NU, ERROR, common={"alpha": np.ones(3)})


def test_what_is_shared_and_moves_nothing_is_not_listed() -> None:
    T = np.array([0.02, 0.04, 0.06, 0.08, 0.09, 0.1])
    nu = 1.59 * (1 - (T / 0.105) ** 3) ** 0.12
    for size, said in ((1e-7, "moves nothing by more than 0.01 of its error"),
                       (1e-2, "moves nu0 by 0.01 MHz (in the errors)")):  # fmt: skip
        shared = {"alpha = 1.0(1)": size * nu / 1.59}
        order = fit_order_parameter(OrderPoints(T, None, nu, np.full(6, 0.01), common=shared))
        assert f"shared by all runs, balance alpha = 1.0(1) {said}" in order.summary()
        assert abs(order.common["alpha = 1.0(1)"]["nu0"]) == pytest.approx(size, rel=0.05, abs=1e-7)
