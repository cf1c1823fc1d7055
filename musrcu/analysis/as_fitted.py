"""The asymmetry that a fit of counts stands for, to be looked at."""

from __future__ import annotations

import dataclasses
from typing import Any

from musrcu.fitting.count_costs import COUNT_COST_WORDS
from musrcu.fitting.result import FitResult
from musrcu.reduction.recipe import Reduction

BACKGROUNDS = ("b_F", "b_B")


def recipe_as_fitted(recipe: Reduction, result: FitResult) -> Reduction:
    """The recipe with alpha, detector_beta and backgrounds as a fit of counts found them.

    The asymmetry it makes is the one that ``result.curve`` runs through. The recipe of a fit of an
    asymmetry stays what it is.

    Parameters
    ----------
    recipe : of the counts that were fitted.
    result : their fit.
    """
    if result.cost not in COUNT_COST_WORDS:
        return recipe
    best = result.best
    found = {name: best.parameters[name].value for name in ("alpha", "detector_beta")}
    changes: dict[str, Any] = {name: value for name, value in found.items() if value}
    flat = tuple(best.parameters[name].value for name in BACKGROUNDS)
    if None not in flat:
        changes["background"] = {"given": flat} if any(flat) else "none"
    elif recipe.background == "fit":
        changes["background"] = "none"
    return dataclasses.replace(recipe, **changes)
