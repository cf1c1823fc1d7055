"""The cost of a fitted order parameter away from its minimum, what runs share included."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import FitError
from musrcu.ordering.minimum import NAMES, law_limits
from musrcu.ordering.refit import cost_on, held_in

if TYPE_CHECKING:
    from musrcu.ordering.result import OrderParameter

CLOSE = 2e-3
"""Distance from a height, as a share of its root, at which a place is on it."""
FAR = 20.0
"""Times the errors beyond which nothing is followed."""
WIDER = 5.0
"""Errors of what runs share by which the limits of T_N are wider."""
_AWAY = 0.3
"""Share of the room between limits from which on what ended at one of them is tried again."""
_STEPS = 40
_FREE_STEP = 0.3
"""First step of Minuit, in standard errors."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Parameters of the law and of what runs share, and the cost there."""

    x: FloatArray
    """(4 + n,) nu0, T_N, beta, alpha and n shared ones, in units of their errors."""
    cost: float


class Valley:
    """The cost with some parameters held and all others at their best.

    What all runs share moves the law by V_j for one of its errors (see ``common_shifts``); it is a
    parameter z_j with a Gaussian prior, and the cost is that of the law at theta - sum z_j V_j, and
    sum z_j^2.
    """

    def __init__(self, order: OrderParameter) -> None:
        if not order.valid:
            raise FitError(f"a fit that is not valid has no profile: {order.reason}")
        self.order, self.law = order, cost_on(order, order.points)
        limits = law_limits(self.law)
        self.held = {NAMES.index(name): value for name, value in held_in(order).items()}
        names = order.quantity.names
        moves = [[moved.get(name, 0.0) for name in names] for moved in order.common.values()]
        self.moves = np.array(moves, dtype=float).reshape(len(moves), 4)
        # what is shared moves the limits of T_N too
        reach = np.array([0.0, WIDER, 0.0, 0.0]) * np.sqrt((self.moves**2).sum(axis=0))
        self.limits = [
            (limits[name][0] - by, limits[name][1] + by)
            for name, by in zip(NAMES, reach.tolist(), strict=True)
        ]
        self.best = Place(np.array([*order.values, *[0.0] * len(moves)]), order.cost)
        self.scale = np.array([self._scale(name) for name in names] + [1.0] * len(moves))

    def _scale(self, name: str) -> float:
        """An error of a parameter, for steps."""
        parameter = self.order[name]
        if math.isfinite(parameter.error) and parameter.error > 0:
            return parameter.error
        sides = [abs(side) for side in parameter.minos or () if side]
        return max(sides, default=0.01 * abs(parameter.value))

    def position(self, name: str) -> int:
        """Where a parameter stands.

        Raises
        ------
        FitError if there is none of that name, or it was held.
        """
        k = NAMES.index(self.order.quantity.in_law(name))
        if k in self.held:
            raise FitError(f"{name} is not free in this fit; it has no profile")
        return k

    def cost(self, x: FloatArray) -> float:
        """The cost of the law and of what is shared."""
        shared = x[4:]
        return float(self.law(*(x[:4] - shared @ self.moves)) + shared @ shared)

    def gradient(self, x: FloatArray) -> FloatArray:
        """(4 + n,) its derivatives."""
        shared = x[4:]
        by_law = self.law.grad(*(x[:4] - shared @ self.moves))
        return np.concatenate((by_law, 2 * shared - self.moves @ by_law))

    def lowest(self, fixed: Mapping[int, float], near: Place) -> Place:
        """The minimum with some parameters held, from a place near it.

        What ends at a limit is tried again from further inside: Minuit sees no slope at a limit.
        """
        start, given = near.x.copy(), {**self.held, **fixed}
        for k, value in given.items():
            start[k] = value
        free = [k for k in range(len(start)) if k not in given]
        if not free:
            return Place(start, self.cost(start))
        found = self._descended(start, free)
        inside, stuck = found.x.copy(), False
        for k in (k for k in free if k < 4):
            low, high = self.limits[k]
            at_low, at_high = (abs(found.x[k] - end) < 1e-3 * (high - low) for end in (low, high))
            if at_low or at_high:
                stuck = True
                inside[k] = low + (_AWAY if at_low else 1 - _AWAY) * (high - low)
        if not stuck:
            return found
        return min(found, self._descended(inside, free), key=lambda place: place.cost)

    def _descended(self, start: FloatArray, free: list[int]) -> Place:
        """What MIGRAD comes to from one start."""
        from iminuit import Minuit

        minuit = Minuit(self.cost, self._inside(start, free), grad=self.gradient)
        minuit.errordef = Minuit.LEAST_SQUARES
        minuit.strategy = 0
        minuit.tol = 0.003
        for k in range(len(start)):
            minuit.fixed[k] = k not in free
            minuit.errors[k] = _FREE_STEP * self.scale[k]
            if k < 4 and k in free:
                minuit.limits[k] = self.limits[k]
        minuit.migrad()
        if not minuit.valid:
            minuit.simplex().migrad()
        return Place(np.array(minuit.values, dtype=float), float(minuit.fval))

    def _inside(self, start: FloatArray, free: list[int]) -> FloatArray:
        """The start, moved off limits: Minuit sees no slope at one and stays there."""
        moved = start.copy()
        for k in free:
            if k < 4:
                low, high = self.limits[k]
                moved[k] = np.clip(moved[k], low + 1e-6 * (high - low), high - 1e-6 * (high - low))
        return moved

    def end(self, k: int, side: int, rise: float) -> tuple[float, bool]:
        """Where the cost has risen so far on one side, and whether it ends at a limit before."""
        from scipy.optimize import brentq

        best, near = float(self.best.x[k]), [self.best]
        limit = self.limits[k][side > 0]

        def above(value: float) -> float:
            near.append(self.lowest({k: value}, near[-1]))
            return self._height(near[-1]) - math.sqrt(rise)

        inner, step = best, math.sqrt(rise) * self.scale[k]
        for _ in range(_STEPS):
            value = best + side * step
            if outside := side * (value - limit) >= 0:
                value = limit
            if value != best and above(value) > 0:
                near[:] = [self.best]
                close = 1e-4 * abs(value - best)
                return float(brentq(above, inner, value, xtol=close + 1e-14)), False
            if outside:
                return limit, True
            inner, step = value, 1.5 * step
        return inner, True

    def _height(self, place: Place) -> float:
        """Root of the rise above the minimum: straight along a parameter of a parabola."""
        return math.sqrt(max(place.cost - self.best.cost, 0.0))

    def axes(self, pair: tuple[int, int]) -> FloatArray:
        """(2, 2) two parameters by coordinates in which the curves of a parabola are circles."""
        scale = self.scale[list(pair)]
        names = [self.order.quantity.names[k] for k in pair]
        block = np.eye(2)
        if all(name in self.order.names for name in names):
            places = [self.order.names.index(name) for name in names]
            block = self.order.covariance[np.ix_(places, places)] / np.outer(scale, scale)
        size, turned = np.linalg.eigh(block)
        return np.asarray(scale[:, None] * turned * np.sqrt(np.maximum(size, 1e-6)))

    def on_ray(
        self, pair: tuple[int, int], axes: FloatArray, angle: float, rise: float, near: Place
    ) -> tuple[Place, str]:
        """Where the cost has risen so far along a ray from the minimum, and the limit it meets.

        Parameters
        ----------
        angle : of the ray, in the coordinates of ``axes``.
        near : a place where to begin: one of the next ray.
        """
        way = axes @ (math.cos(angle), math.sin(angle))
        last, limit = self._room(pair, way)
        height = math.sqrt(rise)
        found = math.hypot(*np.linalg.solve(axes, (near.x - self.best.x)[list(pair)]))
        ends: list[tuple[float, float]] = [(0.0, -height)]
        radius = min(found or height, last)
        for _ in range(_STEPS):
            scaled = self.best.x + (near.x - self.best.x) * (radius / found if found else 1.0)
            target = self.best.x[list(pair)] + radius * way
            place = self.lowest(dict(zip(pair, target.tolist(), strict=True)), Place(scaled, 0.0))
            near, found = place, radius
            above = self._height(place) - height
            if abs(above) < CLOSE * height:
                return place, ""
            if above < 0 and radius == last:
                return place, limit
            ends = _bracket(ends, radius, above)
            radius = _next(ends, height, last)
        return near, ""

    def _room(self, pair: tuple[int, int], way: FloatArray) -> tuple[float, str]:
        """How far a ray goes, and whose limit ends it."""
        found = [(FAR, f"{FAR:g} times the errors")]
        for k, step in zip(pair, way.tolist(), strict=True):
            end = self.limits[k][step > 0]
            room = abs(end - self.best.x[k]) / abs(step) if step else math.inf
            found.append((room, f"the limit {end:.5g} of {self.order.quantity.names[k]}"))
        return min(found)


def _bracket(
    ends: list[tuple[float, float]], radius: float, above: float
) -> list[tuple[float, float]]:
    """The places next to the height on either side, one more looked at; weights as of Illinois."""
    low, *high = ends
    if above < 0:
        return [(radius, above), *((place, 0.5 * value) for place, value in high)]
    return [(low[0], 0.5 * low[1]) if high else low, (radius, above)]


def _next(ends: list[tuple[float, float]], height: float, last: float) -> float:
    """Where to look for the height next."""
    (low, below), *high = ends
    if not high:
        grown = low * height / max(height + below, 0.3 * height)
        return min(max(grown, 1.05 * low), last)
    ((up, above),) = high
    share = -below / (above - below)
    return low + (up - low) * min(max(share, 0.02), 0.98)
