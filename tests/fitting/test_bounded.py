"""Minima at limits, without bounds, and never worse than those of a smaller model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from asymmetries import asymmetry

import musrcu as mu
from musrcu.constants import MUON_LIFETIME
from musrcu.fitting.asymmetry_data import AsymmetryData
from musrcu.fitting.start import Start
from musrcu.models.model import Model


def thrown(expression: str, values: list[float], width: float, last: float, seed: int = 1) -> Any:
    """An asymmetry of 2e7 decays with Gaussian noise."""
    time = np.arange(width / 2, last, width)
    error = 1 / np.sqrt(2e7 * width / MUON_LIFETIME * np.exp(-time / MUON_LIFETIME))
    value = Model(expression).value(time, values)
    return asymmetry(time, value + np.random.default_rng(seed).normal(0, error), error)


def hopping(width: float, last: float, seed: int) -> Any:
    values = [0.24, 0.35, 10.0, 0.6, 0.02]
    return thrown("dynamic_gaussian_kt_lf + constant", values, width, last, seed)


@pytest.mark.parametrize(("width", "seed"), [(0.05, 1), (0.1, 1), (0.1, 2)])
def test_a_vague_parameter_is_not_held_at_a_limit_that_is_far_away(width: float, seed: int) -> None:
    """Errors of hop of 1e7 1/us put the limit 0 within a part in ten thousand of them."""
    found = mu.fit(
        hopping(width, 14.0, seed), "dynamic_lorentzian_kt_lf + constant", fixed={"B_LF1": 10.0}
    )
    assert not found["hop1"].at_limit
    for hop in (0.5, 5.0, 500.0):
        there = mu.fit(
            hopping(width, 14.0, seed), "dynamic_lorentzian_kt_lf + constant",
            fixed={"B_LF1": 10.0, "hop1": hop},
        )  # fmt: skip
        assert found.chi2 < there.chi2 + 0.1
    assert any(note.startswith("the data do not bound hop1 above: ") for note in found.notes)


def test_exponential_decay_bounds_neither_width_nor_rate() -> None:
    data = thrown("exponential + constant", [0.2, 0.4, 0.03], 0.05, 10.0)
    notes = " ".join(mu.fit(data, "abragam + constant").notes)
    assert "the data do not bound delta1 above" in notes
    assert "the data do not bound hop1 above" in notes


def test_a_static_curve_holds_hopping_at_zero() -> None:
    data = thrown("gaussian + constant", [0.2, 0.4, 0.03], 0.05, 10.0, 2)
    found = mu.fit(data, "abragam + constant")
    assert found["hop1"].value < 0.02
    assert not any("do not bound" in note for note in found.notes)


def test_what_is_determined_is_bounded() -> None:
    data = thrown("exponential + constant", [0.2, 0.001, 0.0], 0.05, 10.0)
    notes = mu.fit(data, "exponential").notes
    assert not any("do not bound" in note for note in notes)


def test_a_spin_glass_that_is_static_says_what_is_not_known() -> None:
    data = thrown("gaussian_kt + constant", [0.2, 0.4, 0.03], 0.05, 10.0)
    found = mu.fit(data, "uemura_spin_glass + constant")
    unbound = any(note.startswith("the data do not bound hop1") for note in found.notes)
    assert unbound or found["hop1"].value < 1e3
    assert found["hop1"].value > 1e-6  # nothing in the data says that it does not fluctuate


@pytest.mark.parametrize(("nu", "rate", "amplitude"), [(14.0, 0.3, 1e-3), (24.0, 0.05, 1e-2)])
def test_a_model_is_never_worse_than_without_a_term(
    nu: float, rate: float, amplitude: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search begins where two equal lines sit at a frequency at which there is none."""
    values = [0.2, 0.3, 1.3, 20.0, 0.1, 0.1, 4.0, -10.0, 0.02]
    truth = "damped_cosine + damped_cosine + constant"
    data = thrown(truth, values, 0.02, 8.0)
    search = AsymmetryData.starts

    def wrong(self: AsymmetryData, cost: Any) -> list[Start]:
        if len(cost.freedom.model.terms) < 3:
            return search(self, cost)
        x = np.array([amplitude, rate, nu, 0.0, amplitude, rate, nu, 0.0, 0.02])
        return [Start(x, cost(x))]

    right = mu.fit(data, truth)
    monkeypatch.setattr(AsymmetryData, "starts", wrong)
    found = mu.fit(data, truth)
    smaller = mu.fit(data, "damped_cosine + constant")
    assert found.chi2 <= smaller.chi2 + 0.01
    assert found.alternative is None or found.chi2 <= found.alternative.chi2 + 0.01
    assert right.chi2 <= found.chi2 + 0.01
