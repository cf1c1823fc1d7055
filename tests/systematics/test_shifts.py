"""What a shift is worth, against closed forms and against experiments thrown here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from musrcu.systematics.shifts import (
    beyond,
    expected_shift,
    half_difference,
    in_quadrature,
    one_sided,
)


def test_closed_forms() -> None:
    assert expected_shift("check", 5.0, 3.0) == pytest.approx(4.0)
    assert expected_shift("check", 3.0, 5.0) == pytest.approx(4.0)
    assert expected_shift("input", 5.0, 3.0) == pytest.approx(2.0)
    assert expected_shift("model", 5.0, 3.0) is None
    assert expected_shift("check", None, 3.0) is None
    assert expected_shift("input", 3.0, None) is None
    assert beyond(5.0, 3.0) == pytest.approx(4.0)
    assert beyond(-5.0, 3.0) == pytest.approx(4.0)
    assert beyond(3.0, 5.0) == 0.0
    assert beyond(-3.0, None) == 3.0
    assert half_difference((5.0, -5.0), (1.0, 7.0)) == pytest.approx(4.0)
    assert half_difference((5.0, -5.0), (1.0, None)) == 5.0
    assert one_sided((1.0, 3.0)) == 2.0
    assert one_sided((1.0, -3.0)) is None
    assert in_quadrature([3.0, 4.0]) == pytest.approx(5.0)
    assert in_quadrature([]) == 0.0


def test_part_of_the_data_moves_a_mean_by_the_difference_of_variances() -> None:
    """The mean of 100 numbers and that of the first 60 of them, 4000 times."""
    numbers = np.random.default_rng(4).normal(size=(4000, 100))
    shifts = numbers[:, :60].mean(axis=1) - numbers.mean(axis=1)
    expected = expected_shift("check", 1 / math.sqrt(60), 1 / math.sqrt(100))
    assert shifts.std() == pytest.approx(expected, rel=3.5 / math.sqrt(2 * 4000))


def test_the_same_data_in_other_units_move_as_their_errors_do() -> None:
    """A mean times a constant: its deviations from the truth follow |sigma_i - sigma_0|."""
    numbers = np.random.default_rng(5).normal(size=(4000, 100)).mean(axis=1)
    shifts = 1.02 * numbers - numbers
    expected = expected_shift("input", 1.02 * 0.1, 0.1)
    assert shifts.std() == pytest.approx(expected, rel=3.5 / math.sqrt(2 * 4000))
    by_chance_of_other_data = expected_shift("check", 1.02 * 0.1, 0.1)
    assert by_chance_of_other_data is not None
    assert by_chance_of_other_data > 8 * shifts.std()  # would hide what the constant does


def test_the_excess_of_the_square_estimates_a_bias() -> None:
    rng = np.random.default_rng(6)
    shifts = 2.0 + rng.normal(size=4000)
    assert np.mean(shifts**2 - 1.0) == pytest.approx(4.0, abs=3.5 * math.sqrt(18 / 4000))
