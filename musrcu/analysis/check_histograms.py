"""What is odd in histograms: detectors, full bins, spikes, detectors that stop on the way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.run import Run
from musrcu.reduction.detectors import DEAD, inspect_detectors

PROMPT_REACH = 0.05
"""µs about t0 in which a prompt peak is looked for."""
BESIDE = (1, 2, 3)
"""Neighbours of a bin, on each side, that it is compared with."""
SPIKE = 3.0
"""A bin with more counts than this times the fullest of its neighbours may be a spike."""
REST = 0.02
"""Share of the good bins that may be empty at their end: some clocks stop a little early."""
MISSING = 50.0
"""A detector that should have counted so often since its last count has stopped; the chance that it
counted nothing is exp(-50)."""
MOST_NAMED = 8


def odd_detectors(run: Run) -> Iterator[str]:
    """Detectors that :func:`musrcu.inspect_detectors` finds odd, one sentence a kind."""
    found = inspect_detectors(run)
    if not any(row.counts for row in found):
        yield "no detector counted anything"
        return
    usual = "of the counts of the middle one of its bank"
    for title, rows in (
        ("no counts at all", [r for r in found if r.kind == "dead" and not r.counts]),
        (f"dead, under {DEAD:.0%} {usual}", [r for r in found if r.kind == "dead" and r.counts]),
        ("hot", [r for r in found if r.kind == "hot"]),
        ("noisy", [r for r in found if r.kind == "noisy"]),
        ("fewer counts than its bank scatters", [r for r in found if r.kind == "low"]),
        ("more counts than its bank scatters", [r for r in found if r.kind == "high"]),
        ("no positron counter by its label", [r for r in found if r.kind == "auxiliary"]),
    ):
        if rows:
            named = [f"{r.number} ({r.why})" if r.counts else f"{r.number}" for r in rows]
            yield f"{title}: detector {_some(named)}"


def full_bins(run: Run) -> Iterator[str]:
    """Bins at the largest number that 16, 31 or 32 bits hold."""
    for bits in (16, 31, 32):
        full = run.counts == 2**bits - 1
        if np.any(full):
            p, d, k = (int(i[0]) for i in np.nonzero(full))
            yield (
                f"{int(full.sum())} bins hold {2**bits - 1} counts, the most that {bits} bits "
                f"hold; the first is index {k} of detector {d + 1}, period {p + 1}"
            )


def spikes(run: Run) -> Iterator[str]:
    """Single good bins far above the bins beside them, away from the prompt peak.

    A bin with N counts, M in the fullest of its six neighbours, is a spike where N > 3 M and
    N > M + 10 sqrt(M + 1). Bins near t0 and the three at each end of a histogram, which may hold
    what lies beyond, are not looked at.
    """
    found = []
    for p, period in enumerate(run.counts):
        for d, row in enumerate(period):
            for k in _spikes(row, run, d):
                where = f"detector {d + 1}" + (f", period {p + 1}" if run.n_periods > 1 else "")
                beside = _beside(row, k)
                found.append(f"{row[k]:.6g} at index {k} of {where} (beside it {beside:.6g})")
    if found:
        yield f"single bins far above the bins beside them: {_some(found)}"


def _spikes(row: NDArray[Any], run: Run, detector: int) -> list[int]:
    far = BESIDE[-1]
    if row.size <= 2 * far + 1:
        return []
    middle = row[far:-far]
    # the nearest two first: almost no bin is that far above them
    some = np.flatnonzero((middle > row[far - 1 : -far - 1] * SPIKE) & (middle > 10)) + far
    t0, reach = float(run.t0[detector]), max(round(PROMPT_REACH / run.bin_width), 3)
    return [
        int(k)
        for k in some
        if run.first_good[detector] <= k <= run.last_good[detector]
        and abs(k - t0) > reach
        and row[k] > SPIKE * (level := _beside(row, int(k)))
        and row[k] > level + 10 * math.sqrt(level + 1)
    ]


def _beside(row: NDArray[Any], k: int) -> float:
    """Counts of the fullest of the neighbours of a bin."""
    return max(float(row[k + step * side]) for step in BESIDE for side in (-1, 1))


def stopped(run: Run) -> Iterator[str]:
    """Detectors that count nothing from some good bin on to the last.

    Named where these are more than 2 % of the good bins and at least 50 counts are missing: with n
    counts in the w bins before, a decay with the muon lifetime tau gives
    n (1 - exp(-z/tau)) / (exp(w/tau) - 1) in the z bins after. A background, or a longer lifetime,
    gives more.
    """
    found = []
    for p, period in enumerate(run.counts):
        for d, row in enumerate(period):
            first, last = max(int(run.first_good[d]), 0), min(int(run.last_good[d]), row.size - 1)
            good = row[first : last + 1]
            filled = np.flatnonzero(good)
            if filled.size == 0:
                continue
            end = int(filled[-1]) + 1
            after, before = good.size - end, min(end, good.size - end)
            if after <= REST * good.size:
                continue
            n = float(good[end - before : end].sum())
            bins = run.bin_width / MUON_LIFETIME
            missing = n * -math.expm1(-after * bins) / math.expm1(min(before * bins, 600.0))
            if missing >= MISSING:
                where = f"{d + 1}" + (f", period {p + 1}" if run.n_periods > 1 else "")
                found.append(
                    f"{where} (from index {first + end} to {last}, where about {missing:.2g} "
                    "counts are missing)"
                )
    if found:
        yield f"no counts in the rest of the good bins: detector {_some(found)}"


def _some(found: list[str]) -> str:
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more
