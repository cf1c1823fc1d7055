"""The times that are fitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.numbers import is_end
from musrcu.errors import FitError

FEWEST_COUNTS = 20
"""Counts in each group of a bin below which chi-square on an asymmetry is biased."""


def inside(time: NDArray[np.float64], t_range: tuple[float, float] | None) -> NDArray[np.bool_]:
    """Which bins lie inside ``t_range``.

    Raises
    ------
    FitError if the range is empty.
    """
    low, high = first_and_last(t_range)
    return np.asarray((time >= low) & (time <= high))


def first_and_last(
    t_range: object, open_ends: tuple[float, float] = (-np.inf, np.inf)
) -> tuple[float, float]:
    """First and last time of a range, µs; None, or an end that is None, is taken as open.

    Parameters
    ----------
    t_range : (first, last) time, µs, or None.
    open_ends : the times that stand for open ends.

    Raises
    ------
    FitError if it is no range, or the range is empty.
    """
    given: object = (None, None) if t_range is None else t_range
    if isinstance(given, (tuple, list)) and len(given) == 2:
        low, high = (
            open_end if end is None else end for end, open_end in zip(given, open_ends, strict=True)
        )
        if is_end(low) and is_end(high):
            if not low < high:
                raise FitError(f"t_range = {t_range!r}: the first time is not below the last")
            return float(low), float(high)
    raise FitError(f"t_range = {t_range!r}; give (first, last) time in us, None for an open end")
