"""The values of a fit in many replicas of its data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu import notation
from musrcu.errors import FitError
from musrcu.fitting.result import FitResult

FloatArray = NDArray[np.float64]

KIND = "musrcu bootstrap"
ONE_SIGMA = math.erf(math.sqrt(0.5))
"""Probability of one standard deviation about the mean of a normal distribution."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Bootstrap:
    """Values of the parameters in replicas of the data."""

    fit: FitResult
    """The fit of the data themselves."""
    values: FloatArray
    """(n_replicas, n_parameters) those that converged, in the order and units of the fit."""
    chi2: FloatArray
    """(n_replicas,)."""
    failed: int
    """Replicas whose fit did not converge; they are left out."""
    kind: str
    """``parametric`` or ``poisson``."""
    seed: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return self.fit.names

    @property
    def mean(self) -> FloatArray:
        """(n_parameters,) mean over the replicas."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def errors(self) -> FloatArray:
        """(n_parameters,) standard deviation over the replicas; 0 for what is held."""
        spread = self.values.std(axis=0, ddof=1)
        return np.asarray(np.where(np.ptp(self.values, axis=0) > 0, spread, 0.0))

    @property
    def bias(self) -> FloatArray:
        """(n_parameters,) mean less the fitted value."""
        return self.mean - self.fit.values

    @property
    def covariance(self) -> FloatArray:
        """(n_parameters, n_parameters) over the replicas."""
        return np.atleast_2d(np.cov(self.values, rowvar=False))

    @property
    def correlation(self) -> FloatArray:
        """(n_parameters, n_parameters); zero for what is held."""
        scale = np.where(self.errors > 0, self.errors, 1.0)
        moving = self.errors > 0
        return np.asarray(self.covariance / np.outer(scale, scale) * np.outer(moving, moving))

    def interval(self, name: str, level: float = ONE_SIGMA) -> tuple[float, float]:
        """The ends between which a share ``level`` of the replicas lies, as many on either side.

        Raises
        ------
        FitError if the level is not between 0 and 1, or there is no such parameter.
        """
        if not 0 < level < 1:
            raise FitError(f"level = {level!r}; expected a number between 0 and 1")
        place = self.names.index(self.fit[name].name)
        tail = 0.5 * (1 - level)
        low, high = np.quantile(self.values[:, place], [tail, 1 - tail])
        return float(low), float(high)

    def summary(self) -> str:
        """The bootstrap as a table: fitted value, scatter, interval and bias of each parameter."""
        n = len(self.values)
        total = n + self.failed
        lines = [
            f"{self.fit.name or 'fit'}: {self.kind} bootstrap, {total} replicas, seed {self.seed}"
            + (f", {self.failed} did not converge and are left out" if self.failed else "")
        ]
        rows = []
        for k, name in enumerate(self.names):
            value, error = float(self.fit.values[k]), float(self.errors[k])
            one = self.fit.parameters[name]
            if not error > 0:
                rows.append([f"  {name}", notation.bracket(value, None, one.unit), "held", "", "-"])
                continue
            low, high = self.interval(name)
            hesse = "-" if one.error is None else f"{one.error:.3g}"
            rows.append([
                f"  {name}", notation.bracket(value, error, one.unit),
                f"{low - value:+.2g} {high - value:+.2g}", f"{self.bias[k] / error:+.2f}", hesse,
            ])  # fmt: skip
        header = ["  parameter", "value(scatter)", "68 % interval", "bias/scatter", "error of fit"]
        return "\n".join([*lines, notation.table(rows, header)])

    def to_dict(self) -> dict[str, Any]:
        """The bootstrap as plain data: what it says of each parameter, without the replicas."""
        return {
            "kind": KIND,
            "bootstrap": self.kind,
            "seed": self.seed,
            "n": len(self.values) + self.failed,
            "failed": self.failed,
            "parameters": {
                name: {
                    "value": float(self.fit.values[k]),
                    "error": float(self.errors[k]),
                    "mean": float(self.mean[k]),
                    "bias": float(self.bias[k]),
                    "interval": list(self.interval(name)),
                }
                for k, name in enumerate(self.names)
            },
            "correlation": self.correlation.tolist(),
        }
