"""The likelihood of a one-step fit followed away from its minimum: roots, profiles, contours."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from musrcu.direct.problem import Problem
from musrcu.direct.search import Lowest, settle
from musrcu.errors import FitError, nearest
from musrcu.joint.descent import inside
from musrcu.joint.stack import Stack, State

if TYPE_CHECKING:
    from musrcu.fitting.contour import Contour
    from musrcu.fitting.profile import Profile

FloatArray = NDArray[np.float64]

REACH = 3.0
"""Errors to either side that a profile shows."""
RAYS = 24
"""Directions in which the edge of a contour is sought."""
BETWEEN = 6
"""Points of a closed contour for each of them, all but one interpolated."""
STEPS = 12
"""Most places tried on one of them."""
ONE_SIDED = 1.645**2
"""Rise of chi2 at the upper limit of 95 per cent of what cannot be below a limit."""
SLIGHT = 0.1
"""A rise so little below zero is no other minimum."""
CLOSE = 0.01
"""An edge is found where the rise is right to this part."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A one-step fit at its minimum."""

    problem: Problem
    lowest: Lowest

    @property
    def chi2(self) -> float:
        """At the minimum."""
        return self.problem.stack.total(self.lowest.state)

    def place(self, name: str) -> int:
        """Position of a shared parameter; alpha is the exponent of the law where that is free.

        Raises
        ------
        FitError for one that is not shared, or held.
        """
        shared = self.problem.parts.shared
        labels = shared.labels
        known = "exponent" if name == "alpha" and "exponent" in labels else name
        known = "nu0" if name == "B0" else known
        if known not in labels or shared.held[labels.index(known)]:
            raise FitError(
                f"{name} is not free in this fit ({', '.join(labels)} are)" + nearest(name, labels)
            )
        return labels.index(known)

    def error(self, k: int) -> float:
        """Of a shared parameter."""
        made = self.lowest.blocks
        variance = 0.0 if made is None else float(made.shared[k, k])
        return math.sqrt(variance) if variance > 0 else 0.05 * abs(float(self.lowest.state.s[k]))

    def held_at(self, values: Mapping[int, float], near: State | None = None) -> State:
        """The minimum with some shared parameters held, by their positions."""
        stack = self.problem.stack
        held, where = stack.shared.held.copy(), list(values)
        held[where] = True
        other: Stack = copy.copy(stack)
        other.shared = dataclasses.replace(stack.shared, held=held)
        begin = self.lowest.state if near is None else near
        s = begin.s + self._along(where, np.array(list(values.values())) - begin.s[where])
        s[where] = list(values.values())
        low, high = stack.shared.lower.copy(), stack.shared.upper.copy()
        low[where] = np.minimum(low[where], s[where])
        high[where] = np.maximum(high[where], s[where])
        other.shared = dataclasses.replace(other.shared, lower=low, upper=high)
        return settle(self.problem, other, other.state(*inside(other, s, begin.local)))[0]

    def _along(self, where: list[int], step: FloatArray) -> FloatArray:
        """How the other shared parameters follow, by the covariance."""
        found = np.zeros(self.lowest.state.s.size)
        if self.lowest.blocks is None:
            found[where] = step
            return found
        spread = self.lowest.blocks.shared
        return np.asarray(spread[:, where] @ np.linalg.pinv(spread[np.ix_(where, where)]) @ step)

    def likelihood_root(self, name: str, truth: float) -> float:
        """sign(fit - truth) sqrt(chi2 with ``name`` held at ``truth`` - chi2 of the fit)."""
        k = self.place(name)
        rise = self.problem.stack.total(self.held_at({k: truth})) - self.chi2
        return math.copysign(math.sqrt(max(rise, 0.0)), float(self.lowest.state.s[k]) - truth)

    def upper_limit(self, name: str) -> float | None:
        """Where chi2 has risen by 2.71 above the minimum; None where it does not, or falls.

        Of a parameter at its lower limit, such as a width, this is the upper limit of 95 per cent.

        Source: G. Cowan, K. Cranmer, E. Gross and O. Vitells, Eur. Phys. J. C 71, 1554 (2011).
        """
        k = self.place(name)
        low, root = float(self.lowest.state.s[k]), 0.0
        high, top = math.inf, math.inf
        value, near, wanted = 2 * low, self.lowest.state, math.sqrt(ONE_SIDED)
        for _ in range(2 * STEPS):
            near = self.held_at({k: value}, near)
            rise = self.problem.stack.total(near) - self.chi2
            if not rise > -SLIGHT:
                return None
            here = math.sqrt(max(rise, 0.0))
            if abs(here - wanted) < CLOSE * wanted:
                return value
            if here < wanted:
                low, root = value, here
            else:
                high, top = value, here
            share = min(max((wanted - root) / (top - root), 0.1), 0.9)
            value = 2 * low if math.isinf(high) else low + share * (high - low)
        return None

    def profile(self, name: str, points: int, result: Any) -> Profile:
        """chi2 against one parameter, each value reached from its neighbour."""
        from musrcu.fitting.profile import Profile

        k = self.place(name)
        if isinstance(points, bool) or not isinstance(points, int) or points < 3:
            raise FitError(f"points = {points!r}; give a whole number of 3 or more")
        best, size = float(self.lowest.state.s[k]), self.error(k)
        shared = self.problem.stack.shared
        low = max(best - REACH * size, float(shared.lower[k]))
        high = min(best + REACH * size, float(shared.upper[k]))
        values = np.linspace(low, high, points)
        chi2, rows = np.empty(points), np.empty((points, shared.n))
        for side in (-1, 1):
            near = self.lowest.state
            order = np.flatnonzero(side * (values - best) >= 0)
            for one in order[::side] if side > 0 else order[::-1]:
                near = self.held_at({k: float(values[one])}, near)
                chi2[one], rows[one] = self.problem.stack.total(near), near.s
        interval = getattr(result[name], "minos", None)
        return Profile(
            name, shared.units[k], values, chi2, rows, best, self.chi2, interval, (), result
        )

    def contour(self, first: str, second: str, levels: tuple[float, ...], result: Any) -> Contour:
        """Curves on which chi2 has risen by -2 ln(1 - level), along rays from the minimum."""
        from musrcu.fitting.contour import Contour

        pair = [self.place(first), self.place(second)]
        if pair[0] == pair[1]:
            raise FitError("a contour is one of two different parameters")
        for level in levels:
            if not 0.001 <= level < 1:
                raise FitError(f"level {level!r}; give probabilities from 0.001 to below 1")
        rises = tuple(-2 * math.log1p(-level) for level in levels)
        axes = self._axes(pair)
        curves, closed = [], []
        for rise in rises:
            points, whole = self._curve(pair, axes, rise)
            curves.append(points)
            closed.append(whole)
        shared, s = self.problem.stack.shared, self.lowest.state.s
        return Contour(
            (first, second), (shared.units[pair[0]], shared.units[pair[1]]),
            (float(s[pair[0]]), float(s[pair[1]])), tuple(levels), rises, tuple(curves),
            tuple(closed), (), result,
        )  # fmt: skip

    def _axes(self, pair: list[int]) -> FloatArray:
        """(2, 2) the two parameters by coordinates in which a parabola's contour is a circle."""
        made = self.lowest.blocks
        assert made is not None
        return np.asarray(np.linalg.cholesky(made.shared[np.ix_(pair, pair)]), dtype=float)

    def _curve(self, pair: list[int], axes: FloatArray, rise: float) -> tuple[FloatArray, bool]:
        found, whole, radius = [], True, math.sqrt(rise)
        near = self.lowest.state
        for angle in np.linspace(0, 2 * math.pi, RAYS, endpoint=False):
            way = axes @ np.array([math.cos(angle), math.sin(angle)])
            radius, near, met = self._edge(pair, way, rise, radius, near)
            whole &= met
            found.append(radius)
        between = rounded(np.array(found)) if whole else np.array(found)
        angles = np.linspace(0, 2 * math.pi, between.size, endpoint=False)
        ways = axes @ np.array([np.cos(angles), np.sin(angles)])
        points = self.lowest.state.s[pair] + (between * ways).T
        return np.concatenate([points, points[:1]]), whole

    def _edge(
        self, pair: list[int], way: FloatArray, rise: float, guess: float, near: State
    ) -> tuple[float, State, bool]:
        """How far along a ray chi2 rises by so much; whether it does before a limit."""
        shared, middle = self.problem.stack.shared, self.lowest.state.s[pair]
        ends = np.where(way > 0, shared.upper[pair], shared.lower[pair])
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.nan_to_num((ends - middle) / way, nan=np.inf)
        most = float(room.min())
        low, high, radius = 0.0, most, min(guess, most)
        for _ in range(STEPS):
            where = middle + radius * way
            near = self.held_at(dict(zip(pair, where.tolist(), strict=True)), near)
            above = self.problem.stack.total(near) - self.chi2
            if abs(above - rise) < CLOSE * rise:
                return radius, near, True
            if above < rise:
                low = radius
                if radius >= most:
                    return most, near, False
            else:
                high = radius
            step = radius * math.sqrt(rise / max(above, 1e-3 * rise))
            middle_of = 0.5 * (low + high) if math.isfinite(high) else 2 * radius
            radius = step if low < step < high else min(middle_of, most)
        return radius, near, True


def rounded(radii: FloatArray) -> FloatArray:
    """(BETWEEN n,) radii of a closed curve from n at even angles, by the Fourier series of 1/r^2.

    That of an ellipse about its centre has three terms.
    """
    waves = np.fft.rfft(radii**-2.0)
    if radii.size % 2 == 0:
        waves[-1] *= 0.5
    finer = np.fft.irfft(waves, BETWEEN * radii.size) * BETWEEN
    between = np.asarray(np.maximum(finer, 1e-3 * finer.max()) ** -0.5)
    between[::BETWEEN] = radii
    return between
