"""Trials ranked by their linear problems, and minima of a model without its lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.freedom import Freedom
from musrcu.fitting.projection import whitened
from musrcu.fitting.shapes import Shapes
from musrcu.fitting.trial_grid import apart

FloatArray = NDArray[np.float64]

FOLLOWED, STRIDE = 3, 3.0
"""Steps to a minimum of the model without its lines, and the largest factor of one."""


def minima_without(
    shapes: Shapes, trials: list[FloatArray], absent: frozenset[int], most: int
) -> list[FloatArray]:
    """Minima of the model without some lines, all parameters, best first; none where ties are in
    the way.

    Amplitudes are solved for while rates follow by small changes, for all trials at once.
    """
    freedom = shapes.cost.freedom
    if freedom.ties:
        return []
    vectors = best_separate(shapes, trials, absent, most)
    if not vectors:
        return []
    tried = list(vectors)
    for _ in range(FOLLOWED):
        sets = shapes.sets(vectors, absent, tangent=True)
        if all(amplitude == k for amplitude, k in sets.columns):
            break
        whiten, along = whitened(sets.data, sets.smooth)
        found = np.einsum("skj,sk->sj", whiten, along)
        vectors = [
            _followed(freedom, full, sets.columns, values)
            for full, values in zip(vectors, found, strict=True)
        ]
        tried += vectors
    solved = solved_trials(shapes, tried, absent)
    kept = [min(solved[n :: len(vectors)], key=lambda end: end[0]) for n in range(len(vectors))]
    return [full for chi2, full in sorted(kept, key=lambda end: end[0]) if chi2 < np.inf]


def _followed(
    freedom: Freedom, full: FloatArray, columns: tuple[tuple[int, int], ...], values: FloatArray
) -> FloatArray:
    """The trial after a small change of what its amplitudes take along, by a factor at most."""
    moved = full.copy()
    heights = {a: v for (a, k), v in zip(columns, values, strict=True) if a == k}
    for (amplitude, k), value in zip(columns, values, strict=True):
        if k < 0 or k == amplitude or heights[amplitude] == 0:
            continue
        to = full[k] + value / heights[amplitude]
        if freedom.model.parameters[k].kind == "plain" and full[k] > 0:
            to = min(max(to, full[k] / STRIDE), full[k] * STRIDE)
        moved[k] = min(max(to, freedom.lower[k]), freedom.upper[k])
    return moved


def solved_trials(
    shapes: Shapes, vectors: list[FloatArray], absent: frozenset[int]
) -> list[tuple[float, FloatArray]]:
    """(chi-square, trial) with the amplitudes, and the phases of lines, solved for."""
    sets = shapes.sets(vectors, absent, tangent=False)
    whiten, along = whitened(sets.data, sets.smooth)
    found = np.einsum("skj,sk->sj", whiten, along)
    chi2 = (sets.data[0] ** 2).sum(axis=1)[sets.data[1]] - (along**2).sum(axis=1)
    ends = []
    for n, full in enumerate(vectors):
        there = full.copy()
        for (amplitude, k), value in zip(sets.columns, found[n], strict=True):
            if k == amplitude:
                there[amplitude] = value
            elif k < 0:
                there[-1 - k] += np.rad2deg(np.arctan2(value, there[amplitude]))
                there[amplitude] = np.hypot(value, there[amplitude])
        ends.append((float(chi2[n]) if sets.sound[n] else np.inf, there))
    return ends


def best_separate(
    shapes: Shapes, vectors: list[FloatArray], absent: frozenset[int], most: int
) -> list[FloatArray]:
    """The trials of lowest chi-square, amplitudes solved for, that differ by a factor in a rate
    or are lower than their neighbours."""
    chosen: list[FloatArray] = []
    if not vectors:
        return chosen
    chi2 = linear_chi2(shapes, vectors, absent, tangent=False)
    minima = _minima(vectors, chi2)
    for k in np.argsort(chi2, kind="stable"):
        full = vectors[k]
        model = shapes.cost.freedom.model
        new = minima[k] or all(apart(model, full, other) for other in chosen)
        if chi2[k] < np.inf and new:
            chosen.append(full)
        if len(chosen) == most:
            break
    return chosen


def _minima(vectors: list[FloatArray], chi2: FloatArray) -> NDArray[np.bool_]:
    """Trials that are lower than their neighbours along each parameter, if they form a grid."""
    table = np.array(vectors)
    shape = [np.unique(column).size for column in table.T]
    low = np.isfinite(chi2)
    if np.prod(shape) != len(vectors):
        return np.zeros_like(low)
    low, chi2 = low.reshape(shape), chi2.reshape(shape)
    for axis in range(chi2.ndim):
        up, down = np.moveaxis(chi2, axis, 0), np.moveaxis(low, axis, 0)
        down[1:] &= up[1:] <= up[:-1]
        down[:-1] &= up[:-1] < up[1:]
    return low.reshape(-1)


def linear_chi2(
    shapes: Shapes, vectors: list[FloatArray], absent: frozenset[int], tangent: bool
) -> FloatArray:
    """(n_vectors,) chi-square with the amplitudes solved for; infinite where it is no number."""
    sets = shapes.sets(vectors, absent, tangent)
    along = whitened(sets.data, sets.smooth)[1]
    chi2 = (sets.data[0] ** 2).sum(axis=1)[sets.data[1]] - (along**2).sum(axis=1)
    return np.where(sets.sound, chi2, np.inf)
