"""Where the next run of a scan is best measured, and what it is expected to bring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from musrcu.analysis.scan_result import Scan
from musrcu.containers.arrays import FloatArray
from musrcu.containers.numbers import is_number
from musrcu.errors import FitError, nearest
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import OrderParameter
from musrcu.planning.knowledge import Knowledge, knowledge_of
from musrcu.planning.line_error import LineError
from musrcu.planning.outcomes import Errors, Expected, Trial, draw, expected, present
from musrcu.planning.result import TARGETS, Plan, PlanRow
from musrcu.planning.statistics import Statistics, statistics_of

CANDIDATES = 41
"""Temperatures that are looked at where none are given."""
_BEYOND = 4.0
"""Errors of T_N above T_N up to which candidates reach."""

_MOST = 1e15
"""Of events, hours and rates: no beam gives more."""
_FAR = 2.0
"""Candidates in units of T_N above which a unit is taken to be wrong."""


def plan(
    source: Scan | OrderParameter,
    *,
    target: str = "T_N",
    events: float | None = None,
    hours: float | None = None,
    rate: float | None = None,
    candidates: Sequence[float] | None = None,
    temperature_error: float | None = None,
    run_events: float | None = None,
) -> Plan:
    """Where one more run lowers the error of T_N or beta most, and to what.

    A run with n events at T would give its frequency with an error that follows from the fitted
    runs next to T, scaled by 1/sqrt(n); towards T_N it goes on as it grew among the last of them.
    Everything that nu0, T_N and beta may be by the likelihood of the points so far is drawn, the
    run's outcome with it (a frequency, or no order, which bounds T_N from above), and the errors
    after each outcome are averaged. Close to T_N, where the Fisher information of the law diverges
    and errors are not normal, this stays right.

    Parameters
    ----------
    source : a Scan with a valid order parameter, or that of points alone, with ``run_events``.
    target : ``T_N`` or ``beta``: what the best temperature is best for.
    events : all counts that the run will have; None takes ``hours``, or what the median run has.
    hours : duration of the run, instead of ``events``.
    rate : events per hour; None takes what the files of the scan say.
    candidates : K; None takes 41 from the coldest ordered run to beyond T_N, densest there.
    temperature_error : K, error of the run's mean temperature; None takes that of its neighbours.
    run_events : events of each run so far; None counts them in the files.

    Returns
    -------
    Plan, whose ``best`` is the recommended run.

    Raises
    ------
    FitError if the scan has no valid order parameter, or an argument cannot be used.
    """
    order = _order_of(source)
    _refuse_target(target)
    for name, number in (("events", events), ("hours", hours), ("rate", rate),
                         ("run_events", run_events)):  # fmt: skip
        _refuse_number(name, number)
    points = order.points
    known = statistics_of(source if isinstance(source, Scan) else None, points, run_events)
    if not np.isfinite(known.events).any():
        why = "none of its files can be read" if isinstance(source, Scan) else "points have none"
        raise FitError(
            f"the events of no ordered run are known, {why}; give those of one run as run_events"
        )
    rate = known.rate if rate is None else rate
    planned = _events(events, hours, rate, known)
    lines = LineError.of(points, known.events, known.needed)
    knowledge = knowledge_of(order)
    places = _candidates(order, knowledge, candidates)
    errors = _temperature_errors(points, places, temperature_error)
    draws = draw(knowledge)
    now = present(knowledge)
    rows = [
        _row(Trial(T, T_error, planned), order,
             expected(knowledge, draws, lines, Trial(T, T_error, planned)), now)
        for T, T_error in zip(places.tolist(), errors.tolist(), strict=True)
    ]  # fmt: skip
    return Plan(
        rows=tuple(rows),
        target=target,
        events=planned,
        rate=rate,
        T_N=order.T_N.value,
        T_N_error=_with_common(order, "T_N", now.T_N),
        beta=order.beta.value,
        beta_error=_with_common(order, "beta", now.beta),
        saturation=order.saturation.value,
        saturation_error=_with_common(order, points.quantity.saturation, now.nu0),
        points=points,
        assumptions=_assumptions(order, known, errors, rate, temperature_error, run_events),
    )


def _order_of(source: Any) -> OrderParameter:
    """The order parameter to plan with."""
    if not isinstance(source, (Scan, OrderParameter)):
        raise FitError(
            f"a plan is made for a Scan or an OrderParameter, not for {type(source).__name__}"
        )
    order = source.order if isinstance(source, Scan) else source
    if order is None:
        raise FitError(
            "the scan has no order parameter to plan with; fit one: "
            "scan.with_order(mu.fit_order_parameter(scan))"
        )
    if not order.valid:
        raise FitError(f"no plan without a valid order parameter: {order.reason}")
    return order


def _refuse_target(target: str) -> None:
    if target not in TARGETS:
        raise FitError(f"target {target!r} is not one of {', '.join(TARGETS)}"
                       f"{nearest(str(target), TARGETS)}")  # fmt: skip


def _refuse_number(name: str, number: float | None) -> None:
    if number is not None and not (is_number(number) and 0 < number <= _MOST):
        raise FitError(f"{name} = {number!r}; expected a number above 0, up to {_MOST:.0e}")


def _events(
    events: float | None, hours: float | None, rate: float | None, known: Statistics
) -> float:
    """Events of the planned run."""
    if events is not None and hours is not None:
        raise FitError("events and hours both say how long the run is; give one of them")
    if hours is not None and rate is None:
        raise FitError("no file of the scan says how long it took; give the rate, or events")
    if hours is not None and rate is not None:
        return hours * rate
    return float(np.nanmedian(known.events)) if events is None else float(events)


def _candidates(
    order: OrderParameter, knowledge: Knowledge, given: Sequence[float] | None
) -> FloatArray:
    """(n,) K, ascending."""
    if given is not None:
        listed: Any = given
        if isinstance(listed, str) or not all(map(is_number, listed)):
            raise FitError(f"candidates = {given!r}; expected temperatures in K")
        places = np.unique(np.array(given, dtype=float))
        wrong = ~(np.isfinite(places) & (places > 0))
        if not places.size or wrong.any():
            found = "none" if not places.size else f"{places[wrong][0]:g} K"
            raise FitError(f"candidates: expected temperatures above 0 K, found {found}")
        if places[-1] > _FAR * order.T_N.value:
            raise FitError(
                f"candidates: {places[-1]:g} K is far above T_N = {order.T_N.value:.4g} K; "
                "temperatures are in K"
            )
        return places
    coldest = float(order.points.temperature.min())
    T_N, spread = order.T_N.value, present(knowledge).T_N
    hottest = min(T_N + _BEYOND * spread, float(knowledge.T_N.max()))
    near = T_N - _BEYOND * spread
    if near <= coldest:
        return np.linspace(coldest, hottest, CANDIDATES)
    third = CANDIDATES // 3
    away = T_N - np.geomspace(T_N - coldest, T_N - near, third, endpoint=False)
    even = np.linspace(coldest, near, third, endpoint=False)
    close = np.linspace(near, hottest, CANDIDATES - 2 * third)
    return np.unique(np.concatenate([even, away, close]))


def _temperature_errors(points: OrderPoints, places: FloatArray, given: float | None) -> FloatArray:
    """(n,) K, error of the mean temperature at each place: that of the runs next to it."""
    if given is not None:
        if not (is_number(given) and given >= 0):
            raise FitError(f"temperature_error = {given!r}; expected kelvin, 0 or above")
        return np.full(len(places), float(given))
    errors = points.temperature_error
    if errors is None or np.isnan(errors).all():
        return np.zeros(len(places))
    order = np.argsort(points.temperature, kind="stable")
    order = order[np.isfinite(errors[order])]
    return np.interp(places, points.temperature[order], errors[order])


def _with_common(order: OrderParameter, name: str, error: float) -> float:
    """With what all runs share, which no further run of the same kind lowers."""
    return math.hypot(error, *(moved.get(name, 0.0) for moved in order.common.values()))


def _row(trial: Trial, order: OrderParameter, found: Expected, now: Errors) -> PlanRow:
    after = found.errors
    saturation = order.quantity.saturation
    return PlanRow(
        temperature=trial.T,
        temperature_error=trial.T_error,
        ordered=found.ordered,
        unseen=found.unseen,
        value=found.nu,
        value_error=found.nu_error,
        saturation_error=_with_common(order, saturation, after.nu0),
        T_N_error=_with_common(order, "T_N", after.T_N),
        beta_error=_with_common(order, "beta", after.beta),
        saturation_information=_gained(now.nu0, after.nu0, trial),
        T_N_information=_gained(now.T_N, after.T_N, trial),
        beta_information=_gained(now.beta, after.beta, trial),
    )


def _gained(before: float, after: float, trial: Trial) -> float:
    """1/variance gained per million events of a run; by chance an outcome may bring less than 0."""
    return max(after**-2 - before**-2, 0.0) / (trial.events / 1e6)


def _assumptions(
    order: OrderParameter, known: Statistics, errors: FloatArray, rate: float | None,
    temperature_error: float | None, run_events: float | None,
) -> tuple[str, ...]:  # fmt: skip
    """What was taken as known, in words."""
    counted = known.events[np.isfinite(known.events)]
    symbol = order.quantity.symbol
    where = "as given" if run_events is not None else "counted in their files"
    lines = [
        f"error of {symbol}: that of the fitted runs next to T for as many events, growing on "
        f"towards T_N; their events ({counted.min() / 1e6:.4g} to {counted.max() / 1e6:.4g} "
        f"million) {where}"
    ]
    how = "as given" if temperature_error is not None else "as in the runs next to it"
    if errors.any():
        span = dict.fromkeys(f"{1e3 * error:.2g}" for error in (errors.min(), errors.max()))
        lines.append(f"error of the temperature: {' to '.join(span)} mK, {how}")
    else:
        lines.append("error of the temperature: none known, taken as exact")
    if rate is None:
        lines.append("rate: not known, no file says how long it took")
    else:
        lines.append(f"rate: {rate / 1e6:.4g} million events per hour")
    alpha = f"held at {order.alpha.value:g}" if order.alpha.fixed else "free"
    lines.append(f"law: alpha {alpha}, method {order.method}")
    return tuple(lines)
