"""Ties: arithmetic of parameters, parsed and never executed, with exact derivatives."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.errors import ModelError
from musrcu.fitting.tie import LONGEST, parse_tie

VALUES = {"lambda1": 0.9, "A_bg": 0.11, "_x": 2.0, "nu2": 1.59}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*lambda1", 1.8),
        ("0.2 - A_bg", 0.09),
        ("-lambda1 + +2", 1.1),
        ("2**3**2", 512.0),
        ("-2**2", -4.0),
        ("(1 + 2) * 3 / 4", 2.25),
        ("_x ** -1", 0.5),
        ("sqrt(nu2) * exp(0) + log(1)", math.sqrt(1.59)),
        ("sin(pi/2) + cos(pi) + tan(0) + atan(1)", math.pi / 4),
        ("  1e-3 ", 1e-3),
        ("10", 10.0),
    ],
)
def test_value(text: str, expected: float) -> None:
    assert parse_tie(text).evaluate(VALUES)[0] == pytest.approx(expected, rel=1e-15, abs=1e-15)


def test_names_are_the_parameters_in_it() -> None:
    assert parse_tie("2*lambda1 + A_bg/_x - pi*sqrt(lambda1)").names == {"lambda1", "A_bg", "_x"}


def leaves() -> st.SearchStrategy[str]:
    return st.sampled_from(["a", "b", "a_b", "0.7", "2", "pi"])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    function = st.sampled_from(["exp", "sin", "cos", "atan"])
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda x: f"(-{x})"),
        inner.map(lambda x: f"({x} / (2.5 + {x}**2))"),
        inner.map(lambda x: f"log(1.5 + ({x})**2)"),
        inner.map(lambda x: f"sqrt(0.5 + ({x})**2)"),
        st.tuples(function, inner).map(lambda p: f"{p[0]}({p[1]})"),
    )


@given(
    text=st.recursive(leaves(), grown, max_leaves=6),
    a=st.floats(-1.2, 1.2),
    b=st.floats(-1.2, 1.2),
    c=st.floats(0.1, 1.2),
)
def test_derivatives_against_central_differences(text: str, a: float, b: float, c: float) -> None:
    if len(text) > LONGEST:
        return
    tie, values = parse_tie(text), {"a": a, "b": b, "a_b": c}
    value, slopes = tie.evaluate(values)
    if not math.isfinite(value) or abs(value) > 1e6:
        return
    for name in tie.names:
        # Two steps, extrapolated: the error left is of fourth order.
        estimates = []
        for step in (2e-4, 1e-4):
            low = tie.evaluate(values | {name: values[name] - step})[0]
            high = tie.evaluate(values | {name: values[name] + step})[0]
            estimates.append((high - low) / (2 * step))
        numerical = (4 * estimates[1] - estimates[0]) / 3
        scale = max(1.0, abs(value), abs(slopes.get(name, 0.0)))
        assert slopes.get(name, 0.0) == pytest.approx(numerical, rel=1e-6, abs=1e-7 * scale**2)


@given(base=st.floats(0.1, 3.0), power=st.floats(-3.0, 3.0))
def test_derivatives_of_a_power(base: float, power: float) -> None:
    value, slopes = parse_tie("x**y").evaluate({"x": base, "y": power})
    assert value == pytest.approx(base**power)
    assert slopes["x"] == pytest.approx(power * base ** (power - 1), rel=1e-12)
    assert slopes["y"] == pytest.approx(math.log(base) * base**power, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "lambda1.real",
        "lambda1.__class__.__mro__",
        "().__class__",
        "__import__('os')",
        "__import__('os').system('true')",
        "open('x')",
        "eval('1')",
        "sqrt(1, 2)",
        "sqrt(x=1)",
        "sqrt(*[1])",
        "sqrt",
        "max(1)",
        "lambda x: x",
        "[1, 2]",
        "{1: 2}",
        "(1, 2)",
        "x[0]",
        "'text'",
        "b'x'",
        "f'{x}'",
        "True",
        "None",
        "...",
        "1j",
        "x if y else z",
        "x < y",
        "x and y",
        "not x",
        "~x",
        "x // y",
        "x % y",
        "x @ y",
        "x | y",
        "x << 1",
        "(x := 1)",
        "[x for x in y]",
        "x; y",
        "x = 1",
        "2 lambda1",
        "2*",
        "x\ny",
        "import os",
        "\0",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    if text == "sqrt":
        # A bare function name reads as a parameter, which no model has.
        assert parse_tie(text).names == {"sqrt"}
        return
    with pytest.raises(ModelError, match="tie "):
        parse_tie(text)


def test_refusal_names_what_was_found_and_what_is_allowed() -> None:
    with pytest.raises(ModelError, match=re.escape("'os.system' is not allowed; use numbers")):
        parse_tie("1 + os.system")


@pytest.mark.parametrize(
    "text",
    [
        "x" * (LONGEST + 1),
        "-" * 400 + "x",
        "~" + "-" * 400 + "x",
        "+".join(["x"] * 240),
        "sqrt(" * 80 + "x" + ")" * 80,
        "9" * (LONGEST + 1),
    ],
)
def test_long_and_deep_texts_are_refused_without_recursion(text: str) -> None:
    with pytest.raises(ModelError):
        parse_tie(text)


@pytest.mark.parametrize(
    "text",
    ["2**9**9**9", "9" * 400, "exp(1e9)", "10.0**999", "1/(x-x)", "log(-1)", "(-2)**0.5", "log(0)"],
)
def test_what_is_no_number_is_nan_at_once(text: str) -> None:
    value, slopes = parse_tie(text).evaluate({"x": 1.0})
    assert math.isnan(value)
    assert all(math.isnan(slope) for slope in slopes.values())
