"""Damped Gauss-Newton steps inside limits, with some parameters held or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import Cost

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

FLAT = 1e-12
"""Least curvature along a parameter, in units of the largest; the step needs one above zero."""
ROUNDING = 1e-13
"""A gain of this share of the cost is lost in its digits."""
FIRST, AHEAD = 5, 30.0
"""Steps after which a descent may be given up, and times its last gain that it may still gain."""
HOPELESS = 1e8
"""Damping at which no step is left."""


def descend(
    cost: Cost,
    x: FloatArray,
    *,
    steps: int = 30,
    tolerance: float = 1e-3,
    held: Sequence[int] = (),
    reach: float = np.inf,
) -> tuple[FloatArray, float]:
    """Damped Gauss-Newton steps (Levenberg-Marquardt) inside the limits.

    What lies at a limit and would leave it stays there while the others move.

    Parameters
    ----------
    cost : what is minimised.
    x : (n_free,) where to begin; what is outside the limits is put at them.
    steps : at most so many.
    tolerance : gain in chi-square that is worth a step.
    held : positions among the free parameters that do not move.
    reach : a descent that is too slow to come below that, after its first steps, is given up.

    Returns
    -------
    (x, chi2) where a step no longer promises to gain more than ``tolerance`` in chi-square.

    Source: D. W. Marquardt, J. Soc. Indust. Appl. Math. 11, 431 (1963).
    """
    x, chi2, _ = descent(cost, x, steps, tolerance, held, reach)
    return x, chi2


def descent(
    cost: Cost,
    x: FloatArray,
    steps: int,
    tolerance: float,
    held: Sequence[int],
    reach: float = np.inf,
) -> tuple[FloatArray, float, bool]:
    """The same, and whether no step from there promises to gain a tenth of the tolerance; where a
    step has gained less than the tolerance, the next one is not looked at."""
    lower, upper = cost.freedom.lower[cost.free], cost.freedom.upper[cost.free]
    x = np.minimum(np.maximum(x, lower), upper)
    moving = np.ones(x.size, dtype=bool)
    moving[list(held)] = False
    matrix, slope = cost.normal(x)
    best, damping = cost(x), 1e-3
    for step in range(steps):
        if not (np.isfinite(matrix).all() and np.isfinite(slope).all()):
            break
        least = max(0.1 * tolerance, ROUNDING * best)
        while damping < HOPELESS:
            trial, promise = step_inside(x, matrix, slope, damping, (lower, upper), moving)
            if promise < least:
                return x, best, True
            cost.linearise(trial)
            chi2 = cost(trial)
            if chi2 < best:
                break
            damping *= 10
        else:
            break
        gain, x, best, damping = best - chi2, trial, chi2, max(damping / 10, 1e-9)
        if gain < tolerance or (step >= FIRST and best - AHEAD * gain > reach):
            break
        matrix, slope = cost.normal(x)
    return x, best, False


def step_inside(
    x: FloatArray,
    matrix: FloatArray,
    slope: FloatArray,
    damping: float,
    limits: tuple[FloatArray, FloatArray],
    moving: Mask,
) -> tuple[FloatArray, float]:
    """The place after one damped step, and the gain in chi-square that it promises.

    ``matrix`` is half the Hessian, ``slope`` half the gradient. A parameter that would cross a
    limit goes to it, and the others are solved for again.
    """
    lower, upper = limits
    moving = moving & ~((x <= lower) & (slope > 0)) & ~((x >= upper) & (slope < 0))
    step, force = np.zeros(x.size), -slope
    while moving.any():
        step = _solve(matrix, force, damping, moving, step)
        trial = x + step
        beyond = moving & ((trial < lower) | (trial > upper))
        if not beyond.any():
            break
        step[beyond] = np.where(trial < lower, lower, upper)[beyond] - x[beyond]
        moving &= ~beyond
        force = -slope - matrix[:, ~moving] @ step[~moving]
    trial = np.minimum(np.maximum(x + step, lower), upper)
    return trial, float(-step @ (2 * slope + matrix @ step))


def _solve(
    matrix: FloatArray, force: FloatArray, damping: float, moving: Mask, step: FloatArray
) -> FloatArray:
    """The step of what moves, that of the rest as it is.

    Scaled to a unit diagonal, the damped matrix can be inverted.
    """
    diagonal = np.where(moving, matrix.diagonal(), 0.0)
    least = FLAT * max(float(diagonal.max()), 1e-300)
    scale = np.where(moving, 1.0 / np.sqrt(np.maximum(diagonal, least)), 0.0)
    unit = matrix * scale[:, None]
    unit *= scale
    unit.flat[:: scale.size + 1] += np.where(moving, damping, 1.0)
    found = np.linalg.solve(unit, force * scale) * scale
    return np.where(moving, found, step)


def pressed(cost: Cost, x: FloatArray) -> tuple[int, ...]:
    """Positions of the free parameters at a limit beyond which the cost would fall."""
    slope = cost.normal(x)[1]
    lower, upper = cost.freedom.lower[cost.free], cost.freedom.upper[cost.free]
    found = ((x <= lower) & (slope > 0)) | ((x >= upper) & (slope < 0))
    return tuple(int(k) for k in np.flatnonzero(found))
