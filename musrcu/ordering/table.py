"""Points of an order parameter from a text table: somebody else's fits, or a paper's."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from typing import get_args

import numpy as np

from musrcu.errors import FitError
from musrcu.files import PathLike, read_text
from musrcu.ordering.columns import UNIT_OF, Column, column_of, columns, ordering
from musrcu.ordering.points import OrderPoints, Verdict

ORDERED, NOT_ORDERED = "ordered", "not ordered"
VERDICTS = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table."""

    place: str
    cells: dict[str, str]
    """By the names of ``columns.NAMES``."""
    per_unit: dict[str, float]
    """How many of a column's unit make a K, a MHz or a G."""

    def number(self, name: str) -> float:
        """A number in K, MHz or G; NaN where the cell is empty."""
        text = self.cells.get(name, "")
        if text.casefold() in ("", "-", "nan"):
            return math.nan
        try:
            return float(text) / self.per_unit.get(name, 1.0)
        except ValueError:
            hint = "; write a decimal point, not a comma" if "," in text else ""
            raise FitError(f"{self.place}: {name} is {text!r}, expected a number{hint}") from None

    def needed(self, name: str) -> float:
        """A number in K, MHz or G that must be there."""
        value = self.number(name)
        if not math.isfinite(value):
            raise FitError(f"{self.place}: {name} is {self.cells.get(name, '')!r}, not a number")
        return value

    def verdict(self) -> str:
        """One of ``VERDICTS``; a line without one is of an ordered run."""
        text = self.cells.get("verdict", "").strip()
        found = " ".join(text.casefold().replace("_", " ").split()) or ORDERED
        if found not in VERDICTS:
            raise FitError(
                f"{self.place}: verdict is {text!r}, expected {', '.join(VERDICTS)} or nothing "
                f"(which is {ORDERED})"
            )
        return found


def read_order_table(path: PathLike, *, parameter: str | None = None) -> OrderPoints:
    """The points in a text table.

    The first line names the columns: T (K), nu and nu_error (MHz) and, where known, T_error (K),
    run (a name) and verdict. Instead of nu a field at the muon, B and B_error (G), or an
    asymmetry, A and A_error, may order. Names are taken in any case. A unit in the header (K, mK,
    uK; MHz, kHz, Hz, GHz; G, mT, T, uT, kG; %) counts, as ``T (mK)``, ``nu [kHz]``, ``T/K`` or
    ``nu2_error_MHz``: its numbers are converted to K, MHz or G. A line with
    the verdict ``not ordered`` needs no nu; the lowest such temperature bounds T_N from above.
    Lines that are ``undecided`` or ``failed`` are left out and named; one without a verdict is
    ``ordered``. A line that begins with ``#`` is a comment; an empty or ``nan`` T_error is not
    known.

    Parameters
    ----------
    path : the file; columns are separated by commas, semicolons, tabs or blanks.
    parameter : the column that orders, such as ``A2`` beside ``A2_error``; None takes nu, else B,
        else A.

    Returns
    -------
    OrderPoints, labelled by run, or by their place among the lines.

    Raises
    ------
    FitError if a column is missing, a unit or a verdict is not known, or a cell is not a number;
    the text names the line.
    """
    rows, symbol = _rows(path, parameter)
    points, above, left_out, places = [], [], [], []
    for number, row in enumerate(rows, 1):
        label = row.cells.get("run") or str(number)
        verdict = row.verdict()
        if verdict == NOT_ORDERED:
            above.append((row.needed("T"), row.number("T_error")))
        elif verdict == ORDERED:
            values = (row.needed("T"), row.needed(symbol), row.needed(f"{symbol}_error"))
            points.append((*values, row.number("T_error"), label))
        else:
            left_out.append(f"{label}: {verdict}")
            place = (row.number("T"), row.number(symbol))
            if math.isfinite(place[0]):
                places.append((place[0], place[1] if math.isfinite(place[1]) else 0.0))
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
        not_ordered=tuple(T for T, _ in above),
        not_ordered_error=tuple(error for _, error in above),
        left_out_at=tuple(places),
        unit=UNIT_OF[symbol],
    )


def _rows(path: PathLike, parameter: str | None) -> tuple[list[_Row], str]:
    """The lines below the header, and the symbol of what orders."""
    found: list[Column] | None = None
    separator: str | None = None
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.strip().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
        comment = text.startswith("#")
        text = text.lstrip("# ") if found is None else text
        if not text or (comment and not (found is None and _is_header(text))):
            continue
        place = f"{path}, line {number}"
        if found is None:
            separator = _separator(text)
            found = columns(place, _titles(text, separator), parameter)
            continue
        cells = _cells(text, separator)
        if len(cells) != len(found):
            raise FitError(f"{place}: {len(cells)} cells under {len(found)} column names")
        named = {column.what: cell for column, cell in zip(found, cells, strict=True)}
        rows.append(_Row(place, named, {column.what: column.per_unit for column in found}))
    if found is None:
        raise FitError(f"{path} is empty; expected a table with the columns T, nu, nu_error")
    return rows, ordering(found)


def _cells(text: str, separator: str | None) -> list[str]:
    if separator is None:
        return text.split()
    (cells,) = csv.reader([text], delimiter=separator, skipinitialspace=True)
    return [cell.strip() for cell in cells]


def _is_header(text: str) -> bool:
    cells = _titles(text, _separator(text))
    found = [column_of(title) for title in cells]
    return {"T", ordering(found)} <= {column.what for column in found}


def _separator(text: str) -> str | None:
    return next((mark for mark in ";\t," if mark in text), None)


def _titles(text: str, separator: str | None) -> list[str]:
    """The column names; where blanks part them, a unit belongs to the name before: ``T (K)``."""
    if separator is None:
        text = re.sub(r"\s*([(\[])\s*|\s+(?=[)\]])|\s*(/)\s*", r"\1\2", text)
    return _cells(text, separator)
