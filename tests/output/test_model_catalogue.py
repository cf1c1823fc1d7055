"""The model functions as text: by family, readable in a terminal, and one in all detail."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import ModelError
from musrcu.models import registry
from musrcu.models.parameter import Parameter
from musrcu.models.registry import Component, components, find_component
from musrcu.output.families import families, family
from musrcu.output.model_catalogue import derivatives, ends, number, shortened


def row(text: str, name: str) -> str:
    return next(line for line in text.split("\n") if line.split()[:1] == [name])


def test_every_model_is_listed_in_its_family() -> None:
    text = mu.catalogue("models")
    for known in components().values():
        line = row(text, known.key)
        assert known.formula in line
        assert line.endswith(", ".join(p.name for p in known.parameters) or "-")
    titles = [line for line in text.split("\n")[1:-1] if line and not line.startswith(" ")]
    assert titles == list(families())
    assert text.index("\nPrecession\n") < text.index("  damped_cosine ")
    assert text.index("  damped_cosine ") < text.index("\nLaws of temperature\n")
    assert text.index("\nLaws of temperature\n") < text.index("  order_parameter ")


@pytest.mark.parametrize("width", [80, 100, 200])
def test_lines_are_no_wider_than_the_terminal(width: int) -> None:
    text = mu.catalogue("models", width=width)
    assert max(map(len, text.split("\n"))) <= width
    assert len([key for key in components() if row(text, key)]) == len(components())
    assert row(text, "exponential").split() == ["exponential", "exp(-lambda", "t)", "lambda"]


@pytest.mark.parametrize("name", sorted(components()))
def test_one_model(name: str) -> None:
    known = components()[name]
    text = mu.catalogue("models", name)
    whole = " ".join(text.split())
    assert text.startswith(f"{name}: {known.meaning}")
    assert " ".join(known.formula.split()) in whole
    for p in known.parameters:
        line = row(text.partition("meaning\n")[2], p.name)
        assert p.meaning in line
        assert p.unit in line
        assert f" {p.default:g} " in line
    assert f"source: {known.reference}" in whole
    assert known.certificate is not None
    assert f"truth: {known.certificate.method} (musrcu verify {name})" in whole
    assert (
        f"certificate: error at most {known.certificate.accuracy:.0e}".replace("e-0", "e-") in whole
    )
    if known.variable == "t":
        assert f"alone in a model: {', '.join(mu.Model(name).names)}" in whole
    for p in known.parameters:
        low, high = p.certified
        assert f"{p.name} {low:g} to {high:g}" in whole
    assert bool(known.parameters) == ("derivatives: " in whole)


def test_what_a_function_is_of() -> None:
    assert "(t: time, us)" in mu.catalogue("models", "gaussian")
    assert "(T: temperature, K)" in mu.catalogue("models", "order_parameter")


def decay(**changes: object) -> Component:
    rate = Parameter("lambda", "1/us", 0.5, "relaxation rate", lower=0.0)

    def function(t: np.ndarray, lambda_: float) -> np.ndarray:
        """A decay."""
        return 0.2 + 0.8 * np.exp(-lambda_ * t)

    made = Component("decay", "f", (rate,), function, None, (), "none")
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def test_where_a_function_begins_and_ends() -> None:
    assert ends(decay()) == "P(0) = 1; tends to 0.2"
    assert ends(find_component("gaussian")) == "P(0) = 1; tends to 0"
    assert ends(find_component("cosine")) == "P(0) = 1; late between -1.00 and 1.00"
    assert ends(find_component("order_parameter")) == "1 at 0 K; 0 at 1000 K"
    law = decay(variable="B", function=lambda B, lambda_: lambda_ * B)
    assert ends(law) == "0 at 0 G; 5e+04 at 100000 G"
    assert [number(x) for x in (1 / 3, 2 / 3, 0.25, 0.0, -0.0)] == ["1/3", "2/3", "0.25", "0", "0"]


def test_a_function_that_fails_is_listed_all_the_same() -> None:
    def function(t: np.ndarray, lambda_: float) -> np.ndarray:
        raise ModelError("not there")

    assert ends(decay(function=function)) == ""
    assert ends(decay(function=lambda t, lambda_: t * np.nan)) == "P(0) = nan; not finite late"


def test_where_derivatives_come_from() -> None:
    assert derivatives(decay()).endswith("else by central differences")
    assert derivatives(decay(derivatives=lambda t, value, a: (t,))) == "analytic, in closed form"
    both = decay(together=lambda t, a: (t, (t,)))
    assert derivatives(both) == "analytic, from the same solution as the value"


def test_a_component_that_promises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    components()
    monkeypatch.setattr(registry, "_components", {**registry._components, "decay": decay()})
    text = mu.catalogue("models", "decay")
    assert "certificate: none, nothing is promised of its numbers" in text
    assert "truth" not in text
    # the family of another package is what the docstring of its module begins with
    assert family(decay()) == "The model functions as text"
    assert "decay" in [one.key for one in families()["The model functions as text"]]


def test_shortened() -> None:
    assert shortened("exp(-lambda t)", 14) == "exp(-lambda t)"
    assert shortened("exp(-lambda t) cos(2 pi nu t + phi)", 24) == "exp(-lambda t) cos(2..."
    assert shortened("x" * 30, 10) == "x" * 7 + "..."


def test_what_a_function_is_valid_for() -> None:
    assert "\n  valid for: zero field; with a field see gaussian_kt_lf\n" in mu.catalogue(
        "models", "gaussian_kt"
    )
    assert "valid for: hop above 6 delta" in mu.catalogue("models", "keren")
    assert "valid for" not in mu.catalogue("models", "exponential")
