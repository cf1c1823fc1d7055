"""All runs of a joint fit at once: costs, gradients and normal equations in stacked arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import NO_NUMBER
from musrcu.joint.member import Member

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The shared parameters of a joint fit."""

    labels: tuple[str, ...]
    """``A1``, or ``nu2[field=100 G]`` of a group."""
    names: tuple[str, ...]
    """Names in the model or of extra parameters."""
    units: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray
    start: FloatArray
    """NaN where none was given."""
    held: BoolArray
    """What the user fixed."""
    prior: tuple[tuple[IntArray, FloatArray, FloatArray], ...] = ()
    """(positions, values, W) of what is known of them: r = W (s - v)."""

    @property
    def n(self) -> int:
        """Number of shared parameters."""
        return len(self.labels)

    def known(self, s: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Cost of the constraints, half its gradient and half its Hessian."""
        cost, gradient, matrix = 0.0, np.zeros(self.n), np.zeros((self.n, self.n))
        for places, values, whiten in self.prior:
            r = whiten @ (s[places] - values)
            cost += float(r @ r)
            gradient[places] += whiten.T @ r
            matrix[np.ix_(places, places)] += whiten.T @ whiten
        return cost, gradient, matrix


@dataclass(slots=True, eq=False)
class State:
    """A point of a joint fit and what the costs are like there; arrays go by run first."""

    s: FloatArray
    """(n_shared,)."""
    local: FloatArray
    """(n_runs, n_local)."""
    cost: FloatArray
    """(n_runs,)."""
    gradient: FloatArray
    """(n_runs, n_y) half the gradient."""
    matrix: FloatArray
    """(n_runs, n_y, n_y) half the expected Hessian."""

    def copy(self) -> State:
        """A copy that may be changed."""
        arrays = (self.s, self.local, self.cost, self.gradient, self.matrix)
        return State(*(array.copy() for array in arrays))


class Stack:
    """The runs of a joint fit.

    Runs may have fewer shared or local parameters than others: what is missing is a parameter
    that nothing depends on and that never moves.
    """

    def __init__(self, members: Sequence[Member], shared: Shared) -> None:
        self.members, self.shared = tuple(members), shared
        self.m = max(len(one.touched) for one in members)
        self.n = max(len(one.local) for one in members)
        n_x = max(one.cost.free.size for one in members)
        n_runs = len(members)
        self.index = np.full((n_runs, self.m), shared.n)
        """Which shared parameters a run has; ``shared.n`` where it has none."""
        self.has = np.zeros((n_runs, self.n), dtype=bool)
        self.plain = np.zeros((n_runs, n_x, self.m + self.n))
        self.lower = np.full((n_runs, self.n), -np.inf)
        self.upper = np.full((n_runs, self.n), np.inf)
        self.tied = [k for k, one in enumerate(members) if one.rows]
        self.rows: list[IntArray] = []
        """Where the parameters y of a run stand in a row of the stack."""
        for r, one in enumerate(members):
            touched, local = len(one.touched), len(one.local)
            self.index[r, :touched] = one.touched
            self.has[r, :local] = True
            places = np.r_[0:touched, self.m : self.m + local].astype(int)
            self.rows.append(places)
            self.plain[r, : one.cost.free.size, places] = one.plain.T
            self.lower[r, :local] = one.cost.freedom.lower[list(one.local)]
            self.upper[r, :local] = one.cost.freedom.upper[list(one.local)]
        self.all = np.arange(n_runs)

    def y(self, s: FloatArray, local: FloatArray, runs: IntArray) -> FloatArray:
        """(n_chosen, n_y) parameters of each run."""
        return np.concatenate([np.append(s, 0.0)[self.index[runs]], local[runs]], axis=1)

    def x(self, s: FloatArray, local: FloatArray, runs: IntArray) -> tuple[FloatArray, FloatArray]:
        """(n_chosen, n_x) what the costs take, and (n_chosen, n_x, n_y) its derivatives by y."""
        y = self.y(s, local, runs)
        slopes = self.plain if runs is self.all else self.plain[runs]
        x = np.matmul(slopes, y[:, :, None])[:, :, 0]
        if self.tied:
            slopes = slopes.copy()
            for k, r in enumerate(runs.tolist()):
                member, places = self.members[r], self.rows[r]
                values, by = member.tied(y[k, places])
                for (row, _), value, slope in zip(member.rows, values, by, strict=True):
                    x[k, row] = value
                    slopes[k, row, places] = slope
        return x, slopes

    def state(self, s: FloatArray, local: FloatArray, runs: IntArray | None = None) -> State:
        """Costs and normal equations of some of the runs, all where none are chosen."""
        runs = self.all if runs is None else runs
        x, slopes = self.x(s, local, runs)
        cost = np.empty(runs.size)
        gradient = np.zeros(x.shape)
        matrix = np.zeros((*x.shape, x.shape[1]))
        for k, r in enumerate(runs.tolist()):
            one = self.members[r].cost
            n = one.free.size
            here = x[k, :n]
            matrix[k, :n, :n], gradient[k, :n] = one.normal(here)
            cost[k] = one(here)
        good = np.isfinite(gradient).all(axis=1) & np.isfinite(matrix).all(axis=(1, 2))
        good &= np.isfinite(slopes).all(axis=(1, 2)) & (cost < NO_NUMBER)
        if not good.all():
            cost[~good], gradient[~good], matrix[~good] = NO_NUMBER, 0.0, 0.0
            slopes = np.where(good[:, None, None], slopes, 0.0)
        turned = slopes.transpose(0, 2, 1)
        gradient = np.matmul(turned, gradient[:, :, None])[:, :, 0]
        matrix = np.matmul(np.matmul(turned, matrix), slopes)
        return State(s, local[runs], cost, gradient, matrix)

    def total(self, state: State) -> float:
        """The cost of all runs and of what is known of shared parameters."""
        return float(state.cost.sum()) + self.shared.known(state.s)[0]

    def gather(self, rows: FloatArray) -> FloatArray:
        """(n_shared,) sums over runs of what each has for its shared parameters."""
        found = np.zeros(self.shared.n + 1)
        np.add.at(found, self.index, rows)
        return found[:-1]

    def gather_blocks(self, blocks: FloatArray) -> FloatArray:
        """(n_shared, n_shared) sums over runs of blocks."""
        found = np.zeros((self.shared.n + 1, self.shared.n + 1))
        np.add.at(found, (self.index[:, :, None], self.index[:, None, :]), blocks)
        return found[:-1, :-1]
