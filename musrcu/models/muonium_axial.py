"""Muonium with an axial hyperfine coupling in a powder, as bound in semiconductors and radicals."""

from __future__ import annotations

import math

import numpy as np

from musrcu.models.certificate import Certificate, Corner
from musrcu.models.parameter import Check, Parameter
from musrcu.models.phasor import phasor
from musrcu.models.registry import FloatArray, component
from musrcu.models.validity import TRIPLET, zero_field
from musrcu.references import spin_system

LARGEST = 4600.0
A_HF = Parameter(
    "A_hf", "MHz", 67.0, "isotropic hyperfine coupling", lower=0.0, domain=(0.0, LARGEST)
)
D_HF = Parameter(
    "D_hf",
    "MHz",
    -50.0,
    "axial part: A along the axis is A_hf + D_hf, across it A_hf - D_hf/2",
    lower=-LARGEST,
    upper=LARGEST,
    domain=(-LARGEST, LARGEST),
)


def _frequencies(A_hf: float, D_hf: float) -> tuple[float, float, float]:
    """Differences of levels, MHz: those across the axis, their mean and half the difference."""
    return A_hf - 0.5 * D_hf, A_hf + 0.25 * D_hf, 0.75 * D_hf


def _derivatives(
    t: FloatArray, value: FloatArray, A_hf: float, D_hf: float
) -> tuple[FloatArray, FloatArray]:
    across, mean, half = (phasor(t, nu).imag for nu in _frequencies(A_hf, D_hf))
    turn = -np.pi * t / 6.0
    return turn * (2.0 * across + 4.0 * mean), turn * (mean - across + 3.0 * half)


@component(
    "[1 + cos(2 pi (A_hf - D_hf/2) t) + 2 cos(2 pi (A_hf + D_hf/4) t) + "
    "2 cos(2 pi (3 D_hf/4) t)] / 6",
    parameters=[A_HF, D_HF],
    derivatives=_derivatives,
    checks=[
        Check({"A_hf": 1.0, "D_hf": 0.0}, t=0.25, expected=0.5, source="isotropic: a quarter turn"),
        Check(
            {"A_hf": 0.0, "D_hf": 1.0},
            t=2.0,
            expected=-2 / 6,
            source="dipolar alone: (1 + cos + 2 cos(1/2) + 2 cos(3/2)) / 6 at a phase of 2 pi",
        ),
    ],
    reference="B. D. Patterson, Rev. Mod. Phys. 60, 69 (1988)",
    certificate=Certificate(
        truth=spin_system.muonium_axial,
        method="diagonalisation of four states, three directions of the muon",
        phase=lambda t, A_hf, D_hf: 2 * math.pi * (A_hf + 0.75 * abs(D_hf)) * abs(t),
        corners=(
            Corner("isotropic", lambda v, rng: {**v, "D_hf": 0.0}),
            Corner("no coupling along", lambda v, rng: {**v, "D_hf": -v["A_hf"]}),
            Corner("no coupling across", lambda v, rng: {**v, "D_hf": 2 * v["A_hf"]}),
        ),
    ),
    valid=zero_field("muonium_tf and muonium_lf, which are isotropic", per_gauss=TRIPLET),
)
def muonium_axial(t: FloatArray, A_hf: float, D_hf: float) -> FloatArray:
    """Muonium with an axial coupling, powder, without field."""
    across, mean, half = (phasor(t, nu).real for nu in _frequencies(A_hf, D_hf))
    return np.asarray((1.0 + across + 2.0 * (mean + half)) / 6.0)
