"""One run in a joint fit: its cost, and how its parameters follow from shared and local ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.constraint import Constraint
from musrcu.fitting.cost import Cost
from musrcu.fitting.data import Data
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.judgement import Bound
from musrcu.fitting.tie import Tie

FloatArray = NDArray[np.float64]


def label_of(data: Data) -> str:
    """The name of a single histogram; empty for what is all of a run."""
    return str(getattr(getattr(data, "histogram", None), "label", ""))


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A run before it is known what it shares."""

    data: Data
    freedom: Freedom
    """Nothing is tied in it; what the joint fit ties is free here."""
    ties: Mapping[int, Tie]
    """Ties by position, metadata and held values filled in: parameters of the model and extras."""
    constraints: Sequence[Constraint]
    """Those of the user and of the data, under full names."""
    fields: Mapping[str, float]
    """Applied fields that were taken from the header."""
    bound: Bound

    @property
    def untied(self) -> list[int]:
        """Positions of the parameters that are neither held nor tied."""
        return [int(k) for k in self.freedom.free if int(k) not in self.ties]

    @property
    def name(self) -> str:
        """The run in words, and which histogram of it."""
        return " ".join(part for part in (self.data.run.name, label_of(self.data)) if part)


@dataclass(slots=True, eq=False)
class Member:
    """A run whose parameters y are the shared ones that it has and its local ones.

    Its cost takes x, every parameter that is not held; x = P y but for tied ones.
    """

    draft: Draft
    cost: Cost
    touched: tuple[int, ...]
    """Positions of its shared parameters among all shared ones, first in y."""
    words: tuple[str, ...]
    """Names of y as ties know them."""
    local: tuple[int, ...]
    """Positions of its local parameters in the model, last in y."""
    plain: FloatArray = field(init=False)
    """(n_x, n_y) P: 1 where a parameter of the cost is one of y."""
    rows: list[tuple[int, Tie]] = field(init=False)
    """Which of x are tied."""

    def __post_init__(self) -> None:
        names: Any = self.draft.freedom.model.names
        self.plain = np.zeros((self.cost.free.size, len(self.words)))
        place = {word: k for k, word in enumerate(self.words)}
        self.rows = []
        for k, position in enumerate(self.cost.free):
            if int(position) in self.draft.ties:
                self.rows.append((k, self.draft.ties[int(position)]))
            else:
                self.plain[k, place[names[position]]] = 1.0

    def tied(self, y: FloatArray) -> tuple[list[float], list[FloatArray]]:
        """Values of the tied parameters and their derivatives by y."""
        env = dict(zip(self.words, y.tolist(), strict=False))
        values, slopes = [], []
        for _, tie in self.rows:
            value, by = tie.evaluate(env)
            values.append(value)
            slopes.append(np.array([by.get(word, 0.0) for word in self.words]))
        return values, slopes

    def bend(self, y: FloatArray, force: FloatArray) -> FloatArray:
        """(n_y, n_y) sum over tied parameters of a force on each times its second derivatives."""
        env = dict(zip(self.words, y.tolist(), strict=False))
        place = {word: k for k, word in enumerate(self.words)}
        found = np.zeros((len(self.words), len(self.words)))
        for k, tie in self.rows:
            for (one, other), value in tie.curvature(env).items():
                found[place[one], place[other]] += force[k] * value
        return 0.5 * (found + found.T)

    def full(self, x: FloatArray) -> FloatArray:
        """(n_parameters,) all parameters of the run."""
        return self.cost.freedom.expand(x, self.cost.free)
