"""Regions of two parameters of a fit that hold the truth with a probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.followed import Followed, followed
from musrcu.fitting.freedom import is_number
from musrcu.fitting.interval import Place, follow, interval_end, limits_of, valley
from musrcu.fitting.minos import with_scale
from musrcu.fitting.profile import Determined
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

POINTS = 60
"""Of one curve, about."""
LEAST = 1e-3
"""Probability below which a curve is lost in the rounding of chi-square."""
CLOSE = 0.005
"""Distance from the height, as a share of its rise, at which a point is on the curve: a quarter of
a per cent of its radius."""
CORRECTIONS = 12
"""Newton steps towards the curve for one point."""
SHORTEST = 1 / 64
"""Of the usual step along the curve, where it turns sharply."""
FAR = 20.0
"""Times the radius that the errors tell beyond which a curve is not followed."""
MOST = 20
"""Times the usual number of points after which a curve that does not close is left open."""


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """Curves around the minimum of a fit on which chi-square has risen by one height."""

    names: tuple[str, str]
    """Of the two parameters."""
    units: tuple[str, str]
    best: tuple[float, float]
    """Where the fit found its minimum."""
    levels: tuple[float, ...]
    """Probability that the truth of both lies inside, where the errors are Gaussian."""
    rises: tuple[float, ...]
    """Of chi-square, -2 ln(1 - level): 2.30 for 68.3 %."""
    curves: tuple[FloatArray, ...]
    """(n, 2) values of the two parameters on each, one behind the other; the first point is also
    the last where the curve closes."""
    closed: tuple[bool, ...]
    """Whether it does; one that ends at a limit of a parameter does not."""
    notes: tuple[str, ...]
    result: FitResult | Determined
    """The fit."""

    def __repr__(self) -> str:
        levels = ", ".join(f"{100 * level:g} %" for level in self.levels)
        return f"<Contour of {self.names[0]} and {self.names[1]}, {levels}>"

    def summary(self) -> str:
        """How far each region reaches in either parameter, and notes, as text."""
        a, b = self.names
        lines = [f"{self.result.name or 'fit'}: regions of {a} and {b} jointly"]
        for level, rise, curve in zip(self.levels, self.rises, self.curves, strict=True):
            reach = (
                [
                    f"{name} {low:.6g} to {high:.6g}{f' {unit}' if unit else ''}"
                    for name, unit, low, high in zip(
                        self.names, self.units, curve.min(axis=0), curve.max(axis=0), strict=True
                    )
                ]
                if len(curve)
                else ["no curve"]
            )
            lines.append(f"  {100 * level:g} % (chi-square + {rise:.2f}): {', '.join(reach)}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """As plain data, without the fit."""
        return {
            "names": list(self.names),
            "units": list(self.units),
            "best": list(self.best),
            "levels": list(self.levels),
            "curves": [curve.tolist() for curve in self.curves],
            "closed": list(self.closed),
            "notes": list(self.notes),
        }


def contour(
    data: Fittable,
    model: Model | str | FitResult,
    names: tuple[str, str],
    *,
    levels: Sequence[float] | float = (0.683, 0.954),
    points: int = POINTS,
    **options: Any,
) -> Contour:
    """Regions of two parameters jointly: where chi-square, minimised over all others, is low.

    The curves are followed step by step, each point corrected by Newton steps along the gradient
    of the profiled chi-square, so that they need not be ellipses.

    Parameters
    ----------
    data, model : what is fitted, as for :func:`musrcu.fit`; or a fit of these data, whose options
        and values are taken.
    names : of the two parameters.
    levels : probabilities that both lie inside, or one, 0.001 or more; chi-square rises by
        -2 ln(1 - level).
    points : about so many on each curve.
    options : as for :func:`musrcu.fit`: ``start``, ``fixed``, ``limits``, ``ties``,
        ``constraints``, ``t_range``, ``average_bins``, ``cost``.

    Returns
    -------
    Contour; ``musrcu.plot.contour`` draws it.

    Raises
    ------
    FitError if the fit is not valid, a parameter is not free, or a level is no probability.
    """
    heights = checked_levels(names, levels, points)
    made = followed(data, model, options, "contour")
    pair = [made.position(name) for name in names]
    if pair[0] == pair[1]:
        raise FitError(f"names = {names!r}; a contour is one of two different parameters")
    curves, closed, notes = [], [], []
    rises = tuple(-2 * math.log1p(-level) for level in heights)
    for level, rise in zip(heights, rises, strict=True):
        curve, whole, why = _Walk(made, pair, rise, points).all_round()
        curves.append(curve)
        closed.append(whole)
        if why:
            notes.append(f"the curve of {100 * level:.4g} % is open: {why}")
    both = tuple(made.full_name(k) for k in pair)
    return Contour(
        (both[0], both[1]), (made.unit(pair[0]), made.unit(pair[1])),
        (float(made.place.x[pair[0]]), float(made.place.x[pair[1]])),
        heights, rises, tuple(curves), tuple(closed),
        tuple(notes), made.result,
    )  # fmt: skip


def checked_levels(
    names: object, levels: Sequence[float] | float, points: int
) -> tuple[float, ...]:
    """The levels, after a look at what was asked for.

    Raises
    ------
    FitError if the names are not two, a level is no probability, or there are too few points.
    """
    if isinstance(names, str) or not isinstance(names, Sequence) or len(names) != 2:
        raise FitError(f"names = {names!r}; give the names of two parameters")
    listed: list[Any] = [levels]
    if not is_number(levels):
        listed = list(levels) if isinstance(levels, (Sequence, np.ndarray)) else []
    if not listed or not all(is_number(level) and LEAST <= level < 1 for level in listed):
        raise FitError(f"levels = {levels!r}; give probabilities from {LEAST:g} to below 1")
    if isinstance(points, bool) or not isinstance(points, int) or points < 8:
        raise FitError(f"points = {points!r}; give a whole number of 8 or more")
    return tuple(float(level) for level in listed)


class _Walk:
    """One curve, followed in coordinates in which it would be a circle were the cost a parabola."""

    def __init__(self, made: Followed, pair: list[int], rise: float, points: int) -> None:
        self.cost, self.minimum, self.pair, self.rise = made.cost, made.place, pair, rise
        spread = made.spread
        for k in pair:
            spread = with_scale(self.cost, made.place, spread, k)
        self.spread = spread
        block = 0.5 * (spread + spread.T)[np.ix_(pair, pair)]
        scale = np.sqrt(np.diag(block))
        size, axes = np.linalg.eigh(block / np.outer(scale, scale))
        self.axes = scale[:, None] * axes * np.sqrt(np.maximum(size, 1e-6))
        """(2, 2) the two parameters by the new coordinates."""
        self.middle = made.place.x[pair]
        self.step, self.points = 2 * math.pi * math.sqrt(rise) / points, points
        self.limits = tuple(ends[pair] for ends in limits_of(self.cost))

    def all_round(self) -> tuple[FloatArray, bool, str]:
        """The curve, whether it closes, and why not."""
        begin = self._first()
        if begin is None:
            return np.empty((0, 2)), False, "chi-square does not rise so far"
        there, closes, why = self._along(begin, 1.0)
        if closes:
            return np.array([*there, there[0]]), True, ""
        back, _, _ = self._along(begin, -1.0)
        return np.array([*back[:0:-1], *there]), False, why

    def _first(self) -> Place | None:
        """A point of the curve: where one of the two parameters is largest or smallest."""
        for k in self.pair:
            for side in (1.0, -1.0):
                end = interval_end(self.cost, self.minimum, self.spread, k, side, self.rise)
                if not (end.at_limit or end.reason or end.lower):
                    return end.place
        return None

    def _along(self, begin: Place, turn: float) -> tuple[list[FloatArray], bool, str]:
        """Points one way from the first, until it is met again, or a limit."""
        here, step, angle = begin, self.step, 0.0
        found = [begin.x[self.pair]]
        for _ in range(MOST * self.points):
            ahead = None
            while ahead is None and step > SHORTEST * self.step:
                ahead = self._next(here, turn * step)
                step = step if ahead is not None else 0.5 * step
            if ahead is None:
                return found, False, "it could not be followed further"
            angle += self._turned(here, ahead)
            if abs(angle) > 2 * math.pi - 0.3 * self.step / math.sqrt(self.rise):
                return found, True, ""
            found.append(ahead.x[self.pair])
            if self._distance(ahead) > FAR * math.sqrt(self.rise):
                return found, False, f"it runs further than {FAR:g} times the errors"
            here, step = ahead, min(1.5 * step, self.step)
            place = ahead.x[self.pair]
            if ((place <= self.limits[0]) | (place >= self.limits[1])).any():
                return found, False, "it ends at a limit"
        return found, False, "it does not close"

    def _distance(self, here: Place) -> float:
        """From the minimum; the root of the rise everywhere were the cost a parabola."""
        return math.hypot(*np.linalg.solve(self.axes, here.x[self.pair] - self.middle))

    def _turned(self, here: Place, there: Place) -> float:
        """The angle between two points, seen from the minimum."""
        a, b = (np.linalg.solve(self.axes, one.x[self.pair] - self.middle) for one in (here, there))
        return math.atan2(a[0] * b[1] - a[1] * b[0], float(a @ b))

    def _next(self, here: Place, step: float) -> Place | None:
        """The point of the curve after a step along it; None where it is not found."""
        gradient = self._gradient(here)
        size = math.hypot(*gradient)
        if not (math.isfinite(size) and size > 0):
            return None
        tangent = np.array([-gradient[1], gradient[0]]) / size
        target, stopped = self._inside(here, step * tangent)
        for _ in range(CORRECTIONS):
            here = self._at(here, target)
            above = here.cost - self.minimum.cost - self.rise
            if abs(above) <= CLOSE * self.rise:
                return here
            back = self._back(here, above, stopped)
            if back is None:
                return None
            target, met = self._inside(here, back)
            stopped = met if stopped is None else stopped
        return None

    def _back(self, here: Place, above: float, stopped: int | None) -> FloatArray | None:
        """The move to the height along the gradient, or along a limit; None where it is far."""
        gradient = self._gradient(here)
        way = gradient
        if stopped is not None:
            way = np.linalg.solve(self.axes, np.eye(2)[1 - stopped])
        way = way / max(math.hypot(*way), 1e-300)
        rising = float(gradient @ way)
        if not (math.isfinite(rising) and abs(above) < 2 * self.step * abs(rising)):
            return None
        return np.asarray(-above / rising * way)

    def _inside(self, here: Place, move: FloatArray) -> tuple[FloatArray, int | None]:
        """Where a move ends, at the first limit that it crosses; and whose limit that is."""
        place, move = here.x[self.pair], self.axes @ move
        share, stopped, ends = 1.0, None, np.where(move > 0, self.limits[1], self.limits[0])
        for n in range(2):
            room = abs(ends[n] - place[n])
            if abs(move[n]) * share > room:
                share, stopped = room / abs(move[n]), n
        target = place + share * move
        if stopped is not None:
            target[stopped] = ends[stopped]
        return target, stopped

    def _at(self, here: Place, values: FloatArray) -> Place:
        """The minimum with both held at these values."""
        along = valley(self.cost, here.x, self.pair)[0]
        lower, upper = limits_of(self.cost)
        x = np.clip(here.x + along @ (values - here.x[self.pair]), lower, upper)
        x[self.pair] = np.clip(values, *self.limits)
        return follow(self.cost, x, self.pair)

    def _gradient(self, place: Place) -> FloatArray:
        """Of the profiled cost by the new coordinates."""
        return np.asarray(self.axes.T @ (2 * self.cost.normal(place.x)[1][self.pair]))
