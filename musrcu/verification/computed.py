"""A component at one set of parameters, computed in all the ways in which it is called."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.models.parameter import LONGEST
from musrcu.models.registry import Component

FloatArray = NDArray[np.float64]
Rows = tuple[FloatArray, ...]
"""The function, then its derivatives."""

TIMES = 2000
PROBED = (0.0, 0.02, 0.11, 0.35, 0.5, 0.77)
"""Places inside a series of times that are computed one by one too."""
HIGHEST = 1.5
"""No polarisation is larger, also half a bin before the muon arrived."""


@dataclass(frozen=True, slots=True)
class Computed:
    """What a component gave."""

    along: Rows
    """At even times that end at the one of the trial."""
    later: Rows
    """At even times that begin elsewhere and end there too."""
    wide: Rows
    """At few times over all of them, some before 0."""
    plain: FloatArray
    """The function without derivatives, at the times of ``along``."""
    alone: Rows
    """At the one time alone, as a number."""
    probes: Sequence[tuple[Rows, Rows]]
    """At times inside those series: from the series, and one by one."""
    place: int
    """Of the one time in ``along``."""
    of_time: bool
    seconds: float
    """Of 2000 values."""

    @property
    def values(self) -> list[float]:
        """The function at the time of the trial."""
        found = (self.along[0][self.place], self.later[0][-1], self.plain[self.place])
        return [float(one) for one in (*found, self.alone[0][0])]

    def slopes(self, k: int) -> list[float]:
        """A derivative there."""
        row = 1 + k
        found = (self.along[row][self.place], self.later[row][-1], self.alone[row][0])
        return [float(one) for one in found]

    def largest(self, k: int) -> float:
        """The largest of a derivative, over all times."""
        return max(float(np.abs(rows[1 + k]).max()) for rows in (self.along, self.wide))

    def differing(self, row: int, room: float) -> Iterator[str]:
        """Whether a time inside a series gives another number than alone; row 0 is the function."""
        for series, single in self.probes:
            apart = float(np.abs(series[row] - single[row]).max())
            if not apart <= room:
                yield f"differs by {apart:.2g} between a series of times and one time"
                return

    def complaints(self, room: float) -> Iterator[str]:
        """What is wrong beside the numbers at the time of the trial."""
        rows = (*self.along, *self.later, *self.wide)
        if not all(np.isfinite(row).all() for row in rows):
            yield "not finite everywhere"
            return
        if not self.of_time:
            return
        yield from (f"value {text}" for text in self.differing(0, 2 * room))
        apart = float(np.abs(self.plain - self.along[0]).max())
        if not apart <= 2 * room:
            yield f"value differs by {apart:.2g} with and without derivatives"
        if np.abs(self.wide[0]).max() > HIGHEST:
            yield f"a polarisation of {np.abs(self.wide[0]).max():.3g}"


def compute(component: Component, x: float, arguments: tuple[float, ...]) -> Computed:
    """Compute it; what NumPy would warn of is a FloatingPointError."""
    of_time = component.variable == "t"
    end = x or LONGEST
    times = _even(0.0, end, TIMES)
    late = _even(0.31 * x, x, 700) if x else _even(-0.001, 0.0, 700)
    far = np.linspace(-0.001, LONGEST, 200) if of_time else times
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        before = time.thread_time()
        plain = component.function(times, *arguments)
        seconds = time.thread_time() - before
        along, later, wide = (_rows(component, t, arguments) for t in (times, late, far))
        alone = _rows(component, np.array([x]), arguments)
        alone = (np.append(alone[0], component(x, *arguments)), *alone[1:])
        probes = [
            _probe(component, t, rows, arguments)
            for t, rows in zip((times, late, far), (along, later, wide), strict=True)
        ]
    return Computed(
        along,
        later,
        wide,
        plain,
        alone,
        probes if of_time else (),
        -1 if x else 0,
        of_time,
        seconds,
    )


def _even(first: float, last: float, count: int) -> FloatArray:
    # a copy: a view of other numbers is not known to be even
    times = np.array(np.linspace(first, last, count))
    times.setflags(write=False)
    return times


def _rows(component: Component, t: FloatArray, arguments: tuple[float, ...]) -> Rows:
    value, slopes = component.value_and_gradient(t, arguments)
    return (value, *slopes)


def _probe(
    component: Component, t: FloatArray, rows: Rows, arguments: tuple[float, ...]
) -> tuple[Rows, Rows]:
    places = [int(share * (t.size - 1)) for share in PROBED]
    single = [_rows(component, np.array([t[place]]), arguments) for place in places]
    return (
        tuple(row[places] for row in rows),
        tuple(np.array([one[k][0] for one in single]) for k in range(len(rows))),
    )
