"""The records of an HDF4 file that describe groups (Vgroup) and small tables (Vdata).

Every attribute is such a table, and so is the size of every dimension.

Source: HDF Specification and Developer's Guide, chapter 9 (tags DFTAG_VG, DFTAG_VH); checked
against files of the HDF library 4.1r3 to 4.2.14.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError
from musrcu.readers.hdf4_descriptors import VDATA_HEADER, VDATA_VALUES, VGROUP, Elements

TYPES = {
    3: ">u1", 4: "S1", 5: ">f4", 6: ">f8",
    20: ">i1", 21: ">u1", 22: ">i2", 23: ">u2", 24: ">i4", 25: ">u4",
}  # fmt: skip
"""NumPy type by number type (DFNT_...), of those that data sets may have."""
TEXT = 4
NAME = 255
"""Longest name of a group that the library has room for."""
CLASS = 127
"""Longest class of a group that the library has room for."""
TABLE_NAME = 64
"""Longest name and class of a table, and of a column in it, that the library has room for."""
TAIL = 5
"""Bytes at the end of a record: its version, two zero bytes, and one without meaning."""
WITHOUT_ATTRIBUTES, WITH_ATTRIBUTES = 3, 4
"""Versions of a record: without attributes, and one that may list them at its end."""


@dataclass(frozen=True, slots=True)
class Group:
    """A Vgroup: its name, class and members."""

    name: str
    kind: str
    members: tuple[tuple[int, int], ...]
    """Tag and reference of each."""
    attributes: tuple[int, ...]
    """References of the tables that are its attributes."""


@dataclass(frozen=True, slots=True)
class Table:
    """A Vdata: its name, class, columns and number of rows."""

    name: str
    kind: str
    rows: int
    row_bytes: int
    types: tuple[int, ...]
    orders: tuple[int, ...]
    """Values in a row of each column."""


@dataclass(slots=True)
class _Record:
    """The bytes of a record, taken one after the other."""

    block: bytes
    place: str
    at: int = 0
    end: int = field(init=False)

    def __post_init__(self) -> None:
        self.end = len(self.block) - TAIL
        if self.end < 0 or self.version not in (WITHOUT_ATTRIBUTES, WITH_ATTRIBUTES):
            raise ReadError(f"{self.place} is damaged: it is cut or of an unknown version")

    @property
    def version(self) -> int:
        version, more = struct.unpack_from(">HH", self.block, self.end)
        return int(version) if not more else -1

    def numbers(self, count: int, code: str = "H") -> tuple[int, ...]:
        size = count * struct.calcsize(">" + code)
        if self.at + size > self.end:
            raise ReadError(f"{self.place} is damaged: {count} numbers leave its {self.end} bytes")
        found = struct.unpack_from(f">{count}{code}", self.block, self.at)
        self.at += size
        return found

    def text(self, longest: int) -> str:
        (length,) = self.numbers(1)
        if length > longest or self.at + length > self.end:
            raise ReadError(f"{self.place} is damaged: a name of {length} bytes in it")
        self.at += length
        raw = self.block[self.at - length : self.at]
        return raw.split(b"\0")[0].decode("latin-1")

    def attributes(self, columns: int) -> tuple[int, ...]:
        """References of the tables that are attributes, from rows of some columns at the end."""
        refs: tuple[int, ...] = ()
        if self.version == WITH_ATTRIBUTES and self.numbers(1, "I")[0] & 1:
            (count,) = self.numbers(1, "I")
            rows = self.numbers(columns * count)
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
    interlace, rows_high, rows_low, row_bytes, columns = record.numbers(5)
    rows = rows_high << 16 | rows_low
    types, sizes, offsets, orders = (record.numbers(columns) for _ in range(4))
    for _ in range(columns):
        record.text(TABLE_NAME)
    name, kind = record.text(TABLE_NAME), record.text(TABLE_NAME)
    _, _, version, more = record.numbers(4)
    record.attributes(4)
    if version != record.version or more:
        raise ReadError(f"{place} is damaged: it is of versions {version} and {record.version}")
    if interlace > 1 or not columns or any(kind not in TYPES for kind in types):
        raise ReadError(f"{place} is damaged: columns of types {types[:4]}")
    expected = [n * np.dtype(TYPES[kind]).itemsize for n, kind in zip(orders, types, strict=True)]
    starts = [sum(expected[:number]) for number in range(columns)]
    if list(sizes) != expected or list(offsets) != starts or row_bytes != sum(expected):
        raise ReadError(f"{place} is damaged: its columns do not follow one another")
    values = elements.found.get((VDATA_VALUES, ref))
    if values is None or rows * row_bytes > values.length or not all(orders):
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
    block = elements.block(VDATA_VALUES, ref)[: table.rows * table.row_bytes]
    if table.types[0] == TEXT:
        return block
    values = np.frombuffer(block, dtype=TYPES[table.types[0]])
    return values.astype(values.dtype.newbyteorder("="))
