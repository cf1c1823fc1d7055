"""Packing of counts: so many raw bins in one, bins that grow as counts decay, or given edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import IntArray
from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.containers.kinds import check_kind
from musrcu.containers.numbers import is_number
from musrcu.errors import ReductionError
from musrcu.reduction.bin_edges import equal_error_bins, given_bins, lifetime_bins
from musrcu.reduction.choose_bins import (
    FEWEST_COUNTS,
    background_level,
    choose_bins,
    choose_packing,
    enough,
    usable_bins,
)
from musrcu.reduction.packing import Packing, read_packing

SLOW = 0.1
"""Periods in a bin below which it hardly averages over a precession: 1.6 % of its amplitude."""
ROUNDING = 1e-6
"""Share of a bin by which a printed time may miss its own bin when it is given again."""


def rebin(
    counts: Counts,
    *,
    packing: Packing | None = None,
    t_max: float | None = None,
    alike: Sequence[Counts] = (),
    few: bool = False,
) -> Counts:
    """The good raw bins, several in one, up to a late cut.

    Bins begin at the first good raw bin; the incomplete one at the end is dropped. A bin lies at
    the mean of its raw bins' centres. Counts are added as they are.

    Parameters
    ----------
    counts : grouped counts.
    packing : how raw bins are put together:

        * a whole number: so many in one bin;
        * None: the smallest number for which the cut below keeps 99 % of the statistical weight
          of the good bins;
        * ``"variable"``: bins that grow as the counts decay, so that the asymmetry has the same
          expected error in each, as many as leave at least 20 counts in each group of every bin;
        * ``{"bins": K}``: K such bins (:func:`musrcu.reduction.bin_edges.equal_error_edges`);
        * ``{"first": n}``: bins of n exp(t/tau) raw bins, t from the first good one;
        * ``{"edges": (t0, t1, ...)}``: edges in µs after the muon, each moved to the nearest edge
          of a raw bin.

        A bin averages over a precession: its amplitude falls by less than 2 % where frequency
        times width is below 0.1.
    t_max : last time, µs. None keeps all good bins where packing is given. Where it is not, the
        last bin is in any case the latest one up to which every bin holds at least 20 counts in
        each group (so that chi-square is unbiased) and the background does not exceed the signal.
    alike : counts on the same raw bins that will be packed in the same way, so that the default
        packing and cut have to suit them too.
    few : whether late bins that hold few counts stay where packing is not given, as a likelihood of
        counts may have them: the last bin is then the last good one, or that at ``t_max``.

    Raises
    ------
    ReductionError if the counts are packed already, t_max is no number, or no bin is left.
    """
    check_kind("rebin", counts, Counts)
    if t_max is not None and not is_number(t_max):
        raise ReductionError(f"t_max = {t_max!r}; expected a time in us, or None")
    if counts.packing != 1:
        raise ReductionError(f"the counts are packed already, {counts.packing} raw bins in one")
    wanted = read_packing(packing)
    if wanted is None or isinstance(wanted, int):
        edges, used = _even(counts, wanted, t_max, alike, few)
    else:
        edges, used = _uneven(wanted, (counts, *alike), t_max, few)
    packs = np.diff(edges)
    widest, narrowest = int(packs.max()), int(packs.min())
    values, variance = (
        np.add.reduceat(array[:, : edges[-1]], edges[:-1], axis=1)
        for array in (counts.values, counts.variance)
    )
    widths = [round(1e3 * k * counts.bin_width, 6) for k in (narrowest, widest)]
    found = wanted is None or wanted == "variable"
    notes = [_note(variance)] if found else []
    behind = edges[-1] + (1 if wanted == "variable" else widest) - 1
    if found and t_max is not None and behind <= counts.last_good and counts.time[behind] <= t_max:
        notes.append(
            f"t_max {t_max:g} was asked for; cut at {used['t_max']:.4g} us, behind which bins "
            f"hold fewer than {FEWEST_COUNTS} counts or more background than signal "
            "(packing= keeps them)"
        )
    if narrowest < widest:
        slow = SLOW / (1e-3 * widths[1])
        notes.append(f"the widest bin suits frequencies below {slow:.2g} MHz")
    options = {
        "packing_from": "counts" if found else "given",
        "bin_ns": widths[1] if narrowest == widest else widths,
    }
    return counts.replace(
        step=Step("rebin", "; ".join(notes), used | options),
        time=_centres(counts, edges),
        values=values,
        variance=variance,
        bin_width=widest * counts.bin_width,
        packing=widest,
        packs=None if narrowest == widest else packs,
        first_good=0,
        last_good=packs.size - 1,
    )


def _even(
    counts: Counts, packing: int | None, t_max: float | None, alike: Sequence[Counts], few: bool
) -> tuple[IntArray, dict[str, Any]]:
    """(edges as raw bins, options that make them again) of bins of one width."""
    if packing is None:
        packing, cut = choose_packing(counts, *alike, t_max=t_max)
        if not few:
            t_max = cut if t_max is None else min(t_max, cut)
    n = (counts.last_good - counts.first_good + 1) // packing
    if n < 1:
        raise ReductionError(f"{counts.run.name}: fewer good bins than one pack of {packing}")
    edges = _until(counts, counts.first_good + packing * np.arange(n + 1), t_max)
    return edges, {"packing": packing, "t_max": float(_centres(counts, edges)[-1])}


def _uneven(
    packing: str | Mapping[str, Any], together: Sequence[Counts], t_max: float | None, few: bool
) -> tuple[IntArray, dict[str, Any]]:
    """The same of growing or given bins."""
    counts = together[0]
    if isinstance(packing, str) or "bins" in packing:
        bins = None if isinstance(packing, str) else int(packing["bins"])
        return _equal_error(bins, together, t_max, few)
    if "first" in packing:
        raw = counts.last_good + 1 - counts.first_good
        edges = counts.first_good + lifetime_bins(packing["first"], raw, counts.bin_width)
    else:
        edges = given_bins(packing["edges"], counts)
    if edges.size < 2:
        raise ReductionError(f"{counts.run.name}: fewer good bins than the first bin holds")
    edges = _until(counts, edges, t_max)
    return edges, {"packing": dict(packing), "t_max": float(_centres(counts, edges)[-1])}


def _equal_error(
    bins: int | None, together: Sequence[Counts], t_max: float | None, few: bool
) -> tuple[IntArray, dict[str, Any]]:
    """Growing bins that share out the raw bins up to the cut, all of them."""
    counts = together[0]
    raw = int(_until(counts, np.arange(counts.first_good, counts.last_good + 2), t_max).size - 1)
    if bins is None:
        raw = raw if few else usable_bins(together, raw)
        bins = choose_bins(together, raw)
    level = background_level(together, raw)
    edges = counts.first_good + equal_error_bins(bins, raw, counts.bin_width, level)
    return edges, {"packing": {"bins": bins}, "t_max": float(counts.time[edges[-1] - 1])}


def _until(counts: Counts, edges: IntArray, t_max: float | None) -> IntArray:
    """The bins whose centres come no later than ``t_max``."""
    if t_max is None:
        return edges
    margin = ROUNDING * np.diff(edges) * counts.bin_width
    n = int((_centres(counts, edges) <= t_max + margin).sum())
    if n < 1:
        raise ReductionError(f"{counts.run.name}: no bin before the late cut of {t_max:g} us")
    return edges[: n + 1]


def _centres(counts: Counts, edges: IntArray) -> NDArray[np.float64]:
    """(n_bins,) means of the centres of the raw bins in each bin, µs."""
    return np.asarray((counts.time[edges[:-1]] + counts.time[edges[1:] - 1]) / 2)


def _note(variance: NDArray[np.float64]) -> str:
    few = int((~enough(variance)).sum())
    if few:
        return (
            f"{few} of {variance.shape[1]} bins hold fewer than {FEWEST_COUNTS} counts in a group"
        )
    return f"every bin holds at least {FEWEST_COUNTS} counts in each group"
