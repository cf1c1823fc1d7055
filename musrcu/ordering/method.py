"""How an order parameter is fitted: which exponent is held, and which errors count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import FitError, nearest
from musrcu.models.laws import order_parameter_slope
from musrcu.ordering.minimum import (
    NAMES,
    LawCost,
    Limits,
    Minimum,
    Values,
    descend,
    law_limits,
    lowest,
)
from musrcu.ordering.points import OrderPoints

Exponent = float | Literal["free"] | None
"""The exponent alpha: a number to hold; ``"free"`` or None to fit it."""

METHODS = ("auto", "naive", "latent")

_NOT_NEGLIGIBLE = 1.0 / 3.0
"""|dnu/dT| sigma_T / sigma_nu from which on errors of temperatures enter the fit."""


@dataclass(frozen=True, slots=True)
class Method:
    """The chosen cost and what it was chosen by."""

    latent: bool
    """Whether every run gets a latent temperature; else errors of frequencies only."""
    reason: str
    first: Minimum | None
    """The naive minimum that the choice was made with, where there is one."""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``latent`` or ``naive``."""
        return "latent" if self.latent else "naive"


def held_alpha(alpha: Exponent) -> dict[str, float]:
    """The exponent alpha as a held parameter; nothing where it is fitted.

    Raises
    ------
    FitError outside 0.5 to 8, or where it is neither a number nor ``free``.
    """
    if alpha is None or (isinstance(alpha, str) and alpha == "free"):
        return {}
    number = math.nan if isinstance(alpha, (bool, str)) else _number(alpha)
    if math.isnan(number):
        raise FitError(f"alpha = {alpha!r} is not a number from 0.5 to 8; 'free' fits it")
    if not 0.5 <= number <= 8.0:
        raise FitError(f"alpha = {number:g} is outside 0.5 to 8; 'free' fits it")
    return {"alpha": number}


def _number(given: Any) -> float:
    """The argument as a number; NaN where it is none."""
    try:
        return float(given)
    except (TypeError, ValueError):
        return math.nan


def too_little(points: OrderPoints, n_free: int) -> str:
    """Why these points cannot determine that many parameters; empty where they can."""
    temperatures = len(np.unique(points.temperature))
    if len(points) == 0:
        return "no run is ordered"
    if len(points) < n_free:
        return f"{len(points)} ordered runs do not determine {n_free} parameters"
    if temperatures < n_free:
        return (
            f"the ordered runs lie at {temperatures} different temperatures, too few for "
            f"{n_free} parameters"
        )
    if points.value.max() <= 0:
        return "no frequency is above 0"
    return ""


def choose_method(points: OrderPoints, held: Mapping[str, float], method: str) -> Method:
    """Whether errors of temperatures matter, judged on curves of the naive fit.

    ``auto`` is latent where |dnu/dT| sigma_T exceeds sigma_nu/3 at any point, on the best curve or
    on the steepest that is no worse than three standard deviations: a fit that happens to be
    shallow must not decide that T_N and its errors can do without those of the temperatures.

    Raises
    ------
    FitError if ``method`` is not known, or is ``latent`` without errors of temperatures.
    """
    if method not in METHODS:
        raise FitError(
            f"method {method!r} is not one of {', '.join(METHODS)}{nearest(method, METHODS)}"
        )
    T_error = points.known_temperature_errors()
    if T_error is None:
        if method == "latent":
            raise FitError(
                "method 'latent' needs errors of temperatures above 0, and no run has one; "
                "use 'naive' or give them"
            )
        return Method(False, "no run has an error of its temperature", None)
    naive = LawCost(points, latent=False)
    limits = law_limits(naive)
    first = lowest(naive, limits, held)
    share, text = _share(points, T_error, first.values)
    if share <= _NOT_NEGLIGIBLE and method == "auto":
        share, text = max(
            (share, text), _share(points, T_error, _steep(naive, first, limits, held))
        )
    matters = share > _NOT_NEGLIGIBLE
    latent = matters if method == "auto" else method == "latent"
    notes = []
    if points.unknown_temperature_errors:
        names = ", ".join(points.unknown_temperature_errors)
        notes.append(f"temperatures taken as exact, their errors are not known: runs {names}")
    if matters and not latent:
        notes.append(f"errors of temperatures are left out as asked, although {text}")
    return Method(latent, text, first, tuple(notes))


def _share(points: OrderPoints, T_error: FloatArray, values: Values) -> tuple[float, str]:
    """The largest |dnu/dT| sigma_T / sigma_nu on one curve, and where it is, in words."""
    share = np.abs(order_parameter_slope(points.temperature, *values)) * T_error / points.error
    worst = int(np.argmax(share))
    return float(share[worst]), (
        f"|dnu/dT| sigma_T reaches {share[worst]:.2g} sigma_nu, run {points.labels[worst]} at "
        f"{points.temperature[worst]:.5g} K"
    )


def _steep(cost: LawCost, best: Minimum, limits: Limits, held: Mapping[str, float]) -> Values:
    """The curve with T_N three standard deviations below its best, or as low as it may be."""
    low = limits["T_N"][0]
    if best.valid and "T_N" in best.free:
        best.minuit.minos("T_N", cl=3)
        state = best.minuit.merrors["T_N"]
        if state.lower_valid:
            low = max(low, best.values[NAMES.index("T_N")] + state.lower)
    return descend(cost, best.values, limits, {**held, "T_N": low}).values
