"""Where a one-step fit begins: the law of the two-step fit, and the fits of the single runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.direct.above import common_above
from musrcu.direct.choices import Choices
from musrcu.direct.scanned import Scanned
from musrcu.direct.transition import (
    ABOVE,
    DISTANCE,
    Transition,
    amplitudes_of,
    is_constant,
    rest_of,
)
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model
from musrcu.models.parameter import Parameter
from musrcu.ordering.result import OrderParameter

LARGEST = 1.0
"""Amplitude of any asymmetry."""
BEYOND_DOUBT = 100.0
"""A line worth more than this in chi-square is there, or would be seen."""
NEIGHBOURS = 3
"""Runs whose mean stands for a rate of which another run says nothing."""
FEWER = 1e-3
"""Smallest rate that a start or a supposition has, 1/µs."""


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """Start values."""

    law: tuple[float, float, float, float]
    """nu0, T_N, beta and the exponent."""
    T_N_error: float
    """K."""
    shared: Mapping[str, float]
    """Amplitudes, phases and backgrounds of both models, by their names in the one-step fit."""
    own: tuple[Mapping[str, float], ...]
    """What each run has for itself, from its fit or that of the nearest run of that kind."""
    mine: tuple[frozenset[str], ...]
    """Which of these come from the run itself."""
    alone: tuple[Mapping[str, float], ...]
    """The same from the fits of each run alone with either model, whatever the verdict."""
    frequency: tuple[float | None, ...]
    """The order parameter in the fit of each run alone; None where it has none."""
    decided: tuple[bool, ...]
    """Whether the spectrum of a run leaves no doubt on which side of T_N it is."""
    seen: tuple[frozenset[str], ...]
    """Amplitudes, phases and backgrounds that a run itself says something of."""
    T: tuple[float, ...]
    """True temperatures, K."""
    means: Mapping[str, float]
    """Rates in the mean over the runs that have them."""
    has_paramagnetic: bool
    """Whether any run says what the spectrum is above T_N."""
    per_unit: float = 1.0
    """MHz in a unit of the order parameter."""

    @property
    def T_N(self) -> float:
        """K."""
        return self.law[1]

    def of_run(self, r: int, names: Sequence[str], local: Set[str]) -> dict[str, float]:
        """Start values of a run's parameters; those that are not local are the same in all."""
        nu0, T_N, beta, exponent = self.law
        found = {"nu0": nu0, "T_N": T_N, "beta": beta, "exponent": exponent}
        found |= {"T": self.T[r], DISTANCE: self.T[r] - T_N, "T_offset": 0.0}
        found |= {**self.shared, **self.own[r]}
        found |= {name: value for name, value in self.means.items() if name not in local}
        return {name: value for name, value in found.items() if name in names}

    def supposed(self, r: int, model: Transition, free: Set[str]) -> dict[str, float]:
        """Local parameters of the part of a run of which it says nothing: as in the nearest runs.

        Without this, a rate of a part that is not there would have no value at all. Of local
        amplitudes a run without that part knows the sum.
        """
        if model.part == "ordered":
            return {}
        own = {**self.own[r], **self.shared} if model.part == "both" else self.shared
        missing = {name: value for name, value in own.items() if name not in self.mine[r]}
        return {
            name: max(value, FEWER)
            for name, value in missing.items()
            if name in free and value >= 0 and name not in self.seen[r]
        }


