"""Profile errors: where the cost, minimised over all other parameters, has risen by one.

The end of an interval is found by Newton steps along the profile: its slope is the derivative of
the cost by the parameter that is held (envelope theorem), its curvature the Schur complement of
the expected Hessian, and the other parameters follow along the valley. Each place on the profile
is a minimum with that parameter held, from which no step promises to gain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import Cost
from musrcu.fitting.descent import descend, descent, step_inside

FloatArray = NDArray[np.float64]

CLOSE = 1e-3
"""Distance from the wanted height, in units of the rise, at which an end is reached: of an error,
that is a two-thousandth."""
LOWER = 0.01
"""A place on the profile that is lower than the minimum by more than this is another minimum."""
TRIALS = 60
"""Places on the profile that are tried for one end."""
NARROW = 1e-7
"""Bracket, as a share of the distance from the minimum, in which the cost jumps over the height."""
TINY = 1e-200
"""A cost that curves by less along every parameter does not curve."""
FAR = 1e6
"""Distance in standard errors at which the cost is taken not to rise at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A minimum of the cost with one or more parameters held."""

    x: FloatArray
    """(n_free,)."""
    cost: float


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One end of an interval."""

    place: Place
    """Where it is."""
    at_limit: bool = False
    """Whether the limit of the parameter is reached before the height."""
    reason: str = ""
    """Why there is no end, in words; empty where there is one."""
    lower: Place | None = None
    """A lower minimum that was met on the way."""


def follow(cost: Cost, x: FloatArray, held: list[int], tolerance: float = CLOSE) -> Place:
    """The minimum with some parameters held, verified: a full step promises less than that.

    Where the steps ended before, they go on with a hundredth of the tolerance.
    """
    x, height, verified = descent(cost, x, 30, tolerance, held)
    if not verified and _promise(cost, x, held) > tolerance:
        x, height = descend(cost, x, tolerance=0.01 * tolerance, held=held, steps=100)
    return Place(x, height)


def _promise(cost: Cost, x: FloatArray, held: list[int]) -> float:
    """The gain that a full step of all others promises; 0 where there is no such step."""
    matrix, slope = cost.normal(x)
    if len(held) == x.size or not (np.isfinite(matrix).all() and np.isfinite(slope).all()):
        return 0.0
    moving = np.ones(x.size, dtype=bool)
    moving[held] = False
    return step_inside(x, matrix, slope, 1e-9, limits_of(cost), moving)[1]


def limits_of(cost: Cost) -> tuple[FloatArray, FloatArray]:
    """Lower and upper limits of the free parameters."""
    return cost.freedom.lower[cost.free], cost.freedom.upper[cost.free]


def valley(cost: Cost, x: FloatArray, held: list[int]) -> tuple[FloatArray, FloatArray]:
    """How the others follow those held, (n_free, n_held), and half the curvature of the profile,
    (n_held, n_held), by the expected Hessian; others at a limit stay there."""
    matrix, slope = cost.normal(x)
    lower, upper = limits_of(cost)
    moving = ~(((x <= lower) & (slope > 0)) | ((x >= upper) & (slope < 0)))
    moving[held] = False
    along = np.zeros((x.size, len(held)))
    along[held, np.arange(len(held))] = 1.0
    if not np.isfinite(matrix).all():
        return along, np.zeros((len(held), len(held)))
    inner = matrix[np.ix_(moving, moving)]
    largest = float(np.diag(inner).max(initial=0.0))
    if largest > TINY:
        scale = 1 / np.sqrt(np.maximum(np.diag(inner), 1e-12 * largest))
        unit = inner * np.outer(scale, scale) + 1e-12 * np.eye(scale.size)
        pull = matrix[moving][:, held] * scale[:, None]
        along[moving] = -np.linalg.solve(unit, pull) * scale[:, None]
    return along, along.T @ matrix @ along


