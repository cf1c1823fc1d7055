"""The minimum of a cost: damped Gauss-Newton steps find it, Minuit has the last word."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import Cost
from musrcu.fitting.descent import descend as descend

if TYPE_CHECKING:
    from iminuit import Minuit

FloatArray = NDArray[np.float64]

CONVERGED = 1e-6
"""Gain in chi-square below which steps end before Minuit has its word."""
CURVED = 1e-8
"""Least curvature, in units of that along the parameters, of a minimum that is one."""
AT_LIMIT = 1e-4
"""A parameter this close to a limit, in units of its error, is taken to lie at it; it is no further
from it than its default is from 0."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where Minuit says the minimum is, and whether it believes it."""

    x: FloatArray
    """(n_free,) free parameters."""
    chi2: float
    covariance: FloatArray | None
    """(n_free, n_free); None where the Hessian is not positive definite."""
    valid: bool
    reason: str
    """Why not, in words; empty when valid."""
    blurred: FloatArray
    """(n_free, n_free) covariance with a floor under the curvature: what is flat together is fully
    correlated in it. For the search of a spare term, never for an error."""
    at_limit: tuple[int, ...]
    """Positions among the free parameters of those at a limit."""
    minuit: Minuit


def minimise(cost: Cost, x: FloatArray, names: tuple[str, ...]) -> Minimum:
    """The minimum near ``x``: Gauss-Newton, then MIGRAD (strategy 1) and the exact Hessian.

    MIGRAD is given the gradient and the Gauss-Newton Hessian, and has only to confirm where the
    steps have ended; the errors come from the Hessian of chi-square itself. Where MIGRAD does not
    converge, SIMPLEX and MIGRAD follow once more. ``names`` are the names of the free parameters.
    """
    from iminuit import Minuit

    x = descend(cost, np.asarray(x, dtype=float), tolerance=CONVERGED)[0]

    minuit = Minuit(_Function(cost), x, grad=cost.grad, hessian=cost.gauss_newton, name=names)
    lower, upper = cost.freedom.lower[cost.free], cost.freedom.upper[cost.free]
    minuit.errors = steps = _steps(cost, x)
    minuit.strategy = 1
    # Limits change the coordinates in which Minuit works, next to a limit beyond recognition:
    # where the minimum is inside, it has to confirm it without them.
    inside = bool(((x - lower > steps) & (upper - x > steps)).all()) and _settled(cost, x)
    if inside:
        minuit.migrad()
        ended = np.array(minuit.values)
        inside = bool(minuit.valid and (ended >= lower).all() and (ended <= upper).all())
    if not inside:
        minuit.values, minuit.errors = x, steps
        for k in np.flatnonzero(np.isfinite(lower) | np.isfinite(upper)):
            minuit.limits[int(k)] = (lower[k], upper[k])
        minuit.migrad()
    if not minuit.valid:
        reached, lowest = np.array(minuit.values), float(minuit.fval or np.inf)
        minuit.simplex().migrad()
        if not float(minuit.fval or np.inf) <= lowest:  # SIMPLEX may wander to a worse place
            minuit.values = reached
            minuit.migrad(iterate=1)
    return _collect(cost, minuit)


class _Function:
    """The cost as Minuit calls it: what it would ask of its signature is said at once."""

    _parameters = MappingProxyType({"x": None})
    errordef = Cost.errordef

    def __init__(self, cost: Cost) -> None:
        self.cost = cost

    def __call__(self, x: FloatArray) -> float:
        self.cost.linearise(x)  # the gradient is asked for next
        return self.cost(x)


def _settled(cost: Cost, x: FloatArray) -> bool:
    """Whether a full step leads nowhere, and the cost curves in every direction."""
    matrix, slope = cost.normal(x)
    diagonal = np.diag(matrix)
    if not (np.isfinite(matrix).all() and np.isfinite(slope).all() and (diagonal > 0).all()):
        return False
    scale = np.sqrt(diagonal)
    force = slope / scale
    size, axes = np.linalg.eigh(matrix / np.outer(scale, scale))
    return bool(size[0] > CURVED and ((axes.T @ force) ** 2 / size).sum() < 100 * CONVERGED)


def _steps(cost: Cost, x: FloatArray) -> FloatArray:
    curvature = np.diag(cost.gauss_newton(x)) / 2
    guess = np.where(curvature > 0, 1 / np.sqrt(np.where(curvature > 0, curvature, 1)), 0.1)
    return np.clip(guess, 1e-8, 1e3)


def _collect(cost: Cost, minuit: Minuit) -> Minimum:
    x = np.array(minuit.values)
    covariance, singular = _covariance(cost, x)
    errors = _steps(cost, x) if covariance is None else np.sqrt(np.diag(covariance))
    lower, upper = cost.freedom.lower[cost.free], cost.freedom.upper[cost.free]
    sizes = [abs(cost.freedom.model.parameters[place].default) or 1.0 for place in cost.free]
    # An error may be so large that everything is near; what is at a limit looks so by itself too.
    near = np.minimum(x - lower, upper - x) < np.minimum(AT_LIMIT * errors, sizes)
    reason = "" if minuit.valid else _why(minuit)
    return Minimum(
        x,
        float(minuit.fval),
        covariance,
        bool(minuit.valid) and not singular,
        singular or reason,
        _blurred(cost.gauss_newton(x)),
        tuple(int(k) for k in np.flatnonzero(near)),
        minuit,
    )


def _covariance(cost: Cost, x: FloatArray) -> tuple[FloatArray | None, str]:
    """Inverse of half the Hessian, and the reason where there is none."""
    half = cost.hessian(x) / 2
    diagonal = np.diag(half)
    if not (np.isfinite(half).all() and (diagonal > 0).all()):
        return None, "the covariance is singular: chi-square does not curve along every parameter"
    scale = np.sqrt(diagonal)
    unit = half / np.outer(scale, scale)
    if np.linalg.eigvalsh(unit)[0] <= 1e-10:
        return None, "the covariance is singular"
    covariance = np.linalg.inv(unit) / np.outer(scale, scale)
    return 0.5 * (covariance + covariance.T), ""


def _blurred(curvature: FloatArray) -> FloatArray:
    diagonal = np.diag(curvature)
    sound = np.isfinite(diagonal) & (diagonal > 0)
    least = 1e-40 * float(diagonal[sound].max(initial=0.0))  # its inverse is still a number
    scale = np.sqrt(np.where(sound & (diagonal > least), diagonal, max(least, 1e-100)))
    scale = np.where(sound, scale, 1.0)
    unit = np.nan_to_num(curvature / np.outer(scale, scale))
    return np.asarray(np.linalg.inv(unit + 1e-8 * np.eye(scale.size)) / np.outer(scale, scale))


def _why(minuit: Minuit) -> str:
    state = minuit.fmin
    if state is None:
        return "Minuit did not run"
    if state.has_reached_call_limit:
        return "Minuit reached its limit of calls"
    if state.is_above_max_edm:
        return f"Minuit did not converge (estimated distance {state.edm:.2g})"
    return "Minuit found no valid minimum"
