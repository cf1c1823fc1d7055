"""How well an order parameter determines nu0, T_N, beta and alpha: profiles and contours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.containers.numbers import is_number
from musrcu.errors import FitError
from musrcu.fitting.contour import POINTS as AROUND
from musrcu.fitting.contour import Contour, checked_levels
from musrcu.fitting.profile import HALVINGS, JUMP, POINTS, WIDE, Profile
from musrcu.ordering.valley import Place, Valley

if TYPE_CHECKING:
    from musrcu.ordering.result import OrderParameter

LOWER = 0.01
"""Fall of the cost below its minimum that is another minimum."""
SPARSE = 1.7
"""Times the usual distance of two points of a contour beyond which there is one more between."""
REFINED = 3
"""How often the distance of two of its points is halved."""
MOST = 3
"""Times the points asked for, at most."""


def profile(order: OrderParameter, name: str, *, points: int | Sequence[float] = POINTS) -> Profile:
    """The cost of an order parameter against one of its parameters, all others at their best.

    Parameters
    ----------
    order : a valid result; what all its runs share is part of the profile.
    name : nu0 (B0, A0), T_N, beta or alpha, free in the fit.
    points : the values themselves, or how many of them, evenly spaced over what lies within a rise
        of the cost by 9, with more between where it jumps.

    Returns
    -------
    Profile, as of :func:`musrcu.profile`; ``musrcu.plot.profile`` draws it.

    Raises
    ------
    FitError if the result is not valid, the parameter not free, or the points are no numbers.
    """
    valley = Valley(order)
    k = valley.position(name)
    values = _values(valley, k, name, points)
    places = _followed(valley, k, values)
    if not isinstance(points, Sequence | np.ndarray):
        places = _finer(valley, k, places)
    interval, notes = _interval(valley, k, name)
    chi2 = np.array([place.cost for place in places])
    lowest = int(np.argmin(chi2))
    if chi2[lowest] < valley.best.cost - LOWER:
        notes.append(
            f"chi-square is lower by {valley.best.cost - chi2[lowest]:.3g} at {name} = "
            f"{places[lowest].x[k]:.6g}: the fit has another minimum there"
        )
    return Profile(
        name, order[name].unit, np.array([place.x[k] for place in places]), chi2,
        np.array([place.x[:4] for place in places]), float(valley.best.x[k]), valley.best.cost,
        interval, tuple(notes), order,
    )  # fmt: skip


def _values(valley: Valley, k: int, name: str, points: int | Sequence[float]) -> FloatArray:
    """Where the profile is computed."""
    low, high = valley.limits[k]
    if isinstance(points, int) and not isinstance(points, bool):
        if points < 2:
            raise FitError(f"points = {points}; a profile has two or more")
        ends = [valley.end(k, side, WIDE)[0] for side in (-1, 1)]
        return np.linspace(ends[0], ends[1], points)
    values = list(points) if isinstance(points, Sequence | np.ndarray) else []
    if not values or not all(map(is_number, values)):
        raise FitError(f"points = {points!r}; give a number of points or a list of values")
    found = np.sort(np.array(values, dtype=float))
    if found[0] < low or found[-1] > high:
        raise FitError(
            f"points from {found[0]:g} to {found[-1]:g} leave the limits [{low:g}, {high:g}] of "
            f"{name}"
        )
    return found


def _followed(valley: Valley, k: int, values: FloatArray) -> list[Place]:
    """The minima at rising values, each from its neighbour nearer to the best value."""
    found: dict[float, Place] = {}
    for side in (1, -1):
        near = valley.best
        for value in sorted(values, reverse=side < 0):
            if side * (value - valley.best.x[k]) >= 0 and value not in found:
                near = found[value] = valley.lowest({k: float(value)}, near)
    return [found[value] for value in sorted(found)]


def _finer(valley: Valley, k: int, places: list[Place]) -> list[Place]:
    """More places where the cost jumps from one to the next, as it does at a run next to T_N."""
    least = abs(places[-1].x[k] - places[0].x[k]) / len(places) / 2.0**HALVINGS
    found = list(places)
    for _ in range(HALVINGS):
        steep = [
            n for n in range(len(found) - 1)
            if abs(found[n + 1].cost - found[n].cost) > JUMP
            and found[n + 1].x[k] - found[n].x[k] > 2 * least
        ]  # fmt: skip
        if not steep or len(found) > MOST * len(places):
            break
        for n in reversed(steep):
            middle = 0.5 * float(found[n].x[k] + found[n + 1].x[k])
            near = min(found[n], found[n + 1], key=lambda place: place.cost)
            found.insert(n + 1, valley.lowest({k: middle}, near))
    return found


def _interval(valley: Valley, k: int, name: str) -> tuple[tuple[float, float] | None, list[str]]:
    """Distances to where the cost has risen by one, and what there is to say of them."""
    ends = [valley.end(k, side, 1.0) for side in (-1, 1)]
    best = float(valley.best.x[k])
    notes = [f"{name} ends at its limit {value:.4g}" for value, at_limit in ends if at_limit]
    return (ends[0][0] - best, ends[1][0] - best), notes


def contour(
    order: OrderParameter,
    one: str,
    other: str,
    *,
    levels: Sequence[float] | float = (0.683, 0.954),
    points: int = AROUND,
) -> Contour:
    """Regions of two parameters jointly: where the cost, minimised over all others, is low.

    Each point is sought along a ray from the minimum, so that the regions need not be ellipses;
    they must be seen from there. Where one reaches a limit it ends there.

    Parameters
    ----------
    order : a valid result; what all its runs share is part of the regions.
    one, other : nu0 (B0, A0), T_N, beta or alpha, free in the fit.
    levels : probabilities that both lie inside, or one; the cost rises by -2 ln(1 - level).
    points : about so many on each curve.

    Returns
    -------
    Contour, as of :func:`musrcu.contour`; ``musrcu.plot.contour`` draws it.

    Raises
    ------
    FitError if the result is not valid, a parameter is not free, or a level is no probability.
    """
    heights = checked_levels((one, other), levels, points)
    valley = Valley(order)
    pair = (valley.position(one), valley.position(other))
    if pair[0] == pair[1]:
        raise FitError(f"names = {(one, other)!r}; a contour is one of two different parameters")
    rises = tuple(-2 * math.log1p(-level) for level in heights)
    curves, closed, notes = [], [], []
    for level, rise in zip(heights, rises, strict=True):
        curve, stopped = _curve(valley, pair, rise, points)
        curves.append(curve)
        closed.append(not stopped)
        if stopped:
            ends = " and ".join(sorted(stopped))
            notes.append(f"the curve of {100 * level:.4g} % is open: it runs along {ends}")
    best = valley.best.x
    return Contour(
        (one, other), (order[one].unit, order[other].unit),
        (float(best[pair[0]]), float(best[pair[1]])), heights, rises, tuple(curves),
        tuple(closed), tuple(notes), order,
    )  # fmt: skip


def _curve(
    valley: Valley, pair: tuple[int, int], rise: float, points: int
) -> tuple[FloatArray, set[str]]:
    """The points of one curve, the first also the last, and the limits that it runs along."""
    axes = valley.axes(pair)
    angles = (2 * math.pi * np.arange(points) / points).tolist()
    found: dict[float, tuple[Place, str]] = {}
    near = valley.best
    for angle in angles:
        found[angle] = valley.on_ray(pair, axes, angle, rise, near)
        near = found[angle][0]
    usual = 2 * math.pi * math.sqrt(rise) / points
    for _ in range(REFINED):
        turns = sorted(found)
        for start, end in zip(turns, [*turns[1:], 2 * math.pi], strict=True):
            here, there = found[start][0], found[end % (2 * math.pi)][0]
            apart = np.linalg.solve(axes, (here.x - there.x)[list(pair)])
            if math.hypot(*apart) > SPARSE * usual and len(found) < MOST * points:
                middle = 0.5 * (start + end)
                found[middle] = valley.on_ray(pair, axes, middle, rise, here)
    loop = [found[angle] for angle in sorted(found)]
    curve = np.array([[place.x[k] for k in pair] for place, _ in [*loop, loop[0]]])
    return curve, {limit for _, limit in loop if limit}
