"""From frequencies against temperature to nu0, T_N and beta: the order parameter of a scan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from musrcu.errors import FitError
from musrcu.ordering.common_shifts import common_shifts
from musrcu.ordering.method import Exponent, Method, choose_method, held_alpha, too_little
from musrcu.ordering.minimum import (
    NAMES,
    LawCost,
    Limits,
    Minimum,
    bound_above,
    law_limits,
    lowest,
)
from musrcu.ordering.minos import Interval, minos_errors
from musrcu.ordering.notes import bound_text, quality_notes
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import BetaForAlpha, LawParameter, OrderParameter
from musrcu.ordering.source import HasPoints, points_of

__all__ = [
    "OrderParameter",
    "OrderPoints",
    "constrained_chi2",
    "fit_order_parameter",
    "likelihood_root",
]

ALPHAS = (1.5, 2.0, 3.0, 4.0)
"""Exponents for which beta is always given beside the chosen one."""


def fit_order_parameter(
    source: OrderPoints | HasPoints,
    *,
    parameter: str = "nu2",
    alpha: Exponent = 3.0,
    method: str = "auto",
    minos: bool = True,
    unit: str | None = None,
    temperature_range: tuple[float, float] | None = None,
) -> OrderParameter:
    """nu0, T_N and beta of nu(T) = nu0 [1 - (T/T_N)^alpha]^beta from the ordered runs of a scan.

    A ``naive`` fit has T_N above the highest ordered temperature; a ``latent`` one, where errors of
    temperatures enter, above the latent (true) temperature of every run to which the law gives a
    frequency, which may be lower than the measured one. Either has T_N not above the lowest
    temperature without order plus two of its errors.

    Other order parameters go through the same law: an amplitude of the fitted model, such as A2
    (A0 instead of nu0), or the field at the muon, B = nu / (gamma_mu / 2 pi) (B0). With ``alpha``
    1 and a ``temperature_range`` below T_N it is the power law of the critical region,
    nu0 (1 - T/T_N)^beta, in which nu0 is the critical amplitude and not the value at T = 0.

    Parameters
    ----------
    source : a Scan, or OrderPoints.
    parameter : which frequency, field or amplitude of a scan's fitted runs is the order parameter;
        of OrderPoints, what their values are called.
    alpha : the exponent of T/T_N to hold, 0.5 to 8; ``"free"`` or None fits it.
    method : ``latent`` (errors in frequency and temperature), ``naive`` (in frequency only) or
        ``auto``: latent where |dnu/dT| sigma_T exceeds sigma_nu/3 for any run.
    minos : whether unequal errors are searched.
    unit : G, mT or T to have frequencies as fields (MHz for the reverse); None leaves them.
    temperature_range : (low, high), K; ordered runs outside are left out and listed.

    Returns
    -------
    OrderParameter; one with ``valid`` False and the reason where the points do not allow a fit.

    Raises
    ------
    FitError if an argument cannot be used.
    """
    points = points_of(source, parameter, unit=unit, temperature_range=temperature_range)
    held = held_alpha(alpha)
    reason = too_little(points, len(NAMES) - len(held))
    if reason:
        return _empty(points, parameter, held, reason)
    choice = choose_method(points, held, method)
    cost = LawCost(points, latent=choice.latent)
    limits = law_limits(cost)
    minimum = lowest(cost, limits, held, near=None if choice.first is None else choice.first.values)
    outcome = _at_limits(cost, minimum, limits, held)
    if minos and outcome.minimum.valid:
        outcome = _with_minos(cost, outcome, limits, held)
    outcome = _with_common(cost, outcome, limits, held)
    beside = _beta_for_alpha(cost, limits, outcome, held)
    return _result(cost, parameter, held, limits, choice, outcome, beside)


def constrained_chi2(
    source: OrderPoints | HasPoints,
    *,
    hold: Mapping[str, float],
    parameter: str = "nu2",
    alpha: Exponent = 3.0,
    method: str = "auto",
) -> float:
    """The smallest chi2 with some parameters held at given values, such as ``{"T_N": 0.105}``.

    Arguments as in :func:`fit_order_parameter`; a held value may lie outside the limits of the fit.

    Raises
    ------
    FitError if a name in ``hold`` is not one of nu0 (B0, A0), T_N, beta, alpha, or there are too
    few points.
    """
    points = points_of(source, parameter)
    held = held_alpha(alpha)
    for name, value in hold.items():
        held[points.quantity.in_law(name)] = value
        if not math.isfinite(value):
            raise FitError(f"{name} cannot be held at {value}; give a finite number")
    reason = too_little(points, 1)
    if reason:
        raise FitError(f"chi2 of the order parameter has no minimum: {reason}")
    choice = choose_method(points, held, method)
    cost = LawCost(points, latent=choice.latent)
    near = None if choice.first is None else choice.first.values
    return lowest(cost, law_limits(cost), held, near=near).chi2


def likelihood_root(order: OrderParameter, name: str, truth: float) -> float:
    """sign(fit - truth) sqrt(chi2 with ``name`` held at ``truth`` - chi2 of the fit).

    Standard normal over repeated experiments even where the error of T_N is far from symmetric,
    which (fit - truth)/error is not.

    Raises
    ------
    FitError if the fit is not valid, or held ``name``.
    """
    if not order.valid:
        raise FitError(f"a fit that is not valid has no likelihood root: {order.reason}")
    if name not in order.names and not order[name].at_limit:
        raise FitError(f"{name} was held in the fit and has no likelihood root")
    held = {order.quantity.in_law(name): truth}
    if order.alpha.fixed:
        held["alpha"] = order.alpha.value
    cost = LawCost(order.points, latent=order.method == "latent")
    found = lowest(cost, law_limits(cost), held, near=order.values, tries=1)
    root = math.copysign(math.sqrt(max(found.chi2 - order.chi2, 0.0)), order[name].value - truth)
    shared = math.hypot(*(moved.get(name, 0.0) for moved in order.common.values()))
    error = order[name].error
    return root * math.sqrt(max(1 - (shared / error) ** 2, 0.0)) if shared else root


@dataclass(frozen=True, slots=True)
class _Outcome:
    minimum: Minimum
    at_limit: dict[str, float]
    """Free parameters that ended at a limit, and were held there for the rest."""
    intervals: dict[str, Interval | None]
    notes: tuple[str, ...]
    common: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What all runs share, see :func:`musrcu.ordering.common_shifts.common_shifts`."""


