"""Muons between fluorine nuclei against exponentials of their Hamiltonian."""

from __future__ import annotations

import math

import numpy as np
import pytest
from spin_brute_force import MUON, dipolar, powder

from musrcu.constants import DIPOLAR, GAMMA_MU
from musrcu.models.dipolar import GAMMA_F
from musrcu.models.registry import find_component

FLUORINE = 40.0775e6
CASES = {
    "mu_f": ([(0, 0, 1)], True),
    "f_mu_f": ([(0, 0, 1), (0, 0, -1)], False),
    "f_mu_f_ff": ([(0, 0, 1), (0, 0, -1)], True),
}
T = (0.0, 0.4, 2.3, 9.0)


@pytest.mark.parametrize("key", CASES)
@pytest.mark.parametrize("r", [0.5, 1.17, 2.5])
def test_exponentials_of_the_hamiltonian(key: str, r: float) -> None:
    places, nuclear = CASES[key]
    positions = [(0, 0, 0), *(tuple(r * x for x in place) for place in places)]
    gammas = [MUON] + [FLUORINE] * len(places)
    hamiltonian, muon = dipolar([0.5] * len(positions), gammas, positions, nuclear)
    made = find_component(key)
    for t in T:
        assert float(made(t, r)) == pytest.approx(powder(t, hamiltonian, muon), abs=1e-11)


@pytest.mark.parametrize(
    ("r", "expected"), [(1.14, 0.2429437681), (1.17, 0.2247308695), (1.21, 0.2031721640)]
)
def test_coupling(r: float, expected: float) -> None:
    found = DIPOLAR * GAMMA_MU * GAMMA_F / r**3 / (2 * math.pi)
    assert found == pytest.approx(expected, rel=5e-9)  # ten digits from other constants


def test_fluorines_that_see_each_other_change_the_curve() -> None:
    t = np.array([0.5, 2.0, 5.0])
    change = find_component("f_mu_f_ff")(t, 1.18) - find_component("f_mu_f")(t, 1.18)
    assert abs(change[0]) < 1e-3
    assert 0.01 < abs(change[1:]).max() < 0.1


@pytest.mark.parametrize("key", CASES)
def test_far_away_and_early(key: str) -> None:
    made = find_component(key)
    t = np.array([-0.001, 0.0, 1e-6, 40.0])
    np.testing.assert_allclose(made(t, 1e6), 1.0, atol=1e-15)
    # P = 1 - n w_d^2 t^2 / 2 for n fluorine nuclei, which depends on nothing else
    n = len(CASES[key][0])
    w_d = DIPOLAR * GAMMA_MU * GAMMA_F / 1.2**3
    assert float(1 - made(0.01, 1.2)) == pytest.approx(n * (0.01 * w_d) ** 2 / 2, rel=1e-3)
