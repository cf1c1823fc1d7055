"""What it costs a run to be at T_N: its temperature has to be right within the transition's width.

A run whose temperature is known within sigma_T may lie anywhere, and the transition is a place only
s wide. A profile over T does not see that: a run would go there for any small gain, and fit its
noise with a little of both parts. The likelihood integrated over T does; beside the places on
either side of T_N, that at T_N is worth less by about the ratio of the widths, so that

    ln(1 + sigma_T^2 / s^2) 4 w (1 - w)

is added to the cost of each run, w its ordered fraction. It vanishes on both sides of T_N, for
exact temperatures, and where the transition is wider than the errors of the temperatures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.direct.scanned import Scanned
from musrcu.direct.transition import Transition
from musrcu.joint.member import Member
from musrcu.joint.stack import IntArray, Shared, Stack, State

FloatArray = NDArray[np.float64]

NEGLIGIBLE = 8.0
"""Widths from T_N from which on nothing is left of it."""


class Straddling(Stack):
    """The runs of a one-step fit, each with what it costs to be at T_N.

    Parameters
    ----------
    members, shared : their costs, and what they share.
    runs, models : what they are.
    """

    def __init__(
        self, members: Sequence[Member], shared: Shared, runs: Sequence[Scanned],
        models: Sequence[Transition],
    ) -> None:  # fmt: skip
        super().__init__(members, shared)
        self.errors = [
            one.error if model.part == "both" else 0.0
            for one, model in zip(runs, models, strict=True)
        ]
        """Of the temperatures, K; 0 where they are exact or the run is far from T_N."""
        self.spreads = [model.spread for model in models]

    def state(self, s: FloatArray, local: FloatArray, runs: IntArray | None = None) -> State:
        """Costs and normal equations of some of the runs, all where none are chosen."""
        made = super().state(s, local, runs)
        chosen = self.all if runs is None else runs
        for k, r in enumerate(chosen.tolist()):
            if self.errors[r] > 0:
                self._add(made, k, r, local)
        return made

    def _add(self, made: State, k: int, r: int, local: FloatArray) -> None:
        """What the place of one run costs."""
        member = self.members[r]
        x, _ = self.x(made.s, local, np.array([r]))
        values = member.full(x[0, : member.cost.free.size]).tolist()
        full = dict(zip(member.cost.freedom.model.names, values, strict=True))
        wide = max(math.hypot(full["sigma_TN"], self.spreads[r]), 1e-12)
        distance = full["T_N"] - full["T"] - full["T_offset"]
        cost, by_distance, by_wide = penalty(distance, wide, self.errors[r])
        if cost <= 0.0:
            return
        by = {"T_N": by_distance, "T": -by_distance, "T_offset": -by_distance,
              "sigma_TN": by_wide * full["sigma_TN"] / wide}  # fmt: skip
        slope = np.zeros(made.gradient.shape[1])
        slope[self.rows[r]] = [by.get(word, 0.0) for word in member.words]
        made.cost[k] += cost
        made.gradient[k] += 0.5 * slope
        made.matrix[k] += np.outer(slope, slope) / (4 * cost)


def penalty(distance: float, wide: float, error: float) -> tuple[float, float, float]:
    """What it costs to be this far below T_N, and its derivatives by distance and width.

    Parameters
    ----------
    distance : T_N - T, K.
    wide : of the transition, K.
    error : of the temperature, K.
    """
    delta = distance / wide
    if abs(delta) > NEGLIGIBLE:
        return 0.0, 0.0, 0.0
    w = 0.5 * math.erfc(-delta / math.sqrt(2))
    above = 0.5 * math.erfc(delta / math.sqrt(2))
    phi = math.exp(-0.5 * delta * delta) / math.sqrt(2 * math.pi)
    ratio = (error / wide) ** 2
    height = math.log1p(ratio)
    cost = height * 4 * w * above
    by_delta = height * 4 * (above - w) * phi
    by_wide = -2 * ratio / (1 + ratio) / wide * 4 * w * above - by_delta * delta / wide
    return cost, by_delta / wide, by_wide
