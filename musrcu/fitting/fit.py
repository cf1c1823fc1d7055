"""One fit: a model, an asymmetry, and as little else as the user cares to give."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.errors import FitError
from musrcu.fitting.applied_field import applied_field, assumed
from musrcu.fitting.asymmetry_data import AsymmetryData
from musrcu.fitting.bounded import SAME, bounded_minimum, boundless
from musrcu.fitting.constraint import Constraint, Constraints, as_constraints
from musrcu.fitting.cost import Cost
from musrcu.fitting.count_data import CountData
from musrcu.fitting.data import Data, refuse_free_alpha
from musrcu.fitting.doubts import (
    averaging,
    beyond_limits,
    chance,
    far_from_known,
    folded,
    near_tie,
    poor,
    pulsed,
    too_fast,
)
from musrcu.fitting.freedom import Freedom, Limits, is_number, settle
from musrcu.fitting.judgement import Bound, Judgement, judge
from musrcu.fitting.minimise import Minimum
from musrcu.fitting.outcome import fitted_result, unfitted_result
from musrcu.fitting.own_functions import methods, prepare, recheck
from musrcu.fitting.result import FitResult
from musrcu.fitting.validity import not_meant_for
from musrcu.models.expression import KINDS
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

SPARE = 25.0
"""A term whose loss raises chi-square by more than this is not spare."""


def fit(
    data: Asymmetry | Counts,
    model: Model | str,
    *,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    limits: Mapping[str, Limits] | None = None,
    ties: Mapping[str, str] | None = None,
    constraints: Constraints | None = None,
    t_range: tuple[float, float] | None = None,
    minos: Iterable[str] = (),
    max_asymmetry: float | None = None,
    average_bins: bool = False,
) -> FitResult:
    """Fit of a model to one run, minimised by Minuit with analytic gradients.

    An asymmetry is fitted by chi2 = sum [(A_k - A(t_k)) / sigma_k]^2, counts by Poisson's
    likelihood of both groups, which is unbiased however few there are. Errors are those of the
    Hessian at the minimum and are never rescaled by the reduced chi-square.

    What all bins share is no noise: where the error of alpha or of a background is known, they are
    parameters of the fit with that knowledge as a Gaussian constraint (``alpha``, ``b_F``,
    ``b_B``), so that it reaches every other parameter. A fit of counts has N0, alpha (constrained
    to a calibration, held where it was given, else free), detector_beta (held at 1 unless known or
    named) and both backgrounds (0 for a pulsed source unless known or named) in any case.

    Parameters
    ----------
    data : what is fitted; bins of an asymmetry without a value are dropped and counted.
    model : a model of the asymmetry or its expression.
    start : start values by name; what is not given is found by a projection scan.
    fixed : values by name of parameters that are held. An applied field of which nothing is said
        (``B_LF``) is held at that of the run's header, with a note.
    limits : (lower, upper) by name, None for an open end; they replace the model's own.
    ties : expressions by name, ``{"lambda2": "2*lambda1"}``.
    constraints : what is known of parameters, ``{"A1": (0.21, 0.01)}``, or
        :class:`musrcu.fitting.constraint.Constraint` objects for correlated ones.
    t_range : (first, last) time, µs; None takes all bins.
    minos : names of parameters whose unequal errors are computed too.
    max_asymmetry : largest amplitude that is physical; None takes the calibrated total asymmetry,
        or 0.35 where it is unknown.
    average_bins : whether the model is averaged over each bin with the decay of muons as a weight,
        as counts are; it matters where frequency times width is above 0.1.

    Returns
    -------
    FitResult. A fit that failed, whose amplitudes leave what physics allows, or whose covariance
    is singular has ``valid=False`` and a reason; where two terms cannot be told apart,
    ``alternative`` is the fit without one of them.

    Raises
    ------
    ModelError or FitError where the request itself cannot be set up.

    Source: F. James and M. Roos, Comput. Phys. Commun. 10, 343 (1975); S. Baker and R. D. Cousins,
    Nucl. Instrum. Methods 221, 437 (1984).
    """
    if not isinstance(data, (Asymmetry, Counts)):
        raise FitError(
            f"fit takes an Asymmetry or Counts, not a {type(data).__name__}; reduce it first"
        )
    if not isinstance(model, (Model, str)):
        raise FitError(f"fit takes a Model or its expression, not a {type(model).__name__}")
    model = Model(model) if isinstance(model, str) else model
    minos = (minos,) if isinstance(minos, str) else tuple(minos or ())
    if model.variable != "t":
        raise FitError(
            f"{model.expression!r} is a {KINDS[model.variable]} and fits no asymmetry; fit_law "
            "fits it to a table"
        )
    window = _window(data, t_range, average_bins)
    told = as_constraints(constraints)
    words = {*(start or {}), *(fixed or {}), *(limits or {}), *(ties or {})}
    named = words | {name for one in told for name in one.names}
    settled = {*(ties or {}), *(name for one in told for name in one.names)}
    seen, known = window.seen(model.expression, named, settled | {*(fixed or {})})
    left = [one.given(fixed or {}, settled) for one in known.constraints]
    told += [one for one in left if one is not None]
    told = [one.named(seen.names[seen.index(name)] for name in one.names) for one in told]
    fields = applied_field(seen, window.run, named)
    freedom = settle(seen, start, {**known.fixed, **fields, **(fixed or {})}, limits, ties)
    bound = Bound(getattr(data, "total", None), getattr(data, "total_error", None))
    if max_asymmetry is not None:
        if not (is_number(max_asymmetry) and max_asymmetry > 0):
            raise FitError(f"max_asymmetry = {max_asymmetry!r}; it must be a number above 0")
        bound = Bound(max_asymmetry, 0.0)
    names = tuple(seen.names[seen.index(name)] for name in minos)
    prepare(freedom, window.time)
    before = methods(seen)
    result = _fit(window, freedom, told, bound, names)
    recheck(seen, window.time, result.values)
    if methods(seen) != before:  # some derivatives were not to be trusted
        result = _fit(window, freedom, told, bound, names)
    return dataclasses.replace(result, notes=(*result.notes, *assumed(fields, window.run)))


def _window(
    data: Asymmetry | Counts, t_range: tuple[float, float] | None, average_bins: bool
) -> Data:
    """The fitted bins."""
    if average_bins not in (True, False):
        raise FitError(f"average_bins = {average_bins!r}; expected True or False")
    if isinstance(data, Asymmetry):
        return AsymmetryData(data, t_range, average_bins)
    return CountData(data, t_range, average_bins)


def _fit(
    data: Data,
    freedom: Freedom,
    known: list[Constraint],
    bound: Bound,
    minos: tuple[str, ...],
    depth: int = 0,
) -> FitResult:
    n_free = freedom.free.size
    if n_free == 0:
        raise FitError("every parameter is fixed or tied; free at least one")
    cost = data.cost(freedom, known)
    _check_alpha(cost)
    if cost.size <= n_free - len(cost.prior):
        return unfitted_result(data, cost, freedom, _too_few(data, n_free))
    starts = data.starts(cost)
    if not starts:
        return unfitted_result(data, cost, freedom, "no start values give a finite chi-square")
    minimum, freedom, at_limit, judgement, spread, smaller = _search(
        data, cost, starts[0].x, known, bound, depth
    )
    full, model = freedom.expand(minimum.x), freedom.model
    reason = judgement.reason or minimum.reason
    reason = reason or too_fast(cost.freedom, full, data.width, data.averaged)
    notes = [*judgement.notes, *near_tie(cost, freedom, starts), *data.notes, *methods(model)]
    notes += [f"{model.names[k]} is at its limit, held there" for k in sorted(at_limit)]
    notes += [*beyond_limits(freedom, full), *boundless(cost, freedom, minimum)]
    notes += poor(minimum.chi2, cost.ndof)
    notes += far_from_known(cost, full, spread)
    notes += chance(cost, full, spread, data.width)
    if data.averaged:
        notes += folded(freedom, full, data.width)
    else:
        notes += averaging(model, full, spread, data.time, data.width)
    notes += pulsed(model, full, spread, data.run.source)
    notes += not_meant_for(model, full, data.time, data.run.field)
    intervals = {}
    if not reason:
        intervals = _minos(minimum, freedom, minos, notes)
    elif minos:
        notes.append("no MINOS errors: the fit is not valid")
    return fitted_result(
        data, cost, freedom, minimum,
        covariance=None if minimum.covariance is None else spread, at_limit=at_limit,
        intervals=intervals, reason=reason, notes=tuple(notes),
        start=_named(cost.freedom, starts[0].x),
        alternative=_alternative(smaller, judgement, minimum.chi2 + SPARE),
    )  # fmt: skip


_Found = tuple[Minimum, Freedom, frozenset[int], Judgement, FloatArray, list[FitResult]]
"""Minimum, what was free there, what is held at a limit, the verdict, (n_parameters, n_parameters)
covariance, and the fits without each spare term."""


def _search(
    data: Data,
    cost: Cost,
    x: FloatArray,
    known: list[Constraint],
    bound: Bound,
    depth: int,
) -> _Found:
    """The minimum from ``x``, never worse than that without one of its spare terms.

    Where it is worse, the search ended in a wrong place: it begins again from the smaller model,
    the amplitude of the lost term 0 and its other parameters where they began.
    """
    found = bounded_minimum(cost, x)
    judgement, spread = _judged(found, bound)
    smaller = _smaller(data, cost.freedom, known, bound, judgement, depth)
    for one in sorted(smaller, key=lambda result: result.chi2 or 0.0):
        if one.chi2 is None or one.chi2 > found[0].chi2 - SAME:
            break
        again = bounded_minimum(cost, _from_smaller(cost, x, one))
        if again[0].chi2 < found[0].chi2 - SAME:
            found = again
            judgement, spread = _judged(found, bound)
            smaller = _smaller(data, cost.freedom, known, bound, judgement, depth)
            break
    return *found, judgement, spread, smaller


def _judged(
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


def _check_alpha(cost: Cost) -> None:
    """Refuse an alpha of which nothing is known beside a constant of the model."""
    names = cost.freedom.model.names
    if "alpha" not in names:
        return
    place = names.index("alpha")
    if place in cost.free and place not in cost.prior.known:
        refuse_free_alpha(cost.freedom.model.expression)


def _too_few(data: Data, n_free: int) -> str:
    reason = f"{data.time.size} bins for {n_free} free parameters"
    if data.offered.size:
        first, last = data.offered[[0, -1]]
        reason += f" ({data.kind} has {data.offered.size}, {first:.3g} to {last:.3g} us)"
    return reason


def _minos(
    minimum: Minimum, freedom: Freedom, names: tuple[str, ...], notes: list[str]
) -> dict[str, tuple[float, float]]:
    free = {freedom.model.names[k] for k in freedom.free}
    found = {}
    for name in names:
        if name not in free:
            notes.append(f"no MINOS error for {name}: it is not free")
            continue
        try:
            minimum.minuit.minos(name)
        except RuntimeError as error:
            notes.append(f"no MINOS error for {name}: {error}")
            continue
        errors = minimum.minuit.merrors[name]
        if errors.is_valid:
            found[name] = (float(errors.lower), float(errors.upper))
        else:
            notes.append(f"no MINOS error for {name}: chi-square does not rise by one")
    return found


def _smaller(
    data: Data,
    freedom: Freedom,
    known: list[Constraint],
    bound: Bound,
    judgement: Judgement,
    depth: int,
) -> list[FitResult]:
    """The fits without each of the spare terms."""
    if not judgement.reason or depth > 1:
        return []
    found = []
    for term in judgement.spare:
        reduced = _without(freedom, term)
        if reduced is not None:
            kept = [one for one in (c.of(set(reduced.model.names)) for c in known) if one]
            found.append(_fit(data, reduced, kept, bound, (), depth + 1))
    return [result for result in found if result.chi2 is not None]


def _alternative(smaller: list[FitResult], judgement: Judgement, worst: float) -> FitResult | None:
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
    ties = {n: freedom.ties[k].text for n, k in keep.items() if k in freedom.ties}
    free_start = {n: value for n, value in start.items() if n not in fixed}
    return settle(reduced, free_start, fixed, limits, ties)


def _named(freedom: Freedom, x: FloatArray) -> dict[str, float]:
    """Start values by name: those that were given, else those that the search found."""
    found = dict(zip(freedom.free.tolist(), x.tolist(), strict=True))
    given = {k: float(freedom.start[k]) for k in found if np.isfinite(freedom.start[k])}
    return {freedom.model.names[k]: value for k, value in (found | given).items()}
