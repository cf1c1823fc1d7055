"""The header of a MusrRoot file: texts such as ``018 - Sample Temperature: 11.999 +- 0.009 K -@3``.

A counter, a name, a value, and the type of the value. Names are put together with the sections
they are in: ``RunInfo/Sample Temperature``, ``DetectorInfo/Detector001/Time Zero Bin``.

Source: A. Suter, MusrRoot File Format for muSR (memorandum of PSI), and ``TMusrRunHeader``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from musrcu.readers.root_file import DIRECTORIES, Item

Value = str | int | float | tuple[str, ...] | tuple[int, ...] | tuple[float, ...]

SUMMARY = "RunSummary"
"""Section that holds lines of a text for people."""
UNSET = ("", "n/a")
"""Texts of what nobody filled in."""
UNDEFINED = 1e26
"""Numbers from here on stand for undefined (1e27 in TMusrRunHeader)."""
_DEPTH = 6
_LONGEST = 1000

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_COUNTER = re.compile(r"\s*\d{1,9} - ")
_KIND = re.compile(r"-@(\d)$")
_QUANTITY = re.compile(
    rf"\s*({_NUMBER})(?:\s*\+-\s*({_NUMBER}))?\s*([^;\s]*)\s*"
    rf"(?:;\s*SP:\s*({_NUMBER})[^;]*)?(?:;\s*(.*?))?\s*",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, and how it was meant."""

    value: float
    error: float | None
    unit: str
    """As typed; empty where there is none."""
    demand: float | None
    """Set point, in the same unit."""
    description: str
    """Such as the name of the sensor."""


def parse_entry(text: str) -> tuple[str, Value] | None:
    """Name and value of one text of the header; None where it is none.

    The value is what its type says where it can be: ``@1`` whole number, ``@2`` number, ``@4``,
    ``@5`` and ``@6`` texts, whole numbers and numbers between semicolons; else a text.
    """
    counter = _COUNTER.match(text)
    name, colon, value = text[counter.end() :].partition(":") if counter else ("", "", "")
    name, value = name.strip(), value.strip()
    if not (name and colon):
        return None
    suffix = _KIND.search(value)
    kind = suffix[1] if suffix else None
    value = value[: suffix.start()].strip() if suffix else value
    try:
        return name, _typed(value, kind)
    except ValueError:
        return name, value


def _typed(value: str, kind: str | None) -> Value:
    parts = [part.strip() for part in value.split(";")]
    if kind == "1":
        return int(value)
    if kind == "2":
        return float(value)
    if kind == "4":
        return tuple(parts)
    if kind == "5":
        return tuple(int(part) for part in parts)
    if kind == "6":
        return tuple(float(part) for part in parts)
    return value


def parse_quantity(text: str) -> Quantity | None:
    """``value [+- error] unit[; SP: set point][; description]``; None for other texts."""
    found = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    numbers = [None if part is None else float(part) for part in found.group(1, 2, 4)]
    value, error, demand = (
        number if number is not None and abs(number) < UNDEFINED else None for number in numbers
    )
    if value is None:
        return None
    return Quantity(value, error, found[3], demand, found[5] or "")


def read_header(section: Item) -> dict[str, Value]:
    """Every entry below a section, by its path; the run summary as one text.

    Raises
    ------
    ReadError if the sections go deeper than six levels.
    """
    return dict(_entries(section, "", _DEPTH))


def _entries(section: Item, above: str, depth: int) -> Iterator[tuple[str, Value]]:
    if depth == 0:
        raise section.error(f"sections go deeper than {_DEPTH} levels")
    for item in section.items():
        text = item.text
        if text is not None:
            # in a directory the name of the key is the text again, or the name alone
            name, value = parse_entry(text) or (item.name, text.strip())
            if name:
                yield f"{above}{name}", value
        elif item.name == SUMMARY:
            yield f"{above}{SUMMARY}", summary(item)
        elif item.kind in ("TObjArray", *DIRECTORIES):
            yield from _entries(item, f"{above}{item.name}/", depth - 1)


def summary(item: Item) -> str:
    """The lines of a run summary, counted as they are in the file."""
    return "\n".join((line.text or "").rstrip() for line in item.items())


@dataclass(frozen=True, slots=True)
class Facts:
    """The entries of a header, asked for by type; None where one is missing or no such value."""

    entries: Mapping[str, Value]

    def text(self, name: str) -> str | None:
        """A text that somebody filled in."""
        value = self.entries.get(name)
        text = "" if value is None or isinstance(value, tuple) else str(value).strip()
        return None if text in UNSET else text

    def number(self, name: str) -> float | None:
        """A finite number."""
        value = self.entries.get(name)
        if value is None or isinstance(value, tuple):
            return None
        try:
            number = float(value)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def whole(self, name: str) -> int | None:
        """A whole number."""
        number = self.number(name)
        return int(number) if number is not None and number.is_integer() else None

    def wholes(self, name: str) -> tuple[int, ...] | None:
        """Whole numbers between semicolons."""
        value = self.entries.get(name)
        if value is None:
            return None
        parts = value if isinstance(value, tuple) else str(value).split(";")
        try:
            return tuple(int(part) for part in parts)
        except ValueError:
            return None

    def quantity(self, name: str) -> Quantity | None:
        """A number with its unit."""
        value = self.entries.get(name)
        return None if value is None or isinstance(value, tuple) else parse_quantity(str(value))
