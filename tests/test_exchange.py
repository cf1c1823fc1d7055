"""Chains: published tables, exact results, small rings, and the paper's numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from musrcu import exchange
from musrcu.constants import BOHR_MAGNETON
from musrcu.errors import MusrcuError

# Section by section from tables computed with 25 and more digits by other programs.
YASUDA = [  # J, T_N, J', J'/J, m
    (10.3, 0.107, 0.0454631478711815, 0.00441389785157102, 0.0675666041399),
    (13.7, 0.105, 0.0434989923884714, 0.00317510893346506, 0.0573060227523),
    (13.7, 0.104, 0.0430513878947575, 0.00314243707, 0.0570104),
    (13.7, 0.106, 0.0439469980794186, 0.00320781008, 0.0576004),
    (13.6, 0.105, 0.0435248086153304, 0.00320035357465664, 0.0575333859),
]
CHI = [  # T/J, the rational function, the infinite chain (integral equations; rings from T/J = 2)
    (0.05, 0.112104855, 0.1121065125),
    (0.1, 0.114816317, 0.1148121202),
    (0.2, 0.121028238, 0.1210309247),
    (0.3, 0.129600732, 0.12959788193),
    (0.5, 0.144073715, 0.14407442718),
    (0.640851, 0.146929438, 0.14692627944),
    (1.0, 0.136541916, 0.13654264879),
    (2.0, 0.094472674401, 0.094473747507),
    (5.0, 0.045017570233, 0.045017607283),
]
MAGNETISATION = [  # h/J, M over saturation, energy per site over J: Bethe ansatz, 400 nodes
    (0.1, 0.022378280302, -0.443701443216),
    (0.2, 0.045656735533, -0.445399214774),
    (0.5, 0.119965555641, -0.457733833598),
    (1.0, 0.263751951590, -0.505052094340),
    (1.5, 0.457018183241, -0.593564620839),
    (1.8, 0.639754811794, -0.674622686071),
    (1.9, 0.737941092409, -0.708904470805),
    (1.99, 0.912515718099, -0.745293662702),
]
STEPS_14 = [  # ring of 14 sites: field of a step over J, M over saturation in its middle
    (0.307106, 0.071429),
    (0.842648, 0.214286),
    (1.270676, 0.357143),
    (1.590817, 0.5),
    (1.941884, 0.785714),
]


def field(h: Any, J: float = 1.0, g: float = 2.0) -> Any:
    """The field in G of g mu_B B = h J."""
    return np.asarray(h) * J / (g * BOHR_MAGNETON)


@cache
def sectors(sites: int) -> dict[float, np.ndarray]:
    """Energies over J of a ring in each total S_z, by diagonalisation of every matrix."""
    states = np.arange(2**sites)
    up = np.array([bin(state).count("1") for state in states])
    found = {}
    for number in range(sites + 1):
        own = states[up == number]
        place = {int(state): index for index, state in enumerate(own)}
        matrix = np.zeros((len(own), len(own)))
        for index, state in enumerate(own.tolist()):
            for left in range(sites):
                right = (left + 1) % sites
                if (state >> left ^ state >> right) & 1:
                    matrix[index, index] -= 0.25
                    matrix[index, place[state ^ (1 << left) ^ (1 << right)]] += 0.5
                else:
                    matrix[index, index] += 0.25
        found[number - sites / 2] = np.linalg.eigvalsh(matrix)
    return found


def ring_susceptibility(sites: int, t: float) -> float:
    weights = {sz: np.exp(-energies / t).sum() for sz, energies in sectors(sites).items()}
    squares = sum(sz**2 * weight for sz, weight in weights.items())
    return float(squares / sum(weights.values()) / sites / t)


@pytest.mark.parametrize(("J", "T_N", "J_prime", "ratio", "m"), YASUDA)
def test_interchain_coupling(J: float, T_N: float, J_prime: float, ratio: float, m: float) -> None:
    found = exchange.interchain_coupling(T_N, J)
    assert found.J_prime.value == pytest.approx(J_prime, rel=1e-13)
    assert found.ratio.value == pytest.approx(ratio, rel=2e-9)
    assert found.moment.value == pytest.approx(m, rel=1e-6)
    assert exchange.moment(found.ratio.value).value == pytest.approx(m, rel=1e-6)
    assert found.J_prime.error == found.ratio.error == 0.0


def test_compound_1_is_the_published_one() -> None:
    """Phys. Rev. B 73, 020410 (2006) prints 4.4e-3; with a coupling of 0.046 K."""
    found = exchange.interchain_coupling("0.107(1)", 10.3)
    assert f"{found.ratio.value:.1e}" == "4.4e-03"
    assert found.J_prime.value == pytest.approx(0.046, abs=0.0006)


def test_constants_by_a_lattice_that_is_no_chain() -> None:
    """J' = J: the simple cubic antiferromagnet orders at 0.946(1) J, Phys. Rev. Lett. 80, 5196."""
    found = exchange.interchain_coupling("0.946(1)", "1.00(1)")
    assert found.J_prime.value == pytest.approx(1.0, abs=0.01)
    assert "not small" in found.notes[0]


