"""The factor of a muon pulse: against sums over the muons of the pulse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.constants import MUON_LIFETIME
from musrcu.errors import MusrcuError
from musrcu.models.pulse import pulse_factor


@given(st.floats(0.0, 5.0), st.floats(0.01, 0.1))
def test_a_gaussian_pulse_is_a_mean_over_arrivals(nu: float, width: float) -> None:
    arrival = np.linspace(-6, 6, 4001) * width / 2.354820045
    chance = np.exp(-0.5 * (arrival * 2.354820045 / width) ** 2)
    mean = (chance * np.exp(-2j * np.pi * nu * arrival)).sum() / chance.sum()
    assert abs(pulse_factor(nu, width) - mean) < 1e-7


@given(st.floats(0.0, 10.0), st.floats(0.0, 1.0))
def test_two_pulses_by_the_decays_that_are_left_of_each(nu: float, apart: float) -> None:
    """Muons of the pulse at +-d/2 decay at t with e^{-(t -+ d/2)/tau} and turn for t -+ d/2."""
    t = 3.0
    age = np.array([t + apart / 2, t - apart / 2])
    decays = np.exp(-age / MUON_LIFETIME)
    seen = (decays * np.exp(2j * np.pi * nu * age)).sum() / decays.sum()
    assert abs(pulse_factor(nu, apart=apart) - seen * np.exp(-2j * np.pi * nu * t)) < 1e-10


def test_no_pulse_changes_nothing() -> None:
    np.testing.assert_array_equal(pulse_factor([0.0, 1.0, 5.0]), [1, 1, 1])


@pytest.mark.parametrize("wrong", [{"width": -0.1}, {"apart": float("nan")}])
def test_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(MusrcuError, match="of a muon pulse; expected us, 0 or above"):
        pulse_factor(1.0, **wrong)
