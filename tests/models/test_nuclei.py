"""Components made from nuclei: against matrix exponentials, in other processes, and refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from sent_away import same
from spin_brute_force import MUON, dipolar, polarisation, powder

import musrcu as mu
from musrcu.constants import DIPOLAR, GAMMA_MU, NUCLEI
from musrcu.errors import ModelError
from musrcu.models import registry, spin_field
from musrcu.models.nuclei import MOST_STATES, dipolar_component
from musrcu.models.nucleus import Nucleus
from musrcu.models.registry import Component, find_component
from musrcu.models.spin_lines import Lines, merged, turning_sum

PLACES = [(0.9, -0.3, 1.1), (-1.3, 0.8, 0.4), (0.2, 1.9, -1.4), (1.5, -1.7, 0.2)]
SETS = {
    "F": ["19F"],
    "N": ["14N"],
    "Li, F": ["7Li", "19F"],
    "H, D, N": ["1H", "2H", "14N"],
    "four protons": ["1H"] * 4,
    "V": ["51V"],
    "opposite moments": ["15N", "29Si"],
}
T = (0.0, 0.6, 3.1, 11.0)


@pytest.fixture(autouse=True)
def only_for_this_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registry.components()  # what a first use loads stays
    monkeypatch.setattr(registry, "_components", dict(registry._components))
    yield


def made_of(isotopes: list[str], name: str = "cluster", **more: object) -> Component:
    sites = list(zip(isotopes, PLACES, strict=False))
    return dipolar_component(name, sites, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("nuclear", [True, False])
@pytest.mark.parametrize("name", SETS)
def test_exponentials_of_the_hamiltonian(name: str, nuclear: bool) -> None:
    isotopes = SETS[name]
    spins = [0.5, *(NUCLEI[isotope][0] for isotope in isotopes)]
    gammas = [MUON, *(1e6 * NUCLEI[isotope][1] for isotope in isotopes)]
    made = made_of(isotopes, nuclear=nuclear)
    for scale in (1.0, 0.83):
        where = [(0.0, 0.0, 0.0), *PLACES[: len(isotopes)]]
        positions = [tuple(scale * x for x in place) for place in where]
        hamiltonian, muon = dipolar(spins, gammas, positions, nuclear)
        for t in T:
            assert float(made(t, scale)) == pytest.approx(powder(t, hamiltonian, muon), abs=1e-11)


@pytest.mark.parametrize("isotope", NUCLEI)
def test_second_moment(isotope: str) -> None:
    """P = 1 - (2/3) J (J + 1) w_d^2 t^2: van Vleck's sum, for a nucleus of any spin."""
    spin, mhz = NUCLEI[isotope]
    r = 1.3
    w_d = DIPOLAR * GAMMA_MU * 2e-4 * math.pi * abs(mhz) / r**3
    t = 0.01 / w_d / spin
    found = 1 - float(dipolar_component("one", [(isotope, (0, r, 0))])(t, 1.0))
    assert found == pytest.approx(2 / 3 * spin * (spin + 1) * (w_d * t) ** 2, rel=1e-3)


def test_the_named_components_are_special_cases() -> None:
    t = np.linspace(0.0, 32.0, 2000).copy()
    t.setflags(write=False)
    along = np.array([0.48, -0.6, 0.64])
    one, other, at = 1.2 * along + 3.0, -1.2 * along + 3.0, (3.0, 3.0, 3.0)
    for key, places, nuclear in (
        ("mu_f", [one], True),
        ("f_mu_f", [one, other], False),
        ("f_mu_f_ff", [one, other], True),
    ):
        sites = [("F", tuple(place)) for place in places]
        made = dipolar_component(f"own_{key}", sites, muon=at, nuclear=nuclear)
        np.testing.assert_allclose(made(t, 1.1), find_component(key)(t, 1.1 * 1.2), atol=1e-12)


def test_table_of_nuclei() -> None:
    """Ratios to the proton of the NMR standards (IUPAC 2008, per cent), which are shielded."""
    standards = {
        "2H": 15.350609,
        "7Li": 38.863797,
        "11B": 32.083974,
        "13C": 25.145020,
        "19F": 94.094011,
        "23Na": 26.451900,
        "27Al": 26.056859,
        "29Si": 19.867187,
        "31P": 40.480742,
        "51V": 26.302948,
        "63Cu": 26.515473,
        "65Cu": 28.403693,
        "75As": 17.122614,
        "93Nb": 24.476170,
        "127I": 20.007486,
        "139La": 14.125641,
    }
    for isotope, ratio in standards.items():
        found = 100 * abs(NUCLEI[isotope][1]) / NUCLEI["1H"][1]
        assert found == pytest.approx(ratio, rel=8e-3), isotope
    assert all(round(2 * spin) == 2 * spin for spin, _ in NUCLEI.values())


