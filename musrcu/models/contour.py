"""Laplace transforms back to time, on a curve around what is singular in them.

A function of time is (1/2 pi i) times the integral of F(s) exp(st) ds along any curve that leaves
the singularities of F to its left. The curve taken here runs upwards at Re s = 5/t past all of
them and then turns to the left under 35 degrees, where exp(st) dies. It stays out of the sectors
beyond +-135 degrees, in which transforms of Gaussians grow. Equal steps of its parameter converge
exponentially: one set of nodes gives times from t to 8 t within some 1e-12 of the largest value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.models.product import real_product

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

SPAN = 8.0
"""Ratio of the last to the first time that one set of nodes serves."""
HEIGHT = 5.0
"""Re s of the upright piece times the last time; its exponential multiplies rounding errors."""
STEP = 0.8
"""Distance of nodes along the upright piece, times the last time."""
BEND = 6.0
"""How gently the curve turns, times the last time."""
BEYOND = 10.0
"""How far above the highest singularity it turns, times the last time."""
SLOPE = 0.7
"""Change of Re s with Im s behind the bend."""
DEPTH = 28.0
"""Where the curve ends, exp(st) is exp(-DEPTH) at the first time."""
STRETCH = 20.0
"""Nodes grow apart exponentially beyond this height, times the last time."""
SHORTEST = 64
"""Fewer times are computed one by one, even or not."""
CHUNK = 2048
"""Times that are computed in one go where they are not even."""
SOONEST = 1e-30
"""µs; nothing has happened yet at times below."""


def upper_nodes(
    first: float, last: float, height: float = 0.0
) -> tuple[ComplexArray, ComplexArray]:
    """Nodes s and weights w of the upper half of the curve.

    Parameters
    ----------
    first, last : the times that it serves, µs; at most :data:`SPAN` apart for full accuracy.
    height : largest imaginary part of a singularity, 1/µs.

    Returns
    -------
    s, w : f(t) = Re sum_k w_k F(s_k) exp(s_k t) for a function that is real. Without symmetry the
        lower half, of conjugate nodes and weights, counts as well, and half of both is taken.
    """
    start, turn, bend = HEIGHT / last, height + BEYOND / last, BEND / last
    stretch = height + STRETCH / last
    end = turn + (DEPTH + HEIGHT) / (SLOPE * first)
    step = STEP / last / stretch
    steps = step * (np.arange(int(np.arcsinh(end / stretch) / step) + 1) + 0.5)
    y = stretch * np.sinh(steps)
    below, above = np.hypot(y - turn, bend), np.hypot(y + turn, bend)
    x = start - SLOPE * (0.5 * (below + above) - np.hypot(turn, bend))
    slope = -0.5 * SLOPE * ((y - turn) / below + (y + turn) / above)
    weights = (1.0 - 1j * slope) * (np.cosh(steps) * stretch * step / np.pi)
    return x + 1j * y, weights


def windows(t: FloatArray, limit: float) -> list[tuple[FloatArray, NDArray[np.bool_]]]:
    """Times above :data:`SOONEST` in groups of at most :data:`SPAN` from first to last.

    Returns
    -------
    Of every group its first and last time and which times belong to it, an array of booleans;
    none holds times on both sides of ``limit``.
    """
    groups = []
    left = t > SOONEST
    while left.any():
        last = t[left].max()
        least = last / SPAN
        if last > limit:
            least = max(least, limit)
        chosen = left & (t > least)
        groups.append((np.array([t[chosen].min(), last]), chosen))
        left &= ~chosen
    return groups


def exponentials(t: FloatArray, s: ComplexArray, weights: ComplexArray) -> FloatArray:
    """Re sum_k weights[j, k] exp(s_k t) of every row j of weights: shape (rows, times).

    Evenly spaced times cost two short tables of exponentials instead of one for each time.
    """
    if t.size >= SHORTEST:
        step = (t[-1] - t[0]) / (t.size - 1)
        even = t[0] + step * np.arange(t.size)
        if np.abs(t - even).max() <= 8 * np.finfo(float).eps * t[-1]:
            return _even_exponentials(t[0], step, t.size, s, weights)
    found = np.empty((len(weights), t.size))
    for start in range(0, t.size, CHUNK):
        part = slice(start, start + CHUNK)
        found[:, part] = real_product(weights, np.exp(np.multiply.outer(s, t[part])))
    return found


def _even_exponentials(
    first: float, step: float, count: int, s: ComplexArray, weights: ComplexArray
) -> FloatArray:
    fine = int(np.sqrt(count * len(weights))) + 1
    blocks = -(-count // fine)
    starts = first + step * fine * np.arange(blocks)
    coarse = weights[:, None, :] * np.exp(np.multiply.outer(starts, s))
    table = np.exp(np.multiply.outer(s, step * np.arange(fine)))
    found = real_product(coarse.reshape(-1, s.size), table)
    return found.reshape(len(weights), -1)[:, :count]
