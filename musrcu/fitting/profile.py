"""Chi-square against one parameter of a fit, minimised over all the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.followed import Followed, followed
from musrcu.fitting.freedom import is_number
from musrcu.fitting.interval import LOWER, Place, follow, interval, interval_end, limits_of, valley
from musrcu.fitting.minos import with_scale
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model
from musrcu.notation import asymmetric

FloatArray = NDArray[np.float64]

POINTS = 31
"""Values of a profile where nothing else is asked for."""
WIDE = 9.0
"""Rise of chi-square up to which a profile reaches then: three standard errors."""
JUMP = 3.0
"""Rise from one value to the next that is looked into; a parabola has 1.2 at most."""
HALVINGS = 12
"""How often the distance of two values with a jump between them is halved."""


class WithError(Protocol):
    """A parameter that a fit determines."""

    @property
    def error(self) -> float | None:
        """One standard deviation."""


class Determined(Protocol):
    """A fit whose parameters a profile or a contour is of: a FitResult, an OrderParameter."""

    @property
    def name(self) -> str:
        """What it is called."""

    def __getitem__(self, name: str) -> WithError:
        """One parameter."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Chi-square of a fit against one of its parameters, all others at their best."""

    name: str
    """Of the parameter."""
    unit: str
    values: FloatArray
    """(n,) of the parameter, rising."""
    chi2: FloatArray
    """(n,) the smallest chi-square with the parameter held there; of counts, the likelihood."""
    parameters: FloatArray
    """(n, n_parameters) all parameters there, in the order of those of the fit."""
    best: float
    """Where the fit found its minimum."""
    minimum: float
    """Chi-square there."""
    interval: tuple[float, float] | None
    """Distances from ``best`` to where chi-square has risen by one: the MINOS errors; None where
    it does not."""
    notes: tuple[str, ...]
    """What a reader should know: a limit, another minimum."""
    result: FitResult | Determined
    """The fit."""

    @property
    def rise(self) -> FloatArray:
        """(n,) chi-square above its minimum."""
        return np.asarray(self.chi2 - self.minimum)

    def __repr__(self) -> str:
        return f"<Profile of {self.name}, {self.values.size} values>"

    def summary(self) -> str:
        """The interval in which chi-square rises by less than one, and notes, as text."""
        where = f"{self.result.name or 'fit'}: profile of {self.name}"
        if self.interval is None:
            said = f"{where}: chi-square does not rise by one on both sides"
        else:
            said = f"{where}: {asymmetric(self.best, *self.interval, self.unit)}"
        return "\n".join([said, *(f"  note: {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """As plain data, without the fit."""
        return {
            "name": self.name,
            "unit": self.unit,
            "best": self.best,
            "interval": None if self.interval is None else list(self.interval),
            "values": self.values.tolist(),
            "rise": [float(one) if np.isfinite(one) else None for one in self.rise],
            "notes": list(self.notes),
        }


def profile(
    data: Fittable,
    model: Model | str | FitResult,
    name: str,
    *,
    points: int | Sequence[float] = POINTS,
    **options: Any,
) -> Profile:
    """Chi-square against one parameter of a fit, minimised over all the others.

    Each value is reached from its neighbour by Newton steps of the other parameters along the
    valley, and is a minimum from which no step promises to gain.

    Parameters
    ----------
    data, model : what is fitted, as for :func:`musrcu.fit`; or a fit of these data, whose options
        and values are taken.
    name : of the parameter.
    points : the values themselves, or how many of them, evenly spaced over what lies within a rise
        of chi-square by 9; where it jumps from one to the next, there are more between them.
    options : as for :func:`musrcu.fit`: ``start``, ``fixed``, ``limits``, ``ties``,
        ``constraints``, ``t_range``, ``average_bins``, ``cost``.

    Returns
    -------
    Profile; ``musrcu.plot.profile`` draws it.

    Raises
    ------
    FitError if the fit is not valid, the parameter not free, or the points are no numbers.
    """
    made = followed(data, model, options, "profile")
    k = made.position(name)
    spread = with_scale(made.cost, made.place, made.spread, k)
    ends = interval(made.cost, made.place, spread, k)
    values = _values(made, spread, k, points)
    places = _followed(made, spread, k, values, finer=isinstance(points, int))
    values = np.array([place.x[k] for place in places])
    notes = [
        f"{made.full_name(k)} ends at its limit {end.place.x[k]:.4g}"
        for end in ends
        if end.at_limit
    ]
    notes += [one for one in {end.reason for end in ends} if one]
    chi2 = np.array([place.cost for place in places])
    lowest = int(np.argmin(chi2))
    if chi2[lowest] < made.place.cost - LOWER:
        notes.append(
            f"chi-square is lower by {made.place.cost - chi2[lowest]:.3g} at {made.full_name(k)} = "
            f"{values[lowest]:.6g}: the fit has another minimum there"
        )
    known = all(not end.reason and end.lower is None for end in ends)
    best = float(made.place.x[k])
    return Profile(
        made.full_name(k), made.unit(k), values, chi2,
        np.array([made.cost.freedom.expand(place.x) for place in places]),
        best, made.place.cost,
        (float(ends[0].place.x[k]) - best, float(ends[1].place.x[k]) - best) if known else None,
        tuple(notes), made.result,
    )  # fmt: skip


def _values(
    made: Followed, spread: FloatArray, k: int, points: int | Sequence[float]
) -> FloatArray:
    """Where the profile is computed."""
    lower, upper = (float(ends[k]) for ends in limits_of(made.cost))
    if isinstance(points, int) and not isinstance(points, bool):
        if points < 2:
            raise FitError(f"points = {points}; a profile has two or more")
        sides = [interval_end(made.cost, made.place, spread, k, side, WIDE) for side in (-1, 1)]
        reach = 3 * float(np.sqrt(spread[k, k]))
        far = [float(end.place.x[k]) for end in sides]
        for n, (end, side) in enumerate(zip(sides, (-1, 1), strict=True)):
            if end.reason or end.lower is not None:
                far[n] = float(np.clip(made.place.x[k] + side * reach, lower, upper))
        return np.linspace(far[0], far[1], points)
    values = list(points) if isinstance(points, (Sequence, np.ndarray)) else []
    if not values or not all(is_number(value) for value in values):
        raise FitError(f"points = {points!r}; give a number of points or a list of values")
    found = np.sort(np.array(values, dtype=float))
    if found[0] < lower or found[-1] > upper:
        raise FitError(
            f"points from {found[0]:g} to {found[-1]:g} leave the limits [{lower:g}, {upper:g}] of "
            f"{made.full_name(k)}"
        )
    return found


def _followed(
    made: Followed, spread: FloatArray, k: int, values: FloatArray, *, finer: bool
) -> list[Place]:
    """The minima at rising values, each from its neighbour nearer to the best value."""
    middle = int(np.searchsorted(values, made.place.x[k]))
    above = _one_side(made, spread, k, values[middle:], finer)
    below = _one_side(made, spread, k, values[:middle][::-1], finer)
    return below[::-1] + above


def _one_side(
    made: Followed, spread: FloatArray, k: int, values: FloatArray, finer: bool
) -> list[Place]:
    """The minima from the best value outwards, more than asked for where there is a jump."""
    here, along, found = made.place, spread[:, k] / spread[k, k], []
    for value in values:
        place = _moved_to(made, here, along, k, float(value))
        if finer and abs(place.cost - here.cost) > JUMP:
            found += _between(made, here, along, k, place)
        here = place
        along = valley(made.cost, here.x, [k])[0][:, 0]
        found.append(here)
    return found


def _moved_to(made: Followed, here: Place, along: FloatArray, k: int, value: float) -> Place:
    lower, upper = limits_of(made.cost)
    x = np.clip(here.x + along * (value - here.x[k]), lower, upper)
    x[k] = value
    return follow(made.cost, x, [k])


def _between(made: Followed, near: Place, along: FloatArray, k: int, far: Place) -> list[Place]:
    """Minima between two, where the cost changes most, from the near one outwards."""
    inner, outer = [], []
    for _ in range(HALVINGS):
        middle = _moved_to(made, near, along, k, 0.5 * float(near.x[k] + far.x[k]))
        if abs(middle.cost - near.cost) > abs(far.cost - middle.cost):
            outer.append(middle)
            far = middle
        else:
            inner.append(middle)
            near, along = middle, valley(made.cost, middle.x, [k])[0][:, 0]
        if abs(far.cost - near.cost) <= JUMP:
            break
    return inner + outer[::-1]
