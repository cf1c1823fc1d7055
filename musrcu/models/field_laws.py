"""Laws of field as components: rates and asymmetries against a longitudinal field."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from musrcu.constants import GAMMA_E_OVER_2PI, GAMMA_MU, GAMMA_MU_OVER_2PI, MUONIUM_A_HF
from musrcu.models.certificate import Certificate, Corner
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import FloatArray, component

SLOWEST = 1e-12
"""1/µs; what fluctuates and precesses more slowly than this is static: the rate falls to 0."""
SMALL = 1.0
"""gamma_mu B / delta below which the decoupling is a power series."""
LARGE = 1e8
"""gamma_mu B / delta that stands for any larger one."""
WEAKEST = 1e-150
"""G; the square of a weaker field is lost."""
_ORDERS = 14
HYPERFINE_FIELD = 1.0 / (GAMMA_E_OVER_2PI + GAMMA_MU_OVER_2PI)
"""B0 of muonium by its hyperfine coupling, G/MHz."""
HAYANO = "R. S. Hayano et al., Phys. Rev. B 20, 850 (1979)"

ASYMMETRY = Parameter("A", "", 1.0, "asymmetry in high field", kind="amplitude", domain=(-1.0, 1.0))
ZERO_FIELD = Corner("B = 0", lambda values, rng: {**values, "B": 0.0})


def _fluctuating(B: FloatArray, hop: float) -> FloatArray:
    """hop^2 + (gamma_mu B)^2, never 0."""
    return np.maximum(hop * hop + (GAMMA_MU * B) ** 2, SLOWEST**2)


def _redfield_derivatives(
    B: FloatArray, value: FloatArray, delta: float, hop: float
) -> tuple[FloatArray, FloatArray]:
    total, square = _fluctuating(B, hop), (GAMMA_MU * B) ** 2
    by_hop = 2.0 * delta * delta * ((square - hop * hop) / total) / total
    still = hop * hop + square < SLOWEST**2
    return 4.0 * delta * hop / total, np.where(still, 2.0 * delta * delta / total, by_hop)


def _redfield_truth(mp: Any, B: Any, delta: Any, hop: Any) -> Any:
    omega = mp.mpf(GAMMA_MU) * B
    if hop * hop + omega * omega < mp.mpf(SLOWEST) ** 2:
        return 2 * delta**2 * hop / mp.mpf(SLOWEST) ** 2
    return 2 * delta**2 * mp.re(1 / mp.mpc(hop, -omega))


@component(
    "2 delta^2 hop / [hop^2 + (gamma_mu B)^2]",
    parameters=[
        Parameter("delta", "1/us", 1.0, "width of the fluctuating field", lower=0.0),
        Parameter(
            "hop", "1/us", 10.0, "fluctuation rate", lower=0.0, seeds=(1.0, 10.0, 100.0),
            domain=(0.0, 1000.0),
        ),
    ],
    derivatives=_redfield_derivatives,
    checks=[
        Check({"delta": 0.5, "hop": 10.0}, t=0.0, expected=0.05, source="closed form"),
        Check(
            {"delta": 0.5, "hop": 8.5161545577469},
            t=100.0,
            expected=0.02935597261707542,
            source="half of its value in zero field, 2 delta^2 / hop, where gamma_mu B = hop",
        ),
        Check({"delta": 0.5, "hop": 0.0}, t=100.0, expected=0.0, source="nothing fluctuates"),
    ],
    reference="A. Keren, Phys. Rev. B 50, 10039 (1994), its limit of fast fluctuations",
    variable="B",
    certificate=Certificate(
        truth=_redfield_truth,
        method="transform of exp(-hop t) cos(gamma_mu B t), complex, with 40 digits",
        corners=[
            ZERO_FIELD,
            Corner(
                "gamma_mu B = hop", lambda values, rng: {**values, "B": values["hop"] / GAMMA_MU}
            ),
        ],
    ),
)  # fmt: skip
def redfield(B: FloatArray, delta: float, hop: float) -> FloatArray:
    """Relaxation rate by fast fluctuations; 0 where hop and B are 0, though it diverges there."""
    return 2.0 * delta * delta * hop / _fluctuating(B, hop)


def _mixed(B: FloatArray, A_hf: float) -> tuple[FloatArray, FloatArray]:
    """Sine and cosine squared of the angle by which two levels of muonium are mixed."""
    critical = abs(A_hf) * HYPERFINE_FIELD
    without = np.abs(B) < WEAKEST
    square = np.where(without, 0.0, B * B)
    total = np.where(without, 1.0, critical * critical + square)
    return np.where(without, 1.0, critical * critical / total), square / total


def _repolarisation_derivatives(
    B: FloatArray, value: FloatArray, A: float, A_hf: float
) -> tuple[FloatArray, FloatArray]:
    sine, cosine = _mixed(B, A_hf)
    coupling = A_hf if A_hf else 1.0  # one of the other factors is 0 with it
    return 0.5 * (1.0 + cosine), -A * sine * cosine / coupling


def _repolarisation_truth(mp: Any, B: Any, A: Any, A_hf: Any) -> Any:
    critical = A_hf / (mp.mpf(GAMMA_E_OVER_2PI) + mp.mpf(GAMMA_MU_OVER_2PI))
    if B == 0:
        return A / 2
    return A * (1 + mp.cos(mp.atan2(critical, B)) ** 2) / 2


@component(
    "A (1 + 2 x^2) / [2 (1 + x^2)], x = B / B0, B0 = 2 pi A_hf / (gamma_e + gamma_mu)",
    parameters=[
        ASYMMETRY,
        Parameter(
            "A_hf", "MHz", MUONIUM_A_HF, "hyperfine coupling of muonium", lower=0.0,
            seeds=(4463.0, 2000.0, 100.0), domain=(0.0, 5000.0),
        ),
    ],
    derivatives=_repolarisation_derivatives,
    checks=[
        Check({"A": 0.2, "A_hf": 4463.302765}, t=0.0, expected=0.1, source="half in zero field"),
        Check(
            {"A": 0.2, "A_hf": 4463.302765},
            t=1584.952085,
            expected=0.15,
            source="three quarters in the field B0, of which ten digits are known",
            tolerance=1e-10,
        ),
        Check({"A": 0.2, "A_hf": 0.0}, t=5.0, expected=0.2, source="no coupling"),
    ],
    reference="B. D. Patterson, Rev. Mod. Phys. 60, 69 (1988)",
    variable="B",
    certificate=Certificate(
        truth=_repolarisation_truth,
        method="angle by which the levels are mixed, with 40 digits",
        corners=[ZERO_FIELD],
    ),
)  # fmt: skip
def repolarisation(B: FloatArray, A: float, A_hf: float) -> FloatArray:
    """Asymmetry of isotropic muonium, averaged over its fast precession; A/2 at B = 0."""
    return A * 0.5 * (1.0 + _mixed(B, A_hf)[1])


def _decoupled(B: FloatArray, delta: float) -> tuple[FloatArray, FloatArray]:
    """Asymmetry and its derivative with respect to delta."""
    if delta == 0.0:
        return np.where(B == 0.0, 1.0 / 3.0, 1.0), np.zeros_like(B)
    x = np.minimum(GAMMA_MU * np.abs(B) / abs(delta), LARGE)
    small = x < SMALL
    series, series_slope = _decoupling_series(np.where(small, x, 0.0))
    closed, closed_slope = _decoupling_closed(np.where(small, SMALL, x))
    value = np.where(small, series, closed)
    return value, -np.where(small, series_slope, closed_slope) / delta


def _decoupling_series(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """1/3 + 2 sum_k (-1)^(k+1) x^2k / (2k+3)!!, and x d/dx of it."""
    square = x * x
    value, slope = np.zeros_like(x), np.zeros_like(x)
    for k in range(_ORDERS, -1, -1):
        coefficient = 2.0 * (-1) ** (k + 1) / math.prod(range(3, 2 * k + 4, 2))
        value = value * square + coefficient
        slope = slope * square + 2 * k * coefficient
    return 1.0 + value, slope


def _decoupling_closed(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """1 - 2/x^2 + 2 sqrt2 Dawson(x / sqrt2) / x^3, and x d/dx of it."""
    from scipy.special import dawsn

    dawson, r = 2.0 * math.sqrt(2.0) * dawsn(x / math.sqrt(2.0)), 1.0 / x
    value = 1.0 - r * r * (2.0 - dawson * r)
    return value, r * (6.0 * r - dawson * (3.0 * r * r + 1.0))


def _decoupling_truth(mp: Any, B: Any, A: Any, delta: Any) -> Any:
    """int_0^1 (x^2 v^4 + v^2) exp(-(1 - v^2) x^2 / 2) dv: the squared cosine of the direction of
    the field, averaged over a Gaussian distribution of its components."""
    if delta == 0:
        return A if B else A / 3
    x = mp.mpf(GAMMA_MU) * B / delta
    square = x * x
    depth = min(mp.mpf(1), 200 / square) if x else mp.mpf(1)

    def density(w: Any) -> Any:
        v = 1 - w
        return (square * v**4 + v * v) * mp.exp(-(w - w * w / 2) * square)

    return A * mp.quad(density, mp.linspace(0, depth, 9))


@component(
    "A [1 - 2/x^2 + 2 sqrt2 Dawson(x / sqrt2) / x^3], x = gamma_mu B / delta",
    parameters=[
        ASYMMETRY,
        Parameter("delta", "1/us", 0.5, "Gaussian width of the static field", lower=0.0),
    ],
    derivatives=lambda B, value, A, delta: (
        _decoupled(B, delta)[0],
        A * _decoupled(B, delta)[1],
    ),
    checks=[
        Check({"A": 0.3, "delta": 0.5}, t=0.0, expected=0.1, source="a third in zero field"),
        Check({"A": 0.3, "delta": 0.0}, t=10.0, expected=0.3, source="no static field"),
    ],
    reference=HAYANO,
    variable="B",
    certificate=Certificate(
        truth=_decoupling_truth,
        method="average of cos^2 of the field's direction over a Gaussian, by quadrature",
        corners=[
            ZERO_FIELD,
            Corner(
                "gamma_mu B = delta: series to closed form",
                lambda values, rng: {
                    **values,
                    "delta": max(values["delta"], 1e-3),
                    "B": SMALL * max(values["delta"], 1e-3) / GAMMA_MU,
                },
                across="B",
            ),
        ],
    ),
)
def gaussian_decoupling(B: FloatArray, A: float, delta: float) -> FloatArray:
    """Asymmetry that Gaussian static fields leave at long times; A/3 at B = 0."""
    return A * _decoupled(B, delta)[0]
