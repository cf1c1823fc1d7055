"""Unequal errors of shared parameters: where the cost profiled over all others rises by one."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.interval import FAR, LOWER, TINY, TRIALS, Bracket
from musrcu.joint.blocks import Blocks
from musrcu.joint.descent import descend, free_of, inside
from musrcu.joint.elimination import eliminate
from musrcu.joint.stack import Stack, State

FloatArray = NDArray[np.float64]

ENOUGH = 1e-4
"""The cost at an end is 1 above its minimum to within this."""
STEPS = 300
"""Most steps of the others to one place on a profile."""


@dataclass(slots=True)
class Intervals:
    """What was found of the intervals that were asked for."""

    found: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Distances to the lower (negative) and upper end, by label."""
    notes: list[str] = field(default_factory=list)
    lower: State | None = None
    """Where the cost is lower than at the minimum; None where no such place was met."""


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """One end of an interval."""

    state: State
    at_limit: bool = False
    lost: bool = False
    """Whether there is none: the cost does not rise by one."""
    lower: bool = False
    """Whether this is another minimum that is lower."""


Follow = Callable[[Stack, FloatArray, FloatArray], State]
"""The minimum with what is held where it is, from (shared, local) parameters."""


def intervals(
    stack: Stack, state: State, blocks: Blocks, names: Iterable[str], follow: Follow | None = None
) -> Intervals:
    """The intervals in which the profile of the cost rises by less than one.

    They end at a limit that comes first. What is held at a limit may leave it on the way.

    Parameters
    ----------
    stack : the runs.
    state : the minimum.
    blocks : the covariance there.
    names : labels of shared parameters.
    follow : how the others are followed; None descends.
    """
    follow = _followed if follow is None else follow
    made = Intervals()
    for name in names:
        k = stack.shared.labels.index(name)
        if stack.shared.held[k]:
            made.notes.append(f"no MINOS error for {name}: it is not free")
            continue
        ends = []
        for side in (-1.0, 1.0):
            end = _end(stack, state, float(blocks.shared[k, k]), k, side, follow)
            if end.lower:
                made.lower = end.state
                made.notes.append(
                    f"on the way to the MINOS error of {name} chi-square fell "
                    f"{stack.total(state) - stack.total(end.state):.3g} below the minimum; the "
                    "fit began again from there"
                )
                return made
            ends.append(end)
        _note(made, name, k, state, ends)
    return made


def _note(made: Intervals, name: str, k: int, state: State, ends: list[End]) -> None:
    """An interval into the record, or the reason why there is none."""
    if any(end.lost for end in ends):
        made.notes.append(f"no MINOS error for {name}: chi-square does not rise by one")
        return
    below, above = (float(end.state.s[k] - state.s[k]) for end in ends)
    made.found[name] = (below, above)
    for end, side in zip(ends, ("below", "above"), strict=True):
        if end.at_limit:
            made.notes.append(
                f"the MINOS interval of {name} ends {side} at its limit {end.state.s[k]:.4g}"
            )


def _end(stack: Stack, minimum: State, variance: float, k: int, side: float, follow: Follow) -> End:
    """One end: steps along the profile, each place a minimum with this parameter held, the others
    beginning from where the profile's slope says they will be.
    """
    limit = float((stack.shared.upper if side > 0 else stack.shared.lower)[k])
    middle, lowest = float(minimum.s[k]), stack.total(minimum)
    if side * (limit - middle) <= 0:
        return End(minimum, at_limit=True)
    whole = _holding(stack, k)
    valley = _Valley(whole, minimum, k)
    size = np.sqrt(variance) if variance > 0 else valley.size
    bracket = Bracket(middle, side, limit, size)
    here, value = minimum, middle + side * size
    for _ in range(TRIALS):
        value = bracket.inside(value)
        here = follow(whole, *valley.moved(value))
        above = whole.total(here) - lowest - 1
        if above < -1 - LOWER:
            return End(here, lower=True)
        if bracket.ends(value, above, ENOUGH):
            return End(here, at_limit=above < -ENOUGH)
        if bracket.near and abs(value - middle) > FAR * size:
            break
        # from a place far above the height, which may lie beyond a wall, nothing is concluded
        if above < 10:
            valley = _Valley(whole, here, k)
            value = bracket.next(value, above, valley.slope, valley.curved)
        else:
            value = bracket.middle()
    return End(here, lost=True)


def _holding(stack: Stack, k: int) -> Stack:
    """The same runs with one more shared parameter held."""
    held = stack.shared.held.copy()
    held[k] = True
    other = copy.copy(stack)
    other.shared = dataclasses.replace(stack.shared, held=held)
    return other


def _followed(whole: Stack, s: FloatArray, local: FloatArray) -> State:
    """The minimum with one parameter held; the cost may be no number where it begins."""
    return descend(whole, whole.state(*inside(whole, s, local)), steps=STEPS, tolerance=1e-7)[0]


class _Valley:
    """A place on the profile of a parameter that is held, and how the others go on from there."""

    def __init__(self, whole: Stack, state: State, k: int) -> None:
        self.whole, self.state, self.k = whole, state, k
        free_s, free_l = free_of(whole, state)
        self.reduced = eliminate(whole, state, free_l)
        matrix = self.reduced.matrix
        self.along = np.zeros(whole.shared.n)
        self.along[k] = 1.0
        inner = matrix[np.ix_(free_s, free_s)]
        largest = float(np.diag(inner).max(initial=0.0))
        if largest > TINY:
            scale = 1 / np.sqrt(np.maximum(np.diag(inner), 1e-12 * largest))
            unit = inner * np.outer(scale, scale) + 1e-10 * np.eye(scale.size)
            self.along[free_s] = -scale * np.linalg.solve(unit, scale * matrix[free_s, k])
        self.curved = float(self.along @ matrix @ self.along)
        """Half the curvature of the profile."""
        self.slope = float(self.reduced.gradient[k])
        """Half its slope."""

    @property
    def size(self) -> float:
        """By how much the parameter moves where the cost rises by about one."""
        slope = abs(self.slope)
        return float(1 / (slope + np.sqrt(slope**2 + max(self.curved, 1e-300))))

    def moved(self, value: float) -> tuple[FloatArray, FloatArray]:
        """(shared, local) parameters with another value of the one that is held."""
        step = self.along * (value - self.state.s[self.k])
        wide = np.append(step, 0.0)[self.whole.index]
        local = self.state.local - np.matmul(self.reduced.follow, wide[:, :, None])[:, :, 0]
        s = self.state.s + step
        s[self.k] = value
        return s, local
