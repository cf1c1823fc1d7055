"""The times that are fitted."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError

FEWEST_COUNTS = 20
"""Counts in each group of a bin below which chi-square on an asymmetry is biased."""


def inside(time: NDArray[np.float64], t_range: tuple[float, float] | None) -> NDArray[np.bool_]:
    """Which bins lie inside ``t_range``.

    Raises
    ------
    FitError if the range is empty.
    """
    low, high = _times(t_range)
    if not low < high:
        raise FitError(f"t_range {t_range}: the first time is not below the last")
    return np.asarray((time >= low) & (time <= high))


def _times(t_range: object) -> tuple[float, float]:
    """First and last time of a range; an end that is None is open."""
    if t_range is None:
        return -np.inf, np.inf
    if isinstance(t_range, (tuple, list)) and len(t_range) == 2:
        low, high = (
            open_end if end is None else end
            for end, open_end in zip(t_range, (-np.inf, np.inf), strict=True)
        )
        if isinstance(low, Real) and isinstance(high, Real):
            return float(low), float(high)
    raise FitError(f"t_range = {t_range!r}; give (first, last) time in us, None for an open end")