def test_discrepancy_of_the_paper_J_prime_is_0_0435_and_not_the_printed_0_045() -> None:
    """From the printed T_N and J; printed are 0.045 K, 3.3e-3 and 0.059."""
    found = exchange.interchain_coupling("0.105(1)", "13.7(1)")
    assert f"{found.J_prime.value:.4f}" == "0.0435"
    assert f"{found.ratio.value:.3e}" == "3.175e-03"
    assert f"{found.moment.value:.4f}" == "0.0573"
    assert found.J_prime.error == pytest.approx(0.00045, abs=5e-6)
    assert (0.045 - found.J_prime.value) / found.J_prime.error > 3
    assert [str(one) for one in (found.J_prime, found.ratio, found.moment)] == [
        "0.0435(4) K", "0.00318(4)", "0.0573(4) mu_B",
    ]  # fmt: skip
    # what would explain all three printed numbers: the coupling of compound 1 over the J of this
    carried = exchange.interchain_coupling(0.107, 10.3).J_prime.value
    assert f"{carried:.3f} {carried / 13.7:.1e}" == "0.045 3.3e-03"
    assert f"{exchange.moment(carried / 13.7).value:.3f}" == "0.059"
    assert f"{exchange.moment(3.3e-3).value:.3f}" == "0.058"  # not even from the printed ratio


def test_slopes_of_the_interchain_coupling() -> None:
    """Logarithmic: 1.0809 to T_N and -0.0809 to J; a relative error of 1e-5 shows them."""
    by_T_N = exchange.interchain_coupling((0.105, 1.05e-6), 13.7)
    by_J = exchange.interchain_coupling(0.105, (13.7, 13.7e-5))
    value = by_T_N.J_prime.value
    assert by_T_N.J_prime.error / value * 1e5 == pytest.approx(1.0809, abs=1e-4)
    assert by_J.J_prime.error / value * 1e5 == pytest.approx(0.0809, abs=1e-4)
    assert by_J.ratio.error / by_J.ratio.value * 1e5 == pytest.approx(1.0809, abs=1e-4)
    assert by_T_N.moment.error / by_T_N.moment.value * 1e5 == pytest.approx(1.0809 / 2, abs=1e-4)
    assert by_J.notes == ("T_N came without an error and is taken as exact",)


@dataclass
class Fitted:
    value: float = 0.105
    error: float | None = 0.0013
    minos: tuple[float, float] | None = (-0.00074, 0.00235)
    unit: str = "K"


def test_unequal_errors_go_through_side_by_side() -> None:
    found = exchange.interchain_coupling(Fitted(), 13.7)
    ends = [exchange.interchain_coupling(end, 13.7).J_prime.value for end in (0.10426, 0.10735)]
    sides = found.J_prime.value + found.J_prime.low, found.J_prime.value + found.J_prime.high
    assert sides == pytest.approx(ends, rel=1e-12)
    # a larger J makes the ratio smaller: its upper error counts below
    known = exchange.interchain_coupling(0.105, "13.7 -0.1 +0.4 K").ratio
    assert -known.low > 3 * known.high > 0
    both = exchange.interchain_coupling(Fitted(), (13.7, 0.1)).J_prime
    alone = exchange.interchain_coupling(0.105, (13.7, 0.1)).J_prime
    assert both.high == pytest.approx(math.hypot(found.J_prime.high, alone.high))


