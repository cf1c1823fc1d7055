"""What is known of parameters before a fit: Gaussian constraints, correlated ones included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import frozen
from musrcu.errors import FitError
from musrcu.fitting.freedom import Freedom, is_number

FloatArray = NDArray[np.float64]

LARGEST = 1e100
"""Of an error: its square has to be a number."""


@dataclass(frozen=True, slots=True, eq=False)
class Constraint:
    """Values of some parameters known from elsewhere, with the covariance of their errors.

    It adds (p - v)^T V^-1 (p - v) to the cost of a fit.
    """

    names: tuple[str, ...]
    values: FloatArray
    """(n_names,) in the units of the parameters."""
    covariance: FloatArray
    """(n_names, n_names)."""

    def __post_init__(self) -> None:
        given: object = self.names
        names = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else ()
        if not names or not all(isinstance(name, str) for name in names):
            raise FitError(f"constraint of {self.names!r}; give the names of its parameters")
        object.__setattr__(self, "names", names)
        for name in ("values", "covariance"):
            try:
                numbers = frozen(getattr(self, name), float)
            except (TypeError, ValueError, OverflowError) as error:
                raise FitError(
                    f"constraint of {', '.join(self.names)}: the {name} are no numbers"
                ) from error
            object.__setattr__(self, name, numbers)
        n = len(self.names)
        if self.values.shape != (n,) or self.covariance.shape != (n, n):
            raise FitError(
                f"constraint of {', '.join(self.names)}: {self.values.size} values and a "
                f"covariance of shape {self.covariance.shape}, expected {n} and ({n}, {n})"
            )
        if not (np.isfinite(self.values).all() and np.isfinite(self.covariance).all()):
            raise FitError(f"constraint of {', '.join(self.names)}: not all numbers are finite")
        scale = np.sqrt(np.abs(np.diag(self.covariance)))
        unit = self.covariance / np.outer(scale, scale) if (scale > 0).all() else -np.eye(n)
        if not np.allclose(unit, unit.T) or np.linalg.eigvalsh(unit)[0] <= 1e-12:
            raise FitError(
                f"constraint of {', '.join(self.names)}: the covariance must be symmetric and "
                "positive definite; leave out what is known exactly and fix it instead"
            )

    def named(self, names: Iterable[str]) -> Constraint:
        """The same under other names."""
        return Constraint(tuple(names), self.values, self.covariance)

    def of(self, names: Set[str]) -> Constraint | None:
        """What is known of some of the parameters alone; None where it is of none of them."""
        keep = [k for k, name in enumerate(self.names) if name in names]
        if not keep:
            return None
        chosen = tuple(self.names[k] for k in keep)
        return Constraint(chosen, self.values[keep], self.covariance[np.ix_(keep, keep)])

    def given(self, held: Mapping[str, float], others: Set[str] = frozenset()) -> Constraint | None:
        """What is left to know where some of the parameters are settled in another way.

        Values and errors are those on condition of the values held; ``others``, of which
        something else is known, are left out. None where no parameter is left.
        """
        keep = [k for k, name in enumerate(self.names) if name not in held and name not in others]
        if len(keep) == len(self.names):
            return self
        if not keep:
            return None
        at = [k for k, name in enumerate(self.names) if name in held]
        gain = np.linalg.solve(self.covariance[np.ix_(at, at)], self.covariance[np.ix_(at, keep)])
        off = np.array([held[self.names[k]] for k in at]) - self.values[at]
        covariance = (
            self.covariance[np.ix_(keep, keep)] - gain.T @ self.covariance[np.ix_(at, keep)]
        )
        names = tuple(self.names[k] for k in keep)
        return Constraint(names, self.values[keep] + gain.T @ off, covariance)


Constraints = Mapping[str, tuple[float, float]] | Iterable[Constraint]
"""``{"alpha": (1.08, 0.02)}`` for independent ones, or a list of :class:`Constraint`."""


def as_constraints(given: Constraints | None) -> list[Constraint]:
    """Constraints from a user's words.

    Raises
    ------
    FitError if one is not a value with an error above zero.
    """
    if given is None:
        return []
    if isinstance(given, Constraint):
        return [given]
    if not isinstance(given, Mapping):
        found = list(given) if isinstance(given, Iterable) else [given]
        for one in found:
            if not isinstance(one, Constraint):
                raise FitError(f"constraint {one!r}; give a Constraint or {{name: (value, error)}}")
        return found
    found = []
    for name, pair in given.items():
        right = isinstance(pair, (tuple, list)) and len(pair) == 2 and all(map(is_number, pair))
        if not (right and isinstance(name, str) and 0 < pair[1] < LARGEST):
            raise FitError(
                f"constraint of {name} = {pair!r}; give (value, error) with an error above 0 "
                f"and below {LARGEST:g}"
            )
        covariance = np.array([[float(pair[1]) ** 2]])
        found.append(Constraint((name,), np.array([float(pair[0])]), covariance))
    return found


class Prior:
    """The constraints of a fit as rows of its residuals: r = W (p - v), W^T W = V^-1.

    Parameters
    ----------
    constraints : which parameters, by name or, where unambiguous, by a short name.
    freedom : which of them are free.

    Raises
    ------
    FitError if a parameter is constrained twice, or held or tied at the same time.
    """

    def __init__(self, constraints: Iterable[Constraint], freedom: Freedom) -> None:
        self.rows: list[tuple[list[int], FloatArray, FloatArray]] = []
        self.known: dict[int, tuple[float, float]] = {}
        """Value and error by position of the parameter."""
        names = freedom.model.names
        for one in constraints:
            places = [freedom.model.index(name) for name in one.names]
            for place, value, variance in zip(
                places, one.values, np.diag(one.covariance), strict=True
            ):
                if place in self.known:
                    raise FitError(f"{names[place]} is constrained twice; give one constraint")
                if place in freedom.fixed or place in freedom.ties:
                    raise FitError(f"{names[place]} is constrained and fixed or tied; choose one")
                self.known[place] = float(value), float(np.sqrt(variance))
            lower = np.linalg.cholesky(one.covariance)
            self.rows.append((places, one.values, np.linalg.inv(lower)))

    def __len__(self) -> int:
        return len(self.known)

    def residual(self, full: FloatArray) -> FloatArray:
        """(n_known,) in standard deviations, uncorrelated."""
        parts = [whiten @ (full[places] - values) for places, values, whiten in self.rows]
        return np.concatenate(parts) if parts else np.empty(0)

    def force(self, full: FloatArray) -> FloatArray:
        """(n_parameters,) half the derivative of the sum of squares by every parameter."""
        found = np.zeros(full.size)
        for places, values, whiten in self.rows:
            found[places] += whiten.T @ (whiten @ (full[places] - values))
        return found

    def jacobian(self, derivatives: FloatArray) -> FloatArray:
        """(n_known, n_free) from the (n_parameters, n_free) derivatives of all parameters."""
        parts = [whiten @ derivatives[places] for places, _, whiten in self.rows]
        return np.concatenate(parts) if parts else np.empty((0, derivatives.shape[1]))
