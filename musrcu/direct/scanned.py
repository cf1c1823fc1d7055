"""The runs of a one-step fit: their spectra, temperatures, and what a scan found of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musrcu.analysis.scan import WorkedRun
from musrcu.analysis.scan_result import Scan, ScanRun
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.direct.choices import Spread

FEWEST_READINGS = 8
"""Of a log whose slow part is told from the noise of its readings."""


@dataclass(frozen=True, slots=True, eq=False)
class Scanned:
    """One run."""

    data: Asymmetry | Counts
    found: ScanRun
    """Its fits with either model, and the verdict."""
    temperature: float
    """K, as measured."""
    error: float
    """Of that mean, K; 0 where it is exact or unknown."""
    spread: float
    """Of the temperature within the run, K; 0 where it is not averaged over."""

    @property
    def name(self) -> str:
        """Instrument and number."""
        return self.found.name


def scanned(
    worked: Sequence[WorkedRun], scan: Scan, spread: Spread
) -> tuple[list[Scanned], list[str]]:
    """The runs that can take part, sorted by temperature, and what is left out and why.

    Parameters
    ----------
    worked : runs with their data, in the order of those of the scan.
    scan : the verdicts on them.
    spread : which spread of temperature within a run is averaged over.
    """
    kept, left_out = [], []
    for item, found in zip(worked, scan.runs, strict=True):
        T = found.temperature
        why = ""
        if found.verdict == "failed" or item.data is None:
            why = found.why or "failed"
        elif T is None:
            why = "its temperature is unknown"
        elif not (math.isfinite(T) and T >= 0):
            why = f"its temperature is {T:g} K"
        if why:
            left_out.append(f"{found.name}: {why}")
            continue
        assert T is not None and item.data is not None
        known = found.temperature_error
        error = known if known is not None and math.isfinite(known) else 0.0
        wide = width_within(item.data.run, spread)
        kept.append(Scanned(item.data, found, T, max(error, 0.0), wide))
    return sorted(kept, key=lambda one: one.temperature), left_out


def width_within(run: Run, spread: Spread) -> float:
    """Standard deviation of the temperature within a run, K, that a line is averaged over."""
    if spread is None:
        return 0.0
    if spread == "readings":
        return run.temperature.spread or 0.0
    if spread == "log":
        log = run.temperature.log
        return 0.0 if log is None else slow_part(log)
    return float(spread)


def slow_part(log: Log) -> float:
    """Spread of a temperature by what is slower than its readings, K.

    s^2 = variance - (mean square of successive differences) / 2, 0 where the noise of independent
    readings makes all of it, or there are fewer than 8.

    Source: J. von Neumann, Ann. Math. Stat. 12, 367 (1941).
    """
    values = log.values[log.seconds >= 0]
    if values.size < FEWEST_READINGS:
        return 0.0
    noise = 0.5 * float(np.mean(np.diff(values) ** 2))
    excess = float(np.var(values, ddof=1)) - noise
    # by chance the noise of n readings leaves this much
    chance = 2 * noise / math.sqrt(values.size)
    return math.sqrt(excess) if excess > chance else 0.0