def beginning(
    runs: Sequence[Scanned], models: tuple[Model, Model], parameter: str, order: OrderParameter,
    choices: Choices,
) -> Beginning:  # fmt: skip
    """Start values from the fits of a scan.

    Parameters
    ----------
    runs : sorted by temperature.
    models : the ordered and the paramagnetic one.
    parameter : name of the order parameter.
    order : the two-step fit, which has a value of everything even where it is not valid.
    choices : how runs are fitted.
    """
    law = (order.saturation.value, order.T_N.value, order.beta.value, order.alpha.value)
    ordered = [one for one in runs if one.found.verdict == "ordered"]
    other = [one for one in runs if one.found.verdict == "not ordered"]
    other = other or [
        one for one in runs if one.found.verdict == "undecided" and one.temperature > law[1]
    ]
    below, above = models
    shared = _shared(below, [one.found.ordered for one in ordered], {parameter}, "")
    left_out = {above.names[rest_of(above)]}
    left_out |= {above.names[t.amplitude] for t in above.terms
                 if is_constant(t) and t.amplitude is not None}  # fmt: skip
    shared |= _shared(above, [one.found.paramagnetic for one in other], left_out, ABOVE)
    common = common_above(other, below, above, shared, choices)
    shared |= {name: value for name, value in common.items() if name in shared}
    rates = {name: value for name, value in common.items() if name not in shared}
    own, mine = [], []
    for one in runs:
        found, from_it = _own(one, ordered, other, below, above)
        own.append(found | rates)
        mine.append(from_it)
    errors = [abs(side) for side in order.T_N.minos or ()] + [order.T_N.error]
    known = [one for one in errors if math.isfinite(one)]
    unit = below.parameters[below.index(parameter)].unit
    return Beginning(
        law, max(known, default=0.0), shared, tuple(own), tuple(mine),
        tuple(_alone(one, below, above) | rates for one in runs),
        tuple(_value(one.found.ordered, parameter)[0] for one in runs),
        _decided(runs, ordered), tuple(_seen(one, ordered, other, below, above) for one in runs),
        tuple(_true_temperature(one, law, parameter) for one in runs),
        _means(below, ordered, "") | _means(above, other, ABOVE) | rates, bool(other),
        GAMMA_MU_OVER_2PI * 1e-4 if unit == "G" else 1.0,
    )  # fmt: skip


def _shared(
    model: Model, fits: Sequence[FitResult | None], left_out: set[str], suffix: str
) -> dict[str, float]:
    """Weighted means over the fits, of phases on the circle."""
    found = {}
    for parameter in model.parameters:
        if parameter.kind not in ("amplitude", "phase") or parameter.name in left_out:
            continue
        pairs = [_value(fit, parameter.name) for fit in fits]
        known = [(value, error) for value, error in pairs if value is not None]
        if parameter.kind == "amplitude":  # a term that a run does not have may end anywhere
            known = [pair for pair in known if abs(pair[0]) <= LARGEST]
        if not known:
            continue
        values, errors = (np.array(column) for column in zip(*known, strict=True))
        weight = 1 / np.maximum(errors, 1e-12) ** 2
        weight = np.minimum(weight, 10 * np.median(weight))
        if parameter.kind == "phase":
            turned = (weight * np.exp(1j * np.radians(values))).sum()
            found[parameter.name + suffix] = float(np.degrees(np.angle(turned)))
        else:
            found[parameter.name + suffix] = float(weight @ values / weight.sum())
    return found


def _value(fit: FitResult | None, name: str) -> tuple[float | None, float]:
    if fit is None or name not in fit.parameters:
        return None, math.nan
    one = fit.parameters[name]
    return one.value, one.error or 1.0


def _own(
    one: Scanned, ordered: Sequence[Scanned], other: Sequence[Scanned], below: Model, above: Model
) -> tuple[dict[str, float], frozenset[str]]:
    """Rates of both parts, and the names of those that come from the run's own fit."""
    found: dict[str, float] = {}
    mine: set[str] = set()
    for model, group, suffix in ((below, ordered, ""), (above, other, ABOVE)):
        sources = [one]
        if one not in group and group:
            away = sorted(group, key=lambda other: abs(other.temperature - one.temperature))
            sources = away[:NEIGHBOURS]
        for parameter in rates_of(model):
            name = parameter.name + suffix
            value = mean_of(sources, parameter.name, suffix)
            found[name] = parameter.default if value is None else value
            if one in group:
                mine.add(name)
    return found, frozenset(mine)


