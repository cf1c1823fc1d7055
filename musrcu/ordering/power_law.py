"""What the runs next to T_N alone say of the critical slope: nu = B (1 - T/T_N)^slope."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.notation import asymmetric, bracket
from musrcu.ordering.method import too_little
from musrcu.ordering.minimum import LawCost, Limits, Minimum, lowest
from musrcu.ordering.minos import minos_errors
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.refit import cost_on, refit
from musrcu.ordering.result import OrderParameter

POWER = 1.0
"""The alpha at which the law is a power of 1 - T/T_N."""


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """Fit of B (1 - T/T_N)^slope to some runs."""

    slope: float
    """NaN where the runs do not determine it."""
    error: float
    """One standard deviation from the covariance; NaN where T_N ended at its bound."""
    minos: tuple[float, float] | None
    """(low, high) of MINOS, low < 0 < high."""
    T_N: float
    """K, fitted or held."""
    T_N_error: float
    """K; NaN where held or at its bound."""
    chi2: float
    n_runs: int
    ndof: int
    valid: bool
    reason: str
    """Why the runs do not determine the slope; empty where they do."""
    by_T_N: tuple[float, float] | None = None
    """Where T_N is held: how far the slope moves with T_N one error lower and higher. Not part of
    the errors."""

    def __str__(self) -> str:
        if not self.valid:
            return f"no slope: {self.reason}"
        interval = "" if self.minos is None else asymmetric(self.slope, *self.minos)
        if math.isfinite(self.error):
            text = f"slope {bracket(self.slope, self.error)}"
            text += f"   MINOS: {interval}" if interval else ""
        else:
            text = f"slope {interval} (MINOS), T_N at its bound {self.T_N:.5g} K"
        if self.by_T_N is not None:
            low, high = self.by_T_N
            text += f"; {_moved(low, high)}"
        elif math.isfinite(self.T_N_error):
            text += f", T_N = {bracket(self.T_N, self.T_N_error, 'K')}"
        return f"{text} ({self.n_runs} runs)"

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; what is not known is null."""
        numbers = {
            name: getattr(self, name) if math.isfinite(getattr(self, name)) else None
            for name in ("slope", "error", "T_N", "T_N_error", "chi2")
        }
        return {
            **numbers,
            "minos": None if self.minos is None else list(self.minos),
            "by_T_N": None if self.by_T_N is None else list(self.by_T_N),
            "n_runs": self.n_runs,
            "ndof": self.ndof,
            "valid": self.valid,
            "reason": self.reason,
        }


def power_laws(order: OrderParameter, points: OrderPoints) -> tuple[PowerLaw, PowerLaw]:
    """Power laws through some runs of an order parameter: with T_N free, and held where it is.

    Errors of temperatures and runs without order enter as in the fit of the order parameter.

    Parameters
    ----------
    order : the fit to all runs.
    points : some of its runs.
    """
    return _fit(order, points, {}), _fit(order, points, {"T_N": order.T_N.value})


def _fit(order: OrderParameter, points: OrderPoints, at: Mapping[str, float]) -> PowerLaw:
    """The power law with some parameters held besides alpha."""
    held = {"alpha": POWER, **at}
    n, ndof = len(points), len(points) - 3 + len(at)
    T_N = at.get("T_N", math.nan)
    reason = too_little(points, 3 - len(at))
    if reason:
        return PowerLaw(math.nan, math.nan, None, T_N, math.nan, math.nan, n, ndof, False, reason)
    cost = cost_on(order, points)
    top, T_N, beta, alpha = order.values
    # next to T_N the law of the fit is itself this power
    found = refit(cost, held, (top * alpha**beta, T_N, beta, POWER), tries=2)
    minimum, limits = found.minimum, found.limits
    values, errors = minimum.values, minimum.errors
    slope, error, reason = values[2], errors.get("beta", math.nan), found.reason
    interval, by_T_N = None, None
    if found.at_limit and not reason:
        # with T_N held at its bound the slope would look well known: it is so only on one side
        minimum, error = lowest(cost, limits, held, near=values), math.nan
    if not reason:
        interval = minos_errors(cost, minimum, limits, held, ("beta",)).intervals["beta"]
        reason = _undetermined(slope, interval, limits["beta"])
    if at and not reason:
        by_T_N = _by_T_N(order, cost, limits, minimum)
    return PowerLaw(
        slope, error, interval, values[1], errors.get("T_N", math.nan), cost.chi2(values), n, ndof,
        not reason, reason, by_T_N,
    )  # fmt: skip


def _moved(low: float, high: float) -> str:
    """How far the slope goes with T_N; at a bound T_N goes one way alone."""
    least = 1e-2 * max(abs(low), abs(high))
    if abs(high) <= least < abs(low):
        return f"{low:+.2g} with T_N one error lower"
    if abs(low) <= least < abs(high):
        return f"{high:+.2g} with T_N one error higher"
    return f"{low:+.2g} {high:+.2g} with T_N one error lower and higher"


def _undetermined(
    slope: float, interval: tuple[float, float] | None, limits: tuple[float, float]
) -> str:
    """Why a slope is none whose 68 % reach to what it may be at all; empty where they do not."""
    if interval is None:
        return "its interval was not found"
    low, high = slope + interval[0], slope + interval[1]
    margin = 1e-3 * (limits[1] - limits[0])
    if limits[0] + margin < low and high < limits[1] - margin:
        return ""
    return f"these runs leave it anywhere from {low:.2g} to {high:.2g}"


def _by_T_N(
    order: OrderParameter, cost: LawCost, limits: Limits, minimum: Minimum
) -> tuple[float, float] | None:
    """How far the slope moves with T_N one error lower and higher, within its limits."""
    low, high = order.T_N.minos or (-order.T_N.error, order.T_N.error)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    moved = []
    for shift in (low, high):
        there = float(np.clip(order.T_N.value + shift, *limits["T_N"]))
        found = lowest(cost, limits, {"alpha": POWER, "T_N": there}, near=minimum.values, tries=1)
        moved.append(found.values[2] - minimum.values[2])
    return moved[0], moved[1]