def _at_limits(
    cost: LawCost, minimum: Minimum, limits: Limits, held: Mapping[str, float]
) -> _Outcome:
    """The minimum, once more with what ended at a limit held there: HESSE means nothing at it."""
    at_limit = limits_reached(cost, minimum, limits)
    if at_limit:
        minimum = lowest(cost, limits, {**held, **at_limit}, near=minimum.values, tries=0)
    called = cost.points.quantity.called
    notes = tuple(
        f"{called(name)} is at its limit {value:.5g}; errors of the others are with it held there"
        for name, value in at_limit.items()
    )
    return _Outcome(minimum, at_limit, {}, notes)


def limits_reached(cost: LawCost, minimum: Minimum, limits: Limits) -> dict[str, float]:
    """Free parameters that ended at a limit, and the limit."""
    found: dict[str, float] = {}
    for name in minimum.free:
        value = minimum.values[NAMES.index(name)]
        low, high = limits[name]
        near_low = near_high = 1e-3 * (high - low)
        if name == "T_N":
            # it may come very close to the highest ordered temperature before it is at it
            near_low = (1e-4 if cost.latent else 1e-6) * low
        if value - low < near_low:
            found[name] = low
        elif high - value < near_high:
            found[name] = high
    return found


def _with_minos(
    cost: LawCost, outcome: _Outcome, limits: Limits, held: Mapping[str, float]
) -> _Outcome:
    names = tuple(
        name for name in NAMES
        if name not in held and (name == "T_N" or name not in outcome.at_limit)
    )  # fmt: skip
    all_held = {**held, **outcome.at_limit}
    found = minos_errors(cost, outcome.minimum, limits, all_held, names)
    return _Outcome(found.minimum, outcome.at_limit, found.intervals, outcome.notes + found.notes)


def _with_common(
    cost: LawCost, outcome: _Outcome, limits: Limits, held: Mapping[str, float]
) -> _Outcome:
    """The errors with what all runs share added in quadrature."""
    minimum = outcome.minimum
    if not cost.points.common or minimum.covariance is None or not minimum.valid:
        return outcome
    shifts = common_shifts(cost, minimum, limits, {**held, **outcome.at_limit})
    covariance = minimum.covariance.copy()
    intervals = dict(outcome.intervals)
    for moved in shifts.values():
        vector = np.array([moved[name] for name in minimum.free])
        covariance += np.outer(vector, vector)
        for name, shift in moved.items():
            sides = intervals.get(name)
            if sides is not None:
                intervals[name] = (-math.hypot(sides[0], shift), math.hypot(sides[1], shift))
    return replace(
        outcome,
        minimum=replace(minimum, covariance=covariance),
        intervals=intervals,
        common=shifts,
    )


