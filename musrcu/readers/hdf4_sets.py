"""The data sets of an HDF4 file, found as the HDF4 library finds them, so that it finds no trap.

The library opens a file by going through its group of class ``CDF0.0``: groups of class ``Dim0.0``
and ``UDim0.0`` are dimensions, groups of class ``Var0.0`` are data sets. It copies names into
buffers of fixed size, trusts counts, and looks members up in a way that never ends when two of
them have one reference. What would lead it there is refused here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from musrcu.errors import ReadError
from musrcu.readers.hdf4_descriptors import (
    DATA_SET,
    DIMENSIONS,
    NUMBER_TYPE,
    VALUES,
    VDATA_HEADER,
    VDATA_VALUES,
    VGROUP,
    Element,
    Elements,
)
from musrcu.readers.hdf4_records import (
    TYPES,
    WIDTHS,
    Group,
    Table,
    read_group,
    read_table,
    table_values,
)

WHOLE, DIMENSION, OPEN_DIMENSION, VARIABLE = "CDF0.0", "Dim0.0", "UDim0.0", "Var0.0"
ATTRIBUTE = "Attr0.0"
SIZE_AS_ROWS, SIZE_AS_VALUE = "DimVal0.0", "DimVal0.1"
"""Classes of the tables that give the size of a dimension: by their rows, or as their value."""
INTEGER = 24
"""Number type of the size of a dimension."""
PLACES = 32
"""Most dimensions of a data set."""
RAGGED = 711
"""Tag of a list of row lengths, which no data set of these files has."""
ENCODING = (0, 1)
"""Ways of storing numbers that are read: as the machine or as IEEE, which are the same here."""
MOST = 2**31 - 1
"""Most bytes of a data set, because HDF4 counts them in 32 bits."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set as the file describes it."""

    index: int
    """Which one it is for the library, from 0."""
    ref: int
    """Reference by which groups name it."""
    name: str
    number_type: int
    dimensions: tuple[int, ...]
    values: Element
    attributes: dict[str, int]
    """References of the tables that hold them, by name."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one stored value, in the byte order of the machine."""
        return np.dtype(TYPES[self.number_type]).newbyteorder("=")

    @property
    def declared(self) -> int:
        """Bytes of all values."""
        return math.prod(self.dimensions) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Groups, tables and data sets of a file."""

    elements: Elements
    groups: dict[int, Group]
    tables: dict[int, Table]
    sets: dict[int, DataSet]
    attributes: dict[str, int]
    """References of the tables that hold the attributes of the whole file, by name."""
    owned: set[int] = field(default_factory=set)
    """References of all tables that are attributes."""

    def damaged(self, sentence: str) -> ReadError:
        """A ReadError that calls the file damaged."""
        return ReadError(f"{self.elements.path} is damaged: {sentence}")

    def value(self, ref: int) -> Any:
        """The first value of a table, a text as bytes; None where it is empty."""
        values = table_values(self.elements, ref, self.tables[ref])
        if isinstance(values, bytes):
            return values
        return values[0] if values.size else None


def find_sets(elements: Elements) -> Catalogue:
    """Everything the file describes.

    Raises
    ------
    ReadError if a description is damaged in a way that the library would not survive.
    """
    groups = {ref: read_group(elements, ref) for ref in elements.refs(VGROUP)}
    tables = {ref: read_table(elements, ref) for ref in elements.refs(VDATA_HEADER)}
    found = Catalogue(elements, groups, tables, {}, {})
    wholes = [group for group in groups.values() if group.kind == WHOLE]
    if any(ref not in tables for group in groups.values() for ref in group.attributes):
        raise found.damaged("an attribute of a group is missing")
    if len(wholes) != 1:
        if not wholes and not elements.refs(DATA_SET):
            return found
        raise found.damaged(f"{len(wholes)} lists of data sets ({WHOLE}), expected one")
    sizes = _sizes(found, wholes[0])
    for group in _members(found, wholes[0], VARIABLE):
        data_set = _data_set(found, group, sizes, len(found.sets), len(wholes[0].members))
        if data_set.ref in found.sets:
            raise found.damaged(f"data set {data_set.name} is described twice")
        found.sets[data_set.ref] = data_set
    found.attributes.update(_attributes(found, wholes[0]))
    return found


def _members(found: Catalogue, group: Group, *kinds: str) -> Iterator[Group]:
    """Groups of some classes in a group."""
    for tag, ref in group.members:
        if tag == VGROUP:
            member = found.groups.get(ref)
            if member is None:
                raise found.damaged(f"group {group.name} holds group {ref}, which is missing")
            if member.kind in kinds:
                yield member


def _tables(found: Catalogue, group: Group) -> Iterator[tuple[int, Table]]:
    """Tables in a group, with their references."""
    for tag, ref in group.members:
        if tag == VDATA_HEADER:
            table = found.tables.get(ref)
            if table is None:
                raise found.damaged(f"group {group.name} holds table {ref}, which is missing")
            yield ref, table


def _check_walk(found: Catalogue, group: Group) -> None:
    """Refuse a group in which the library would walk in circles, or stop before the end."""
    refs = [ref for tag, ref in group.members if tag in (VGROUP, VDATA_HEADER)]
    if len(set(refs)) != len(group.members):
        raise found.damaged(f"group {group.name} holds one reference twice, or something foreign")


def _sizes(found: Catalogue, whole: Group) -> dict[str, int | None]:
    """Size of every dimension by name, of the first one with that name; None if it may grow."""
    sizes: dict[str, int | None] = {}
    _check_walk(found, whole)
    n_tables = 0
    for group in _members(found, whole, DIMENSION, OPEN_DIMENSION):
        _check_walk(found, group)
        held = list(_tables(found, group))
        n_tables += len(held)
        declared = {_size(found, group, ref, table) for ref, table in held}
        if len(declared) != 1 or n_tables > len(whole.members) or not group.name:
            raise found.damaged(f"dimension {group.name!r} has sizes {sorted(declared)[:4]}")
        size = declared.pop()
        sizes.setdefault(group.name, None if group.kind == OPEN_DIMENSION else size)
    return sizes


def _size(found: Catalogue, group: Group, ref: int, table: Table) -> int:
    """The size of a dimension as one of its tables says."""
    as_integers = table.types == (INTEGER,) and table.orders == (1,)
    if as_integers and table.kind == SIZE_AS_ROWS and group.kind == DIMENSION:
        size = table.rows
    elif as_integers and table.kind in (SIZE_AS_ROWS, SIZE_AS_VALUE) and table.rows:
        size = int(found.value(ref))
    else:
        raise found.damaged(f"dimension {group.name} has a table of class {table.kind!r}")
    if not (group.kind == OPEN_DIMENSION or 0 < size <= MOST):
        raise found.damaged(f"dimension {group.name} has size {size}")
    return size


def _attributes(found: Catalogue, group: Group) -> dict[str, int]:
    attributes: dict[str, int] = {}
    for ref, table in _tables(found, group):
        if table.kind == ATTRIBUTE:
            if len(table.types) != 1 or not table.rows or not table.name:
                raise found.damaged(f"attribute {table.name!r} of {group.name} has no value")
            if ref in found.owned:
                raise found.damaged(f"attribute {table.name} of {group.name} has two owners")
            found.owned.add(ref)
            found.elements.block(VDATA_VALUES, ref)
            attributes.setdefault(table.name, ref)
    return attributes


def _data_set(
    found: Catalogue, group: Group, sizes: dict[str, int | None], index: int, room: int
) -> DataSet:
    """The data set that a group of class Var0.0 describes."""
    held: dict[int, list[int]] = {}
    for tag, member in group.members:
        held.setdefault(tag, []).append(member)
    (ref,) = _one(found, group, held, DATA_SET)
    (number_type,) = _one(found, group, held, NUMBER_TYPE)
    _one(found, group, held, DIMENSIONS)
    encoding = found.elements.block(NUMBER_TYPE, number_type)
    if RAGGED in held or not group.name:
        raise found.damaged(f"data set {group.name!r} has no name, or rows of several lengths")
    if len(encoding) != 4 or encoding[0] != 1 or encoding[3] not in ENCODING:
        raise found.damaged(f"data set {group.name} has values of type {encoding.hex()}")
    if encoding[1] not in TYPES:
        raise found.damaged(f"data set {group.name} has values of type {encoding[1]}")
    names = [member.name for member in _members(found, group, DIMENSION, OPEN_DIMENSION)]
    if not 0 < len(names) <= min(PLACES, room) or any(name not in sizes for name in names):
        raise found.damaged(f"data set {group.name!r} has dimensions {names[:4]}")
    values = _one(found, group, held, VALUES) if VALUES in held else [0]  # 0: never written
    element = found.elements.found.get((VALUES, values[0]), Element(0, 0, 0, special=False))
    shape = [sizes[name] for name in names]
    rest = [size for size in shape[1:] if size is not None]
    item = WIDTHS[encoding[1]] * math.prod(rest)
    row = element.length or MOST  # a row that is larger than all values is no row
    if len(rest) < len(shape) - 1 or not 0 < item <= (row if shape[0] is None else MOST):
        raise found.damaged(f"data set {group.name} has shape {shape[:4]}")
    first = [element.length // item if size is None else size for size in shape[:1]]
    made = DataSet(
        index, ref, group.name, encoding[1], (*first, *rest), element, _attributes(found, group)
    )
    if made.declared > MOST:
        raise found.damaged(f"data set {group.name} declares {made.declared} bytes")
    return made


def _one(found: Catalogue, group: Group, held: dict[int, list[int]], tag: int) -> list[int]:
    refs = held.get(tag, [])
    if len(refs) != 1:
        raise found.damaged(f"data set {group.name} has {len(refs)} members of tag {tag}")
    return refs
