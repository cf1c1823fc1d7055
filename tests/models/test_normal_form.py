"""Parameters of an oscillation in one form: the curve stays, or the parameters do."""

from __future__ import annotations

import numpy as np
import pytest

from musrcu.models.model import Model

T = np.linspace(0.0, 5.0, 301)


@pytest.mark.parametrize(
    "expression",
    [
        "cosine",
        "gaussian_cosine",
        "bessel",
        "internal_field",
        "internal_bessel",
        "gaussian_internal_field",
        "bessel * cosine",
        "cosine * cosine",
    ],
)
@pytest.mark.parametrize(("amplitude", "nu", "phi"), [(-0.2, 1.3, 30.0), (0.2, -1.3, 400.0)])
def test_the_curve_stays(expression: str, amplitude: float, nu: float, phi: float) -> None:
    model = Model(expression)
    values = model.vector({name: amplitude for name in model.names if name == "A1"})
    values[model.index("nu1")], values[model.index("phi1" if "phi1" in model.names else "phi")] = (
        nu,
        phi,
    )
    normal, signs = model.normal_form(values)
    np.testing.assert_allclose(model.value(T, normal), model.value(T, values), atol=1e-12)
    assert (np.abs(signs) == 1).all()


def test_a_powder_keeps_its_negative_amplitude() -> None:
    """Half a turn would change the sign of what turns alone, not of the rest."""
    model = Model("internal_field")
    values = model.vector({"A1": -0.2, "phi1": 10.0})
    np.testing.assert_array_equal(model.normal_form(values)[0], values)
    everything = model.vector({"A1": -0.2, "phi1": 10.0, "fraction1": 1.0})
    normal, _ = model.normal_form(everything)
    assert (normal[0], normal[model.index("phi1")]) == (0.2, -170.0)


def test_a_bessel_function_has_no_turn() -> None:
    model = Model("bessel")
    np.testing.assert_array_equal(model.normal_form(np.array([0.2, 1.0, 370.0]))[0][2], 370.0)
    found = model.normal_form(np.array([-0.2, -1.0, -20.0]))[0]
    np.testing.assert_array_equal(found, [-0.2, 1.0, 20.0])
