"""The order parameter with errors in frequency and temperature: a latent temperature per run.

Each run has a true temperature t_i that is not known. The cost of the law nu(T) is the profile

    chi2 = sum_i min over t_i of [(nu_i - nu(t_i)) / s_nu,i]^2 + [(T_i - t_i) / s_T,i]^2 ,

with nu(t) = 0 for t >= T_N. The nearest point of the curve is sought along w = (1 - t/T_N)^beta,
in which both t and nu are smooth down to T_N, where nu(T) itself has no finite slope.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray

_NODES = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, 11))[:, None]
"""Places between the two ends of the search, dense at both: minima sit close to either."""

_EXACT = 1e-9
"""Error given to a temperature without one, as a fraction of the temperature."""

_MAX_STEPS = 80
_SMALLEST = 1e-290
"""Floor of 1 - t/T_N; keeps its logarithm and the ratio to u finite."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """The law in units of nu0 and T_N at the places ln w of a search."""

    e: FloatArray
    """1 - t/T_N."""
    u: FloatArray
    """1 - (t/T_N)^alpha."""
    log_u: FloatArray
    y: FloatArray
    """nu/nu0."""


def _curve(log_w: FloatArray, beta: float, alpha: float) -> _Curve:
    e = np.minimum(np.maximum(np.exp(log_w / beta), _SMALLEST), 1.0 - 2.0**-53)
    u = -np.expm1(alpha * np.log1p(-e))
    log_u = np.log(u)
    return _Curve(e, u, log_u, np.exp(beta * log_u))


@dataclass(frozen=True, slots=True)
class _Law:
    """Exponents of the law, and its scales in units of the errors of some points."""

    beta: float
    alpha: float
    height: FloatArray
    """nu0 / s_nu of each point."""
    width: FloatArray
    """T_N / s_T of each point."""
    y: FloatArray
    """nu_i / nu0."""
    e: FloatArray
    """1 - T_i / T_N; negative above T_N."""

    def at(self, chosen: NDArray[np.int64]) -> _Law:
        """The law seen from the points of the index array ``chosen``, in its order."""
        return _Law(self.beta, self.alpha, self.height[chosen], self.width[chosen],
                    self.y[chosen], self.e[chosen])  # fmt: skip

    def distance(self, curve: _Curve) -> FloatArray:
        """chi2 of each point, were its true place the one on the curve."""
        rise = self.height * (self.y - curve.y)
        run = self.width * (curve.e - self.e)
        return rise * rise + run * run

    def step(self, log_w: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Half the slope of chi2 in ln w, half its curvature in w times w^2, and the size of both.

        With d = derivative in ln w and k = 1/beta: x = 1 - e has dx = -k e, and y has
        dy = q y with q = alpha e (1 - u) / (u x), dq = q [k (1 - q) - (alpha - 1) k e / x].
        """
        curve = _curve(log_w, self.beta, self.alpha)
        k = 1.0 / self.beta
        x = 1.0 - curve.e
        ke = k * curve.e
        q = self.alpha * curve.e * (1.0 - curve.u) / (curve.u * x)
        dy = q * curve.y
        ddy = dy * (q - 1.0 + k * (1.0 - q) - (self.alpha - 1.0) * ke / x)
        high, wide = self.height * self.height, self.width * self.width
        rise, run = high * (self.y - curve.y), wide * (curve.e - self.e)
        slope = run * ke - rise * dy
        size = high * dy * dy + wide * ke * ke
        return slope, size - rise * ddy + run * ke * (k - 1.0), size


def _ends(law: _Law) -> tuple[FloatArray, FloatArray]:
    """The ln w where the curve has the temperature of each point, and where it has its frequency.

    The nearest place lies between: beyond either end both residuals grow.
    """
    with np.errstate(divide="ignore"):
        same_T = law.beta * np.log(np.minimum(np.maximum(law.e, _SMALLEST), 1.0))
        u = np.minimum(np.maximum(law.y, 0.0) ** (1.0 / law.beta), 1.0)
        e = -np.expm1(np.log1p(-u) / law.alpha)
        same_nu = law.beta * np.log(np.maximum(e, _SMALLEST))
    return same_T, same_nu


