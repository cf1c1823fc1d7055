"""What the headers of the PSI formats leave to be concluded: instrument, temperature, times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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


def _instrument_with(labels: Sequence[str]) -> str | None:
    """The instrument that alone has such labels; HAL-9500 has MV, F1 to F8 and B1 to B8.

    Source: instrument table of musrfit (``instrument_def_psi.xml``).
    """
    return "HAL-9500" if set(labels) >= _HAL_9500 else None


def metadata_of(
    path: Path,
    labels: Sequence[str],
    header: Mapping[str, Any],
    moments: tuple[tuple[str, str], tuple[str, str]],
    readings: Sequence[float],
    sensors: tuple[Sensor, ...],
) -> tuple[dict[str, Any], list[str]]:
    """The fields of a Run that all PSI formats fill in the same way, and what is doubtful in them.

    Parameters
    ----------
    path : the file; its name tells the instrument.
    labels : one name a detector.
    header : with the texts ``sample``, ``temperature``, ``field`` and ``orientation``.
    moments : date and clock time of the start, and of the stop.
    readings : K, the means of all thermometers as they are in the file; 0 for one that is absent.
    sensors : those that read a temperature; the first is taken for the sample.
    """
    field, field_doubt = psi_text.gauss(header["field"])
    temperature, temperature_doubts = _temperature(header["temperature"], readings, sensors)
    start, stop = (psi_text.iso_time(*typed) for typed in moments)
    fields = {
        "source": "continuous",
        "facility": "PSI",
        "instrument": instrument_in_name(path) or _instrument_with(labels),
        "sample": header["sample"] or None,
        "orientation": header["orientation"] or None,
        "temperature": temperature,
        "field": field,
        "start": start,
        "stop": stop,
        "path": path,
    }
    doubts = [*([field_doubt] if field_doubt else []), *temperature_doubts]
    for which, typed, moment in zip(("start", "stop"), moments, (start, stop), strict=True):
        if moment is None:
            doubts.append(f"the {which} of the run, {' '.join(typed)!r}, is no date and time")
    if start is not None and stop is not None and stop < start:
        doubts.append(f"the run stops ({stop}) before it starts ({start})")
    return fields, doubts


def _temperature(
    typed: str, readings: Sequence[float], sensors: tuple[Sensor, ...]
) -> tuple[Temperature, list[str]]:
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
    if nominal is not None and _differ(sensors[0], nominal, spreads=1.0):
        doubts.append(
            f"the mean temperature {temperature.mean:.6g} K differs from the set point "
            f"{nominal:.6g} K"
        )
    return temperature, doubts


def _differ(
    sensor: Sensor, kelvin: float, spread: float | None = None, *, spreads: float = 3.0
) -> bool:
    """Whether two temperatures differ by more than 1 % and more than so many spreads."""
    wider = max(sensor.spread or 0.0, spread or 0.0)
    allowed = max(0.01 * max(sensor.mean, kelvin), spreads * wider)
    return abs(sensor.mean - kelvin) > allowed


def numbered(histograms: Sequence[int]) -> str:
    """Histogram numbers as a sentence names them: ``histogram 1`` or ``histograms 1, 2``."""
    if len(histograms) == 1:
        return f"histogram {histograms[0]}"
    return "histograms " + ", ".join(str(number) for number in histograms)
