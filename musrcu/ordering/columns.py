"""The header of a table of points: which column is which, and the units its numbers are in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from musrcu.errors import FitError
from musrcu.ordering.order_quantity import FIELDS

_ERRORS = ("{}error", "{}err", "d{}", "err{}", "error{}", "sigma{}")
"""How the error of a column is called, by the name of the column."""


def _errors(*names: str) -> tuple[str, ...]:
    return tuple(form.format(name) for form in _ERRORS for name in names)


_VALUES = {
    "nu": ("nu", "nu1", "nu2", "f", "freq", "frequency", "v"),
    "B": ("b", "bmu", "bint", "blocal", "internalfield"),
    "A": ("a", "asymmetry", "amplitude"),
}
"""What may order, by its symbol: where a table has several, the first that it has an error of."""
NAMES = {
    "T": ("t", "temp", "temperature"),
    **_VALUES,
    **{f"{symbol}_error": _errors(*names) for symbol, names in _VALUES.items()},
    "T_error": _errors("t", "temp", "temperature"),
    "error": ("error", "err"),
    "run": ("run", "label", "name", "number"),
    "verdict": ("verdict",),
}
"""Names of each column that are understood, in small letters, without units and punctuation."""

_KELVIN = {"K": 1.0, "mK": 1e3, "uK": 1e6}
_OF_VALUES: dict[str, dict[str, float]] = {
    "nu": {"MHz": 1.0, "kHz": 1e3, "Hz": 1e6, "GHz": 1e-3},
    "B": {**FIELDS, "uT": 100.0, "kG": 1e-3},
    "A": {"%": 100.0},
}
UNITS = {
    "T": _KELVIN,
    "T_error": _KELVIN,
    **{f"{symbol}{tail}": units for symbol, units in _OF_VALUES.items() for tail in ("", "_error")},
}
"""Units by column: how many of each make a K, a MHz, a G, or an asymmetry of 1."""
UNIT_OF = {"nu": "MHz", "B": "G", "A": ""}
"""Unit of the points, by the symbol of what orders."""

_SPELLINGS = {"MHZ": "MHz", "mhz": "MHz", "KHz": "kHz", "KHZ": "kHz", "khz": "kHz", "HZ": "Hz",
              "hz": "Hz", "GHZ": "GHz", "ghz": "GHz", "k": "K", "mk": "mK", "uk": "uK",
              "\N{MICRO SIGN}K": "uK", "\N{GREEK SMALL LETTER MU}K": "uK",
              "mt": "mT", "g": "G", "Gauss": "G", "gauss": "G",
              "\N{MICRO SIGN}T": "uT", "\N{GREEK SMALL LETTER MU}T": "uT"}  # fmt: skip
"""Other spellings. Not mHz: in a sloppy hand it means MHz, in a careful one a millihertz."""

_ENCLOSED = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")
_TRAILING = re.compile(
    r"[_\s]((?:[munMGk]|\u00b5|\u03bc)?(?:[kK]|[hH][zZ])|(?-i:k?G|[mu]?T))$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Column:
    """What one column of a table is."""

    title: str
    """As the header has it."""
    what: str
    """A name of ``NAMES``; empty where it is none of them."""
    unit: str
    """As the header has it; empty where it names none."""
    name: str
    """The title without its unit, in small letters and without punctuation."""

    @property
    def per_unit(self) -> float:
        """How many of the column's unit make a K, MHz or G, in which a column without one is."""
        return UNITS[self.what][_spelled(self.unit)] if self.unit and self.what in UNITS else 1.0


def columns(place: str, titles: Sequence[str], parameter: str | None = None) -> list[Column]:
    """The columns that a header line names; of what may order, the one that is asked for.

    Parameters
    ----------
    parameter : name of the column that orders; None takes nu, else B, else A.

    Raises
    ------
    FitError if one that is needed is missing or there twice, or a unit is not known.
    """
    found = [column_of(title) for title in titles]
    if parameter is not None:
        found = _asked_for(place, found, parameter)
    symbol = ordering(found)
    found = [_for(symbol, column) for column in found]
    _refuse_twice(place, found)
    needed = ("T", symbol, f"{symbol}_error")
    missing = [what for what in needed if what not in (column.what for column in found)]
    if missing:
        raise FitError(
            f"{place}: no column {' and no column '.join(missing)} among {', '.join(titles)}; the "
            f"first line names the columns {', '.join(needed)} and, where known, T_error"
        )
    for column in found:
        _refuse_unit(place, column)
    named = {column.what: column for column in found if column.what in UNITS}
    for value, error in (("T", "T_error"), needed[1:]):
        if error in named:
            _refuse_half(place, named[value], named[error])
    return found


