"""Muonium with an isotropic hyperfine coupling: zero, transverse and longitudinal field.

The phase phi is that of a free muon seen by the same detectors, cos(2 pi nu t + phi). Three of the
four lines turn the other way and carry -phi, so that A_hf = 0 gives a free muon back.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from musrcu.constants import GAMMA_MU_OVER_2PI, MUONIUM_A_HF
from musrcu.models.certificate import Certificate, Corner
from musrcu.models.muonium_levels import DIFFERENCE, SUM, TINY, Mixing
from musrcu.models.parameter import Check, Parameter
from musrcu.models.phasor import phasor
from musrcu.models.registry import FloatArray, component
from musrcu.models.validity import TRIPLET, zero_field
from musrcu.references import spin_system

SLOW = 1e-3
"""Turns over all times below which differences of cosines are taken as products of sines."""
DEGREE = math.pi / 180.0

A_HF = Parameter("A_hf", "MHz", MUONIUM_A_HF, "hyperfine coupling", lower=0.0, domain=(0.0, 4600.0))
B = Parameter("B", "G", 100.0, "transverse field", lower=0.0, kind="field")
B_LF = Parameter("B_LF", "G", 100.0, "longitudinal field", lower=0.0, kind="field")
PHI = Parameter(
    "phi",
    "deg",
    0.0,
    "phase of a free muon at t = 0",
    kind="phase",
    seeds=(0.0, 90.0, 180.0, -90.0),
)
PATTERSON = "B. D. Patterson, Rev. Mod. Phys. 60, 69 (1988)"
DIAGONALISED = "diagonalisation of its four states"
LEVELS = (
    "nu_ij = E_i - E_j, E_1 and E_3 = A_hf/4 +- (gamma_e - gamma_mu) B / (4 pi), "
    "E_2 and E_4 = -A_hf/4 +- A_hf sqrt(1 + x^2) / 2, x = (gamma_e + gamma_mu) B / (2 pi A_hf)"
)
"""The lines nu_ij of muonium in MHz, for formulas."""


_Rows = tuple[FloatArray, FloatArray, FloatArray]


def _one_sided(rows: Callable[..., _Rows]) -> Callable[..., _Rows]:
    """Derivatives that have a direction at A_hf = B = 0: each from its own side."""

    def at(t: FloatArray, value: FloatArray, A_hf: float, B: float, phi: float = 0.0) -> _Rows:
        if A_hf == 0.0 and B == 0.0:
            by_A, _, by_phi = rows(t, value, TINY, 0.0, phi)
            return by_A, rows(t, value, 0.0, TINY, phi)[1], by_phi
        return rows(t, value, A_hf, B, phi)

    return at


def _apart(
    t: FloatArray, one: FloatArray, other: FloatArray, middle: float, half: float, phi: float
) -> FloatArray:
    """Difference of two cosines; of slow ones as 2 sin sin, which keeps its digits.

    Half of the sum of their phases is 2 pi middle t - phi, half of the difference 2 pi half t.
    """
    if half * float(np.max(np.abs(t), initial=0.0)) > SLOW:
        return one - other
    turned = 2.0 * np.sin(2 * np.pi * middle * t - DEGREE * phi)
    return np.asarray(turned * np.sin(2 * np.pi * half * t))


def _phase(nu: float, t: float, phi: float = 0.0) -> float:
    return 2 * math.pi * abs(nu * t) + DEGREE * abs(phi)


def _corners(field: str) -> tuple[Corner, ...]:
    return (
        Corner("no field", lambda v, rng: {**v, field: 0.0}),
        Corner("no coupling", lambda v, rng: {**v, "A_hf": 0.0}),
        Corner(
            "coupling and field both small",
            lambda v, rng: {
                **v,
                "A_hf": 10 ** rng.uniform(-9, -1),
                field: 10 ** rng.uniform(-9, -1),
            },
        ),
        Corner(
            "coupling and field alike",
            lambda v, rng: {**v, field: v["A_hf"] / SUM * 10 ** rng.uniform(-1, 1)},
        ),
        Corner(
            "weak coupling in a strong field",
            lambda v, rng: {**v, "A_hf": 10 ** rng.uniform(-6, 2), field: rng.uniform(1e4, 1e5)},
        ),
        Corner(
            "levels 1 and 2 cross",
            lambda v, rng: {**v, field: 0.5 * v["A_hf"] / GAMMA_MU_OVER_2PI},
        ),
    )


def _slow_switch(half: Callable[[float, float], float], field: str) -> Corner:
    """Where differences of cosines change their form: half a difference turns SLOW in 40 us."""

    def place(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
        values = {**values, "A_hf": 10 ** rng.uniform(-7, -5), field: 10 ** rng.uniform(-7, -5)}
        return {**values, "t": SLOW / half(values["A_hf"], values[field])}

    return Corner("slow: products of sines to differences", place, across="t")


# --- zero field


@component(
    "(1 + cos(2 pi A_hf t)) / 2",
    parameters=[A_HF],
    derivatives=lambda t, value, A_hf: (-np.pi * t * phasor(t, A_hf).imag,),
    checks=[
        Check({"A_hf": 1.0}, t=0.5, expected=0.0, source="half a turn"),
        Check({"A_hf": 0.0}, t=9.0, expected=1.0, source="a free muon"),
        Check(
            {"A_hf": MUONIUM_A_HF},
            t=1e-4,
            expected=0.028160415889,
            source="four states diagonalised",
            tolerance=1e-12,
        ),
    ],
    reference=PATTERSON,
    certificate=Certificate(
        truth=spin_system.muonium, method=DIAGONALISED, phase=lambda t, A_hf: _phase(A_hf, t)
    ),
    valid=zero_field("muonium_tf and muonium_lf", per_gauss=TRIPLET),
)
def muonium(t: FloatArray, A_hf: float) -> FloatArray:
    """Muonium without field: half of the polarisation oscillates with the hyperfine coupling."""
    return 0.5 * (1.0 + phasor(t, A_hf).real)


# --- transverse field


def _tf_rows(t: FloatArray, value: FloatArray, A_hf: float, B: float, phi: float = 0.0) -> _Rows:
    mixing, phi = Mixing.of(A_hf, B), math.remainder(phi, 360.0)
    c, d, R = mixing.c, mixing.d, mixing.R
    common = phasor(t, 0.5 * A_hf)
    slow = phasor(t, mixing.edge, phi)
    fast = phasor(t, 0.5 * R + mixing.middle, -phi)
    apart = _apart(t, slow.real, fast.real, mixing.middle, 0.5 * R, phi)
    slow, fast = (1.0 + d) * slow, mixing.less_d * fast
    by_A = 0.5 * c * (np.pi * t * (slow.imag + fast.imag) + d / R * apart)
    by_A = 0.5 * np.pi * t * common.imag * (slow.real + fast.real) + common.real * by_A
    slow_by_B = GAMMA_MU_OVER_2PI - 0.5 * SUM * mixing.less_d
    fast_by_B = 0.5 * (SUM * d + DIFFERENCE)
    by_B = 0.5 * SUM * c * (c / R) * apart
    by_B -= np.pi * t * (slow_by_B * slow.imag + fast_by_B * fast.imag)
    by_phi = 0.5 * DEGREE * common.real * (fast.imag - slow.imag)
    return -by_A, common.real * by_B, by_phi


def _tf_phase(t: float, A_hf: float, B: float, phi: float = 0.0) -> float:
    return _phase(0.5 * (A_hf + math.hypot(A_hf, SUM * B) + DIFFERENCE * B), t, phi)


@component(
    "((1+d) [cos(2 pi nu12 t - phi) + cos(2 pi nu34 t + phi)] + (1-d) [cos(2 pi nu14 t - phi) + "
    f"cos(2 pi nu23 t - phi)]) / 4, d = x / sqrt(1 + x^2), {LEVELS}",
    parameters=[A_HF, B, PHI],
    derivatives=_tf_rows,
    checks=[
        Check(
            {"A_hf": MUONIUM_A_HF, "B": 100.0, "phi": 0.0},
            t=2e-4,
            expected=0.875220280600,
            source="four states diagonalised",
            tolerance=1e-11,
        ),
        Check(
            {"A_hf": MUONIUM_A_HF, "B": 100.0, "phi": 0.0},
            t=0.02,
            expected=-0.011668973436,
            source="four states diagonalised with constants rounded to nine digits",
            tolerance=1e-10,
        ),
        Check(
            {"A_hf": MUONIUM_A_HF, "B": 2000.0, "phi": 0.0},
            t=0.003,
            expected=0.235526666287,
            source="four states diagonalised with constants rounded to nine digits",
            tolerance=1e-9,
        ),
        Check(
            {"A_hf": 0.0, "B": 100.0, "phi": 30.0},
            t=1.0,
            expected=math.cos(200 * math.pi * GAMMA_MU_OVER_2PI + math.pi / 6),
            source="a free muon",
        ),
    ],
    reference=PATTERSON,
    certificate=Certificate(
        truth=spin_system.muonium_tf,
        method=DIAGONALISED,
        phase=_tf_phase,
        corners=(
            *_corners("B"),
            _slow_switch(lambda A_hf, B: 0.5 * math.hypot(A_hf, SUM * B), "B"),
        ),
    ),
)
def muonium_tf(t: FloatArray, A_hf: float, B: float, phi: float = 0.0) -> FloatArray:
    """Muonium in a transverse field, all four lines; phi is the phase of a free muon."""
    mixing = Mixing.of(A_hf, B)
    slow = phasor(t, mixing.edge, phi).real
    fast = phasor(t, 0.5 * mixing.R + mixing.middle, -phi).real
    both = (1.0 + mixing.d) * slow + mixing.less_d * fast
    return 0.5 * phasor(t, 0.5 * A_hf).real * both


def _low_rows(t: FloatArray, value: FloatArray, A_hf: float, B: float, phi: float = 0.0) -> _Rows:
    mixing = Mixing.of(A_hf, B)
    c, d, R, half = mixing.c, mixing.d, mixing.R, 0.5 * mixing.less_A
    one = phasor(t, mixing.nu12, -phi)
    other = phasor(t, mixing.middle + half, -phi)
    apart = _apart(t, one.real, other.real, mixing.middle, half, phi)
    sine, sines = (1.0 + d) * one.imag, mixing.less_d * other.imag
    by_A = 0.25 * (np.pi * t * mixing.less_c * (sines - sine) - c * (d / R) * apart)
    turned = (DIFFERENCE - SUM * d) * sine + (DIFFERENCE + SUM * d) * sines
    by_B = 0.25 * (SUM * c * (c / R) * apart - np.pi * t * turned)
    return by_A, by_B, 0.25 * DEGREE * (sine + sines)


@component(
    "((1+d) cos(2 pi nu12 t - phi) + (1-d) cos(2 pi nu23 t - phi)) / 4, "
    f"d = x / sqrt(1 + x^2), {LEVELS}",
    parameters=[A_HF, B, PHI],
    derivatives=_one_sided(_low_rows),
    checks=[
        Check(
            {"A_hf": MUONIUM_A_HF, "B": 0.0, "phi": 0.0},
            t=3.0,
            expected=0.5,
            source="the other half oscillates too fast to be seen",
        ),
        Check(
            {"A_hf": MUONIUM_A_HF, "B": 100.0, "phi": 0.0},
            t=0.02,
            expected=0.0866082231,
            source="two of the lines of four states diagonalised: nu12 135.009623 and nu23 "
            "143.884503 MHz",
            tolerance=1e-8,
        ),
    ],
    reference=PATTERSON,
    certificate=Certificate(
        truth=spin_system.muonium_tf_low,
        method=DIAGONALISED,
        phase=lambda t, A_hf, B, phi=0.0: _phase(
            Mixing.of(A_hf, B).middle + 0.5 * Mixing.of(A_hf, B).less_A, t, phi
        ),
        corners=(
            *_corners("B"),
            _slow_switch(lambda A_hf, B: 0.5 * Mixing.of(A_hf, B).less_A, "B"),
        ),
    ),
)
def muonium_tf_low(t: FloatArray, A_hf: float, B: float, phi: float = 0.0) -> FloatArray:
    """Muonium in a low transverse field: the two slow lines, P(0) = 1/2."""
    mixing = Mixing.of(A_hf, B)
    one = phasor(t, mixing.nu12, -phi).real
    other = phasor(t, mixing.middle + 0.5 * mixing.less_A, -phi).real
    return 0.25 * ((1.0 + mixing.d) * one + mixing.less_d * other)


def _high_rows(t: FloatArray, value: FloatArray, A_hf: float, B: float, phi: float = 0.0) -> _Rows:
    mixing = Mixing.of(A_hf, B)
    common = phasor(t, 0.5 * A_hf)
    slow = phasor(t, mixing.edge, phi)
    sine = common.real * slow.imag
    by_A = -np.pi * t * (common.imag * slow.real + mixing.c * sine)
    by_B = -2 * np.pi * (GAMMA_MU_OVER_2PI - 0.5 * SUM * mixing.less_d) * t * sine
    return by_A, by_B, -DEGREE * sine


@component(
    f"(cos(2 pi nu12 t - phi) + cos(2 pi nu34 t + phi)) / 2, {LEVELS}",
    parameters=[A_HF, B, PHI],
    derivatives=_one_sided(_high_rows),
    checks=[
        Check(
            {"A_hf": 0.0, "B": 100.0, "phi": 30.0},
            t=1.0,
            expected=math.cos(200 * math.pi * GAMMA_MU_OVER_2PI + math.pi / 6),
            source="a free muon",
        ),
        Check(
            {"A_hf": 100.0, "B": 0.0, "phi": 0.0},
            t=0.002,
            expected=0.5 * (1 + math.cos(0.4 * math.pi)),
            source="nu12 = 0 and nu34 = A_hf without field",
        ),
    ],
    reference=PATTERSON,
    certificate=Certificate(
        truth=spin_system.muonium_tf_high,
        method=DIAGONALISED,
        phase=lambda t, A_hf, B, phi=0.0: _phase(0.5 * A_hf + Mixing.of(A_hf, B).edge, t, phi),
        corners=_corners("B"),
    ),
)
def muonium_tf_high(t: FloatArray, A_hf: float, B: float, phi: float = 0.0) -> FloatArray:
    """Muonium in a high transverse field: the two lines of its muon, with d = 1."""
    mixing = Mixing.of(A_hf, B)
    return phasor(t, 0.5 * A_hf).real * phasor(t, mixing.edge, phi).real


# --- longitudinal field


def _lf_rows(
    t: FloatArray, value: FloatArray, A_hf: float, B_LF: float
) -> tuple[FloatArray, FloatArray]:
    mixing = Mixing.of(A_hf, B_LF)
    c, d, R = mixing.c, mixing.d, mixing.R
    half = phasor(t, 0.5 * R)
    square, turned = half.imag**2, 2.0 * np.pi * t * half.imag * half.real
    by_A = -c * (2.0 * d * (d / R) * square + c * c * turned)
    return by_A, SUM * c * c * d * (2.0 / R * square - turned)


@component(
    "[1 + 2 x^2 + cos(2 pi nu24 t)] / [2 (1 + x^2)], x = (gamma_e + gamma_mu) B_LF / (2 pi A_hf), "
    "nu24 = A_hf sqrt(1 + x^2)",
    parameters=[A_HF, B_LF],
    derivatives=_lf_rows,
    checks=[
        Check(
            {"A_hf": MUONIUM_A_HF, "B_LF": 0.0},
            t=1e-4,
            expected=0.028160415889,
            source="four states diagonalised",
            tolerance=1e-12,
        ),
        Check(
            {"A_hf": MUONIUM_A_HF, "B_LF": 100.0},
            t=2e-4,
            expected=0.894408468721,
            source="four states diagonalised",
            tolerance=1e-11,
        ),
        Check(
            {"A_hf": MUONIUM_A_HF, "B_LF": 100.0},
            t=0.02,
            expected=0.034960604864,
            source="four states diagonalised with constants rounded to nine digits",
            tolerance=1e-10,
        ),
        Check(
            {"A_hf": MUONIUM_A_HF, "B_LF": 2000.0},
            t=0.003,
            expected=0.627182457637,
            source="four states diagonalised with constants rounded to nine digits",
            tolerance=1e-9,
        ),
        Check({"A_hf": 0.0, "B_LF": 5.0}, t=9.0, expected=1.0, source="a free muon"),
    ],
    reference=PATTERSON,
    certificate=Certificate(
        truth=spin_system.muonium_lf,
        method=DIAGONALISED,
        phase=lambda t, A_hf, B_LF: _phase(math.hypot(A_hf, SUM * B_LF), t),
        corners=_corners("B_LF"),
    ),
)
def muonium_lf(t: FloatArray, A_hf: float, B_LF: float) -> FloatArray:
    """Muonium in a longitudinal field: repolarisation, with the line that remains."""
    mixing = Mixing.of(A_hf, B_LF)
    return np.asarray(1.0 - (mixing.c * phasor(t, 0.5 * mixing.R).imag) ** 2)
