"""A run: everything a raw file holds, with nothing reduced, guessed or lost."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray, IntArray, by_fields, check_shape, frozen
from musrcu.containers.history import History, Step
from musrcu.containers.later import read_only
from musrcu.containers.log import Log
from musrcu.containers.numbers import is_number
from musrcu.containers.temperature import Temperature
from musrcu.errors import MusrcuError

Source = Literal["pulsed", "continuous"]
SOURCES: tuple[str, ...] = get_args(Source)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Run:
    """Raw histograms of one run, per period and detector, with their metadata.

    Unknown metadata is None. Bin k of detector d lies at ``(k - t0[d]) * bin_width`` µs after
    the muon; k counts from 0. Periods and detectors are counted from 1 wherever a user names one.
    """

    counts: NDArray[Any]
    """(n_periods, n_detectors, n_bins) counts; integers as read, floats after a correction."""
    bin_width: float
    """Width of a raw bin, µs."""
    t0: FloatArray
    """(n_detectors,) bin index (from 0, may be fractional) at which the muon arrives."""
    first_good: IntArray
    """(n_detectors,) first good bin, index from 0."""
    last_good: IntArray
    """(n_detectors,) last good bin, index from 0, inclusive."""
    labels: tuple[str, ...]
    """(n_detectors,) name of each detector; empty where the file gives none."""
    source: Source
    """``pulsed`` (ISIS, J-PARC) or ``continuous`` (PSI, TRIUMF)."""
    facility: str | None = None
    instrument: str | None = None
    number: int | None = None
    """Run number of the log sheet; of added runs that of the first."""
    numbers: tuple[int, ...] = ()
    """Numbers of all runs whose counts were added; empty where none were."""
    title: str | None = None
    sample: str | None = None
    orientation: str | None = None
    comment: str | None = None
    temperature: Temperature = field(default_factory=Temperature)
    """Temperature, K."""
    field: float | None = None
    """Applied magnetic field, G."""
    start: str | None = None
    """Start, ISO 8601, in the zone of the file (local time where it names none)."""
    stop: str | None = None
    """Stop, ISO 8601."""
    dead_time: FloatArray | None = None
    """(n_periods, n_detectors) dead time of each detector, µs; None where the file has none."""
    good_frames: IntArray | None = None
    """(n_periods,) good frames of each period (pulsed sources); None where unknown."""
    period_labels: tuple[str, ...] = ()
    """(n_periods,) name of each period; empty texts where the file gives none."""
    same_decays: bool = False
    """Whether its periods hold decays of one another, so that they must never be added."""
    grouping: IntArray | None = None
    """(n_detectors,) group number of each detector as the file has it; 0 = in no group."""
    variance: FloatArray | None = None
    """Variance of ``counts``, same shape; None while they are raw counts (variance = counts)."""
    header: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What the file says, under its own names and untranslated."""
    logs: Mapping[str, Log] = dataclasses.field(default_factory=dict)
    """Logs of the sample environment and the beam by name, read when first looked at."""
    path: Path | None = None
    format: str | None = None
    """Name of the reader, such as ``psi-bin``."""
    warnings: tuple[str, ...] = ()
    """What is doubtful in the file, one sentence each."""
    history: History = History()
    """What was done since the file was read."""

    def __post_init__(self) -> None:
        counts = np.asarray(self.counts)
        if counts.ndim != 3:
            raise MusrcuError(
                f"Run.counts has {counts.ndim} dimensions, expected 3: period, detector, bin"
            )
        _check_counts(counts)
        if not (is_number(self.bin_width) and self.bin_width > 0):
            raise MusrcuError(f"Run.bin_width = {self.bin_width!r}; expected a number above 0 (us)")
        if self.source not in SOURCES:
            raise MusrcuError(f"Run.source = {self.source!r}; expected {' or '.join(SOURCES)}")
        if not (self.field is None or is_number(self.field)):
            raise MusrcuError(f"Run.field = {self.field!r}; expected a number (G), None = unknown")
        periods, detectors, _ = counts.shape
        object.__setattr__(self, "counts", frozen(counts))
        object.__setattr__(self, "bin_width", float(self.bin_width))
        for name, dtype in (("t0", float), ("first_good", np.int64), ("last_good", np.int64)):
            array = frozen(getattr(self, name), dtype)
            check_shape("Run", name, array, (detectors,))
            object.__setattr__(self, name, array)
        if len(self.labels) != detectors:
            raise MusrcuError(f"Run.labels has {len(self.labels)} names for {detectors} detectors")
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "period_labels", tuple(self.period_labels) or ("",) * periods)
        if len(self.period_labels) != periods:
            raise MusrcuError(
                f"Run.period_labels has {len(self.period_labels)} names for {periods} periods"
            )
        for name, dtype, shape in (
            ("dead_time", float, (periods, detectors)),
            ("good_frames", np.int64, (periods,)),
            ("grouping", np.int64, (detectors,)),
            ("variance", float, counts.shape),
        ):
            value = getattr(self, name)
            if value is not None:
                array = frozen(value, dtype)
                check_shape("Run", name, array, shape)
                object.__setattr__(self, name, array)
        object.__setattr__(self, "numbers", tuple(self.numbers))
        object.__setattr__(self, "header", read_only(self.header))
        object.__setattr__(self, "logs", read_only(self.logs))
        object.__setattr__(self, "warnings", tuple(self.warnings))

    @property
    def n_periods(self) -> int:
        """Number of stored periods."""
        return int(self.counts.shape[0])

    @property
    def n_detectors(self) -> int:
        """Number of histograms in each period."""
        return int(self.counts.shape[1])

    @property
    def n_bins(self) -> int:
        """Number of bins of a histogram."""
        return int(self.counts.shape[2])

    @property
    def name(self) -> str:
        """Instrument and number as a person would say it: ``LTF 2340``, ``LTF 2340+2341``."""
        number = _in_short(self.numbers) if len(self.numbers) > 1 else self.number
        known = [str(part) for part in (self.instrument, number) if part is not None]
        if known:
            return " ".join(known)
        return self.path.name if self.path else "run"

    @property
    def duration(self) -> float | None:
        """Time from start to stop, s; None where one of them is unknown or they are reversed."""
        if self.start is None or self.stop is None:
            return None
        try:
            start, stop = map(datetime.datetime.fromisoformat, (self.start, self.stop))
            length = (stop - start).total_seconds()
        except (ValueError, TypeError):  # TypeError: one of them names its zone
            return None
        return length if length >= 0 else None

    def replace(self, step: Step | None = None, **changes: Any) -> Run:
        """A copy with some fields changed and, where given, one more step in its history."""
        if step is not None:
            changes["history"] = self.history.with_step(step)
        return dataclasses.replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)

    def __str__(self) -> str:
        from musrcu import notation

        place = f"{self.name}: {self.title}" if self.title else self.name
        periods = f"{self.n_periods} periods x " if self.n_periods > 1 else ""
        lines = [
            place,
            f"  {self.temperature}, {notation.field(self.field)}, {self.start or 'start unknown'}",
            f"  {periods}{self.n_detectors} detectors x {self.n_bins} bins of "
            f"{1e3 * self.bin_width:.6g} ns, {float(self.counts.sum()):.4g} counts, "
            f"{self.source} source",
        ]
        return "\n".join(lines + [f"  warning: {warning}" for warning in self.warnings])


