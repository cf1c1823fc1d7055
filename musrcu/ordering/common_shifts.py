"""What the runs of a scan share: one thing known within an error moves all frequencies at once.

A fit with alpha known to sigma has the frequency of its run correlated with alpha. At fixed alpha
the frequencies of the runs are independent; the common part goes through the order-parameter law as
a whole, and its effect on nu0, T_N and beta is added in quadrature to their other errors. The same
holds for what a user says is known of parameters of all runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.fitting.result import FitResult
from musrcu.notation import bracket
from musrcu.ordering.minimum import NAMES, LawCost, Limits, Minimum, law_limits, lowest
from musrcu.ordering.points import OrderPoints

CALIBRATED = frozenset({"alpha", "detector_beta"})
"""Parameters that one calibration gives to all runs; backgrounds are measured run by run."""


def at_what_is_known(
    fits: Sequence[FitResult], parameter: str, shared: Set[str] = CALIBRATED
) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
    """Values of a parameter where what all runs share is as known, their independent errors, and
    the common part.

    With V the covariance of a fit, c the shared parameters, k = V[nu, c] V[c, c]^-1, and c0
    +- sigma what is known of them:

        nu at c0 = nu + k (c0 - c),   error^2 = V[nu, nu] - k V[c, c] k^T,

    and k sigma are the common shifts.

    Parameters
    ----------
    fits : of the runs.
    parameter : whose values are wanted.
    shared : names of the constrained parameters of which one knowledge serves all runs.

    Returns
    -------
    (value, error, common): (n_fits,) each, in the unit of the parameter; ``common`` by source, such
    as ``alpha = 1.08(2)``, 0 for runs of which something else is known.
    """
    values = np.empty(len(fits))
    errors = np.empty(len(fits))
    common: dict[str, FloatArray] = {}
    for row, fit in enumerate(fits):
        nu = fit[parameter]
        values[row], errors[row] = _number(nu.value), _number(nu.error)
        known = {
            name: one.constraint
            for name, one in fit.parameters.items()
            if name in shared and one.constraint is not None and one is not nu
        }
        if not known or fit.covariance is None:
            continue
        slope, taken_off = _slope(fit, nu.name, tuple(known))
        off = [known[name][0] - _number(fit.parameters[name].value) for name in known]
        values[row] += float(slope @ off)
        errors[row] = np.sqrt(max(errors[row] ** 2 - taken_off, 0.0)) or errors[row]
        for by, (name, (value, sigma)) in zip(slope, known.items(), strict=True):
            source = f"{name} = {bracket(value, sigma)}"
            common.setdefault(source, np.zeros(len(fits)))[row] = by * sigma
    return values, errors, common


def _slope(fit: FitResult, parameter: str, known: tuple[str, ...]) -> tuple[FloatArray, float]:
    """How far the parameter follows each that is known, and the part of its variance from them."""
    assert fit.covariance is not None
    place = fit.names.index(parameter)
    others = [fit.names.index(name) for name in known]
    across = fit.covariance[place, others]
    slope = np.linalg.pinv(fit.covariance[np.ix_(others, others)], hermitian=True) @ across
    return slope, float(slope @ across)


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def common_shifts(
    cost: LawCost, minimum: Minimum, limits: Limits, held: Mapping[str, float],
    *, thermometer_offset: float = 0.0,
) -> dict[str, dict[str, float]]:  # fmt: skip
    """By source, how far one sigma of what the runs share moves the law.

    Half the difference of the fits with all frequencies, or all temperatures, moved up and down
    together; in the unit of each parameter that is free. To first order that is what a nuisance
    parameter with a Gaussian prior adds to the errors.

    Parameters
    ----------
    thermometer_offset : error of an offset of all temperatures, K.
    """
    points = cost.points
    moves: dict[str, Callable[[float], OrderPoints]] = {
        source: partial(_moved_values, points, shift) for source, shift in points.common.items()
    }
    if thermometer_offset > 0:
        source = f"thermometer offset {thermometer_offset:g} K"
        moves[source] = partial(_moved_temperatures, points, thermometer_offset)
    return {source: _shifts(cost, minimum, limits, held, moved) for source, moved in moves.items()}


def _shifts(
    cost: LawCost, minimum: Minimum, limits: Limits, held: Mapping[str, float],
    moved: Callable[[float], OrderPoints],
) -> dict[str, float]:  # fmt: skip
    """Half the difference of the laws of points moved up and down; T_N moves with its limits."""
    found = dict.fromkeys(minimum.free, 0.0)
    for sign in (0.5, -0.5):
        there = cost.on(moved(2 * sign))
        ends, fixed = law_limits(there), dict(held)
        ends |= {name: limits[name] for name in ends if name != "T_N"}
        if "T_N" in held:
            by = _moved_end(held["T_N"], _ends(cost, limits), _ends(there, ends))
            fixed["T_N"] += by
            if by:
                found["T_N"] = found.get("T_N", 0.0) + sign * by
        values = lowest(there, ends, fixed, near=minimum.values, tries=0).values
        for name in minimum.free:
            found[name] += sign * values[NAMES.index(name)]
    return found


def _ends(cost: LawCost, limits: Limits) -> tuple[float, ...]:
    """Where a fit may have held T_N: at a limit, or at a run without order."""
    return (*limits["T_N"], *(() if cost.censored is None else cost.censored.walls))


def _moved_end(value: float, before: tuple[float, ...], after: tuple[float, ...]) -> float:
    """How far a T_N held at one of these places goes with it; 0 where it is at none."""
    return next((new - old for old, new in zip(before, after, strict=True) if value == old), 0.0)


def _moved_values(points: OrderPoints, shift: FloatArray, sign: float) -> OrderPoints:
    return dataclasses.replace(points, value=points.value + sign * shift)


def _moved_temperatures(points: OrderPoints, offset: float, sign: float) -> OrderPoints:
    """The points, and the runs without order, had the thermometer read otherwise."""
    by = sign * offset
    return dataclasses.replace(
        points,
        temperature=np.maximum(points.temperature + by, 0.0),
        upper_bound=None if points.upper_bound is None else max(points.upper_bound + by, 0.0),
        not_ordered=tuple(max(T + by, 0.0) for T in points.not_ordered),
    )
