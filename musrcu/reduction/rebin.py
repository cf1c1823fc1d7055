"""Packing of counts, and how much packing a run needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.errors import ReductionError

FEWEST_COUNTS = 20
"""Counts in each group of a bin below which chi-square on an asymmetry is biased."""
KEPT = 0.99
"""Share of the statistical weight of the good bins that the default late cut keeps."""


def rebin(counts: Counts, *, packing: int | None = None, t_max: float | None = None) -> Counts:
    """The good bins, ``packing`` raw bins in one, up to a late cut.

    Packs begin at the first good bin; the incomplete one at the end is dropped. A bin lies at the
    mean of its raw bins' centres.

    Parameters
    ----------
    counts : grouped counts.
    packing : raw bins in one bin. None takes the smallest for which the cut below keeps 99 % of
        the statistical weight of the good bins.
    t_max : last time, µs. None takes the latest time up to which every bin holds at least 20
        counts in each group (so that chi-square is unbiased) and the background does not exceed
        the signal; where packing is given, all good bins are kept.

    Raises
    ------
    ReductionError if the counts are packed already, or no bin is left.
    """
    if counts.packing != 1:
        raise ReductionError(f"the counts are packed already, {counts.packing} raw bins in one")
    if packing is not None and packing < 1:
        raise ReductionError(f"packing {packing} asked for; it must be at least 1")
    note, wanted = "", packing
    if packing is None:
        packing, cut = choose_packing(counts)
        t_max = cut if t_max is None else t_max
        note = f"every bin holds at least {FEWEST_COUNTS} counts in each group"
    n = (counts.last_good - counts.first_good + 1) // packing
    if n < 1:
        raise ReductionError(f"{counts.run.name}: fewer good bins than one pack of {packing}")
    edges = slice(counts.first_good, counts.first_good + n * packing)
    time = counts.time[edges].reshape(n, packing).mean(axis=1)
    if t_max is not None:
        n = int(np.searchsorted(time, t_max, side="right"))
        if n < 1:
            raise ReductionError(f"{counts.run.name}: no bin before the late cut of {t_max:g} us")
    packed = [
        array[:, edges].reshape(2, -1, packing).sum(axis=2)[:, :n]
        for array in (counts.values, counts.variance)
    ]
    step = Step(
        "rebin",
        note,
        {
            "packing": packing,
            "packing_from": "counts" if wanted is None else "given",
            "bin_ns": round(1e3 * packing * counts.bin_width, 6),
            "t_max": float(time[n - 1]),
        },
    )
    return counts.replace(
        step=step,
        time=time[:n],
        values=packed[0],
        variance=packed[1],
        bin_width=packing * counts.bin_width,
        packing=packing,
        first_good=0,
        last_good=n - 1,
        background=None if counts.background is None else packing * counts.background,
        background_error=_scaled(counts.background_error, packing),
    )


def choose_packing(counts: Counts) -> tuple[int, float]:
    """The default packing and late cut of a run: (raw bins in one, time in µs).

    For each packing the cut is the latest time up to which every bin has 20 counts in each group.
    The packing is the smallest whose cut keeps 99 % of the statistical weight
    sum S(t)^2 / N(t) of the good bins (S the decaying signal, N all counts) or, where none does,
    the one that keeps most.
    """
    raw = counts.variance[:, counts.good]
    time = counts.time[counts.good]
    weight = _weight(counts, raw, time)
    total = weight[-1]
    if not total > 0:
        return 1, float(time[-1])
    best, kept = (1, float(time[-1])), -1.0
    for packing in _candidates(time.size):
        n = time.size // packing
        smallest = raw[:, : n * packing].reshape(2, n, packing).sum(axis=2).min(axis=0)
        low = smallest < FEWEST_COUNTS
        full = int(np.argmax(low)) if low.any() else n
        if full == 0:
            continue
        end = full * packing - 1
        share = float(weight[end] / total)
        if share > kept:
            last = time[(full - 1) * packing : full * packing].mean()
            best, kept = (packing, float(last)), share
        if kept >= KEPT:
            break
    return best


def _weight(
    counts: Counts, raw: NDArray[np.float64], time: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cumulative statistical weight, zero where the background exceeds the signal."""
    background = 0.0 if counts.background is None else float(counts.background.sum())
    decay = np.exp(-time / MUON_LIFETIME)
    signal = max(float(raw.sum()) - background * time.size, 0.0) / decay.sum() * decay
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(signal > background, signal**2 / (signal + background), 0.0)
    return np.cumsum(np.nan_to_num(weight))


def _candidates(n: int) -> list[int]:
    """1, 2, 3, ... growing by at most a tenth, up to a fifth of the bins."""
    sizes, size = [], 1
    while size <= max(1, n // 5):
        sizes.append(size)
        size = max(size + 1, size * 11 // 10)
    return sizes


def _scaled(values: NDArray[np.float64] | None, factor: int) -> NDArray[np.float64] | None:
    return None if values is None else factor * values
