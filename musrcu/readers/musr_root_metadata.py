"""What the header of a MusrRoot file says of a run: temperature, field, times, instrument."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from musrcu.constants import GAUSS, KELVIN
from musrcu.containers.arrays import FloatArray
from musrcu.containers.temperature import Sensor, Temperature, from_sensors
from musrcu.errors import ReadError, quoted
from musrcu.readers.musr_root_header import Facts, Quantity
from musrcu.readers.psi_metadata import INSTRUMENTS

_MICROSECONDS = {"fs": 1e-9, "ps": 1e-6, "ns": 1e-3, "us": 1.0, "µs": 1.0, "μs": 1.0, "ms": 1e3}
_KELVIN = {**KELVIN, "uk": 1e-6}
_UNSET_FIELD = 1e7
"""G; TMusrRunHeader begins with 1000 T, to be replaced by whoever fills it."""
_EPOCH = "1970-01-01T00:00:00"
NARROWEST, WIDEST = 1e-6, 1.0
"""Bin widths that can be, µs."""


def bin_width(path: Path, facts: Facts) -> float:
    """Width of a bin, µs.

    Raises
    ------
    ReadError if it is missing, without a unit, or none that can be.
    """
    name = "RunInfo/Time Resolution"
    found = facts.quantity(name)
    factor = None if found is None else _MICROSECONDS.get(found.unit.casefold())
    width = math.nan if found is None or factor is None else found.value * factor
    if not NARROWEST <= width <= WIDEST:
        raise ReadError(
            f"{path}: {name} is {quoted(facts.entries.get(name, 'missing'))}, expected a width of "
            "1 ps to 1 µs with its unit, such as 0.1953125 ns"
        )
    return width


def temperature(facts: Facts, readings: FloatArray | None, warnings: list[str]) -> Temperature:
    """Temperature of the sample; the number behind ``+-`` is the spread of the readings.

    That it is their standard deviation, and not the error of the mean, is what the slow-control
    histograms of LEM files say.

    Parameters
    ----------
    readings : (n,) K, those of the sample sensor, if the file has them; how many they are gives
        the error of the mean, if theirs is the temperature of the header.
    """
    found = _in_units(facts, "Sample Temperature", _KELVIN, warnings)
    if found is None:
        return Temperature()
    if found.value < 0 or (found.value == 0 and not found.error):
        what = "below zero kelvin" if found.value < 0 else "0 K, as if it was never set"
        warnings.append(f"the sample temperature is {what}; taken as unknown")
        return Temperature()
    spread = found.error if found.error is not None and found.error > 0 else None
    demand = found.demand if found.demand is not None and found.demand >= 0 else None
    number = None
    if readings is not None and abs(readings.mean() - found.value) <= (spread or 0.0):
        number = int(readings.size)
    sensor = Sensor(found.description or None, found.value, spread, number)
    return from_sensors(demand, (sensor,))


def field(facts: Facts, warnings: list[str]) -> float | None:
    """Applied field, G."""
    found = _in_units(facts, "Sample Magnetic Field", GAUSS, warnings)
    if found is not None and found.value == _UNSET_FIELD:
        warnings.append("the magnetic field is 1000 T, as if it was never set; taken as unknown")
        return None
    return None if found is None else found.value


def _in_units(
    facts: Facts, name: str, units: Mapping[str, float], warnings: list[str]
) -> Quantity | None:
    """A quantity in the unit whose factor is 1; None and a warning where it cannot be told."""
    typed = facts.text(f"RunInfo/{name}")
    if typed is None:
        return None
    found = facts.quantity(f"RunInfo/{name}")
    factor = None if found is None else units.get(found.unit.casefold())
    if found is None or factor is None:
        warnings.append(f"{name} is {typed[:60]!r}, no number with a known unit; taken as unknown")
        return None
    value, error, demand = (
        None if number is None else number * factor
        for number in (found.value, found.error, found.demand)
    )
    assert value is not None
    return Quantity(value, error, "", demand, found.description)


def moments(facts: Facts, warnings: list[str]) -> tuple[str | None, str | None]:
    """Start and stop of the run in ISO 8601."""
    found: list[str | None] = []
    for which in ("Start", "Stop"):
        typed = facts.text(f"RunInfo/Run {which} Time")
        moment = None if typed is None else _moment(typed)
        if typed is not None and moment is None:
            warnings.append(f"the {which.lower()} of the run, {typed[:40]!r}, is no date and time")
        found.append(moment)
    start, stop = found
    if _EPOCH in (start, stop):
        warnings.append("the run is dated 1970-01-01 00:00:00, as if the date was never set")
    elif start is not None and stop is not None and stop < start:
        warnings.append(f"the run stops ({stop}) before it starts ({start})")
    return start, stop


def _moment(typed: str) -> str | None:
    try:
        return datetime.datetime.fromisoformat(typed).isoformat()
    except ValueError:
        return None


def instrument_of(facts: Facts) -> str | None:
    """The instrument, spelt as elsewhere in musrcu where it is one of PSI."""
    name = facts.text("RunInfo/Instrument")
    known = {one.casefold(): one for one in INSTRUMENTS.values()} | INSTRUMENTS
    return None if name is None else known.get(name.casefold(), name)


def simulated(facts: Facts) -> Iterator[str]:
    """A sentence where the header says that a program made the counts."""
    generator = facts.text("RunInfo/Generator") or ""
    source = facts.text("RunInfo/Muon Source") or ""
    if "fake" in generator.casefold() or source.casefold() == "computer":
        yield (
            f"the data are simulated: the generator is {quoted(generator or 'unknown')}, the muon "
            f"source {quoted(source or 'unknown')}"
        )
