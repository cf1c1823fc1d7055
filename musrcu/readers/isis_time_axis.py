"""Bin width, time zero and good bins of ISIS histograms, from several fields that may disagree.

Source: ISIS muon NeXus instrument definition, version 2; the base of the bin numbers was settled
on files of EMU and HiFi, in which ``t0_bin`` is floor(time_zero / width) + 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.readers.tree import Node

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

    def bin_numbers(self, *names: str) -> IntArray | None:
        """(n_detectors,) a bin number as stored: an attribute of counts or a data set beside it."""
        for name in names:
            value = self.counts.attribute(name)
            if isinstance(value, (int, float)) and _is_bin(value):
                return np.full(self.n_detectors, int(value), dtype=np.int64)
            if value is not None:
                raise self.counts.error(f"{name} is {value!r}, expected a bin number")
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
            values = np.array([self.group.number("time_zero") or 0.0])
        with np.errstate(over="ignore"):  # an infinite time zero is refused
            return self._each("time_zero", values) / per_microsecond(node, "us")

    def _each(self, name: str, values: FloatArray | IntArray) -> FloatArray:
        if values.size not in (1, self.n_detectors):
            raise self.group.error(
                f"{name} has {values.size} values, expected 1 or {self.n_detectors} (detectors)"
            )
        return np.broadcast_to(values, (self.n_detectors,)).astype(float)


def read_time_axis(
    group: Node, counts: Node, n_detectors: int, n_bins: int, warnings: list[str]
) -> TimeAxis:
    """The time axis of the histograms in a detector group; doubt is added to ``warnings``.

    Time zero is ``t0 = time_zero / width - 0.5`` as the bins hold centres ``(k + 0.5) width``.

    Raises
    ------
    ReadError if the width or time zero is missing or impossible, a length is wrong, or the good
    bins lie outside the histogram.
    """
    histograms = _Histograms(group, counts, n_detectors, n_bins, warnings)
    width = _bin_width(histograms)
    base = _base(histograms)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused next
        t0 = _t0(histograms, width, base)
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
    raise node.error(f"unit {unit!r} is no unit of time, expected picoseconds or the like")


def _is_bin(value: float) -> bool:
    return float(value).is_integer() and abs(value) < LARGEST_BIN


def _bin_width(histograms: _Histograms) -> float:
    group, step = histograms.group, _step(histograms)
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


def _step(histograms: _Histograms) -> float | None:
    """Median step of raw_time, µs; None where it is missing or does not increase."""
    node, values = histograms.group.child("raw_time"), histograms.group.numbers("raw_time")
    if node is None or values is None:
        return None
    if values.size not in (histograms.n_bins, histograms.n_bins + 1):
        raise node.error(
            f"{values.size} times for {histograms.n_bins} bins, expected as many or one more"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values)
    if steps.size == 0 or not np.all((steps > 0) & (steps < np.inf)):
        histograms.warnings.append(f"{node.place} does not increase throughout and is not used")
        return None
    return float(np.median(steps)) / per_microsecond(node, "us")


def _base(histograms: _Histograms) -> int:
    """The number that the file gives to its first bin."""
    for names in (("t0_bin", "time_zero_bin"), ("first_good_bin",)):
        numbers = histograms.bin_numbers(*names)
        if numbers is not None and np.any(numbers == 0):
            return 0  # no bin is called 0 where counting starts at 1
    return 1


def _t0(histograms: _Histograms, width: float, base: int) -> FloatArray:
    t0: FloatArray
    time_zero = histograms.time_zero()
    corrected = _corrected_start(histograms)
    numbers = histograms.bin_numbers("t0_bin", "time_zero_bin")
    warnings, place = histograms.warnings, histograms.group.place
    if time_zero is None and corrected is not None:
        return np.full(histograms.n_detectors, -corrected / width)
    if time_zero is None and numbers is not None:
        t0 = numbers.astype(np.float64) - (1.0 if base == 1 else 0.5)
        warnings.append(
            f"{place} has no time_zero; t0 = {t0[0]:g} bins from t0 bin {numbers[0]} "
            f"(counted from {base}) is uncertain by half a bin"
        )
        return t0
    if time_zero is None:
        raise histograms.group.error("time_zero, corrected_time and t0_bin are all missing")
    t0 = time_zero / width - 0.5
    if numbers is not None and np.any(np.abs(numbers - base - t0) > 1.0):
        warnings.append(
            f"{place} has t0 bin {numbers[0]} (counted from {base}) but time_zero "
            f"{time_zero[0]:g} us, which is bin {t0[0] + base:.2f}; time_zero is used"
        )
    if corrected is not None and abs(corrected + t0[0] * width) > 0.5 * width:
        warnings.append(
            f"{place} has corrected_time from {corrected:g} us, time_zero "
            f"{time_zero[0]:g} us gives {-t0[0] * width:g} us; time_zero is used"
        )
    return t0


def _corrected_start(histograms: _Histograms) -> float | None:
    """Centre of the first bin relative to the muon, µs; None where the file does not have it."""
    node, values = (
        histograms.group.child("corrected_time"),
        histograms.group.numbers("corrected_time"),
    )
    if node is None or values is None:
        return None
    if values.size != histograms.n_bins or not np.isfinite(values[0]):
        histograms.warnings.append(
            f"{node.place} has {values.size} times from {values[0]:g}, expected "
            f"{histograms.n_bins}; not used"
        )
        return None
    return float(values[0]) / per_microsecond(node, "us")


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
