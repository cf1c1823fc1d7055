"""Tables of a truth file with one entry changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

HUGE = 99999999999999999999999


def changed(tables: dict[str, Any], place: list[str | int], value: Any) -> Any:
    """The tables with one entry replaced, or taken out where the value is None."""
    wrong: Any = copy.deepcopy(tables)
    table = wrong
    for step in place[:-1]:
        table = table[step]
    if value is None:
        table.pop(place[-1], None)
    else:
        table[place[-1]] = value
    return wrong


def places(table: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the entries of nested tables are."""
    steps = table.items() if isinstance(table, dict) else enumerate(table)
    for step, value in steps:
        if isinstance(value, (dict, list)):
            yield from places(value, (*before, step))
        else:
            yield (*before, step)
