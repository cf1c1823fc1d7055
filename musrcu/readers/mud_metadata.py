"""What the texts and the logged variables of a MUD file mean: temperature, field, times, doubt.

The data acquisition of TRIUMF writes mean and standard deviation of a logged variable into the
texts for temperature and field: ``150.47(0.06)K`` in run 100 of M20 (2009) is the mean 150.4726 K
and the standard deviation 0.0569 K of ``/Sample/sample_read``, ``0.132(0.024)G`` those of
``/Hall_probe/field``. The number in brackets is therefore a spread, and the variable that the text
quotes is the one that was chosen for the sample: in run 45674 it is ``read_B``, not ``read_A``.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from musrcu import psi_text
from musrcu.constants import GAUSS, KELVIN
from musrcu.containers.temperature import Sensor, Temperature, from_sensors
from musrcu.errors import quoted

Facts = Mapping[str, Any]
"""A decoded section: numbers and texts under the names of the MUD library."""

_BRACKET = re.compile(r"([-+]?\d*\.?\d+)\s*\(\s*(\d*\.?\d+)\s*\)\s*([A-Za-z]*)")
_REMARK = re.compile(r"\([^()]*\)")
_SET_POINT = re.compile(r"set[ _-]?p(oin)?t", re.IGNORECASE)
_BETA = re.compile(r"(\bB|β|beta)[ -]?N[MQ]R", re.IGNORECASE)
CONVERTED = "PSI2MUD"
"""What the converter of PSI-BIN files writes as area."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A mean and a standard deviation that the data acquisition wrote into a text."""

    value: float
    spread: float
    digit: float
    """One unit of the last digit of the value."""
    spread_digit: float

    def fits(self, mean: float, spread: float) -> bool:
        """Whether a mean and a standard deviation round to those of the text."""
        off, spread_off = abs(mean - self.value), abs(spread - self.spread)
        return off <= 0.51 * self.digit and spread_off <= 0.51 * self.spread_digit


def quote(typed: str, units: Mapping[str, float]) -> Quote | None:
    """The parts of a text such as ``150.47(0.06)K``; None where it has another form or unit.

    A number in brackets without a point counts in units of the last digit of the value.
    """
    found = _BRACKET.fullmatch(typed)
    scale = units.get(found[3].casefold()) if found else None
    if found is None or scale is None:
        return None
    digit = scale * 10.0 ** -len(found[1].partition(".")[2])
    spread_digit = scale * 10.0 ** -len(found[2].partition(".")[2]) if "." in found[2] else digit
    spread = float(found[2]) * (scale if "." in found[2] else digit)
    made = Quote(float(found[1]) * scale, spread, digit, spread_digit)
    return made if math.isfinite(made.value) and math.isfinite(made.spread) else None


def field(typed: str) -> tuple[float | None, list[str]]:
    """Field in G of a text such as ``0.132(0.024)G`` or ``1.5 T``, and what is doubtful in it."""
    if found := quote(typed, GAUSS):
        return found.value, []
    return _plain(typed, psi_text.gauss)


def _plain(
    typed: str, read: Callable[[str], tuple[float | None, str | None]]
) -> tuple[float | None, list[str]]:
    """The quantity of a text that is no quote, without what may stand in brackets, and doubt."""
    bare = _REMARK.sub("", typed).strip()
    value, doubt = read(bare)
    return value, [doubt.replace(repr(bare), quoted(typed))] if doubt else []


def temperature(typed: str, variables: Sequence[Facts]) -> tuple[Temperature, list[str]]:
    """Temperature from the text and the logged variables in K, and what is doubtful in them.

    The sensor of the sample is the one whose mean and standard deviation the text quotes, else the
    first one of the device called ``Sample``, else the only one. Where none can be told, the mean
    and spread are those of the text. A text without brackets is the set point. A variable that was
    never read (all zero) and one that is called a set point are no sensors.
    """
    measured = quote(typed, KELVIN)
    if measured is not None and measured.value < 0:
        return Temperature(), [f"temperature {quoted(typed)} is below zero kelvin"]
    nominal, doubts = (None, []) if measured else _plain(typed, psi_text.kelvin)
    sensors = tuple(_sensors(variables, doubts))
    sample = _sample(sensors, measured)
    if sample is not None:
        found = from_sensors(nominal, sensors, sample)
        return found, doubts + _contradiction(sensors[sample], typed, measured, nominal)
    if sensors:
        listed = ", ".join(f"{sensor.name} {sensor.mean:.6g} K" for sensor in sensors)
        doubts.append(f"which temperature sensor is that of the sample is not known ({listed})")
    if measured is None:
        return Temperature(nominal, sensors=sensors), doubts
    return Temperature(mean=measured.value, spread=measured.spread, sensors=sensors), doubts


