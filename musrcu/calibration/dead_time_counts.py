"""The detectors and bins of a calibration run from which dead times are estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.arrays import FloatArray
from musrcu.containers.run import Run
from musrcu.errors import FitError, ReductionError
from musrcu.fitting.detector_cost import DetectorCounts
from musrcu.fitting.window import first_and_last
from musrcu.instrument_table import Geometry
from musrcu.reduction.grouping import Selection, group
from musrcu.reduction.periods import read_periods, select_periods

AFTER_PULSE = 0.3
"""µs after t0 at which the fit begins: the muons of a pulse 0.1 µs wide are all there."""
LATEST = 20.0
"""µs after t0 at which it ends; nine lifetimes."""
FEWEST = 40
"""Counts per detector in a bin that are aimed at."""
MOST_BINS = 60
"""Bins with a polarisation of their own."""
WIDEST = 0.5
"""Width of a bin, µs."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Detectors of a run, aligned on t0, in raw bins."""

    run: Run
    """With the one period that is used."""
    numbers: tuple[int, ...]
    """Detectors, counted from 1."""
    sign: FloatArray | None
    """(n,) 1 for forward, -1 for backward; None without a pair."""
    counts: FloatArray
    """(n, n_bins) raw counts."""
    edges: FloatArray
    """(n_bins + 1,) µs after the muons."""
    frames: float

    def without(self, bad: np.ndarray) -> Chosen:
        """Without the detectors that ``bad`` (n,) marks."""
        numbers = tuple(d for d, out in zip(self.numbers, bad, strict=True) if not out)
        sign = None if self.sign is None else self.sign[~bad]
        return Chosen(self.run, numbers, sign, self.counts[~bad], self.edges, self.frames)

    def packed(self, widest: float = WIDEST, growing: bool = True) -> DetectorCounts:
        """Counts in bins no wider than ``widest`` µs.

        ``growing`` bins hold about equal counts, as far as ``widest`` allows.
        """
        steps = np.diff(self.edges)
        expected = np.exp(-self.edges[:-1] / MUON_LIFETIME) * steps
        per_detector = self.counts.sum() / len(self.counts)
        share = max(1 / MOST_BINS, FEWEST / per_detector) * expected.sum() if growing else 0.0
        starts, held, width = [0], 0.0, 0.0
        for k, (part, step) in enumerate(zip(expected, steps, strict=True)):
            full = growing and held + part / 2 > share
            if k > starts[-1] and (full or width + step > widest * (1 + 1e-9)):
                starts.append(k)
                held = width = 0.0
            held, width = held + part, width + step
        if len(starts) > 2 and width < 0.7 * widest:
            starts.pop()
        counts = np.add.reduceat(self.counts, starts, axis=1)
        return DetectorCounts(counts, np.append(self.edges[starts], self.edges[-1]), self.frames)


def choose(
    run: Run,
    forward: Selection | None,
    backward: Selection | None,
    geometry: Geometry | None,
    period: int | str | None,
    t_range: tuple[float, float] | None,
) -> Chosen:
    """Detectors and bins of a run from which its dead times can be estimated.

    Raises
    ------
    FitError if the source is continuous, good frames are unknown, counts were corrected already,
    or no bins or counts are left.
    """
    run = _usable(run, period)
    try:
        grouped = group(run, forward=forward, backward=backward, geometry=geometry)
    except ReductionError:
        if forward is not None or backward is not None or geometry is not None:
            raise
        numbers, sign = tuple(range(1, run.n_detectors + 1)), None
    else:
        numbers = (*grouped.detectors[0], *grouped.detectors[1])
        sizes = [len(side) for side in grouped.detectors]
        sign = np.repeat([1.0, -1.0], sizes)
    rows = np.array(numbers) - 1
    shift = np.rint(run.t0[rows] - run.t0[rows[0]]).astype(int)
    zero = float(np.mean(run.t0[rows] - shift))
    first, last = _bins(run, rows, shift, zero, t_range)
    counts = [run.counts[0, d, first + s : last + 1 + s] for d, s in zip(rows, shift, strict=True)]
    assert run.good_frames is not None
    edges = np.asarray((np.arange(first, last + 2) - 0.5 - zero) * run.bin_width, dtype=float)
    found = np.array(counts, dtype=float)
    return Chosen(run, numbers, sign, found, edges, float(run.good_frames[0]))


def _usable(run: Run, period: int | str | None) -> Run:
    no = f"{run.name}: no dead times:"
    if run.source != "pulsed":
        raise FitError(
            f"{no} the source is continuous, losses do not depend on the time after the muon there"
        )
    if run.variance is not None:
        raise FitError(f"{no} its counts were corrected already; read the raw file")
    if run.good_frames is None:
        raise FitError(f"{no} its good frames are unknown, so there is no rate")
    if len(read_periods(run, period).plus) != 1:
        raise FitError(f"{no} period = {period!r} is not one period; the rates of each differ")
    run = select_periods(run, period)
    assert run.good_frames is not None
    if not run.good_frames[0] > 0:
        raise FitError(f"{no} it has {run.good_frames[0]} good frames")
    return run


def _bins(
    run: Run,
    rows: np.ndarray,
    shift: np.ndarray,
    zero: float,
    t_range: tuple[float, float] | None,
) -> tuple[int, int]:
    """First and last bin (inclusive) of the first detector that are used."""
    low, high = first_and_last(t_range, (AFTER_PULSE, LATEST))
    first = int(np.ceil(zero + max(low, 0.0) / run.bin_width))
    last = int(np.floor(zero + np.clip(high / run.bin_width, 0, run.n_bins)))
    first = max(first, int((run.first_good[rows] - shift).max()), int((-shift).max()))
    last = min(last, int((run.last_good[rows] - shift).min()), run.n_bins - 1 - int(shift.max()))
    if last - first < 50:
        raise FitError(
            f"{run.name}: no dead times: {max(last - first + 1, 0)} good bins from {low:g} to "
            f"{high:g} us, expected more than 50"
        )
    return first, last
