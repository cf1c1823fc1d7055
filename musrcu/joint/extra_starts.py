"""Start values of extra parameters: ties fitted to what single runs have in place of tied ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.joint.assemble import Assembly

FloatArray = NDArray[np.float64]

STEPS = 40
LEAST = 1e-10
"""Damping that is left where ties do not tell their parameters apart."""
FAR = 3.0
"""Standard deviations beyond which a run counts less: its search may have found another line."""
VAGUE = 0.01
"""Part of a value that its error is at least."""


def refined(
    parts: Assembly, s: FloatArray, points: Sequence[FloatArray], variances: Sequence[FloatArray]
) -> FloatArray:
    """Shared parameters with the extra ones moved to where ties meet the single runs.

    Parameters
    ----------
    parts : what is fitted.
    s : (n_shared,) where the extra ones begin.
    points : all parameters of every run, from a search of that run alone.
    variances : theirs; infinite where a run says nothing.
    """
    known = {name for draft in parts.drafts for name in draft.freedom.model.names}
    free = [
        k
        for k, name in enumerate(parts.scopes.names)
        if name not in known and not parts.shared.held[k]
    ]
    if not free:
        return s
    lower, upper = parts.shared.lower[free], parts.shared.upper[free]
    best, (residual, jacobian) = s, _linearised(parts, s, free, points, variances)
    cost, damping = _robust(residual), 1e-2
    for _ in range(STEPS):
        if not np.isfinite(cost) or not residual.size or damping > 1e8:
            break
        weight = np.minimum(1.0, FAR / np.maximum(np.abs(residual), 1e-12))
        matrix = (jacobian * weight) @ jacobian.T
        scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
        unit = matrix / np.outer(scale, scale) + damping * np.eye(scale.size)
        step = -np.linalg.solve(unit, (jacobian * weight) @ residual / scale) / scale
        trial = best.copy()
        trial[free] = np.clip(best[free] + step, lower, upper)
        found = _linearised(parts, trial, free, points, variances)
        value = _robust(found[0])
        if value < cost:
            best, (residual, jacobian), cost, damping = (
                trial,
                found,
                value,
                max(damping / 10, LEAST),
            )
        else:
            damping *= 10
    return best


def _robust(residual: FloatArray) -> float:
    """A sum of squares that grows linearly far away; infinite where a tie is no number."""
    size = np.abs(residual)
    each = np.where(size <= FAR, size**2, 2 * FAR * size - FAR**2)
    total = float(each.sum())
    return total if np.isfinite(total) else np.inf


def _linearised(
    parts: Assembly,
    s: FloatArray,
    free: Sequence[int],
    points: Sequence[FloatArray],
    variances: Sequence[FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Ties less what runs have, in standard deviations, and (n_free, n) derivatives."""
    column = {k: place for place, k in enumerate(free)}
    residual, rows = [], []
    for r, draft in enumerate(parts.drafts):
        mine, names = parts.scopes.of_run[r], draft.freedom.model.names
        env = dict(zip(names, points[r].tolist(), strict=True))
        env |= {name: float(s[k]) for name, k in mine.items() if name not in names}
        for place, tie in draft.ties.items():
            if not any(mine.get(name) in column for name in tie.names):
                continue
            value, slopes = tie.evaluate(env)
            target = float(points[r][place])
            error = max(float(np.sqrt(variances[r][place])), VAGUE * abs(target), 1e-9)
            row = np.zeros(len(free))
            for name, slope in slopes.items():
                if mine.get(name) in column:
                    row[column[mine[name]]] = slope / error
            residual.append((value - target) / error)
            rows.append(row)
    return np.array(residual), np.array(rows).reshape(-1, len(free)).T