def test_errors_that_are_not_known_or_leave_the_range() -> None:
    unknown = exchange.interchain_coupling(Fitted(error=None, minos=None), "13.7(1)")
    assert math.isnan(unknown.J_prime.error)
    assert str(unknown.J_prime) == "0.043499 K"
    assert "the error of T_N is not known" in unknown.notes[0]
    open_end = exchange.interchain_coupling(Fitted(minos=(-0.001, math.inf)), "13.7(1)")
    assert open_end.J_prime.high == math.inf
    assert -0.001 < open_end.J_prime.low < 0
    assert open_end.to_dict()["J_prime"]["high"] is None
    bound = exchange.interchain_coupling(Fitted(minos=(-0.002, 0.0)), 13.7)
    assert bound.J_prime.high == 0.0
    assert bound.notes[0] == ("T_N is at a bound: its interval is one-sided, as those that follow")
    below = exchange.susceptibility(0.15, (13.7, 2.0), 2.0)  # at J = 15.7 K it is not known
    assert below.low == -math.inf
    assert 0 < below.high < 0.2 * below.value


@pytest.mark.parametrize(
    ("T_N", "J", "message"),
    [
        (105, 13.7, "T_N = 105 K is not below J = 13.7 K: .* are both in K"),
        (13.7, 13.7, "not below"),
        (0.0, 13.7, "T_N = 0.0 K; expected a positive number"),
        (0.105, -13.7, "J = -13.7 K; expected a positive number"),
        (math.nan, 13.7, "T_N = nan K; expected"),
        (Fitted(unit="MHz"), 13.7, "T_N is given in MHz; expected K"),
        (0.105, "about 14", "'about 14' is no value with an error"),
        (0.105, {"J": 1}, "expected a number, \\(value, error\\), or text"),
    ],
)
def test_what_cannot_be_is_refused(T_N: Any, J: Any, message: str) -> None:
    with pytest.raises(MusrcuError, match=message) as caught:
        exchange.interchain_coupling(T_N, J)
    assert "\n" not in str(caught.value)


def test_notes_near_the_edges() -> None:
    strong, weak = (exchange.interchain_coupling((t, 0.01 * t), (10, 0.1)) for t in (3.0, 0.1))
    assert strong.ratio.value > 0.1
    assert "J'/J is not small" in strong.notes[0]
    assert weak.ratio.value > 1e-3
    assert weak.notes == ()
    (note,) = exchange.interchain_coupling("0.03(1)", "13.7(1)").notes
    assert "below 0.001" in note
    with pytest.raises(MusrcuError, match="J'/J = 0.97 is too large"):
        exchange.moment(0.97)


def test_saturation_field() -> None:
    found = exchange.coupling_from_saturation("19.9(1) T", "2.03(1)")
    assert found.value == pytest.approx(13.5676114866, rel=1e-11)
    assert found.error == pytest.approx(0.095, abs=5e-4)
    assert str(found) == "13.6(1) K"  # printed: 13.6(1) K
    assert exchange.coupling_from_saturation(199000, 2.04).value == pytest.approx(13.6344470112)
    back = exchange.saturation_field(found, 2.03)
    assert back.value == pytest.approx(199000)
    with pytest.raises(MusrcuError, match="B_c is given in K; expected G"):
        exchange.coupling_from_saturation("19.9 K", 2.03)


@pytest.mark.parametrize(("t", "fit", "exact"), CHI)
def test_susceptibility(t: float, fit: float, exact: float) -> None:
    J, g = 13.7, 2.04
    found = exchange.susceptibility(t * J, J, g).value * J / (0.375148095 * g**2)
    assert found == pytest.approx(fit, abs=6e-10)
    assert found == pytest.approx(exact, abs=5e-6)


@pytest.mark.parametrize(("t", "within"), [(0.640851, 1e-4), (1.0, 5e-6), (2.0, 2e-6), (5.0, 1e-7)])
def test_susceptibility_of_a_ring(t: float, within: float) -> None:
    """Ten sites, diagonalised here; at lower temperatures a ring is too short."""
    found = exchange.susceptibility(t, 1.0, 1.0).value / 0.375148095
    assert found == pytest.approx(ring_susceptibility(10, t), abs=within)


