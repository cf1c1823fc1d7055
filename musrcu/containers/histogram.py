"""Counts of one group of detectors, aligned on the arrival of the muon."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray, IntArray, by_fields, check_shape, frozen
from musrcu.containers.counts import decays
from musrcu.containers.history import History, Step
from musrcu.containers.losses import Losses
from musrcu.containers.made_by import Recipe
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Histogram:
    """Counts of one detector or of one group against time, as they were seen; good bins only."""

    time: FloatArray
    """(n_bins,) centre of each bin, µs after the muon."""
    counts: FloatArray
    """(n_bins,) counts per bin, background and dead-time losses in them."""
    bin_width: float
    """Width of a bin, µs; of the widest where they differ."""
    packing: int
    """Raw bins in one bin, in the widest where they differ."""
    detectors: tuple[int, ...]
    """Numbers (from 1) of its detectors."""
    label: str
    """Name of the group or of its detector, or its numbers."""
    packs: IntArray | None = None
    """(n_bins,) raw bins in each bin where they differ; None where all hold ``packing``."""
    background: float | None = None
    """Background per raw bin that was measured; None where none was."""
    background_error: float | None = None
    """Its error per raw bin; None takes it as exact."""
    background_free: bool | None = None
    """Whether a fit has a background to find; False is none at all, None what the source is known
    for: none of a pulsed one."""
    losses: Losses | None = None
    """What dead time took; None where it is unknown or left out."""
    run: Run
    """The run behind it: metadata, and raw histograms."""
    history: History
    """Every step and option since the file was read."""
    recipe: Recipe | None = None
    """The recipe it was made by; None where there was none."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", frozen(self.time, float))
        if self.time.ndim != 1:
            raise MusrcuError(f"Histogram.time has {self.time.ndim} dimensions, expected 1")
        object.__setattr__(self, "counts", frozen(self.counts, float))
        check_shape("Histogram", "counts", self.counts, self.time.shape)
        object.__setattr__(self, "detectors", tuple(self.detectors))
        if self.packs is not None:
            object.__setattr__(self, "packs", frozen(self.packs, np.int64))
            check_shape("Histogram", "packs", self.packs, self.time.shape)

    @property
    def raw_bins(self) -> IntArray:
        """(n_bins,) raw bins in each bin."""
        return np.full(self.time.size, self.packing) if self.packs is None else self.packs

    @property
    def raw_width(self) -> float:
        """Width of a raw bin, µs."""
        return self.bin_width / self.packing

    @property
    def decay(self) -> FloatArray:
        """(n_bins,) decays in each bin over the rate at t = 0 in a raw bin, as ``Counts.decay``."""
        return decays(self.time, self.raw_bins, self.raw_width)

    def replace(self, step: Step | None = None, **changes: Any) -> Histogram:
        """A copy with some fields changed and, where given, one more step in its history."""
        if step is not None:
            changes["history"] = self.history.with_step(step)
        return dataclasses.replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)
