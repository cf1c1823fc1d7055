"""A short memory for solutions that are dear: the same parameters cost nothing twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = 16
"""Solutions that each function keeps; a minimiser comes back to the last few points only."""


def remembered(solve: Callable[..., Any]) -> Callable[..., Any]:
    """``solve(t, *parameters)`` that returns its last few results without computing them again.

    Times are compared by their content. Arrays of a result are made read-only, since the next
    call may hand them out again.
    """
    kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
    lock = Lock()

    @wraps(solve)
    def recall(t: NDArray[np.float64], *parameters: float) -> Any:
        key = (t.tobytes(), t.shape, *map(float, parameters))
        with lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        found = solve(t, *parameters)
        _protect(found)
        with lock:
            kept[key] = found
            while len(kept) > KEPT:
                kept.popitem(last=False)
        return found

    return recall


def _protect(found: Any) -> None:
    if isinstance(found, np.ndarray):
        found.setflags(write=False)
    elif isinstance(found, tuple | list):
        for part in found:
            _protect(part)
