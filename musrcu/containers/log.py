"""A log: readings of one quantity against time, and what it was on average during the run."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from musrcu.containers.arrays import FloatArray, by_fields, check_shape, frozen
from musrcu.containers.numbers import is_number
from musrcu.errors import MusrcuError

MOSTLY = 0.9
"""A log that covers less than this share of a run is a doubt."""
AGED = 3600.0
"""A reading older than this, and than the run is long, is a doubt; s."""
REGULAR = 10
"""Readings during a run from which on a log has a pace that it may lose."""


class Span(NamedTuple):
    """One of the stretches of time that a log of added runs is about."""

    start: float
    """s after the start of the run."""
    stop: float
    rate: float = 1.0
    """Weight of a second, relative to the other spans: the counts of a second."""


@dataclass(frozen=True, slots=True)
class LogMean:
    """What a log says of a span of time; a reading holds until the next one."""

    mean: float
    """Time-weighted mean, in the unit of the log."""
    spread: float
    """Time-weighted standard deviation about the mean."""
    n_readings: int
    """Readings inside the span, and the one that held at its beginning."""
    lowest: float
    highest: float
    first: float
    """Value at the beginning of the span."""
    last: float
    """Value at its end."""
    covered: float = 1.0
    """Share of the span that lies after the first reading."""
    age: float | None = None
    """How long before the span the reading at its beginning was taken, s; None without one."""
    old: float = 0.0
    """Share of the span for which a reading from before it held."""

    @property
    def error(self) -> float | None:
        """Error of the mean: spread / sqrt(n_readings).

        None for a single reading, or one that never changed.
        """
        if self.n_readings < 2 or self.spread == 0:
            return None
        return float(self.spread / np.sqrt(self.n_readings))


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Readings of one quantity against time, in the order of time."""

    name: str
    """As the file has it, such as ``Temp_Sample``."""
    seconds: FloatArray
    """(n,) s after the start of the run; negative before it."""
    values: FloatArray
    """(n,) readings; what is not finite was left out by the reader."""
    unit: str | None = None
    """As the file has it; None where it names none."""
    spans: tuple[Span, ...] = ()
    """Where runs were added: the times of each, in order; only they have weight in a mean."""

    def __post_init__(self) -> None:
        seconds, values = np.asarray(self.seconds, float), np.asarray(self.values, float)
        check_shape(f"Log {self.name}", "values", values, (values.size,))
        check_shape(f"Log {self.name}", "seconds", seconds, values.shape)
        if not (np.all(np.isfinite(seconds)) and np.all(np.isfinite(values))):
            raise MusrcuError(f"Log {self.name} holds times or readings that are not finite")
        if np.any(np.diff(seconds) < 0):
            order = np.argsort(seconds, kind="stable")
            seconds, values = seconds[order], values[order]
        object.__setattr__(self, "seconds", frozen(seconds, float))
        object.__setattr__(self, "values", frozen(values, float))
        spans = tuple(sorted(Span(*span) for span in self.spans))
        for span in spans:
            if not (all(map(is_number, span)) and span.stop >= span.start and span.rate >= 0):
                raise MusrcuError(f"Log {self.name}: {span} is no span; expected start <= stop")
        object.__setattr__(self, "spans", spans)

    def __repr__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.values.size == 0:
            return f"<log {self.name}: no readings>"
        low, high = self.values.min(), self.values.max()
        first, last = self.seconds[0], self.seconds[-1]
        return (
            f"<log {self.name}: {self.values.size} readings from {low:.6g} to {high:.6g}{unit}, "
            f"{first:g} to {last:g} s>"
        )

    def during(self, start: float = 0.0, stop: float | None = None) -> LogMean | None:
        """Time-weighted mean, spread and extremes from ``start`` to ``stop``.

        mean = sum w_i v_i / sum w_i with w_i the time for which reading i held inside the span;
        spread^2 = sum w_i (v_i - mean)^2 / sum w_i. A reading holds until the next one, the last
        one until ``stop``; time before the first reading has no weight.

        Where the log has ``spans``, only time inside them has weight, each second that of its
        span, and no reading holds from one of them into the next.

        Parameters
        ----------
        start, stop : s after the start of the run; None ends with the last reading.

        Returns
        -------
        LogMean, or None where the log has no reading before ``stop``.

        Raises
        ------
        MusrcuError if ``stop`` is before ``start``.
        """
        if stop is not None and not stop >= start:
            raise MusrcuError(f"Log {self.name}: the span ends at {stop:g} s, before {start:g} s")
        if self.values.size == 0:
            return None
        length, parts = 0.0, []
        for span, before in self._windows(start, stop):
            length += span.stop - span.start
            first, past = self._readings(span, before)
            if past > first:
                parts.append(_Part.of(span, self.seconds[first:past], self.values[first:past]))
        if not parts:
            return None
        values = np.concatenate([part.values for part in parts])
        weights = np.concatenate([part.held * part.rate for part in parts])
        if weights.sum() == 0:  # single moments: what held then
            weights = np.concatenate([np.eye(part.held.size)[-1] for part in parts])
        mean, spread = _moments(values, weights)
        ages = [part.age for part in parts if part.age is not None]
        return LogMean(
            mean=mean,
            spread=spread,
            n_readings=values.size,
            lowest=float(values.min()),
            highest=float(values.max()),
            first=float(values[0]),
            last=float(values[-1]),
            covered=sum(float(part.held.sum()) for part in parts) / length if length else 1.0,
            age=max(ages, default=None),
            old=sum(part.old for part in parts) / length if length else float(bool(ages)),
        )

    def inside_spans(self) -> Log:
        """The log without the readings outside its spans.

        A reading that held at the beginning of a span from before it stands at its beginning.
        """
        seconds, values = [np.empty(0)], [np.empty(0)]
        for span, before in self._windows(-math.inf, None):
            first, past = self._readings(span, before)
            while past - 1 > first and self.seconds[past - 1] == span.stop:  # it held no time
                past -= 1
            seconds.append(np.maximum(self.seconds[first:past], span.start))
            values.append(self.values[first:past])
        return dataclasses.replace(
            self, seconds=np.concatenate(seconds), values=np.concatenate(values)
        )

    def _windows(self, start: float, stop: float | None) -> Iterator[tuple[Span, float]]:
        """What of the spans lies between two times, and where the span before each ends."""
        if not self.spans:
            last = max(float(self.seconds[-1]), start)
            yield Span(start, last if stop is None else stop), -math.inf
            return
        end, before = math.inf if stop is None else stop, -math.inf
        for span in self.spans:
            cut = Span(max(span.start, start), min(span.stop, end), span.rate)
            moment = span.start == span.stop or start == end
            if cut.start < cut.stop or (moment and cut.start == cut.stop):
                yield cut, before
            before = max(before, span.stop)

    def _readings(self, span: Span, before: float) -> tuple[int, int]:
        """Indices of the first reading that holds in a span, and of the one past the last."""
        first = max(int(np.searchsorted(self.seconds, span.start, side="right")) - 1, 0)
        past = int(np.searchsorted(self.seconds, span.stop, side="right"))
        if first < past and self.seconds[first] < span.start and self.seconds[first] <= before:
            first += 1
        return first, past

    def doubts(self, stop: float | None = None) -> tuple[str, ...]:
        """What speaks against its mean over a run from 0 to ``stop`` (s), one sentence each.

        A log that begins late, one whose reading at the start is older than the run and than an
        hour, and one that falls silent: where readings came more than ten times as often before.
        """
        found = self.during(0.0, stop)
        if found is None:
            return ()
        windows = [span for span, _ in self._windows(0.0, stop)]
        length = sum(span.stop - span.start for span in windows)
        doubts = []
        if found.covered < MOSTLY and (stop is not None or found.covered > 0):
            doubts.append(
                f"log {self.name} covers {100 * found.covered:.3g} % of the run, from its first "
                "reading on; the mean is over that part"
            )
        if found.age is not None and found.age > max(length, AGED) and found.old > 1 - MOSTLY:
            doubts.append(
                f"log {self.name}: the reading that held at the start was {_long(found.age)} old, "
                f"and {100 * found.old:.3g} % of the run has no other"
            )
        inside = self.seconds[
            (self.seconds >= windows[0].start) & (self.seconds <= windows[0].stop)
        ]
        if len(windows) == 1 and inside.size >= REGULAR:
            silent = windows[0].stop - float(inside[-1])
            if silent > max((1 - MOSTLY) * length, 10 * float(np.diff(inside).max())):
                doubts.append(
                    f"log {self.name} has no reading in the last {100 * silent / length:.3g} % of "
                    "the run; its last one is taken to hold"
                )
        return tuple(doubts)

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)


