"""What musrcu writes into an ISIS NeXus file beyond the definition, so that no Run loses by it.

Detector labels, times to the last digit, what is known of the temperature, and what was known
before it was written: added runs, history, doubts; see
:func:`musrcu.writers.isis_nexus_v2.write_isis_nexus_v2` for the places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from musrcu.containers.history import History, Step
from musrcu.containers.temperature import TEMPERATURE_UNITS, Sensor, Temperature
from musrcu.readers.isis_time_axis import TimeAxis
from musrcu.readers.muon_entry import attempt, quantity, text
from musrcu.readers.tree import SMALL, Node

MOST_SENSORS = 64
MOST_NOTES = 1000
"""Steps and doubts of each that are read."""
ROUNDING = 1e-6
"""Bins, and fractions of a bin, by which the definition's times may be off our own: rounding."""
ORIGINAL = "in the original "
"""How a doubt begins that was known before the run was written."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was known of a run before it was written."""

    numbers: tuple[int, ...] = ()
    """Of the runs whose counts were added."""
    history: History = History()
    """What had been done, and from which file it was converted."""
    doubts: tuple[str, ...] = ()
    """Its warnings, each marked as of the original."""

    def warnings(self, found: Sequence[str]) -> tuple[str, ...]:
        """The warnings that the reader has found, then the doubts that it has not found again."""
        known = {_gist(text) for text in found}
        return (*found, *(text for text in self.doubts if _gist(text) not in known))


def read_past(entry: Node, warnings: list[str]) -> Past:
    """What ``process`` of a file that musrcu wrote says of the run; nothing of other programs."""
    process = _own_process(entry, warnings)
    if process is None:
        return Past()
    file = attempt(process.text, "original_file", warnings)
    origin = {"file": file, "format": attempt(process.text, "original_format", warnings)}
    taken = _notes(process, "step", warnings)
    steps = [_step(process, place, text, warnings) for place, text in taken]
    if origin["format"] is not None:
        steps.append(Step("convert", "", {key: name for key, name in origin.items() if name}))
    doubts = tuple(
        text if text.startswith(ORIGINAL) else f"{ORIGINAL}{file or 'run'}: {text}"
        for _, text in _notes(process, "warning", warnings)
    )
    numbers = attempt(process.integers, "run_numbers", warnings)
    added = () if numbers is None else tuple(map(int, numbers))
    return Past(added, History(steps), doubts)


def _own_process(entry: Node, warnings: list[str]) -> Node | None:
    """The group ``process``, if musrcu has written it."""
    process = attempt(entry.group, "process", warnings)
    ours = process is not None and attempt(process.text, "program", warnings) == "musrcu"
    return process if ours else None


def to_the_last_digit(axis: TimeAxis, entry: Node, group: Node, warnings: list[str]) -> TimeAxis:
    """The axis with the bin width and t0 that musrcu stored, as far as they are those of the axis.

    ``resolution`` and ``time_zero`` of the definition are quotients and products of them, which
    round, and t0 half way between two bins would fall on the other side. Where another program
    has changed these since, they count, and a warning says so.
    """
    if _own_process(entry, []) is None:  # of what is damaged in it, read_past tells
        return axis
    width = attempt(group.number, "bin_width", warnings)
    if width is not None and abs(width - axis.bin_width) <= ROUNDING * axis.bin_width:
        axis = replace(axis, bin_width=width)
    elif width is not None:
        warnings.append(
            f"{group.place}/bin_width is {width:g} us, resolution gives {axis.bin_width:g} us, "
            "which is used"
        )
    t0 = attempt(group.numbers, "t0", warnings)
    if t0 is None:
        return axis
    if t0.size in (1, axis.t0.size) and np.all(np.abs(t0 - axis.t0) <= ROUNDING):
        return replace(axis, t0=np.broadcast_to(t0, axis.t0.shape).copy())
    warnings.append(
        f"{group.place}/t0 is {t0[0]:g} bins, time_zero gives {axis.t0[0]:g} bins, which is used"
    )
    return axis


def read_same_decays(entry: Node, warnings: list[str]) -> bool:
    """Whether the periods hold decays of one another, so that they must never be added."""
    return attempt(entry.number, "periods/same_decays", warnings) == 1


def _notes(process: Node, name: str, warnings: list[str]) -> Iterator[tuple[str, str]]:
    """Place and text of the notes of a name, as they are numbered."""
    length = 0
    for number in range(1, MOST_NOTES + 1):
        place = f"{name}_{number}"
        text = attempt(process.text, f"{place}/data", warnings)
        if text is None:
            return
        length += len(text)
        if length > SMALL:
            warnings.append(f"{process.place}/{place} and later ones are too long, left out")
            return
        yield place, text


def _step(process: Node, place: str, text: str, warnings: list[str]) -> Step:
    """One step as it was taken; its text alone where its options cannot be read."""
    stage = attempt(process.text, f"{place}/description", warnings)
    stored = attempt(process.text, f"{place}/options", warnings)
    note = attempt(process.text, f"{place}/note", warnings)
    try:
        options = json.loads(stored or "")
    except (ValueError, RecursionError):
        options = None
    if stage is None or not isinstance(options, dict):
        return Step("convert", text)
    return Step(stage, note or "", options)


def _gist(text: str) -> str:
    """A warning without its mark, each place by its last name only, a number behind it left out.

    So ``/run/instrument/detector has no dead times`` of version 1 is the same as that of
    ``/raw_data_1/instrument/detector_1``.
    """
    bare = re.sub(rf"^{ORIGINAL}.*?: ", "", text)
    return re.sub(r"/(?:[\w.@-]*/)*([A-Za-z_.@-]*[A-Za-z])\w*", r"\1", bare)


def read_labels(group: Node, n_detectors: int, warnings: list[str]) -> tuple[str, ...]:
    """(n_detectors,) names in ``labels`` of the detector group; empty texts without it."""
    node = attempt(group.child, "labels", warnings)
    if node is None or node.is_group:
        return ("",) * n_detectors
    stored = attempt(lambda _: np.ravel(node._small()), "labels", warnings)
    if stored is None or stored.size != n_detectors or stored.dtype.kind not in "SUO":
        warnings.append(f"{node.place} holds no {n_detectors} names; labels are left out")
        return ("",) * n_detectors
    found = attempt(lambda _: [str(node.plain(one) or "") for one in stored], "labels", warnings)
    return tuple(found or ("",) * n_detectors)


def with_sensors(temperature: Temperature, entry: Node, warnings: list[str]) -> Temperature:
    """The temperature with mean, spread, error and sensors where the file holds them itself."""

    def kelvin(place: str) -> float | None:
        return quantity(entry, (place,), TEMPERATURE_UNITS, warnings, lowest=0.0)

    sensors = []
    for number in range(1, MOST_SENSORS + 1):
        place = f"sample/temperature_sensor_{number}"
        mean = kelvin(f"{place}/average_value")
        if mean is None:
            break
        count = attempt(entry.number, f"{place}/n_readings", warnings)
        name = text(entry, (f"{place}/description",), warnings)
        spread = kelvin(f"{place}/average_value_errors")
        sensors.append(Sensor(name, mean, spread, None if count is None else int(count)))
    mean = kelvin("sample/temperature_mean")
    if mean is None and not sensors:
        return temperature
    spread, error = kelvin("sample/temperature_spread"), kelvin("sample/temperature_error")
    return Temperature(temperature.nominal, mean, error, spread, tuple(sensors))