def _in_short(numbers: tuple[int, ...]) -> str:
    """Run numbers with ``+`` between them, three and more in a row as a range: ``1-3+7``."""
    rows: list[list[int]] = []
    for number in numbers:
        if rows and number == rows[-1][-1] + 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    return "+".join(
        f"{row[0]}-{row[-1]}" if len(row) > 2 else "+".join(map(str, row)) for row in rows
    )


def _check_counts(counts: NDArray[Any]) -> None:
    """Raise a MusrcuError unless there are counts, all of them numbers and none below 0.

    One smallest and one largest value are looked for, no more: a run is copied at every stage, and
    NumPy's min and max of what holds a NaN are NaN.
    """
    if counts.dtype.kind not in "iuf":
        raise MusrcuError(f"Run.counts are of type {counts.dtype}, expected numbers")
    if 0 in counts.shape:
        raise MusrcuError(
            f"Run.counts has shape {counts.shape}; expected at least one period, detector and bin"
        )
    if counts.dtype.kind == "u":
        return
    lowest, highest = counts.min(), counts.max() if counts.dtype.kind == "f" else 0
    if not (lowest >= 0 and highest < np.inf):
        wrong = ~((counts >= 0) & (counts < np.inf))
        period, detector, place = np.unravel_index(int(np.argmax(wrong)), counts.shape)
        raise MusrcuError(
            f"Run.counts of period {period + 1}, detector {detector + 1}, bin index {place} is "
            f"{counts[period, detector, place]}; expected a number, 0 or above"
        )