class _Part(NamedTuple):
    """The readings of one span, and for how long each of them held."""

    values: FloatArray
    held: FloatArray
    rate: float
    age: float | None
    old: float

    @classmethod
    def of(cls, span: Span, seconds: FloatArray, values: FloatArray) -> _Part:
        held = np.diff(np.append(np.maximum(seconds, span.start), span.stop))
        before = span.start - float(seconds[0])
        return cls(
            values,
            held,
            span.rate,
            age=before if before >= 0 else None,
            old=float(held[0]) if before > 0 else 0.0,
        )


def _moments(values: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Weighted mean and standard deviation; exact where all that has weight is equal."""
    values, weights = values[weights > 0], weights[weights > 0] / weights.sum()
    exponent = int(np.frexp(np.abs(values).max())[1])
    scale = 2.0 ** min(max(exponent, 0), 1023)  # keeps squares finite, changes no digit
    small = values / scale
    mean = np.clip(weights @ small, small.min(), small.max())
    spread = np.sqrt(weights @ (small - mean) ** 2)
    return float(mean * scale), float(spread * scale)


def _long(seconds: float) -> str:
    """A length of time in its unit: ``115 days``, ``2.5 h``."""
    hours = seconds / 3600
    return f"{hours / 24:.3g} days" if hours >= 48 else f"{hours:.3g} h"