def _beta_for_alpha(
    cost: LawCost, limits: Limits, outcome: _Outcome, held: Mapping[str, float]
) -> tuple[BetaForAlpha, ...]:
    """The beta at each of ALPHAS; each fit starts where that of the nearest exponent ended."""
    minimum = outcome.minimum
    done = {minimum.values[NAMES.index("alpha")]: minimum}
    for alpha in sorted(ALPHAS, key=lambda alpha: abs(alpha - minimum.values[3])):
        if alpha in done and "alpha" in held:
            continue
        near = done[min(done, key=lambda other: abs(other - alpha))].values
        found = lowest(cost, limits, {"alpha": alpha}, near=near, tries=0)
        done[alpha] = found if found.valid else lowest(cost, limits, {"alpha": alpha}, near=near)
    rows = []
    for alpha in ALPHAS:
        settled = _at_limits(cost, done[alpha], limits, {"alpha": alpha})
        sound, stuck = settled.minimum, tuple(settled.at_limit)
        if held.get("alpha") == alpha:  # what ended at a limit is no longer free in it
            stuck = tuple(outcome.at_limit)
        _, T_N, beta, _ = sound.values
        error = sound.errors.get("beta", math.nan)
        rows.append(BetaForAlpha(alpha, beta, error, T_N, sound.chi2, stuck))
    return tuple(rows)


def judge(
    minimum: Minimum, at_limit: Mapping[str, float], limits: Limits, points: OrderPoints
) -> tuple[bool, str]:
    """Whether the numbers may be used, and why not."""
    if not minimum.valid:
        return False, minimum.reason
    for name, value in at_limit.items():
        physical = name == "T_N" and (value == limits["T_N"][0] or value == bound_above(points))
        if not physical:
            called = points.quantity.called(name)
            return False, f"the points do not determine {called}: it ended at its limit {value:.5g}"
    if minimum.covariance is None:
        return False, "the covariance is singular"
    return True, ""


def _result(
    cost: LawCost, parameter: str, held: Mapping[str, float], limits: Limits,
    choice: Method, outcome: _Outcome, beside: tuple[BetaForAlpha, ...],
) -> OrderParameter:  # fmt: skip
    minimum, at_limit = outcome.minimum, outcome.at_limit
    points, n_free = cost.points, len(NAMES) - len(held)
    size = len(minimum.free)
    valid, reason = judge(minimum, at_limit, limits, points)
    covariance, quantity = minimum.covariance, points.quantity
    parameters = (
        LawParameter(
            called, value, minimum.errors.get(name, math.nan), unit, outcome.intervals.get(name),
            name in held, name in at_limit,
        )
        for name, called, value, unit in zip(
            NAMES, quantity.names, minimum.values, quantity.units, strict=True
        )
    )  # fmt: skip
    return OrderParameter(
        *parameters,
        names=tuple(map(quantity.called, minimum.free)),
        covariance=np.full((size, size), np.nan) if covariance is None else covariance,
        chi2=minimum.chi2,
        ndof=len(points) - n_free,
        valid=valid,
        reason=reason,
        method=choice.name,
        method_reason=choice.reason,
        points=points,
        T_N_limits=limits["T_N"],
        bound=bound_text(cost, limits),
        beta_for_alpha=beside,
        notes=(
            *choice.notes, *quality_notes(points, limits, minimum.chi2, n_free), *outcome.notes,
        ),
        parameter=parameter,
        common={
            source: {quantity.called(name): shift for name, shift in moved.items()}
            for source, moved in outcome.common.items()
        },
    )  # fmt: skip


def _empty(
    points: OrderPoints, parameter: str, held: Mapping[str, float], reason: str
) -> OrderParameter:
    quantity = points.quantity
    return OrderParameter(
        *(
            LawParameter(name, math.nan, math.nan, unit)
            for name, unit in zip(quantity.names[:3], quantity.units[:3], strict=True)
        ),
        LawParameter("alpha", held.get("alpha", math.nan), math.nan, fixed="alpha" in held),
        names=(),
        covariance=np.empty((0, 0)),
        chi2=math.nan,
        ndof=len(points) - (len(NAMES) - len(held)),
        valid=False,
        reason=reason,
        method="naive",
        method_reason="no fit",
        points=points,
        T_N_limits=(math.nan, math.nan),
        bound="T_N is not bounded by a fit",
        parameter=parameter,
    )
