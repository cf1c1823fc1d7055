"""The asymmetry of one pair of groups: what is fitted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray, IntArray, by_fields, check_shape, frozen
from musrcu.containers.history import History, Step
from musrcu.containers.made_by import Recipe
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
    """Width of a bin, µs; of the widest where they differ."""
    packing: int
    """Raw bins in one bin, in the widest where they differ."""
    alpha: float
    """Balance of the pair."""
    alpha_error: float | None = None
    """Error of alpha; it shifts all bins together and is not part of ``error``. None = unknown."""
    total: float | None = None
    """Total asymmetry of the spectrometer from a calibration run; None where unknown."""
    total_error: float | None = None
    smallest: FloatArray | None = None
    """(n_bins,) raw counts of the smaller group in each bin; below 20 chi-square is biased."""
    detector_beta: float = 1.0
    """Ratio of the intrinsic asymmetries of backward and forward."""
    packs: IntArray | None = None
    """(n_bins,) raw bins in each bin where they differ; None where all hold ``packing``."""
    level: FloatArray | None = None
    """(n_bins,) expected beta F + alpha B of each bin, smooth: an error of the background, which
    all bins share, is measured against it. None where it is not to be carried into a fit."""
    background: FloatArray | None = None
    """(2,) background per raw bin that was subtracted; None where none was."""
    background_error: FloatArray | None = None
    """(2,) its error per raw bin, common to all bins of a group and not part of ``error``."""
    run: Run
    """The run behind it."""
    history: History
    """Every step and option since the file was read."""
    recipe: Recipe | None = None
    """The recipe it was made by; None where stages were applied one by one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", frozen(self.time, float))
        if self.time.ndim != 1:
            raise MusrcuError(f"Asymmetry.time has {self.time.ndim} dimensions, expected 1")
        for name in ("value", "error"):
            object.__setattr__(self, name, frozen(getattr(self, name), float))
            check_shape("Asymmetry", name, getattr(self, name), self.time.shape)
        for name, dtype, shape in (
            ("smallest", float, self.time.shape),
            ("level", float, self.time.shape),
            ("packs", np.int64, self.time.shape),
            ("background", float, (2,)),
            ("background_error", float, (2,)),
        ):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen(getattr(self, name), dtype))
                check_shape("Asymmetry", name, getattr(self, name), shape)
        bad = np.isfinite(self.value) & ~(self.error > 0)
        if bad.any():
            raise MusrcuError(
                f"Asymmetry.error of bin {int(np.argmax(bad))} is not above zero although its "
                "value is a number; mark a bin without an error as NaN in both"
            )

    @property
    def raw_bins(self) -> IntArray:
        """(n_bins,) raw bins in each bin."""
        return np.full(self.time.size, self.packing) if self.packs is None else self.packs

    @property
    def narrowest(self) -> float:
        """Width of the narrowest bin, µs: it sets the highest frequency that can be seen."""
        if self.packs is None or not self.packs.size:
            return self.bin_width
        return float(self.packs.min()) * self.bin_width / self.packing

    def replace(self, step: Step | None = None, **changes: Any) -> Asymmetry:
        """A copy with some fields changed and, where given, one more step in its history."""
        if step is not None:
            changes["history"] = self.history.with_step(step)
        return dataclasses.replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)
