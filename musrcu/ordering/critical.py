"""The critical region of an order parameter: reduced temperatures, and the slope of the law there.

A critical exponent is the limit, at T_N, of the slope of ln nu against ln(1 - T/T_N). That of the
fitted law reaches its beta only next to T_N; further below it is smaller for alpha above 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.containers.arrays import FloatArray, frozen
from musrcu.errors import FitError
from musrcu.notation import bracket, table
from musrcu.ordering.law_parameter import LawParameter
from musrcu.ordering.power_law import PowerLaw, power_laws
from musrcu.ordering.refit import sound
from musrcu.ordering.result import OrderParameter

ABOVE = 0.9
"""T/T_N from which on a run is counted to the critical region where nothing else is asked for."""
NEAR = 0.99
"""beta_eff / beta from which on the slope of the law is that of its limit."""


def local_slope(x: ArrayLike, beta: float, alpha: float) -> FloatArray:
    """Slope d ln nu / d ln(1 - x) of nu = nu0 (1 - x^alpha)^beta at x = T/T_N.

    beta_eff = beta alpha x^(alpha-1) (1-x) / (1-x^alpha); beta in the limit of x = 1.

    Parameters
    ----------
    x : (n,) or scalar, T/T_N; NaN is returned below 0 and from 1 on.
    beta, alpha : exponents of the law, above 0.

    Returns
    -------
    (n,) slopes, without unit.
    """
    places = np.atleast_1d(np.asarray(x, dtype=float))
    inside = (places >= 0) & (places < 1)
    e = np.where(inside, 1.0 - places, 0.5)
    with np.errstate(divide="ignore"):
        log_x = np.log1p(-e)
        steep = np.exp((alpha - 1.0) * log_x) if alpha != 1 else np.ones_like(e)
    slope = beta * alpha * steep * e / -np.expm1(alpha * log_x)
    return np.where(inside, slope, np.nan)


def effective_beta(order: OrderParameter, T: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """The local critical slope of a fitted law at given temperatures, with its errors.

    beta_eff = beta alpha x^(alpha-1) (1-x) / (1-x^alpha), x = T/T_N, see :func:`local_slope`.

    Parameters
    ----------
    order : the fitted law.
    T : (n,) or scalar, K.

    Returns
    -------
    (slope, error): (n,) each, without unit; NaN from T_N on. The errors are those of beta, T_N and,
    where it was fitted, alpha, with their covariance, at fixed T.
    """
    temperature = np.atleast_1d(np.asarray(T, dtype=float))
    _, T_N, beta, alpha = order.values
    x = temperature / T_N if T_N > 0 else np.full(temperature.shape, np.nan)
    slope = local_slope(x, beta, alpha)
    gradient = slope * _logarithmic_gradient(x, T_N, beta, alpha)
    used = [order.quantity.names.index(name) for name in order.names]
    chosen = gradient[used]
    variance = np.einsum("in,ij,jn->n", chosen, order.covariance, chosen)
    error = np.sqrt(np.maximum(variance, 0.0)) if used else np.full(slope.shape, np.nan)
    return slope, np.where(np.isfinite(slope), error, np.nan)


def _logarithmic_gradient(x: FloatArray, T_N: float, beta: float, alpha: float) -> FloatArray:
    """(4, n) derivatives of ln beta_eff in nu0, T_N, beta, alpha at fixed T."""
    inside = (x > 0) & (x < 1)
    e = np.where(inside, 1.0 - x, 0.5)
    log_x = np.log1p(-e)
    g = local_slope(np.where(inside, x, 0.5), 1.0, alpha)
    # (g - 1)/e loses its digits next to T_N, where it is this limit
    pull = np.where(e < 1e-6, -0.5 * (alpha - 1.0), (g - 1.0) / e)
    by_x = (alpha - 1.0) / (1.0 - e) + pull
    by_alpha = 1.0 / alpha - log_x / np.expm1(alpha * log_x)
    zero = np.zeros(x.shape)
    rows = (zero, -by_x * (1.0 - e) / T_N, zero + 1.0 / beta, by_alpha)
    return np.where(inside, np.stack(rows), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class CriticalRegion:
    """The runs of an order parameter against 1 - T/T_N, and the slopes that law and runs have."""

    order: OrderParameter
    """The fit."""
    above: float
    """T/T_N from which on a run is in the region."""
    reduced: FloatArray
    """(n,) 1 - T/T_N of each run; negative beyond T_N."""
    reduced_error: FloatArray
    """(n,) from the error of the run's own temperature; NaN where that is not known."""
    reduced_common: FloatArray
    """(n,) by which one error of T_N moves it; common to all runs: they move together."""
    value: FloatArray
    """(n,) nu/nu0 of each run."""
    error: FloatArray
    """(n,) from the error of its nu; that of nu0 is common to all runs and not part of it."""
    inside: NDArray[np.bool_]
    """(n,) which runs lie in the region."""
    slope: FloatArray
    """(n,) beta_eff of the fitted law at each run; NaN beyond T_N."""
    slope_error: FloatArray
    """(n,) its error."""
    free: PowerLaw
    """Power law through the runs of the region alone, its T_N free."""
    held: PowerLaw
    """The same with T_N held where the fit to all runs has it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each run."""
        return self.order.points.labels

    @property
    def beyond(self) -> tuple[str, ...]:
        """Runs at or beyond the fitted T_N, which have no place on a logarithmic axis."""
        return tuple(np.array(self.labels, dtype=object)[self.reduced <= 0])

    def __repr__(self) -> str:
        return f"<CriticalRegion of {self.order.parameter}, {int(self.inside.sum())} runs>"

    def summary(self) -> str:
        """Runs of the region, slope of the law and slope of the runs alone, as text."""
        n = int(self.inside.sum())
        lines = [
            f"critical region of {self._what}: {n} of {len(self.reduced)} runs at "
            f"T/T_N above {self.above:g}, {_text(self.order.T_N)}"
        ]
        if n:
            what = self.order.quantity
            share = f"{what.symbol}/{what.saturation}"
            lines.append(table(self._rows(), ["run", "T (K)", "1 - T/T_N", share, "beta_eff"]))
            hottest = int(np.argmin(self.reduced))
            lines.append(
                "the error of T_N moves all 1 - T/T_N together, by "
                f"{self.reduced_common[hottest]:.2g}; the errors above are the runs' own"
            )
        lines.append(self._law_sentence())
        lines.append(f"power law through these runs, T_N free: {self.free}")
        lines.append(f"power law through these runs, T_N held: {self.held}")
        lines.append(f"beta of the law through all runs: {_value(self.order.beta)}")
        return "\n".join(lines)

    @property
    def _what(self) -> str:
        """What orders, such as ``nu2``, or ``B (nu2)`` where its frequency is shown as a field."""
        symbol, name = self.order.quantity.symbol, self.order.parameter
        return f"B ({name})" if symbol == "B" and not name.startswith("B") else name

    def _rows(self) -> list[list[str]]:
        rows = []
        temperature = self.order.points.temperature
        for k in np.flatnonzero(self.inside)[np.argsort(-self.reduced[self.inside])]:
            slope = bracket(self.slope[k], self.slope_error[k])
            rows.append([
                self.labels[k],
                f"{temperature[k]:.5g}",
                f"{self.reduced[k]:.2g}" if not self.reduced_error[k] > 0
                else bracket(self.reduced[k], self.reduced_error[k]),
                bracket(self.value[k], self.error[k]),
                slope if self.reduced[k] > 0 else "beyond T_N",
            ])  # fmt: skip
        return rows

    def _law_sentence(self) -> str:
        """How close to its limit the slope of the fitted law comes among the runs."""
        beta, alpha = self.order.beta.value, self.order.alpha.value
        start = float(local_slope(self.above, beta, alpha)[0])
        with np.errstate(invalid="ignore"):
            near = int((np.abs(self.slope / beta - 1.0) <= 1.0 - NEAR).sum())
        return (
            f"slope of the fitted law: beta_eff = {start:.3f} at T/T_N = {self.above:g}, beta = "
            f"{beta:.3f} at T_N; {near or 'no'} run{'' if near == 1 else 's'} where it is within "
            f"{100 * (1 - NEAR):.0f} % of beta"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON, without the fit; what is not known is null."""
        columns = ("reduced", "reduced_error", "reduced_common", "value", "error", "slope",
                   "slope_error")  # fmt: skip
        return {
            "above": self.above,
            "labels": list(self.labels),
            **{name: _plain(getattr(self, name)) for name in columns},
            "inside": self.inside.tolist(),
            "T_N_free": self.free.to_dict(),
            "T_N_held": self.held.to_dict(),
        }


def critical_region(order: OrderParameter, *, above: float = ABOVE) -> CriticalRegion:
    """The runs of an order parameter close to T_N: reduced temperatures, and slopes with errors.

    Parameters
    ----------
    order : a valid fit.
    above : T/T_N from which on a run is in the region, between 0 and 1.

    Returns
    -------
    CriticalRegion; ``musrcu.plot.critical_region`` draws it.

    Raises
    ------
    FitError if there is no valid fit, or ``above`` is not between 0 and 1.
    """
    order = sound(order, "has no critical region")
    if not 0 <= above < 1:
        raise FitError(f"the critical region begins at T/T_N = {above:g}, expected 0 to below 1")
    points = order.points
    top, T_N = order.saturation.value, order.T_N.value
    x = points.temperature / T_N
    known = points.temperature_error
    spread = np.full(len(points), np.nan) if known is None else known
    slope, slope_error = effective_beta(order, points.temperature)
    inside = x > above
    free, held = power_laws(order, points.subset(inside))
    return CriticalRegion(
        order=order,
        above=above,
        reduced=frozen(1.0 - x),
        reduced_error=frozen(spread / T_N),
        reduced_common=frozen(x * _one_error(order) / T_N),
        value=frozen(points.value / top),
        error=frozen(points.error / top),
        inside=frozen(inside),
        slope=frozen(slope),
        slope_error=frozen(slope_error),
        free=free,
        held=held,
    )


def _one_error(order: OrderParameter) -> float:
    """One error of T_N, K: that of the covariance, or the mean of its unequal ones at a limit."""
    if math.isfinite(order.T_N.error):
        return order.T_N.error
    low, high = order.T_N.minos or (math.nan, math.nan)
    return 0.5 * (high - low)


def _text(T_N: LawParameter) -> str:
    """T_N with its error, or with the other end of its interval where it is at a bound."""
    return str(T_N) if T_N.at_limit else f"T_N = {_value(T_N)}"


def _value(parameter: Any) -> str:
    return bracket(parameter.value, parameter.error, parameter.unit)


def _plain(column: FloatArray) -> list[float | None]:
    return [float(one) if math.isfinite(one) else None for one in column]
