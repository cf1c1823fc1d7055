"""What a scan says so far of nu0, T_N and beta, as weights of places on a grid.

Next to T_N the likelihood is far from normal and a covariance is a bad summary of it. The grid
follows the likelihood itself: T_N in even steps of the root of its profile, beta (and alpha) along
the ridge that belongs to each T_N, and nu0, in which the law is linear, in closed form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.ordering.minimum import NAMES, LawCost, Limits, Values, descend, law_limits
from musrcu.ordering.refit import cost_on, held_in
from musrcu.ordering.result import OrderParameter

REACH = 3.6
"""How far the grid reaches, in standard deviations."""
_T_N_NODES, _NODES = 31, {1: 13, 2: 9}
"""Nodes of T_N, and of each of the other exponents where one and where two are free."""
_FINER = 6
"""Places between two nodes of T_N: what the next run leaves may be far narrower."""
_COLUMNS = ("T_N", "beta", "alpha", "nu0", "nu0_variance", "chi2", "volume")
_TURNS = 60
NEVER = 1e6
"""The cost of places where the law cannot be."""
_ROOT_STEP = 0.4
"""Coarse steps of T_N, in standard deviations."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Knowledge:
    """Places (T_N, beta, alpha), the best nu0 of each, and how likely each is."""

    T_N: FloatArray
    """(n,) K."""
    beta: FloatArray
    """(n,)."""
    alpha: FloatArray
    """(n,)."""
    nu0: FloatArray
    """(n,) MHz, the best nu0 of each place."""
    nu0_variance: FloatArray
    """(n,) MHz^2 of nu0 at each place."""
    chi2: FloatArray
    """(n,) of each place with its best nu0, above the lowest."""
    volume: FloatArray
    """(n,) of each place in T_N and the exponents."""
    shape: tuple[int, ...]
    """Of the grid of all places: T_N, beta and, where it is free, alpha."""
    ends: tuple[float, float]
    """K, between which T_N is."""
    censored: bool = False
    """Whether runs without order are terms of the cost; else the lowest of them bounds T_N."""

    def __len__(self) -> int:
        return len(self.T_N)

    @property
    def row_T_N(self) -> FloatArray:
        """(r,) K, T_N of the rows of the grid, ascending."""
        return self.T_N.reshape(self.shape[0], -1)[:, 0]

    @property
    def weight(self) -> FloatArray:
        """(n,) probabilities, nu0 summed over; every value alike before the scan."""
        found = np.exp(-0.5 * self.chi2) * np.sqrt(self.nu0_variance) * self.volume
        return np.asarray(found / found.sum())

    def at(self, places: IntArray) -> Knowledge:
        """Some of the places, in the order given."""
        columns = {name: getattr(self, name)[places] for name in _COLUMNS}
        return dataclasses.replace(self, **columns)

    def shape_at(self, T: FloatArray | float) -> FloatArray:
        """(n,) nu/nu0 at temperature ``T`` (K) for each place; ``T`` may be one per place."""
        x = np.maximum(np.asarray(T, dtype=float), 1e-300) / self.T_N
        u = -np.expm1(self.alpha * np.log(np.minimum(x, 1.0)))
        return np.where(u > 0, np.maximum(u, 1e-300) ** self.beta, 0.0)

    def temperature_of(self, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n, m) K at which nu/nu0 is ``shape`` (n, m), and MHz/K: how steeply nu falls there."""
        beta, alpha = self.beta[:, None], self.alpha[:, None]
        u = shape ** (1.0 / beta)
        T = self.T_N[:, None] * np.exp(np.log1p(-u) / alpha)
        steep = self.nu0[:, None] * shape * alpha * beta * (1.0 - u) / (np.maximum(u, 1e-60) * T)
        return T, steep


def knowledge_of(order: OrderParameter) -> Knowledge:
    """The likelihood of the points of a valid fit, on a grid about its minimum."""
    cost = cost_on(order, order.points)
    limits = law_limits(cost)
    held = held_in(order)
    ridge = _ridge(cost, order, limits, held)
    roots, T_N_at = _roots(ridge)
    coarse = np.linspace(roots[0], roots[-1], _T_N_NODES)
    rows = np.array([
        _row(cost, _between(ridge, T_N), limits, held)
        for T_N in np.interp(coarse, roots, T_N_at)
    ])  # fmt: skip
    edges = np.linspace(roots[0], roots[-1], _FINER * (_T_N_NODES - 1) + 1)
    fine = _interpolated(coarse, rows, 0.5 * (edges[1:] + edges[:-1]))
    places = np.interp(edges, roots, T_N_at)
    beta, alpha, nu0, variance, chi2, volume = np.moveaxis(fine, 1, 0).reshape(6, -1)
    each = fine.shape[2]
    T_N = np.repeat(0.5 * (places[1:] + places[:-1]), each)
    volume = volume * np.repeat(np.diff(places), each)
    allowed = variance > 0
    chi2 = np.where(allowed, chi2 - chi2[allowed].min(), NEVER)
    nu0, variance = np.where(allowed, (nu0, variance), [[order.values[0]], [1e-12]])
    columns = (T_N, beta, alpha, nu0, variance, chi2, volume)
    free = 1 if "alpha" in held else 2
    return Knowledge(
        **dict(zip(_COLUMNS, columns, strict=True)),
        shape=(len(fine), *(_NODES[free],) * free),
        ends=(float(places[0]), float(places[-1])),
        censored=order.above == "censored",
    )


@dataclass(frozen=True, slots=True)
class _Node:
    """The ridge at one T_N."""

    T_N: float
    values: Values
    spread: FloatArray
    """(d, d), columns one standard deviation of the free exponents at this T_N."""
    chi2: float


def _ridge(
    cost: LawCost, order: OrderParameter, limits: Limits, held: Mapping[str, float]
) -> list[_Node]:
    """Coarse nodes from the lowest T_N worth a look to the highest, the best among them."""
    best = _node(cost, order.values, limits, held, order.T_N.value)
    low, high = limits["T_N"]
    found = [best]
    for side, end in ((-1, low), (1, high)):
        reach = _side(order, side)
        last, step = best, _ROOT_STEP * reach
        for _ in range(_TURNS):
            place = last.T_N + side * step
            if side * (end - place) <= 0:
                place = end - side * 1e-9 * abs(end)
            node = _node(cost, last.values, limits, held, place)
            root = abs(_root(node, best) - _root(last, best))
            if root > 1.5 * _ROOT_STEP and step > 1e-3 * reach:
                step *= 0.5
                continue
            found.append(node)
            last = node
            if node.chi2 > best.chi2 + REACH**2 or abs(place - end) <= 1e-8 * abs(end):
                break
            if root < _ROOT_STEP:
                step *= 1.4
    return sorted(found, key=lambda node: node.T_N)


def _root(node: _Node, best: _Node) -> float:
    return float(np.sqrt(max(node.chi2 - best.chi2, 0.0)))


def _side(order: OrderParameter, side: int) -> float:
    """One standard deviation of T_N on one side, K, or a guess of it."""
    sides = [abs(one) for one in order.T_N.minos or () if one]
    if order.T_N.minos is not None and order.T_N.minos[side > 0]:
        return abs(order.T_N.minos[side > 0])
    if np.isfinite(order.T_N.error):
        return order.T_N.error
    return max(sides, default=1e-3 * order.T_N.value)


def _node(
    cost: LawCost, near: Values, limits: Limits, held: Mapping[str, float], T_N: float
) -> _Node:
    found = descend(cost, near, limits, {**held, "T_N": T_N})
    free = [name for name in found.free if name in ("beta", "alpha")]
    spread = np.diag([0.1 * found.values[NAMES.index(name)] for name in free])
    if found.covariance is not None:
        places = [found.free.index(name) for name in free]
        spread = np.linalg.cholesky(found.covariance[np.ix_(places, places)])
    return _Node(T_N, found.values, spread, found.chi2)


def _roots(ridge: list[_Node]) -> tuple[FloatArray, FloatArray]:
    """Root of the profile, with the sign of the side, and T_N (K) of the coarse nodes."""
    T_N = np.array([node.T_N for node in ridge])
    chi2 = np.array([node.chi2 for node in ridge])
    sides = np.where(np.arange(len(T_N)) < np.argmin(chi2), -1, 1)
    roots = np.clip(np.sqrt(chi2 - chi2.min()) * sides, -REACH, REACH)
    return np.maximum.accumulate(roots + 1e-6 * np.arange(len(T_N))), T_N


def _between(ridge: list[_Node], T_N: float) -> _Node:
    """The ridge at one T_N between coarse nodes."""
    known = [node.T_N for node in ridge]
    high = int(np.clip(np.searchsorted(known, T_N), 1, len(known) - 1))
    before, behind = ridge[high - 1], ridge[high]
    share = (T_N - before.T_N) / (behind.T_N - before.T_N)
    nu0, _, beta, alpha = (1 - share) * np.array(before.values) + share * np.array(behind.values)
    spread = (1 - share) * before.spread + share * behind.spread
    return _Node(T_N, (nu0, T_N, beta, alpha), spread, 0.0)


def _interpolated(x: FloatArray, rows: FloatArray, at: FloatArray) -> FloatArray:
    """Rows (k, ...) known at ascending ``x`` (k,), at other places."""
    high = np.clip(np.searchsorted(x, at), 1, len(x) - 1)
    share = ((at - x[high - 1]) / (x[high] - x[high - 1]))[:, None, None]
    return np.asarray((1 - share) * rows[high - 1] + share * rows[high])


def _row(cost: LawCost, node: _Node, limits: Limits, held: Mapping[str, float]) -> FloatArray:
    """(6, m) beta, alpha, nu0, its variance, chi2 and volume along the ridge at one T_N.

    NaN where an exponent would leave its limits.
    """
    size = len(node.spread)
    steps = np.linspace(-REACH, REACH, _NODES[size])
    volume = abs(np.linalg.det(node.spread)) * (steps[1] - steps[0]) ** size
    nu0, T_N, beta, alpha = node.values
    found = []
    for step in product(steps, repeat=size):
        moved = node.spread @ np.array(step)
        b = beta + moved[0]
        a = alpha if "alpha" in held else alpha + moved[1]
        allowed = limits["beta"][0] < b < limits["beta"][1]
        allowed &= "alpha" in held or limits["alpha"][0] < a < limits["alpha"][1]
        best = _best_nu0(cost, nu0, T_N, b, a) if allowed else (np.nan, np.nan, np.nan)
        found.append((b, a, *best, volume))
    return np.array(found, dtype=float).T


def _best_nu0(
    cost: LawCost, nu0: float, T_N: float, beta: float, alpha: float
) -> tuple[float, float, float]:
    """The best nu0 at one place, its variance, and chi2 there: chi2 is a parabola in nu0."""
    first = cost.best_nu0(T_N, beta, alpha) if not cost.latent else nu0
    second = first * 1.003
    lowest = cost(first, T_N, beta, alpha)
    one = cost.grad(first, T_N, beta, alpha)[0]
    curvature = (cost.grad(second, T_N, beta, alpha)[0] - one) / (second - first)
    if not curvature > 0:
        return np.nan, np.nan, np.nan
    return first - one / curvature, 2.0 / curvature, lowest - 0.5 * one**2 / curvature