def _asked_for(place: str, found: Sequence[Column], parameter: str) -> list[Column]:
    """The columns with the one called ``parameter`` and its error as the only ones that order."""
    name = _plain(parameter)
    value = next((column for column in found if column.name == name), None)
    if value is None and parameter in _VALUES:  # nu of a column that is called nu2
        return [_for(parameter, column) for column in found]
    if value is None:
        titles = ", ".join(column.title for column in found)
        raise FitError(f"{place}: no column {parameter} among {titles}")
    symbol = _symbol_of(place, value)
    errors = [form.format(name) for form in _ERRORS]
    own = any(column.name in errors for column in found)
    chosen = []
    for column in found:
        if column is value:
            what = symbol
        elif column.name in errors:
            what = f"{symbol}_error"
        else:
            of_another = column.what.removesuffix("_error") in _VALUES
            what = "" if of_another or (own and column.what == "error") else column.what
        chosen.append(replace(column, what=what))
    return chosen


def _symbol_of(place: str, column: Column) -> str:
    """Whether a column is a frequency, a field or an asymmetry: by its unit, else by its name."""
    unit = _spelled(column.unit)
    for symbol, units in _OF_VALUES.items():
        if unit in units or (not unit and column.name.startswith(symbol.casefold())):
            return symbol
    raise FitError(
        f"{place}: column {column.title} is neither a frequency (MHz), a field (G, mT, T) nor an "
        "asymmetry (a name with A and no unit, or %); choose another"
    )


def ordering(found: Sequence[Column]) -> str:
    """What orders among the columns: ``nu``, ``B`` or ``A``."""
    there = {column.what for column in found}
    values = [symbol for symbol in _VALUES if symbol in there]
    with_error = [symbol for symbol in values if {f"{symbol}_error", "error"} & there]
    return next(iter(with_error or values), "nu")


def _for(symbol: str, column: Column) -> Column:
    """The column as it counts where ``symbol`` orders: another value or its error says nothing."""
    if column.what == "error":
        return replace(column, what=f"{symbol}_error")
    other = column.what.removesuffix("_error") in _VALUES.keys() - {symbol}
    return replace(column, what="") if other else column


def column_of(title: str) -> Column:
    """The column that a title stands for, such as ``nu2_error_MHz``, ``T/K`` or ``dT [mK]``."""
    what, name, unit = _meaning(title), title.strip(), ""
    if what and "%" not in name:  # "err (nu)" is a name, not a unit; no name has a %
        return Column(name, what, "", _plain(name))
    enclosed = list(_ENCLOSED.finditer(name))
    if enclosed:
        unit = enclosed[-1].group(1) or enclosed[-1].group(2) or ""
        name = name[: enclosed[-1].start()] + name[enclosed[-1].end() :]
    elif "/" in name:
        name, _, unit = name.partition("/")
    elif name.endswith("%"):
        name, unit = name.rstrip("_ %"), "%"
    elif trailing := _TRAILING.search(name):
        name, unit = name[: trailing.start()], trailing.group(1)
    return Column(title.strip(), _meaning(name), unit.strip(), _plain(name))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold()).replace("uncertainty", "error")


def _meaning(name: str) -> str:
    """The name of ``NAMES`` that a title without unit stands for; empty where it is none."""
    plain = _plain(name)
    return next((what for what, known in NAMES.items() if plain in known), "")


def _spelled(unit: str) -> str:
    return _SPELLINGS.get(unit, unit)


def _refuse_twice(place: str, found: list[Column]) -> None:
    """Refuse two columns of one kind; of a run's number and its name the first is enough."""
    for what in NAMES:
        same = [column for column in found if column.what == what]
        if what == "run":
            for spare in same[1:]:
                found[found.index(spare)] = replace(spare, what="")
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
