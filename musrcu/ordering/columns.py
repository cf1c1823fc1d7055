"""The header of a table of points: which column is which, and the units its numbers are in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from musrcu.errors import FitError

NAMES = {
    "T": ("t", "temp", "temperature"),
    "nu": ("nu", "nu1", "nu2", "f", "freq", "frequency", "v"),
    "nu_error": ("nuerror", "nuerr", "dnu", "nu2error", "nu1error", "nu2err", "nu1err", "errnu",
                 "sigmanu", "ferror", "ferr", "df", "freqerror", "frequencyerror", "error", "err"),
    "T_error": ("terror", "terr", "dt", "errt", "sigmat", "temperror", "temperatureerror"),
    "run": ("run", "label", "name", "number"),
    "verdict": ("verdict",),
}  # fmt: skip
"""Names of each column that are understood, in small letters, without units and punctuation."""

_NEEDED = ("T", "nu", "nu_error")
_KELVIN = {"K": 1.0, "mK": 1e3, "uK": 1e6}
_MEGAHERTZ = {"MHz": 1.0, "kHz": 1e3, "Hz": 1e6, "GHz": 1e-3}
UNITS = {"T": _KELVIN, "T_error": _KELVIN, "nu": _MEGAHERTZ, "nu_error": _MEGAHERTZ}
"""Units by column: how many of each make a K or a MHz."""

_SPELLINGS = {"MHZ": "MHz", "mhz": "MHz", "KHz": "kHz", "KHZ": "kHz", "khz": "kHz", "HZ": "Hz",
              "hz": "Hz", "GHZ": "GHz", "ghz": "GHz", "k": "K", "mk": "mK", "uk": "uK",
              "\N{MICRO SIGN}K": "uK", "\N{GREEK SMALL LETTER MU}K": "uK"}  # fmt: skip
"""Other spellings. Not mHz: in a sloppy hand it means MHz, in a careful one a millihertz."""

_ENCLOSED = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_TRAILING = re.compile(r"[_\s]((?:[munMGk]|\u00b5|\u03bc)?(?:[kK]|[hH][zZ]))$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """What one column of a table is."""

    title: str
    """As the header has it."""
    what: str
    """A name of ``NAMES``; empty where it is none of them."""
    unit: str
    """As the header has it; empty where it names none."""

    @property
    def per_unit(self) -> float:
        """How many of the column's unit make a K or a MHz, in which a column without one is."""
        return UNITS[self.what][_spelled(self.unit)] if self.unit and self.what in UNITS else 1.0


def columns(place: str, titles: Sequence[str]) -> list[Column]:
    """The columns that a header line names.

    Raises
    ------
    FitError if one that is needed is missing or there twice, or a unit is not known.
    """
    found = [column_of(title) for title in titles]
    _refuse_twice(place, found)
    missing = [what for what in _NEEDED if what not in (column.what for column in found)]
    if missing:
        raise FitError(
            f"{place}: no column {' and no column '.join(missing)} among {', '.join(titles)}; the "
            "first line names the columns T, nu, nu_error and, where known, T_error"
        )
    for column in found:
        _refuse_unit(place, column)
    named = {column.what: column for column in found if column.what in UNITS}
    for value, error in (("T", "T_error"), ("nu", "nu_error")):
        if error in named:
            _refuse_half(place, named[value], named[error])
    return found


def column_of(title: str) -> Column:
    """The column that a title stands for, such as ``nu2_error_MHz``, ``T/K`` or ``dT [mK]``."""
    what, name, unit = _meaning(title), title.strip(), ""
    if what:  # "err (nu)" is a name, not a unit
        return Column(name, what, "")
    enclosed = list(_ENCLOSED.finditer(name))
    if enclosed:
        unit = enclosed[-1].group(1) or enclosed[-1].group(2) or ""
        name = name[: enclosed[-1].start()] + name[enclosed[-1].end() :]
    elif "/" in name:
        name, _, unit = name.partition("/")
    elif trailing := _TRAILING.search(name):
        name, unit = name[: trailing.start()], trailing.group(1)
    return Column(title.strip(), _meaning(name), unit.strip())


def _meaning(name: str) -> str:
    """The name of ``NAMES`` that a title without unit stands for; empty where it is none."""
    plain = re.sub(r"[^a-z0-9]", "", name.casefold()).replace("uncertainty", "error")
    return next((what for what, known in NAMES.items() if plain in known), "")


def _spelled(unit: str) -> str:
    return _SPELLINGS.get(unit, unit)


def _refuse_twice(place: str, found: list[Column]) -> None:
    """Refuse two columns of one kind; of a run's number and its name the first is enough."""
    for what in NAMES:
        same = [column for column in found if column.what == what]
        if what == "run":
            for spare in same[1:]:
                found[found.index(spare)] = Column(spare.title, "", spare.unit)
        elif len(same) > 1:
            twice = " and ".join(column.title for column in same)
            raise FitError(f"{place}: columns {twice} are both {what}; keep one")


def _refuse_unit(place: str, column: Column) -> None:
    known = UNITS.get(column.what)
    if known is not None and column.unit and _spelled(column.unit) not in known:
        raise FitError(
            f"{place}: column {column.title} is in {column.unit!r}, expected "
            f"{', '.join(known)}; convert it, or name the unit so"
        )


def _refuse_half(place: str, value: Column, error: Column) -> None:
    """Refuse a column in K or MHz for want of a unit beside one that is in another unit."""
    bare, other = (value, error) if not value.unit else (error, value)
    if not bare.unit and other.per_unit != 1.0:
        raise FitError(
            f"{place}: column {other.title} is in {other.unit} and {bare.title} names no unit; "
            "write the units of both"
        )
