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
class Fields:
    """Where a version of the definition has what it says of periods, within the entry."""

    types: str
    labels: str
    stored_frames: str
    """Good frames of the stored periods."""
    frames: str
    """Good frames of the defined or the stored periods."""
    raw_frames: str
    total: str
    """Good frames of all periods together."""
    index: str | None = None
    """Numbers of the stored periods among the defined ones."""


VERSION_1 = Fields(
    types="instrument/beam/period_type",
    labels="instrument/beam/period_labels",
    stored_frames="instrument/beam/frames_period_daq",
    frames="instrument/beam/frames_period",
    raw_frames="instrument/beam/frames_period_raw",
    total="instrument/beam/frames_good",
)
VERSION_2 = Fields(
    types="periods/type",
    labels="periods/labels",
    stored_frames="periods/good_frames_daq",
    frames="periods/good_frames",
    raw_frames="periods/raw_frames",
    total="good_frames",
    index="instrument/dae/period_index",
)


@dataclass(frozen=True, slots=True)
class Periods:
    """What a file says of its stored periods."""

    labels: tuple[str, ...]
    good_frames: IntArray | None


def read_periods(
    entry: Node,
    group: Node,
    totals: NDArray[np.int64],
    warnings: list[str],
    *,
    fields: Fields = VERSION_2,
    single: int | None = None,
) -> Periods:
    """Labels and good frames of the stored periods; doubt is added to ``warnings``.

    Parameters
    ----------
    entry, group : the muon entry and its detector group.
    totals : (n_periods,) counts in each stored period.
    single : good frames of a run of one period where the file has none in their place.
    """
    stored = _stored(entry, group, totals.size, fields, warnings)
    labels = _labels(entry, stored, fields, warnings)
    total = attempt(entry.integers, fields.total, warnings)
    if total is None and single is not None:
        total = np.array([single])
    frames = _good_frames(entry, stored, fields, total, warnings)
    if frames is None and total is not None:
        warnings.append(
            f"{entry.place}/{fields.total} is {total[0]} for {stored.n_periods} periods, how it "
            "divides is not said: there are no good frames and dead time cannot be corrected"
        )
    elif frames is None:
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


def _stored(
    entry: Node, group: Node, n_periods: int, fields: Fields, warnings: list[str]
) -> _Stored:
    types = attempt(entry.integers, fields.types, warnings)
    daq = None if types is None else np.flatnonzero(types == DAQ)
    if daq is not None and daq.size != n_periods:
        warnings.append(
            f"{entry.place}/{fields.types} names {daq.size} stored periods, counts hold {n_periods}"
        )
        daq = None
    for node, name in ((entry, fields.index), (group, "period_index")):
        if name is None:
            continue
        index = attempt(node.integers, name, warnings)
        if index is None:
            continue
        if index.size == n_periods and index.min() >= 1:
            return _Stored(n_periods, index - 1)
        warnings.append(f"{node.place}/{name} has {index.size} periods, counts hold {n_periods}")
    return _Stored(n_periods, daq)


def _good_frames(
    entry: Node, stored: _Stored, fields: Fields, total: IntArray | None, warnings: list[str]
) -> IntArray | None:
    frames = attempt(entry.integers, fields.stored_frames, warnings)
    if frames is not None and frames.size != stored.n_periods:
        warnings.append(
            f"{entry.place}/{fields.stored_frames} has {frames.size} entries for "
            f"{stored.n_periods} stored periods; not used"
        )
        frames = None
    if frames is None:
        frames = stored.select(attempt(entry.integers, fields.frames, warnings))
    if frames is None and stored.n_periods == 1 and total is not None:
        return total[:1]
    if frames is None:
        return _raw_frames(entry, stored, fields, total, warnings)
    if total is not None and total[0] != frames.sum():
        warnings.append(
            f"{entry.place}/{fields.total} is {total[0]}, the periods sum to {frames.sum()}; "
            "the periods are used"
        )
    return frames


def _raw_frames(
    entry: Node, stored: _Stored, fields: Fields, total: IntArray | None, warnings: list[str]
) -> IntArray | None:
    frames = stored.select(attempt(entry.integers, fields.raw_frames, warnings))
    if frames is not None:
        known = "" if total is None else f" ({fields.total} is {total[0]})"
        warnings.append(
            f"{entry.place}/{fields.frames.rpartition('/')[0]} has no good frames; the raw "
            f"frames, {frames.sum()} in all{known}, are used instead"
        )
    return frames


def _labels(entry: Node, stored: _Stored, fields: Fields, warnings: list[str]) -> tuple[str, ...]:
    texts = attempt(entry.texts, fields.labels, warnings)
    if not texts:
        return ("",) * stored.n_periods
    labels = [label.strip() for label in ";".join(texts).split(";")]
    chosen = stored.select(np.arange(len(labels)))
    if chosen is None:
        warnings.append(
            f"{entry.place}/{fields.labels} names {len(labels)} periods, counts hold "
            f"{stored.n_periods}; labels are left out"
        )
        return ("",) * stored.n_periods
    return tuple(labels[position] for position in chosen)
