"""The costs of counts by the names that a user gives them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError, nearest
from musrcu.fitting.binomial_cost import BinomialCost
from musrcu.fitting.constraint import Prior
from musrcu.fitting.cost import Cost
from musrcu.fitting.count_cost import CountCost
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.weighted_counts import NeymanCost, PearsonCost
from musrcu.models.bins import Bins

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cost of counts, and why it was taken."""

    name: str
    why: str

    def kind(
        self,
        time: FloatArray | Bins,
        counts: FloatArray,
        freedom: Freedom,
        prior: Prior,
    ) -> Cost:
        """The cost of some counts, as :class:`CountCost` takes them."""
        return _KINDS[self.name](time, counts, freedom, prior)


_KINDS: dict[str, type[CountCost] | type[BinomialCost]] = {
    "poisson": CountCost,
    "binomial": BinomialCost,
    "neyman": NeymanCost,
    "pearson": PearsonCost,
}
_WHY_BIASED = "as asked; biased where bins hold few counts"
_WHY = {
    "poisson": "unbiased however few counts there are",
    "neyman": _WHY_BIASED,
    "pearson": _WHY_BIASED,
}
BIASED = ("neyman", "pearson")
"""Those that few counts bias."""
COUNT_COSTS = tuple(_KINDS)
"""Names of the costs that counts may have."""
COUNT_COST_WORDS = frozenset(kind.name for kind in _KINDS.values())
"""The same in words, as a result has them."""


def count_cost(name: str | None, *, single: bool = False) -> Wanted:
    """The cost of that name; Poisson's likelihood, unbiased however few counts, where it is None.

    Parameters
    ----------
    name : one of ``COUNT_COSTS``, or None.
    single : whether the counts are those of one group, which divide into nothing.

    Raises
    ------
    FitError if counts have no such cost.
    """
    if name is None:
        return Wanted("poisson", _WHY["poisson"])
    if name == "asymmetry":
        raise FitError(
            "cost = 'asymmetry' for counts; give the asymmetry itself, from mu.reduce(run, recipe)"
        )
    if single and name == "binomial":
        raise FitError(
            "cost = 'binomial' is how counts divide into two groups; a single histogram has one, "
            "fit it with 'poisson', or the pair from mu.reduce_counts"
        )
    if name not in _KINDS:
        hint = nearest(name, COUNT_COSTS) if isinstance(name, str) else ""
        raise FitError(f"no cost of counts is called {name!r}{hint or ';'} {', '.join(_KINDS)}")
    return Wanted(name, _WHY.get(name, "as asked"))
