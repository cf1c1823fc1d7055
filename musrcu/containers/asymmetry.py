"""The asymmetry of one pair of groups: what is fitted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray, by_fields, check_shape, frozen
from musrcu.containers.history import History, Step
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Asymmetry:
    """Asymmetry A = (F - alpha B) / (F + alpha B) against time, good bins only."""

    time: FloatArray
    """(n_bins,) centre of each bin, µs after the muon."""
    value: FloatArray
    """(n_bins,) fraction in [-1, 1]; NaN where the pair has no counts."""
    error: FloatArray
    """(n_bins,) one standard deviation, same scale; NaN where ``value`` is NaN."""
    bin_width: float
    """Width of a bin, µs."""
    packing: int
    """Raw bins in one bin."""
    alpha: float
    """Balance of the pair."""
    alpha_error: float | None = None
    """Error of alpha; it shifts all bins together and is not part of ``error``. None = unknown."""
    total: float | None = None
    """Total asymmetry of the spectrometer from a calibration run; None where unknown."""
    total_error: float | None = None
    smallest: FloatArray | None = None
    """(n_bins,) raw counts of the smaller group in each bin; below 20 chi-square is biased."""
    run: Run
    """The run behind it."""
    history: History
    """Every step and option since the file was read."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", frozen(self.time, float))
        if self.time.ndim != 1:
            raise MusrcuError(f"Asymmetry.time has {self.time.ndim} dimensions, expected 1")
        for name in ("value", "error"):
            object.__setattr__(self, name, frozen(getattr(self, name), float))
            check_shape("Asymmetry", name, getattr(self, name), self.time.shape)
        if self.smallest is not None:
            object.__setattr__(self, "smallest", frozen(self.smallest, float))
            check_shape("Asymmetry", "smallest", self.smallest, self.time.shape)
        bad = np.isfinite(self.value) & ~(self.error > 0)
        if bad.any():
            raise MusrcuError(
                f"Asymmetry.error of bin {int(np.argmax(bad))} is not above zero although its "
                "value is a number; mark a bin without an error as NaN in both"
            )

    def replace(self, step: Step | None = None, **changes: Any) -> Asymmetry:
        """A copy with some fields changed and, where given, one more step in its history."""
        if step is not None:
            changes["history"] = self.history.with_step(step)
        return dataclasses.replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)
