"""Models made of components: names, numbers, the paper's model, wrong names."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.errors import ModelError
from musrcu.models.model import Model
from musrcu.models.registry import components

PAPER = Model("exponential + damped_cosine + constant")
# A1, lambda1, A2, lambda2, nu2 (MHz), phi2 (0.1 rad), A_bg
AT = np.array([0.055, 0.9, 0.045, 0.35, 1.59, np.rad2deg(0.1), 0.11])


def test_the_papers_model_against_25_digits() -> None:
    """Value and gradient at 1 µs; the table has the phase in radians."""
    value, gradient = PAPER.value_and_gradient(1.0, AT)
    assert value[0] == pytest.approx(0.10741696745129, abs=1e-14)
    assert PAPER.value(1.0, AT) == pytest.approx(0.10741696745129, abs=1e-14)
    table = [
        0.406569659741,
        -0.0223613312857,
        -0.554319196321,
        0.0249443638344,
        0.123022771201,
        0.0195796821494 * np.pi / 180,
        1.0,
    ]
    np.testing.assert_allclose(gradient[:, 0], table, rtol=5e-12)  # twelve digits


def test_above_the_transition() -> None:
    model = Model("gaussian + exponential + constant")
    assert model.names == ("A1", "sigma1", "A2", "lambda2", "A_bg")
    t = np.array([0.0, 0.5, 3.0])
    expected = 0.1 * np.exp(-(0.3**2) * t**2 / 2) + 0.05 * np.exp(-2.0 * t) + 0.12
    found = model.value(t, [0.1, 0.3, 0.05, 2.0, 0.12])
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("exponential + damped_cosine + constant", "A1 lambda1 A2 lambda2 nu2 phi2 A_bg"),
        ("gaussian+exponential+constant", "A1 sigma1 A2 lambda2 A_bg"),
        ("constant", "A_bg"),
        ("constant + exponential", "A_bg A1 lambda1"),
        ("constant + exponential + constant", "A_bg A1 lambda1 A_bg2"),
        ("exponential * cosine", "A1 lambda1 nu2 phi2"),
        ("gaussian * cosine + exponential", "A1 sigma1 nu2 phi2 A3 lambda3"),
        ("exponential * gaussian * cosine", "A1 lambda1 sigma2 nu3 phi3"),
        ("exponential + exponential", "A1 lambda1 A2 lambda2"),
        ("stretched_exponential", "A1 lambda1 beta1"),
        ("damped_cosine2 + constant", "A2 lambda2 nu2 phi2 A_bg"),
        ("damped_cosine2 + exponential", "A2 lambda2 nu2 phi2 A1 lambda1"),
        ("exponential + gaussian1 + cosine", "A2 lambda2 A1 sigma1 A3 nu3 phi3"),
        ("exponential10 + gaussian", "A10 lambda10 A1 sigma1"),
        ("constant2", "A_bg2"),
        ("constant2 + constant", "A_bg2 A_bg"),
        ("constant1 + exponential1", "A_bg A1 lambda1"),
        ("order_parameter", "nu0 T_N alpha beta"),
        ("  exponential\n  +  constant ", "A1 lambda1 A_bg"),
    ],
)
def test_names(expression: str, names: str) -> None:
    model = Model(expression)
    assert " ".join(model.names) == names
    assert len(model.parameters) == len(model.names)
    assert tuple(p.name for p in model.parameters) == model.names


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "the model expression is empty"),
        ("   ", "the model expression is empty"),
        ("exponential +", "ends where a component name is expected"),
        ("+ exponential", r"expected a component name, found '\+'"),
        ("exponential exponential", r"expected '\+' or '\*', found 'exponential'"),
        ("exponential - constant", r"expected '\+' or '\*', found '-'"),
        ("exponential ** gaussian", r"expected a component name, found '\*'"),
        ("2 * exponential", "expected a component name, found '2'"),
        ("exponential(t)", r"expected '\+' or '\*', found '\('"),
        ("__import__('os')", "found '\\('"),
        (
            "exponental + constant",
            "no component is called 'exponental'; did you mean 'exponential'",
        ),
        ("Exponential", r"did you mean 'exponential'\? \(musrcu list models shows all\)"),
        ("FmuF2", r"'FmuF'; Mantid's FmuF is f_mu_f \* exponential \* gaussian here \(r = "),
        ("exponential0", "no component is called 'exponential0'; did you mean 'exponential'"),
        ("exponential1 + gaussian1", "the number 1 is used twice"),
        ("constant2 + constant2", "the number 2 is used twice"),
        (
            "exponential + order_parameter",
            "exponential is a function of time and order_parameter is a law of temperature; they",
        ),
        ("redfield + power_law", "law of field and power_law is a law of temperature"),
        ("power_law * order_parameter", "laws are added, not multiplied"),
        ("power_law * constant", "power_law is a law of temperature; laws are added"),
    ],
)
def test_wrong_expressions(expression: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        Model(expression)


@given(st.text("exponential+*constant2 _(", max_size=30))
def test_any_text_is_a_model_or_a_model_error(text: str) -> None:
    try:
        model = Model(text)
    except ModelError as error:
        assert str(error)
    else:
        assert len(set(model.names)) == len(model.names) > 0


def test_index_of_short_and_wrong_names() -> None:
    assert PAPER.index("nu2") == PAPER.index("nu") == 4
    assert PAPER.index("A_bg") == 6
    with pytest.raises(ModelError, match="'lambda' may be lambda1 or lambda2 in"):
        PAPER.index("lambda")
    with pytest.raises(ModelError, match=r"no parameter 'lamda2'; did you mean 'lambda2'\?"):
        PAPER.index("lamda2")
    with pytest.raises(ModelError, match="no parameter 'omega'"):
        PAPER.index("omega")
    with pytest.raises(ModelError, match="no parameter 'nu1'; did you mean 'nu2'"):
        PAPER.index("nu1")


def test_vector() -> None:
    defaults = [p.default for p in PAPER.parameters]
    found = PAPER.vector({"nu": 1.6, "A1": 0.2})
    assert list(found) == [0.2, *defaults[1:4], 1.6, *defaults[5:]]
    assert np.isnan(PAPER.vector({"nu": 1.6}, default=False)).sum() == 6
    with pytest.raises(ModelError, match="'nu' and 'nu2' are the same parameter; give one"):
        PAPER.vector({"nu": 1.6, "nu2": 1.7})
    with pytest.raises(ModelError, match="no parameter 'x'"):
        PAPER.vector({"x": 1.6})


@pytest.mark.parametrize("values", [AT[:-1], [*AT, 0.0], []])
def test_the_number_of_values_is_checked(values: list[float]) -> None:
    with pytest.raises(ModelError, match=f"has 7 parameters .*, {len(values)} values were given"):
        PAPER.value(1.0, values)
    with pytest.raises(ModelError, match="has 7 parameters"):
        PAPER.gradient(1.0, values)


SUMS = [
    "exponential + damped_cosine + constant",
    "gaussian * cosine + stretched_exponential * exponential + constant",
    "exponential * gaussian * cosine",
    "constant + constant",
    "stretched_exponential2 * gaussian_cosine + exponential",
]


@pytest.mark.parametrize("expression", SUMS)
def test_gradient_against_central_differences(expression: str) -> None:
    model = Model(expression)
    rng = np.random.default_rng(4)
    at = np.array([p.default for p in model.parameters]) + rng.uniform(0.05, 0.3, len(model.names))
    t = np.array([0.0, 0.2, 1.0, 3.3, 9.0])
    value, gradient = model.value_and_gradient(t, at)
    np.testing.assert_allclose(value, model.value(t, at), rtol=1e-14, atol=1e-16)
    np.testing.assert_array_equal(gradient, model.gradient(t, at))
    assert gradient.shape == (len(at), t.size)
    for k in range(len(at)):
        h = np.zeros(len(at))
        h[k] = 1e-4
        far = model.value(t, at + 2 * h) - model.value(t, at - 2 * h)
        near = model.value(t, at + h) - model.value(t, at - h)
        np.testing.assert_allclose(gradient[k], (8 * near - far) / 12e-4, rtol=1e-6, atol=1e-8)


def test_gradient_into_a_buffer() -> None:
    t = np.linspace(0.0, 5.0, 50)
    out = np.full((7, 50), np.nan)
    found = PAPER.value_and_gradient(t, AT, out=out)[1]
    assert found is out
    np.testing.assert_array_equal(out, PAPER.gradient(t, AT))


def test_shapes_times_amplitudes_are_the_value() -> None:
    t = np.linspace(0.0, 5.0, 50)
    shapes = PAPER.shapes(t, AT)
    assert shapes.shape == (3, 50)
    np.testing.assert_allclose(AT[[0, 2, 6]] @ shapes, PAPER.value(t, AT), rtol=1e-14)


@pytest.mark.parametrize("key", sorted(components()))
def test_every_component_makes_a_model(key: str) -> None:
    model = Model(key)
    values = model.vector({})
    assert model.value(0.5, values).shape == ()
    assert model.value([0.5, 0.6], values).shape == (2,)
    assert model.gradient([0.5, 0.6], values).shape == (len(values), 2)
    assert model.formula


def test_formulas() -> None:
    assert PAPER.formula == (
        "A1 exp(-lambda1 t) + A2 exp(-lambda2 t) cos(2 pi nu2 t + phi2) + A_bg"
    )
    assert Model("exponential * cosine").formula == "A1 exp(-lambda1 t) cos(2 pi nu2 t + phi2)"
    assert Model("constant * exponential").formula == "A_bg exp(-lambda1 t)"
    assert Model("exponential * constant").formula == "A1 exp(-lambda1 t)"
    assert Model("order_parameter").formula == "nu0 [1 - (T/T_N)^alpha]^beta"


def test_a_formula_that_is_no_factor_is_written_as_a_call() -> None:
    assert Model("dynamic_gaussian_kt_lf * exponential").formula == (
        "A1 dynamic_gaussian_kt_lf(t; delta1, B_LF1, hop1) exp(-lambda2 t)"
    )
    assert Model("exponential * f_mu_f_ff").formula == "A1 exp(-lambda1 t) f_mu_f_ff(t; r2)"
    assert Model("gaussian_decoupling").formula == "gaussian_decoupling(B; A, delta)"


def test_a_sum_is_in_brackets_where_it_is_a_factor() -> None:
    assert Model("lorentzian_kt * exponential").formula == (
        "A1 [1/3 + 2/3 (1 - a1 t) exp(-a1 t)] exp(-lambda2 t)"
    )


@pytest.mark.parametrize("key", sorted(components()))
def test_every_formula_is_one_line_of_factors(key: str) -> None:
    written = Model(f"{key} + constant").term_formula(0)
    assert " = " not in written
    assert all(re.search(rf"\b{name}\b", written) for name in Model(key).names)


@pytest.mark.parametrize(
    ("expression", "term", "names"),
    [
        ("exponential + damped_cosine + constant", 0, "A2 lambda2 nu2 phi2 A_bg"),
        ("exponential + damped_cosine + constant", 1, "A1 lambda1 A_bg"),
        ("exponential + damped_cosine + constant", 2, "A1 lambda1 A2 lambda2 nu2 phi2"),
        ("constant + exponential + constant", 0, "A1 lambda1 A_bg2"),
        ("gaussian * cosine + exponential * cosine", 0, "A3 lambda3 nu4 phi4"),
    ],
)
def test_without_a_term_the_others_keep_their_names(expression: str, term: int, names: str) -> None:
    model = Model(expression)
    smaller = model.without(term)
    assert " ".join(smaller.names) == names
    assert Model(smaller.expression) == smaller
    values = np.linspace(0.1, 0.9, len(model.names))
    kept = [values[model.index(name)] for name in smaller.names]
    t = np.linspace(0.0, 3.0, 7)
    rest = model.value(t, values) - smaller.value(t, kept)
    gone = model.terms[term]
    assert gone.amplitude is not None
    shape = model.shapes(t, values)[term]
    np.testing.assert_allclose(rest, values[gone.amplitude] * shape, atol=1e-14)


def test_equal_models() -> None:
    assert Model("exponential+constant") == Model("exponential1 + constant1")
    assert hash(Model("exponential+constant")) == hash(Model("exponential1 + constant1"))
    assert Model("exponential + constant") != Model("constant + exponential")
    assert Model("exponential") != Model("gaussian")
    assert repr(Model(" exponential  + constant")) == "Model('exponential + constant')"


@given(
    st.floats(-0.3, 0.3),
    st.floats(-5.0, 5.0),
    st.floats(-2000.0, 2000.0),
)
def test_normal_form_is_the_same_curve(amplitude: float, nu: float, phi: float) -> None:
    t = np.linspace(0.0, 3.0, 31)
    values = np.array([0.05, 0.9, amplitude, 0.35, nu, phi, 0.11])
    normal, signs = PAPER.normal_form(values)
    assert normal[2] >= 0
    assert normal[4] >= 0
    assert -180 <= normal[5] <= 180
    np.testing.assert_allclose(PAPER.value(t, normal), PAPER.value(t, values), atol=1e-12)
    assert set(signs) <= {1.0, -1.0}
    # a small change of the old values is the change of the new ones, up to those signs
    step = 1e-4 * np.arange(1.0, 8.0)
    moved = PAPER.value(t, normal + signs * step)
    np.testing.assert_allclose(moved, PAPER.value(t, values + step), atol=1e-11)


def test_normal_form_leaves_what_is_fixed() -> None:
    values = np.array([0.05, 0.9, -0.1, 0.35, 1.6, 0.0, 0.11])
    np.testing.assert_array_equal(PAPER.normal_form(values, fixed=[5])[0], values)
    np.testing.assert_array_equal(PAPER.normal_form(values, fixed=[2])[0], values)
