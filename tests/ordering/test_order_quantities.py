"""Fields, amplitudes and power laws through the door of the frequency."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from made_runs import made_scan

import musrcu as mu
from musrcu.errors import FitError, MusrcuError
from musrcu.ordering.points import OrderPoints

MHZ_PER_T = 135.5388094  # CODATA 2022
T = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.095, 0.1, 0.103])
SHAPE = (1 - (T / 0.105) ** 3) ** 0.12
NOISE = np.array([0.3, -1.1, 0.8, -0.2, 1.2, -0.6, 0.1, -0.9, 0.7, 0.4, -0.5])


def points(scale: float, unit: str, error: float = 0.01) -> OrderPoints:
    """The curve of the paper, every value off by a part of its error."""
    return OrderPoints(
        T, np.full(T.shape, 2e-4), scale * (SHAPE + error * NOISE), scale * error * np.ones(T.size),
        upper_bound=0.11, unit=unit, common={"alpha = 1.00(2)": np.full(T.size, 1e-3 * scale)},
        left_out=("12: undecided",), left_out_at=((0.1045, 0.5 * scale),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "per_MHz", "name"),
    [
        ("G", 1e4 / MHZ_PER_T, "B0"), ("mT", 1e3 / MHZ_PER_T, "B0"), ("T", 1 / MHZ_PER_T, "B0"),
        ("", 0.05, "A0"),
    ],
)  # fmt: skip
def test_another_unit_moves_the_saturation_alone(unit: str, per_MHz: float, name: str) -> None:
    """The fit of the same points in other numbers: T_N, beta, chi2 and errors do not move."""
    nu = mu.fit_order_parameter(points(1.59, "MHz"), parameter="nu2")
    other = mu.fit_order_parameter(points(1.59 * per_MHz, unit), parameter="X")
    assert nu.valid
    assert other.valid
    assert other.names == (name, "T_N", "beta")
    for word in ("T_N", "beta"):
        assert other[word].value == pytest.approx(nu[word].value, rel=1e-6)
        assert other[word].error == pytest.approx(nu[word].error, rel=2e-3)
        assert other[word].minos == pytest.approx(nu[word].minos, rel=2e-2)
    assert other.chi2 == pytest.approx(nu.chi2, abs=1e-4)
    for found in (other[name], other.saturation, getattr(other, name)):
        assert found.value == pytest.approx(per_MHz * nu.nu0.value, rel=1e-6)
        assert found.error == pytest.approx(per_MHz * nu.nu0.error, rel=2e-3)
        assert (found.name, found.unit) == (name, unit)
    moved, of_nu = other.common["alpha = 1.00(2)"], nu.common["alpha = 1.00(2)"]
    assert moved[name] == pytest.approx(per_MHz * of_nu["nu0"], rel=1e-3)
    assert other.predict([0.05]) == pytest.approx(per_MHz * nu.predict([0.05]), rel=1e-6)
    assert other.band([0.05])[0] == pytest.approx(per_MHz * nu.band([0.05])[0], rel=1e-4)
    root = mu_root(other, name, 1.6 * per_MHz)
    assert root == pytest.approx(mu_root(nu, "nu0", 1.6), abs=1e-3)
    with pytest.raises(AttributeError, match=f"X was fitted as .* at T = 0 is called {name}"):
        _ = other.nu0
    with pytest.raises(KeyError, match=f"has {name}, T_N, beta, alpha, not 'nu0'"):
        _ = other["nu0"]


def mu_root(order: mu.OrderParameter, name: str, truth: float) -> float:
    from musrcu.ordering.two_step import constrained_chi2, likelihood_root

    found = likelihood_root(order, name, truth)
    more = constrained_chi2(order.points, hold={name: truth}, method=order.method) - order.chi2
    shared = order.common["alpha = 1.00(2)"][name] / order[name].error
    assert abs(found) == pytest.approx(np.sqrt(more * (1 - shared**2)), rel=1e-3)
    return found


def test_a_frequency_as_field(tmp_path: Path) -> None:
    nu = mu.fit_order_parameter(points(1.59, "MHz"), parameter="nu2")
    field = mu.fit_order_parameter(points(1.59, "MHz"), parameter="nu2", unit="mT")
    assert field.B0.value == pytest.approx(1e3 * nu.nu0.value / MHZ_PER_T, rel=1e-6)
    assert field.B0.unit == "mT"
    assert field.points.left_out_at[0][1] == pytest.approx(795 / MHZ_PER_T, rel=1e-6)
    told = field.summary()
    assert told.startswith(
        "B(T) = B0 [1 - (T/T_N)^alpha]^beta, B = nu2 / (0.13553881 MHz/mT), 11 ordered runs\nB0 = "
    )
    assert "|dB/dT| sigma_T reaches" in told
    assert re.search(r"moves B0 by 0.0\d+ mT\b", told)
    field.save(tmp_path / "field.json")
    data = json.loads((tmp_path / "field.json").read_text())
    assert "nu0" not in data
    assert (data["B0"]["unit"], data["points"]["unit"], data["names"][0]) == ("mT", "mT", "B0")
    again = mu.load(tmp_path / "field.json")
    assert isinstance(again, mu.OrderParameter)
    assert again.to_dict() == field.to_dict()
    assert again.B0.value == field.B0.value
    back = mu.fit_order_parameter(field.points, parameter="nu2", unit="MHz")
    assert back.nu0.value == pytest.approx(nu.nu0.value, rel=1e-6)


def test_what_was_saved_before_there_were_fields(tmp_path: Path) -> None:
    data = mu.fit_order_parameter(points(1.59, "MHz")).to_dict()
    for name in ("unit", "window"):
        del data["points"][name]
    (tmp_path / "old.json").write_text(json.dumps(data))
    old = mu.load(tmp_path / "old.json")
    assert isinstance(old, mu.OrderParameter)
    assert (old.nu0.value, old.points.unit) == (data["nu0"]["value"], "MHz")


def test_an_amplitude_of_a_scan() -> None:
    """The runs of a made scan all have A2 = 0.045(10): flat, so beta ends at its limit."""
    scan = made_scan()
    found = mu.fit_order_parameter(scan, parameter="A2")
    assert found.quantity.kind == "amplitude"
    assert found.A0.unit == ""
    assert found.points.value == pytest.approx(0.045)
    assert not found.valid
    assert "do not determine beta" in found.reason
    assert mu.fit_order_parameter(scan, parameter="nu2").valid
    with pytest.raises(FitError, match="asymmetry without unit and cannot be shown in mT"):
        mu.fit_order_parameter(scan, parameter="A2", unit="mT")
    with pytest.raises(FitError, match="phi2 of the scan has the unit deg; .*: A1, A2, nu2, A_bg"):
        mu.fit_order_parameter(scan, parameter="phi2")


def test_values_that_are_not_above_zero_are_called_what_they_are() -> None:
    for unit, word in (("MHz", "frequency"), ("mT", "field"), ("", "amplitude")):
        found = mu.fit_order_parameter(OrderPoints(T, None, -SHAPE, 0 * T + 0.1, unit=unit))
        assert found.reason == f"no {word} is above 0"
        assert found.saturation.unit == unit
    with pytest.raises(FitError, match="order parameter in 'mHz' is not known, expected MHz"):
        OrderPoints(T, None, SHAPE, 0 * T + 0.1, unit="mHz")


def test_a_power_law_in_the_critical_region() -> None:
    """12 (1 - T/T_N)^0.36 above 0.09 K only; below the points do something else."""
    hot = np.linspace(0.09, 0.1045, 10)
    law = 12 * (1 - hot / 0.105) ** 0.36
    cold = np.array([0.01, 0.03, 0.05, 0.07])
    all_T, value = np.r_[cold, hot], np.r_[5.9, 5.9, 5.8, 5.7, law]
    made = OrderPoints(all_T, None, value, 0.01 * value, upper_bound=0.11)
    found = mu.fit_order_parameter(made, alpha=1, temperature_range=(0.08, 0.2))
    assert found.valid
    assert found.nu0.value == pytest.approx(12, rel=2e-4)  # twice the highest of the points
    assert found.T_N.value == pytest.approx(0.105, abs=1e-6)
    assert found.beta.value == pytest.approx(0.36, abs=1e-4)
    assert len(found.points) == 10
    assert found.points.window == (0.08, 0.2)
    assert found.left_out == tuple(f"{k}: outside 0.08 to 0.2 K" for k in (1, 2, 3, 4))
    assert "left out: outside 0.08 to 0.2 K: 1-4" in found.summary()
    assert found.points.left_out_at == tuple(zip(cold, value[:4], strict=True))
    assert found.points.upper_bound == 0.11  # the run without order still bounds T_N
    whole = mu.fit_order_parameter(made, alpha=1)
    assert abs(whole.beta.value - 0.36) > 0.05
    assert mu.OrderParameter.from_dict(found.to_dict()).points.window == (0.08, 0.2)


@pytest.mark.parametrize("given", [(0.2, 0.08), (0.1,), "0.1", (-1, 2), (float("nan"), 1), 0.1])
def test_what_is_no_range_of_temperatures(given: object) -> None:
    with pytest.raises(MusrcuError, match="temperature_range is .* expected two temperatures in K"):
        mu.fit_order_parameter(points(1.59, "MHz"), temperature_range=given)  # type: ignore[arg-type]


def test_a_window_with_too_few_runs() -> None:
    found = mu.fit_order_parameter(points(1.59, "MHz"), temperature_range=(0.0999, 0.2))
    assert not found.valid
    assert found.reason == "2 ordered runs do not determine 3 parameters"
    assert len(found.left_out) == 10
