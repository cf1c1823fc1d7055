"""The minimum of the order-parameter law over the points of a scan: starts, limits, errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.models.laws import order_parameter_law
from musrcu.ordering.censored import CensoredRuns
from musrcu.ordering.effective_variance import effective_cost
from musrcu.ordering.latent_temperature import latent_chi2
from musrcu.ordering.points import OrderPoints

if TYPE_CHECKING:
    from iminuit import Minuit

NAMES = ("nu0", "T_N", "beta", "alpha")
UNITS = ("MHz", "K", "", "")

Limits = dict[str, tuple[float, float]]
Values = tuple[float, float, float, float]

_STEPS = (0.01, 0.005, 0.03, 0.3)
"""First steps of Minuit; relative for nu0 and T_N."""

_FAR = 1e30
"""The cost where there is none."""

_HOPELESS = 10.0
"""Rise of the cost beyond a run without order after which no higher T_N is tried."""


class LawCost:
    """Cost of the law over some points, and its gradient, in the order of ``NAMES``.

    Parameters
    ----------
    points : their errors of temperatures count with all methods but ``naive``.
    method : ``naive``, ``latent`` (every run has a true temperature of its own), ``effective`` or
        ``effective_plain`` (errors of temperatures carried over by the slope, with and without the
        logarithms of the variances); without any error of a temperature all are ``naive``.
    above : ``bound``, or ``censored``: runs without order are terms of the cost.
    """

    def __init__(self, points: OrderPoints, *, method: str = "naive", above: str = "bound") -> None:
        self.points = points
        self.above = above
        self.T_error = None if method == "naive" else points.known_temperature_errors()
        self.method = "naive" if self.T_error is None else method
        self.censored = CensoredRuns.of(points) if above == "censored" else None
        self._at: Values | None = None
        self._cost = 0.0
        self._gradient = np.zeros(4)

    @property
    def latent(self) -> bool:
        """Whether every run has a latent temperature, so that T_N may lie below a measured one."""
        return self.method == "latent"

    def on(self, points: OrderPoints) -> LawCost:
        """The same cost of other points."""
        return LawCost(points, method=self.method, above=self.above)

    def __call__(self, nu0: float, T_N: float, beta: float, alpha: float) -> float:
        """The cost; evaluated once for value and gradient at one place."""
        self._evaluate((nu0, T_N, beta, alpha))
        return self._cost

    def grad(self, nu0: float, T_N: float, beta: float, alpha: float) -> FloatArray:
        """(4,) derivatives of the cost."""
        self._evaluate((nu0, T_N, beta, alpha))
        return self._gradient

    def chi2(self, values: Values) -> float:
        """The sum of squares of the ordered runs alone: without logarithms and censored runs."""
        return self._of_points(values)[0]

    def _evaluate(self, values: Values) -> None:
        if values == self._at:
            return
        if not (np.isfinite(values).all() and min(values[1:]) > 0):
            # MINOS steps over limits, and to NaN on a flat cost; NaN in return would stop it badly
            self._cost, self._gradient = _FAR, np.zeros(4)
        else:
            chi2, logarithms, gradient = self._of_points(values)
            above, by_above = (0.0, 0.0) if self.censored is None else self.censored.cost(values)
            self._cost, self._gradient = chi2 + logarithms + above, gradient + by_above
        self._at = values

    def _of_points(self, values: Values) -> tuple[float, float, FloatArray]:
        """(chi2, logarithms of variances, gradient) of the ordered runs."""
        points = self.points
        if self.T_error is None:
            value, gradient = order_parameter_law(points.temperature, *values)
            residual = (points.value - value) / points.error
            return float(residual @ residual), 0.0, -2.0 * gradient @ (residual / points.error)
        data = points.temperature, self.T_error, points.value, points.error
        if self.latent:
            chi2, gradient, _ = latent_chi2(*data, values)
            return chi2, 0.0, gradient
        return effective_cost(*data, values, normalised=self.method == "effective")

    def best_nu0(self, T_N: float, beta: float, alpha: float) -> float:
        """nu0 of the naive cost at given other parameters: the law is linear in it."""
        shape = order_parameter_law(self.points.temperature, 1.0, T_N, beta, alpha)[0]
        weight = shape / self.points.error**2
        return float(weight @ self.points.value / max(float(weight @ shape), 1e-300))


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """One minimum of a :class:`LawCost`."""

    values: Values
    chi2: float
    """The cost there: chi2 where it has neither logarithms of variances nor censored runs."""
    free: tuple[str, ...]
    covariance: FloatArray | None
    """(n_free, n_free); None where Minuit has none that is positive definite."""
    valid: bool
    reason: str
    minuit: Minuit

    @property
    def errors(self) -> dict[str, float]:
        """HESSE error of each free parameter; NaN without a covariance."""
        if self.covariance is None:
            return dict.fromkeys(self.free, float("nan"))
        return dict(zip(self.free, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))


def law_limits(cost: LawCost) -> Limits:
    """What each parameter may be.

    T_N lies above the highest ordered temperature (with latent temperatures that follows from the
    cost itself, and the limit only keeps Minuit out of the desert below), and not above the
    lowest temperature without order plus two of its errors, where one is known and these runs are
    not terms of the cost.
    """
    points = cost.points
    hottest = float(points.temperature.max())
    if cost.T_error is None or not cost.latent:
        lowest = hottest * (1 + 1e-6)
    else:
        lowest = max(float((points.temperature - 10 * cost.T_error).max()), 0.1 * hottest)
    highest = None if cost.above == "censored" else bound_above(points)
    if highest is None or highest <= lowest:
        highest = 10 * hottest
    top = float(points.value.max())
    # from points of the critical region alone the law rises far above the highest of them
    rise = max(1.0, 0.5 / max(1 - float(points.temperature.min()) / hottest, 0.01))
    return {
        "nu0": (0.1 * top, 3 * rise * top),
        "T_N": (lowest, highest),
        "beta": (0.01, 1.0),
        "alpha": (0.5, 8.0),
    }


def bound_above(points: OrderPoints) -> float | None:
    """Lowest temperature without order plus two of its errors, K; None where there is none."""
    if points.upper_bound is None:
        return None
    return points.upper_bound + 2 * (points.upper_bound_error or 0.0)


def starts(cost: LawCost, limits: Limits, held: Mapping[str, float]) -> list[Values]:
    """Places to start from, best first: T_N near the hottest point to the bound, flat to steep."""
    hottest = float(cost.points.temperature.max())
    low, high = limits["T_N"]
    towards = min(high, 1.2 * hottest)
    places = [1.005 * hottest, 1.03 * hottest, hottest + 0.7 * (towards - hottest)]
    room = high - low
    inside = [min(max(place, low + 0.01 * room), high - 0.01 * room) for place in places]
    T_Ns = [held["T_N"]] if "T_N" in held else inside
    betas = [held["beta"]] if "beta" in held else [0.1, 0.2, 0.4]
    alphas = [held["alpha"]] if "alpha" in held else [3.0, 1.5]
    found: list[tuple[float, Values]] = []
    for T_N, beta, alpha in product(T_Ns, betas, alphas):
        nu0 = held.get("nu0", cost.best_nu0(T_N, beta, alpha))
        if "nu0" not in held:
            low_nu0, high_nu0 = limits["nu0"]
            nu0 = min(max(nu0, 1.05 * low_nu0), 0.95 * high_nu0)
        found.append((cost(nu0, T_N, beta, alpha), (nu0, T_N, beta, alpha)))
    return [values for _, values in sorted(found)]


def descend(cost: LawCost, start: Values, limits: Limits, held: Mapping[str, float]) -> Minimum:
    """MIGRAD (strategy 1, analytic gradient) from one start with some parameters held."""
    from iminuit import Minuit

    inside = _off_limits(start, limits)
    values = [held.get(name, value) for name, value in zip(NAMES, inside, strict=True)]
    free = tuple(name for name in NAMES if name not in held)
    if not free:
        chi2 = cost(*values)
        return Minimum(_four(values), chi2, (), None, True, "", Minuit(cost, *values))
    minuit = Minuit(cost, *values, grad=cost.grad, name=NAMES)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.strategy = 1
    minuit.tol = 0.003  # chi2 to 1e-5: likelihood roots are differences of two minima
    for name, value, step in zip(NAMES, values, _STEPS, strict=True):
        minuit.fixed[name] = name in held
        if name in free:
            minuit.limits[name] = limits[name]
            minuit.errors[name] = step * (value if name in ("nu0", "T_N") else 1.0)
    minuit.migrad()
    if not minuit.valid:
        minuit.simplex().migrad()
    return collect(minuit, free)


def collect(minuit: Minuit, free: tuple[str, ...]) -> Minimum:
    """What Minuit knows at the place where it stands."""
    if not minuit.accurate and minuit.valid:
        minuit.hesse()
    covariance = None
    if minuit.covariance is not None and minuit.accurate:
        places = [NAMES.index(name) for name in free]
        covariance = np.array(minuit.covariance)[np.ix_(places, places)]
        if not (np.isfinite(covariance).all() and (np.diag(covariance) > 0).all()):
            covariance = None
    return Minimum(
        _four(list(minuit.values)), float(minuit.fval), free, covariance,
        bool(minuit.valid), "" if minuit.valid else _why(minuit), minuit,
    )  # fmt: skip


def lowest(
    cost: LawCost, limits: Limits, held: Mapping[str, float], *, near: Values | None = None,
    tries: int = 3,
) -> Minimum:  # fmt: skip
    """The deepest of the minima reached from ``near`` and the best few of :func:`starts`.

    At a run without order that is a term of the cost this turns up sharply as T_N passes the run:
    either side is searched alone.
    """
    walls = () if "T_N" in held else inner_walls(cost, limits)
    if not walls:
        return _lowest(cost, limits, held, near, tries)
    low, high = limits["T_N"]
    found: list[Minimum] = []
    for start, end in pairwise((low, *walls, high)):
        within = {**limits, "T_N": (start, end)}
        found.append(_lowest(cost, within, held, near, max(tries, 1)))
        if found[-1].chi2 > found[0].chi2 + _HOPELESS:
            break
    return min(found, key=lambda minimum: (not minimum.valid, minimum.chi2))


def inner_walls(cost: LawCost, limits: Limits) -> tuple[float, ...]:
    """K, rising: exact temperatures of censored runs among those that T_N may have."""
    if cost.censored is None:
        return ()
    low, high = limits["T_N"]
    return tuple(wall for wall in cost.censored.walls if low < wall < high)


def _lowest(
    cost: LawCost, limits: Limits, held: Mapping[str, float], near: Values | None, tries: int
) -> Minimum:
    places = ([near] if near is not None else []) + starts(cost, limits, held)[:tries]
    found = [descend(cost, place, limits, held) for place in places]
    valid = [minimum for minimum in found if minimum.valid]
    best = min(found, key=lambda minimum: minimum.chi2)
    sound = min(valid, key=lambda minimum: minimum.chi2, default=best)
    # an unconverged place that is no deeper than rounding says nothing against the sound one
    return sound if sound.chi2 <= best.chi2 + 1e-2 else best


def _off_limits(start: Values, limits: Limits) -> list[float]:
    """The start, moved off any limit: Minuit sees no slope at one and stays there."""
    moved = []
    for name, value in zip(NAMES, start, strict=True):
        low, high = limits[name]
        # T_N may truly be this close to the highest ordered temperature
        margin = 1e-4 if name == "T_N" else 0.02
        moved.append(
            min(max(value, low + margin * (high - low)), high - max(margin, 0.02) * (high - low))
        )
    return moved


def _four(values: list[float]) -> Values:
    nu0, T_N, beta, alpha = (float(value) for value in values)
    return nu0, T_N, beta, alpha


def _why(minuit: Minuit) -> str:
    state = minuit.fmin
    if state is not None and state.has_reached_call_limit:
        return "Minuit reached its limit of calls"
    if state is not None and state.is_above_max_edm:
        return f"Minuit did not converge (estimated distance to the minimum {state.edm:.2g})"
    return "Minuit found no valid minimum"
