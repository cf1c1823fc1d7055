"""Which run carries the result: an order parameter fitted again without each of its runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.models.laws import order_parameter_law, order_parameter_slope
from musrcu.notation import bracket, table
from musrcu.ordering.latent_temperature import latent_chi2
from musrcu.ordering.method import too_little
from musrcu.ordering.minimum import NAMES, LawCost, Minimum
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.refit import cost_on, held_in, refit, sound
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.two_step import fit_order_parameter

CARRIES = 1.0
"""Change of a parameter, in its errors, from which on one run is said to carry the result."""
GROWS = 2.0
"""Factor by which an error grows without a run from which on it is said to."""
ALONE = 0.5
"""Leverage from which on a run has more say in the curve at its place than all others."""
_FELT = 0.05
"""Change of T_N or of one of its errors, in that error, from which on runs above T_N matter."""


@dataclass(frozen=True, slots=True)
class Without:
    """An order parameter fitted without one of its runs."""

    label: str
    """Of the run that is left out."""
    temperature: float
    """K, of that run."""
    values: Mapping[str, float]
    """By parameter that the whole fit left free, its value without the run; empty where there is
    no fit without it."""
    errors: Mapping[str, float]
    """Their errors; NaN where a parameter ends at a limit."""
    shifts: Mapping[str, float]
    """(value without the run - value with all) over the error with all runs, that of MINOS on the
    side of the change where there is one; NaN where the error is not known."""
    growth: Mapping[str, float]
    """Error without the run over the error with all; NaN where either is not known."""
    leverage: float
    """How much of the curve's value at the run is the run's own, 0 to 1; all runs together have as
    many as there are free parameters."""
    residual: float
    """Root of the fall of chi-square without the run, above 0 where the run is above the curve of
    the others; of standard normal distribution where errors are right."""
    reason: str = ""
    """Why there is no fit without this run; empty where there is one."""

    @property
    def valid(self) -> bool:
        """Whether there is a fit without the run."""
        return not self.reason

    @property
    def largest(self) -> tuple[str, float]:
        """The parameter that changes most, and its change in errors; ("", 0) where none is known"""
        known = [(name, shift) for name, shift in self.shifts.items() if math.isfinite(shift)]
        return max(known, key=lambda one: abs(one[1]), default=("", 0.0))

    @property
    def grown(self) -> tuple[str, float]:
        """The parameter whose error grows most, and the factor; ("", 1) where none is known."""
        known = [(name, factor) for name, factor in self.growth.items() if math.isfinite(factor)]
        return max(known, key=lambda one: one[1], default=("", 1.0))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; what is not known is null."""
        named = ("values", "errors", "shifts", "growth")
        return {
            "run": self.label,
            "temperature": self.temperature,
            **{name: {k: _plain(v) for k, v in getattr(self, name).items()} for name in named},
            "leverage": _plain(self.leverage),
            "residual": _plain(self.residual),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """What each run of an order parameter does to it."""

    order: OrderParameter
    """The fit to all runs."""
    runs: tuple[Without, ...]
    """In the order of its points."""
    unbounded: OrderParameter | None
    """The fit without the runs above T_N; None where no such run bounds it, or nothing is felt."""

    @property
    def carrier(self) -> Without | None:
        """The run that carries the result; None where no single one does.

        One without which there is no fit; else the one without which an error grows most, if by a
        factor of 2 at least; else the one without which a parameter changes most, if by its error.
        """
        needed = [run for run in self.runs if not run.valid]
        if needed:
            return needed[0]
        grown = max(self.runs, key=lambda run: run.grown[1])
        if grown.grown[1] >= GROWS:
            return grown
        moved = self.mover
        return moved if abs(moved.largest[1]) >= CARRIES else None

    @property
    def mover(self) -> Without:
        """The run without which a parameter changes most, in its errors."""
        return max(self.runs, key=lambda run: abs(run.largest[1]))

    def __repr__(self) -> str:
        return f"<Influence of {len(self.runs)} runs on {self.order.parameter}(T)>"

    def sentence(self) -> str:
        """Which run carries the result."""
        needed = [run for run in self.runs if not run.valid]
        if needed:
            names = " or ".join(map(_named, needed))
            each = "any of these" if len(needed) > 1 else "it"
            return f"There is no fit without {names}: without {each}, {needed[0].reason}."
        carrier, mover = self.carrier, self.mover
        name, shift = mover.largest
        if not name:
            return "The errors of the fit are not known, and so is what a run does to it."
        change = f"the largest change is that of {name} by {shift:+.2f} of its errors"
        if carrier is None:
            return f"No single run carries the result: {change}, without {_named(mover)}."
        text = f"R{_named(carrier)[1:]} carries the result: without it "
        of, factor = carrier.grown
        if factor < GROWS:
            return f"{text}{self._moved(carrier, name)}."
        text += f"the error of {of} grows by a factor {factor:.1f} and {self._moved(carrier, of)}"
        other = carrier is not mover and abs(shift) >= CARRIES
        return f"{text}; {change}, without {_named(mover)}." if other else f"{text}."

    def _moved(self, run: Without, name: str) -> str:
        to = bracket(run.values[name], run.errors[name], self.order[name].unit)
        return f"{name} moves by {run.shifts[name]:+.2f} of its errors, to {to}"

    def summary(self) -> str:
        """The sentence, and a table of all runs."""
        names = self._names()
        header = ["run", "T (K)", *names, *(f"x {name}" for name in names), "leverage", "residual"]
        lines = [
            f"{self.order.parameter}(T) without each of its {len(self.runs)} runs: change of each "
            "parameter in its errors,",
            "factor (x) by which its error grows, leverage, residual from the curve of the others",
            table([self._row(run, names) for run in self.runs], header),
            self.sentence(),
        ]
        if self.unbounded is not None:
            with_bound = _parameter(self.order, "T_N")
            without = _parameter(self.unbounded, "T_N")
            lines.append(f"Without the runs above T_N: {without}; with them: {with_bound}.")
        return "\n".join(lines)

    def _names(self) -> list[str]:
        names = self.order.quantity.names
        return [name for name in names if not self.order[name].fixed]

    def _row(self, run: Without, names: list[str]) -> list[str]:
        first = [run.label, f"{run.temperature:.5g}"]
        last = [f"{run.leverage:.2f}", _shown(run.residual, "+.1f")]
        if not run.valid:
            return [*first, *(["no fit"] + ["-"] * (2 * len(names) - 1)), *last]
        shifts = [_shown(run.shifts[name], "+.2f") for name in names]
        return [*first, *shifts, *(_shown(run.growth[name], ".2f") for name in names), *last]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON, without the fit itself; what is not known is null."""
        unbounded = self.unbounded
        return {
            "sentence": self.sentence(),
            "runs": [run.to_dict() for run in self.runs],
            "unbounded": None if unbounded is None else {
                name: {"value": _plain(unbounded[name].value),
                       "error": _plain(unbounded[name].error)}
                for name in self.order.quantity.names
            },
        }  # fmt: skip


def influence(order: OrderParameter) -> Influence:
    """Fit an order parameter again without each of its runs, and without the runs above T_N.

    Every fit has the same method, exponent and limits as the whole one and starts from its result.

    Parameters
    ----------
    order : a valid fit.

    Returns
    -------
    Influence: change of each parameter, of its error, leverage and residual by run, and the run
    that carries the result; ``musrcu.plot.influence`` draws it.

    Raises
    ------
    FitError if the fit is not valid.

    Source: D. A. Belsley, E. Kuh and R. E. Welsch, Regression Diagnostics (Wiley, 1980), chapter 2.
    """
    order = sound(order, "has no influence of runs")
    held = held_in(order)
    whole = refit(cost_on(order, order.points), held, order.values).minimum
    leverage = _leverage(cost_on(order, order.points), whole)
    runs = [_without(order, place, held, whole, float(h)) for place, h in enumerate(leverage)]
    return Influence(order, tuple(runs), _unbounded(order, held))


def _without(
    order: OrderParameter, place: int, held: Mapping[str, float], whole: Minimum, leverage: float
) -> Without:
    points = order.points
    label, temperature = points.labels[place], float(points.temperature[place])
    rest = points.subset(np.arange(len(points)) != place)
    free = [name for name in NAMES if name not in held]
    reason = too_little(rest, len(free))
    if reason:
        return Without(label, temperature, {}, {}, {}, {}, leverage, math.nan, reason)
    # a run that has a say of its own may hide another minimum of the rest
    found = refit(cost_on(order, rest), held, whole.values, tries=int(leverage > ALONE))
    minimum = found.minimum
    fall = math.sqrt(max(whole.chi2 - minimum.chi2, 0.0))
    over = points.value[place] - order_parameter_law(temperature, *minimum.values)[0][0]
    residual = math.copysign(fall, over)
    if found.reason:
        return Without(label, temperature, {}, {}, {}, {}, leverage, residual, found.reason)
    called = dict(zip(free, map(points.quantity.called, free), strict=True))
    values = {called[name]: minimum.values[NAMES.index(name)] for name in free}
    errors = {called[name]: minimum.errors.get(name, math.nan) for name in free}
    before = {called[name]: whole.errors.get(name, math.nan) for name in free}
    return Without(
        label, temperature, values, errors,
        {name: _in_errors(order, name, now - order[name].value) for name, now in values.items()},
        {name: error / before[name] for name, error in errors.items()},
        leverage, residual,
    )  # fmt: skip


def _in_errors(order: OrderParameter, name: str, change: float) -> float:
    """A change of a parameter over its error on that side."""
    sides = order[name].minos
    error = order[name].error if sides is None else abs(sides[change > 0])
    return change / error if error > 0 else math.nan


def _leverage(cost: LawCost, whole: Minimum) -> FloatArray:
    """(n,) diagonal of the hat matrix of the law linearised at its minimum.

    With latent temperatures a run has the weight of both of its errors along the curve.
    """
    points, t = cost.points, cost.points.temperature
    variance = points.error**2
    if cost.T_error is not None:
        _, _, t = latent_chi2(t, cost.T_error, points.value, points.error, whole.values)
        slope = order_parameter_slope(t, *whole.values)
        variance = variance + (slope * cost.T_error) ** 2
    _, gradient = order_parameter_law(t, *whole.values)
    places = [NAMES.index(name) for name in whole.free]
    design = (gradient[places] / np.sqrt(variance)).T
    scale = np.sqrt((design**2).sum(axis=0))
    left, sizes, _ = np.linalg.svd(design / np.where(scale > 0, scale, 1.0), full_matrices=False)
    kept = left[:, sizes > 1e-12 * sizes.max(initial=0.0)]
    return np.asarray((kept**2).sum(axis=1))


def _unbounded(order: OrderParameter, held: Mapping[str, float]) -> OrderParameter | None:
    """The fit without the runs above T_N, where they are felt."""
    points: OrderPoints = order.points
    if points.upper_bound is None:
        return None
    alone = replace(
        points, upper_bound=None, upper_bound_error=None, not_ordered=(), not_ordered_error=(),
        detectable=(),
    )  # fmt: skip
    found = fit_order_parameter(
        alone, parameter=order.parameter, alpha=held.get("alpha"), method=order.method,
        thermometer_offset=order.thermometer_offset,
    )  # fmt: skip
    now, then = order.T_N, found.T_N
    felt = [_in_errors(order, "T_N", then.value - now.value)]
    for sides in (now.minos, then.minos):
        felt.append(math.nan if sides is None else sides[1])
    change, with_bound, without = felt
    same = abs(change) < _FELT and abs(without - with_bound) < _FELT * with_bound
    return None if found.valid and same else found


def _named(run: Without) -> str:
    return f"run {run.label} ({run.temperature:.5g} K)"


def _parameter(order: OrderParameter, name: str) -> str:
    return str(order[name]) if order.valid else f"no fit, {order.reason}"


def _shown(number: float, form: str) -> str:
    return format(number, form) if math.isfinite(number) else "-"


def _plain(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
