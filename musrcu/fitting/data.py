"""What a fit compares a model with, and what an experiment adds to the model's parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraint
from musrcu.fitting.cost import AsymmetryCost, Cost
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.seen import Seen
from musrcu.fitting.start import Start, find_starts
from musrcu.models.bins import Bins
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the parameters that the experiment adds to a model."""

    fixed: Mapping[str, float] = field(default_factory=dict)
    """Values that are held."""
    constraints: Sequence[Constraint] = ()
    """Values with errors."""


class Data(ABC):
    """The fitted bins of an asymmetry or of counts."""

    kind: str
    """Which of the two, in words."""
    offered: FloatArray
    """Centres of all bins from which a range was chosen, µs."""
    run: Run
    history: History
    time: FloatArray
    """(n_bins,) centres, µs."""
    width: FloatArray
    """(n_bins,) µs."""
    where: FloatArray | Bins
    """What the model is computed at: ``time``, or the bins where it is averaged over them."""
    dropped: int
    """Bins inside the range that hold nothing to fit."""

    @property
    def name(self) -> str:
        """What is fitted, in words."""
        return self.run.name

    @property
    def averaged(self) -> bool:
        """Whether the model is averaged over each bin."""
        return isinstance(self.where, Bins)

    @abstractmethod
    def seen(self, model: Model | str, named: set[str], settled: set[str]) -> tuple[Any, Known]:
        """The model as these data see it, and what is known of what stands behind it.

        ``named`` are the parameters of which the user said something, ``settled`` those among them
        that are fixed, tied or constrained.
        """

    @abstractmethod
    def cost(self, freedom: Freedom, constraints: Sequence[Constraint]) -> Cost:
        """What is minimised."""

    @abstractmethod
    def starts(self, cost: Cost) -> list[Start]:
        """Starting points, best first."""

    @property
    def why(self) -> str:
        """Why this cost and no other, in words."""
        return ""

    @property
    @abstractmethod
    def notes(self) -> list[str]:
        """What a reader of the fit should know of these bins."""


def known_value(name: str, value: float, error: float) -> Constraint:
    """The constraint of one parameter alone."""
    return Constraint((name,), np.array([value]), np.array([[error**2]]))


def given_behind(cost: Cost) -> FloatArray:
    """(n_behind,) start values of what stands behind the model: given, else known, else NaN."""
    model: Any = cost.freedom.model
    found = cost.freedom.start[model.own :].copy()
    for place, (value, _) in cost.prior.known.items():
        if place >= model.own and np.isnan(found[place - model.own]):
            found[place - model.own] = value
    return found


def refuse_free_alpha(expression: str) -> None:
    """Raise a FitError where a free alpha and a constant of the model would be one parameter."""
    if "constant" in Model(expression).labels:
        raise FitError(
            f"alpha is free in a fit of {expression!r}: alpha and A_bg are one parameter; "
            "reduce with alpha= (--alpha) or calibration= (--calibration), or constrain alpha"
        )


def bare_starts(
    cost: Cost,
    bins: tuple[FloatArray | Bins, FloatArray, FloatArray],
    level: Callable[[float], float],
    behind: FloatArray,
) -> list[Start]:
    """Starting points of a model seen through what stands behind it.

    The search looks at the asymmetry itself with everything behind it held; where alpha, or N0 of
    a single histogram, is free and unknown, a constant takes its place and becomes what to start
    from.

    Parameters
    ----------
    cost : whose free parameters are wanted.
    bins : time, asymmetry and error of the bins to search in.
    level : the parameter that is to be found from the constant, 0 where the asymmetry was formed
        with it.
    behind : (n_behind,) values to start from of the parameters behind the model; NaN for the one
        that is to be found.
    """
    freedom = cost.freedom
    model: Any = freedom.model
    own, n = model.own, len(model.names)
    unknown = [k for k in range(own, n) if np.isnan(behind[k - own])]
    constant = 1 if unknown else 0
    expression = model.expression + " + constant" * constant
    start = np.insert(freedom.start, own, [np.nan] * constant)
    start[own + constant :] = np.where(np.isnan(behind), level(0.0), behind)
    bare = Freedom(
        Seen(expression, model.parameters[own:]),
        start,
        frozenset(k for k in freedom.fixed if k < own) | set(range(own + constant, n + constant)),
        {k: tie for k, tie in freedom.ties.items() if k < own},
        np.insert(freedom.lower, own, [-1.0] * constant),
        np.insert(freedom.upper, own, [1.0] * constant),
    )
    if not bare.free.size:
        return [_completed(cost, start, own, unknown, level)]
    found = []
    for one in find_starts(AsymmetryCost(*bins, bare)):
        found.append(_completed(cost, bare.expand(one.x), own, unknown, level))
    return sorted(found, key=lambda one: one.chi2)


def balance(alpha: float) -> Callable[[float], float]:
    """The alpha that a constant stands for in an asymmetry that was formed with another one."""
    return lambda offset: alpha * (1 + offset) / (1 - offset)


def _completed(
    cost: Cost, full: FloatArray, own: int, unknown: list[int], level: Callable[[float], float]
) -> Start:
    """The start of the search with the parameters behind the model, a constant become one."""
    if unknown:
        offset = float(np.clip(full[own], -0.98, 0.98))
        full = np.delete(full, own)
        full[unknown] = level(offset)
    lower, upper = cost.freedom.lower[cost.free], cost.freedom.upper[cost.free]
    x = np.clip(full[cost.free], lower, upper)
    return Start(x, cost(x))
