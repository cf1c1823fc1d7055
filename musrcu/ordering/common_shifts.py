"""What the runs of a scan share: one thing known within an error moves all frequencies at once.

A fit with alpha known to sigma has the frequency of its run correlated with alpha. At fixed alpha
the frequencies of the runs are independent; the common part goes through the order-parameter law as
a whole, and its effect on nu0, T_N and beta is added in quadrature to their other errors. The same
holds for what a user says is known of parameters of all runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence, Set

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.fitting.result import FitResult
from musrcu.notation import bracket
from musrcu.ordering.minimum import NAMES, LawCost, Limits, Minimum, lowest
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
    cost: LawCost, minimum: Minimum, limits: Limits, held: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """By source and parameter, how far one sigma of what the runs share moves the law.

    Half the difference of the fits with all frequencies moved up and down together; in the unit of
    each parameter that is free.
    """
    found = {}
    points = cost.points
    for source, shift in points.common.items():
        ends = []
        for sign in (1.0, -1.0):
            moved: OrderPoints = dataclasses.replace(points, value=points.value + sign * shift)
            there = LawCost(moved, latent=cost.latent)
            ends.append(lowest(there, limits, held, near=minimum.values, tries=0).values)
        found[source] = {
            name: 0.5 * (up - down)
            for name, up, down in zip(NAMES, *ends, strict=True)
            if name in minimum.free
        }
    return found
