"""From a minimum to the record of a fit."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.history import History
from musrcu.fitting.cost import Cost
from musrcu.fitting.data import Data
from musrcu.fitting.fitted import Fitted, number
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.minimise import Minimum
from musrcu.fitting.result import FitResult

FloatArray = NDArray[np.float64]


def fitted_result(
    data: Data | None,
    cost: Cost,
    freedom: Freedom,
    minimum: Minimum,
    *,
    covariance: FloatArray | None,
    at_limit: frozenset[int],
    intervals: Mapping[str, tuple[float, float]],
    reason: str,
    notes: tuple[str, ...],
    start: Mapping[str, float],
    alternative: FitResult | None,
) -> FitResult:
    """The record of a fit that reached a minimum, its signs and phases in normal form.

    ``data`` is None where the fit is that of a table, which belongs to no run.
    """
    model, full = freedom.model, freedom.expand(minimum.x)
    # What a tie relates keeps its signs: the tie holds for the values that are reported.
    related = {model.index(name) for tie in freedom.ties.values() for name in tie.names}
    held = (freedom.fixed - at_limit) | freedom.ties.keys() | related
    values, signs = model.normal_form(full, held | _out_of_limits(freedom, full, held))
    if covariance is not None:
        covariance = covariance * np.outer(signs, signs)
    parameters = {}
    for k, parameter in enumerate(model.parameters):
        error = None if covariance is None else number(float(np.sqrt(covariance[k, k]))) or None
        interval = intervals.get(parameter.name)
        if interval is not None and signs[k] < 0:
            interval = (-interval[1], -interval[0])
        parameters[parameter.name] = Fitted(
            parameter.name, number(float(values[k])), error, parameter.unit,
            k in freedom.fixed - at_limit, k in at_limit, interval,
            freedom.ties[k].text if k in freedom.ties else None, _limits(freedom, k),
            cost.prior.known.get(k),
        )  # fmt: skip
    return FitResult(
        model=model.expression, parameters=parameters, covariance=covariance,
        chi2=number(minimum.chi2), ndof=cost.ndof, excess=cost.excess(full), cost=cost.name,
        valid=not reason, reason=reason, notes=notes, alternative=alternative, start=start,
        **({"n_bins": cost.size, "versions": versions()} if data is None else identity(data)),
    )  # fmt: skip


def _out_of_limits(freedom: Freedom, full: FloatArray, held: Set[int]) -> set[int]:
    """Phases whose normal form would leave the limits of the phase, frequency or amplitude."""
    values, _ = freedom.model.normal_form(full, held)
    phases = set()
    for term, nu, phi in freedom.model.oscillations():
        amplitude = freedom.model.terms[term].amplitude
        places = [k for k in (nu, phi, amplitude) if k is not None]
        if any(not freedom.lower[k] <= values[k] <= freedom.upper[k] for k in places):
            phases.add(phi)
    return phases


def _limits(freedom: Freedom, k: int) -> tuple[float | None, float | None] | None:
    """Limits of a parameter, None for an open end; None where both are open."""
    low, high = number(float(freedom.lower[k])), number(float(freedom.upper[k]))
    return None if low is None and high is None else (low, high)


def unfitted_result(data: Data, cost: Cost, freedom: Freedom, reason: str) -> FitResult:
    """The record of a fit that could not begin, and why."""
    parameters = {
        p.name: Fitted(
            p.name, number(float(freedom.start[k])) if k in freedom.fixed else None, None, p.unit,
            k in freedom.fixed,
        )
        for k, p in enumerate(freedom.model.parameters)
    }  # fmt: skip
    return FitResult(
        model=freedom.model.expression, parameters=parameters, covariance=None, chi2=None,
        ndof=cost.ndof, cost=cost.name, valid=False, reason=reason,
        **identity(data),
    )  # fmt: skip


def identity(data: Data) -> dict[str, Any]:
    """What was fitted, and with what: the entries every record shares."""
    run = data.run
    first_last = None
    if data.time.size:
        first_last = (float(data.time[0]), float(data.time[-1]))
    return {
        "t_range": first_last,
        "n_bins": int(data.time.size),
        "n_dropped": data.dropped,
        "average_bins": data.averaged,
        "run": run.number,
        "name": data.name,
        "cost_reason": data.why,
        "temperature": run.temperature.value,
        "temperature_error": run.temperature.error,
        "reduction": describe(data.history),
        "versions": versions(),
    }


def describe(history: History) -> dict[str, Any]:
    """A history as plain data: ``{stage: {note, option: value}}``."""
    return {
        step.stage: ({"note": step.note} if step.note else {}) | dict(step.options)
        for step in history
    }


def versions() -> dict[str, str]:
    """Versions of what computed a result."""
    import iminuit

    from musrcu import __version__

    return {"musrcu": __version__, "numpy": np.__version__, "iminuit": iminuit.__version__}
