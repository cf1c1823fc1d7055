"""Logs of an ISIS NeXus file, versions 1 and 2: sample environment, beam and data acquisition.

Source: ISIS muon NeXus instrument definitions, and files of EMU, MuSR and HiFi from 1999 to 2023.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray
from musrcu.containers.log import Log, Span
from musrcu.errors import ReadError
from musrcu.readers.isis_time_axis import per_microsecond
from musrcu.readers.muon_entry import seconds_between
from musrcu.readers.nexus_later import later
from musrcu.readers.tree import LONG, Node

PLACES = (
    "selog",
    "runlog",
    "framelog",
    "sample",
    "",
    "instrument/source",
    "instrument/beam",
    "instrument/dae",
)
"""Groups of the entry in which logs lie, those whose names win first; "" is the entry itself."""
MOST = 16 * LONG
"""Bytes that all logs of a file may declare; one that goes beyond is left out."""
DAY, GAP = 86400.0, 600.0
"""s; a time that steps back by a day, or by that much more or less, has passed midnight."""


def later_logs(entry: Node, start: str | None) -> Mapping[str, Log]:
    """The logs of a muon entry, read when they are first looked at.

    Parameters
    ----------
    entry : the muon entry of an open file.
    start : start of the run, ISO 8601, from which the times of the logs count; None where unknown.

    Returns
    -------
    Logs by name, see :func:`read_logs`. Looking at them raises a ReadError if the file has gone
    or changed since.
    """
    return later(entry, partial(read_logs, start))


def read_logs(start: str | None, entry: Node) -> dict[str, Log]:
    """Every log of numbers in a muon entry.

    A log of version 2 has the name of its block (``Temp_Sample`` of ``selog``) or group
    (``count_rate`` of ``runlog``); one of version 1 the name that its group states
    (``Temp_Sample`` in ``temperature_log_1``). The same readings are given once, under the first
    of their names. Where two different logs have one name, the later one is called
    ``runlog/name``, after the group that holds it.

    Left out are texts, readings marked as invalid or not finite, logs without any other reading,
    logs whose start is no time, so that nobody knows when they were taken, logs of more than
    128 MB or beyond a gigabyte,
    and what is damaged. A start that names its time zone where that of the run does not, or the
    other way round, is of the same clock. In version 1, times that begin anew at midnight go on,
    and readings of exactly 0 among others of a temperature, with which the programs of before 2006
    end a log, are left out.
    """
    found: dict[str, Log] = {}
    places: set[str] = set()
    declared = 0
    for place, group in _groups(entry):
        for name in group.names():
            with contextlib.suppress(ReadError):
                node = _log_group(group, name)
                if node is None or _origin(group, name, node) in places:
                    continue
                places.add(_origin(group, name, node))
                size = _declared(node)
                if size > min(2 * LONG, MOST - declared):
                    continue
                declared += size
                log = _log(node, _title(place, node, name), start)
                if log is None or (log.name in found and _same(log, found[log.name])):
                    continue
                key = log.name if log.name not in found else f"{place or 'entry'}/{name}"
                if key not in found:
                    found[key] = dataclasses.replace(log, name=key)
    return found


def _groups(entry: Node) -> Iterator[tuple[str, Node]]:
    """The groups that hold logs, with their places in the entry."""
    for place in PLACES:
        with contextlib.suppress(ReadError):
            group = entry.group(place) if place else entry
            if group is None:
                continue
            yield place, group
            if place == "sample":
                for name in group.names():
                    inner = group.group(name) if name.endswith("_env") else None
                    if inner is not None:
                        yield f"{place}/{name}", inner


def _log_group(group: Node, name: str) -> Node | None:
    """The group with times and values that ``name`` stands for, or None."""
    node = group.group(name)
    if node is None:
        return None
    block = node.group("value_log")
    node = node if block is None else block
    return node if node.child("time") is not None and _values(node) is not None else None


def _origin(group: Node, name: str, node: Node) -> str:
    """Where a log lies in truth: NeXus notes that on a group which is linked to elsewhere."""
    block = group.group(name)
    target = None if block is None else block.attribute("target")
    if block is None or target is None:
        return node.place
    return f"{target}{node.place.removeprefix(block.place)}"


def _values(node: Node) -> str | None:
    return next((name for name in ("value", "values") if node.child(name) is not None), None)


def _declared(node: Node) -> int:
    found = (node.child("time"), node.child(_values(node) or ""))
    return sum(part.declared for part in found if part is not None and not part.is_group)


def _title(place: str, node: Node, name: str) -> str:
    """The name of a log: what its group states, unless the group is named for it."""
    if place in ("selog", "runlog", "framelog"):
        return name
    return node.text("name") or node.text("displayname") or name


def _log(node: Node, name: str, start: str | None) -> Log | None:
    field = _values(node) or ""
    times, values, stated = node.child("time"), node.child(field), node.child("name")
    if times is None or values is None or values.is_group or values.dtype.kind not in "iufb":
        return None
    if stated is not None and stated.attribute("available") == 0:  # a placeholder
        return None
    seconds, readings = node.numbers("time", LONG), node.numbers(field, LONG)
    if seconds is None or readings is None or seconds.size != readings.size:
        return None
    offset = _offset(times.attribute("start"), start)
    if offset is None:
        return None
    seconds = seconds / _per_second(times) + offset
    unit = values.attribute("units")
    good = np.isfinite(seconds) & np.isfinite(readings) & _valid(node, readings.size)
    if field == "values":
        seconds = _across_midnight(seconds)
        if unit == "kelvin" and np.any(readings):
            good &= readings != 0
    if not np.any(good):
        return None
    # version 1 writes K on every log, whatever it is
    false = field == "values" and unit == "K" and "temp" not in name.casefold()
    known = None if unit is None or false else str(unit)
    return Log(name, seconds[good], readings[good], known, _spans(node, offset))


def _spans(node: Node, offset: float) -> tuple[Span, ...]:
    """The times of added runs, as musrcu writes them; none where they are damaged."""
    with contextlib.suppress(ReadError):
        numbers = node.numbers("spans", LONG)
        if numbers is not None and numbers.size % 3 == 0 and np.all(np.isfinite(numbers)):
            starts, stops, rates = numbers.reshape(-1, 3).T
            if np.all(stops >= starts) and np.all(rates >= 0):
                return tuple(
                    Span(float(a) + offset, float(b) + offset, float(rate))
                    for a, b, rate in numbers.reshape(-1, 3)
                )
    return ()


def _per_second(times: Node) -> float:
    """How many of the unit of the times make a second; seconds where it is no unit of time."""
    try:
        return per_microsecond(times, "s") * 1e6
    except ReadError:  # a file of 1999 gives its times in kelvin
        return 1.0


def _offset(log_start: Any, start: str | None) -> float | None:
    """Seconds from the start of the run to that of the log, 0 where the file does not say one.

    None where the log names a start that is no time.
    """
    if log_start is None or start is None:
        return 0.0
    try:
        return seconds_between(start, str(log_start))
    except ValueError:
        return None


def _across_midnight(seconds: FloatArray) -> FloatArray:
    """The times with a day added at each step back by one; another step back begins anew.

    The log of a run of 64 hours, of 1999, ends with a copy of its beginning.
    """
    days, shift = 0, np.zeros(seconds.size)
    with np.errstate(invalid="ignore"):
        steps = np.diff(seconds)
    for place in np.flatnonzero(steps < 0):
        days = days + 1 if abs(steps[place] + DAY) <= GAP else 0
        shift[place + 1 :] = days * DAY
    return seconds + shift


def _valid(node: Node, size: int) -> NDArray[np.bool_]:
    marks = None
    with contextlib.suppress(ReadError):
        marks = node.numbers("value_valid", LONG)
    if marks is None or marks.size != size:
        return np.ones(size, dtype=bool)
    valid: NDArray[np.bool_] = marks != 0
    return valid


def _same(one: Log, other: Log) -> bool:
    return np.array_equal(one.values, other.values) and np.array_equal(one.seconds, other.seconds)
