"""What a muon NeXus file says of a run beside its histograms, versions 1 and 2 alike.

Source: ISIS muon NeXus instrument definitions, versions 1 and 2.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from musrcu.containers.run import Source
from musrcu.containers.temperature import TEMPERATURE_UNITS, Temperature
from musrcu.errors import ReadError, quoted
from musrcu.readers.muon_entry import (
    GAUSS,
    attempt,
    moment,
    quantity,
    run_number,
    text,
)
from musrcu.readers.nexus_later import later
from musrcu.readers.tree import Node

HEADER_GROUPS = (
    "sample",
    "periods",
    "instrument",
    "instrument/source",
    "instrument/beam",
    "instrument/detector",
)
"""Groups whose short values go into the header, with those of the entry and of the histograms."""
FACILITIES: tuple[tuple[str, tuple[str, ...], Source], ...] = (
    ("ISIS", ("isis", "rutherford", "ral", "rikenral"), "pulsed"),
    ("J-PARC", ("jparc", "muse"), "pulsed"),
    ("PSI", ("psi", "scherrer", "smus", "sinq"), "continuous"),
    ("TRIUMF", ("triumf",), "continuous"),
)
"""Facility, words of which one names its source or laboratory (no hyphens), kind of source."""
PLACEHOLDERS = ("sample name: test", 5.5, 4.4)
"""Sample, K and G that MuonDataLib 0.13 writes into files that it makes of events."""
SMALL_FIELD = 0.5
"""G; less is what is left of a field of 0."""


@dataclass(frozen=True, slots=True)
class Names:
    """Where a version of the definition has what it says of a run."""

    number: str
    instrument: tuple[str, ...]
    facility: tuple[str, ...]


VERSION_1 = Names("number", ("instrument/name", "beamline"), ("lab", "instrument/source/name"))
VERSION_2 = Names(
    "run_number", ("instrument/name", "name", "beamline"), ("instrument/source/name", "lab")
)


def describe(entry: Node, names: Names, warnings: list[str]) -> dict[str, Any]:
    """Number, title, sample and the like, as arguments of a Run; doubt is added to ``warnings``."""
    places = ("sample/temperature", "sample/temperature_1")
    temperature = Temperature(
        nominal=quantity(entry, places, TEMPERATURE_UNITS, warnings, lowest=0.0)
    )
    field = quantity(entry, ("sample/magnetic_field", "sample/magnetic_field_1"), GAUSS, warnings)
    sample = text(entry, ("sample/name",), warnings)
    if (sample, temperature.nominal, field) == PLACEHOLDERS:
        warnings.append(
            f"{entry.place}/sample holds {sample!r}, {temperature.nominal:g} K and {field:g} G, "
            "which MuonDataLib writes where nothing is known; taken as unknown"
        )
        sample, temperature, field = None, Temperature(), None
    _check_state(entry, field, warnings)
    return {
        "instrument": text(entry, names.instrument, warnings),
        "number": run_number(entry, names.number, warnings),
        "title": text(entry, ("title",), warnings),
        "sample": sample,
        "comment": text(entry, ("notes",), warnings),
        "temperature": temperature,
        "field": field,
        "start": moment(entry, ("start_time",), warnings),
        "stop": moment(entry, ("end_time", "stop_time"), warnings),
    }


def read_source(entry: Node, names: Names, warnings: list[str]) -> tuple[Source, str | None]:
    """Kind of source and facility; pulsed, and no facility, where the file does not say.

    A source or laboratory that is not known is named as the facility.
    """
    kind = (text(entry, ("instrument/source/type",), warnings) or "").casefold()
    stated: Source | None = None
    if "continuous" in kind or "pulse" in kind:
        stated = "continuous" if "continuous" in kind else "pulsed"
    name = text(entry, names.facility, warnings)
    if name is None:
        if stated is None:
            warnings.append(
                f"{entry.place}/{names.facility[0]} is missing; the source is taken as pulsed, "
                "its facility as unknown"
            )
        return stated or "pulsed", None
    words = set(re.findall(r"[a-z]+", name.casefold().replace("-", "")))
    for facility, known, source in FACILITIES:
        if words & set(known):
            if stated is not None and stated != source:
                warnings.append(
                    f"{entry.place}/instrument/source is {quoted(name)} and of type "
                    f"{quoted(kind)}; it is taken as {stated}"
                )
            return stated or source, facility
    if stated is None:
        warnings.append(
            f"{entry.place}/{names.facility[0]} is {quoted(name)}, which is not known; the "
            "source is taken as pulsed"
        )
    return stated or "pulsed", name


def _check_state(entry: Node, field: float | None, warnings: list[str]) -> None:
    """Compare the geometry of the field with its size."""
    state = attempt(entry.text, "sample/magnetic_field_state", warnings)
    if field is None or state is None:
        return
    contradicts = (state == "TF" and field == 0) or (state == "ZF" and abs(field) > SMALL_FIELD)
    if contradicts:
        warnings.append(
            f"{entry.place}/sample has magnetic_field_state {state[:40]} and a field of "
            f"{field:g} G; the field is used, the state is in the header"
        )


def later_header(entry: Node, histograms: Node, counts: Node) -> Mapping[str, Any]:
    """What the file says under its own paths, read when it is first looked at."""
    return later(entry, partial(read_header, histograms.place, counts.place))


def read_header(histograms: str, counts: str, entry: Node) -> dict[str, Any]:
    """Short values of the file under their own paths, as they are stored.

    A part that is damaged is left out: what matters of it has been named by then.

    Parameters
    ----------
    histograms, counts : places of the group with the histograms and of the counts in it.
    """
    found: dict[str, Any] = {}
    for where in ("", *HEADER_GROUPS, histograms.removeprefix(f"{entry.place}/")):
        with contextlib.suppress(ReadError):
            node = entry.group(where) if where else entry
            values = {} if node is None else node.short_values()
            found |= {
                f"{entry.place}/{where}/{name}".replace("//", "/"): value
                for name, value in values.items()
            }
    with contextlib.suppress(ReadError):
        node = entry.child(counts.removeprefix(f"{entry.place}/"))
        if node is not None:
            found |= {f"{counts}@{name}": value for name, value in node.attributes().items()}
    return found
