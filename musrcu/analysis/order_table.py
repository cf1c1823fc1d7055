"""Points of an order parameter from a text table: somebody else's fits, or a paper's."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musrcu.analysis.order_points import OrderPoints
from musrcu.errors import FitError
from musrcu.files import PathLike, read_text

COLUMNS = {
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
_UNIT = re.compile(r"[\[(/].*$|_(?:m?k|mhz|khz|hz)$", re.IGNORECASE)
ORDERED, NOT_ORDERED = "ordered", "not ordered"


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table, its cells under the names of ``COLUMNS``."""

    place: str
    cells: dict[str, str]

    def number(self, name: str) -> float:
        """A number; NaN where the cell is empty."""
        text = self.cells.get(name, "")
        if text.casefold() in ("", "-", "nan"):
            return math.nan
        try:
            return float(text)
        except ValueError:
            hint = "; write a decimal point, not a comma" if "," in text else ""
            raise FitError(f"{self.place}: {name} is {text!r}, expected a number{hint}") from None

    def needed(self, name: str) -> float:
        """A number that must be there."""
        value = self.number(name)
        if not math.isfinite(value):
            raise FitError(f"{self.place}: {name} is {self.cells.get(name, '')!r}, not a number")
        return value


def read_order_table(path: PathLike) -> OrderPoints:
    """The points in a text table.

    The first line names the columns: T (K), nu and nu_error (MHz) and, where known, T_error (K),
    run (a name) and verdict. Names are taken in any case, with or without a unit: ``T_K``,
    ``Temperature (K)``, ``nu2_error``. A line with the verdict ``not ordered`` needs no nu; the
    lowest such temperature bounds T_N from above. Lines with any verdict but these and
    ``ordered`` are left out. A line that begins with ``#`` is a comment; an empty or ``nan``
    T_error is not known.

    Parameters
    ----------
    path : the file; columns are separated by commas, semicolons, tabs or blanks.

    Returns
    -------
    OrderPoints, labelled by run, or by their place among the lines.

    Raises
    ------
    FitError if a column is missing or a cell is not a number; the text names the line.
    """
    rows = _rows(path)
    points, above, left_out = [], [], []
    for number, row in enumerate(rows, 1):
        label = row.cells.get("run") or str(number)
        verdict = row.cells.get("verdict", "").strip().casefold() or ORDERED
        if verdict == NOT_ORDERED:
            above.append((row.needed("T"), row.number("T_error")))
        elif verdict == ORDERED:
            values = (row.needed("T"), row.needed("nu"), row.needed("nu_error"))
            points.append((*values, row.number("T_error"), label))
        else:
            left_out.append(f"{label}: {verdict}")
    temperature, value, error, spread, labels = zip(*points, strict=True) if points else [()] * 5
    known = bool(np.isfinite(np.array(spread, dtype=float)).any())
    bound, bound_error = min(above, default=(None, None))
    return OrderPoints(
        temperature=np.array(temperature, dtype=float),
        temperature_error=np.array(spread, dtype=float) if known else None,
        value=np.array(value, dtype=float),
        error=np.array(error, dtype=float),
        labels=tuple(labels),
        upper_bound=bound,
        upper_bound_error=None if bound_error is None or math.isnan(bound_error) else bound_error,
        left_out=tuple(left_out),
    )


def _rows(path: PathLike) -> list[_Row]:
    """The lines below the header."""
    names: list[str] | None = None
    separator: str | None = None
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.strip().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
        comment = text.startswith("#")
        text = text.lstrip("# ") if names is None else text
        if not text or (comment and not (names is None and _is_header(text))):
            continue
        place = f"{path}, line {number}"
        if names is None:
            separator = next((mark for mark in ";\t," if mark in text), None)
            names = _header(place, _cells(text, separator))
            continue
        cells = _cells(text, separator)
        if len(cells) != len(names):
            raise FitError(f"{place}: {len(cells)} cells under {len(names)} column names")
        rows.append(_Row(place, {n: c for n, c in zip(names, cells, strict=True) if n}))
    if names is None:
        raise FitError(f"{path} is empty; expected a table with the columns T, nu, nu_error")
    return rows


def _cells(text: str, separator: str | None) -> list[str]:
    if separator is None:
        return text.split()
    (cells,) = csv.reader([text], delimiter=separator, skipinitialspace=True)
    return [cell.strip() for cell in cells]


def _is_header(text: str) -> bool:
    separator = next((mark for mark in ";\t," if mark in text), None)
    return {"T", "nu"} <= {_meaning(name) for name in _cells(text, separator)}


def _meaning(name: str) -> str:
    """The column that a name stands for; empty where it is none of ours."""
    plain = re.sub(r"[^a-z0-9]", "", _UNIT.sub("", name.strip()).casefold())
    plain = plain.replace("uncertainty", "error")
    return next((column for column, known in COLUMNS.items() if plain in known), "")


def _header(place: str, given: Sequence[str]) -> list[str]:
    """What each column is; empty for one that is not used."""
    found = [_meaning(name) for name in given]
    for column in COLUMNS:
        if found.count(column) > 1 and column == "run":  # a number and a name: the first is enough
            first = found.index(column)
            found = [what if what != column or k == first else "" for k, what in enumerate(found)]
        elif found.count(column) > 1:
            twice = [name for name, what in zip(given, found, strict=True) if what == column]
            raise FitError(f"{place}: columns {' and '.join(twice)} are both {column}; keep one")
    missing = [column for column in _NEEDED if column not in found]
    if missing:
        raise FitError(
            f"{place}: no column {' and no column '.join(missing)} among {', '.join(given)}; the "
            "first line names the columns T, nu, nu_error and, where known, T_error"
        )
    return found
