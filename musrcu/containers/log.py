"""A log: readings of one quantity against time, and what it was on average during the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray, by_fields, check_shape, frozen
from musrcu.errors import MusrcuError


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
        end = max(float(self.seconds[-1]), start) if stop is None else stop
        first = max(int(np.searchsorted(self.seconds, start, side="right")) - 1, 0)
        past = int(np.searchsorted(self.seconds, end, side="right"))
        if past <= first:
            return None
        values = self.values[first:past]
        edges = np.append(np.maximum(self.seconds[first:past], start), end)
        held = np.diff(edges)
        if held.sum() == 0:  # one moment: what held then
            held[-1] = 1.0
        weights = held / held.sum()
        exponent = int(np.frexp(np.abs(values).max())[1])
        scale = 2.0 ** min(max(exponent, 0), 1023)  # keeps squares finite, changes no digit
        small = values / scale
        mean = np.clip(weights @ small, small.min(), small.max())
        spread = np.sqrt(weights @ (small - mean) ** 2)
        return LogMean(
            mean=float(mean * scale),
            spread=float(spread * scale),
            n_readings=values.size,
            lowest=float(values.min()),
            highest=float(values.max()),
            first=float(values[0]),
            last=float(values[-1]),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)