def interval_end(
    cost: Cost, minimum: Place, spread: FloatArray, k: int, side: float, rise: float = 1.0
) -> End:
    """The end of the interval of one parameter above or below the minimum.

    Parameters
    ----------
    cost : what is minimised.
    minimum : its minimum.
    spread : (n_free, n_free) covariance there.
    k : position of the parameter among the free ones.
    side : 1 above, -1 below.
    rise : above the minimum, of the cost at the end.
    """
    lower, upper = (float(ends[k]) for ends in limits_of(cost))
    limit = upper if side > 0 else lower
    middle, error = float(minimum.x[k]), math.sqrt(float(spread[k, k]))
    if side * (limit - middle) <= 0:
        return End(minimum, at_limit=True)
    search = Bracket(middle, side, limit, error * math.sqrt(rise))
    along = spread[:, k] / spread[k, k]
    begin, value = minimum, middle + side * error * math.sqrt(rise)
    for _ in range(TRIALS):
        value = search.inside(value)
        place = follow(cost, _moved(cost, begin.x, along, k, value), [k], CLOSE * rise)
        above = place.cost - minimum.cost - rise
        if above < -rise - LOWER:
            return End(place, lower=place)
        if search.ends(value, above, CLOSE * rise):
            return End(place, at_limit=above < -CLOSE * rise)
        if search.near and abs(value - middle) > FAR * error:
            break
        # from a place far above the height, which may lie beyond a wall, nothing is concluded
        if above < 10 * rise:
            begin = place
            rows, curved = valley(cost, place.x, [k])
            along = rows[:, 0]
            slope = float(cost.normal(place.x)[1][k])
            value = search.next(value, above, slope, float(curved[0, 0]))
        else:
            value = search.middle()
    return End(place, reason="chi-square does not rise by one")


def _moved(cost: Cost, x: FloatArray, along: FloatArray, k: int, value: float) -> FloatArray:
    lower, upper = limits_of(cost)
    moved = np.minimum(np.maximum(x + along * (value - x[k]), lower), upper)
    moved[k] = value
    return np.asarray(moved)


class Bracket:
    """The bracket of an end."""

    def __init__(self, start: float, side: float, limit: float, size: float) -> None:
        self.start, self.side, self.limit, self.size = start, side, limit, size
        self.below, self.above = start, math.inf * side
        self.near = True

    def inside(self, value: float) -> float:
        """The value itself or the limit."""
        return min(value, self.limit) if self.side > 0 else max(value, self.limit)

    def ends(self, value: float, above: float, close: float) -> bool:
        """Whether the height is met here, or nothing is left to try."""
        if abs(above) <= close:
            return True
        self.near = above < 0
        if above > 0:
            self.above = value
            return abs(self.above - self.below) <= NARROW * abs(value - self.start)
        self.below = value
        return value == self.limit

    def next(self, value: float, above: float, slope: float, curved: float) -> float:
        """Where a parabola with this half slope and half curvature crosses the height."""
        root = slope * slope - curved * above
        divisor = self.side * slope + math.sqrt(root) if root > 0 else 0.0
        step = self.side * -above / divisor if divisor > 0 else math.nan
        wanted = value + step
        reach = 2 * abs(value - self.start) + self.size
        if not abs(wanted - self.start) <= reach:
            wanted = self.start + self.side * reach
        low, high = sorted((self.below, self.above))
        return wanted if low < wanted < high else self.middle()

    def middle(self) -> float:
        """The middle of the bracket; twice as far where it has no other end."""
        if math.isfinite(self.above):
            return 0.5 * (self.below + self.above)
        return self.start + 2 * (self.below - self.start) + self.side * self.size


def interval(
    cost: Cost, minimum: Place, spread: FloatArray, k: int, rise: float = 1.0
) -> tuple[End, End]:
    """Both ends of the interval of the k-th free parameter, the lower first."""
    below = interval_end(cost, minimum, spread, k, -1.0, rise)
    if below.lower is not None:
        return below, below
    return below, interval_end(cost, minimum, spread, k, 1.0, rise)
