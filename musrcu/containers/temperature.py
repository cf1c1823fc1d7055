"""The temperature of a run: what was asked for, what the sensors read, and how well it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray, by_fields, frozen
from musrcu.containers.numbers import is_number
from musrcu.errors import MusrcuError


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


@dataclass(frozen=True, slots=True, eq=False)
class TemperatureLog:
    """Readings of one sensor against time."""

    seconds: FloatArray
    """(n,) s after the start of the run; negative before it."""
    kelvin: FloatArray
    """(n,) K."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", frozen(self.seconds, float))
        object.__setattr__(self, "kelvin", frozen(self.kelvin, float))

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)


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
    log: TemperatureLog | None = None
    """Readings against time, where the file has them and they were asked for."""

    def __post_init__(self) -> None:
        names = ("nominal", "mean", "error", "spread")
        _check_kelvin("Temperature", {name: getattr(self, name) for name in names})

    @property
    def value(self) -> float | None:
        """The measured mean, or the set point where there is none, K."""
        return self.nominal if self.mean is None else self.mean

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
