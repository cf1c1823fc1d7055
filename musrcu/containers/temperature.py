"""The temperature of a run: what was asked for, what the sensors read, and how well it is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.constants import KELVIN
from musrcu.containers.log import Log
from musrcu.containers.numbers import is_number
from musrcu.errors import MusrcuError
from musrcu.notation import parsed

TEMPERATURE_UNITS = {"": 1.0, **KELVIN, "millikelvin": 1e-3}
"""Kelvin in one of the units that a log or a NeXus file may have; no unit means kelvin."""


def kelvin(text: str) -> float:
    """A temperature as it is written, in K: ``0.0005``, ``0.5 mK``, ``0.5mK``.

    Raises
    ------
    MusrcuError for any other text, or another unit.
    """
    value, error, unit = parsed(text)
    if error is not None or unit.casefold() not in TEMPERATURE_UNITS:
        raise MusrcuError(f"{text!r} is no temperature; expected text such as '0.0005 K', '0.5 mK'")
    return value * TEMPERATURE_UNITS[unit.casefold()]


@dataclass(frozen=True, slots=True)
class Sensor:
    """What one thermometer says of the run."""

    name: str | None
    """Label in the file; None where it has none."""
    mean: float
    """Mean over the run, K."""
    spread: float | None
    """Standard deviation of the readings, K."""
    n_readings: int | None = None
    """Number of readings behind the mean."""

    def __post_init__(self) -> None:
        _check_kelvin("Sensor", {"mean": self.mean}, required=True)
        _check_kelvin("Sensor", {"spread": self.spread})


@dataclass(frozen=True, slots=True)
class Temperature:
    """Temperature of a run in kelvin; every part is None where the file does not say."""

    nominal: float | None = None
    """The set point, as typed by the experimenter, K."""
    mean: float | None = None
    """Mean of the sample sensor over the run, K."""
    error: float | None = None
    """Error of the mean, K: spread / sqrt(number of readings) where both are known."""
    spread: float | None = None
    """Standard deviation of the readings of the sample sensor, K."""
    sensors: tuple[Sensor, ...] = ()
    """Every sensor the file reports, in its order."""
    log: Log | None = None
    """The log behind the mean, where one was asked for."""

    def __post_init__(self) -> None:
        names = ("nominal", "mean", "error", "spread")
        _check_kelvin("Temperature", {name: getattr(self, name) for name in names})

    @property
    def value(self) -> float | None:
        """The measured mean, or the set point where there is none, K."""
        return self.nominal if self.mean is None else self.mean

    def with_log(self, log: Log, stop: float | None = None) -> Temperature:
        """Mean, spread and error from a log in kelvin, weighted by time.

        Parameters
        ----------
        log : readings in K; in mK or K where it names its unit.
        stop : length of the run, s; None where it is unknown: to the last reading.

        Raises
        ------
        MusrcuError if the log has another unit, no reading in the run, one below 0 K, or 0 only.
        """
        factor = TEMPERATURE_UNITS.get((log.unit or "").strip().casefold())
        if factor is None:
            raise MusrcuError(
                f"log {log.name} is in {log.unit!r}, expected a temperature in K or mK"
            )
        if factor != 1.0:
            log = dataclasses.replace(log, values=log.values * factor, unit="K")
        found = log.during(0.0, stop)
        if found is None:
            raise MusrcuError(f"log {log.name} has no reading before the end of the run")
        if found.lowest < 0 or found.highest == 0:
            expected = "above 0 (no thermometer was read)" if found.highest == 0 else "0 or above"
            raise MusrcuError(
                f"log {log.name} reads {found.lowest:g} K during the run, expected {expected}"
            )
        return dataclasses.replace(
            self, mean=found.mean, spread=found.spread, error=found.error, log=log
        )

    def __str__(self) -> str:
        from musrcu.notation import bracket

        if self.value is None:
            return "T unknown"
        origin = "" if self.mean is not None else " (set point)"
        return f"{bracket(self.value, self.error, 'K')}{origin}"


def from_sensors(
    nominal: float | None, sensors: tuple[Sensor, ...], sample: int = 0
) -> Temperature:
    """Temperature with the mean, error and spread of the sensor at position ``sample``.

    Without sensors the mean, error and spread stay None.
    """
    if not sensors:
        return Temperature(nominal=nominal)
    sensor = sensors[sample]
    error = None
    if sensor.spread is not None and sensor.n_readings and sensor.n_readings > 1:
        error = float(sensor.spread / np.sqrt(sensor.n_readings))
    return Temperature(nominal, sensor.mean, error, sensor.spread, sensors)


def _check_kelvin(owner: str, values: Mapping[str, Any], required: bool = False) -> None:
    """Raise a MusrcuError for a value that is no temperature above or at absolute zero."""
    for name, value in values.items():
        if value is None and not required:
            continue
        if not (is_number(value) and value >= 0):
            unknown = "" if required else ", None where it is unknown"
            raise MusrcuError(
                f"{owner}.{name} = {value!r}; expected a number, 0 or above (K){unknown}"
            )
