"""The decay histograms of a MusrRoot file: which belong to the run, their counts, t0 and bins."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.errors import ReadError
from musrcu.readers.lem_header import PILE_UP_OFFSET
from musrcu.readers.musr_root_header import Facts
from musrcu.readers.psi_metadata import numbered
from musrcu.readers.registry import check_size
from musrcu.readers.root_file import DIRECTORIES, Histogram, Item

MODULE = "DecayAnaModule"
MOST_HISTOGRAMS = 10_000
MOST_COUNTS = 2**40
"""Counts in one bin; with more, sums over bins and detectors would overflow."""
SATURATED = 2**24
"""Contents at which a bin of a TH1F, 4 bytes of floating point, no longer counts by one."""
_DEPTH = 4

_DECAY = re.compile(r"hDecay(\d{1,6})")
_RUN = re.compile(r"\s+Run\s+\S+$")
PILE_UP = "PPC"
"""In the label of a period that holds decays of another one once more."""
_PILE_UP = re.compile(r"post.?pile.?up|\bPPC\b", re.IGNORECASE)

Stored = Mapping[int, Item]
"""Histograms of the file by number, counted from 1."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the histograms say of a run, as :class:`musrcu.containers.run.Run` has it."""

    counts: NDArray[np.int64]
    t0: FloatArray
    first_good: IntArray
    last_good: IntArray
    labels: tuple[str, ...]
    period_labels: tuple[str, ...]


def find_histograms(top: Item, shift: int) -> Stored:
    """The decay histograms by the number in their names plus ``shift``.

    Raises
    ------
    ReadError if there is no folder of decay histograms, or nothing in it.
    """
    place = top.item("histos")
    module = None if place is None else _folder(place, _DEPTH)
    if module is None:
        raise top.error(f"holds no histos/{MODULE} with the decay histograms")
    stored = {}
    for item in module.items():
        name = _DECAY.fullmatch(item.name)
        if name is not None and item.kind.startswith("TH1"):
            stored[int(name[1]) + shift] = item
    if not stored:
        raise module.error("holds no decay histogram (hDecay001 and so on)")
    return stored


def _folder(above: Item, depth: int) -> Item | None:
    if above.name == MODULE:
        return above
    if depth == 0 or above.kind not in ("TFolder", *DIRECTORIES):
        return None
    below = (_folder(item, depth - 1) for item in above.items())
    return next((item for item in below if item is not None), None)


def read_histograms(
    path: Path, stored: Stored, facts: Facts, max_bytes: int, warnings: list[str]
) -> Found:
    """The histograms that the header names, each red/green offset a period.

    Raises
    ------
    ReadError if one of them is missing, they differ in length, or hold what are no counts.
    """
    periods = _periods(path, stored, facts, warnings)
    rows = [[stored[number].histogram() for number in numbers] for numbers in periods.values()]
    counts = _counts(path, periods, rows, max_bytes, warnings)
    detectors = [_detectors(path, facts, numbers, counts.shape[2]) for numbers in periods.values()]
    kept = _same_t0(list(periods), detectors, warnings)
    if len(kept) < len(rows):
        counts = np.ascontiguousarray(counts[kept])
        counts.setflags(write=False)
    first = detectors[0]
    _doubt_bins(first, counts.shape[2], warnings)
    offsets = [list(periods)[k] for k in kept]
    names = [_period_label(offsets[k], facts, rows[kept[k]]) for k in range(len(kept))]
    labels = tuple(names) if len(names) > 1 else ()
    _doubt_copies(counts, labels, warnings)
    return Found(
        counts, first.t0, first.first_good, first.last_good, _labels(facts, periods, rows), labels
    )


