"""When the muon arrives in an ISIS histogram, from three fields that may contradict each other.

Source: ISIS muon NeXus instrument definitions, versions 1 and 2, and files of EMU, MuSR and HiFi
from 1994 to 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.readers.tree import Node


@dataclass(frozen=True, slots=True)
class Zeros:
    """Where the muon arrives by each of the fields that say so; None where one is missing."""

    group: Node
    """The detector group."""
    n_detectors: int
    width: float
    """Bin width, µs."""
    base: int
    """The number that the file gives to its first bin."""
    time_zero: FloatArray | None
    """(n_detectors,) µs, as stored."""
    from_zero: FloatArray | None
    """(n_detectors,) bin index by ``time_zero``."""
    corrected: float | None
    """Centre of the first bin relative to the muon, µs, by ``corrected_time``."""
    numbers: IntArray | None
    """(n_detectors,) bin number as stored."""

    @property
    def from_corrected(self) -> FloatArray | None:
        """(n_detectors,) bin index by ``corrected_time``."""
        if self.corrected is None:
            return None
        return np.full(self.n_detectors, -self.corrected / self.width)

    @property
    def from_numbers(self) -> FloatArray | None:
        """(n_detectors,) bin index by the bin number, half a bin uncertain."""
        return None if self.numbers is None else self.numbers.astype(np.float64) - self.base


def time_zero_first(found: Zeros, warnings: list[str]) -> FloatArray:
    """(n_detectors,) bin index of time zero by the rule of version 2: ``time_zero`` first.

    Raises
    ------
    ReadError if no field says it.
    """
    t0, corrected, numbers = found.from_zero, found.corrected, found.numbers
    if t0 is None or found.time_zero is None:
        return _without_zero(found, warnings)
    place = found.group.place
    if numbers is not None and np.any(np.abs(numbers - found.base - t0) > 1.0):
        warnings.append(
            f"{place} has t0 bin {numbers[0]} (counted from {found.base}) but time_zero "
            f"{found.time_zero[0]:g} us, which is bin {t0[0] + found.base:.2f}; time_zero is used"
        )
    if corrected is not None and abs(corrected + t0[0] * found.width) > 0.5 * found.width:
        warnings.append(
            f"{place} has corrected_time from {corrected:g} us, time_zero "
            f"{found.time_zero[0]:g} us gives {-t0[0] * found.width:g} us; time_zero is used"
        )
    return t0


def corrected_time_first(found: Zeros, warnings: list[str]) -> FloatArray:
    """(n_detectors,) bin index of time zero by the rule of version 1: ``corrected_time`` first.

    Files of before 2006 carry a ``time_zero`` of 0.278 us that was never brought up to date, while
    ``corrected_time`` and ``t0_bin`` agree. Without ``corrected_time``, ``t0_bin`` decides whether
    ``time_zero`` can be trusted. Of fields that agree the one without rounding is used.

    Raises
    ------
    ReadError if no field says it.
    """
    by_axis, by_zero, by_number = found.from_corrected, found.from_zero, found.from_numbers
    if by_zero is None or found.time_zero is None:
        if by_axis is not None and by_number is not None and _near(by_number, by_axis, 1e-3):
            return by_number
        return _without_zero(found, warnings)
    # one time zero for each detector says more than one time axis for all, so one is enough
    if by_axis is not None and np.any(np.abs(by_zero - by_axis) <= 1e-3):
        return by_zero
    if by_axis is None and (by_number is None or _near(by_zero, by_number, 0.51)):
        return by_zero
    name, trusted = ("t0_bin", by_number) if by_axis is None else ("corrected_time", by_axis)
    assert trusted is not None  # one of the two is there
    warnings.append(
        f"{found.group.place}/time_zero {found.time_zero[0]:g} us would be bin index "
        f"{by_zero[0]:.2f}, {name} puts it at {trusted[0]:.2f}; {name} is used"
    )
    return by_number if by_number is not None and _near(by_number, trusted, 1e-3) else trusted


def _near(one: FloatArray, other: FloatArray, room: float) -> bool:
    return bool(np.all(np.abs(one - other) <= room))


def _without_zero(found: Zeros, warnings: list[str]) -> FloatArray:
    if found.from_corrected is not None:
        return found.from_corrected
    if found.numbers is None:
        raise found.group.error("time_zero, corrected_time and t0_bin are all missing")
    t0: FloatArray = found.numbers.astype(np.float64) - (1.0 if found.base == 1 else 0.5)
    warnings.append(
        f"{found.group.place} has no time_zero; t0 = {t0[0]:g} bins from t0 bin "
        f"{found.numbers[0]} (counted from {found.base}) is uncertain by half a bin"
    )
    return t0
