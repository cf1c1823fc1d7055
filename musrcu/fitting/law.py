"""A law of temperature or field fitted to a table: rates, widths or frequencies of many runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.constants import BOLTZMANN, GAMMA_MU
from musrcu.errors import FitError
from musrcu.fitting.bounded import bounded_minimum
from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.doubts import poor
from musrcu.fitting.freedom import Freedom, Limits, settle
from musrcu.fitting.minimise import descend
from musrcu.fitting.outcome import fitted_result
from musrcu.fitting.own_functions import methods, prepare, recheck
from musrcu.fitting.result import FitResult
from musrcu.fitting.start import NEAR_TIE, Start, find_starts
from musrcu.models.field_laws import HYPERFINE_FIELD
from musrcu.models.model import Model, as_model

FloatArray = NDArray[np.float64]

_SCALES: Mapping[tuple[str, str], Callable[[float], tuple[float, ...]]] = {
    ("T", "K"): lambda T: (T,),
    ("T", "meV"): lambda T: (2 * BOLTZMANN * T, 8 * BOLTZMANN * T),
    ("B", "1/us"): lambda B: (GAMMA_MU * B,),
    ("B", "MHz"): lambda B: (B / HYPERFINE_FIELD,),
}
"""Start values of a parameter, by the variable and the unit, from where the data lie."""
NEIGHBOURS = 6
"""Gaps between the values of a table in which a transition is looked for."""


class _TableCost(AsymmetryCost):
    """Chi-square of the values of a table."""

    name = "chi-square of a table"


def fit_law(
    x: ArrayLike,
    y: ArrayLike,
    error: ArrayLike,
    law: Model | str,
    *,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    limits: Mapping[str, Limits] | None = None,
    ties: Mapping[str, str] | None = None,
) -> FitResult:
    """Fit of a law to a table of values with errors, minimised by Minuit with analytic gradients.

    chi2 = sum [(y_k - f(x_k)) / error_k]^2; errors of the result are those of the Hessian at the
    minimum and are never rescaled. For nu0, T_N and beta with all that is known of a scan, use
    :func:`musrcu.fit_order_parameter`.

    Parameters
    ----------
    x : (n,) temperatures, K, or fields, G.
    y : (n,) values, in any unit: the law's own parameters have it too.
    error : (n,) standard deviations of y, above zero; one number holds for all.
    law : a law, or a sum of laws and a constant: ``"critical_divergence + constant"``.
    start, fixed, limits, ties : by names of parameters, as in :func:`musrcu.fit`.

    Returns
    -------
    FitResult; ``result.curve(x)`` is the law. It is not valid, with a reason, where there is no
    minimum or parameters cannot be told apart.

    Raises
    ------
    ModelError or FitError where the request itself cannot be set up.
    """
    model = as_model(law)
    if model.variable == "t":
        raise FitError(
            f"{model.expression!r} is a function of time; fit_law takes a law, fit a run"
        )
    table = _table(x, y, error)
    freedom = settle(_seeded(model, table[0]), start, fixed, limits, ties)
    if not freedom.free.size:
        raise FitError("every parameter is fixed or tied; free at least one")
    if table[0].size <= freedom.free.size:
        raise FitError(f"{table[0].size} values for {freedom.free.size} free parameters")
    prepare(freedom, table[0])
    result = _fit(_TableCost(*table, freedom), freedom)
    recheck(freedom.model, table[0], result.values)
    return result


def _fit(cost: AsymmetryCost, freedom: Freedom) -> FitResult:
    starts = find_starts(cost)
    if not starts:
        raise FitError(f"{freedom.model.expression!r}: no start values give a finite chi-square")
    begun, notes = _across_values(cost, starts[0])
    minimum, freedom, at_limit = bounded_minimum(cost, begun.x)
    jacobian, covariance = freedom.jacobian(freedom.expand(minimum.x)), minimum.covariance
    if covariance is not None:
        covariance = jacobian @ covariance @ jacobian.T
    reason = minimum.reason or ("" if covariance is not None else "the covariance is singular")
    names = freedom.model.names
    notes += [f"{names[k]} is at its limit, held there" for k in sorted(at_limit)]
    notes += [*methods(freedom.model), *poor(minimum.chi2, cost.ndof)]
    begin = dict(zip((names[k] for k in cost.free), begun.x.tolist(), strict=True))
    return fitted_result(
        None, cost, freedom, minimum,
        covariance=covariance, at_limit=at_limit, intervals={}, reason=reason,
        notes=tuple(notes), start=begin, alternative=None,
    )  # fmt: skip


def _across_values(cost: AsymmetryCost, best: Start) -> tuple[Start, list[str]]:
    """The best start with a transition on the other side of some values, and what is nearly it.

    Where a law has an edge, chi-square has a minimum of its own between any two temperatures.
    """
    model = cost.freedom.model
    gaps = 0.5 * (cost.time[1:] + cost.time[:-1])
    notes: list[str] = []
    for k, place in enumerate(cost.free):
        parameter = model.parameters[place]
        if model.variable != "T" or parameter.unit != "K":
            continue
        lower, upper = cost.freedom.lower[place], cost.freedom.upper[place]
        found = [best]
        for value in gaps[np.argsort(np.abs(gaps - best.x[k]))[:NEIGHBOURS]]:
            x = best.x.copy()
            x[k] = np.clip(value, lower, upper)
            found.append(Start(*descend(cost, x, tolerance=1e-3)))
        found.sort(key=lambda start: start.chi2)
        best = found[0]
        sides = np.searchsorted(cost.time, [start.x[k] for start in found])
        for side, other in zip(sides, found, strict=True):
            if side != sides[0] and other.chi2 < best.chi2 + NEAR_TIE:
                notes.append(
                    f"a second minimum at {parameter.name} = {other.x[k]:.4g} K is only "
                    f"{other.chi2 - best.chi2:.1f} worse in chi-square"
                )
                break
    return best, notes


def _table(
    x: ArrayLike, y: ArrayLike, error: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The three columns, sorted by x."""
    columns = [np.asarray(column, dtype=float) for column in (x, y, error)]
    if columns[2].ndim == 0:
        columns[2] = np.full(columns[1].shape, columns[2])
    if columns[0].ndim != 1 or len({column.shape for column in columns}) > 1:
        shapes = ", ".join(str(column.shape) for column in columns)
        raise FitError(f"x, y and error have the shapes {shapes}; expected three equal columns")
    if not all(np.isfinite(column).all() for column in columns) or (columns[2] <= 0).any():
        raise FitError("x, y and error hold what is no number, or an error that is not above 0")
    order = np.argsort(columns[0], kind="stable")
    return columns[0][order], columns[1][order], columns[2][order]


def _seeded(model: Model, x: FloatArray) -> Model:
    """The model with trial values from the range of the data where a unit tells their scale."""
    seeded = Model(model.expression)
    above = x[x > 0]
    places: list[float] = []
    if above.size:  # a transition may lie outside the data, just below or above them
        inner = np.unique(np.quantile(above, (0.2, 0.5, 0.8, 0.97))).tolist()
        places = [*inner, 0.97 * float(above[0]), 1.03 * float(above[-1])]
    found = []
    for parameter in model.parameters:
        scale = _SCALES.get((model.variable, parameter.unit))
        if scale is not None and parameter.kind == "plain" and places:
            seeds = tuple(seed for place in places for seed in scale(place))
            parameter = dataclasses.replace(parameter, seeds=seeds)
        found.append(parameter)
    seeded.parameters = tuple(found)
    return seeded
