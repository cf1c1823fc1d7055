"""Edges of bins that are not all alike: they grow as the counts decay, or are given."""

from __future__ import annotations

import numpy as np

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.containers.counts import Counts
from musrcu.errors import ReductionError

NEARLY_FLAT = 1e4
"""A background so many times the signal is no longer told from a larger one."""


def equal_error_edges(bins: int, length: float, background: float = 0.0) -> FloatArray:
    """Times between which an asymmetry has the same expected error, and decays the same number.

    Without a background t_k = -tau ln[1 - (k/K) (1 - e^{-T/tau})]. With one, the edges share out
    the weight S(t)^2 / [S(t) + b] of the decays S = e^{-t/tau} alike, so that bins grow faster.

    Parameters
    ----------
    bins : K.
    length : T, µs.
    background : b, the flat background over the decays at t = 0.

    Returns
    -------
    (K + 1,) times from 0 to T, µs.
    """
    share = np.arange(bins + 1) / bins
    if background <= 0:
        edges = -MUON_LIFETIME * np.log1p(share * np.expm1(-length / MUON_LIFETIME))
    else:
        level = min(background, NEARLY_FLAT)
        low, high = np.zeros(bins + 1), np.full(bins + 1, float(length))
        wanted = share * _weight(np.array([length]), level)
        for _ in range(60):
            middle = (low + high) / 2
            below = _weight(middle, level) < wanted
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        edges = (low + high) / 2
    edges[0], edges[-1] = 0.0, length
    return np.asarray(edges)


def _weight(time: FloatArray, background: float) -> FloatArray:
    """Integral of S^2 / (S + b) from 0 to each time, over the lifetime."""
    gone = -np.expm1(-time / MUON_LIFETIME)
    return np.asarray(gone - background * np.log1p(gone / (1 - gone + background)))


def equal_error_bins(bins: int, raw: int, width: float, background: float = 0.0) -> IntArray:
    """:func:`equal_error_edges` in whole raw bins: (bins + 1,) from 0 to ``raw``.

    Parameters
    ----------
    bins : how many.
    raw : raw bins that are shared out.
    width : of a raw bin, µs.
    background : flat background over the decays in the first raw bin.

    Raises
    ------
    ReductionError if the first bin would be narrower than a raw bin.
    """
    if bins > raw:  # before any edge is made: there may be more than memory holds
        raise ReductionError(
            f"{bins} growing bins asked for, of {raw} raw bins of {1e3 * width:.4g} ns; ask for at "
            f"most {most_bins(raw, width, background)}"
        )
    edges = equal_error_edges(bins, raw * width, background) / width
    narrowest = float(edges[1])
    if narrowest < 1 - 1e-9:
        raise ReductionError(
            f"{bins} growing bins asked for, the first of which would hold {narrowest:.2g} raw "
            f"bins of {1e3 * width:.4g} ns; ask for at most {max(1, int(bins * narrowest))}"
        )
    return _whole(edges)


def most_bins(raw: int, width: float, background: float = 0.0) -> int:
    """The largest number of growing bins none of which is narrower than a raw bin."""
    first = equal_error_edges(raw, raw * width, background)[1]
    return max(1, int(raw * first / width + 1e-9))


def lifetime_bins(first: int, raw: int, width: float) -> IntArray:
    """Bins of the width dt0 exp(t/tau) in whole raw bins; the incomplete last one is left out.

    Parameters
    ----------
    first : raw bins in the first bin, dt0.
    raw : raw bins there are.
    width : of a raw bin, µs; t counts from the first edge.
    """
    edges = [0]
    while edges[-1] < raw:
        grown = first * np.exp(min(edges[-1] * width / MUON_LIFETIME, 50.0))
        edges.append(edges[-1] + max(1, int(grown + 0.5)))
    return np.asarray([edge for edge in edges if edge <= raw], dtype=np.int64)


def given_bins(edges: tuple[float, ...], counts: Counts) -> IntArray:
    """Given edges, µs after the muon, as raw bins from the first one of ``counts``.

    Each edge moves to the nearest edge of a raw bin. Bins that reach beyond the last good raw bin
    are left out.

    Raises
    ------
    ReductionError if the first edge lies before the first good bin, or two edges meet.
    """
    width = counts.bin_width
    # a time far off has no place that a whole number could hold
    near = np.clip(edges, counts.time[0] - 2 * width, counts.time[-1] + 2 * width)
    places = (near - counts.time[0]) / width + 0.5
    found = _whole(places)
    found = found[found <= counts.last_good + 1]
    good = float(counts.time[counts.first_good]) - width / 2
    if found.size and found[0] < counts.first_good:
        raise ReductionError(
            f"{counts.run.name}: the edge {edges[0]:g} us lies before the first good bin, which "
            f"begins at {good:.6g} us; begin there, or give first_good"
        )
    meeting = np.flatnonzero(np.diff(found) < 1)
    if meeting.size:
        one, other = edges[int(meeting[0])], edges[int(meeting[0]) + 1]
        raise ReductionError(
            f"{counts.run.name}: no raw bin of {1e3 * width:.4g} ns fits between the edges "
            f"{one:g} and {other:g} us"
        )
    return found


def _whole(places: FloatArray) -> IntArray:
    return np.asarray(np.floor(places + 0.5 + 1e-9), dtype=np.int64)