def _seen(
    one: Scanned, ordered: Sequence[Scanned], other: Sequence[Scanned], below: Model, above: Model
) -> frozenset[str]:
    """Amplitudes, phases and backgrounds that a run says something of by itself.

    A run without a line knows the background and the sum of the amplitudes below T_N: all but one
    of these have to be known from elsewhere.
    """
    constants = {below.names[t.amplitude] for t in below.terms
                 if is_constant(t) and t.amplitude is not None}  # fmt: skip
    amplitudes = [below.names[k] for k in amplitudes_of(below)]
    if one in ordered:
        return frozenset({*below.names})
    found = {*constants, *amplitudes[:1]}
    if one in other:
        found |= {name + ABOVE for name in above.names}
    return frozenset(found)


def _means(model: Model, group: Sequence[Scanned], suffix: str) -> dict[str, float]:
    """Rates in the mean over the runs of one kind."""
    found = {p.name: mean_of(group, p.name, suffix) for p in rates_of(model)}
    return {name + suffix: value for name, value in found.items() if value is not None}


def rates_of(model: Model) -> list[Parameter]:
    """Parameters that are neither amplitudes nor phases."""
    return [one for one in model.parameters if one.kind not in ("amplitude", "phase")]


def mean_of(runs: Sequence[Scanned], name: str, suffix: str) -> float | None:
    """Weighted mean of a parameter in the fits of single runs with one of the models."""
    fits = [one.found.paramagnetic if suffix else one.found.ordered for one in runs]
    known = [(v, error) for v, error in (_value(fit, name) for fit in fits) if v is not None]
    if not known:
        return None
    values, errors = (np.array(column) for column in zip(*known, strict=True))
    weight = 1 / np.maximum(errors, 1e-12) ** 2
    weight = np.minimum(weight, 10 * np.median(weight))
    return float(weight @ values / weight.sum())


def _decided(runs: Sequence[Scanned], ordered: Sequence[Scanned]) -> tuple[bool, ...]:
    """Which runs are on one side of T_N beyond doubt: their line is worth enough in chi-square, or
    that of the hottest ordered run with as many counts would be.
    """
    hottest = max(ordered, key=lambda one: one.temperature, default=None)
    found = []
    for one in runs:
        gain = 0.0
        if one.found.verdict == "ordered":
            gain = _gain(one)
        elif one.found.verdict == "not ordered" and hottest is not None:
            gain = _gain(hottest) * _weight(one) / _weight(hottest)
        found.append(gain > BEYOND_DOUBT)
    return tuple(found)


def _gain(one: Scanned) -> float:
    """What the line of a run is worth in chi-square."""
    fits = one.found.ordered, one.found.paramagnetic
    chi2 = [math.nan if fit is None or fit.chi2 is None else fit.chi2 for fit in fits]
    return float(np.nan_to_num(chi2[1] - chi2[0], nan=0.0))


def _weight(one: Scanned) -> float:
    """By how many counts a run says what it says, in units of its own."""
    events = one.data.run.counts.sum()
    return max(float(events), 1.0)


def _alone(one: Scanned, below: Model, above: Model) -> dict[str, float]:
    """Rates in the fits of a run alone."""
    found = {}
    fits = ((below, one.found.ordered, ""), (above, one.found.paramagnetic, ABOVE))
    for model, fit, suffix in fits:
        for parameter in model.parameters:
            value = _value(fit, parameter.name)[0]
            if value is not None and parameter.kind not in ("amplitude", "phase"):
                found[parameter.name + suffix] = value
    return found


def _true_temperature(
    one: Scanned, law: tuple[float, float, float, float], parameter: str
) -> float:
    """Where a run probably is: where the law has its frequency, as far as its error allows."""
    nu0, T_N, beta, exponent = law
    reach = 3 * one.error
    if one.found.verdict != "ordered":
        return max(one.temperature, min(T_N * (1 + 1e-3), one.temperature + reach))
    nu = _value(one.found.ordered, parameter)[0]
    if nu is None or not 0 < nu < nu0:
        return min(one.temperature, max(T_N * (1 - 1e-3), one.temperature - reach))
    there = float(T_N * (1 - (nu / nu0) ** (1 / beta)) ** (1 / exponent))
    return min(max(there, one.temperature - reach), one.temperature + reach)
