"""One fit: a model, an asymmetry, and as little else as the user cares to give."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError
from musrcu.fitting.across import across
from musrcu.fitting.applied_field import assumed
from musrcu.fitting.bounded import boundless
from musrcu.fitting.constraint import Constraint, Constraints, as_constraints
from musrcu.fitting.cost import Cost
from musrcu.fitting.data import Data, refuse_free_alpha
from musrcu.fitting.doubts import (
    averaging,
    beyond_limits,
    chance,
    far_from_known,
    folded,
    poor,
    pulsed,
    too_fast,
)
from musrcu.fitting.fitted_data import Fittable, fitted_data
from musrcu.fitting.freedom import Freedom, Limits
from musrcu.fitting.judgement import Bound, Judgement
from musrcu.fitting.minimise import Minimum
from musrcu.fitting.minos import minos as minos_errors
from musrcu.fitting.near_tie import near_tie
from musrcu.fitting.options import names_of
from musrcu.fitting.outcome import fitted_result, unfitted_result
from musrcu.fitting.own_functions import methods, prepare, recheck
from musrcu.fitting.recorded import record
from musrcu.fitting.request import Request, bound_of, settled, time_model
from musrcu.fitting.result import FitResult
from musrcu.fitting.spare import SPARE, alternative, search
from musrcu.fitting.start import Start
from musrcu.fitting.validity import not_meant_for
from musrcu.fitting.weight_bias import weighed_wrong
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

DEEPEST = 2
"""Spare terms that are left out one after the other, at most."""

REFITS = 4
"""Times that a fit begins again where the way to a MINOS error leads to a lower minimum."""


def fit(
    data: Fittable,
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
    cost: str | None = None,
    alternatives: bool = True,
) -> FitResult:
    """Fit of a model to one run, minimised by Minuit with analytic gradients.

    An asymmetry is fitted by chi2 = sum [(A_k - A(t_k)) / sigma_k]^2, counts of a pair, or of a
    single histogram, by Poisson's likelihood, which is unbiased however few there are. The result
    says which and why. Errors are those of the Hessian at the minimum and are never rescaled by the
    reduced chi-square.

    What all bins share is no noise: where the error of alpha or of a background is known, they are
    parameters of the fit with that knowledge as a Gaussian constraint (``alpha``, ``b_F``,
    ``b_B``), so that it reaches every other parameter. A fit of counts has N0, alpha (constrained
    to a calibration, held where it was given, else free), detector_beta (held at 1 unless known or
    named) and both backgrounds (0 for a pulsed source unless known or named) in any case; that of
    a single histogram has N0 and ``b``.

    Parameters
    ----------
    data : what is fitted; bins of an asymmetry without a value are dropped and counted.
    model : a model of the asymmetry or its expression.
    start : start values by name; what is not given is found by a projection scan.
    fixed : values by name of parameters that are held. An applied field of which nothing is said
        (``B_LF``) is held at that of the run's header, with a note.
    limits : (lower, upper) by name, None for an open end; they replace the model's own.
    ties : expressions by name, ``{"lambda2": "2*lambda1"}``; ``field`` (G), ``temperature`` (K) and
        ``run`` are those of the run, ``gamma_mu`` is 0.01355 MHz/G: ``{"nu2": "gamma_mu*field"}``.
    constraints : what is known of parameters, ``{"A1": (0.21, 0.01)}``, or
        :class:`musrcu.fitting.constraint.Constraint` objects for correlated ones.
    t_range : (first, last) time, µs; None takes all bins.
    minos : names of parameters whose unequal errors are computed too.
    max_asymmetry : largest amplitude that is physical; None takes the calibrated total asymmetry,
        or 0.35 where it is unknown.
    average_bins : whether the model is averaged over each bin with the decay of muons as a weight,
        as counts are; it matters where frequency times width is above 0.1.
    cost : what is minimised. None is chi-square of an asymmetry (``asymmetry``) and Poisson's
        likelihood of counts (``poisson``). Counts of a pair have ``binomial`` too, how each bin
        divides into forward and backward: the decay and what changes both groups alike drop out
        (:class:`musrcu.fitting.binomial_cost.BinomialCost`). ``neyman`` and ``pearson`` are
        chi-squares of counts, biased where these are few, for comparison with other programs.
    alternatives : whether, where two terms cannot be told apart or an amplitude leaves what physics
        allows, fits without one of the terms are made too; they take as long as the fit itself.

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
    window = fitted_data(data, t_range, average_bins, cost)
    model = time_model(model)
    constraints = as_constraints(constraints)
    minos = names_of(minos)
    request = Request(
        start=start, fixed=fixed, limits=limits, ties=ties, constraints=constraints,
        max_asymmetry=max_asymmetry,
    )  # fmt: skip
    ready = settled(window, model, request)
    freedom, seen = ready.freedom, ready.freedom.model
    total = getattr(data, "total", None), getattr(data, "total_error", None)
    bound = bound_of(request, *total)
    names = tuple(seen.names[seen.index(name)] for name in minos)
    prepare(freedom, window.time)
    before = methods(seen)
    depth = 0 if alternatives else DEEPEST
    result = _fit(window, freedom, ready.known, bound, names, depth)
    recheck(seen, window.time, result.values)
    if methods(seen) != before:  # some derivatives were not to be trusted
        result = _fit(window, freedom, ready.known, bound, names, depth)
    notes = (*result.notes, *assumed(ready.fields, window.run))
    asked = record(
        data, request, t_range=t_range, minos=minos, average_bins=average_bins or None, cost=cost,
        alternatives=None if alternatives else False,
    )  # fmt: skip
    return dataclasses.replace(result, notes=notes, **asked)


