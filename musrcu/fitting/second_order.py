"""Second derivatives of a cost: what its exact Hessian has beside squares of the first ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from musrcu.models.curvature import difference
from musrcu.models.product import onto

if TYPE_CHECKING:
    from musrcu.fitting.cost import Cost

FloatArray = NDArray[np.float64]

SHARE = 1e-3
"""Steps of differences in units of the error that the curvature along each parameter implies; of
an exact gradient they are good to about one part in a million."""


def curved_part(cost: Cost, x: FloatArray, force: FloatArray, diagonal: FloatArray) -> FloatArray:
    """What the curvature of the model and of the ties adds to half the Hessian, (n_free, n_free).

    Parameters
    ----------
    cost : linearised at x.
    x : (n_free,) where.
    force : half the derivative of the cost by each number of the model.
    diagonal : (n_free,) half the expected curvature along each parameter.
    """
    freedom, model = cost.freedom, cost.freedom.model
    full = freedom.expand(x, cost.free)
    along = steps_along(x, diagonal)
    steps = np.zeros(full.size)
    steps[cost.free] = along
    if not freedom.ties:
        found = model.curvature(cost.where, full, force, steps)
        return np.asarray(found[np.ix_(cost.free, cost.free)])
    jacobian, tied = freedom.jacobian(full), list(freedom.ties)
    steps[tied] = np.abs(jacobian[tied]) @ along
    found = model.curvature(cost.where, full, force, steps)
    pull = onto(cost.rows, force) + cost.prior.force(full)
    return np.asarray(jacobian.T @ found @ jacobian + tie_bends(cost, x, pull, along))


def steps_along(x: FloatArray, half: FloatArray) -> FloatArray:
    """Steps of differences along each parameter, from half the curvature along it."""
    steps = np.maximum(SHARE / np.sqrt(np.maximum(half, 1e-12)), 1e-9 * np.abs(x))
    return np.minimum(steps, SHARE * np.maximum(1.0, np.abs(x)))


def by_differences(cost: Cost, x: FloatArray) -> FloatArray:
    """(n_free, n_free) Hessian by differences of the exact gradient, inside the limits."""
    steps = steps_along(x, np.diag(cost.gauss_newton(x)) / 2)
    here = cost.grad(x)
    lower, upper = cost.freedom.lower[cost.free], cost.freedom.upper[cost.free]
    matrix = np.empty((x.size, x.size))
    for k, step in enumerate(steps):

        def along(value: float, k: int = k) -> FloatArray:
            moved = x.copy()
            moved[k] = value
            return cost.grad(moved)

        limits = float(lower[k]), float(upper[k])
        matrix[k] = difference(along, float(x[k]), float(step), limits, here)
    return 0.5 * (matrix + matrix.T)


def has_curvature(model: Any) -> bool:
    """Whether the model knows its second derivatives: no subclass changed its values alone."""
    kind = type(model)
    owner = next(one for one in kind.__mro__ if "value_and_gradient" in one.__dict__)
    inner = getattr(model, "inner", None)
    return "curvature" in owner.__dict__ and (inner is None or has_curvature(inner))


def tie_bends(cost: Cost, x: FloatArray, force: FloatArray, steps: FloatArray) -> FloatArray:
    """sum_p force_p d2 p / dx_i dx_j over the tied parameters p, (n_free, n_free).

    ``force`` is half the gradient of the cost by every parameter.
    """
    freedom = cost.freedom
    tied = sorted(freedom.ties)
    matrix = np.zeros((x.size, x.size))
    if not tied:
        return matrix
    names = {name for tie in freedom.ties.values() for name in tie.names}
    here = force[tied] @ freedom.jacobian(freedom.expand(x))[tied]
    for k, place in enumerate(cost.free):
        if freedom.model.names[place] not in names:
            continue

        def along(value: float, k: int = k) -> FloatArray:
            moved = x.copy()
            moved[k] = value
            return np.asarray(force[tied] @ freedom.jacobian(freedom.expand(moved))[tied])

        limits = float(freedom.lower[place]), float(freedom.upper[place])
        matrix[k] = difference(along, float(x[k]), float(steps[k]), limits, here)
    return 0.5 * (matrix + matrix.T)