def _periods(path: Path, stored: Stored, facts: Facts, warnings: list[str]) -> dict[int, list[int]]:
    """Numbers of the histograms of each offset, in the order of the header."""
    n = facts.whole("RunInfo/No of Histos")
    if n is None or n < 1:
        n = next(k for k in range(MOST_HISTOGRAMS) if k + 1 not in stored)
        warnings.append(f"the header does not say how many histograms the run has; {n} are read")
    offsets = tuple(dict.fromkeys(facts.wholes("RunInfo/RedGreen Offsets") or (0,)))
    if not (n > 0 and n * len(offsets) <= MOST_HISTOGRAMS and min(offsets) >= 0):
        raise ReadError(
            f"{path}: {n} histograms at the red/green offsets {_listed(offsets)} cannot be; "
            f"expected at least one, at most {MOST_HISTOGRAMS}, and offsets from 0 up"
        )
    periods = {offset: [offset + k for k in range(1, n + 1)] for offset in offsets}
    for offset, numbers in list(periods.items()):
        missing = [number for number in numbers if number not in stored]
        if len(missing) == n and offset != offsets[0]:
            warnings.append(f"no histogram of the red/green offset {offset} is in the file")
            del periods[offset]
        elif missing:
            raise ReadError(
                f"{path}: the header announces {n} histograms at the red/green offsets "
                f"{_listed(offsets)}, {numbered(missing[:10])} "
                f"{'is' if len(missing) == 1 else 'are'} missing"
            )
    extra = sorted(set(stored) - {number for numbers in periods.values() for number in numbers})
    if extra:
        warnings.append(f"the header does not announce {numbered(extra[:10])}, left out")
    return periods


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10]))


def _counts(
    path: Path,
    periods: Mapping[int, list[int]],
    rows: list[list[Histogram]],
    max_bytes: int,
    warnings: list[str],
) -> NDArray[np.int64]:
    """(n_periods, n_detectors, n_bins) counts; what is outside the axis is left out."""
    n_bins = rows[0][0].contents.size
    shape = (len(rows), len(rows[0]), n_bins)
    check_size(str(path), 8 * math.prod(shape), max_bytes)
    counts = np.empty(shape, np.int64)
    odd_axis, saturated, refilled = [], [], []
    for period, numbers in enumerate(periods.values()):
        for detector, number in enumerate(numbers):
            histogram = rows[period][detector]
            row = counts[period, detector]
            if histogram.contents.size != n_bins:
                raise ReadError(
                    f"{path}: histogram {number} has {histogram.contents.size} bins, the first "
                    f"one {n_bins}"
                )
            _fill(path, number, histogram.contents, row)
            if (histogram.low, histogram.high) != (-0.5, n_bins - 0.5):
                odd_axis.append(number)
            if histogram.contents.dtype.itemsize == 4 and row.max() >= SATURATED:
                saturated.append(number)
            if float(row.sum()) + histogram.outside != histogram.entries:
                refilled.append(number)
    for bad, sentence in (
        (odd_axis, f"the axis of {{}} does not run from -0.5 to {n_bins - 0.5:g}"),
        (saturated, f"{{}} reached {SATURATED} counts in a bin, where ROOT stops counting"),
        # a file whose histograms were not filled event by event has other entries throughout
        (
            refilled if len(refilled) < len(rows) * len(rows[0]) else [],
            "the counts of {} do not sum to how often it was filled; they were changed since",
        ),
    ):
        if bad:
            warnings.append(sentence.format(numbered(bad)))
    counts.setflags(write=False)  # spares the container a copy
    return counts


def _fill(path: Path, number: int, contents: NDArray[Any], row: NDArray[np.int64]) -> None:
    """Whole numbers from 0 up into ``row``, or a ReadError."""
    with np.errstate(invalid="ignore"):  # what is no number differs from what it becomes
        row[:] = contents
    wrong = (row != contents) | (row < 0) | (row > MOST_COUNTS)
    if wrong.any():
        place = int(wrong.argmax())
        raise ReadError(
            f"{path}: histogram {number}, bin index {place} holds {contents[place]:g}, expected "
            "a whole number of counts, 0 or above"
        )


@dataclass(frozen=True, slots=True)
class _Detectors:
    """t0 and good bins of the histograms of one offset."""

    numbers: list[int]
    t0: FloatArray
    first_good: IntArray
    last_good: IntArray
    lengths: list[int | None]


