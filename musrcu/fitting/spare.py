"""The search of a minimum in a model some of whose terms may be spare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.bounded import SAME, bounded_minimum
from musrcu.fitting.constraint import Constraint
from musrcu.fitting.cost import Cost
from musrcu.fitting.freedom import Freedom, Limits, settle
from musrcu.fitting.judgement import Bound, Judgement, judge
from musrcu.fitting.minimise import Minimum
from musrcu.fitting.result import FitResult

FloatArray = NDArray[np.float64]

SPARE = 25.0
"""A term whose loss raises chi-square by more than this is not spare."""

Fit = Callable[[Freedom, list[Constraint]], FitResult]
"""The fit of the same data with a smaller model."""

Found = tuple[Minimum, Freedom, frozenset[int], Judgement, FloatArray, list[FitResult]]
"""Minimum, what was free there, what is held at a limit, the verdict, (n_parameters, n_parameters)
covariance, and the fits without each spare term."""


def search(
    cost: Cost, x: FloatArray, known: list[Constraint], bound: Bound, fit_smaller: Fit | None
) -> Found:
    """The minimum from ``x``, never worse than that without one of its spare terms.

    Where it is worse, the search ended in a wrong place: it begins again from the smaller model,
    the amplitude of the lost term 0 and its other parameters where they began.

    Parameters
    ----------
    cost : of the whole model.
    x : (n_free,) where the search begins.
    known : constraints of its parameters.
    bound : the largest asymmetry.
    fit_smaller : fits a smaller model; None where spare terms are not looked at.
    """
    found = bounded_minimum(cost, x)
    judgement, spread = judged(found, bound)
    smaller = _smaller(cost.freedom, known, judgement, fit_smaller)
    for one in sorted(smaller, key=lambda result: result.chi2 or 0.0):
        if one.chi2 is None or one.chi2 > found[0].chi2 - SAME:
            break
        again = bounded_minimum(cost, _from_smaller(cost, x, one))
        if again[0].chi2 < found[0].chi2 - SAME:
            verdict = judged(again, bound)
            if verdict[0].reason and not judgement.reason:
                break  # lower, but out of what is physical: the sound minimum stands
            found, (judgement, spread) = again, verdict
            smaller = _smaller(cost.freedom, known, judgement, fit_smaller)
            break
    if not judgement.reason:
        smaller = [one for one in smaller if one.valid and _rank(one)[1] <= _criterion(cost, found)]
    return *found, judgement, spread, smaller


def _criterion(cost: Cost, found: tuple[Minimum, Freedom, frozenset[int]]) -> float:
    """Akaike's criterion of a minimum, up to what all models of these data share."""
    return found[0].chi2 - 2 * cost.ndof


def judged(
    found: tuple[Minimum, Freedom, frozenset[int]], bound: Bound
) -> tuple[Judgement, FloatArray]:
    """The verdict on a minimum and the covariance of all parameters."""
    minimum, freedom, at_limit = found
    full = freedom.expand(minimum.x)
    jacobian = freedom.jacobian(full)
    spread = minimum.blurred if minimum.covariance is None else minimum.covariance
    spread = jacobian @ spread @ jacobian.T
    model: Any = freedom.model
    behind = range(model.own, len(model.names))
    judgement = judge(
        model, full, spread, bound, freedom.fixed - at_limit,
        tied=[*freedom.ties, *behind], singular=minimum.covariance is None,
    )  # fmt: skip
    return judgement, spread


def _from_smaller(cost: Cost, x: FloatArray, smaller: FitResult) -> FloatArray:
    """Where the full model is the smaller one: lost amplitudes 0, the rest of them at ``x``."""
    model, x = cost.freedom.model, x.copy()
    for k, place in enumerate(cost.free):
        name = model.names[place]
        if name in smaller.parameters:
            value = smaller[name].value
            x[k] = x[k] if value is None else value
        elif model.parameters[place].kind == "amplitude":
            x[k] = 0.0
    return np.clip(x, cost.freedom.lower[cost.free], cost.freedom.upper[cost.free])


def _smaller(
    freedom: Freedom, known: list[Constraint], judgement: Judgement, fit_smaller: Fit | None
) -> list[FitResult]:
    """The fits without each of the spare terms, or of those that may be."""
    if fit_smaller is None:
        return []
    found = []
    for term in judgement.spare:
        reduced = _without(freedom, term)
        if reduced is not None:
            kept = [one for one in (c.of(set(reduced.model.names)) for c in known) if one]
            found.append(fit_smaller(reduced, kept))
    return [result for result in found if result.chi2 is not None]


def alternative(smaller: list[FitResult], judgement: Judgement, worst: float) -> FitResult | None:
    """The best fit without one of the spare terms.

    Where one term is blamed alone, its loss may not raise chi-square above ``worst``.
    """
    if len(judgement.spare) > 1:
        worst = np.inf
    fitted = [result for result in smaller if result.chi2 is not None and result.chi2 <= worst]
    return min(fitted, key=_rank, default=None)


def _rank(result: FitResult) -> tuple[bool, float]:
    """Valid fits first, then Akaike's criterion: chi-square plus twice the free parameters."""
    assert result.chi2 is not None
    return (not result.valid, result.chi2 - 2 * result.ndof)


def _without(freedom: Freedom, term: int) -> Freedom | None:
    """The freedom of the model without a term; None where a tie needs it or nothing is left."""
    model = freedom.model
    if len(model.terms) < 2:
        return None
    reduced = model.without(term)
    if any(not tie.names <= set(reduced.names) for tie in freedom.ties.values()):
        return None
    keep = {name: model.index(name) for name in reduced.names}
    start = {n: float(freedom.start[k]) for n, k in keep.items() if np.isfinite(freedom.start[k])}
    fixed = {n: value for n, value in start.items() if keep[n] in freedom.fixed}
    limits: dict[str, Limits] = {
        n: (float(freedom.lower[k]), float(freedom.upper[k])) for n, k in keep.items()
    }
    ties = {n: freedom.ties[k] for n, k in keep.items() if k in freedom.ties}
    free_start = {n: value for n, value in start.items() if n not in fixed}
    return settle(reduced, free_start, fixed, limits, ties)
