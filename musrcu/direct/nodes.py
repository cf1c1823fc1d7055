"""Averages over the temperatures of a run: which frequencies its line has, and their weights.

What a run sees of the order parameter is spread by the readings of its thermometer and by the
transition itself, which has some width in any sample. Both together are a normal distribution of
x, the temperature as T_N sees it, about that of the run with the width s; ordered is what lies
below T_N. In q = (T_N - x) / s, with delta = (T_N - T) / s,

    line(t) = integral over q > 0 of phi(delta - q) f(t; nu(T_N - s q)),   w = Phi(delta),

which is smooth in T_N and T although nu(T) ends there with infinite slope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from musrcu.models.laws import order_parameter_law, order_parameter_slope

FloatArray = NDArray[np.float64]

REACH = 6.0
"""Widths beyond which nothing of a normal distribution is left: one part in 10^9."""
LAW = ("nu0", "T_N", "beta", "exponent")
"""Parameters of the law; ``exponent`` is the alpha of the order parameter, the balance of the
pair having taken the name."""
HERMITE = 2.0
"""Radians up to which nodes of Gauss and Hermite are the best; beyond, the tails count."""
_POWER = 3
"""Nodes lie at q proportional to v^3: what rises as (T_N - T)^beta is nearly smooth in v."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many nodes an average takes."""

    far: int
    """Where all of the distribution is below T_N."""
    near: int
    """Where it reaches T_N."""


def enough(turned: float, turns_near: float = 60.0) -> Counts:
    """Nodes with which the average of cos(2 pi nu t) is good to about 1e-6.

    Parameters
    ----------
    turned : radians by which the phases of the line spread until the last bin, one standard
        deviation of them, away from T_N.
    turns_near : radians between the slowest and the fastest of them where the distribution
        reaches T_N.
    """
    ladder = ((1, 5e-4), (3, 0.03), (5, 0.3), (9, 1.0), (15, HERMITE))
    far = next((n for n, most in ladder if turned < most), 24 + math.ceil(6 * turned))
    return Counts(far, 28 + math.ceil(0.45 * turns_near))


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Frequencies at which the line of a run is computed, and what they change with."""

    nu: FloatArray
    """(n_nodes,) MHz."""
    weight: FloatArray
    """(n_nodes,) which sum up to w."""
    nu_slopes: FloatArray
    """(6, n_nodes) derivatives of nu by nu0, T_N, beta, exponent, T and s."""
    weight_slopes: FloatArray
    """(6, n_nodes) derivatives of the weights by the same."""
    w: float
    """The ordered fraction of the volume."""
    w_slopes: FloatArray
    """(6,) its derivatives."""


def nodes(law: tuple[float, float, float, float], T: float, s: float, many: Counts) -> Nodes | None:
    """The nodes of a run; None where nothing of it is ordered.

    Parameters
    ----------
    law : nu0 (MHz), T_N (K), beta and the exponent.
    T : temperature of the run, K.
    s : width, K, above 0.
    many : how many nodes.
    """
    delta = (law[1] - T) / s
    if delta < -REACH:
        return None
    return _far(law, T, s, many.far) if delta > REACH else _near(law, T, s, delta, many.near)


def _far(law: tuple[float, float, float, float], T: float, s: float, n: int) -> Nodes:
    """All of the distribution is below T_N: Gauss and Hermite's nodes about T."""
    z, weight = _hermite(n) if n <= 15 else _normal(n)
    x = np.maximum(T + s * z, 1e-9 * law[1])
    nu, gradient = order_parameter_law(x, *law)
    slope = order_parameter_slope(x, *law)
    nu_slopes = np.concatenate([gradient, [slope, z * slope]])
    return Nodes(nu, weight, nu_slopes, np.zeros((6, z.size)), 1.0, np.zeros(6))


def _near(
    law: tuple[float, float, float, float], T: float, s: float, delta: float, n: int
) -> Nodes:
    """The distribution reaches T_N."""
    nu0, T_N, beta, exponent = law
    v, legendre = _legendre(n)
    top = min(delta + REACH, (1 - 1e-9) * T_N / s)
    q = top * v**_POWER
    normal = np.exp(-0.5 * (delta - q) ** 2) / math.sqrt(2 * math.pi)
    weight = legendre * top * _POWER * v ** (_POWER - 1) * normal
    x = T_N - s * q
    log_x = np.log1p(-s * q / T_N)
    u = -np.expm1(exponent * log_x)
    shape = u**beta
    steep = nu0 * beta * shape / u * np.exp(exponent * log_x)
    by_T_N = -steep * exponent * s * q / (x * T_N)  # at the same q: the infinite slopes cancel
    by_s = steep * exponent * q / x
    nu_slopes = np.zeros((6, q.size))
    nu_slopes[:] = [
        shape, by_T_N, nu0 * shape * np.log(u), -steep * log_x, np.zeros(q.size), by_s,
    ]  # fmt: skip
    by_delta = np.array([0.0, 1 / s, 0.0, 0.0, -1 / s, -delta / s])
    w = 0.5 * math.erfc(-delta / math.sqrt(2))
    phi = math.exp(-0.5 * delta * delta) / math.sqrt(2 * math.pi)
    return Nodes(
        nu0 * shape, weight, nu_slopes, by_delta[:, None] * (weight * (q - delta)), w,
        phi * by_delta,
    )  # fmt: skip


@lru_cache(maxsize=16)
def _hermite(n: int) -> tuple[FloatArray, FloatArray]:
    z, weight = np.polynomial.hermite_e.hermegauss(n)
    return z, weight / weight.sum()


@lru_cache(maxsize=16)
def _normal(n: int) -> tuple[FloatArray, FloatArray]:
    """Nodes of Gauss and Legendre over the whole of a normal distribution."""
    v, legendre = np.polynomial.legendre.leggauss(n)
    z = REACH * v
    weight = legendre * np.exp(-0.5 * z**2)
    return z, weight / weight.sum()


@lru_cache(maxsize=16)
def _legendre(n: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of (0, 1)."""
    v, weight = np.polynomial.legendre.leggauss(n)
    return 0.5 * (v + 1), 0.5 * weight
