"""What the runs next to T_N alone say of the critical slope: nu = B (1 - T/T_N)^slope."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.notation import asymmetric, bracket
from musrcu.ordering.method import too_little
from musrcu.ordering.minimum import LawCost, Limits, Minimum, law_limits, lowest
from musrcu.ordering.minos import minos_errors
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.refit import cost_on
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.two_step import fit_order_parameter

POWER = 1.0
"""The alpha at which the law is a power of 1 - T/T_N."""


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """Fit of B (1 - T/T_N)^slope to some runs."""

    slope: float
    """NaN where the runs do not determine it."""
    error: float
    """One standard deviation from the covariance."""
    minos: tuple[float, float] | None
    """(low, high) of MINOS, low < 0 < high."""
    T_N: float
    """K, fitted or held."""
    T_N_error: float
    """K; NaN where held."""
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
        text = f"slope {bracket(self.slope, self.error)}"
        if self.minos is not None:
            text += f"   MINOS: {asymmetric(self.slope, *self.minos)}"
        if self.by_T_N is not None:
            low, high = self.by_T_N
            text += f"; {low:+.2g} {high:+.2g} with T_N one error lower and higher"
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

    Errors of temperatures enter as in the fit of the order parameter.

    Parameters
    ----------
    order : the fit to all runs.
    points : some of its runs.
    """
    return _free(order, points), _held(order, points)


def _free(order: OrderParameter, points: OrderPoints) -> PowerLaw:
    method = "naive" if points.known_temperature_errors() is None else order.method
    found = fit_order_parameter(
        points, parameter=order.parameter, alpha=POWER, method=method, above=order.above,
        thermometer_offset=order.thermometer_offset,
    )  # fmt: skip
    beta, T_N = found.beta, found.T_N
    return PowerLaw(
        beta.value, beta.error, beta.minos, T_N.value, T_N.error, found.chi2, len(points),
        found.ndof, found.valid, found.reason,
    )  # fmt: skip


def _held(order: OrderParameter, points: OrderPoints) -> PowerLaw:
    T_N, n = order.T_N.value, len(points)
    reason = too_little(points, 2)
    if reason:
        return PowerLaw(
            math.nan, math.nan, None, T_N, math.nan, math.nan, n, n - 2, False, reason
        )  # fmt: skip
    cost = cost_on(order, points)
    limits = law_limits(cost)
    held = {"alpha": POWER, "T_N": T_N}
    minimum = lowest(cost, limits, held)
    beta = minimum.values[2]
    reason = minimum.reason or _at_a_limit(minimum, limits)
    if reason:
        return PowerLaw(
            beta, math.nan, None, T_N, math.nan, cost.chi2(minimum.values), n, n - 2, False, reason
        )
    found = minos_errors(cost, minimum, limits, held, ("beta",))
    return PowerLaw(
        beta, minimum.errors.get("beta", math.nan), found.intervals["beta"], T_N, math.nan,
        cost.chi2(minimum.values), n, n - 2, True, "", _by_T_N(order, cost, limits, minimum),
    )  # fmt: skip


def _at_a_limit(minimum: Minimum, limits: Limits) -> str:
    low, high = limits["beta"]
    near = 1e-3 * (high - low)
    if low + near < minimum.values[2] < high - near:
        return ""
    end = low if minimum.values[2] <= low + near else high
    return f"the points do not determine it: it ended at its limit {end:.5g}"


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
        found = lowest(cost, limits, {"alpha": POWER, "T_N": there}, near=minimum.values, tries=2)
        moved.append(found.values[2] - minimum.values[2])
    return moved[0], moved[1]
