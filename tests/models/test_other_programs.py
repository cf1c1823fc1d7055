"""Functions of other programs, written out here as those programs do, against ours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.special import j0

import musrcu as mu
from musrcu.errors import ModelError
from musrcu.models.model import Model
from musrcu.models.other_programs import NAMES, also_called, called
from musrcu.models.registry import components, find_component

T = np.linspace(0.0, 8.0, 161)
EXP, COS, SIN, PI, SQRT = np.exp, np.cos, np.sin, np.pi, np.sqrt
GAMMA = 0.0135538817  # MHz/G
OMEGA = 2 * PI * GAMMA * 50  # of 50 G
Curve = Callable[..., np.ndarray]


def kt(t: np.ndarray, delta: float) -> np.ndarray:
    return 1 / 3 + 2 / 3 * (1 - (delta * t) ** 2) * EXP(-((delta * t) ** 2) / 2)


def fmuf(t: np.ndarray, omega: float) -> np.ndarray:
    root = SQRT(3.0)
    slow, fast = (3 - root) / 2 * omega * t, (3 + root) / 2 * omega * t
    lines = 3 + COS(root * omega * t) + (1 - 1 / root) * COS(slow) + (1 + 1 / root) * COS(fast)
    return np.asarray(lines / 6)


def mantid_levels(coupling: float, field: float) -> tuple[float, float, float, float, float]:
    """E1 to E4 and the mixing, as in Mantid's TFMuonium."""
    gm, ge = GAMMA, 2.8024951
    chi, d = (gm + ge) * field / coupling, (ge - gm) / (gm + ge)
    root = SQRT(1 + chi * chi)
    up, down = coupling / 4 * 2 * d * chi, coupling / 4 * 2 * root
    quarter = coupling / 4
    return quarter + up, -quarter + down, quarter - up, -quarter - down, chi / root


def low(t: np.ndarray, coupling: float, field: float, phi: float) -> np.ndarray:
    e1, e2, e3, _, d = mantid_levels(coupling, field)
    lines = (1 + d) * COS(2 * PI * (e1 - e2) * t + phi)
    return np.asarray(0.25 * (lines + (1 - d) * COS(2 * PI * (e2 - e3) * t + phi)))


def zero_field(t: np.ndarray, a: float, d: float) -> np.ndarray:
    first = COS(2 * PI * (a - d) * t) + 2 * COS(2 * PI * (a + d / 2) * t)
    return np.asarray((first + 2 * COS(3 * PI * d * t)) / 6)


def broadened(t: np.ndarray, ratio: float, delta: float) -> np.ndarray:
    """Mantid's GauBroadGauKT."""
    square = delta**2 * (1 + ratio**2)
    bottom = 1 + ratio**2 + ratio**2 * square * t**2
    top = square * t**2 / bottom
    return np.asarray(1 / 3 + 2 / 3 * ((1 + ratio**2) / bottom) ** 1.5 * (1 - top) * EXP(-top / 2))


