"""Packing of counts, and how much packing a run needs."""

from __future__ import annotations

import operator
from collections.abc import Sequence

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
FEWEST_BINS = 5
"""The default packing leaves at least this many bins."""


def rebin(
    counts: Counts,
    *,
    packing: int | None = None,
    t_max: float | None = None,
    alike: Sequence[Counts] = (),
) -> Counts:
    """The good bins, ``packing`` raw bins in one, up to a late cut.

    Packs begin at the first good bin; the incomplete one at the end is dropped. A bin lies at the
    mean of its raw bins' centres.

    Parameters
    ----------
    counts : grouped counts.
    packing : raw bins in one bin. None takes the smallest for which the cut below keeps 99 % of
        the statistical weight of the good bins.
    t_max : last time, µs. None keeps all good bins where packing is given. Where it is not, the
        last bin is in any case the latest one up to which every bin holds at least 20 counts in
        each group (so that chi-square is unbiased) and the background does not exceed the signal.
    alike : counts on the same raw bins that will be packed in the same way, so that the default
        packing and cut have to suit them too.

    Raises
    ------
    ReductionError if the counts are packed already, or no bin is left.
    """
    if counts.packing != 1:
        raise ReductionError(f"the counts are packed already, {counts.packing} raw bins in one")
    wanted = packing
    if packing is None:
        packing, cut = choose_packing(counts, *alike, t_max=t_max)
        t_max = cut if t_max is None else min(t_max, cut)
    packing = _whole(packing)
    n = (counts.last_good - counts.first_good + 1) // packing
    if n < 1:
        raise ReductionError(f"{counts.run.name}: fewer good bins than one pack of {packing}")
    edges = slice(counts.first_good, counts.first_good + n * packing)
    time = counts.time[edges].reshape(n, packing).mean(axis=1)
    if t_max is not None:
        # a printed cut may be given again, so digits behind the sixth of a bin do not count
        n = int(np.searchsorted(time, t_max + 1e-6 * packing * counts.bin_width, side="right"))
        if n < 1:
            raise ReductionError(f"{counts.run.name}: no bin before the late cut of {t_max:g} us")
    packed = [
        array[:, edges].reshape(2, -1, packing).sum(axis=2)[:, :n]
        for array in (counts.values, counts.variance)
    ]
    step = Step(
        "rebin",
        _note(packed[1]) if wanted is None else "",
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
    )


def choose_packing(
    counts: Counts, *others: Counts, t_max: float | None = None
) -> tuple[int, float]:
    """The default packing and late cut of a run: (raw bins in one, time in µs).

    For each packing the cut is the latest time up to which every bin has 20 counts in each group
    and the background does not exceed the signal. The packing is the smallest whose cut keeps
    99 % of the statistical weight sum S(t)^2 / N(t) of the good bins up to ``t_max`` (S the
    decaying signal, N all counts) or, where none does, the one that keeps most. With ``others`` it
    is the largest that any of them needs, and the cut the earliest.
    """
    views = [_Raw(one, t_max) for one in (counts, *others)]
    packing = max(view.smallest_packing() for view in views)
    return packing, min(view.latest(packing) for view in views)


class _Raw:
    """The good raw bins up to a time, and what they are worth."""

    def __init__(self, counts: Counts, t_max: float | None) -> None:
        time = counts.time[counts.good]
        if t_max is not None:
            time = time[: max(1, int(np.searchsorted(time, t_max, side="right")))]
        raw = counts.variance[:, counts.good][:, : time.size]
        self.time = time
        self.weight, self.usable = _weight(counts, raw, time)
        self.sums = np.concatenate((np.zeros((2, 1)), np.cumsum(raw, axis=1)), axis=1)

    def smallest_packing(self) -> int:
        """The default packing of these counts alone."""
        best, kept = max(1, self.time.size // FEWEST_BINS), 0.0
        for packing in range(1, best + 1):
            share = self.weight[_full_bins(self.sums, packing, self.usable) * packing]
            if share > kept:
                best, kept = packing, float(share)
            if kept >= KEPT:
                break
        return best

    def latest(self, packing: int) -> float:
        """The late cut that goes with a packing, µs; all bins where hardly any holds counts."""
        last = _full_bins(self.sums, packing, self.usable) * packing
        if not self.weight[last]:  # nothing better than the few largest bins
            return float(self.time[-1])
        return float(self.time[last - packing : last].mean())


def _full_bins(sums: NDArray[np.float64], packing: int, usable: int) -> int:
    """Bins before the first one with too few counts in a group, among the usable raw bins."""
    smallest = np.diff(sums[:, : usable + 1 : packing], axis=1).min(axis=0)
    # a sum of corrected counts may miss the limit by a rounding
    low = smallest < FEWEST_COUNTS * (1 - 1e-9)
    return int(np.argmax(low)) if low.any() else smallest.size


def _weight(
    counts: Counts, raw: NDArray[np.float64], time: NDArray[np.float64]
) -> tuple[NDArray[np.float64], int]:
    """Share of the statistical weight in the first 0, 1, 2, ... raw bins, and the usable ones.

    A bin is usable where the background does not exceed the signal; where it always does, all
    are.
    """
    background = 0.0 if counts.background is None else float(counts.background.sum())
    decay = np.exp(-time / MUON_LIFETIME)
    signal = max(float(raw.sum()) - background * time.size, 0.0) / decay.sum() * decay
    usable = int((signal >= background).sum())  # the signal only falls
    if usable < FEWEST_BINS:
        usable = time.size
    weight = signal**2 / np.maximum(signal + background, np.finfo(float).tiny)
    weight[usable:] = 0.0
    total = np.concatenate(([0.0], np.cumsum(weight)))
    return total / (total[-1] or 1.0), usable


def _whole(packing: int) -> int:
    try:
        number = operator.index(packing)
    except TypeError:
        number = 0
    if number < 1 or isinstance(packing, bool):
        raise ReductionError(
            f"packing {packing!r} asked for; it must be a whole number of raw bins, at least 1"
        )
    return number


def _note(variance: NDArray[np.float64]) -> str:
    few = int((variance.min(axis=0) < FEWEST_COUNTS * (1 - 1e-9)).sum())
    if few:
        return (
            f"{few} of {variance.shape[1]} bins hold fewer than {FEWEST_COUNTS} counts in a group"
        )
    return f"every bin holds at least {FEWEST_COUNTS} counts in each group"
