"""What the runs of a scan share: the error of one calibration moves all their frequencies at once.

A fit with alpha known to sigma has the frequency of its run correlated with alpha. At fixed alpha
the frequencies of the runs are independent; the common part goes through the order-parameter law as
a whole, and its effect on nu0, T_N and beta is added in quadrature to their other errors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from musrcu.analysis.order_minimum import NAMES, LawCost, Limits, Minimum, lowest
from musrcu.analysis.order_points import OrderPoints
from musrcu.containers.arrays import FloatArray
from musrcu.fitting.result import FitResult, Fitted
from musrcu.notation import bracket

SHARED = "alpha"
"""The parameter that one calibration gives to all runs."""


def at_calibration(
    fits: Sequence[FitResult], parameter: str
) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
    """Values of a parameter at the calibrated alpha, their independent errors, and the common part.

    With V the covariance of a fit, k = V[nu, alpha] / V[alpha, alpha], alpha0 +- sigma the
    calibration and a the fitted alpha:

        nu at alpha0 = nu + k (alpha0 - a),   error^2 = V[nu, nu] - k^2 V[alpha, alpha],

    and k sigma is the common shift.

    Returns
    -------
    (value, error, common): (n_fits,) each, in the unit of the parameter; ``common`` by source, such
    as ``alpha = 1.08(2)``, 0 for runs of another calibration.
    """
    values = np.empty(len(fits))
    errors = np.empty(len(fits))
    common: dict[str, FloatArray] = {}
    for row, fit in enumerate(fits):
        nu = fit[parameter]
        values[row], errors[row] = _number(nu.value), _number(nu.error)
        alpha = fit.parameters.get(SHARED)
        if alpha is None or alpha.constraint is None or fit.covariance is None:
            continue
        slope, variance = _slope(fit, nu, alpha)
        known, sigma = alpha.constraint
        values[row] += slope * (known - _number(alpha.value))
        errors[row] = np.sqrt(max(errors[row] ** 2 - slope**2 * variance, 0.0)) or errors[row]
        source = f"{SHARED} = {bracket(known, sigma)}"
        common.setdefault(source, np.zeros(len(fits)))[row] = slope * sigma
    return values, errors, common


def _slope(fit: FitResult, nu: Fitted, alpha: Fitted) -> tuple[float, float]:
    """How far the parameter follows alpha, and the variance of alpha in the fit."""
    assert fit.covariance is not None
    places = [fit.names.index(one.name) for one in (nu, alpha)]
    inner = fit.covariance[np.ix_(places, places)]
    variance = float(inner[1, 1])
    return (float(inner[0, 1]) / variance if variance > 0 else 0.0), variance


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
