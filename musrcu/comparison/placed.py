"""The cost of a fit rebuilt at its minimum, from the data and the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraint, as_constraints
from musrcu.fitting.cost import Cost
from musrcu.fitting.data import Data
from musrcu.fitting.fitted_data import Fittable, fitted_data
from musrcu.fitting.freedom import Freedom, Limits
from musrcu.fitting.recorded import arguments
from musrcu.fitting.request import Request, settled, time_model
from musrcu.fitting.result import FitResult

FloatArray = NDArray[np.float64]

NEAR = 1e-3
"""Chi-square of the rebuilt fit may differ from that of the result by this, and by as much of it
relative to 1000."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Data and a cost that stands at the minimum of a fit."""

    data: Data
    freedom: Freedom
    known: list[Constraint]
    """Constraints of the parameters."""
    x: FloatArray
    """(n_free,) where the fit ended."""

    def cost(self) -> Cost:
        """What was minimised."""
        return self.data.cost(self.freedom, self.known)


def placed(data: Fittable, result: FitResult) -> Placed:
    """The fit behind a result, at its minimum.

    Parameters
    ----------
    data : what was fitted.
    result : the fit; parameters that ended at a limit are held there.

    Raises
    ------
    FitError if the fit has no values, or it is not one of these data.
    """
    if not isinstance(result, FitResult):
        raise FitError(f"expected a FitResult, not a {type(result).__name__}")
    if result.chi2 is None or not np.isfinite(result.values).all():
        raise FitError(f"the fit of {result.model!r} has no values: {result.reason}")
    window = fitted_data(data, result.t_range, result.average_bins, result.request.get("cost"))
    model = time_model(result.model)
    freedom, known = _known_again(window, model.expression, result)
    if freedom.model.names != result.names:
        raise FitError(
            f"this result has the parameters {', '.join(result.names)}, a fit of these data "
            f"{', '.join(freedom.model.names)}; give the data that were fitted"
        )
    found = Placed(window, freedom, known, result.values[freedom.free])
    chi2 = found.cost()(found.x)
    if abs(chi2 - result.chi2) > NEAR * max(1.0, abs(result.chi2) / 1e3):
        raise FitError(
            f"chi-square of this result is {result.chi2:.6g}, of its parameters with these "
            f"data {chi2:.6g}; give the data that were fitted"
        )
    return found


def _known_again(
    window: Data, expression: str, result: FitResult
) -> tuple[Freedom, list[Constraint]]:
    """What was free, and what was known: by the data, and by the user beside them."""
    items = result.parameters.values()
    fixed = {p.name: float(p.value or 0.0) for p in items if p.fixed or p.at_limit}
    limits: dict[str, Limits] = {p.name: p.limits or (None, None) for p in items}
    limits = {name: pair for name, pair in limits.items() if name not in fixed}
    ties = {p.name: p.tie for p in items if p.tie is not None}
    told = as_constraints(arguments(result.request).get("constraints")) if result.request else []
    left = [one.given(fixed) for one in told]
    request = Request(
        fixed=fixed, limits=limits, ties=ties, constraints=[one for one in left if one is not None]
    )
    ready = settled(window, time_model(expression), request)
    return ready.freedom, ready.known
