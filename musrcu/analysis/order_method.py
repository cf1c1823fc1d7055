"""How an order parameter is fitted: which exponent is held, and which errors count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from musrcu.analysis.order_minimum import LawCost, Minimum, law_limits, lowest
from musrcu.analysis.order_points import OrderPoints
from musrcu.errors import FitError, nearest
from musrcu.models.laws import order_parameter_slope

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


def held_alpha(alpha: float | None) -> dict[str, float]:
    """The exponent alpha as a held parameter; nothing where it is fitted.

    Raises
    ------
    FitError outside 0.5 to 8.
    """
    if alpha is None:
        return {}
    if not (math.isfinite(alpha) and 0.5 <= alpha <= 8.0):
        raise FitError(f"alpha = {alpha:g} is outside 0.5 to 8; None fits it")
    return {"alpha": float(alpha)}


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
    """Whether errors of temperatures matter, judged on the curve of the naive fit.

    ``auto`` is latent where |dnu/dT| sigma_T exceeds sigma_nu/3 at any point.

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
    first = lowest(naive, law_limits(naive), held)
    share = np.abs(order_parameter_slope(points.temperature, *first.values)) * T_error
    share /= points.error
    worst = int(np.argmax(share))
    text = (
        f"|dnu/dT| sigma_T reaches {share[worst]:.2g} sigma_nu, run {points.labels[worst]} at "
        f"{points.temperature[worst]:.5g} K"
    )
    matters = bool(share[worst] > _NOT_NEGLIGIBLE)
    latent = matters if method == "auto" else method == "latent"
    notes = []
    if points.unknown_temperature_errors:
        names = ", ".join(points.unknown_temperature_errors)
        notes.append(f"temperatures taken as exact, their errors are not known: runs {names}")
    if matters and not latent:
        notes.append(f"errors of temperatures are left out as asked, although {text}")
    return Method(latent, text, first, tuple(notes))
