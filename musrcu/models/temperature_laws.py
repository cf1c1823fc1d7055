"""Laws of temperature as components, so that they are listed, documented and checked too."""

from __future__ import annotations

from musrcu.models.laws import order_parameter_law
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, component


def _derivatives(
    T: FloatArray, value: FloatArray, nu0: float, T_N: float, alpha: float, beta: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    by_nu0, by_T_N, by_beta, by_alpha = order_parameter_law(T, nu0, T_N, beta, alpha)[1]
    return by_nu0, by_T_N, by_alpha, by_beta


@component(
    "nu0 [1 - (T/T_N)^alpha]^beta",
    parameters=[
        Parameter("nu0", "MHz", 1.0, "frequency at T = 0", lower=0.0),
        Parameter("T_N", "K", 1.0, "ordering temperature", lower=0.0),
        Parameter("alpha", "", 3.0, "exponent of the low-temperature excitations", lower=0.0),
        Parameter("beta", "", 0.25, "critical exponent", lower=0.0, upper=1.0),
    ],
    derivatives=_derivatives,
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
)
def order_parameter(T: FloatArray, nu0: float, T_N: float, alpha: float, beta: float) -> FloatArray:
    """Precession frequency below an ordering temperature; zero above it."""
    return order_parameter_law(T, nu0, T_N, beta, alpha)[0].reshape(T.shape)
