"""What the packing of a recipe may be: a number of raw bins, bins that grow, or given edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from musrcu.containers.numbers import is_number, is_whole
from musrcu.errors import ReductionError
from musrcu.reduction.options import Pairs, as_tuple, shown

Packing = int | str | Mapping[str, Any]
"""As :func:`musrcu.rebin` takes it."""


def read_packing(value: Any) -> int | str | Pairs | None:
    """The packing of a recipe, checked; None stays None.

    Raises
    ------
    ReductionError if it is none of its kinds, or can never work.
    """
    if value is None or (isinstance(value, str) and value == "variable"):
        return value
    if _is_count(value):
        return int(value)
    if not isinstance(value, Mapping):
        raise ReductionError(
            f"packing = {shown(value)}; expected a whole number of raw bins, 1 or above, "
            "'variable', bins, first or edges"
        )
    if len(value) != 1 or not set(value) <= {"bins", "first", "edges"}:
        raise ReductionError(f"packing = {shown(dict(value))}; name bins, first or edges")
    ((name, given),) = value.items()
    if name == "edges":
        return Pairs({name: _edges(as_tuple(given))})
    if not _is_count(given):
        raise ReductionError(f"packing {name} = {shown(given)}; expected a whole number from 1")
    return Pairs({name: int(given)})


def _is_count(value: Any) -> bool:
    return is_whole(value) and bool(value >= 1)


def _edges(given: Any) -> tuple[float, ...]:
    right = isinstance(given, tuple) and len(given) >= 2 and all(map(is_number, given))
    if not right or (np.diff(np.asarray(given, dtype=float)) <= 0).any():
        raise ReductionError(
            f"packing edges = {shown(given)}; expected two or more rising times in us"
        )
    return tuple(float(edge) for edge in given)
