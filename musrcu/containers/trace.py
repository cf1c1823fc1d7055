"""A curve of one run to look at: counts, lifetime-corrected counts, a rotating frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from musrcu.containers.arrays import FloatArray, by_fields, check_shape, frozen
from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trace:
    """Numbers of a run against time for the eye: fits take the Counts or the Asymmetry itself."""

    kind: str
    """``counts``, ``lifetime_corrected`` or ``rotating_frame``."""
    name: str
    """What it is of: ``forward``, ``backward``, or the frequency of the frame."""
    time: FloatArray
    """(n_points,) µs after the muon."""
    value: FloatArray
    """(n_points,) counts per raw bin, or a fraction; NaN where unknown."""
    error: FloatArray
    """(n_points,) one standard deviation, same scale."""
    unit: str
    """What ``value`` counts, for an axis; empty for a fraction."""
    note: str
    """What a point stands for, in a few words."""
    run: Run
    """The run behind it."""
    history: History
    """Every step and option since the file was read."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", frozen(self.time, float))
        if self.time.ndim != 1:
            raise MusrcuError(f"Trace.time has {self.time.ndim} dimensions, expected 1")
        for name in ("value", "error"):
            object.__setattr__(self, name, frozen(getattr(self, name), float))
            check_shape("Trace", name, getattr(self, name), self.time.shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)