def _candidates(law: _Law) -> tuple[NDArray[np.int64], FloatArray, FloatArray, FloatArray]:
    """Every dip of chi2 on a coarse grid: its point, and (low, start, high) in ln w."""
    first, last = (np.exp(end) for end in _ends(law))
    grid = np.log(np.maximum(first + _NODES * (last - first), 1e-300))
    cost = law.distance(_curve(grid, law.beta, law.alpha))
    dip = np.ones(cost.shape, dtype=bool)
    dip[1:] &= cost[1:] <= cost[:-1]
    dip[:-1] &= cost[:-1] < cost[1:]
    node, point = np.nonzero(dip)
    one = grid[np.maximum(node - 1, 0), point]
    other = grid[np.minimum(node + 1, len(grid) - 1), point]
    return point, np.minimum(one, other), grid[node, point], np.maximum(one, other)


def _nearest(law: _Law) -> tuple[FloatArray, NDArray[np.int64]]:
    """The ln w of every dip, refined by Newton steps in its bracket, and the point it is of."""
    point, low, place, high = _candidates(law)
    law = law.at(point)
    for _ in range(_MAX_STEPS):
        slope, curvature, size = law.step(place)
        low = np.where(slope < 0, place, low)
        high = np.where(slope < 0, high, place)
        # Newton in w (not in ln w): w is the coordinate in which chi2 is closest to a parabola
        relative = -slope / np.maximum(np.where(curvature > 0, curvature, size), 1e-300)
        new = place + np.log1p(np.maximum(relative, -0.9))
        new = np.where((new >= low) & (new <= high), new, 0.5 * (low + high))
        moved = np.abs(new - place)
        place = new
        if moved.max() < 1e-8:
            break
    return place, point


def latent_chi2(
    T: FloatArray, T_error: FloatArray, nu: FloatArray, nu_error: FloatArray,
    parameters: tuple[float, float, float, float],
) -> tuple[float, FloatArray, FloatArray]:  # fmt: skip
    """chi2 of the law with the true temperature of every point at its best.

    Parameters
    ----------
    T, T_error : (n,) K; an error of 0 holds the temperature at what was measured.
    nu, nu_error : (n,) MHz, errors above 0.
    parameters : nu0 (MHz), T_N (K), beta, alpha.

    Returns
    -------
    (chi2, gradient, t): the sum over all points; (4,) its derivatives in the order of
    ``parameters`` (exact by the envelope theorem: those at fixed t); (n,) K, the best t_i.

    Source: D. R. Powell and J. R. Macdonald, Comput. J. 15, 148 (1972), the latent variable;
    here with the law's plateau nu = 0 above T_N as a second place for each point.
    """
    nu0, T_N, beta, alpha = parameters
    sigma = np.maximum(T_error, _EXACT * np.maximum(T, T_N))
    law = _Law(beta, alpha, nu0 / nu_error, T_N / sigma, nu / nu0, (T_N - T) / T_N)
    place, point = _nearest(law)
    curve = _curve(place, beta, alpha)
    cost = law.at(point).distance(curve)
    if len(point) > len(T):
        order = np.lexsort((-cost, point))
        chosen = np.empty(len(T), dtype=np.int64)
        chosen[point[order]] = order
    else:
        chosen = np.argsort(point)
    return _sum(law, curve, chosen, cost[chosen], parameters)


def _sum(
    law: _Law, curve: _Curve, chosen: NDArray[np.int64], cost: FloatArray,
    parameters: tuple[float, float, float, float],
) -> tuple[float, FloatArray, FloatArray]:  # fmt: skip
    """chi2, gradient and best temperatures, once each point has its place on the curve."""
    nu0, T_N, beta, alpha = parameters
    e, u, log_u, y = curve.e[chosen], curve.u[chosen], curve.log_u[chosen], curve.y[chosen]
    outside = np.maximum(law.e, 0.0)
    plateau = (law.height * law.y) ** 2 + (law.width * outside) ** 2
    flat = plateau < cost
    e = np.where(flat, np.minimum(law.e, 0.0), e)
    pull = np.where(flat, 0.0, -2.0 * law.height**2 * (law.y - y))
    by_beta = pull * y * log_u
    by_alpha = -pull * beta * (y / u) * (1.0 - u) * np.log1p(-np.where(flat, 0.5, e))
    # at fixed t the slope in T_N is infinite times zero near T_N; at the best t it is this
    by_T_N = -2.0 * law.width**2 * (e - law.e) * (1.0 - e) / T_N
    gradient = np.array([(pull * y).sum() / nu0, by_T_N.sum(), by_beta.sum(), by_alpha.sum()])
    return float(np.where(flat, plateau, cost).sum()), gradient, T_N * (1.0 - e)
