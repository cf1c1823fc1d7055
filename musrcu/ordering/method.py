"""How an order parameter is fitted: which exponent is held, and which errors count."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from musrcu.constants import NU_MIN
from musrcu.containers.arrays import FloatArray
from musrcu.containers.numbers import is_error, is_number
from musrcu.errors import FitError, nearest
from musrcu.models.laws import order_parameter_slope
from musrcu.ordering.censored import ABOVE
from musrcu.ordering.left_out import grouped
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
from musrcu.ordering.order_quantity import OrderQuantity
from musrcu.ordering.points import OrderPoints

Exponent = float | Literal["free"] | None
"""The exponent alpha: a number to hold; ``"free"`` or None to fit it."""

METHODS = ("auto", "naive", "latent", "effective", "effective_plain")

_NOT_NEGLIGIBLE = 1.0 / 3.0
"""|dnu/dT| sigma_T / sigma_nu from which on errors of temperatures enter the fit."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """What of the experiment enters the cost of the law, and how.

    Raises
    ------
    FitError if an option cannot be used.
    """

    method: str = "auto"
    """One of ``METHODS``."""
    above: str = "bound"
    """One of ``censored.ABOVE``."""
    nu_det: float | None = None
    """Lowest frequency that every run without order would have shown, MHz, also where it is a field
    that orders; of an amplitude the smallest of those. None takes what the points say."""
    thermometer_offset: float = 0.0
    """K, error of an offset that all temperatures share."""

    def __post_init__(self) -> None:
        for name, known in (("method", METHODS), ("above", ABOVE)):
            given = getattr(self, name)
            if given not in known:
                raise FitError(
                    f"{name} = {given!r} is not one of {', '.join(known)}"
                    + nearest(str(given), known)
                )
        if self.nu_det is not None and not (is_number(self.nu_det) and self.nu_det > 0):
            raise FitError(f"nu_det = {self.nu_det!r}; expected a frequency in MHz, above 0")
        if self.nu_det is not None and self.above != "censored":
            raise FitError("nu_det is of censored runs; give it with above = 'censored'")
        if not is_error(self.thermometer_offset):
            raise FitError(
                f"thermometer_offset = {self.thermometer_offset!r}; expected kelvin, 0 or above"
            )

    def applied(self, points: OrderPoints) -> OrderPoints:
        """The points with what a run without order would have shown.

        Raises
        ------
        FitError if an offset of the thermometer is as large as the temperatures, or it is not known
        what a run without order would have shown.
        """
        hottest = max(points.temperature, default=math.inf)
        if self.thermometer_offset > 0.5 * hottest:
            raise FitError(
                f"thermometer_offset = {self.thermometer_offset:g} K is more than half of the "
                f"highest ordered temperature, {hottest:.5g} K; expected kelvin"
            )
        if self.above != "censored":
            return points
        size = len(points.not_ordered)
        known = points.detectable or (math.nan,) * size
        scale, lowest = 1.0, math.nan
        if points.quantity.kind != "amplitude":
            scale, lowest = OrderQuantity().factor(points.unit), NU_MIN
        if self.nu_det is not None:
            known = (scale * float(self.nu_det),) * size
        known = tuple(one if math.isfinite(one) else scale * lowest for one in known)
        if not all(map(math.isfinite, known)):
            raise FitError(
                "censored runs of an amplitude need nu_det, the smallest that they would have shown"
            )
        return replace(points, detectable=known)


@dataclass(frozen=True, slots=True)
class Method:
    """The chosen cost and what it was chosen by."""

    name: str
    """One of ``METHODS`` but ``auto``."""
    reason: str
    first: Minimum | None
    """The naive minimum that the choice was made with, where there is one."""
    notes: tuple[str, ...] = ()


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
    temperatures = np.unique(points.temperature)
    if len(points) == 0:
        unusable = [entry for entry in points.left_out if ": not ordered" not in entry]
        return f"no ordered run to fit: {grouped(unusable)}" if unusable else "no run is ordered"
    if len(points) < n_free:
        runs = "1 ordered run does" if len(points) == 1 else f"{len(points)} ordered runs do"
        return f"{runs} not determine {n_free} parameters"
    if len(temperatures) < n_free:
        where = " and ".join(f"{T:.5g} K" for T in temperatures)
        return (
            f"all ordered runs lie at {where}, too few different temperatures for {n_free} "
            "parameters"
        )
    if points.value.max() <= 0:
        return f"no {points.quantity.kind} is above 0"
    return ""


def choose_method(points: OrderPoints, held: Mapping[str, float], how: Treatment) -> Method:
    """Whether errors of temperatures matter, judged on curves of the naive fit.

    ``auto`` is latent where |dnu/dT| sigma_T exceeds sigma_nu/3 at any point, on the best curve or
    on the steepest that is no worse than three standard deviations: a fit that happens to be
    shallow must not decide that T_N and its errors can do without those of the temperatures.

    Raises
    ------
    FitError if the method asks for errors of temperatures and there are none.
    """
    T_error = points.known_temperature_errors()
    if T_error is None:
        if how.method not in ("auto", "naive"):
            raise FitError(
                f"method {how.method!r} needs errors of temperatures above 0, and no run has one; "
                "use 'naive' or give them"
            )
        return Method("naive", "no run has an error of its temperature", None)
    naive = LawCost(points, above=how.above)
    limits = law_limits(naive)
    first = lowest(naive, limits, held)
    share, text = _share(points, T_error, first.values)
    if share <= _NOT_NEGLIGIBLE and how.method == "auto":
        share, text = max(
            (share, text), _share(points, T_error, _steep(naive, first, limits, held))
        )
    matters = share > _NOT_NEGLIGIBLE
    name = ("latent" if matters else "naive") if how.method == "auto" else how.method
    notes = []
    if points.unknown_temperature_errors:
        names = ", ".join(points.unknown_temperature_errors)
        notes.append(f"temperatures taken as exact, their errors are not known: runs {names}")
    if matters and name == "naive":
        notes.append(f"errors of temperatures are left out as asked, although {text}")
    return Method(name, text, first, tuple(notes))


def _share(points: OrderPoints, T_error: FloatArray, values: Values) -> tuple[float, str]:
    """The largest |dnu/dT| sigma_T / sigma_nu on one curve, and where it is, in words."""
    share = np.abs(order_parameter_slope(points.temperature, *values)) * T_error / points.error
    worst, nu = int(np.argmax(share)), points.quantity.symbol
    return float(share[worst]), (
        f"|d{nu}/dT| sigma_T reaches {share[worst]:.2g} sigma_{nu}, run {points.labels[worst]} at "
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