def test_derivative() -> None:
    made, t, h = made_of(["7Li", "19F"]), np.linspace(0.0, 20.0, 50), 1e-5
    row = made.gradient(t, made(t, 0.95), (0.95,))[0]
    numeric = (made(t, 0.95 + h) - made(t, 0.95 - h)) / (2 * h)
    np.testing.assert_allclose(row, numeric, atol=1e-6 * np.abs(row).max())


def test_certificate() -> None:
    pytest.importorskip("mpmath")
    from musrcu.verification.verify import verify

    found = verify(made_of(["7Li", "19F"]), 12)
    assert found.valid, found.findings
    assert "16 states" in found.method


def test_a_thousand_lines_on_even_times_and_on_others() -> None:
    rng = np.random.default_rng(3)
    t = 0.016 * np.arange(700)
    omega, weights = rng.uniform(0, 5, 3000), rng.normal(size=(2, 3000)) * np.exp(1j)
    even = turning_sum(t, omega, weights)
    back = turning_sum(t[::-1].copy(), omega, weights)[:, ::-1]
    shuffled = rng.permutation(t.size)
    np.testing.assert_allclose(
        even[:, shuffled], turning_sum(t[shuffled], omega, weights), atol=1e-9
    )
    np.testing.assert_allclose(even, back, atol=1e-9)
    few = turning_sum(t[:3], omega, weights)
    direct = (np.exp(1j * np.multiply.outer(t[:3], omega)) @ weights.T).real
    np.testing.assert_allclose(few.T, direct, atol=1e-10)


def test_equal_lines_are_one_and_faint_ones_go() -> None:
    omega = np.array([2.0, 0.0, 1.0, 2.0 + 4e-16, 1e-17, 3.0])
    weight = np.array([0.2, 0.1, 0.3, 0.1, 0.3, 1e-18])
    lines = merged(omega, weight)
    np.testing.assert_allclose(lines.omega, [0.0, 1.0, 2.0], rtol=1e-15)
    np.testing.assert_allclose(lines.weight, [0.4, 0.3, 0.3], rtol=1e-14)
    assert isinstance(lines, Lines)
    assert lines.fastest == pytest.approx(2.0)


def test_the_same_again_is_the_same() -> None:
    made = made_of(["19F"])
    assert made_of(["19F"]) is made
    assert made_of(["F"]) is made
    with pytest.raises(ModelError, match="two components are called 'cluster'"):
        made_of(["1H"])


def test_a_model_goes_to_a_process_that_knows_nothing() -> None:
    """Spawned, not forked: the worker has its own registry, and the component goes along."""
    made_of(["19F", "1H"], "hf_site")
    model = mu.Model("hf_site * exponential + constant")
    values = [0.2, 1.0, 0.1, 0.01]
    t = np.linspace(0.0, 8.0, 5)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(model.value, t, values).result().tolist() == (
            model.value(t, values).tolist()
        )
        again = pool.submit(same, model).result()
    assert again == model
    assert again.terms[0].factors[0].component is find_component("hf_site")


def test_a_nucleus_of_ones_own() -> None:
    spin, mhz = NUCLEI["31P"]
    own = Nucleus(spin, 2e-4 * math.pi * mhz, (0.0, 0.0, 1.4))
    t = np.linspace(0, 9, 20)
    one = dipolar_component("own", [own])
    other = dipolar_component("listed", [("P", (0.0, 0.0, 1.4))])
    np.testing.assert_array_equal(one(t, 1.0), other(t, 1.0))
    assert one.meaning == "Muon with spin 0.5: dipolar couplings, powder."
    assert other.meaning == "Muon with 31P: dipolar couplings, powder."


