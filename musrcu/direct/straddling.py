"""What it costs a run to be at T_N: its temperature has to be right within the transition's width.

A run whose temperature is known within sigma_T may lie anywhere, and the transition is a place only
s wide. A profile over T does not see that: a run would go there for any small gain, and fit its
noise with a little of both parts. The likelihood integrated over T does; beside the places on
either side of T_N, that at T_N is worth less by about the ratio of the widths, so that

    ln(1 + sigma_T^2 / s^2) 4 w (1 - w)

is added to the cost of each run, w its ordered fraction. It vanishes on both sides of T_N, and
where the transition is wider than the errors. Beside an exact temperature it is T_N that would have
to be right within s; its error in two steps then stands for sigma_T.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.direct.scanned import Scanned
from musrcu.direct.transition import DISTANCE, Transition
from musrcu.joint.member import Member
from musrcu.joint.stack import IntArray, Shared, Stack, State

FloatArray = NDArray[np.float64]

NEGLIGIBLE = 8.0
"""Widths from T_N from which on nothing is left of it."""


class Straddling(Stack):
    """The runs of a one-step fit, each with what its place costs.

    Beside the penalty, a run whose parameter is T_from_T_N has what its thermometer says,

        [(T_N + T_from_T_N - T_offset - T_measured) / sigma_T]^2,

    which is about parameters that are shared and one that is not.

    Parameters
    ----------
    members, shared : their costs, and what they share.
    runs, models : what they are.
    T_N_error : how well T_N is known before, K: beside an exact temperature it has to be right
        within the width.
    """

    def __init__(
        self, members: Sequence[Member], shared: Shared, runs: Sequence[Scanned],
        models: Sequence[Transition], T_N_error: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(members, shared)
        self.runs, self.models, self.T_N_error = tuple(runs), tuple(models), T_N_error
        self.measured = [r for r, model in enumerate(models) if model.from_T_N]
        """Runs of which this counts the temperature."""

    def state(self, s: FloatArray, local: FloatArray, runs: IntArray | None = None) -> State:
        """Costs and normal equations of some of the runs, all where none are chosen."""
        made = super().state(s, local, runs)
        chosen = self.all if runs is None else runs
        for k, r in enumerate(chosen.tolist()):
            if self.models[r].part == "both":
                self._add(made, k, r, local)
        return made

    def _add(self, made: State, k: int, r: int, local: FloatArray) -> None:
        """What the place of one run costs."""
        member, one, model = self.members[r], self.runs[r], self.models[r]
        x, _ = self.x(made.s, local, np.array([r]))
        values = member.full(x[0, : member.cost.free.size]).tolist()
        full = dict(zip(member.cost.freedom.model.names, values, strict=True))
        wide = max(math.hypot(full["sigma_TN"], model.spread), 1e-12)
        if model.from_T_N:
            self._bend(made, k, r, full[DISTANCE], wide)
            self._measured(made, k, r, full)
            above, error, by_above = full[DISTANCE], one.error, {DISTANCE: 1.0}
        else:
            above = full["T"] + full["T_offset"] - full["T_N"]
            error, by_above = self.T_N_error, {"T": 1.0, "T_offset": 1.0, "T_N": -1.0}
        cost, by_distance, by_wide, curved = penalty(-above, wide, error)
        if cost <= 0.0:
            return
        by = {name: -by_distance * sign for name, sign in by_above.items()}
        by["sigma_TN"] = by_wide * full["sigma_TN"] / wide
        slope = np.zeros(made.gradient.shape[1])
        slope[self.rows[r]] = [by.get(word, 0.0) for word in member.words]
        made.cost[k] += cost
        made.gradient[k] += 0.5 * slope
        # as for squares of residuals at least: half of what it is on either side of T_N
        factor = max(curved / (2 * by_distance**2) if by_distance else 0.0, 1 / (4 * cost))
        made.matrix[k] += factor * np.outer(slope, slope)

    def _measured(self, made: State, k: int, r: int, full: dict[str, float]) -> None:
        """What the thermometer says of a run whose parameter is its distance from T_N."""
        one = self.runs[r]
        pull = (full["T_N"] + full[DISTANCE] - full["T_offset"] - one.temperature) / one.error
        ones = {"T_N": 1.0, DISTANCE: 1.0, "T_offset": -1.0}
        along = np.zeros(made.gradient.shape[1])
        along[self.rows[r]] = [ones.get(word, 0.0) / one.error for word in self.members[r].words]
        made.cost[k] += pull**2
        made.gradient[k] += pull * along
        made.matrix[k] += np.outer(along, along)

    def _bend(self, made: State, k: int, r: int, distance: float, wide: float) -> None:
        """The second derivative of w, that the expected Hessian lacks: a run that is pushed against
        T_N feels it as the edge that it is.
        """
        words = self.members[r].words
        if DISTANCE not in words or abs(distance) > NEGLIGIBLE * wide:
            return
        place = self.rows[r][words.index(DISTANCE)]
        bend = -float(made.gradient[k, place]) * distance / wide**2
        made.matrix[k, place, place] += max(bend, 0.0)


def penalty(distance: float, wide: float, error: float) -> tuple[float, float, float, float]:
    """What it costs to be this far below T_N, its derivatives by distance and width, and the second
    one by distance.

    Parameters
    ----------
    distance : T_N - T, K.
    wide : of the transition, K.
    error : of the temperature, K.
    """
    delta = distance / wide
    if abs(delta) > NEGLIGIBLE:
        return 0.0, 0.0, 0.0, 0.0
    w = 0.5 * math.erfc(-delta / math.sqrt(2))
    above = 0.5 * math.erfc(delta / math.sqrt(2))
    phi = math.exp(-0.5 * delta * delta) / math.sqrt(2 * math.pi)
    ratio = (error / wide) ** 2
    height = math.log1p(ratio)
    cost = height * 4 * w * above
    by_delta = height * 4 * (above - w) * phi
    by_wide = -2 * ratio / (1 + ratio) / wide * 4 * w * above - by_delta * delta / wide
    curved = -height * 4 * phi * ((above - w) * delta + 2 * phi)
    return cost, by_delta / wide, by_wide, curved / wide**2
