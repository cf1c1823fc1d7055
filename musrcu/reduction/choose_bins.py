"""How much packing the counts of a run need: the defaults of :func:`musrcu.rebin`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.reduction.bin_edges import equal_error_bins, most_bins

FEWEST_COUNTS = 20
"""Counts in each group of a bin below which chi-square on an asymmetry is biased."""
KEPT = 0.99
"""Share of the statistical weight of the good bins that the default late cut keeps."""
FEWEST_BINS = 5
"""The default packing leaves at least this many bins."""


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
        return float(self.time[last - packing] + self.time[last - 1]) / 2


def _full_bins(sums: NDArray[np.float64], packing: int, usable: int) -> int:
    """Bins before the first one with too few counts in a group, among the usable raw bins."""
    full = enough(np.diff(sums[:, : usable + 1 : packing], axis=1))
    return full.size if full.all() else int(np.argmin(full))


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


def choose_bins(counts: Sequence[Counts], raw: int) -> int:
    """The most growing bins that leave 20 counts in each group of every one; at least 1.

    Parameters
    ----------
    counts : whose bins they are, with the same raw bins.
    raw : good raw bins that they share out.
    """
    width, level = counts[0].bin_width, background_level(counts, raw)
    good = [one.variance[:, one.good][:, :raw] for one in counts]
    expected = min(float(one.sum(axis=1).min()) for one in good) / FEWEST_COUNTS
    bins = min(most_bins(raw, width, level), max(1, int(expected)))
    while bins > 1:
        edges = equal_error_bins(bins, raw, width, level)
        if all(enough(np.add.reduceat(one, edges[:-1], axis=1)).all() for one in good):
            break
        bins = min(bins - 1, int(0.98 * bins))
    return bins


def usable_bins(counts: Sequence[Counts], raw: int) -> int:
    """How many of the good raw bins come before the background exceeds the signal in any."""
    found = []
    for one in counts:
        time = one.time[one.good][:raw]
        found.append(_weight(one, one.variance[:, one.good][:, :raw], time)[1])
    return min(found)


def background_level(counts: Sequence[Counts], raw: int) -> float:
    """The flat background of all counts together over their decays in the first good bin."""
    flat = sum(float(one.background.sum()) for one in counts if one.background is not None)
    total = sum(float(one.variance[:, one.good][:, :raw].sum()) for one in counts)
    fall = np.exp(-np.arange(raw) * counts[0].bin_width / MUON_LIFETIME)
    first = (total - flat * raw) / float(fall.sum())
    if flat <= 0:
        return 0.0
    return flat / first if first > 0 else np.inf


def enough(counts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n_bins,) whether each group of a bin holds 20 counts; ``counts`` are (2, n_bins)."""
    # a sum of corrected counts may miss the limit by a rounding
    return np.asarray(counts.min(axis=0) >= FEWEST_COUNTS * (1 - 1e-9))