@pytest.mark.parametrize(
    ("nuclei", "sentence"),
    [
        ([], "no nuclei"),
        ([("Cu", (0, 0, 2))], "Cu: which isotope.* 63Cu, 65Cu"),
        ([("C", (0, 0, 2))], "C: which isotope.* 13C"),
        ([("Fl", (0, 0, 2))], "'Fl' is no nucleus that musrcu knows"),
        ([("19f", (0, 0, 2))], "did you mean '19F'"),
        ([("F", (0, 0))], "position .0, 0.; expected x, y, z in angstrom"),
        ([("F", 3.0)], "position 3.0; expected x, y, z"),
        ([("F", (0, 0, float("nan")))], "19F: position"),
        ([("F", (0, 0, 0.1))], "the muon and 19F are 0.1 angstrom apart"),
        ([("F", (0, 0, 2)), ("H", (0, 0.1, 2))], "19F and 1H are 0.1 angstrom apart"),
        (["F"], "'F' is no nucleus; write"),
        ([("V", (3.0 * k, 0, 2)) for k in range(3)], "a muon and 3 nuclei have 1024 states"),
    ],
)
def test_refused(nuclei: list, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        dipolar_component("refused", nuclei)
    assert "refused" not in registry._components


@pytest.mark.parametrize(
    ("spin", "gamma", "sentence"),
    [
        (0.7, 0.01, "spin 0.7; expected 0.5, 1"),
        (0.0, 0.01, "spin 0.0"),
        (
            0.5,
            40.08,
            r"gamma = 40.08 rad/\(us G\); expected less than 0.05.*multiplied by 6.2832e-4",
        ),
        (0.5, 0.0, "gamma = 0"),
        (0.5, float("nan"), "gamma = nan"),
        (0.5, float("inf"), "gamma = inf"),
        (0.5, "0.02", "gamma = 0.02 rad"),
        (float("nan"), 0.02, "spin nan; expected 0.5, 1"),
        (float("inf"), 0.02, "spin inf; expected 0.5, 1"),
        ("1/2", 0.02, "spin 1/2; expected 0.5, 1"),
    ],
)
def test_a_nucleus_is_refused(spin: float, gamma: float, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        Nucleus(spin, gamma, (0.0, 0.0, 1.0))


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("place", [(NAN, 0, 0), (INF, 0, 0), "abc", "", (0, 0), None, (0, 0, "x")])
def test_a_place_is_three_numbers(place: Any) -> None:
    with pytest.raises(ModelError, match="a nucleus: position .*; expected x, y, z in angstrom"):
        Nucleus(0.5, 0.02, place)
    with pytest.raises(ModelError, match="muon: position .*; expected x, y, z in angstrom"):
        dipolar_component("refused", [("F", (0, 0, 1.17))], muon=place)


def test_numbers_beyond_the_limits() -> None:
    """No number, or distances next to nothing: NaN, neither an exception nor all memory."""
    t = np.linspace(0.0, 40.0, 50)
    free, field = made_of(["19F"]), made_of(["19F", "1H"], "in_field", longitudinal=True)
    cases = [(free, [s]) for s in (NAN, INF, 0.0, 1e-300)]
    cases += [(field, [s, 10.0]) for s in (0.0, 1e-3, -1.0, 1e-300, NAN, INF)]
    cases += [(field, [1.0, NAN]), (field, [1.0, INF]), (field, [0.0, 0.0])]
    for made, values in cases:
        value, rows = made.value_and_gradient(t, values)
        for array in (made(t, *values), value, *rows):
            assert array.shape == t.shape
            assert np.isnan(array).all(), values
    with pytest.raises(ModelError, match="in_field: times up to 1e.06 us need too many orient"):
        field(np.array([1e6]), 1.0, 10.0)


def test_as_many_states_as_are_promised() -> None:
    rng = np.random.default_rng(1)
    sites = [("H", tuple(3.0 * v / np.linalg.norm(v))) for v in rng.normal(size=(6, 3))]
    made = dipolar_component("six_protons", sites)
    assert MOST_STATES > 2**7
    t = np.linspace(0, 10, 2000)
    value = made(t, 1.0)
    assert value[0] == pytest.approx(1.0, abs=1e-14)
    assert np.abs(value).max() <= 1 + 1e-14


# --- longitudinal field


def test_on_a_line_in_a_longitudinal_field() -> None:
    """Matrix exponentials at Gauss points of another number."""
    places = [(0.0, 0.0, 0.0), (0.0, 0.0, 1.2), (0.0, 0.0, -1.3)]
    sites = [("F", places[1]), ("7Li", places[2])]
    spins = [0.5, 0.5, 1.5]
    gammas = [MUON, 1e6 * NUCLEI["19F"][1], 1e6 * NUCLEI["7Li"][1]]
    made = dipolar_component("line", sites, longitudinal=True)
    cosines, weights = np.polynomial.legendre.leggauss(61)
    for B, t in ((3.0, 0.7), (12.0, 4.0), (80.0, 5.5), (4000.0, 2.0)):
        expected = 0.0
        for cosine, weight in zip(cosines, weights / 2, strict=True):
            along = np.array([math.sqrt(1 - cosine**2), 0.0, cosine])
            hamiltonian, muon = dipolar(spins, gammas, places, field=B * along)
            spin = np.tensordot(along, muon, axes=1)
            expected += weight * polarisation(t, hamiltonian, spin, spin)
        assert float(made(t, 1.0, B)) == pytest.approx(expected, abs=1e-9)


def test_anywhere_in_a_longitudinal_field() -> None:
    """Matrix exponentials in 820 directions of a grid that is turned against the other one."""
    where = [(0.0, 0.0, 0.0), *PLACES[:2]]
    gammas = [MUON, 1e6 * NUCLEI["19F"][1], 1e6 * NUCLEI["1H"][1]]
    made = made_of(["19F", "1H"], longitudinal=True)
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    cosines, weights = np.polynomial.legendre.leggauss(20)
    total = 0.0
    for cosine, weight in zip(cosines, weights, strict=True):
        for phi in 2 * np.pi * np.arange(41) / 41:
            sine = math.sqrt(1 - cosine**2)
            along = turn @ [sine * np.cos(phi), sine * np.sin(phi), cosine]
            hamiltonian, muon = dipolar([0.5] * 3, gammas, where, field=15.0 * along)
            spin = np.tensordot(along, muon, axes=1)
            total += weight / 82 * polarisation(3.0, hamiltonian, spin, spin)
    assert float(made(3.0, 1.0, 15.0)) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("isotopes", [["19F"], ["19F", "1H"]])
def test_limits_of_a_longitudinal_field(isotopes: list[str]) -> None:
    made = made_of(isotopes, longitudinal=True)
    t = np.linspace(0.0, 12.0, 600)
    zero = made_of(isotopes, "zero")
    np.testing.assert_allclose(made(t, 0.9, 0.0), zero(t, 0.9), atol=1e-14)
    np.testing.assert_allclose(made(t, 0.9, 1e-9), zero(t, 0.9), atol=1e-9)
    np.testing.assert_allclose(made(t, 0.9, 1e5), 1.0, atol=1e-6)
    held = made(t, 1.0, 1000.0)
    assert 0 < 1 - held.min() < 1e-2


@pytest.mark.parametrize("B", [0.0, 1e-3, 9.0, 300.0, 2e4])
@pytest.mark.parametrize("isotopes", [["19F"], ["7Li", "1H"]])
def test_derivatives_in_a_longitudinal_field(isotopes: list[str], B: float) -> None:
    made = made_of(isotopes, longitudinal=True)
    t = np.linspace(-0.001, 3.5, 9)
    value, rows = made.value_and_gradient(t, (1.1, B))
    np.testing.assert_allclose(value, made(t, 1.1, B), atol=1e-13)
    for row, step in zip(rows, ((1e-4, 0.0), (0.0, 2e-3)), strict=True):
        h = sum(step)

        def at(n: int, step: tuple[float, float] = step) -> np.ndarray:
            # P is even in the field, so a step to below zero is as good
            return np.asarray(made.function(t, 1.1 + n * step[0], abs(B + n * step[1])))

        numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
        np.testing.assert_allclose(row, numeric, atol=1e-7 * np.abs(row).max() + 3e-10)


def test_more_orientations_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of orientations follows from width and time; half as many more are not seen."""
    rng = np.random.default_rng(8)
    t = np.linspace(0.0, 14.0, 600)
    for number in range(2):
        sites = [
            ("F", tuple(r * v / np.linalg.norm(v)))
            for r, v in zip((1.2, 1.9), rng.normal(size=(2, 3)), strict=True)
        ]
        made = dipolar_component(f"site_{'ab'[number]}", sites, longitudinal=True)
        B = 10 ** rng.uniform(0.3, 3)
        few = made(t, 1.0, B)
        with monkeypatch.context() as patched:
            patched.setattr(spin_field, "SLOPE", 2.2)
            patched.setattr(spin_field, "MARGIN", 45)
            more = made(t, 1.0 + 1e-15, B)
        np.testing.assert_allclose(few, more, atol=1e-9)


def test_too_much_for_a_longitudinal_field() -> None:
    rng = np.random.default_rng(1)
    sites = [
        ("F", tuple(r * v / np.linalg.norm(v))) for r, v in enumerate(rng.normal(size=(5, 3)), 2)
    ]
    with pytest.raises(ModelError, match="64 states with couplings of .* too many"):
        dipolar_component("crowd", [("F", (0, 0.4, 1.1)), *sites[1:]], longitudinal=True)
    near = dipolar_component(
        "near", [("F", (0, 0.5, 1.1)), ("F", (0, 0.5, -1.1))], longitudinal=True
    )
    assert near.parameters[0].lower == pytest.approx(0.6)
    assert min(near.parameters[0].trials) >= 0.6


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
@pytest.mark.parametrize("longitudinal", [False, True])
def test_any_shape_of_times(shape: tuple[int, ...], longitudinal: bool) -> None:
    made = made_of(["19F"], longitudinal=longitudinal)
    values = [p.default for p in made.parameters]
    t = np.full(shape, 0.5)
    assert made(t, *values).shape == shape
    assert all(row.shape == shape for row in made.value_and_gradient(t, values)[1])


def test_a_field_goes_to_a_process_too() -> None:
    made = made_of(["19F"], longitudinal=True)
    make, arguments = made.__reduce__()
    assert make(*arguments) is made
    assert made.meaning == "Muon with 19F in a longitudinal field: dipolar couplings, powder."
    assert mu.Model("cluster").names == ("A1", "scale1", "B_LF1")
