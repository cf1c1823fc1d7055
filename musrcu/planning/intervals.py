"""Errors as a fit quotes them: where the lowest cost has risen by one on either side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray
from musrcu.planning.knowledge import NEVER, Knowledge


@dataclass(frozen=True, slots=True, eq=False)
class _Valley:
    """The lowest cost at each T_N, and how it rises with beta from there."""

    T_N: FloatArray
    """(r,) K, the ends among them."""
    cost: FloatArray
    """(r, m)."""
    beta: FloatArray
    """(r, m) where the lowest is."""
    curvature: FloatArray
    """(r, m) second derivative of the cost by beta; NaN where it has none."""


def half_widths(
    knowledge: Knowledge, cost: FloatArray, highest: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """(m,) errors of T_N (K) and of beta: half the way between both rises of the cost by one.

    Where one side of T_N ends at a limit, which says nothing of its size, the longer one.

    Parameters
    ----------
    cost : (n, m) of each place with its best nu0, for m outcomes.
    highest : K, above which T_N cannot be.
    """
    valley = _valley(knowledge, cost, highest)
    lowest, place, _ = _vertex(valley.cost, 0)
    best = np.interp(place, np.arange(len(valley.T_N)), valley.T_N)
    low, high, limited = _crossings(valley, lowest)
    longer = np.maximum(high - best, best - low)
    return np.where(limited, longer, 0.5 * (high - low)), _beta(valley, lowest)


def _valley(knowledge: Knowledge, cost: FloatArray, highest: float | None) -> _Valley:
    """With the ends of T_N, to which the cost goes on in straight lines."""
    cost = cost.reshape(*knowledge.shape, cost.shape[1])
    if len(knowledge.shape) == 3:
        cost = _vertex(cost, 2)[0]
    least, step, curvature = _vertex(cost, 1)
    beta = knowledge.beta.reshape(knowledge.shape[0], knowledge.shape[1], -1)[:, :2, 0]
    unit = (beta[:, 1] - beta[:, 0])[:, None]
    columns = least, beta[:, :1] + unit * step, curvature / unit**2
    low, high = knowledge.ends
    if highest is not None:
        high = max(min(high, highest), low)
    middle = knowledge.row_T_N
    inside = (middle > low) & (middle < high)
    places = np.concatenate([[low], middle[inside], [high]])
    return _Valley(places, *(_at(middle, column, places) for column in columns))


def _at(x: FloatArray, rows: FloatArray, places: FloatArray) -> FloatArray:
    """Rows (r, m) at ``x`` (r,), at other places; straight on beyond both ends."""
    high = np.clip(np.searchsorted(x, places), 1, len(x) - 1)
    share = ((places - x[high - 1]) / (x[high] - x[high - 1]))[:, None]
    return np.asarray((1 - share) * rows[high - 1] + share * rows[high])


def _vertex(y: FloatArray, axis: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Lowest value, its place in steps and the curvature along an axis, by parabolas of three."""
    lowest = np.argmin(y, axis=axis, keepdims=True)
    middle = np.clip(lowest, 1, y.shape[axis] - 2)
    before, at, behind = (np.take_along_axis(y, middle + k, axis) for k in (-1, 0, 1))
    curvature = before - 2 * at + behind
    sound = (curvature > 0) & (np.maximum(before, behind) < 0.5 * NEVER)
    curvature = np.where(sound, curvature, np.nan)
    off = np.where(sound, np.clip(0.5 * (before - behind) / curvature, -1, 1), lowest - middle)
    plain = np.take_along_axis(y, lowest, axis)
    value = np.where(sound, at + 0.5 * (behind - before) * off + 0.5 * curvature * off**2, plain)
    return tuple(one.squeeze(axis) for one in (value, middle + off, curvature))  # type: ignore[return-value]


def _crossings(
    valley: _Valley, lowest: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """(m,) K where the cost has risen by one, and whether one of them is a limit instead."""
    last = len(valley.T_N) - 1
    best = np.argmin(valley.cost, axis=0)
    roots = np.sqrt(np.maximum(valley.cost - lowest, 0.0))
    inside = roots < 1.0
    inside[best, np.arange(len(best))] = True
    first, final = np.argmax(inside, axis=0), last - np.argmax(inside[::-1], axis=0)
    low = _between(valley.T_N, roots, first, np.maximum(first - 1, 0))
    high = _between(valley.T_N, roots, final, np.minimum(final + 1, last))
    return low, high, (first == 0) | (final == last)


def _between(
    T_N: FloatArray, roots: FloatArray, inside: FloatArray, outside: FloatArray
) -> FloatArray:
    """(m,) K where the root is one between two places, of which the second may be the first."""
    column = np.arange(roots.shape[1])
    near, far = roots[inside, column], roots[outside, column]
    share = np.clip((1.0 - near) / np.maximum(far - near, 1e-12), 0.0, 1.0)
    return np.asarray(T_N[inside] + share * (T_N[outside] - T_N[inside]))


def _beta(valley: _Valley, lowest: FloatArray) -> FloatArray:
    """(m,) half the range of beta in which some T_N has a cost less than one above the lowest."""
    left = lowest + 1.0 - valley.cost
    counted = (left >= 0) | (valley.cost == valley.cost.min(axis=0))
    reach = np.sqrt(2.0 * np.maximum(left, 0.0) / valley.curvature)
    reach = np.where(np.isnan(reach), 0.0, reach)
    low = np.where(counted, valley.beta - reach, np.inf).min(axis=0)
    return np.asarray(0.5 * (np.where(counted, valley.beta + reach, -np.inf).max(axis=0) - low))
