"""The periods of an ISIS run: which of the defined ones are stored, their frames and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import IntArray
from musrcu.readers.muon_entry import attempt
from musrcu.readers.tree import Node

DAQ = 1
"""Value of ``periods/type`` for a period whose histograms are stored (2 = dwell: not stored)."""


@dataclass(frozen=True, slots=True)
class Periods:
    """What a file says of its stored periods."""

    labels: tuple[str, ...]
    good_frames: IntArray | None


def read_periods(
    entry: Node, group: Node, totals: NDArray[np.int64], warnings: list[str]
) -> Periods:
    """Labels and good frames of the stored periods; doubt is added to ``warnings``.

    Parameters
    ----------
    entry, group : the muon entry and its detector group.
    totals : (n_periods,) counts in each stored period.
    """
    stored = _stored(entry, group, totals.size, warnings)
    labels = _labels(entry, stored, warnings)
    frames = _good_frames(entry, stored, warnings)
    if frames is None:
        warnings.append(f"{entry.place} has no good frames: dead time cannot be corrected")
    elif np.any(frames < 0) or np.any((frames == 0) & (totals > 0)):
        bad = int(np.argmax((frames < 0) | ((frames == 0) & (totals > 0))))
        warnings.append(
            f"{entry.place} has {frames[bad]} good frames for {totals[bad]} counts in period "
            f"{bad + 1}; good frames are taken as unknown"
        )
        frames = None
    return Periods(labels, frames)


@dataclass(frozen=True, slots=True)
class _Stored:
    """Positions of the stored periods among the defined ones; None where the file is unclear."""

    n_periods: int
    positions: IntArray | None

    def select(self, values: IntArray | None) -> IntArray | None:
        """The values of the stored periods, from one value a stored or a defined period."""
        if values is None:
            return None
        if self.positions is not None and values.size > self.positions.max():
            return values[self.positions]
        return values if values.size == self.n_periods else None


def _stored(entry: Node, group: Node, n_periods: int, warnings: list[str]) -> _Stored:
    types = attempt(entry.integers, "periods/type", warnings)
    daq = None if types is None else np.flatnonzero(types == DAQ)
    if daq is not None and daq.size != n_periods:
        warnings.append(
            f"{entry.place}/periods/type names {daq.size} stored periods, counts hold {n_periods}"
        )
        daq = None
    for node, name in ((entry, "instrument/dae/period_index"), (group, "period_index")):
        index = attempt(node.integers, name, warnings)
        if index is None:
            continue
        if index.size == n_periods and index.min() >= 1:
            return _Stored(n_periods, index - 1)
        warnings.append(f"{node.place}/{name} has {index.size} periods, counts hold {n_periods}")
    return _Stored(n_periods, daq)


def _good_frames(entry: Node, stored: _Stored, warnings: list[str]) -> IntArray | None:
    total = attempt(entry.integers, "good_frames", warnings)
    frames = attempt(entry.integers, "periods/good_frames_daq", warnings)
    if frames is not None and frames.size != stored.n_periods:
        warnings.append(
            f"{entry.place}/periods/good_frames_daq has {frames.size} entries for "
            f"{stored.n_periods} stored periods; not used"
        )
        frames = None
    if frames is None:
        frames = stored.select(attempt(entry.integers, "periods/good_frames", warnings))
    if frames is None and stored.n_periods == 1 and total is not None:
        return total[:1]
    if frames is None:
        return _raw_frames(entry, stored, total, warnings)
    if total is not None and total[0] != frames.sum():
        warnings.append(
            f"{entry.place}/good_frames is {total[0]}, the periods sum to {frames.sum()}; "
            "the periods are used"
        )
    return frames


def _raw_frames(
    entry: Node, stored: _Stored, total: IntArray | None, warnings: list[str]
) -> IntArray | None:
    frames = stored.select(attempt(entry.integers, "periods/raw_frames", warnings))
    if frames is not None:
        known = "" if total is None else f" (good_frames is {total[0]})"
        warnings.append(
            f"{entry.place}/periods has no good frames; the raw frames, {frames.sum()} in all"
            f"{known}, are used instead"
        )
    return frames


def _labels(entry: Node, stored: _Stored, warnings: list[str]) -> tuple[str, ...]:
    joined = attempt(entry.text, "periods/labels", warnings)
    if joined is None:
        return ("",) * stored.n_periods
    labels = [label.strip() for label in joined.split(";")]
    chosen = stored.select(np.arange(len(labels)))
    if chosen is None:
        warnings.append(
            f"{entry.place}/periods/labels names {len(labels)} periods, counts hold "
            f"{stored.n_periods}; labels are left out"
        )
        return ("",) * stored.n_periods
    return tuple(labels[position] for position in chosen)
