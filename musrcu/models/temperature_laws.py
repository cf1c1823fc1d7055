"""Laws of temperature as components, so that they are listed, documented and checked too."""

from __future__ import annotations

from typing import Any

import numpy as np

from musrcu.constants import BOLTZMANN
from musrcu.models.certificate import Certificate, Corner
from musrcu.models.laws import order_parameter_law
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, component

COLDEST = 1e-300
"""K; stands for 0 K under a logarithm or in a denominator."""
COLDEST_OF_NEGATIVE = 1e-6
"""K; a negative power of T takes what is colder as this."""
CLOSEST = 1e-9
"""Distance |T/T_c - 1| below which what diverges at T_c keeps its value."""
LOWEST_T_C = 1e-6
"""K; a critical temperature below this counts as this."""


def _order_derivatives(
    T: FloatArray, value: FloatArray, nu0: float, T_N: float, alpha: float, beta: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    by_nu0, by_T_N, by_beta, by_alpha = order_parameter_law(T, nu0, T_N, beta, alpha)[1]
    return by_nu0, by_T_N, by_alpha, by_beta


def _order_truth(mp: Any, T: Any, nu0: Any, T_N: Any, alpha: Any, beta: Any) -> Any:
    if T >= T_N or alpha <= 0:
        return mp.mpf(0)
    if T <= 0:
        return nu0
    return nu0 * mp.exp(beta * mp.log(1 - mp.exp(alpha * (mp.log(T) - mp.log(T_N)))))


def near_transition(name: str) -> Corner:
    """Temperatures just below and above a critical one."""

    def place(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
        away = 10 ** rng.uniform(-8, -1) * rng.choice((-1, 1))
        critical = max(values[name], 1e-3)
        return {**values, name: critical, "T": critical * (1 + away)}

    return Corner(f"T near {name}", place)


AT_ZERO = Corner("T = 0", lambda values, rng: {**values, "T": 0.0})


@component(
    "nu0 [1 - (T/T_N)^alpha]^beta",
    parameters=[
        Parameter("nu0", "MHz", 1.0, "frequency at T = 0", lower=0.0, kind="amplitude"),
        Parameter("T_N", "K", 1.0, "ordering temperature", lower=0.0),
        Parameter(
            "alpha", "", 3.0, "exponent of the low-temperature excitations", lower=0.0,
            domain=(0.1, 10.0),
        ),
        Parameter("beta", "", 0.25, "critical exponent", lower=0.0, upper=1.0),
    ],
    derivatives=_order_derivatives,
    checks=[
        Check(
            {"nu0": 1.59, "T_N": 0.105, "alpha": 3.0, "beta": 0.12},
            t=0.1,
            expected=1.251653126735,
            source="computed with 25 digits",
            tolerance=1e-11,
        ),
        Check(
            {"nu0": 1.59, "T_N": 0.105, "alpha": 3.0, "beta": 0.12},
            t=0.2,
            expected=0.0,
            source="no order above T_N",
        ),
    ],
    reference="B. M. Huddart et al., Phys. Chem. Chem. Phys. 21, 1014 (2019)",
    variable="T",
    certificate=Certificate(
        truth=_order_truth,
        method="logarithms of T and T_N with 40 digits",
        corners=[AT_ZERO, near_transition("T_N")],
        domain="interior",
    ),
)  # fmt: skip
def order_parameter(T: FloatArray, nu0: float, T_N: float, alpha: float, beta: float) -> FloatArray:
    """Precession frequency below an ordering temperature; zero above it."""
    return order_parameter_law(T, nu0, T_N, beta, alpha)[0].reshape(T.shape)


def _base(T: FloatArray, n: float) -> FloatArray:
    return np.maximum(T, COLDEST_OF_NEGATIVE if n < 0 else COLDEST)


def _power_derivatives(
    T: FloatArray, value: FloatArray, c: float, n: float
) -> tuple[FloatArray, FloatArray]:
    base = _base(T, n)
    return np.power(base, n), value * np.log(base)


def _power_truth(mp: Any, T: Any, c: Any, n: Any) -> Any:
    coldest = mp.mpf(COLDEST_OF_NEGATIVE) if n < 0 else mp.mpf(COLDEST)
    return c * mp.exp(n * mp.log(max(T, coldest)))


@component(
    "c T^n",
    parameters=[
        Parameter(
            "c", "", 1.0, "value at 1 K, in the unit of the data", kind="amplitude",
            domain=(-200.0, 200.0),
        ),
        Parameter(
            "n", "", 2.0, "exponent", lower=-10.0, upper=10.0, seeds=(2.0, 1.0, 4.0, -1.0),
            domain=(-4.0, 8.0),
        ),
    ],
    derivatives=_power_derivatives,
    checks=[
        Check({"c": 3.0, "n": 2.0}, t=0.5, expected=0.75, source="closed form"),
        Check({"c": 3.0, "n": -1.0}, t=4.0, expected=0.75, source="closed form"),
        Check({"c": 3.0, "n": 2.0}, t=0.0, expected=0.0, source="limit"),
    ],
    reference="definition",
    variable="T",
    certificate=Certificate(
        truth=_power_truth,
        method="exponential of the logarithm with 40 digits",
        corners=[AT_ZERO],
    ),
)  # fmt: skip
def power_law(T: FloatArray, c: float, n: float) -> FloatArray:
    """A power of the temperature; for n < 0 what is below 1e-6 K counts as 1e-6 K."""
    return c * np.power(_base(T, n), n)


def _arrhenius_exponent(T: FloatArray, E_a: float) -> tuple[FloatArray, FloatArray]:
    """exp(-E_a / k_B T) and 1 / k_B T; both 0 at T = 0."""
    inverse = np.where(T > 0, 1.0 / (BOLTZMANN * np.maximum(T, COLDEST)), 0.0)
    return np.where(T > 0, np.exp(-E_a * inverse), 0.0), inverse


def _arrhenius_derivatives(
    T: FloatArray, value: FloatArray, rate0: float, E_a: float
) -> tuple[FloatArray, FloatArray]:
    shape, inverse = _arrhenius_exponent(T, E_a)
    return shape, -rate0 * shape * inverse


def _arrhenius_truth(mp: Any, T: Any, rate0: Any, E_a: Any) -> Any:
    if T <= 0:
        return mp.mpf(0)
    joules = E_a * mp.mpf("1.602176634e-22")
    return rate0 * mp.exp(-joules / (mp.mpf("1.380649e-23") * T))


@component(
    "rate0 exp(-E_a / (k_B T))",
    parameters=[
        Parameter("rate0", "1/us", 1.0, "attempt rate", lower=0.0, kind="amplitude"),
        Parameter("E_a", "meV", 10.0, "activation energy", lower=0.0, seeds=(1.0, 10.0, 100.0)),
    ],
    derivatives=_arrhenius_derivatives,
    checks=[
        Check(
            {"rate0": 2.0, "E_a": 8.617333262145179},
            t=100.0,
            expected=0.7357588823428847,
            source="E_a = k_B T leaves 2/e",
        ),
        Check({"rate0": 2.0, "E_a": 5.0}, t=0.0, expected=0.0, source="limit"),
        Check({"rate0": 2.0, "E_a": 0.0}, t=7.0, expected=2.0, source="no barrier"),
    ],
    reference="A. Yaouanc and P. Dalmas de Reotier, Muon Spin Rotation, Relaxation and "
    "Resonance, Oxford (2011)",
    variable="T",
    certificate=Certificate(
        truth=_arrhenius_truth,
        method="from the constants of the SI with 40 digits",
        corners=[AT_ZERO],
    ),
)
def arrhenius(T: FloatArray, rate0: float, E_a: float) -> FloatArray:
    """Rate of what hops over a barrier; 0 at T = 0."""
    return rate0 * _arrhenius_exponent(T, E_a)[0]


def _distance(T: FloatArray, T_c: float) -> tuple[FloatArray, FloatArray]:
    """|T/T_c - 1| with the smallest that is told apart, and its derivative with respect to T_c."""
    critical = max(T_c, LOWEST_T_C)
    signed = (T - critical) / critical
    slope = np.where(signed >= 0, -1.0, 1.0) * (T / critical) / critical
    return np.maximum(np.abs(signed), CLOSEST), slope


def _critical_derivatives(
    T: FloatArray, value: FloatArray, A: float, T_c: float, w: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    distance, slope = _distance(T, T_c)
    return distance**-w, -w * value / distance * slope, -value * np.log(distance)


def _critical_truth(mp: Any, T: Any, A: Any, T_c: Any, w: Any) -> Any:
    distance = max(abs(T / T_c - 1), mp.mpf(CLOSEST))
    return A * mp.exp(-w * mp.log(distance))


@component(
    "A |T/T_c - 1|^(-w)",
    parameters=[
        Parameter(
            "A", "", 1.0, "value at T = 0 and 2 T_c, in the unit of the data", kind="amplitude",
            domain=(-200.0, 200.0),
        ),
        Parameter("T_c", "K", 1.0, "critical temperature", lower=0.0, domain=(1e-3, 1e3)),
        Parameter(
            "w", "", 0.5, "critical exponent", lower=0.0, upper=5.0, seeds=(0.5, 1.0, 1.5),
            domain=(0.0, 3.0),
        ),
    ],
    derivatives=_critical_derivatives,
    checks=[
        Check({"A": 3.0, "T_c": 2.0, "w": 0.5}, t=2.5, expected=6.0, source="closed form"),
        Check({"A": 3.0, "T_c": 2.0, "w": 0.5}, t=1.5, expected=6.0, source="closed form"),
        Check({"A": 3.0, "T_c": 2.0, "w": 0.5}, t=0.0, expected=3.0, source="closed form"),
    ],
    reference="A. Yaouanc and P. Dalmas de Reotier, Muon Spin Rotation, Relaxation and "
    "Resonance, Oxford (2011)",
    variable="T",
    certificate=Certificate(
        truth=_critical_truth,
        method="exponential of the logarithm with 40 digits",
        corners=[AT_ZERO, near_transition("T_c")],
    ),
)  # fmt: skip
def critical_divergence(T: FloatArray, A: float, T_c: float, w: float) -> FloatArray:
    """What diverges at a transition, alike on both sides; finite within 1e-9 T_c of it."""
    return A * _distance(T, T_c)[0] ** -w
