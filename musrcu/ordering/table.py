"""Points of an order parameter from a text table: somebody else's fits, or a paper's."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import FitError
from musrcu.files import PathLike, read_text
from musrcu.ordering.columns import UNIT_OF, UNITS, Column, column_of, columns, ordering
from musrcu.ordering.points import OrderPoints, Verdict

ORDERED, NOT_ORDERED = "ordered", "not ordered"
VERDICTS = get_args(Verdict)
MANY_KELVIN = 5.0
"""Temperatures above this in a column without unit may as well be millikelvin."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table."""

    place: str
    cells: dict[str, str]
    """By the names of ``columns.NAMES``."""
    per_unit: dict[str, float]
    """How many of a column's unit make a K, a MHz or a G."""
    kelvin_named: bool
    """Whether the column of temperatures names its unit."""

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

    def kelvin(self) -> float | None:
        """The temperature; None where the cell is empty."""
        T = self.number("T")
        if math.isnan(T):
            return None
        if not 0 <= T < math.inf:
            raise FitError(
                f"{self.place}: T is {self.cells['T']!r}, expected 0 K or above; correct it, or "
                "leave the cell empty"
            )
        return T

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
    ``ordered``. A line without a temperature is left out and named. A line that begins with ``#``
    is a comment; an empty or ``nan`` T_error is not known.

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
    rows, found = _rows(path, parameter)
    symbol = ordering(found)
    lines = _sorted(rows, symbol)
    temperature, value, error, spread = np.array(lines.points, dtype=float).reshape(-1, 4).T
    bound, bound_error = min(lines.above, default=(None, None))
    return OrderPoints(
        temperature=temperature,
        temperature_error=spread if np.isfinite(spread).any() else None,
        value=value,
        error=error,
        labels=tuple(lines.labels),
        upper_bound=bound,
        upper_bound_error=None if bound_error is None or math.isnan(bound_error) else bound_error,
        left_out=tuple(lines.left_out),
        not_ordered=tuple(T for T, _ in lines.above),
        not_ordered_error=tuple(error for _, error in lines.above),
        left_out_at=tuple(lines.left_out_at),
        unit=UNIT_OF[symbol],
        doubts=(*_reading(found), *_doubts(temperature, rows)),
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of the table by what they are worth."""

    points: list[tuple[float, float, float, float]]
    """Temperature, value, error and error of the temperature of ordered runs."""
    labels: list[str]
    above: list[tuple[float, float]]
    """Temperature and its error of runs without order."""
    left_out: list[str]
    left_out_at: list[tuple[float, float]]


def _sorted(rows: Sequence[_Row], symbol: str) -> _Lines:
    lines = _Lines([], [], [], [], [])
    for number, row in enumerate(rows, 1):
        label, T, verdict = row.cells.get("run") or str(number), row.kelvin(), row.verdict()
        if verdict not in (ORDERED, NOT_ORDERED):
            lines.left_out.append(f"{label}: {verdict}")
            if T is not None:
                found = row.number(symbol)
                lines.left_out_at.append((T, found if math.isfinite(found) else 0.0))
        elif T is None:
            what = "" if verdict == ORDERED else f"{verdict}, but "
            lines.left_out.append(f"{label}: {what}its temperature is unknown")
        elif verdict == NOT_ORDERED:
            lines.above.append((T, row.number("T_error")))
        else:
            values = (row.needed(symbol), row.needed(f"{symbol}_error"))
            lines.points.append((T, *values, row.number("T_error")))
            lines.labels.append(label)
    return lines


def _doubts(temperature: FloatArray, rows: Sequence[_Row]) -> tuple[str, ...]:
    """A sentence where a column without unit may be in millikelvin."""
    if not len(temperature) or rows[0].kelvin_named or temperature.min() < MANY_KELVIN:
        return ()
    return (
        f"the column of temperatures names no unit: {temperature.min():g} to "
        f"{temperature.max():g} are taken as K; write T (mK) if that is what they are",
    )


def _reading(found: Sequence[Column]) -> tuple[str, ...]:
    """Which column was read as what, where units were converted."""
    if all(column.per_unit == 1.0 for column in found):
        return ()
    read = [f"{column.title} as {column.what}" for column in found if column.what in UNITS]
    to = f" and {unit}" if (unit := UNIT_OF[ordering(found)]) else ""
    return (f"columns read: {', '.join(read)}; numbers were converted to K{to}",)


def _rows(path: PathLike, parameter: str | None) -> tuple[list[_Row], list[Column]]:
    """The lines below the header, and the columns."""
    found: list[Column] | None = None
    separator: str | None = None
    rows: list[_Row] = []
    kelvin_named = False
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
            kelvin_named = any(column.what == "T" and column.unit for column in found)
            continue
        cells = _cells(text, separator)
        if len(cells) != len(found):
            raise FitError(f"{place}: {len(cells)} cells under {len(found)} column names")
        named = {column.what: cell for column, cell in zip(found, cells, strict=True)}
        per_unit = {column.what: column.per_unit for column in found}
        rows.append(_Row(place, named, per_unit, kelvin_named))
    if found is None:
        raise FitError(f"{path} is empty; expected a table with the columns T, nu, nu_error")
    return rows, found


def _cells(text: str, separator: str | None) -> list[str]:
    if separator is None:  # a cell in quotes may hold blanks
        return [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', text)]
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
