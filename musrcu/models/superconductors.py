"""Laws of a superconductor: the width sigma(T), which is the superfluid density.

With E = sqrt(Delta^2 + y^2) the integral over the energies of quasiparticles becomes

    sigma(T) / sigma(0) = 1 - int_0^inf sech^2 sqrt(d^2 + u^2) du,    d = Delta(T) / (2 k_B T),

whose integrand is even and analytic in u up to a distance of pi/2 at least from the real axis, so
that the trapezoidal rule with the step h errs by about exp(-pi^2 / h). Subtracted from
1 = int_0^inf sech^2 u du under the integral, no digits are lost close to T_c either.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from musrcu.constants import BOLTZMANN
from musrcu.models.certificate import Certificate
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, component
from musrcu.models.temperature_laws import AT_ZERO, COLDEST, near_transition

WIDEST = 20.0
"""sech^2 of this is 2e-17: where the integral ends."""
COLD = 50.0
"""d from which nothing is excited: exp(-2d) is 4e-44."""
STEP = 0.25
_U = np.arange(0.0, WIDEST + STEP, STEP)
_WEIGHT = np.where(_U == 0.0, 0.5 * STEP, STEP)
GAP = "A. Carrington and F. Manzano, Physica C 385, 205 (2003)"

SIGMA0 = Parameter("sigma0", "1/us", 1.0, "width at T = 0", lower=0.0, kind="amplitude")
T_C = Parameter("T_c", "K", 10.0, "critical temperature", lower=0.0, domain=(1e-3, 1e3))
ENERGY_GAP = Parameter(
    "gap", "meV", 1.5, "gap at T = 0; 0.152 T_c in weak coupling", lower=0.0,
    seeds=(0.5, 1.5, 4.0), domain=(1e-4, 100.0),
)  # fmt: skip


def gap_shape(T: FloatArray, T_c: float) -> tuple[FloatArray, FloatArray]:
    """Delta(T) / Delta(0) = tanh{1.82 [1.018 (T_c/T - 1)]^0.51}, and its derivative by T_c.

    0 from T_c on; towards it from below the derivative diverges.
    """
    below = (T_c > T) & (T_c > 0)
    kelvin = np.maximum(T, COLDEST)
    y = np.where(below, 1.018 * (T_c - T) / kelvin, 1.0)
    argument = 1.82 * y**0.51
    decay = np.exp(-2.0 * argument)
    slope = 4.0 * decay / (1.0 + decay) ** 2 * (1.82 * 0.51 * 1.018) * y**-0.49 / kelvin
    return np.where(below, np.tanh(argument), 0.0), np.where(below, slope, 0.0)


def superfluid_density(d: FloatArray) -> tuple[FloatArray, FloatArray]:
    """1 - int_0^inf sech^2 sqrt(d^2 + u^2) du and its derivative; d >= 0 of any shape."""
    density, slope = np.where(d >= COLD, 1.0, 0.0), np.zeros(d.shape)
    inside = (d > 0) & (d < COLD)
    if not inside.any():
        return density, slope
    one = d[inside][..., np.newaxis]
    energy = np.sqrt(one * one + _U * _U)
    bare, dressed = np.exp(-2.0 * _U), np.exp(-2.0 * energy)
    # sech^2 u - sech^2 E = 4 (p - q)(1 - pq) / [(1+p)(1+q)]^2, p = exp(-2u), q = exp(-2E)
    lost = -bare * np.expm1(-2.0 * one * one / (_U + energy))
    kept = 4.0 * lost * (1.0 - bare * dressed) / ((1.0 + bare) * (1.0 + dressed)) ** 2
    steep = 8.0 * dressed * -np.expm1(-2.0 * energy) / (1.0 + dressed) ** 3 * one / energy
    density[inside], slope[inside] = kept @ _WEIGHT, steep @ _WEIGHT
    return density, slope


def _half_ratio(T: FloatArray, T_c: float, gap: float) -> tuple[FloatArray, ...]:
    """Delta(T) / (2 k_B T) and its derivatives with respect to T_c and gap."""
    shape, by_T_c = gap_shape(T, T_c)
    twice = 2.0 * BOLTZMANN * np.maximum(T, COLDEST)
    return shape * gap / twice, by_T_c * gap / twice, shape / twice


def _clean_derivatives(
    T: FloatArray, value: FloatArray, sigma0: float, T_c: float, gap: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    d, by_T_c, by_gap = _half_ratio(T, T_c, gap)
    density, slope = superfluid_density(d)
    return density, sigma0 * slope * by_T_c, sigma0 * slope * by_gap


def _dirty_derivatives(
    T: FloatArray, value: FloatArray, sigma0: float, T_c: float, gap: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    shape, shape_by_T_c = gap_shape(T, T_c)
    d, by_T_c, by_gap = _half_ratio(T, T_c, gap)
    tanh, decay = np.tanh(d), np.exp(-2.0 * d)
    slope = shape * 4.0 * decay / (1.0 + decay) ** 2
    by_critical = tanh * shape_by_T_c + slope * by_T_c
    return shape * tanh, sigma0 * by_critical, sigma0 * slope * by_gap


def _true_gap(mp: Any, T: Any, T_c: Any) -> Any:
    y = mp.mpf("1.018") * (T_c / T - 1)
    return mp.tanh(mp.mpf("1.82") * mp.exp(mp.mpf("0.51") * mp.log(y)))


def _clean_truth(mp: Any, T: Any, sigma0: Any, T_c: Any, gap: Any) -> Any:
    """The integral over energies E = Delta cosh(theta), panel by panel."""
    if T_c <= T:
        return mp.mpf(0)
    if T <= 0:
        return sigma0 if gap > 0 else mp.mpf(0)
    d = gap * _true_gap(mp, T, T_c) * mp.mpf("1.602176634e-22") / (2 * mp.mpf("1.380649e-23") * T)
    if d > 60:
        return sigma0
    last = mp.acosh(1 + 60 / d)
    panels = mp.linspace(0, last, int(last / 2) + 2)

    def excited(theta: Any) -> Any:
        energy = d * mp.cosh(theta)
        return energy * mp.sech(energy) ** 2

    return sigma0 * (1 - mp.quad(excited, panels))


def _dirty_truth(mp: Any, T: Any, sigma0: Any, T_c: Any, gap: Any) -> Any:
    if T_c <= T:
        return mp.mpf(0)
    if T <= 0:
        return sigma0 if gap > 0 else mp.mpf(0)
    shape = _true_gap(mp, T, T_c)
    energy = gap * shape * mp.mpf("1.602176634e-22")
    return sigma0 * shape * mp.tanh(energy / (2 * mp.mpf("1.380649e-23") * T))


def _two_fluid_derivatives(
    T: FloatArray, value: FloatArray, sigma0: float, T_c: float
) -> tuple[FloatArray, FloatArray]:
    below = (T_c > T) & (T_c > 0)
    x = np.where(below, T / max(T_c, COLDEST), 1.0)
    slope = np.where(below, 4.0 * sigma0 * x**4 / max(T_c, COLDEST), 0.0)
    return (1.0 - x) * (1.0 + x) * (1.0 + x * x), slope


@component(
    "sigma0 [1 - (T/T_c)^4]",
    parameters=[SIGMA0, T_C],
    derivatives=_two_fluid_derivatives,
    checks=[
        Check({"sigma0": 2.0, "T_c": 10.0}, t=5.0, expected=1.875, source="closed form"),
        Check({"sigma0": 2.0, "T_c": 10.0}, t=0.0, expected=2.0, source="limit"),
        Check({"sigma0": 2.0, "T_c": 10.0}, t=10.0, expected=0.0, source="limit"),
    ],
    reference="C. J. Gorter and H. Casimir, Physica 1, 306 (1934)",
    variable="T",
    certificate=Certificate(
        truth=lambda mp, T, sigma0, T_c: sigma0 * (1 - (T / T_c) ** 4) if T_c > T else mp.mpf(0),
        method="the polynomial with 40 digits",
        corners=[AT_ZERO, near_transition("T_c")],
        domain="interior",
    ),
)
def two_fluid(T: FloatArray, sigma0: float, T_c: float) -> FloatArray:
    """Width below the transition of a superconductor in the two-fluid model; 0 above it."""
    below = (T_c > T) & (T_c > 0)
    x = np.where(below, T / max(T_c, COLDEST), 1.0)
    return sigma0 * (1.0 - x) * (1.0 + x) * (1.0 + x * x)


@component(
    "sigma0 {1 + 2 int_Delta^inf (df/dE) E / sqrt(E^2 - Delta^2) dE}, "
    "Delta = gap tanh{1.82 [1.018 (T_c/T - 1)]^0.51}",
    parameters=[SIGMA0, T_C, ENERGY_GAP],
    derivatives=_clean_derivatives,
    checks=[
        Check(
            {"sigma0": 1.0, "T_c": 10.0, "gap": 1.52},
            t=5.0,
            expected=0.830883648703691,
            source="integral over energies by quadrature with 30 digits",
        ),
        Check({"sigma0": 2.0, "T_c": 10.0, "gap": 1.5}, t=0.0, expected=2.0, source="limit"),
        Check({"sigma0": 2.0, "T_c": 10.0, "gap": 1.5}, t=10.0, expected=0.0, source="limit"),
    ],
    reference=GAP,
    variable="T",
    certificate=Certificate(
        truth=_clean_truth,
        method="quadrature over the energies, E = Delta cosh(theta)",
        corners=[AT_ZERO, near_transition("T_c")],
        domain="interior",
    ),
)
def s_wave(T: FloatArray, sigma0: float, T_c: float, gap: float) -> FloatArray:
    """Width below the transition of a clean superconductor with one isotropic gap."""
    return sigma0 * superfluid_density(_half_ratio(T, T_c, gap)[0])[0]


@component(
    "sigma0 (Delta/gap) tanh(Delta / (2 k_B T)), Delta = gap tanh{1.82 [1.018 (T_c/T - 1)]^0.51}",
    parameters=[SIGMA0, T_C, ENERGY_GAP],
    derivatives=_dirty_derivatives,
    checks=[
        Check(
            {"sigma0": 1.0, "T_c": 10.0, "gap": 1.52},
            t=5.0,
            expected=0.886227699818288,
            source="computed with 30 digits",
        ),
        Check({"sigma0": 2.0, "T_c": 10.0, "gap": 1.5}, t=0.0, expected=2.0, source="limit"),
        Check({"sigma0": 2.0, "T_c": 10.0, "gap": 1.5}, t=10.0, expected=0.0, source="limit"),
    ],
    reference="M. Tinkham, Introduction to Superconductivity (1996); gap: " + GAP,
    variable="T",
    certificate=Certificate(
        truth=_dirty_truth,
        method="the closed form with 40 digits",
        corners=[AT_ZERO, near_transition("T_c")],
        domain="interior",
    ),
)
def s_wave_dirty(T: FloatArray, sigma0: float, T_c: float, gap: float) -> FloatArray:
    """Width below the transition of a dirty superconductor with one isotropic gap."""
    shape = gap_shape(T, T_c)[0]
    return sigma0 * shape * np.tanh(_half_ratio(T, T_c, gap)[0])
