"""Functions fitted to what they do not describe: the result says so, and only then."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, get_args

import numpy as np
import pytest
from asymmetries import RUN, asymmetry

import musrcu as mu
from musrcu.constants import GAMMA_MU
from musrcu.errors import ModelError
from musrcu.fitting.result import FitResult
from musrcu.fitting.validity import not_meant_for
from musrcu.models import registry
from musrcu.models.model import Model
from musrcu.models.parameter import Kind
from musrcu.models.registry import find_component
from musrcu.models.validity import TRIPLET, WEAK, Validity

TIME = np.arange(0.01, 10.0, 0.02)


def kubo(t: Any, delta: float) -> Any:
    x = (delta * t) ** 2
    return 1 / 3 + 2 / 3 * (1 - x) * np.exp(-x / 2)


def fitted(model: str, value: Any, field: float | None, **more: Any) -> FitResult:
    noise = 1e-3 * np.random.default_rng(3).standard_normal(TIME.size)
    run = dataclasses.replace(RUN, field=field)
    data = asymmetry(TIME, value + noise, np.full(TIME.size, 1e-3), run=run)
    return mu.fit(data, model, **more)


@pytest.mark.parametrize("field", [50.0, -50.0, 5.0])
def test_a_function_of_zero_field_in_a_field(field: float) -> None:
    result = fitted("gaussian_kt + constant", 0.2 * kubo(TIME, 0.4), field)
    said = f"gaussian_kt is for zero field and the run's header says {field:g} G: see "
    assert f"{said}gaussian_kt_lf" in result.notes


@pytest.mark.parametrize("field", [None, 0.0, 0.1])
def test_a_function_of_zero_field_in_none(field: float | None) -> None:
    result = fitted("gaussian_kt", 0.2 * kubo(TIME, 0.4), field)
    assert not any("zero field" in note for note in result.notes)


ZERO_FIELD = [
    "gaussian_kt", "lorentzian_kt", "voigtian_kt", "interpolating_kt", "broadened_kt",
    "dynamic_gaussian_kt", "dynamic_lorentzian_kt", "dynamic_voigtian_kt",
    "mu_f", "f_mu_f", "f_mu_f_ff", "muonium", "muonium_axial",
]  # fmt: skip


def doubts(key: str, field: float | None, **values: float) -> list[str]:
    model = Model(key)
    own = [values.get(p.name, p.default) for p in find_component(key).parameters]
    return not_meant_for(model, np.array([0.2, *own]), TIME, field)


@pytest.mark.parametrize("key", ZERO_FIELD)
def test_every_function_of_zero_field(key: str) -> None:
    (said,) = doubts(key, 50.0)
    assert said.startswith(f"{key} is for zero field and the run's header says 50 G: see ")
    assert doubts(key, 0.0) == doubts(key, None) == []
    known = find_component(key)
    assert known.valid is not None and known.valid.text.startswith("zero field")


@pytest.mark.parametrize("key", ["gaussian_kt_lf", "keren", "muonium_lf", "damped_cosine"])
def test_others_hold_in_a_field(key: str) -> None:
    assert doubts(key, 50.0, hop=10.0) == []


@pytest.mark.parametrize("ratio", [0.0, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("kind", ["gaussian", "lorentzian"])
def test_a_field_that_is_not_named_changes_little(kind: str, ratio: float) -> None:
    """Just below the limit the function in a field differs by less than 0.015."""
    width = 0.7
    field = 0.99 * WEAK * width * max(1.0, ratio) / GAMMA_MU
    name = {"gaussian": "delta", "lorentzian": "a"}[kind]
    assert doubts(f"dynamic_{kind}_kt", field, **{name: width}, hop=ratio * width) == []
    without = find_component(f"dynamic_{kind}_kt")(TIME, width, ratio * width)
    within = find_component(f"dynamic_{kind}_kt_lf")(TIME, width, field, ratio * width)
    assert np.abs(without - within).max() < 0.015
    (said,) = doubts(f"dynamic_{kind}_kt", 3 * field, **{name: width}, hop=ratio * width)
    assert said.endswith(f"see dynamic_{kind}_kt_lf")


def test_muonium_turns_a_hundred_times_faster() -> None:
    assert pytest.approx(103, abs=0.5) == TRIPLET / GAMMA_MU  # 1.394 MHz/G, half the difference
    assert doubts("muonium", 0.003) == []
    assert len(doubts("muonium", 0.1)) == 1


def keren(t: Any, delta: float, omega: float, hop: float) -> Any:
    """As printed by Keren, Phys. Rev. B 50, 10039 (1994), equation 3."""
    both = hop**2 + omega**2
    turned = (hop**2 - omega**2) * (1 - np.exp(-hop * t) * np.cos(omega * t))
    turned += 2 * hop * omega * np.exp(-hop * t) * np.sin(omega * t)
    return np.exp(-2 * delta**2 / both**2 * (both * hop * t - turned))


@pytest.mark.parametrize("omega", [0.0, 0.5, 1.0, 2.0, 5.0, 14.0, 16.0])
@pytest.mark.parametrize("hop", [0.1, 1.6, 5.9, 6.1, 20.0])
def test_keren_is_as_good_as_is_said(omega: float, hop: float) -> None:
    """For delta = 1: wherever no doubt is said it is within 0.01 of the exact dynamics."""
    field = omega / GAMMA_MU
    exact = find_component("dynamic_gaussian_kt_lf")(TIME, 1.0, field, hop)
    off = np.abs(keren(TIME, 1.0, omega, hop) - exact).max()
    said = doubts("keren", field, delta=1.0, B_LF=field, hop=hop)
    if not said:
        assert off < 0.01
    assert bool(said) == (hop < 6 and omega < 15)


def test_a_slow_keren_is_named_in_a_fit() -> None:
    delta, hop = 0.5, 0.8
    result = fitted("keren", 0.2 * keren(TIME, delta, 0.0, hop), 0.0)
    assert (
        "keren is within 0.01 of the polarisation for hop above 6 delta, and here hop/delta = 1.6: "
        "use dynamic_gaussian_kt_lf"
    ) in result.notes
    fast = fitted("keren", 0.2 * keren(TIME, 0.5, 0.0, 5.0), 0.0, fixed={"hop1": 5.0})
    assert not any("keren" in note for note in fast.notes)
    assert doubts("keren", 0.0, delta=0.0, hop=0.0) == []


@pytest.mark.parametrize(
    ("hop", "order", "named"),
    [(10, 0.0, True), (60, 0.0, False), (10, 0.97, False), (10, 1.0, False)],
)
def test_a_slow_spin_glass_is_named(hop: float, order: float, named: bool) -> None:
    said = doubts("uemura_spin_glass", 0.0, a=1.0, hop=hop, Q=order)
    assert bool(said) == named
    if named:
        assert "for hop above 50 a sqrt(1 - Q), and here that ratio is 10" in said[0]


def test_a_spin_glass_is_as_good_as_is_said() -> None:
    """Against the mean of dynamic Gaussian sites, whose widths are a over a normal deviate."""
    from scipy.special import ndtri

    a, t = 2.0, np.linspace(0.002, 8.0, 400)
    sites = a / ndtri(0.5 + (np.arange(100) + 0.5) / 200)
    glass, one_site = find_component("uemura_spin_glass"), find_component("dynamic_gaussian_kt")
    for hop, low, high in ((50 * a, 0.0, 0.03), (5 * a, 0.1, 0.2)):
        exact = np.mean([one_site(t, min(delta, 200.0), hop) for delta in sites], axis=0)
        assert low < np.abs(glass(t, a, hop, 0.0) - exact).max() < high


def test_a_doubt_that_fails_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.components()
    monkeypatch.setattr(registry, "_components", dict(registry._components))
    broken = Validity("never", lambda field, longest, lambda_: str(1 / 0))

    @mu.component(parameters=[mu.Parameter("lambda", "1/us", 0.5, lower=0.0)], valid=broken)
    def doubtful(t, lambda_):  # type: ignore[no-untyped-def]
        return np.exp(-lambda_ * t)

    message = "component doubtful: the doubt of its validity: ZeroDivisionError: division by zero"
    with pytest.raises(ModelError, match=message):
        fitted("doubtful", 0.2 * np.exp(-0.3 * TIME), 0.0)


def test_a_parameter_says_all_its_kinds() -> None:
    text = inspect.getdoc(mu.Parameter) or ""
    for kind in get_args(Kind):
        assert f'``"{kind}"``' in text
