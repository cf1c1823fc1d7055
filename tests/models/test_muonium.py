"""Muonium against exponentials of its Hamiltonian, and where its formulas could lose digits."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest
from spin_brute_force import each, polarisation, powder
from spin_brute_force import muonium as brute

from musrcu.constants import GAMMA_E_OVER_2PI, GAMMA_MU_OVER_2PI, MUONIUM_A_HF
from musrcu.models.muonium_levels import Mixing
from musrcu.models.registry import find_component

PLACES = [
    (MUONIUM_A_HF, 0.0),
    (MUONIUM_A_HF, 2.0),
    (MUONIUM_A_HF, 1584.952085),
    (92.6, 1e4),
    (500.0, 18446.0),
    (0.3, 0.05),
    (0.0, 50.0),
]
T = (0.0, 0.0007, 0.013, 0.21, 3.3)
SUM = GAMMA_E_OVER_2PI + GAMMA_MU_OVER_2PI


def seen(muon: np.ndarray, phi: float) -> np.ndarray:
    angle = np.deg2rad(phi)
    return np.asarray(np.cos(angle) * muon[0] + np.sin(angle) * muon[1])


@pytest.mark.parametrize(("A_hf", "B"), PLACES)
@pytest.mark.parametrize("phi", [0.0, 35.0, -120.0])
def test_transverse_field(A_hf: float, B: float, phi: float) -> None:
    hamiltonian, muon = brute(A_hf, B)
    made = find_component("muonium_tf")
    for t in T:
        expected = polarisation(t, hamiltonian, muon[0], seen(muon, phi))
        room = 1e-13 * (1 + np.abs(hamiltonian).max() * t)
        assert float(made(t, A_hf, B, phi)) == pytest.approx(expected, abs=room)


@pytest.mark.parametrize(("A_hf", "B"), PLACES)
def test_longitudinal_field(A_hf: float, B: float) -> None:
    hamiltonian, muon = brute(A_hf, B)
    made = find_component("muonium_lf")
    for t in T:
        expected = polarisation(t, hamiltonian, muon[2], muon[2])
        room = 1e-13 * (1 + np.abs(hamiltonian).max() * t)
        assert float(made(t, A_hf, B)) == pytest.approx(expected, abs=room)


def test_zero_field_is_one_function_in_all_directions() -> None:
    t = np.linspace(-0.001, 0.1, 777)
    zero = find_component("muonium")(t, 23.0)
    np.testing.assert_allclose(find_component("muonium_tf")(t, 23.0, 0.0, 0.0), zero, atol=1e-14)
    np.testing.assert_allclose(find_component("muonium_lf")(t, 23.0, 0.0), zero, atol=1e-14)


@pytest.mark.parametrize("phi", [0.0, 40.0])
def test_without_coupling_a_muon_is_free(phi: float) -> None:
    """The phase is that of a muon: at A_hf = 0 every transverse form is the plain cosine."""
    t = np.linspace(0.0, 3.0, 200)
    free = find_component("cosine")(t, GAMMA_MU_OVER_2PI * 700.0, phi)
    for key in ("muonium_tf", "muonium_tf_high"):
        np.testing.assert_allclose(find_component(key)(t, 0.0, 700.0, phi), free, atol=1e-12)
    np.testing.assert_allclose(
        find_component("muonium_tf_low")(t, 0.0, 700.0, phi), free / 2, atol=1e-12
    )


def test_the_lines_at_100_gauss() -> None:
    """nu12, nu23, nu34, nu14 of the vacuum, MHz, as diagonalised elsewhere."""
    mixing = Mixing.of(MUONIUM_A_HF, 100.0)
    nu12 = mixing.nu12
    nu34 = nu12 + 2 * mixing.edge
    nu23 = nu12 + mixing.less_A
    found = [nu12, nu23, nu34, nu34 + nu12 + nu23]
    assert found == pytest.approx([135.009623, 143.884503, 4328.293142, 4607.187268], abs=2e-6)
    # muonium turns by 1.394 MHz/G in low field, 103 times as fast as a muon
    assert Mixing.of(MUONIUM_A_HF, 0.1).nu12 / 0.1 == pytest.approx(1.394, abs=1e-3)
    assert pytest.approx(MUONIUM_A_HF / SUM, abs=1e-5) == 1584.952085


def test_the_weights_are_not_swapped() -> None:
    """(1 + d) belongs to nu12 and nu34; the classic error gives 0.88197."""
    found = float(find_component("muonium_tf")(2e-4, MUONIUM_A_HF, 100.0, 0.0))
    assert found == pytest.approx(0.875220280600, abs=1e-11)
    assert abs(found - 0.88197) > 6e-3


def test_the_two_slow_lines_are_what_an_average_leaves() -> None:
    """A running mean over turns of nu34 and nu14 leaves the two lines of triplet muonium."""
    even = np.linspace(-0.5, 0.5, 4001)
    window = np.cos(np.pi * even) ** 2
    for t in (0.3, 0.7):
        around = t + 0.02 * even
        full = find_component("muonium_tf")(around, MUONIUM_A_HF, 3.0, 0.0)
        slow = find_component("muonium_tf_low")(around, MUONIUM_A_HF, 3.0, 0.0)
        assert (window @ full) == pytest.approx(window @ slow, abs=2e-3 * window.sum())


def test_two_lines_hold_the_muon_in_a_high_field() -> None:
    t = np.linspace(0.0, 1.0, 300)
    full = find_component("muonium_tf")(t, 90.0, 6e4, 10.0)
    high = find_component("muonium_tf_high")(t, 90.0, 6e4, 10.0)
    d = Mixing.of(90.0, 6e4).d
    np.testing.assert_allclose(high, full, atol=1.5 * (1 - d))
    assert 0 < 1 - d < 1e-6


def test_repolarisation() -> None:
    """The mean over time is (1 + 2 x^2) / (2 + 2 x^2): 3/4 at x = 1."""
    t = np.arange(4000) / 4000.0 / (MUONIUM_A_HF * np.sqrt(2.0))
    made = find_component("muonium_lf")(t, MUONIUM_A_HF, MUONIUM_A_HF / SUM)
    assert made.mean() == pytest.approx(0.75, abs=1e-12)


@pytest.mark.parametrize("B", ["1e-6", "0.01", "3", "1584.95", "90000"])
@pytest.mark.parametrize("A_hf", ["1e-5", "0.2", "92.6", "4463.302765"])
def test_differences_of_levels_keep_their_digits(A_hf: str, B: str) -> None:
    getcontext().prec = 50
    A, S = Decimal(float(A_hf)), Decimal(SUM) * Decimal(float(B))
    R = (A * A + S * S).sqrt()
    muon = Decimal(GAMMA_MU_OVER_2PI) * Decimal(float(B))
    mixing = Mixing.of(float(A_hf), float(B))
    middle = S / 2 - muon
    pairs = [
        (mixing.nu12, A / 2 + middle - R / 2, min(A, S) + muon),
        (mixing.middle + mixing.less_A / 2, middle + (R - A) / 2, 0),
        (mixing.edge, (R - S) / 2 + muon, 0),
        (mixing.less_S, R - S, 0),
        (mixing.less_c, 1 - A / R, 0),
        (mixing.less_d, 1 - S / R, 0),
    ]
    for found, exact, size in pairs:
        # nu12 itself passes through zero, where its two parts are what can be exact
        assert found == pytest.approx(float(exact), rel=2e-15, abs=2e-15 * float(size))


@pytest.mark.parametrize("key", ["muonium_tf", "muonium_tf_low", "muonium_tf_high", "muonium_lf"])
def test_nothing_at_all(key: str) -> None:
    """No coupling and no field: a constant, and derivatives from the allowed side."""
    made, t = find_component(key), np.array([-0.001, 0.0, 0.5, 40.0])
    more = () if key == "muonium_lf" else (30.0,)
    value, rows = made.value_and_gradient(t, (0.0, 0.0, *more))
    start = 0.5 if key == "muonium_tf_low" else 1.0
    np.testing.assert_allclose(value, start * np.cos(np.deg2rad(sum(more))), atol=1e-15)
    assert np.isfinite(rows).all()
    for k in range(2):
        h = 1e-6
        one, two = (made(t, n * h * (k == 0), n * h * (k == 1), *more) for n in (1, 2))
        np.testing.assert_allclose(rows[k], (4 * one - 3 * value - two) / (2 * h), atol=1e-5)


@pytest.mark.parametrize("D_hf", [-50.4, 0.0, 20.0, 134.0])
def test_axial_coupling(D_hf: float) -> None:
    muon, electron = each([0.5, 0.5])
    couplings = np.array([67.0 - D_hf / 2, 67.0 - D_hf / 2, 67.0 + D_hf])
    hamiltonian = 2 * np.pi * sum(couplings[k] * muon[k] @ electron[k] for k in range(3))
    made = find_component("muonium_axial")
    for t in T:
        assert float(made(t, 67.0, D_hf)) == pytest.approx(powder(t, hamiltonian, muon), abs=1e-11)
    np.testing.assert_allclose(
        made(np.array(T), 67.0, 0.0), find_component("muonium")(np.array(T), 67.0), atol=1e-13
    )