def _sensors(variables: Sequence[Facts], doubts: list[str]) -> Iterator[Sensor]:
    for variable in variables:
        scale = KELVIN.get(variable["units"].casefold())
        numbers = [variable[key] for key in ("low", "high", "mean", "stddev")]
        if scale is None or not any(numbers):
            continue
        if _SET_POINT.search(variable["name"]) or _SET_POINT.search(variable["description"]):
            continue
        mean, spread = scale * variable["mean"], scale * variable["stddev"]
        if 0 < mean < math.inf:
            yield Sensor(variable["name"] or None, mean, spread if 0 < spread < math.inf else None)
        else:
            doubts.append(
                f"temperature sensor {quoted(variable['name'])} reads {mean:g} K and is left out"
            )


def _sample(sensors: Sequence[Sensor], measured: Quote | None) -> int | None:
    """Position of the sensor of the sample; None where it cannot be told."""
    if measured is not None:
        for k, sensor in enumerate(sensors):
            if measured.fits(sensor.mean, sensor.spread or 0.0):
                return k
    for k, sensor in enumerate(sensors):
        if (sensor.name or "").strip("/").split("/")[0].casefold().startswith("sample"):
            return k
    return 0 if len(sensors) == 1 else None


def _contradiction(
    sensor: Sensor, typed: str, measured: Quote | None, nominal: float | None
) -> list[str]:
    """Doubt where the text says another temperature than the sensor of the sample."""
    if measured is not None:
        kelvin, known = measured.value, measured.fits(sensor.mean, sensor.spread or 0.0)
    elif nominal is not None:
        kelvin, known = nominal, False
    else:
        return []
    allowed = max(0.01 * max(sensor.mean, kelvin), 3 * (sensor.spread or 0.0))
    if known or abs(sensor.mean - kelvin) <= allowed:
        return []
    return [
        f"the mean temperature {sensor.mean:.6g} K of {sensor.name} differs from the text "
        f"{quoted(typed)}"
    ]


def moment(seconds: int) -> str | None:
    """ISO 8601 in UTC of the seconds since 1970 that the file stores; None for 0, never set.

    The zone of the experiment is not in the file, so that the times are given in UTC.
    """
    if seconds == 0:
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def origin_doubts(run: Facts, variables: Sequence[Facts], bin_width: float) -> Iterator[str]:
    """Doubt about what kind of experiment this was and who wrote the file."""
    if _BETA.search(f"{run['method']} {run['area']}"):
        dwell = [one["mean"] for one in variables if "dwell time (ms)" in one["name"].casefold()]
        bins = f"{1e3 * bin_width:g} ns"
        if dwell and dwell[0] > 0:
            bins += f" and the variable 'Dwell time (ms)' {dwell[0]:g} ms"
        yield (
            f"a beta-NMR run and no muons (method {quoted(run['method'])}, area "
            f"{quoted(run['area'])}): its bins count from the start of a beam cycle, the header "
            f"says {bins} a bin, and a muon lifetime or precession must not be fitted"
        )
    if run["area"] == CONVERTED:
        yield (
            "converted from PSI-BIN by psi2mud, which keeps 16 bits of each bin: a bin above 65535 "
            "counts, as in the prompt peak, has lost multiples of 65536"
        )
    start, stop = run["timeBegin"], run["timeEnd"]
    if start and stop and stop < start:
        yield f"the run stops ({moment(stop)}) before it starts ({moment(start)})"
