"""What the headers of the PSI formats leave to be concluded: instrument, temperature, times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from musrcu import psi_text
from musrcu.containers.temperature import Sensor, Temperature, from_sensors

INSTRUMENTS = {
    "gps": "GPS",
    "ltf": "LTF",
    "dolly": "Dolly",
    "gpd": "GPD",
    "alc": "ALC",
    "hifi": "HAL-9500",
    "flame": "FLAME",
    "lem": "LEM",
}
"""Instrument by the token in the file's name; the header does not name it."""

_TOKEN = re.compile(rf"(?<![^_])({'|'.join(INSTRUMENTS)})(?=_)", re.IGNORECASE)
_HAL_9500 = {f"F{number}" for number in range(1, 9)}
"""Labels that only the ring of eight forward detectors of HAL-9500 has."""


def instrument_in_name(path: Path) -> str | None:
    """The PSI instrument that a file name such as ``deltat_tdc_gps_0432.bin`` speaks of.

    None where the name has no token of an instrument, or tokens of several.
    """
    found = {token.lower() for token in _TOKEN.findall(path.name)}
    return INSTRUMENTS[found.pop()] if len(found) == 1 else None


def instrument_of(path: Path, labels: Sequence[str]) -> str | None:
    """The instrument in the name of the file, else the one that alone has such labels, else None.

    HAL-9500 is the only one known by its labels: MV, F1 to F8, B1 to B8. Source: instrument table
    of musrfit (``instrument_def_psi.xml``).
    """
    return instrument_in_name(path) or ("HAL-9500" if set(labels) >= _HAL_9500 else None)


def temperature_of(
    typed: str, readings: Sequence[float], sensors: tuple[Sensor, ...]
) -> tuple[Temperature, list[str]]:
    """The temperature of a run, and what is doubtful in it.

    Parameters
    ----------
    typed : the set point as it was typed, such as ``6.000K``.
    readings : K, the means of all sensors as they are in the file; 0 for one that is absent.
    sensors : those that read a temperature; the first is taken for the sample.
    """
    nominal, doubt = psi_text.kelvin(typed)
    doubts = [doubt] if doubt else []
    odd = [value for value in readings if value != 0 and not 0 < value < np.inf]
    if odd:
        doubts.append(f"a temperature sensor reads {odd[0]:g} K and is left out")
    temperature = from_sensors(nominal, sensors)
    if temperature.mean is None:
        return temperature, doubts
    if any(_differ(sensors[0], other.mean, other.spread) for other in sensors[1:]):
        means = ", ".join(f"{sensor.mean:.6g}" for sensor in sensors)
        doubts.append(f"the temperature sensors read {means} K; the first is taken for the sample")
    if nominal is not None and _differ(sensors[0], nominal):
        doubts.append(
            f"the mean temperature {temperature.mean:.6g} K differs from the set point "
            f"{nominal:.6g} K"
        )
    return temperature, doubts


def _differ(sensor: Sensor, kelvin: float, spread: float | None = None) -> bool:
    """Whether two temperatures differ by more than 1 % and more than three spreads."""
    allowed = max(0.01 * max(sensor.mean, kelvin), 3 * max(sensor.spread or 0.0, spread or 0.0))
    return abs(sensor.mean - kelvin) > allowed


def moments(
    start: tuple[str, str], stop: tuple[str, str]
) -> tuple[str | None, str | None, list[str]]:
    """Start and stop in ISO 8601 of two dates with clock times, and what is doubtful in them."""
    found: list[str | None] = []
    doubts = []
    for which, typed in (("start", start), ("stop", stop)):
        found.append(psi_text.iso_time(*typed))
        if found[-1] is None:
            doubts.append(f"the {which} of the run, {' '.join(typed)!r}, is no date and time")
    begin, end = found
    if begin is not None and end is not None and end < begin:
        doubts.append(f"the run stops ({end}) before it starts ({begin})")
    return begin, end, doubts


def numbered(histograms: Sequence[int]) -> str:
    """Histogram numbers as a sentence names them: ``histogram 1`` or ``histograms 1, 2``."""
    if len(histograms) == 1:
        return f"histogram {histograms[0]}"
    return "histograms " + ", ".join(str(number) for number in histograms)
