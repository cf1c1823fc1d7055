"""The entries of a saved result, each looked at before it is believed: files are edited by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.numbers import is_error, is_number, is_whole
from musrcu.errors import MusrcuError, quoted

FloatArray = NDArray[np.float64]

LARGEST = 1e100
"""Element of a matrix: the product of three has to be a number."""
_REQUIRED = object()
"""Stands for an entry that has to be there."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an entry may be."""

    holds: Callable[[Any], bool]
    words: str


NUMBER = Kind(is_number, "a finite number")
ERROR = Kind(is_error, "a finite number of 0 or above")
WHOLE = Kind(is_whole, "a whole number")
COUNT = Kind(lambda value: is_whole(value) and value >= 0, "a whole number of 0 or above")
NDOF = Kind(lambda value: is_whole(value) and abs(value) < 1e9, "a whole number below 1e9")
TEXT = Kind(lambda value: isinstance(value, str), "text")
FLAG = Kind(lambda value: isinstance(value, bool), "true or false")
TABLE = Kind(
    lambda value: isinstance(value, Mapping) and _sound(value), "a table without NaN or infinity"
)


_ANY_TABLE = Kind(lambda value: isinstance(value, Mapping), "a table")


def _sound(value: object) -> bool:
    """Whether every number in tables and lists is finite; they may be nested deeply."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            left += one.values()
        elif isinstance(one, (list, tuple)):
            left += one
        elif isinstance(one, float) and not math.isfinite(one):
            return False
    return True


def _fair(value: object) -> bool:
    return is_number(value) and abs(float(value)) < LARGEST  # type: ignore[arg-type]


class Entries:
    """A table of a saved result.

    Parameters
    ----------
    table : what JSON has there.
    what : whose JSON it is, such as ``musrcu fit``.
    path : where in it the table stands, ``parameters.A1``; empty at its top.

    Raises
    ------
    MusrcuError if it is no table; so does each method where an entry is missing or is something
    else than it should be.
    """

    def __init__(self, table: object, what: str, path: str = "") -> None:
        self.what, self.path = what, path
        if not isinstance(table, Mapping):
            raise MusrcuError(
                f"not the JSON of a {what}: {path or 'it'} is {quoted(table)}; expected a table"
            )
        self.table: Mapping[str, Any] = table

    def wrong(self, name: str, expected: str) -> MusrcuError:
        """The sentence about an entry that is something else than it should be."""
        where = f"{self.path}.{name}" if self.path else name
        if name not in self.table:
            return MusrcuError(f"not the JSON of a {self.what}: it has no entry {where}")
        return MusrcuError(
            f"not the JSON of a {self.what}: {where} = {quoted(self.table[name])}; expected "
            f"{expected}"
        )

    def one(self, name: str, kind: Kind, *, none: bool = False, default: Any = _REQUIRED) -> Any:
        """An entry of a kind; None too where ``none``; ``default`` where there is no such entry."""
        if name not in self.table and default is not _REQUIRED:
            return default
        value = self.table.get(name)
        if (value is None and none and name in self.table) or kind.holds(value):
            return value
        raise self.wrong(name, f"{kind.words}{' or null' * none}")

    def pair(self, name: str, *, ends: bool = False, default: Any = _REQUIRED) -> Any:
        """Two numbers, or None; where ``ends`` each may be None, for an open end."""
        if name not in self.table and default is not _REQUIRED:
            return default
        value = self.table.get(name)
        if value is None and name in self.table:
            return None
        two = isinstance(value, (list, tuple)) and len(value) == 2
        if two and all(is_number(end) or (ends and end is None) for end in value or ()):
            return tuple(value or ())
        raise self.wrong(name, "two finite numbers or null")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.table.get(name)
        if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise self.wrong(name, "a list of texts")

    def several(self, name: str, kind: Kind) -> dict[str, Any]:
        """A table of entries of one kind."""
        inner = self.inner(name)
        return {key: inner.one(key, kind) for key in inner.table}

    def inner(self, name: str) -> Entries:
        """A table in the table."""
        return Entries(
            self.one(name, _ANY_TABLE), self.what, f"{self.path}.{name}" if self.path else name
        )

    def empty(self, name: str) -> bool:
        """Whether an entry is there and is None."""
        return name in self.table and self.table[name] is None

    def tables(self, name: str) -> list[Entries]:
        """A list of tables; they are counted from 1 in messages."""
        value = self.table.get(name)
        if not isinstance(value, (list, tuple)):
            raise self.wrong(name, "a list of tables")
        where = f"{self.path}.{name}" if self.path else name
        return [Entries(one, self.what, f"{where}[{k}]") for k, one in enumerate(value, start=1)]

    def matrix(self, name: str, height: int, width: int, *, covariance: bool = True) -> FloatArray:
        """(height, width) finite numbers; those on the diagonal of a covariance are 0 or above."""
        rows = self.table.get(name)
        shaped = (
            isinstance(rows, (list, tuple))
            and len(rows) == height
            and all(isinstance(row, (list, tuple)) and len(row) == width for row in rows)
        )
        if rows is None or not shaped or not all(_fair(one) for row in rows for one in row):
            raise self.wrong(name, f"{height} rows of {width} finite numbers below {LARGEST:g}")
        found = np.array(rows, dtype=float).reshape(height, width)
        if covariance and (np.diag(found) < 0).any():
            raise self.wrong(name, "no negative variances on its diagonal")
        return found
