"""From frequencies against temperature to nu0, T_N and beta: the order parameter of a scan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from musrcu.errors import FitError
from musrcu.ordering.kelvin import bracket_text, scale_notes, two_scales
from musrcu.ordering.method import (
    Exponent,
    Method,
    Treatment,
    choose_method,
    held_alpha,
    too_little,
)
from musrcu.ordering.minimum import NAMES, LawCost, Limits, law_limits, lowest
from musrcu.ordering.notes import bound_text, censored_notes, quality_notes
from musrcu.ordering.outcome import (
    Outcome,
    at_limits,
    beta_for_alpha,
    judge,
    with_common,
    with_minos,
)
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.refit import cost_on, held_in
from musrcu.ordering.result import BetaForAlpha, LawParameter, OrderParameter
from musrcu.ordering.source import HasPoints, points_of

__all__ = [
    "OrderParameter",
    "OrderPoints",
    "constrained_chi2",
    "fit_order_parameter",
    "likelihood_root",
]


def fit_order_parameter(
    source: OrderPoints | HasPoints,
    *,
    parameter: str = "nu2",
    alpha: Exponent = 3.0,
    method: str = "auto",
    above: str = "bound",
    nu_det: float | None = None,
    thermometer_offset: float = 0.0,
    minos: bool = True,
    unit: str | None = None,
    temperature_range: tuple[float, float] | None = None,
) -> OrderParameter:
    """nu0, T_N and beta of nu(T) = nu0 [1 - (T/T_N)^alpha]^beta from the ordered runs of a scan.

    A ``naive`` or ``effective`` fit has T_N above the highest ordered temperature; a ``latent`` one
    above the latent (true) temperature of every run to which the law gives a frequency, which may
    be lower than the measured one. Runs without order bound T_N from above, or enter as censored
    terms; those that are undecided are left out and listed.

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
    method : which errors count. ``naive``: of frequencies only; ``latent``: also of temperatures,
        each run with a true temperature of its own; ``effective``: of temperatures through the
        slope of the law, s^2 = sigma_nu^2 + (dnu/dT sigma_T)^2, with the sum of ln s^2 in the cost,
        fast and biased by up to half an error; ``effective_plain``: without it, for comparison;
        ``auto``: latent where |dnu/dT| sigma_T exceeds sigma_nu/3 for any run, else naive.
    above : what runs without order do. ``bound``: T_N is not above the lowest of them plus two of
        its errors; ``censored``: each costs (nu(T)/nu_det)^2 where the law gives it a frequency,
        with a true temperature of its own where the error of its temperature is known.
    nu_det : MHz, the lowest frequency that censored runs would have shown (of an amplitude the
        smallest of those); None takes what the scan searched, or 0.3 MHz where nothing is known.
    thermometer_offset : K, error of an offset that all temperatures share; added to the errors of
        what it shifts, which is T_N.
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
    how = Treatment(method, above, nu_det, thermometer_offset)
    points = how.applied(points)
    reason = too_little(points, len(NAMES) - len(held)) or two_scales(points)
    if reason:
        return _empty(points, parameter, held, reason, how)
    choice = choose_method(points, held, how)
    cost = LawCost(points, method=choice.name, above=above)
    limits = law_limits(cost)
    minimum = lowest(cost, limits, held, near=None if choice.first is None else choice.first.values)
    outcome = at_limits(cost, minimum, limits, held)
    if minos and outcome.minimum.valid:
        outcome = with_minos(cost, outcome, limits, held)
    outcome = with_common(cost, outcome, limits, held, thermometer_offset)
    beside = beta_for_alpha(cost, limits, outcome, held)
    order = _result(cost, parameter, held, limits, choice, outcome, beside)
    return replace(order, thermometer_offset=float(thermometer_offset))


def constrained_chi2(
    source: OrderPoints | HasPoints,
    *,
    hold: Mapping[str, float],
    parameter: str = "nu2",
    alpha: Exponent = 3.0,
    method: str = "auto",
    above: str = "bound",
    nu_det: float | None = None,
) -> float:
    """The smallest chi2 with some parameters held at given values, such as ``{"T_N": 0.105}``.

    Arguments as in :func:`fit_order_parameter`; a held value may lie outside the limits of the fit.
    With effective variances the logarithms are part of it, with censored runs their terms, as in
    :attr:`OrderParameter.cost`.

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
    how = Treatment(method, above, nu_det)
    points = how.applied(points)
    choice = choose_method(points, held, how)
    cost = LawCost(points, method=choice.name, above=above)
    near = None if choice.first is None else choice.first.values
    return lowest(cost, law_limits(cost), held, near=near).chi2


def likelihood_root(order: OrderParameter, name: str, truth: float) -> float:
    """sign(fit - truth) sqrt(cost with ``name`` held at ``truth`` - cost of the fit).

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
    held = {**held_in(order), order.quantity.in_law(name): truth}
    cost = cost_on(order, order.points)
    found = lowest(cost, law_limits(cost), held, near=order.values, tries=1)
    root = math.copysign(math.sqrt(max(found.chi2 - order.cost, 0.0)), order[name].value - truth)
    shared = math.hypot(*(moved.get(name, 0.0) for moved in order.common.values()))
    error = order[name].error
    return root * math.sqrt(max(1 - (shared / error) ** 2, 0.0)) if shared else root


def _result(
    cost: LawCost, parameter: str, held: Mapping[str, float], limits: Limits,
    choice: Method, outcome: Outcome, beside: tuple[BetaForAlpha, ...],
) -> OrderParameter:  # fmt: skip
    minimum, at_limit = outcome.minimum, outcome.at_limit
    points, n_free = cost.points, len(NAMES) - len(held)
    size, chi2 = len(minimum.free), cost.chi2(minimum.values)
    valid, reason = judge(minimum, at_limit, limits, points)
    covariance, quantity = minimum.covariance, points.quantity
    saturation, T_N, beta, exponent = (
        LawParameter(
            called, value, minimum.errors.get(name, math.nan), unit, outcome.intervals.get(name),
            name in held, name in at_limit,
        )
        for name, called, value, unit in zip(
            NAMES, quantity.names, minimum.values, quantity.units, strict=True
        )
    )  # fmt: skip
    return OrderParameter(
        saturation, T_N, beta, exponent,
        names=tuple(map(quantity.called, minimum.free)),
        covariance=np.full((size, size), np.nan) if covariance is None else covariance,
        chi2=chi2,
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
            *choice.notes, *scale_notes(points), *quality_notes(points, limits, chi2, n_free),
            *censored_notes(cost, minimum.values), *outcome.notes,
        ),
        parameter=parameter,
        cost=minimum.chi2,
        above=cost.above,
        common={
            source: {quantity.called(name): shift for name, shift in moved.items()}
            for source, moved in outcome.common.items()
        },
    )  # fmt: skip


def _empty(
    points: OrderPoints, parameter: str, held: Mapping[str, float], reason: str, how: Treatment
) -> OrderParameter:
    quantity = points.quantity
    saturation, T_N, beta = (
        LawParameter(name, math.nan, math.nan, unit)
        for name, unit in zip(quantity.names[:3], quantity.units[:3], strict=True)
    )
    return OrderParameter(
        saturation,
        T_N,
        beta,
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
        bound=bracket_text(points),
        notes=points.doubts,
        parameter=parameter,
        above=how.above,
        thermometer_offset=float(how.thermometer_offset),
    )
