"""A muon between fluorine nuclei: dipolar couplings in zero field, average over a powder.

The coupling is w_d = mu0 gamma_mu gamma_F hbar / (4 pi r^3) in rad/µs, r in angstrom: 1.41 rad/µs
at 1.17 angstrom. The shortest distance is 0.3 angstrom, less than half of any bond; there the
fastest line is at 32 MHz.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from musrcu.constants import DIPOLAR, GAMMA_MU, NUCLEI
from musrcu.models.certificate import Certificate
from musrcu.models.parameter import Check, Parameter
from musrcu.models.phasor import phasor
from musrcu.models.registry import FloatArray, component
from musrcu.models.spin_lines import Lines, Spin, powder_lines
from musrcu.models.validity import zero_field
from musrcu.references import spin_system

GAMMA_F = 2e-4 * math.pi * NUCLEI["19F"][1]
"""Gyromagnetic ratio of 19F, rad/(µs G)."""
UNIT = DIPOLAR * GAMMA_MU * GAMMA_F
"""Coupling of a muon and a fluorine nucleus 1 angstrom apart, rad/µs."""
SQRT3 = math.sqrt(3.0)
R_CHECK = (UNIT / (0.44 * math.pi)) ** (1 / 3)
"""Distance at which w_d / 2 pi is 0.22 MHz, angstrom."""

R = Parameter(
    "r",
    "A",
    1.17,
    "distance of muon and fluorine",
    lower=0.3,
    seeds=(1.17, 1.0, 1.4),
    domain=(0.3, 100.0),
)
BREWER = "J. H. Brewer et al., Phys. Rev. B 33, 7813 (1986)"
BY_FIELD = zero_field("dipolar_component(..., longitudinal=True)")
_F = ((0.5, GAMMA_F, (0.0, 0.0, 1.0)),)
_FF = (*_F, (0.5, GAMMA_F, (0.0, 0.0, -1.0)))


def _frequency(r: float) -> float:
    """w_d / 2 pi, MHz."""
    return UNIT / (2.0 * math.pi * r**3)


def _mu_f_derivatives(t: FloatArray, value: FloatArray, r: float) -> tuple[FloatArray]:
    half = phasor(t, 0.5 * _frequency(r))
    c, turn = half.real, math.pi * _frequency(r) * t
    # dP/dr = -(3/r) times the phase times dP/dphase, with P = c (4 c^2 + c - 2) / 3
    return (turn * half.imag * (12.0 * c * c + 2.0 * c - 2.0) / r,)


@component(
    "[1 + 2 cos(w_d t/2) + cos(w_d t) + 2 cos(3 w_d t/2)] / 6, "
    "w_d = mu0 gamma_mu gamma_F hbar / (4 pi r^3)",
    parameters=[R],
    derivatives=_mu_f_derivatives,
    checks=[
        Check(
            {"r": R_CHECK},
            t=t,
            expected=expected,
            source="four states diagonalised at w_d / 2 pi = 0.22 MHz",
            tolerance=2e-13,
        )
        for t, expected in (
            (0.5, 0.7783929353642),
            (2.0, -0.1044445744458),
            (5.0, -0.2114444238001),
        )
    ],
    reference=BREWER,
    certificate=Certificate(
        truth=lambda mp, t, r: spin_system.dipolar(mp, t, _F, scale=r),
        method="diagonalisation of four states, three directions of the muon",
        phase=lambda t, r: 3 * math.pi * _frequency(r) * abs(t),
    ),
    valid=BY_FIELD,
)
def mu_f(t: FloatArray, r: float) -> FloatArray:
    """Muon bound to one fluorine nucleus, powder."""
    c = phasor(t, 0.5 * _frequency(r)).real
    return c * (4.0 * c * c + c - 2.0) / 3.0


def _f_mu_f_derivatives(t: FloatArray, value: FloatArray, r: float) -> tuple[FloatArray]:
    one, three = phasor(t, 0.5 * SQRT3 * _frequency(r)), phasor(t, 1.5 * _frequency(r))
    phase = 2.0 * math.pi * _frequency(r) * t
    slope = SQRT3 * 2.0 * one.real * one.imag
    slope += (SQRT3 + SQRT3) * one.imag * three.real + 4.0 * one.real * three.imag
    return (phase * slope / (2.0 * r),)


@component(
    "[3 + cos(sqrt(3) w_d t) + (1 - 1/sqrt(3)) cos((3 - sqrt(3)) w_d t/2) + (1 + 1/sqrt(3)) "
    "cos((3 + sqrt(3)) w_d t/2)] / 6, w_d = mu0 gamma_mu gamma_F hbar / (4 pi r^3)",
    parameters=[R],
    derivatives=_f_mu_f_derivatives,
    checks=[
        Check(
            {"r": R_CHECK},
            t=t,
            expected=expected,
            source="eight states diagonalised at w_d / 2 pi = 0.22 MHz, without the F-F term",
            tolerance=2e-13,
        )
        for t, expected in ((0.5, 0.6076886242971), (2.0, 0.7541143215862), (5.0, 0.4050228584188))
    ],
    reference=BREWER,
    certificate=Certificate(
        truth=lambda mp, t, r: spin_system.dipolar(mp, t, _FF, nuclear=False, scale=r),
        method="diagonalisation of eight states, three directions of the muon",
        phase=lambda t, r: (3 + SQRT3) * math.pi * _frequency(r) * abs(t),
    ),
    valid=BY_FIELD,
)
def f_mu_f(t: FloatArray, r: float) -> FloatArray:
    """Muon halfway between two fluorine nuclei, powder; their own coupling neglected."""
    one, three = phasor(t, 0.5 * SQRT3 * _frequency(r)), phasor(t, 1.5 * _frequency(r))
    a, b = one.real, three.real
    both = 2.0 * (a * b - one.imag * three.imag / SQRT3)
    return (2.0 + 2.0 * a * a + both) / 6.0


@cache
def _lines_with_ff() -> Lines:
    """Lines of F-mu-F with every coupling, 1 angstrom from the muon to each fluorine."""
    fluorine = [Spin(0.5, GAMMA_F, position) for _, _, position in _FF]
    return powder_lines([Spin(0.5, GAMMA_MU, (0.0, 0.0, 0.0)), *fluorine])


def _f_mu_f_ff_derivatives(t: FloatArray, value: FloatArray, r: float) -> tuple[FloatArray]:
    return (-3.0 / r * _lines_with_ff().slope(t, r**-3),)


@component(
    "sum of a_k cos(w_k t), w_k proportional to r^-3, of the eight states of F-mu-F",
    parameters=[R],
    derivatives=_f_mu_f_ff_derivatives,
    checks=[
        Check(
            {"r": R_CHECK},
            t=t,
            expected=expected,
            source="eight states diagonalised at w_d / 2 pi = 0.22 MHz, with the F-F term",
            tolerance=6e-8,
        )
        for t, expected in ((0.5, 0.6076472), (2.0, 0.7182126), (5.0, 0.4168883))
    ],
    reference=BREWER,
    certificate=Certificate(
        truth=lambda mp, t, r: spin_system.dipolar(mp, t, _FF, scale=r),
        method="diagonalisation of eight states, three directions of the muon",
        phase=lambda t, r: _lines_with_ff().fastest * r**-3 * abs(t),
    ),
    valid=BY_FIELD,
)
def f_mu_f_ff(t: FloatArray, r: float) -> FloatArray:
    """Muon halfway between two fluorine nuclei, powder, with their own coupling."""
    return np.asarray(_lines_with_ff().value(t, r**-3))