def _detectors(path: Path, facts: Facts, numbers: list[int], n_bins: int) -> _Detectors:
    """What the header says of each histogram, found by the number in its name."""
    t0, first, last, lengths = [], [], [], []
    for number in numbers:
        section = f"DetectorInfo/Detector{number:03d}"
        zero = facts.number(f"{section}/Time Zero Bin")
        if zero is None or abs(zero) > MOST_COUNTS:
            raise ReadError(
                f"{path}: the header has no usable {section}/Time Zero Bin "
                f"({facts.text(f'{section}/Time Zero Bin') or 'missing'})"
            )
        good = [facts.whole(f"{section}/{which} Good Bin") for which in ("First", "Last")]
        begin, end = (k if k is not None and abs(k) <= MOST_COUNTS else None for k in good)
        t0.append(zero)
        first.append(math.ceil(zero) if begin is None else begin)
        last.append(n_bins - 1 if end is None or end == n_bins else end)
        lengths.append(facts.whole(f"{section}/Histo Length"))
    return _Detectors(numbers, np.array(t0), np.array(first), np.array(last), lengths)


def _same_t0(offsets: list[int], detectors: list[_Detectors], warnings: list[str]) -> list[int]:
    """Positions of the offsets whose t0 are those of the first: a run has one t0 a detector."""
    kept = []
    for k, (offset, one) in enumerate(zip(offsets, detectors, strict=True)):
        if np.array_equal(one.t0, detectors[0].t0):
            kept.append(k)
        else:
            warnings.append(
                f"the histograms of the red/green offset {offset} are left out: their t0 differ "
                f"from those of the offset {offsets[0]}"
            )
    return kept


def _doubt_bins(detectors: _Detectors, n_bins: int, warnings: list[str]) -> None:
    t0, first, last = detectors.t0, detectors.first_good, detectors.last_good
    other = np.array([length not in (None, n_bins) for length in detectors.lengths])
    for bad, sentence in (
        (other, f"the header gives another length than {n_bins} bins to {{}}"),
        ((t0 < 0) | (t0 >= n_bins), "t0 lies outside the histogram in {}"),
        (t0 == 0, "t0 is 0, never set, in {}"),
        (first < np.floor(t0), "the first good bin lies before t0 in {}"),
        (last <= first, "the last good bin is not behind the first in {}"),
        (last >= n_bins, "the last good bin lies behind the histogram in {}"),
    ):
        if bad.any():
            numbers = [detectors.numbers[k] for k in np.flatnonzero(bad)]
            warnings.append(sentence.format(numbered(numbers)))


def _labels(
    facts: Facts, periods: Mapping[int, list[int]], rows: list[list[Histogram]]
) -> tuple[str, ...]:
    """The names of the detectors, from the header or the titles of the histograms."""
    numbers = next(iter(periods.values()))
    return tuple(
        facts.text(f"DetectorInfo/Detector{number:03d}/Name") or _RUN.sub("", histogram.title)
        for number, histogram in zip(numbers, rows[0], strict=True)
    )


def _period_label(offset: int, facts: Facts, rows: Sequence[Histogram]) -> str:
    lem = facts.text("RunInfo/Instrument") == "LEM" or "MusrRootLEM" in str(
        facts.text("RunInfo/Specific Validator URL")
    )
    if offset == PILE_UP_OFFSET and (lem or any(_PILE_UP.search(row.title) for row in rows)):
        return f"post-pileup rejected ({PILE_UP})"
    return "normal (NPP)" if lem and offset == 0 else f"red/green offset {offset}"


def _doubt_copies(counts: NDArray[np.int64], labels: Sequence[str], warnings: list[str]) -> None:
    """Say which periods hold decays of the first once more: no bin of theirs holds more."""
    for k, label in enumerate(labels[1:], 1):
        if not counts[k].any():
            warnings.append(f"period {k + 1}, {label}, holds no counts")
        elif np.all(counts[k] <= counts[0]):
            warnings.append(
                f"period {k + 1}, {label}, holds a part of the decays of period 1, {labels[0]}, "
                "once more: never add them; period 1 is taken unless another is asked for"
            )
        elif PILE_UP in label:
            warnings.append(
                f"period {k + 1} is called {label}, but is no part of period 1; do not add them "
                "before that is understood"
            )
