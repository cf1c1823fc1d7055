"""The frequencies of a molecular antiferromagnet and the fit that was published with them.

Ni(9S3)2[Ni(bdt)2]2, six runs: nu0 = 1.67 MHz, T_N = 6.3 K, beta = 0.26 with alpha = 1, the weights
not stated. The refits in the file were made by another program, every point with the same weight.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.ordering.points import OrderPoints


@pytest.fixture(scope="module")
def table(real: Path) -> dict[str, Any]:
    text = (real / "order_parameter_tables.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["tables"][0])


def points(table: dict[str, Any], last: float = 0.02) -> OrderPoints:
    """The six runs with 0.02 MHz each, the last with an error of its own."""
    size = len(table["temperature_K"])
    return OrderPoints(
        np.array(table["temperature_K"]),
        None,
        np.array(table["frequency_MHz"]),
        np.array([0.02] * (size - 1) + [last]),
        upper_bound=table["bracket_TN_K"][1],
    )


def rms(found: mu.OrderParameter, table: dict[str, Any]) -> float:
    left = np.array(table["frequency_MHz"]) - found.predict(table["temperature_K"])
    return math.sqrt(float(left @ left) / len(left))


def test_equal_weights_give_the_refit_of_another_program(table: dict[str, Any]) -> None:
    held, free = table["our_refit_unweighted"]
    found = mu.fit_order_parameter(points(table), parameter="nu", alpha=1.0)
    assert found.valid
    assert found.nu0.value == pytest.approx(held["nu0_MHz"], abs=6e-5)
    assert found.T_N.value == pytest.approx(held["TN_K"], abs=6e-5)
    assert found.beta.value == pytest.approx(held["beta"], abs=6e-5)
    assert rms(found, table) == pytest.approx(held["rms_MHz"], abs=6e-5)
    found = mu.fit_order_parameter(points(table), parameter="nu", alpha="free")
    assert found.nu0.value == pytest.approx(free["nu0_MHz"], abs=1e-4)
    assert found.T_N.value == pytest.approx(free["TN_K"], abs=5e-4)
    assert found.beta.value == pytest.approx(free["beta"], abs=3e-4)
    assert found.alpha.value == pytest.approx(free["alpha"]["value"], abs=5e-4)
    assert rms(found, table) == pytest.approx(free["rms_MHz"], abs=6e-5)
    # the error of the file is from the scatter of the points, ours from their errors of 0.02 MHz
    scatter = math.sqrt(found.chi2 / found.ndof)
    assert scatter * found.alpha.error == pytest.approx(free["alpha"]["error"], abs=6e-3)


def test_the_published_digits_are_those_of_an_uncertain_last_point(table: dict[str, Any]) -> None:
    """0.75 MHz against 0.66: equal weights give beta 0.27, an error between gives the print."""
    printed = table["published_fit"]
    wanted = (printed["nu0_MHz"], printed["TN_K"], printed["beta"])
    digits = {}
    for last in (0.02, 0.03, 0.05, 0.09):
        found = mu.fit_order_parameter(points(table, last), parameter="nu", alpha=1.0)
        digits[last] = (
            round(found.nu0.value, 2), round(found.T_N.value, 1), round(found.beta.value, 2)
        )  # fmt: skip
        for name, value in zip(("nu0", "T_N", "beta"), wanted, strict=True):
            assert abs(found[name].value - value) < 0.4 * found[name].error
    assert digits[0.03] == digits[0.05] == wanted
    assert digits[0.02] == (1.67, 6.3, 0.27)
    assert digits[0.09] == (1.67, 6.2, 0.26)


def test_the_critical_temperature_lies_in_the_bracket(table: dict[str, Any]) -> None:
    """With alpha free chi2 falls from 3.1 to 0.2 for one parameter: alpha = 1 is at the edge."""
    low, high = table["bracket_TN_K"]
    held, free = (
        mu.fit_order_parameter(points(table), parameter="nu", alpha=alpha) for alpha in (1.0, None)
    )
    assert low < held.T_N.value < free.T_N.value < high
    assert 2.5 < held.chi2 - free.chi2 < 3.5
    assert free.T_N.minos is not None
    assert free.T_N.value + free.T_N.minos[1] == pytest.approx(high, abs=1e-6)  # the bound
