"""How well a run gives its frequency: the errors of the runs so far, per event and temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.ordering.points import OrderPoints

_CLOSEST = 0.01
"""1 - T/T_N below which an error grows no more as a power of it: damping stays finite."""
_LAST = 5
"""Runs below T_N by which errors are continued towards it."""
_STEEPEST = 1.5
"""Largest power of 1/(1 - T/T_N) with which the variance is continued."""


@dataclass(frozen=True, slots=True, eq=False)
class LineError:
    """Variance of a frequency times the events of its run, between and beyond the fitted runs."""

    T: FloatArray
    """(n,) K, ascending."""
    variance: FloatArray
    """(n,) MHz^2 times events."""
    needed: FloatArray | None
    """(n,) events from which on the line is told from noise; None where not known."""

    @classmethod
    def of(
        cls, points: OrderPoints, events: FloatArray, needed: FloatArray | None = None
    ) -> LineError:
        """From the points of a scan; ``events`` (n,) of each run, NaN where not known."""
        known = np.flatnonzero(np.isfinite(events) & (events > 0))
        order = known[np.argsort(points.temperature[known], kind="stable")]
        variance = points.error[order] ** 2 * events[order]
        strong = None if needed is None or not np.isfinite(needed[order]).all() else needed[order]
        return cls(points.temperature[order], variance, strong)

    def at(self, T: float, T_N: FloatArray) -> FloatArray:
        """(m,) MHz^2 times events of a run at ``T`` where the order ends at each of ``T_N``.

        ln(variance) is interpolated in -ln(1 - T/T_N + 0.01): what damps the line does so by the
        distance from T_N. Beyond the last run it goes on with the slope of the last five, never
        falling.
        """
        return np.exp(self._interpolated(np.log(self.variance), T, T_N))

    def needed_at(self, T: float, T_N: FloatArray) -> FloatArray:
        """(m,) events from which on the line of a run at ``T`` is seen; 0 where not known."""
        if self.needed is None:
            return np.zeros(len(T_N))
        return np.exp(self._interpolated(np.log(self.needed), T, T_N))

    def _interpolated(self, known: FloatArray, T: float, T_N: FloatArray) -> FloatArray:
        found = np.empty(len(T_N))
        for place, critical in enumerate(T_N):
            nodes = _closeness(self.T, critical)
            x = float(_closeness(np.array([T]), critical)[0])
            found[place] = np.interp(x, nodes, known)
            if x > nodes[-1] and len(nodes) > 1:
                found[place] += _slope(nodes[-_LAST:], known[-_LAST:]) * (x - nodes[-1])
        return found


def _closeness(T: FloatArray, T_N: float) -> FloatArray:
    return np.asarray(-np.log(np.maximum(1.0 - T / T_N, 0.0) + _CLOSEST))


def _slope(x: FloatArray, y: FloatArray) -> float:
    """Of a straight line through some points, between 0 and the steepest that is allowed."""
    away = x - x.mean()
    spread = float(away @ away)
    return float(np.clip(away @ y / spread, 0.0, _STEEPEST)) if spread > 0 else 0.0
