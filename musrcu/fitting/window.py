"""The bins of an asymmetry that are fitted."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.asymmetry import Asymmetry
from musrcu.errors import FitError

FloatArray = NDArray[np.float64]

FEWEST_COUNTS = 20
"""Counts in each group of a bin below which chi-square on an asymmetry is biased."""


@dataclass(frozen=True, slots=True)
class Window:
    """The fitted bins."""

    time: FloatArray
    value: FloatArray
    error: FloatArray
    dropped: int
    few: int
    """Bins with fewer than 20 counts in a group."""

    @property
    def notes(self) -> list[str]:
        """What a reader of the fit should know of these bins."""
        if not self.few:
            return []
        return [
            f"{self.few} of {self.time.size} bins hold fewer than {FEWEST_COUNTS} counts in a "
            "group: chi-square is biased there, pack more or cut earlier"
        ]


def fitted_bins(asymmetry: Asymmetry, t_range: tuple[float, float] | None) -> Window:
    """The bins inside ``t_range`` that have an asymmetry.

    Raises
    ------
    FitError if the range is empty.
    """
    low, high = _times(t_range)
    if not low < high:
        raise FitError(f"t_range {t_range}: the first time is not below the last")
    inside = (asymmetry.time >= low) & (asymmetry.time <= high)
    usable = inside & np.isfinite(asymmetry.value)
    few = 0
    if asymmetry.smallest is not None:
        few = int((asymmetry.smallest[usable] < FEWEST_COUNTS).sum())
    return Window(
        asymmetry.time[usable],
        asymmetry.value[usable],
        asymmetry.error[usable],
        int(inside.sum() - usable.sum()),
        few,
    )


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
