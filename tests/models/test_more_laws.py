"""Laws of temperature and field against integrals and matrices that are none of our own."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from musrcu.models.model import Model
from musrcu.models.registry import Component, components

LAWS = {key: one for key, one in components().items() if one.variable != "t"}
K_B = 0.08617333262145179  # meV/K


def law(key: str) -> Component:
    return LAWS[key]


def test_all_laws_are_there_with_a_certificate() -> None:
    assert set(LAWS) == {
        "order_parameter",
        "power_law",
        "arrhenius",
        "critical_divergence",
        "two_fluid",
        "s_wave",
        "s_wave_dirty",
        "redfield",
        "repolarisation",
        "gaussian_decoupling",
    }
    assert all(one.certificate is not None for one in LAWS.values())


# --- superconductors


def quasiparticles(T: float, T_c: float, gap: float) -> float:
    """1 + 2 int (df/dE) E / sqrt(E^2 - Delta^2) dE with E = Delta + s^2, 30 digits."""
    with mpmath.workdps(30):
        kT = mpmath.mpf(K_B) * T
        delta = gap * mpmath.tanh(1.82 * (1.018 * (mpmath.mpf(T_c) / T - 1)) ** mpmath.mpf(0.51))

        def integrand(s: mpmath.mpf) -> mpmath.mpf:
            E = delta + s * s
            return -(mpmath.sech(E / (2 * kT)) ** 2) / (4 * kT) * 2 * E / mpmath.sqrt(E + delta)

        end = mpmath.sqrt(140 * kT)
        panels = mpmath.linspace(0, end, 9)
        return float(1 + 2 * mpmath.quad(integrand, panels))


@pytest.mark.parametrize("T", [0.9, 2.0, 4.0, 6.5, 8.0, 9.5, 9.99])
@pytest.mark.parametrize("ratio", [1.0, 1.764, 3.2])
def test_s_wave_is_the_integral_over_energies(T: float, ratio: float) -> None:
    gap = ratio * K_B * 10.0
    found = float(law("s_wave")(np.array(T), 1.0, 10.0, gap))
    true = quasiparticles(T, 10.0, gap)
    assert found == pytest.approx(true, rel=1e-12, abs=1e-18)


def test_s_wave_at_low_temperature_is_activated() -> None:
    """1 - sqrt(2 pi Delta / k T) exp(-Delta / k T) (1 + 3/8 kT/Delta + ...)."""
    T, gap = np.array([0.6]), 1.52
    x = K_B * 0.6 / gap
    lost = np.sqrt(2 * np.pi / x) * np.exp(-1 / x) * (1 + 3 * x / 8)
    found = 1 - law("s_wave")(T, 1.0, 10.0, gap)[0]
    assert found == pytest.approx(lost, rel=0.02)


@pytest.mark.parametrize("key", ["s_wave", "s_wave_dirty", "two_fluid", "order_parameter"])
def test_what_ends_at_a_transition_ends_there(key: str) -> None:
    made = law(key)
    values = {p.name: p.default for p in made.parameters}
    name = "T_N" if key == "order_parameter" else "T_c"
    critical = values[name] = 10.0
    T = np.array([0.0, 1e-320, 9.0, critical * (1 - 1e-14), critical, 10.1, 1e6])
    value, rows = made.value_and_gradient(T, list(values.values()))
    assert value[0] == pytest.approx(made.parameters[0].default, rel=1e-15)
    assert (value[4:] == 0).all()
    assert 0 < value[3] < (1e-3 if key == "order_parameter" else 1e-12)
    assert np.isfinite(rows).all()
    assert (np.array(rows)[:, 4:] == 0).all()


@pytest.mark.parametrize("key", ["s_wave", "s_wave_dirty"])
def test_a_superconductor_at_the_edges(key: str) -> None:
    T = np.array([0.0, 0.5, 3.0])
    for T_c, gap in [(0.0, 1.5), (10.0, 0.0), (0.0, 0.0)]:
        value, rows = law(key).value_and_gradient(T, (2.0, T_c, gap))
        np.testing.assert_array_equal(value, 0.0)
        assert np.isfinite(rows).all()
    cold = law(key).value_and_gradient(np.array([1e-9, 1e-3]), (2.0, 1e3, 100.0))
    np.testing.assert_array_equal(cold[0], 2.0)


# --- what diverges or is activated


def test_a_divergence_is_finite_at_its_temperature() -> None:
    made, T = law("critical_divergence"), np.array([2.0, 2.0 * (1 + 1e-13), 2.0 * (1 - 1e-13)])
    value, rows = made.value_and_gradient(T, (3.0, 2.0, 0.5))
    np.testing.assert_allclose(value, 3.0 * 1e-9**-0.5, rtol=1e-12)
    assert np.isfinite(rows).all()
    assert rows[1][0] > 0  # taken from above: as T_c rises towards T, so does the value
    flat = made.value_and_gradient(T, (3.0, 0.0, 0.5))
    assert np.isfinite(flat[0]).all() and np.isfinite(flat[1]).all()


def test_powers_at_zero_temperature() -> None:
    made, zero = law("power_law"), np.array([0.0])
    assert made(zero, 3.0, 1.5)[0] == 0.0
    assert made(zero, 3.0, 0.0)[0] == 3.0
    assert made(zero, 3.0, -1.0)[0] == pytest.approx(3e6)  # counts as 1e-6 K


def test_arrhenius_at_zero_temperature() -> None:
    value, rows = law("arrhenius").value_and_gradient(np.array([0.0, 1e-310]), (5.0, 2.0))
    np.testing.assert_array_equal(value, 0.0)
    np.testing.assert_array_equal(rows, 0.0)


# --- laws of field


def test_repolarisation_is_that_of_the_hamiltonian() -> None:
    """The part of the muon's z polarisation that does not precess, by 4x4 diagonalisation."""
    A, g_e, g_mu = 4463.302765, 2.80249513861, 0.01355388094  # MHz, MHz/G
    x, y, z = (np.array(m, dtype=complex) / 2 for m in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]],
                                                        [[1, 0], [0, -1]]))  # fmt: skip
    one = np.eye(2)
    for B in (3.0, 250.0, 1584.95, 9000.0):
        # frequencies: the electron's moment points against its spin, the muon's along it
        H = A * sum(np.kron(s, s) for s in (x, y, z))
        H = H - g_mu * B * np.kron(z, one) + g_e * B * np.kron(one, z)
        states = np.linalg.eigh(H)[1]
        diagonal = np.diag(states.conj().T @ np.kron(2 * z, one) @ states).real
        found = float(law("repolarisation")(np.array(B), 1.0, A))
        assert found == pytest.approx((diagonal**2).sum() / 4, rel=1e-9)


