"""A scan with a sharp T_N thrown without musrcu, for tests of the one-step fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from asymmetries import RUN, asymmetry
from throw import Asymmetry as Truth
from throw import FloatArray, asymmetry_of, paper, paper_parameters, throw_pair

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.history import History
from musrcu.containers.temperature import Temperature

SHARP = 0.105
"""T_N of the truth, K."""
TEMPERATURES = (0.03, 0.07, 0.09, 0.1, 0.103, 0.108, 0.12)
ERROR = 1e-4
"""Of the mean temperatures, K."""


def above(t: FloatArray) -> FloatArray:
    """The paramagnetic spectrum."""
    slow = 0.045 * np.exp(-0.5 * (0.35 * t) ** 2) + 0.055 * np.exp(-2.0 * t)
    return np.asarray(slow + 0.11)


def truth(T: float) -> Truth:
    """The spectrum at a true temperature."""
    return paper(paper_parameters(T)) if T < SHARP else above


def direct_scan(
    temperatures: Sequence[float | None] = TEMPERATURES, seed: int = 1, *, events: float = 4e6,
    error: float | None = ERROR, n_bins: int = 120, width: float = 0.06, bare: bool = False,
) -> list[Any]:  # fmt: skip
    """Asymmetries, or with ``bare`` the counts, of one run at each measured temperature."""
    rng = np.random.default_rng(1000 + seed)
    found: list[Any] = []
    for k, T in enumerate(temperatures):
        true = 0.02 if T is None else T + (error or 0.0) * rng.normal()
        pair = throw_pair(truth(true), events, 100 * seed + k, n_bins=n_bins, width=width)
        found.append(_run(*pair, k, Temperature(mean=T, error=error), bare))
    return found


def _run(
    time: FloatArray, forward: FloatArray, backward: FloatArray, k: int, T: Temperature, bare: bool
) -> Asymmetry | Counts:
    raw = np.array([[forward, backward]], dtype=np.int64)
    run = RUN.replace(
        number=100 + k, temperature=T, counts=raw, bin_width=float(time[1] - time[0]),
        last_good=np.full(2, time.size - 1),
    )  # fmt: skip
    if bare:
        values = np.array([forward, backward])
        return Counts(
            time=time, values=values, variance=values, bin_width=float(time[1] - time[0]),
            packing=1, first_good=0, last_good=time.size - 1, detectors=((1,), (2,)), run=run,
            history=History(),
        )  # fmt: skip
    value, error = asymmetry_of(forward, backward)
    return asymmetry(time, value, error, run=run, smallest=np.minimum(forward, backward))
