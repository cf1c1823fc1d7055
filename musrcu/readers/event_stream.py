"""Single events become histograms: a stream of any length in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import IntArray
from musrcu.readers.registry import check_size
from musrcu.readers.tree import Node

SHORTEST, LONGEST = 1 << 20, 1 << 23
"""Events that are held in memory at a time: as many as there are bins, within these limits."""
MOST_DETECTORS = 4096
"""A larger detector number is damage."""


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames that the events belong to."""

    edges: IntArray
    """(n_frames + 1,) number of the first event of each frame; the last is the end of all."""
    rows: IntArray
    """(n_frames,) period of each frame from 0; ``n_periods`` for one that is left out."""
    n_periods: int

    def of_events(self, start: int, stop: int) -> NDArray[Any] | int:
        """Row of each of the events ``start`` to ``stop``; events of no frame are dropped."""
        first = int(np.searchsorted(self.edges, start, side="right")) - 1
        last = int(np.searchsorted(self.edges, stop, side="left"))
        inside = np.clip(self.edges[max(first, 0) : last + 1], start, stop)
        rows = self.rows[max(first, 0) : last]
        if inside[0] > start or inside[-1] < stop:  # events before the first frame, after the last
            inside = np.concatenate(([start], inside, [stop]))
            rows = np.concatenate(([self.n_periods], rows, [self.n_periods]))
        if np.all(rows == rows[0]):
            return int(rows[0])
        return np.repeat(rows, np.diff(inside))


@dataclass(frozen=True, slots=True)
class Binning:
    """How the time since the beginning of the frame becomes a bin."""

    step: float
    """Width of a bin, in units of the clock of the events."""
    n_bins: int

    def bins(self, times: NDArray[Any]) -> NDArray[Any]:
        """Bin of each time, from 0; ``n_bins`` stands for all times that lie outside."""
        kind = times.dtype
        if kind.kind == "u" and max(self.step, self.n_bins) <= np.iinfo(kind).max:
            return np.asarray(np.minimum(times // kind.type(self.step), self.n_bins))
        with np.errstate(invalid="ignore", over="ignore"):  # what is no number lies outside
            found = np.floor_divide(times.astype(np.float64), self.step)
            inside = (found >= 0) & (found < self.n_bins)
        return np.where(inside, found, self.n_bins).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Histograms:
    """What the events became."""

    counts: IntArray
    """(n_periods, n_detectors, n_bins)."""
    outside: int
    """Events of kept frames whose time lies outside the histograms."""
    dropped: int
    """Events of frames that were left out."""


def histogram(
    detectors: Node, times: Node, frames: Frames, binning: Binning, least: int, max_bytes: int
) -> Histograms:
    """Histograms of a stream of events.

    Parameters
    ----------
    detectors, times : data sets of equal length: detector of an event, from 0, and its time.
    frames, binning : how an event finds its period and its bin.
    least : number of detectors that the histograms have at least.
    max_bytes : bytes that the histograms may take.

    Raises
    ------
    ReadError if a detector number cannot be, or the histograms would be too large.
    """
    n_events = detectors.shape[0]
    stride = (frames.n_periods + 1, binning.n_bins + 1)  # one row and one bin for what is left out
    held = max(least, 1)
    check_size(
        f"{detectors.path} at {detectors.place}", 8 * held * stride[0] * stride[1], max_bytes
    )
    sums = np.zeros(held * stride[0] * stride[1], dtype=np.int64)
    for start, stop in _parts(n_events, sums.size):
        ids = detectors.part(start, stop)
        largest, smallest = int(ids.max()), int(ids.min())
        if not 0 <= smallest <= largest < MOST_DETECTORS:
            wrong = largest if largest >= MOST_DETECTORS else smallest
            raise detectors.error(
                f"among events {start + 1} to {stop} is one of detector {wrong} (from 0), expected "
                f"0 to {MOST_DETECTORS - 1}"
            )
        held = max(held, largest + 1)
        check_size(
            f"{detectors.path} at {detectors.place}", 8 * held * stride[0] * stride[1], max_bytes
        )
        place = ids.astype(np.intp)
        place *= stride[0]
        place += frames.of_events(start, stop)
        place *= stride[1]
        np.add(place, binning.bins(times.part(start, stop)), out=place, casting="unsafe")
        found = np.bincount(place, minlength=sums.size)
        if found.size > sums.size:
            sums.resize(held * stride[0] * stride[1], refcheck=False)
        sums[: found.size] += found
    cube = sums.reshape(held, *stride)
    return Histograms(
        counts=np.ascontiguousarray(cube[:, :-1, :-1].transpose(1, 0, 2)),
        outside=int(cube[:, :-1, -1].sum()),
        dropped=int(cube[:, -1].sum()),
    )


def _parts(n_events: int, n_bins: int) -> Iterator[tuple[int, int]]:
    length = min(max(SHORTEST, n_bins), LONGEST)
    for start in range(0, n_events, length):
        yield start, min(start + length, n_events)
