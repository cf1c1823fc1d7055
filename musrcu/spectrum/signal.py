"""What is turned into a spectrum: numbers against time, with errors, of asymmetry or counts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.containers.history import History
from musrcu.containers.kinds import an
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.fitting.window import inside
from musrcu.reduction.forms import GROUPS

FEWEST = 8
"""Bins below which there is no spectrum."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Signal:
    """The bins of a spectrum, in the order of their times."""

    name: str
    """``asymmetry``, or of which counts."""
    unit: str
    """Of ``value``; empty for a fraction."""
    time: FloatArray
    """(n_bins,) centres, µs after the muon."""
    value: FloatArray
    """(n_bins,) what is transformed."""
    error: FloatArray
    """(n_bins,) one standard deviation."""
    expected: FloatArray
    """(n_bins,) error by which a bin is weighted: that of counts is the one their decay law has,
    because a weight that follows the noise of its bin shifts the mean."""
    width: FloatArray
    """(n_bins,) widths of the bins, µs."""
    raw_width: float
    """Width of a raw bin, µs."""
    run: Run
    history: History

    @property
    def length(self) -> float:
        """From the first edge to the last, µs."""
        ends = 0.5 * (self.width[0] + self.width[-1])
        return float(self.time[-1] - self.time[0] + ends)

    @property
    def narrowest(self) -> float:
        """Width of the narrowest bin, µs."""
        return float(self.width.min())

    @property
    def highest(self) -> float:
        """1 / (2 narrowest bin): a line above it shows below it, MHz."""
        return 0.5 / self.narrowest


def signal_of(
    data: Asymmetry | Counts | Histogram,
    t_range: tuple[float, float] | None,
    group: str | None,
    lifetime: bool,
    taker: str,
) -> Signal:
    """The bins inside a range that hold a number.

    Raises
    ------
    FitError if the data are of another kind, or fewer than 8 bins are left.
    """
    if not isinstance(data, (Asymmetry, Counts, Histogram)):
        raise FitError(
            f"{taker} takes an Asymmetry, Counts or a Histogram, not {an(data)}; reduce it first"
        )
    if group is not None and not isinstance(data, Counts):
        raise FitError(f"group = {group!r} is of Counts, not of {an(data)}")
    if isinstance(data, Asymmetry):
        whole = _of_asymmetry(data)
    elif isinstance(data, Counts):
        whole = _of_counts(data, GROUPS[0] if group is None else group, lifetime)
    else:
        whole = _of_histogram(data, lifetime)
    kept = np.isfinite(whole.value) & np.isfinite(whole.error) & inside(whole.time, t_range)
    if kept.sum() < FEWEST:
        raise FitError(
            f"{data.run.name}: {int(kept.sum())} bins with numbers in t_range = {t_range!r}; a "
            f"spectrum needs {FEWEST}"
        )
    return _chosen(whole, kept)


def _chosen(whole: Signal, kept: NDArray[np.bool_]) -> Signal:
    arrays = ("time", "value", "error", "expected", "width")
    return dataclasses.replace(whole, **{name: getattr(whole, name)[kept] for name in arrays})


def _of_asymmetry(data: Asymmetry) -> Signal:
    raw = data.bin_width / data.packing
    return Signal(
        name="asymmetry",
        unit="",
        time=data.time,
        value=data.value,
        error=data.error,
        expected=data.error,
        width=np.asarray(data.raw_bins * raw, dtype=float),
        raw_width=raw,
        run=data.run,
        history=data.history,
    )


def _of_counts(data: Counts, group: str, lifetime: bool) -> Signal:
    if group not in GROUPS:
        raise FitError(f"group = {group!r}; expected 'forward' or 'backward'")
    k, good = GROUPS.index(group), data.good
    background = 0.0 if data.background is None else float(data.background[k])
    raw = data.raw_bins[good].astype(float)
    counted = _Counted(data.values[k, good], data.variance[k, good], data.decay[good], raw)
    return _of_group(data, f"counts of {group}", data.time[good], counted, background, lifetime)


def _of_histogram(data: Histogram, lifetime: bool) -> Signal:
    background = data.background or 0.0
    raw = data.raw_bins.astype(float)
    counted = _Counted(data.counts - background * raw, data.counts, data.decay, raw)
    return _of_group(data, f"counts of {data.label}", data.time, counted, background, lifetime)


class _Counted(NamedTuple):
    """(n_bins,) each."""

    value: FloatArray
    """Counts above the background."""
    variance: FloatArray
    """Counts as they were seen."""
    decay: FloatArray
    """Decays over the rate at t = 0 in a raw bin."""
    raw: FloatArray
    """Raw bins in each bin."""


def _of_group(
    data: Counts | Histogram,
    name: str,
    time: FloatArray,
    counted: _Counted,
    background: float,
    lifetime: bool,
) -> Signal:
    """N e^{t/tau} / N0 - 1, or the counts in a raw bin.

    N0 makes the bins hold as many counts as the decay law; the error that weights a bin is that of
    the counts this law expects, with the background.
    """
    rate = float(counted.value.sum() / counted.decay.sum())
    if not rate > 0:
        raise FitError(f"{data.run.name}: no {name} are left above the background")
    law = rate * counted.decay
    scale = law if lifetime else counted.raw
    seen = law + background * counted.raw
    shift = 1.0 if lifetime else 0.0
    unknown = data.background is None and data.run.source == "continuous"
    left_in = " (with an unknown background, which grows with exp(t/tau))" * unknown
    return Signal(
        name=name + ", decay taken out" * lifetime + left_in * lifetime,
        unit="" if lifetime else f"counts per {1e3 * data.raw_width:.4g} ns",
        time=time,
        value=np.asarray(counted.value / scale - shift),
        error=np.asarray(np.sqrt(np.maximum(counted.variance, 1.0)) / scale),
        expected=np.asarray(np.sqrt(np.maximum(seen, 1e-3 * seen.max())) / scale),
        width=np.asarray(counted.raw * data.raw_width),
        raw_width=data.raw_width,
        run=data.run,
        history=data.history,
    )
