"""Counts of a pair of groups, aligned on the arrival of the muon."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.arrays import FloatArray, IntArray, by_fields, check_shape, frozen
from musrcu.containers.history import History, Step
from musrcu.containers.losses import Losses
from musrcu.containers.made_by import Recipe
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError


def decays(time: FloatArray, raw_bins: IntArray, raw_width: float) -> FloatArray:
    """(n_bins,) decays in each bin over the rate at t = 0 in a raw bin: see ``Counts.decay``."""
    half = raw_bins * raw_width / (2 * MUON_LIFETIME)
    fall = np.exp(-time / MUON_LIFETIME)
    return np.asarray(raw_bins * fall * np.sinh(half) / half)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Counts:
    """Counts of the groups ``forward`` and ``backward`` against time.

    ``forward`` is the group that the initial muon spin points to.
    """

    time: FloatArray
    """(n_bins,) centre of each bin, µs after the muon."""
    values: FloatArray
    """(2, n_bins) counts per bin of forward and backward, background subtracted where so done."""
    variance: FloatArray
    """(2, n_bins) variance of ``values``: the counts before the background was subtracted."""
    bin_width: float
    """Width of a bin (packed ones after :func:`musrcu.rebin`), µs; of the widest where they
    differ."""
    packing: int
    """Raw bins in one bin, in the widest where they differ."""
    first_good: int
    """Index (from 0) of the first good bin."""
    last_good: int
    """Index (from 0) of the last good bin, inclusive."""
    detectors: tuple[tuple[int, ...], tuple[int, ...]]
    """Numbers (from 1) of the detectors in forward and in backward."""
    packs: IntArray | None = None
    """(n_bins,) raw bins in each bin where they differ; None where all hold ``packing``."""
    background: FloatArray | None = None
    """(2,) background per raw bin that was subtracted; None where none was."""
    background_error: FloatArray | None = None
    """(2,) its error per raw bin, common to all bins of a group; None where unknown."""
    background_free: bool | None = None
    """Whether a fit of the counts has a background to find; False is none at all, None what the
    source is known for: none of a pulsed one."""
    losses: tuple[Losses, Losses] | None = None
    """What dead time took from each group, where the counts are as they were seen."""
    alpha: float | None = None
    """Balance of the pair that a fit of the counts may take as known; None where it is not."""
    alpha_error: float | None = None
    """Its error; None takes it as exact."""
    detector_beta: float | None = None
    """Ratio of the intrinsic asymmetries of backward and forward, as ``alpha``; None is taken as
    1."""
    detector_beta_error: float | None = None
    balance_correlation: float = 0.0
    """Correlation of the errors of alpha and detector_beta."""
    total: float | None = None
    """Total asymmetry of the spectrometer from a calibration run; None where unknown."""
    total_error: float | None = None
    run: Run
    """The run behind it: metadata, and raw histograms as they were grouped."""
    history: History
    """Every step and option since the file was read."""
    recipe: Recipe | None = None
    """The recipe it was made by; None where stages were applied one by one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", frozen(self.time, float))
        if self.time.ndim != 1:
            raise MusrcuError(f"Counts.time has {self.time.ndim} dimensions, expected 1")
        for name in ("values", "variance"):
            object.__setattr__(self, name, frozen(getattr(self, name), float))
            check_shape("Counts", name, getattr(self, name), (2, self.time.size))
        for name in ("background", "background_error"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen(getattr(self, name), float))
                check_shape("Counts", name, getattr(self, name), (2,))
        if self.packs is not None:
            object.__setattr__(self, "packs", frozen(self.packs, np.int64))
            check_shape("Counts", "packs", self.packs, self.time.shape)

    @property
    def forward(self) -> FloatArray:
        """(n_bins,) counts of the forward group."""
        return np.asarray(self.values[0])

    @property
    def backward(self) -> FloatArray:
        """(n_bins,) counts of the backward group."""
        return np.asarray(self.values[1])

    @property
    def raw_bins(self) -> IntArray:
        """(n_bins,) raw bins in each bin."""
        return np.full(self.time.size, self.packing) if self.packs is None else self.packs

    @property
    def narrowest(self) -> float:
        """Width of the narrowest bin, µs: it sets the highest frequency that can be seen."""
        if self.packs is None or not self.packs.size:
            return self.bin_width
        return float(self.packs.min()) * self.raw_width

    @property
    def raw_width(self) -> float:
        """Width of a raw bin, µs."""
        return self.bin_width / self.packing

    @property
    def decay(self) -> FloatArray:
        """(n_bins,) decays in each bin over the rate at t = 0 in a raw bin.

        k e^{-t/tau} sinh(w / 2 tau) / (w / 2 tau) with k raw bins and the width w: the integral of
        e^{-t/tau} over the bin, so that wide bins are no less right than narrow ones.
        """
        return decays(self.time, self.raw_bins, self.raw_width)

    @property
    def good(self) -> slice:
        """The good bins."""
        return slice(self.first_good, self.last_good + 1)

    def replace(self, step: Step | None = None, **changes: Any) -> Counts:
        """A copy with some fields changed and, where given, one more step in its history."""
        if step is not None:
            changes["history"] = self.history.with_step(step)
        return dataclasses.replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)
