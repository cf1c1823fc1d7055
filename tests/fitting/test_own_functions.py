"""Fits with functions of users: as good as with musrcu's own, and they say what they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from asymmetries import asymmetry

import musrcu as mu
from musrcu.errors import FitError, ModelError
from musrcu.fitting.result import FitResult
from musrcu.models import registry

TIME = np.arange(0.005, 8.0, 0.01)


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registry.components()
    monkeypatch.setattr(registry, "_components", dict(registry._components))
    yield


def data(seed: int = 3):  # type: ignore[no-untyped-def]
    error = np.full(TIME.size, 0.003)
    value = 0.2 * np.exp(-0.7 * TIME) * np.cos(2 * np.pi * 1.3 * TIME + 0.2) + 0.05
    return asymmetry(TIME, value + np.random.default_rng(seed).normal(0, error), error)


def my_line(t, lambda_=0.5, nu=1.2, phi=0.0):  # type: ignore[no-untyped-def]
    """A damped line."""
    return np.exp(-lambda_ * t) * np.cos(2 * np.pi * nu * t + np.pi / 180 * phi)


def my_rough_line(t, lambda_=0.5, nu=1.2, phi=0.0):  # type: ignore[no-untyped-def]
    """The same, without complex numbers."""
    return np.exp(-float(lambda_) * t) * np.cos(2 * np.pi * float(nu) * t + np.pi / 180 * phi)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (my_line, "derivatives of my_line: complex step"),
        (my_rough_line, "derivatives of my_rough_line: complex step (phi), central differences "
                        "(lambda, nu)"),
    ],
)  # fmt: skip
def test_a_fit_is_that_of_the_built_in_component(function, said) -> None:  # type: ignore[no-untyped-def]
    key = mu.component(function).key
    found = mu.fit(data(), f"{key} + constant", start={"nu1": 1.25})
    true = mu.fit(data(), "damped_cosine + constant")
    assert found.valid, found.reason
    assert found.chi2 == pytest.approx(true.chi2, abs=1e-4)
    np.testing.assert_allclose(found.values, true.values, rtol=1e-4)
    np.testing.assert_allclose(found.errors, true.errors, rtol=1e-3)
    assert said in found.notes
    assert f"note: {said}" in found.summary()
    assert not any("derivatives" in note for note in true.notes)


def test_a_law_of_a_user_is_fitted_too() -> None:
    @mu.component(variable="T")
    def my_law(T, a=1.0, b=0.1):  # type: ignore[no-untyped-def]
        return a + b * T**2

    x = np.linspace(1.0, 5.0, 20)
    result = mu.fit_law(x, 2.0 + 0.3 * x**2, 0.01, "my_law")
    assert result["b"].value == pytest.approx(0.3, rel=1e-6)
    assert result.notes == ("derivatives of my_law: complex step",)


def test_derivatives_that_turn_out_wrong_are_taken_again() -> None:
    """Analytic where the fit begins and not where it ends: the fit is repeated."""

    @mu.component
    def half_analytic(t, rate=0.1):  # type: ignore[no-untyped-def]
        return np.exp(-(rate if np.real(rate) < 0.5 else np.real(rate)) * t)

    value = 0.2 * np.exp(-0.8 * TIME) + 0.05
    error = np.full(TIME.size, 0.003)
    made = asymmetry(TIME, value + np.random.default_rng(1).normal(0, error), error)
    found = mu.fit(made, "half_analytic + constant", start={"rate1": 0.1})
    true = mu.fit(made, "exponential + constant")
    assert found.chi2 == pytest.approx(true.chi2, abs=1e-4)
    np.testing.assert_allclose(found.errors, true.errors, rtol=1e-3)
    assert "derivatives of half_analytic: central differences" in found.notes


@pytest.mark.parametrize(
    ("wrong", "start", "sentence"),
    [
        ("np.nan * t", {}, r"component never is nan at t = 0.005 us, a = 1, where the fit begins"),
        ("np.log(a - t * 0)", {"a1": -1.0}, "component never is nan at t = 0.005 us, a = -1"),
        ("1 / (t - 0.005) * a", {}, "component never is inf at t = 0.005 us"),
    ],
)
def test_no_numbers_are_refused_before_the_fit(
    wrong: str, start: dict[str, float], sentence: str
) -> None:
    scope = {"np": np, "mu": mu}
    exec(f"@mu.component\ndef never(t, a=1.0): return {wrong}", scope)
    with pytest.raises(FitError, match=sentence):
        mu.fit(data(), "never + constant", start=start)


def test_nan_on_the_way_does_not_stop_a_fit() -> None:
    @mu.component
    def only_slow(t, rate=0.3):  # type: ignore[no-untyped-def]
        return np.exp(-rate * t) * (1.0 if np.real(rate) < 3 else np.nan)

    value = 0.2 * np.exp(-0.8 * TIME) + 0.05
    made = asymmetry(TIME, value, np.full(TIME.size, 0.003))
    found = mu.fit(made, "only_slow + constant")
    assert found["rate1"].value == pytest.approx(0.8, rel=1e-4)


def test_an_error_in_the_middle_of_a_fit_names_the_component() -> None:
    calls = []

    @mu.component
    def sometimes(t, rate=0.3):  # type: ignore[no-untyped-def]
        calls.append(rate)
        if len(calls) > 100:
            raise RuntimeError("tired")
        return np.exp(-rate * t)

    with pytest.raises(ModelError, match="component sometimes: it failed at rate = .*tired"):
        mu.fit(data(), "sometimes + constant")


def test_a_saved_result_is_loaded_without_its_function(tmp_path: Path) -> None:
    mu.component(my_line)
    result = mu.fit(data(), "my_line + constant", start={"nu1": 1.25})
    result.save(tmp_path / "fit.json")
    registry._components.pop("my_line")
    again = mu.load(tmp_path / "fit.json")
    assert isinstance(again, FitResult)
    assert again.summary() == result.summary()
    assert json.loads((tmp_path / "fit.json").read_text())["model"] == "my_line + constant"
    with pytest.raises(ModelError, match="no component is called 'my_line'.*--functions FILE"):
        again.curve(TIME)
    mu.component(my_line)
    np.testing.assert_array_equal(again.curve(TIME), result.curve(TIME))


def slopes(factor: float):  # type: ignore[no-untyped-def]
    return lambda t, value, lambda_: (-factor * t * value,)


def decaying():  # type: ignore[no-untyped-def]
    value = 0.2 * np.exp(-0.8 * TIME) + 0.05
    return asymmetry(TIME, value, np.full(TIME.size, 0.003))


def test_given_derivatives_are_compared_and_named() -> None:
    @mu.component("exp(-lambda t)", derivatives=slopes(1.0))
    def my_decay(t, lambda_=0.5):  # type: ignore[no-untyped-def]
        return np.exp(-lambda_ * t)

    @mu.component(together=lambda t, rate: (np.exp(-rate * t), [-t * np.exp(-rate * t)]))
    def solved_decay(t, rate=0.5):  # type: ignore[no-untyped-def]
        return np.exp(-rate * t)

    assert "derivatives of my_decay: given, checked" in mu.fit(decaying(), "my_decay").notes
    assert "derivatives of solved_decay: given, checked" in mu.fit(decaying(), "solved_decay").notes


@pytest.mark.parametrize("factor", [-1.0, 1.01, 2.0, np.nan])
def test_given_derivatives_that_are_wrong_are_refused(factor: float) -> None:
    @mu.component("exp(-lambda t)", derivatives=slopes(factor))
    def wrong_slope(t, lambda_=0.5):  # type: ignore[no-untyped-def]
        return np.exp(-lambda_ * t)

    with pytest.raises(ModelError, match="disagree with the function in lambda at t = ") as caught:
        mu.fit(decaying(), "wrong_slope + constant", start={"lambda1": 0.5})
    sentence = str(caught.value)
    assert sentence.startswith("derivatives= of wrong_slope disagree")
    if np.isfinite(factor):  # largest at t = 2 = 1/lambda, where it is -2 exp(-1)
        at, given, differences = re.findall(r"(?:= |given |differences )([-.\d]+)", sentence)
        assert float(at) == pytest.approx(2.0, abs=0.01)
        assert float(differences) == pytest.approx(-2 * np.exp(-1), rel=1e-4)
        assert float(given) == pytest.approx(-2 * factor * np.exp(-1), rel=1e-4)


def test_derivatives_that_are_wrong_where_the_fit_ends_are_refused() -> None:
    @mu.component(
        derivatives=lambda t, value, rate: [-t * value if rate < 0.7 else -0.9 * t * value]
    )
    def wrong_later(t, rate=0.3):  # type: ignore[no-untyped-def]
        return np.exp(-rate * t)

    with pytest.raises(ModelError, match="derivatives= of wrong_later disagree"):
        mu.fit(decaying(), "wrong_later + constant", start={"rate1": 0.3})


def test_given_derivatives_of_a_function_with_an_edge_are_let_pass() -> None:
    """A step at t0: where it lies, differences are no derivative."""

    def derivatives(t, value, rate, t0):  # type: ignore[no-untyped-def]
        return [-np.maximum(t - t0, 0) * value, np.where(t > t0, rate * value, 0.0)]

    @mu.component(derivatives=derivatives)
    def delayed(t, rate=0.3, t0=1.005):  # type: ignore[no-untyped-def]
        return np.exp(-rate * np.maximum(t - t0, 0.0))

    result = mu.fit(decaying(), "delayed + constant", fixed={"t01": 1.005})
    assert "derivatives of delayed: given, checked" in result.notes


def test_a_law_with_a_wrong_derivative_is_refused() -> None:
    @mu.component(variable="T", derivatives=lambda T, value, a, b: (np.ones_like(T), T))
    def wrong_law(T, a=1.0, b=0.1):  # type: ignore[no-untyped-def]
        return a + b * T**2

    x = np.linspace(1.0, 5.0, 20)
    with pytest.raises(ModelError, match="wrong_law disagree with the function in b at T = 5 K: "
                                         "given 5, differences 25"):  # fmt: skip
        mu.fit_law(x, 2.0 + 0.3 * x**2, 0.01, "wrong_law")
