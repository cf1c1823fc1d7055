"""The fit of a run by the cost that its counts allow."""

from __future__ import annotations

import dataclasses
from typing import Any

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.run import Run
from musrcu.errors import FitError, MusrcuError
from musrcu.fitting.count_costs import COUNT_COSTS
from musrcu.fitting.fit import fit
from musrcu.fitting.result import FitResult
from musrcu.fitting.window import FEWEST_COUNTS, inside
from musrcu.models.model import Model
from musrcu.reduction.recipe import Reduction, reduce, reduce_counts

AUTO = "auto"
COSTS = (AUTO, "asymmetry", *COUNT_COSTS)
"""Names of the costs that a pair of groups may have."""


def fit_run(
    run: Run,
    recipe: Reduction,
    model: Model | str,
    cost: str = AUTO,
    **options: Any,
) -> tuple[Asymmetry | Counts, FitResult]:
    """The fit of the asymmetry of a run, or of its counts, and what was fitted.

    ``auto`` is chi-square of the asymmetry where every fitted bin holds at least 20 counts in each
    group, and Poisson's likelihood of the counts otherwise, or where the recipe leaves the
    background to the fit. Where the counts cannot be fitted, as beside a constant with an alpha of
    which nothing is known, it is the asymmetry. The result says which and why.

    Parameters
    ----------
    run, recipe, model : as for :func:`musrcu.reduce` and :func:`musrcu.fit`.
    cost : ``auto``, ``asymmetry``, or a cost of counts.
    options : other arguments of :func:`musrcu.fit`.

    Raises
    ------
    ReductionError, ModelError or FitError where a stage cannot work with the run, or there is no
    such cost.
    """
    if cost not in COSTS:
        raise FitError(f"no cost is called {cost!r}; {', '.join(COSTS)}")
    if cost in COUNT_COSTS:
        counts = reduce_counts(run, recipe)
        return counts, fit(counts, model, cost=cost, **options)
    if cost == AUTO and recipe.background == "fit":
        return _counted(run, recipe, model, options, _LEFT)
    asymmetry = reduce(run, recipe)
    poor = _poor(asymmetry, options.get("t_range")) if cost == AUTO else ""
    kept = ""
    if poor:
        try:
            return _counted(run, recipe, model, options, f"{poor}, where chi-square is biased")
        except MusrcuError as error:
            kept = f"{poor}, but the counts cannot be fitted: {error}"
    result = fit(asymmetry, model, **options)
    return asymmetry, dataclasses.replace(result, cost_reason=kept) if kept else result


def auto_cost(run: Run, recipe: Reduction, model: Model | str, **options: Any) -> tuple[str, str]:
    """The cost that ``auto`` is for a run, and why where it is not what its counts suggest.

    The run is fitted only where its bins are poor, to see whether the counts can be.

    Parameters
    ----------
    run, recipe, model, options : as for :func:`fit_run`.

    Raises
    ------
    ReductionError, ModelError or FitError as :func:`fit_run`.
    """
    if recipe.background == "fit":
        return "poisson", _LEFT
    if not _poor(reduce(run, recipe), options.get("t_range")):
        return "asymmetry", ""
    data, result = fit_run(run, recipe, model, **options)
    return "asymmetry" if isinstance(data, Asymmetry) else "poisson", result.cost_reason


_LEFT = "the background is left to the fit"


def _counted(
    run: Run, recipe: Reduction, model: Model | str, options: dict[str, Any], why: str
) -> tuple[Counts, FitResult]:
    counts = reduce_counts(run, recipe)
    return counts, dataclasses.replace(fit(counts, model, **options), cost_reason=why)


def _poor(asymmetry: Asymmetry, t_range: tuple[float, float] | None) -> str:
    """How many of the fitted bins hold too few counts for chi-square, in words."""
    if asymmetry.smallest is None:
        return ""
    used = asymmetry.smallest[inside(asymmetry.time, t_range)]
    few = int((used < FEWEST_COUNTS).sum())
    if not few:
        return ""
    return f"{few} of {used.size} bins hold fewer than {FEWEST_COUNTS} counts in a group"