def test_gaussian_decoupling_is_an_average_over_fields() -> None:
    """cos^2 of the direction of B + a Gaussian field, by a sum over its components."""
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    radius, radial = np.polynomial.laguerre.laggauss(60)  # (bx^2 + by^2) / 2
    for x in (0.8, 1.0, 2.5, 8.0):
        parallel = (x + node) ** 2
        average = (parallel / (parallel + 2 * radius[:, np.newaxis])) @ weight @ radial
        average /= weight.sum() * radial.sum()
        B = x * 0.7 / 0.085161545577469
        found = float(law("gaussian_decoupling")(np.array(B), 1.0, 0.7))
        assert found == pytest.approx(average, abs=1e-3)


def test_redfield_without_field_or_fluctuation() -> None:
    B = np.array([0.0, 1e-13, 10.0])
    value, rows = law("redfield").value_and_gradient(B, (3.0, 0.0))
    np.testing.assert_array_equal(value, 0.0)
    assert np.isfinite(rows).all()


# --- sums


def test_a_law_and_a_constant() -> None:
    model = Model("critical_divergence + constant")
    assert model.names == ("A", "T_c", "w", "offset")
    assert model.variable == "T"
    value, rows = model.value_and_gradient([2.5, 4.0], [3.0, 2.0, 0.5, 0.25])
    assert value.tolist() == [6.25, 3.25]
    np.testing.assert_array_equal(rows[3], 1.0)


def test_two_laws_are_numbered() -> None:
    model = Model("arrhenius + power_law + constant")
    assert model.names == ("rate01", "E_a1", "c2", "n2", "offset")
    assert Model("constant").variable == Model("exponential + constant").variable == "t"
    assert Model("redfield").variable == "B"