def _fit(
    data: Data,
    freedom: Freedom,
    known: list[Constraint],
    bound: Bound,
    names: tuple[str, ...],
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

    def fit_smaller(reduced: Freedom, kept: list[Constraint]) -> FitResult:
        return _fit(data, reduced, kept, bound, (), depth + 1)

    x, begun_again = starts[0].x, list[str]()
    for left in reversed(range(REFITS)):
        minimum, freedom, at_limit, judgement, spread, smaller = search(
            cost, x, known, bound, fit_smaller if depth < DEEPEST else None
        )
        reason = judgement.reason or minimum.reason
        reason = reason or _too_fast(cost, freedom, minimum, data)
        intervals = minos_errors(cost, freedom, minimum, () if reason else names)
        if intervals.lower is None or not left:
            break
        x, begun_again = intervals.lower, intervals.notes
    notes = _notes(data, cost, starts, (minimum, freedom, at_limit, judgement, spread))
    notes += [*begun_again, *intervals.notes]
    if reason and names:
        notes.append("no MINOS errors: the fit is not valid")
    return fitted_result(
        data, cost, freedom, minimum,
        covariance=None if minimum.covariance is None else spread, at_limit=at_limit,
        intervals=intervals.found, reason=reason, notes=tuple(notes),
        start=_named(cost.freedom, starts[0].x),
        alternative=alternative(smaller, judgement, minimum.chi2 + SPARE),
    )  # fmt: skip


def _notes(
    data: Data,
    cost: Cost,
    starts: list[Start],
    found: tuple[Minimum, Freedom, frozenset[int], Judgement, FloatArray],
) -> list[str]:
    """What a reader of a fit should know, one sentence each."""
    minimum, freedom, at_limit, judgement, spread = found
    full, model = freedom.expand(minimum.x), freedom.model
    notes = [*judgement.notes, *near_tie(cost, starts, spread), *data.notes, *methods(model)]
    notes += [f"{model.names[k]} is at its limit, held there" for k in sorted(at_limit)]
    notes += [*beyond_limits(freedom, full), *boundless(cost, freedom, minimum)]
    notes += poor(minimum.chi2, cost.ndof, cost.excess(full))
    fitted = cost if freedom is cost.freedom else cost.with_freedom(freedom)
    notes += weighed_wrong(fitted, minimum)
    notes += far_from_known(cost, full, spread)
    notes += chance(cost, full, spread, data.width)
    if data.averaged:
        notes += folded(freedom, full, data.width)
    else:
        notes += averaging(model, full, spread, data.time, data.width)
    notes += [*pulsed(model, full, spread, data.run.source), *across(model, full, data)]
    notes += not_meant_for(model, full, data.time, data.run.field)
    return notes


def _too_fast(cost: Cost, freedom: Freedom, minimum: Minimum, data: Data) -> str:
    return too_fast(cost.freedom, freedom.expand(minimum.x), data.width, data.averaged)


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


def _named(freedom: Freedom, x: FloatArray) -> dict[str, float]:
    """Start values by name: those that were given, else those that the search found."""
    found = dict(zip(freedom.free.tolist(), x.tolist(), strict=True))
    given = {k: float(freedom.start[k]) for k in found if np.isfinite(freedom.start[k])}
    return {freedom.model.names[k]: value for k, value in (found | given).items()}
