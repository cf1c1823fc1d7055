"""What a transverse detector sees of a component, against its formula."""

from __future__ import annotations

import numpy as np

from musrcu.models.model import Model
from musrcu.simulation.turning import seen_across

T = np.linspace(0.0, 8.0, 300)


def test_a_line_and_what_stays() -> None:
    model = Model("damped_cosine + exponential + constant")
    values = model.vector({"A1": 0.2, "lambda1": 0.3, "nu1": 1.3, "phi1": 20.0, "A2": 0.05})
    expected = 0.2 * np.exp(-0.3 * T) * np.sin(2 * np.pi * 1.3 * T + np.deg2rad(20.0))
    np.testing.assert_allclose(seen_across(model, values, T), expected, atol=1e-14)


def test_the_part_of_a_powder_that_stays_is_not_seen_across() -> None:
    model = Model("internal_field")
    named = {"A1": 0.2, "fraction1": 0.6, "lambda_L1": 0.1, "lambda_T1": 0.5, "nu1": 2.0}
    values = model.vector({**named, "phi1": 0.0})
    expected = 0.2 * 0.6 * np.exp(-0.5 * T) * np.sin(2 * np.pi * 2.0 * T)
    np.testing.assert_allclose(seen_across(model, values, T), expected, atol=1e-14)


def test_nothing_precesses() -> None:
    model = Model("gaussian + constant")
    np.testing.assert_array_equal(seen_across(model, model.vector({}), T), 0.0)
