"""The muon entry of an ISIS NeXus file: where it is, which version, and what it says of the run."""

from __future__ import annotations

import contextlib
import datetime
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from musrcu.errors import ReadError, quoted
from musrcu.readers.tree import Node

DEFINITIONS = ("muonTD", "pulsedTD")
"""Names of the muon time-differential definition (field ``definition``, or ``analysis`` in v1)."""
CUSTOMARY = {"raw_data_1": 2, "run": 1}
"""Customary name of the entry in each version."""

MOST_RUNS = 2**53
"""Larger run numbers are not whole in double precision."""
GAUSS = {"": 1.0, "g": 1.0, "gauss": 1.0, "t": 1e4, "tesla": 1e4, "mt": 10.0, "millitesla": 10.0}
"""Gauss in one of the units that a field of a NeXus file may have; no unit means gauss."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class MuonEntry:
    """The NXentry of a muon run."""

    node: Node
    version: int
    """Version of the instrument definition (IDF_version), or by its layout where it is missing."""
    definition: str
    is_stated: bool = True
    """Whether the file says which version it has."""
    doubts: tuple[str, ...] = ()
    """What is odd about the choice, such as a second muon entry."""


def find_muon_entry(root: Node) -> MuonEntry:
    """The first muon entry of the file, ``raw_data_1`` and ``run`` before others.

    Raises
    ------
    ReadError if the file has no NXentry group, or none with a muon definition.
    """
    names = [name for name in CUSTOMARY if root.group(name) is not None]
    names += [name for name in root.names() if name not in names and _is_entry(root, name)]
    seen = []
    for name in names:
        node = root.group(name)
        if node is None:
            continue
        definition = node.text("definition") or node.text("analysis")
        if definition in DEFINITIONS:
            version = _version(node)
            doubts = tuple(_other_entries(root, node, names))
            layout = version or _layout(node)
            return MuonEntry(node, layout, definition, version is not None, doubts)
        found = ascii(definition[:40]) if definition else "missing"
        seen.append(f"{node.place} with definition {found}")
    if not seen:
        held = ", ".join(root.names()[:6]) or "nothing"
        raise ReadError(
            f"{root.path} is a file without a NeXus entry (it holds {held}); expected raw_data_1 "
            "or run of a muon file"
        )
    raise ReadError(
        f"{root.path} is no muon file: found {'; '.join(seen[:4])}; expected definition "
        f"{' or '.join(DEFINITIONS)} (a neutron file has another)"
    )


def _is_entry(root: Node, name: str) -> bool:
    node = root.group(name)
    return node is not None and node.attribute("NX_class") == "NXentry"


def _other_entries(root: Node, taken: Node, names: list[str]) -> Iterator[str]:
    """A sentence about further muon entries, of which nothing is read."""
    others = []
    for name in names:
        with contextlib.suppress(ReadError):  # a damaged one is of no concern
            node = root.group(name)
            if node is None or node.same_as(taken):
                continue
            if (node.text("definition") or node.text("analysis")) in DEFINITIONS:
                others.append(node.place)
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        yield (
            f"the file holds a second muon entry, {', '.join(others[:3])}{more}, which is not "
            f"read; {taken.place} is"
        )


def _version(node: Node) -> int | None:
    for name in ("IDF_version", "idf_version"):
        found = node.number(name)
        if found is not None:
            return int(found)
    return None


def _layout(node: Node) -> int:
    """The version whose groups the entry has."""
    return 1 if node.group("histogram_data_1") is not None else 2


def attempt(read: Callable[[str], _T | None], where: str, warnings: list[str]) -> _T | None:
    """``read(where)`` of something a run can do without: a warning and None if it is damaged."""
    try:
        return read(where)
    except ReadError as error:
        warnings.append(f"{error}; taken as unknown")
        return None


def text(entry: Node, places: tuple[str, ...], warnings: list[str]) -> str | None:
    """The first text among several places; None where all are missing, blank or ``n/a``."""
    for place in places:
        found = attempt(entry.text, place, warnings)
        if found is not None and found.casefold() != "n/a":
            _doubt_several(entry, place, warnings)
            return found
    return None


def _doubt_several(entry: Node, place: str, warnings: list[str]) -> None:
    """Say that a value is the first of several."""
    node = attempt(entry.child, place, warnings)
    if node is not None and (n_values := math.prod(node.shape)) > 1:
        warnings.append(f"{node.place} holds {n_values} values, expected one; the first is used")


def quantity(
    entry: Node,
    places: tuple[str, ...],
    units: dict[str, float],
    warnings: list[str],
    *,
    lowest: float = -math.inf,
) -> float | None:
    """The first number among several places in the unit whose factor is 1.

    A number that is not finite or lies below ``lowest`` makes the value unknown, and so does a
    unit that is not in ``units``; each with a warning.
    """
    for place in places:
        node = attempt(entry.child, place, warnings)
        stored = None if node is None else attempt(entry.text, place, warnings)
        if node is None or stored is None:
            continue
        doubts = len(warnings)
        value = attempt(entry.number, place, warnings)
        if value is None:
            if len(warnings) == doubts:
                warnings.append(f"{node.place} is {stored[:40]}; taken as unknown")
            continue
        unit = attempt(node.attribute, "units", warnings) or ""
        factor = units.get(str(unit).strip().lower())
        if factor is None:
            known = ", ".join(name for name in units if name)
            warnings.append(
                f"{node.place} is {value:g} in {quoted(unit)}, not one of {known}; taken as unknown"
            )
        elif not lowest <= value * factor or not math.isfinite(value * factor):
            warnings.append(
                f"{node.place} is {value:g} {str(unit)[:40]}, which cannot be; taken as unknown"
            )
        else:
            _doubt_several(entry, place, warnings)
            return value * factor
    return None


def moment(entry: Node, places: tuple[str, ...], warnings: list[str]) -> str | None:
    """The first date and time among several places, ISO 8601 with a T; None where unknown."""
    found = text(entry, places, warnings)
    if found is None:
        return None
    try:
        datetime.datetime.fromisoformat(found)
    except ValueError:
        warnings.append(f"{entry.place}/{places[0]} is {found[:40]!r}, no ISO 8601 time")
        return None
    return found.replace(" ", "T", 1)


def seconds_between(earlier: str, later: str) -> float:
    """Seconds from one ISO 8601 time to another, below 0 where they are in the wrong order.

    Where only one of them names its time zone, both are of the same clock.

    Raises
    ------
    ValueError if one of them is no ISO 8601 time.
    """
    first, last = (datetime.datetime.fromisoformat(text) for text in (earlier, later))
    if (first.tzinfo is None) != (last.tzinfo is None):
        first, last = first.replace(tzinfo=None), last.replace(tzinfo=None)
    return (last - first).total_seconds()


def run_number(entry: Node, where: str, warnings: list[str]) -> int | None:
    """The run number; where it is missing or 0 that of the file name, if it names the instrument.

    ``EMU03087.nxs`` of EMU is run 3087; anything else is None. Either way with a warning.
    """
    number = attempt(entry.number, where, warnings)
    if number is not None and number >= 1 and number.is_integer() and number < MOST_RUNS:
        _doubt_several(entry, where, warnings)
        return int(number)
    found = f"{entry.place}/{where} is {f'{number:g}' if number else 'missing or 0'}"
    named = re.fullmatch(r"([A-Za-z]+)0*([1-9]\d{0,8})", entry.path.stem)
    known = [attempt(entry.text, place, warnings) for place in ("instrument/name", "beamline")]
    if named and named[1].casefold() in {name.casefold() for name in known if name}:
        warnings.append(f"{found}; {named[2]} is taken from the name of the file")
        return int(named[2])
    warnings.append(f"{found}; taken as unknown")
    return None
