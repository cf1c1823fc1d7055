"""Bin width, time zero and good bins of ISIS histograms, from several fields that may disagree.

Source: ISIS muon NeXus instrument definitions, versions 1 and 2; the base of the bin numbers was
settled on files of EMU and HiFi, in which ``t0_bin`` is floor(time_zero / width) + 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.errors import ReadError, quoted
from musrcu.readers.isis_time_zero import Zeros, corrected_time_first, time_zero_first
from musrcu.readers.tree import Node

T0_BIN = ("t0_bin", "time_zero_bin", "T0_bin")
"""Names of the bin in which the muon arrives: an attribute of counts or a data set beside it."""
LARGEST_BIN = 2**53
"""Larger numbers of bins are not whole in double precision."""
_PER_MICROSECOND = {"ps": 1e6, "ns": 1e3, "us": 1.0, "ms": 1e-3, "s": 1e-6}
_PREFIXES = {"pico": "ps", "nano": "ns", "micro": "us", "milli": "ms", "": "s"}


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """What turns bin numbers into time."""

    bin_width: float
    """µs."""
    t0: FloatArray
    """(n_detectors,) bin index from 0 at which the muon arrives."""
    first_good: IntArray
    """(n_detectors,) index from 0."""
    last_good: IntArray
    """(n_detectors,) index from 0, inclusive."""


@dataclass(frozen=True, slots=True)
class _Histograms:
    """The detector group with its counts, and where doubt is noted."""

    group: Node
    counts: Node
    n_detectors: int
    n_bins: int
    warnings: list[str]
    _numbers: dict[tuple[str, ...], IntArray | None] = field(default_factory=dict)

    def bin_numbers(self, *names: str) -> IntArray | None:
        """(n_detectors,) a bin number as stored: an attribute of counts or a data set beside it."""
        if names not in self._numbers:
            self._numbers[names] = self._look_for(names)
        return self._numbers[names]

    def _look_for(self, names: tuple[str, ...]) -> IntArray | None:
        for name in names:
            value = self.counts.attribute(name)
            if isinstance(value, (int, float)) and _is_bin(value):
                return np.full(self.n_detectors, int(value), dtype=np.int64)
            if value is not None:
                raise self.counts.error(f"{name} is {quoted(value)}, expected a bin number")
            values = self.group.integers(name)
            if values is not None:
                return self._each(name, values).astype(np.int64)
        return None

    def time_zero(self) -> FloatArray | None:
        """(n_detectors,) arrival of the muon on the raw time axis, µs; None where unknown."""
        node = self.group.child("time_zero")
        if node is None or node.attribute("available") == 0:
            return None
        values = self.group.numbers("time_zero")
        if values is None:
            return None
        if values.size == 1:
            value = self.group.number("time_zero")
            if value is None:
                self.warnings.append(f"{node.place} is {values[0]:g}; taken as unknown")
                return None
            values = np.array([value])
        with np.errstate(over="ignore"):  # an infinite time zero is refused
            return self._each("time_zero", values) / per_microsecond(node, "us")

    def _each(self, name: str, values: FloatArray | IntArray) -> FloatArray:
        if values.size not in (1, self.n_detectors):
            raise self.group.error(
                f"{name} has {values.size} values, expected 1 or {self.n_detectors} (detectors)"
            )
        return np.broadcast_to(values, (self.n_detectors,)).astype(float)


def read_time_axis(
    group: Node,
    counts: Node,
    n_detectors: int,
    n_bins: int,
    warnings: list[str],
    *,
    corrected_first: bool = False,
) -> TimeAxis:
    """The time axis of the histograms in a detector group; doubt is added to ``warnings``.

    Bin k has its centre at ``(k + 0.5) width + start`` on the raw time axis, whose ``start`` is 0
    unless ``raw_time`` says otherwise, so that ``t0 = (time_zero - start) / width - 0.5``.

    Parameters
    ----------
    corrected_first : whether ``corrected_time`` counts before ``time_zero``, as in version 1,
        where old files carry a ``time_zero`` that was never brought up to date.

    Raises
    ------
    ReadError if the width or time zero is missing or impossible, a length is wrong, or the good
    bins lie outside the histogram.
    """
    histograms = _Histograms(group, counts, n_detectors, n_bins, warnings)
    raw = _raw_time(histograms)
    width = _bin_width(histograms, raw)
    base = _base(histograms)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused next
        found = _zeros(histograms, raw, width, base)
        t0 = (
            corrected_time_first(found, warnings)
            if corrected_first
            else (time_zero_first(found, warnings))
        )
    if not np.all((t0 >= -n_bins) & (t0 < n_bins)):
        raise group.error(f"time zero is bin {t0.min():g} to {t0.max():g} of {n_bins} bins")
    first, last = _good_bins(histograms, t0, base)
    return TimeAxis(width, t0, first, last)


def per_microsecond(node: Node, assumed: str) -> float:
    """How many of the unit of ``node`` make a microsecond; ``assumed`` where it names none.

    Raises
    ------
    ReadError if the unit is no unit of time.
    """
    unit = node.attribute("units")
    name = re.sub(r"[^a-z]", "", str(unit or assumed).lower().translate({0xB5: "u", 0x3BC: "u"}))
    for prefix, short in _PREFIXES.items():
        if name in (prefix + "second", prefix + "seconds", prefix + "sec", short):
            return _PER_MICROSECOND[short]
    raise node.error(f"unit {quoted(unit)} is no unit of time, expected picoseconds or the like")


def _is_bin(value: float) -> bool:
    return float(value).is_integer() and abs(value) < LARGEST_BIN


def _bin_width(histograms: _Histograms, raw: _RawTime | None) -> float:
    group, step = histograms.group, None if raw is None else raw.step
    for name, customary in (("resolution", "ps"), ("histogram_resolution", "ns")):
        node, value = group.child(name), group.number(name)
        if node is None or value is None:
            continue
        width = value / per_microsecond(node, customary)
        if not 0 < width < np.inf:
            raise node.error(f"bin width {value:g} is not above 0, or no number in us")
        agrees = step is None or abs(width - step) <= 0.01 * width
        if not agrees and node.attribute("units") is None:
            raise node.error(f"{value:g} has no unit and raw_time has steps of {step:g} us")
        if not agrees:
            histograms.warnings.append(
                f"{node.place} gives bins of {width:g} us, raw_time has steps of {step:g} us; "
                "the first is used"
            )
        return width
    if step is None:
        raise group.error("resolution is missing and so is a usable raw_time: bin width unknown")
    histograms.warnings.append(
        f"{group.place} has no resolution; bin width {step:.6g} us is the median step of raw_time"
    )
    return step


@dataclass(frozen=True, slots=True)
class _RawTime:
    """The raw time axis: where its bins begin or have their centres."""

    step: float
    """µs, the median."""
    first: float
    """µs, its first value."""
    holds_edges: bool

    def start(self, width: float) -> float:
        """Left edge of the first bin, µs; 0 where it is that within a thousandth of a bin.

        As many times as bins are their centres, unless they begin at 0: programs of PSI and the
        first ones of ISIS give left edges.
        """
        at_zero = self.holds_edges or abs(self.first) < 1e-3 * width
        start = self.first if at_zero else self.first - 0.5 * width
        return start if abs(start) > 1e-3 * width else 0.0


def _raw_time(histograms: _Histograms) -> _RawTime | None:
    """The raw time axis; None where it is missing, does not increase or has no unit of time."""
    found = _times(histograms, "raw_time")
    if found is None:
        return None
    node, values, per_us = found
    if values.size not in (histograms.n_bins, histograms.n_bins + 1):
        raise node.error(
            f"{values.size} times for {histograms.n_bins} bins, expected as many or one more"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values)
    if steps.size == 0 or not (steps.min() > 0 and steps.max() < np.inf):
        histograms.warnings.append(f"{node.place} does not increase throughout and is not used")
        return None
    edges = values.size == histograms.n_bins + 1
    return _RawTime(float(np.median(steps)) / per_us, _decimal(node, values) / per_us, edges)


def _base(histograms: _Histograms) -> int:
    """The number that the file gives to its first bin."""
    for names in (T0_BIN, ("first_good_bin",)):
        numbers = histograms.bin_numbers(*names)
        if numbers is not None and np.any(numbers == 0):
            return 0  # no bin is called 0 where counting starts at 1
    return 1


def _zeros(histograms: _Histograms, raw: _RawTime | None, width: float, base: int) -> Zeros:
    time_zero = histograms.time_zero()
    start = 0.0 if raw is None else raw.start(width)
    if time_zero is not None and start != 0:
        histograms.warnings.append(
            f"{histograms.group.place}/raw_time puts the first bin at {start:g} us instead of 0; "
            "time_zero is counted on that axis"
        )
    return Zeros(
        group=histograms.group,
        n_detectors=histograms.n_detectors,
        width=width,
        base=base,
        time_zero=time_zero,
        from_zero=None if time_zero is None else (time_zero - start) / width - 0.5,
        corrected=_corrected_start(histograms, width),
        numbers=histograms.bin_numbers(*T0_BIN),
    )


def _corrected_start(histograms: _Histograms, width: float) -> float | None:
    """Centre of the first bin relative to the muon, µs; None where the file does not have it."""
    found = _times(histograms, "corrected_time")
    if found is None:
        return None
    node, values, per_us = found
    n_bins = histograms.n_bins
    if values.size not in (n_bins, n_bins + 1) or not np.isfinite(values[0]):
        histograms.warnings.append(
            f"{node.place} has {values.size} times from {values[0]:g}, expected {n_bins}; not used"
        )
        return None
    left = 0.0 if values.size == n_bins else 0.5 * width  # one more: edges
    return _decimal(node, values) / per_us + left


def _times(histograms: _Histograms, name: str) -> tuple[Node, FloatArray, float] | None:
    """An axis of times, its values as stored and how many of its unit make a microsecond.

    None where it is missing, and with a warning where it is no times: other fields give the same.
    """
    group = histograms.group
    try:
        node, values = group.child(name), group.numbers(name)
        if node is None or values is None:
            return None
        return node, values, per_microsecond(node, "us")
    except ReadError as error:
        histograms.warnings.append(f"{error}; {name} is not used")
        return None


def _decimal(node: Node, values: FloatArray) -> float:
    """The first value; of a float32 the shortest decimal that it stands for, as everywhere."""
    short = node.dtype.kind == "f" and node.dtype.itemsize == 4
    return float(str(np.float32(values[0]))) if short else float(values[0])


def _good_bins(histograms: _Histograms, t0: FloatArray, base: int) -> tuple[IntArray, IntArray]:
    n_bins, warnings, place = histograms.n_bins, histograms.warnings, histograms.counts.place
    first, last = histograms.bin_numbers("first_good_bin"), histograms.bin_numbers("last_good_bin")
    if first is None:
        first = np.clip(np.ceil(t0), 0, n_bins - 1).astype(np.int64) + base
        warnings.append(
            f"{place} has no first_good_bin; bin index {first[0] - base} after t0 is used"
        )
    if last is None:
        last = np.full(histograms.n_detectors, n_bins - 1 + base, dtype=np.int64)
        warnings.append(f"{place} has no last_good_bin; the last bin, index {n_bins - 1}, is used")
    if base == 0 and np.any(last == n_bins):
        warnings.append(
            f"{place} has last_good_bin {n_bins} of bins 0 to {n_bins - 1}; set to that"
        )
        last = np.minimum(last, n_bins - 1)
    first, last = first - base, last - base
    wrong = (first < 0) | (last >= n_bins) | (first >= last)
    if np.any(wrong):
        bad = int(np.argmax(wrong))
        raise histograms.counts.error(
            f"good bins {first[bad] + base} to {last[bad] + base} of detector {bad + 1} are not "
            f"within bins {base} to {n_bins - 1 + base}, in that order"
        )
    if np.any(first < t0 - 1):
        early = int(np.argmax(first < t0 - 1))
        warnings.append(
            f"{place} has first good bin index {first[early]} of detector {early + 1} "
            f"before its time zero {t0[early]:g}"
        )
    return first, last