# (program, name), what it computes with amplitude 1, our amplitudes, our other parameters
ROWS: list[tuple[str, str, np.ndarray, Sequence[float], Sequence[float]]] = [
    ("musrfit", "generExpo", EXP(-((0.7 * T) ** 1.3)), [1], [0.7, 1.3]),
    ("musrfit", "simpleGss", EXP(-0.5 * (0.7 * T) ** 2), [1], [0.7]),
    ("musrfit", "abragam", EXP(-((0.7 / 1.3) ** 2) * (EXP(-1.3 * T) - 1 + 1.3 * T)), [1],
     [0.7, 1.3]),
    ("musrfit", "TFieldCos", COS(np.deg2rad(40) + 2 * PI * 1.3 * T), [1], [1.3, 40]),
    ("musrfit", "staticNKZF", broadened(T, 0.4, 0.7), [1], [0.7, 0.4 * 0.7]),
    ("Mantid", "ExpDecay", EXP(-T / 2.5), [1], [1 / 2.5]),
    ("Mantid", "GausDecay", EXP(-(0.5**2) * T**2), [1], [0.5 * SQRT(2)]),
    ("Mantid", "GausOsc", EXP(-(0.5**2) * T**2) * COS(2 * PI * 1.1 * T + 0.3), [1],
     [0.5 * SQRT(2), 1.1, np.rad2deg(0.3)]),
    ("Mantid", "StaticKuboToyabeTimesGausDecay", kt(T, 0.6) * EXP(-(0.2**2) * T**2), [1],
     [0.6, 0.2 * SQRT(2)]),
    ("Mantid", "GaussBessel", 1 / 3 + 2 / 3 * j0(2 * PI * 0.8 * T) * EXP(-0.5 * (0.3 * T) ** 2),
     [2 / 3, 1 / 3], [0.8, 0.0, 0.3]),
    ("Mantid", "DampedBessel",
     EXP(-0.1 * T) * (0.7 * EXP(-0.4 * T) * j0(2 * PI * GAMMA * 60 * T) + 0.3), [1],
     [0.7, 0.1, 0.5, GAMMA * 60, 0.0]),
    ("Mantid", "StretchedKT",
     1 / 3 + 2 / 3 * (1 - (0.6 * T) ** 1.4) * EXP(-((0.6 * T) ** 1.4) / 1.4), [1], [0.6, 1.4]),
    ("Mantid", "GauBroadGauKT", broadened(T, 0.4, 0.7), [1], [0.7, 0.4 * 0.7]),
    ("Mantid", "Abragam",
     COS(5 * T + 0.3) * EXP(-((0.7 * 0.5) ** 2) * (EXP(-T / 0.5) - 1 + T / 0.5)), [1],
     [0.7, 1 / 0.5, 5 / (2 * PI), np.rad2deg(0.3)]),
    ("Mantid", "PCRmagnetZFKT",
     1 / 3 + 2 / 3 * EXP(-((0.4 * T) ** 2) / 2)
     * (COS(OMEGA * T) - 0.4**2 * T / OMEGA * SIN(OMEGA * T)),
     [1], [2 / 3, 0.0, 1.0, 0.4, GAMMA * 50]),
    ("Mantid", "AFMZF", 0.25 + 0.75 * COS(2 * PI * 1.2 * T) * EXP(-0.5 * (0.4 * T) ** 2), [1],
     [np.sin(np.deg2rad(60)) ** 2, 0.0, 0.4, 1.2, 0.0]),
    ("Mantid", "FmuF", fmuf(T, 2 * PI * 0.21) * EXP(-0.1 * T) * EXP(-((0.2 * T) ** 2) / 2), [1],
     [(0.35993 / 0.21) ** (1 / 3), 0.1, 0.2]),
    ("Mantid", "MuonFInteraction", fmuf(T, 1.4) * EXP(-((0.1 * T) ** 1.5)), [1],
     [(2.26152 / 1.4) ** (1 / 3), 0.1, 1.5]),
    ("Mantid", "LowTFMuonium", low(T, 4463.0, 3.0, -0.4), [1], [4463.0, 3.0, np.rad2deg(0.4)]),
    ("WiMDA", "Gau", EXP(-((0.5 * T) ** 2)), [1], [0.5 * SQRT(2)]),
    ("WiMDA", "Sig2", EXP(-0.3 * T**2), [1], [SQRT(2 * 0.3)]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_the_expression_is_the_same_curve(
    row: tuple[str, str, np.ndarray, Sequence[float], Sequence[float]],
) -> None:
    program, name, expected, heights, others = row
    (entry,) = (one for one in called(name) if one.program == program)
    model = Model(entry.here)
    kinds = [parameter.kind == "amplitude" for parameter in model.parameters]
    amplitudes, rest = iter(heights), iter(others)
    values = [float(next(amplitudes if kind else rest)) for kind in kinds]
    np.testing.assert_allclose(model.value(T, values), expected, atol=2e-4)


def test_the_lines_of_muonium_are_those_of_its_formula() -> None:
    e1, e2, e3, e4, d = mantid_levels(40.0, 12.0)
    w12, w34, w14, w23 = (2 * PI * nu for nu in (e1 - e2, e3 - e4, e1 - e4, e2 - e3))
    for degrees in (0.0, 40.0):
        phi = np.deg2rad(degrees)
        strong = COS(w12 * T - phi) + COS(w34 * T + phi)
        weak = COS(w14 * T - phi) + COS(w23 * T - phi)
        ours = find_component("muonium_tf")(T, 40.0, 12.0, degrees)
        np.testing.assert_allclose(ours, ((1 + d) * strong + (1 - d) * weak) / 4, atol=2e-3)
        ours = find_component("muonium_tf_high")(T, 40.0, 12.0, degrees)
        np.testing.assert_allclose(ours, strong / 2, atol=2e-3)


def test_axial_muonium_of_mantid_has_no_constant_line() -> None:
    ours = find_component("muonium_axial")(T, 3.0, 2 * 0.8)
    np.testing.assert_allclose(ours - zero_field(T, 3.0, 0.8), 1 / 6, atol=1e-12)


def test_laws() -> None:
    B = np.linspace(0.0, 2000.0, 21)
    curve = find_component("repolarisation")(B, 0.2, 2.816 * 300.0)
    x = (B / 300.0) ** 2
    np.testing.assert_allclose(curve, 0.2 * (0.5 + x) / (1 + x), rtol=1e-4)


def test_every_expression_is_a_model_of_ours_and_every_name_is_once() -> None:
    for one in NAMES:
        assert not one.here or Model(one.here).terms, one.name
        assert one.here or one.difference, one.name
    names = [(one.program, name) for one in NAMES for name in (one.name, one.short) if name]
    assert len(set(names)) == len(names)
    assert len({one.here.split(" ")[0] for one in NAMES} & set(components())) > 30


def test_a_foreign_name_says_what_it_is_here() -> None:
    for typed in ("FmuF", "fmuf", "FMUF"):
        with pytest.raises(ModelError) as raised:
            find_component(typed)
        sentence = str(raised.value)
        assert sentence.startswith(f"no component is called {typed!r}; Mantid's FmuF is f_mu_f * ")
        assert sentence.endswith("; musrcu list models shows all")
    with pytest.raises(ModelError, match=r"Mantid's GausDecay is gaussian here \(no half in the"):
        find_component("GausDecay")
    with pytest.raises(ModelError, match=r"'skewedGss'; musrfit's skewedGss is not here \(a line"):
        mu.Model("skewedGss + constant")
    with pytest.raises(ModelError, match=r"musrfit's bessel is .*; Mantid's Bessel is bessel here"):
        find_component("Bessel")


def test_a_short_name_of_musrfit_is_known() -> None:
    (entry,) = called("sektlf")
    assert (entry.name, entry.here) == ("statExpKTLF", "lorentzian_kt_lf")


def test_own_names_in_other_letters_come_before_near_ones() -> None:
    with pytest.raises(ModelError, match=r"did you mean 'mu_f'\? \("):
        find_component("Mu_F")


def test_at_most_three_names_are_offered() -> None:
    for typed in ("kt", "dynamic_kt", "gaussian_kubo_toyabe", "muonium_", "x", "zzzz", "cosin"):
        with pytest.raises(ModelError) as raised:
            find_component(typed)
        sentence = str(raised.value)
        assert sum(f"'{key}'" in sentence for key in components()) <= 3
        assert "musrcu list models shows all" in sentence
        assert len(sentence) < 260
    with pytest.raises(ModelError, match=r"did you mean 'gaussian_kt', '.*' or '.*'\?"):
        find_component("kt")


def test_a_model_is_listed_with_its_other_names() -> None:
    assert [one.name for one in also_called("interpolating_kt")] == ["strKT", "StretchedKT"]
    text = " ".join(mu.catalogue("models", "interpolating_kt").split())
    assert "also called: musrfit strKT; Mantid StretchedKT (lambda is Sigma)" in text
    assert "FmuF (f_mu_f * exponential * gaussian; r = " in mu.catalogue("models", "f_mu_f")
    assert "also called" not in mu.catalogue("models", "f_mu_f_ff")


def test_nobody_reads_the_table_before_it_is_needed() -> None:
    program = (
        "import sys, musrcu; musrcu.Model('gaussian_kt * exponential'); "
        "sys.exit('musrcu.models.other_programs' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