def test_molar_constant() -> None:
    """N_A mu_B^2/k_B in emu K/mol from CODATA 2022, in units of cm, g and s."""
    avogadro, magneton, boltzmann = 6.02214076e23, 9.2740100657e-21, 1.380649e-16
    assert avogadro * magneton**2 / boltzmann == pytest.approx(exchange.MOLAR, rel=3e-9)
    assert magneton / boltzmann == pytest.approx(BOHR_MAGNETON, rel=1e-10)


def test_maximum_of_the_susceptibility() -> None:
    at, height = exchange.susceptibility_maximum("13.7(1)", "2.04(1)")
    assert f"{at.value:.3f} {height.value:.6f}" == "8.780 0.016743"
    assert height.value == pytest.approx(0.01674333602, rel=1e-9)
    assert at.error == pytest.approx(0.0640851)
    T = np.linspace(8.5, 9.1, 6001)
    curve = exchange.susceptibility(T, 13.7, 2.04).value
    assert T[curve.argmax()] == pytest.approx(0.64088194 * 13.7, abs=1e-4)
    assert curve.max() == pytest.approx(0.14692943807 * 0.375148095 * 2.04**2 / 13.7, rel=1e-8)
    assert exchange.coupling_from_maximum((8.78, 0.1)).value == pytest.approx(13.7005, abs=1e-4)
    assert str(exchange.coupling_from_maximum("8.8(1)")) == "13.7(2) K"


def test_susceptibility_at_the_ends() -> None:
    """Near 1/pi^2 with a logarithm, 1/(2 ln 7.7/t); Curie's law; and what is refused."""
    low = exchange.susceptibility(0.01 * 13.7, 13.7, 1.0).value * 13.7 / 0.375148095
    assert low == pytest.approx((1 + 0.5 / math.log(7.7 / 0.01)) / math.pi**2, rel=2e-3)
    far = exchange.susceptibility(1e6, 13.7, 2.0).value * 1e6
    assert far == pytest.approx(exchange.curie_weiss(13.7, 2.0).C.value, rel=1e-4)
    with pytest.raises(MusrcuError, match="T = 0.005 J is too low"):
        exchange.susceptibility([0.0685, 300.0], 13.7, 2.0)


def test_errors_of_the_susceptibility_have_the_shape_of_T() -> None:
    T = np.array([2.0, 8.78, 300.0])
    found = exchange.susceptibility(T, "13.7(1)", "2.04(1)")
    assert found.value.shape == found.low.shape == found.high.shape == (3,)
    step = 1e-4
    slope = (exchange.susceptibility(T, 13.7 + step, 2.04).value
             - exchange.susceptibility(T, 13.7 - step, 2.04).value) / (2 * step)  # fmt: skip
    expected = np.hypot(0.1 * slope, 2 * 0.01 / 2.04 * found.value)
    assert found.error == pytest.approx(expected, rel=2e-3)
    assert str(found) == f"3 values, {found.value.min():.6g} to {found.value.max():.6g} emu/mol"


def test_curie_weiss() -> None:
    found = exchange.curie_weiss("13.7(1)", "2.03(1)")
    assert str(found.theta) == "6.85(5) K"
    assert found.C.value == pytest.approx(0.375148095 * 2.03**2 / 4)
    # leading order: 1/chi - T/C tends to theta
    far = 1e5
    chi = exchange.susceptibility(far, 13.7, 2.03).value
    assert found.C.value / chi - far == pytest.approx(found.theta.value, rel=2e-3)
    # a line through 1/chi from 100 to 300 K
    T = np.linspace(100, 300, 201)
    slope, offset = np.polyfit(T, 1 / exchange.susceptibility(T, 13.7, 2.04).value, 1)
    assert offset / slope == pytest.approx(7.42, abs=0.005)
    fitted_g = math.sqrt(4 / slope / 0.375148095)
    assert fitted_g == pytest.approx(2.04, rel=8e-4)


