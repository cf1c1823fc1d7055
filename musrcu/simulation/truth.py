"""The truth of a simulation: what was there, before anything was counted."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.errors import MusrcuError
from musrcu.models.laws import order_parameter_law
from musrcu.models.model import Model
from musrcu.models.parameter import Parameter
from musrcu.simulation.detectors import Spectrometer
from musrcu.simulation.pulsed import PulsedSpectrometer

MOST_READINGS = 32767
"""What the header of a PSI-BIN file can count."""


PER_GAUSS: Mapping[str, float] = {"MHz": GAMMA_MU_OVER_2PI, "G": 1.0}
"""What 1 G of field is, for a parameter of each unit that may follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Table ``[order]``: nu0 [1 - (T/T_N)^alpha]^beta."""

    nu0: float
    """MHz."""
    T_N: float
    """K."""
    beta: float
    alpha: float = 3.0

    def __post_init__(self) -> None:
        for name in ("nu0", "T_N", "alpha"):
            if not getattr(self, name) > 0:
                raise MusrcuError(f"[order]: {name} = {getattr(self, name):g}, expected above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermometry:
    """Table ``[temperature]``: how the sample and its thermometers scatter."""

    jitter: float = 0.0
    """Standard deviation of the true temperature about the set point, K."""
    noise: float = 0.0
    """Standard deviation of one reading, K."""
    readings: int = 36
    """Readings of each sensor in a run."""
    offsets: tuple[float, ...] = (0.0,)
    """Of each sensor, K; the first is the one at the sample."""

    def __post_init__(self) -> None:
        counted = 1 <= self.readings <= MOST_READINGS
        if not (self.jitter >= 0 and self.noise >= 0 and counted and self.offsets):
            raise MusrcuError(
                f"[temperature]: jitter = {self.jitter:g}, noise = {self.noise:g}, readings = "
                f"{self.readings}, {len(self.offsets)} offsets; expected 0 or above, 0 or above, "
                f"1 to {MOST_READINGS}, and one offset for each sensor"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One block ``[[runs]]``: runs that differ in temperature and number only."""

    first: int
    """Number of the first run; the others follow."""
    temperatures: tuple[float, ...]
    """Set points, K."""
    model: str
    """Name of a table ``[models.NAME]``."""
    above: str = ""
    """Model at and above T_N; empty where ``model`` holds there too."""
    events: float
    """Decays that the detectors along the spin (of a pulsed source: all) count together."""
    field: float = 0.0
    """Applied field, G."""
    transverse: bool = False
    """Whether the field is perpendicular to the initial spin."""
    title: str = ""
    orientation: str = ""
    start: str = "2026-01-05T08:00:00"
    """Start of the first run, ISO 8601."""
    hours: float = 1.0
    """Length of a run."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One table ``[models.NAME]``: an expression and how its parameters follow from T and B."""

    model: Model
    rules: Mapping[str, Any]
    """By parameter name, in the model's order: a number, ``"order"``, ``"field"`` (in the unit of
    the parameter, :data:`PER_GAUSS`), or a power law."""


@dataclass(frozen=True, slots=True)
class RunTruth:
    """What one run was made from."""

    number: int
    series: Series
    set_point: float
    """K."""
    start: datetime.datetime
    stop: datetime.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything a simulation is made from; see ``docs/simulation.md`` for the file."""

    seed: int
    spectrometer: Spectrometer | PulsedSpectrometer
    thermometry: Thermometry
    order: Order | None
    models: Mapping[str, Recipe]
    runs: tuple[RunTruth, ...]

    def model_at(self, series: Series, temperature: float) -> str:
        """Name of the model that holds in a run at a true temperature, K."""
        if series.above and self.order is not None and temperature >= self.order.T_N:
            return series.above
        return series.model

    def values(self, name: str, temperature: float, field: float) -> NDArray[np.float64]:
        """Parameters of a model at a true temperature (K) and a field (G), in its order.

        Raises
        ------
        MusrcuError if one of them is not finite there.
        """
        rules, parameters = self.models[name].rules, self.models[name].model.parameters
        values = [
            self._value(rule, parameter, temperature, field)
            for rule, parameter in zip(rules.values(), parameters, strict=True)
        ]
        for parameter, value in zip(rules, values, strict=True):
            if not math.isfinite(value):
                raise MusrcuError(
                    f"[models.{name}]: {parameter} = {rules[parameter]!r} is not finite at "
                    f"{temperature:g} K"
                )
        return np.array(values, dtype=float)

    def _value(self, rule: Any, parameter: Parameter, temperature: float, field: float) -> float:
        if rule == "field":
            # what an applied field does is the same for either sign, as in a fit
            followed = abs(field) if parameter.kind == "field" else field
            return PER_GAUSS[parameter.unit] * followed
        if isinstance(rule, (int, float)):
            return float(rule)
        if self.order is None:  # refused when the truth was read
            raise MusrcuError("the truth has no table [order]")
        if isinstance(rule, Mapping):
            reduced = temperature / self.order.T_N
            try:
                return float(rule["at_0"] + rule["rise"] * reduced ** rule["power"])
            except OverflowError:
                return math.inf  # which the caller names
        order = self.order
        with np.errstate(all="ignore"):
            law = order_parameter_law(temperature, order.nu0, order.T_N, order.beta, order.alpha)
        return float(law[0][0])
