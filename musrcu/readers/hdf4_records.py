"""The records of an HDF4 file that describe groups (Vgroup) and small tables (Vdata).

Every attribute is such a table, and so is the size of every dimension.

Source: HDF Specification and Developer's Guide, chapter 9 (tags DFTAG_VG, DFTAG_VH); checked
against files of the HDF library 4.1r3 to 4.2.14.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError
from musrcu.readers.hdf4_descriptors import VDATA_HEADER, VDATA_VALUES, VGROUP, Elements

TYPES = {
    3: ">u1", 4: "S1", 5: ">f4", 6: ">f8",
    20: ">i1", 21: ">u1", 22: ">i2", 23: ">u2", 24: ">i4", 25: ">u4",
}  # fmt: skip
"""NumPy type by number type (DFNT_...), of those that data sets may have."""
WIDTHS = {number_type: np.dtype(name).itemsize for number_type, name in TYPES.items()}
TEXT = 4
NAME = 255
"""Longest name of a group that the library has room for."""
CLASS = 127
"""Longest class of a group that the library has room for."""
TABLE_NAME = 64
"""Longest name and class of a table, and of a column in it, that the library has room for."""
COLUMNS = 256
"""Most columns of a table that the library has room for."""
TAIL = 5
"""Bytes at the end of a record: its version, two zero bytes, and one without meaning."""
WITH_ATTRIBUTES = 4
"""Version of a record that may list attributes at its end."""
VERSIONS = (b"\0\3\0\0", b"\0\4\0\0")
"""Versions of a record as stored, with the two zero bytes: without attributes, and with."""


class Group(NamedTuple):
    """A Vgroup: its name, class and members."""

    name: str
    kind: str
    members: tuple[tuple[int, int], ...]
    """Tag and reference of each."""
    attributes: tuple[int, ...]
    """References of the tables that are its attributes."""


class Table(NamedTuple):
    """A Vdata: its name, class, columns and number of rows."""

    name: str
    kind: str
    rows: int
    row_bytes: int
    types: tuple[int, ...]
    orders: tuple[int, ...]
    """Values in a row of each column."""

    @property
    def n_bytes(self) -> int:
        """Bytes of all rows."""
        return self.rows * self.row_bytes


@dataclass(slots=True)
class _Record:
    """The bytes of a record, taken one after the other."""

    block: bytes
    place: str
    at: int = 0
    end: int = field(init=False)
    version: int = field(init=False)

    def __post_init__(self) -> None:
        self.end = len(self.block) - TAIL
        self.version = int.from_bytes(self.block[self.end : self.end + 4], "big") >> 16
        if self.end < 0 or self.block[self.end : self.end + 4] not in VERSIONS:
            raise ReadError(f"{self.place} is damaged: it is cut or of an unknown version")

    def numbers(self, count: int) -> tuple[int, ...]:
        """Numbers of 16 bits."""
        start, self.at = self.at, self.at + 2 * count
        if self.at > self.end:
            raise ReadError(f"{self.place} is damaged: {count} numbers leave its {self.end} bytes")
        return struct.unpack_from(f">{count}H", self.block, start)

    def number(self) -> int:
        """A number of 32 bits."""
        high, low = self.numbers(2)
        return high << 16 | low

    def text(self, longest: int) -> str:
        start = self.at + 2
        length = int.from_bytes(self.block[self.at : start], "big")
        self.at = start + length
        if length > longest or self.at > self.end:
            raise ReadError(f"{self.place} is damaged: a name of {length} bytes in it")
        return self.block[start : self.at].partition(b"\0")[0].decode("latin-1")

    def attributes(self, columns: int) -> tuple[int, ...]:
        """References of the tables that are attributes, from rows of some columns at the end."""
        refs: tuple[int, ...] = ()
        if self.version == WITH_ATTRIBUTES and self.number() & 1:
            rows = self.numbers(columns * self.number())
            refs = rows[columns - 1 :: columns]
            if any(tag != VDATA_HEADER for tag in rows[columns - 2 :: columns]):
                raise ReadError(f"{self.place} is damaged: an attribute that is no table")
        if self.at != self.end:
            raise ReadError(f"{self.place} is damaged: it ends at {self.end}, expected {self.at}")
        return refs


def read_group(elements: Elements, ref: int) -> Group:
    """The Vgroup of a reference.

    Raises
    ------
    ReadError if there is none or its record is damaged.
    """
    place = f"{elements.path} at group {ref}"
    record = _Record(elements.block(VGROUP, ref), place)
    (count,) = record.numbers(1)
    members = tuple(zip(record.numbers(count), record.numbers(count), strict=True))
    name, kind = record.text(NAME), record.text(CLASS)
    record.numbers(2)  # an extension that nothing uses
    return Group(name, kind, members, record.attributes(2))


def read_table(elements: Elements, ref: int) -> Table:
    """What the Vdata of a reference looks like; its values are elsewhere (:func:`table_values`).

    Raises
    ------
    ReadError if there is none, its record is damaged, or it has more rows than are stored.
    """
    place = f"{elements.path} at table {ref}"
    record = _Record(elements.block(VDATA_HEADER, ref), place)
    (interlace,), rows, (row_bytes, n) = record.numbers(1), record.number(), record.numbers(2)
    columns = record.numbers(4 * n)
    types, sizes, offsets, orders = (columns[k * n : (k + 1) * n] for k in range(4))
    for _ in range(n):
        record.text(TABLE_NAME)
    name, kind = record.text(TABLE_NAME), record.text(TABLE_NAME)
    _, _, version, more = record.numbers(4)
    record.attributes(4)
    if version != record.version or more:
        raise ReadError(f"{place} is damaged: it is of versions {version} and {record.version}")
    if interlace > 1 or not 0 < n <= COLUMNS or not all(known in TYPES for known in types):
        raise ReadError(f"{place} is damaged: {n} columns of types {types[:4]}")
    widths = tuple(order * WIDTHS[known] for order, known in zip(orders, types, strict=True))
    ends = tuple(accumulate(widths))
    if sizes != widths or offsets != (0, *ends[:-1]) or row_bytes != ends[-1] or not all(orders):
        raise ReadError(f"{place} is damaged: its columns do not follow one another")
    values = elements.found.get((VDATA_VALUES, ref))
    if values is None or rows * row_bytes > values.length:
        raise ReadError(f"{place} is damaged: it declares {rows} rows that are not stored")
    return Table(name, kind, rows, row_bytes, types, orders)


def table_values(elements: Elements, ref: int, table: Table) -> NDArray[Any] | bytes:
    """The values of a table with one column; a text as bytes.

    Raises
    ------
    ReadError if it has several columns.
    """
    if len(table.types) != 1:
        raise ReadError(f"{elements.path} at table {ref}: {len(table.types)} columns, expected one")
    block = elements.block(VDATA_VALUES, ref)[: table.n_bytes]
    if table.types[0] == TEXT:
        return block
    values = np.frombuffer(block, dtype=TYPES[table.types[0]])
    return values.astype(values.dtype.newbyteorder("="))