def test_magnetisation_and_energy() -> None:
    h, m, energy = np.array(MAGNETISATION).T
    J = 13.7
    found = exchange.magnetisation(field(h, J), J, 2.0)
    assert found.value == pytest.approx(m, abs=1e-11)
    assert exchange.ground_state_energy(field(h, J), J, 2.0).value / J == pytest.approx(
        energy, abs=1e-11
    )


def test_magnetisation_against_rings() -> None:
    """Steps of 14 sites, and those of 10 and 12 diagonalised here; they end as 1/N^2."""
    h, m = np.array(STEPS_14).T
    assert exchange.magnetisation(field(h), 1.0, 2.0).value == pytest.approx(m, abs=0.012)
    for sites in (10, 12):
        lowest = [sectors(sites)[sz][0] for sz in range(sites // 2 + 1)]
        steps, middles = np.diff(lowest), (np.arange(sites // 2) + 0.5) * 2 / sites
        bethe = exchange.magnetisation(field(steps), 1.0, 2.0).value
        assert np.abs(bethe - middles)[:-1].max() < 2.3 / sites**2


def test_magnetisation_is_the_slope_of_the_energy() -> None:
    """M = -dE/dh of one site, which is 1/2 at saturation; near no field and near saturation too."""
    h, step = np.array([0.02, 0.3, 1.2, 1.97]), 1e-4
    down, up = (exchange.ground_state_energy(field(h + s), 1.0, 2.0).value for s in (-step, step))
    m = exchange.magnetisation(field(h), 1.0, 2.0).value
    assert -2 * (up - down) / (2 * step) == pytest.approx(m, abs=1e-5)


def test_ends_of_the_magnetisation() -> None:
    h = np.array([0.0, 1e-12, 1e-4, 2 - 1e-6, 2.0, 3.0, -1.0])
    m = exchange.magnetisation(field(h), 1.0, 2.0).value
    energy = exchange.ground_state_energy(field(h), 1.0, 2.0).value
    assert m[0] == 0.0
    assert energy[0] == pytest.approx(0.25 - math.log(2), abs=1e-13)
    # chi of the ground state is 1/pi^2 and a logarithm: M/Msat = 2 h/pi^2 [1 + 1/(2 ln(h0/h))]
    assert 1.0 < m[1] / h[1] * math.pi**2 / 2 < 1.03
    assert 1.0 < m[2] / h[2] * math.pi**2 / 2 < 1.08
    assert 1 - m[3] == pytest.approx(2 / math.pi * math.sqrt(2e-6), rel=1e-3)
    assert m[4:].tolist() == [1.0, 1.0, pytest.approx(-0.263751951590, abs=1e-11)]
    assert energy[5] == pytest.approx(0.25 - 1.5)


def test_errors_of_the_magnetisation() -> None:
    """J and g count through g B/J alone."""
    one = exchange.magnetisation(1e5, (13.7, 0.1), 2.04)
    other = exchange.magnetisation(1e5, 13.7, (2.04, 2.04 * 0.1 / 13.7))
    assert one.error == pytest.approx(other.error, rel=1e-2)
    assert one.error > 0
    beyond = exchange.magnetisation("30 T", "13.7(1)", "2.04(1)")
    assert (beyond.value, beyond.low, beyond.high) == (1.0, 0.0, 0.0)


def test_ratios_of_the_paper() -> None:
    """Moments of the two compounds, from T_N and J and from the printed J'/J."""
    one, two = (
        exchange.interchain_coupling(*x).moment.value for x in ((0.107, 10.3), (0.105, 13.7))
    )
    assert one / two == pytest.approx(1.179, abs=5e-4)
    printed = exchange.moment(4.4e-3).value / exchange.moment(3.3e-3).value
    assert printed == pytest.approx(1.155, abs=5e-4)


@pytest.mark.parametrize(
    ("T_N", "J", "sentence"),
    [
        ([0.1, 0.2], [13.7, 1.0, 3.0], "arguments have 2, 3 numbers; give arrays of one length"),
        ([], 13.7, "T_N is empty"),
    ],
)
def test_what_is_no_pair_of_numbers_is_refused(T_N: Any, J: Any, sentence: str) -> None:
    with pytest.raises(MusrcuError, match=sentence):
        exchange.interchain_coupling(T_N, J)
