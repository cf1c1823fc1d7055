"""Texts as PSI writes them into its files: set points, fields, dates.

PSI-BIN and MDU share the four fields of ten characters that were typed at the start of a run.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping

from musrcu.constants import GAUSS, KELVIN


def text(value: bytes) -> str:
    """A fixed-width text: Latin-1, cut at the first NUL, blanks stripped."""
    return value.split(b"\0", 1)[0].decode("latin-1").strip()


_QUANTITY = re.compile(r"([-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z]*)")


def gauss(typed: str) -> tuple[float | None, str | None]:
    """Field in G of a typed text such as ``150.000G`` or ``0.3 T``, and what is doubtful in it."""
    value, unit, doubt = _quantity(typed, GAUSS, "G")
    if value is not None and not unit:
        doubt = f"field {typed!r} has no unit and is read as {value:g} G"
    return value, doubt


def kelvin(typed: str) -> tuple[float | None, str | None]:
    """Temperature in K of a typed text such as ``6.000K`` or ``50 mK``, and what is doubtful."""
    value, _, doubt = _quantity(typed, KELVIN, "K")
    if value is not None and value < 0:
        return None, f"set point {typed!r} is below zero kelvin"
    return value, doubt


def _quantity(
    typed: str, units: Mapping[str, float], unit: str
) -> tuple[float | None, str, str | None]:
    what = "set point" if unit == "K" else "field"
    if not typed:
        return None, "", None
    found = _QUANTITY.search(typed)
    if found is None:
        return None, "", f"{what} {typed!r} holds no number"
    name = found[2].casefold()
    value = float(found[1].replace(",", ".")) * units.get(name, 1.0)
    if (name and name not in units) or not math.isfinite(value):
        return None, name, f"{what} {typed!r} cannot be read in {unit}"
    plain = found[0] == typed and "," not in typed
    doubt = None if plain else f"{what} {typed!r} is read as {value:g} {unit}"
    return value, name, doubt


_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DATE = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d\d|\d{4})", re.ASCII)
_PIVOT = 70
"""Two-digit years from here on belong to the twentieth century."""


def iso_time(date: str, clock: str) -> str | None:
    """ISO 8601 of ``DD-MMM-YY[YY]`` and ``HH:MM:SS``; None where that is no moment."""
    found = _DATE.fullmatch(date.upper())
    if found is None or found[2] not in _MONTHS or not re.fullmatch(r"\d\d:\d\d:\d\d", clock):
        return None
    year = int(found[3])
    if len(found[3]) == 2:
        year += 1900 if year >= _PIVOT else 2000
    hour, minute, second = (int(part) for part in clock.split(":"))
    month = _MONTHS.index(found[2]) + 1
    try:
        moment = datetime.datetime(year, month, int(found[1]), hour, minute, second)
    except ValueError:
        return None
    return moment.isoformat()


def date_and_clock(iso: str) -> tuple[str, str] | None:
    """``DD-MMM-YY`` and ``HH:MM:SS`` of an ISO 8601 moment; None where they cannot hold it."""
    try:
        moment = datetime.datetime.fromisoformat(iso)
    except ValueError:
        return None
    if not 1900 + _PIVOT <= moment.year < 2000 + _PIVOT:
        return None
    date = f"{moment.day:02d}-{_MONTHS[moment.month - 1]}-{moment.year % 100:02d}"
    return date, f"{moment:%H:%M:%S}"
