"""From scanned runs to one likelihood: which parts each run has, what is shared, where to begin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.direct.choices import Choices
from musrcu.direct.names import unknown
from musrcu.direct.nodes import REACH, enough
from musrcu.direct.scanned import Scanned
from musrcu.direct.starting import Beginning
from musrcu.direct.straddling import Straddling
from musrcu.direct.transition import ABOVE, DISTANCE, TEMPERATURES, Part, Transition
from musrcu.errors import FitError, ModelError
from musrcu.fitting.constraint import Constraint
from musrcu.fitting.data import known_value
from musrcu.fitting.fitted_data import fitted_data
from musrcu.fitting.freedom import settle
from musrcu.fitting.judgement import Bound
from musrcu.fitting.metadata import bind
from musrcu.fitting.tie import parse_tie
from musrcu.joint.assemble import Assembly, assembled
from musrcu.joint.member import Draft
from musrcu.joint.words import Extra, Words, words
from musrcu.models.laws import order_parameter_law, order_parameter_slope
from musrcu.models.model import Model
from musrcu.ordering.method import held_alpha

FloatArray = NDArray[np.float64]

BACKGROUNDS = ("b_F", "b_B", "N0")
"""What the counts of every run have for themselves, measured alike in two of them by chance."""
SUPPOSED = 0.1
"""Part of its value within which a rate is taken from a neighbouring run. Wider, a run that is
on one side of T_N would fit its noise with a little of the other part."""
BALANCES = ("alpha", "detector_beta")
"""What all runs share of the experiment."""
EXACT = 1e-7
"""Error of an exact temperature beside others, in units of T_N."""
WIDEST = 0.2
"""Spread of the temperature within a run, in units of T_N, beyond which nothing is seen."""
FAR = 5.0
"""Errors of its temperature by which a run may be hotter than measured."""
NEAR = 8.0
"""A run within so many of its widths of T_N may be ordered in a part of its volume."""
NEAR_ERRORS = 5.0
"""Or within so many errors of T_N."""
NEAR_SHARE = 0.01
"""Or within this part of T_N."""


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A one-step fit before it begins."""

    runs: tuple[Scanned, ...]
    models: tuple[Transition, ...]
    parts: Assembly
    stack: Straddling
    choices: Choices
    begin: Beginning
    floor: float
    """Of sigma_TN, K."""
    T_N_limits: tuple[float, float]
    supposed: tuple[str, ...]
    """What was taken from neighbouring runs, in words."""

    def place(self, name: str) -> int:
        """Position of a shared parameter."""
        return self.parts.shared.labels.index(name)


def problem(
    runs: Sequence[Scanned], models: tuple[Model, Model], parameter: str, begin: Beginning,
    choices: Choices,
) -> Problem:  # fmt: skip
    """The likelihood of all runs.

    Parameters
    ----------
    runs : sorted by temperature.
    models : the ordered and the paramagnetic one.
    parameter : the order parameter's name in the ordered model.
    begin : where the law begins and what the runs have for themselves.

    Raises
    ------
    FitError or ModelError where it cannot be set up.
    """
    floor, sigma, free = choices.width(begin.T_N)
    widest = max((one.spread for one in runs), default=0.0)
    if widest > WIDEST * begin.T_N:
        raise FitError(
            f"spread = {widest:.3g} K within a run is more than a fifth of T_N, about "
            f"{begin.T_N:.3g} K; give what the temperature of a run varies by"
        )
    widths = [math.hypot(one.error, one.spread, sigma * (5 if free else 1)) for one in runs]
    parts = [_part(one, wide, begin) for one, wide in zip(runs, widths, strict=True)]
    limits = _limits_of_T_N(runs, widths, parts, begin)
    made = [
        Transition(
            *models, parameter, part=part, spread=one.spread,
            many=enough(*_turned(one, sigma * (5 if free else 1), begin)),
            from_T_N=part == "both" and one.error > 0,
        )
        for one, wide, part in zip(runs, widths, parts, strict=True)
    ]  # fmt: skip
    settings = _Settings(
        choices,
        begin,
        floor,
        sigma,
        free,
        limits,
        _smooth(choices, runs, begin),
        _balance(runs),
        _local(choices, made),
    )
    drafts, supposed = [], list[str]()
    for r, (one, model) in enumerate(zip(_alike(runs, begin.T_N), made, strict=True)):
        draft, words_of = _draft(r, one, model, settings)
        drafts.append(draft)
        supposed += words_of
    _check_names(choices, models[1], [*made, *(draft.freedom.model for draft in drafts)])
    told = _words(drafts, settings)
    assembly = assembled(tuple(drafts), told)
    stack = Straddling(assembly.members, assembly.shared, runs, made, begin.T_N_error)
    return Problem(
        tuple(runs), tuple(made), assembly, stack, choices, begin, floor, limits, tuple(supposed)
    )


@dataclass(frozen=True, slots=True)
class _Smooth:
    """A parameter that follows a polynomial in T."""

    tie: str
    coefficients: Mapping[str, Extra]


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the drafts of all runs are made with."""

    choices: Choices
    begin: Beginning
    floor: float
    sigma: float
    free: bool
    T_N_limits: tuple[float, float]
    smooth: Mapping[str, _Smooth]
    balance: Mapping[str, float]
    """Of the pair, as the fits of single runs have it in the mean."""
    local: frozenset[str]
    """What each run has for itself."""


def _alike(runs: Sequence[Scanned], T_N: float) -> list[Scanned]:
    """The runs, exact temperatures among others with errors next to exact: all have one then."""
    if all(one.error == 0 for one in runs) or all(one.error > 0 for one in runs):
        return list(runs)
    return [one if one.error > 0 else replace(one, error=EXACT * T_N) for one in runs]


def _part(one: Scanned, wide: float, begin: Beginning) -> Part:
    """Which parts of the sample's volume a run may have."""
    away = abs(one.temperature - begin.T_N)
    near = NEAR * wide + NEAR_ERRORS * begin.T_N_error + NEAR_SHARE * begin.T_N
    if away > near and one.found.verdict == "ordered" and one.temperature < begin.T_N:
        return "ordered"
    if away > near and one.found.verdict != "ordered" and one.temperature > begin.T_N:
        return "paramagnetic"
    return "both" if begin.has_paramagnetic else "ordered"


def _limits_of_T_N(
    runs: Sequence[Scanned], widths: Sequence[float], parts: Sequence[Part], begin: Beginning
) -> tuple[float, float]:
    """T_N lies above the runs that are ordered whatever it is, and below those that are not."""
    pairs = list(zip(runs, widths, parts, strict=True))
    low = [o.temperature + REACH * w for o, w, p in pairs if p == "ordered" and w < 0.1 * begin.T_N]
    high = [o.temperature - REACH * w for o, w, p in pairs if p == "paramagnetic"]
    lowest = max((one for one in low if one < begin.T_N), default=0.1 * begin.T_N)
    highest = min((one for one in high if one > begin.T_N), default=10 * begin.T_N)
    return lowest, highest


def _turned(one: Scanned, sigma: float, begin: Beginning) -> tuple[float, float]:
    """Radians by which the phases of the line spread until the last bin: one standard deviation of
    them away from T_N, and between the slowest and the fastest next to it.
    """
    s = max(math.hypot(one.spread, sigma), 1e-9 * begin.T_N)
    hottest = one.temperature + FAR * one.error
    where = max(min(hottest, begin.T_N - REACH * s), 0.0)
    slope = float(order_parameter_slope(where, *begin.law)[0])
    fastest = float(order_parameter_law(max(begin.T_N - 2 * REACH * s, 0.0), *begin.law)[0][0])
    last = 2 * math.pi * begin.per_unit * float(one.data.time[-1])
    return abs(last * slope * s), last * fastest


def _smooth(choices: Choices, runs: Sequence[Scanned], begin: Beginning) -> dict[str, _Smooth]:
    """Ties of the parameters that follow polynomials in T over the highest temperature, each from
    the polynomial through what single runs have.
    """
    if not choices.smooth:
        return {}
    top = max(one.temperature for one in runs)
    found = {}
    for name, degree in choices.smooth.items():
        pairs = [
            (one.temperature / top, own[name])
            for one, own, mine in zip(runs, begin.own, begin.mine, strict=True)
            if name in mine
        ]
        start = np.zeros(degree + 1)
        if pairs:
            x, y = np.array(pairs).T
            order = min(degree, np.unique(x).size - 1)
            start[: order + 1] = np.polynomial.polynomial.polyfit(x, y, order)
        terms = [f"{name}_{k}*(temperature/{top!r})**{k}" for k in range(1, degree + 1)]
        found[name] = _Smooth(
            " + ".join([f"{name}_0", *terms]),
            {f"{name}_{k}": float(value) for k, value in enumerate(start)},
        )
    return found


def _local(choices: Choices, models: Sequence[Transition]) -> frozenset[str]:
    """Names of what each run has for itself."""
    if choices.local is not None:
        return frozenset(choices.local)
    law = {"nu0", "T_N", "beta", "exponent", DISTANCE, *TEMPERATURES}
    return frozenset(
        one.name
        for model in models
        for one in model.parameters
        if one.kind not in ("amplitude", "phase") and one.name not in law
    )


def _draft(r: int, one: Scanned, model: Transition, settings: _Settings) -> tuple[Draft, list[str]]:
    """One run, settled as for a fit of its own, and what was supposed of it."""
    choices, begin = settings.choices, settings.begin
    data = fitted_data(one.data, choices.t_range, choices.average_bins, choices.cost)
    told = {*choices.start, *choices.fixed, *choices.limits}
    told |= {name for known in choices.constraints for name in known.names}
    constrained = {name for known in choices.constraints for name in known.names}
    seen, known = data.seen(model, told, constrained | {*choices.fixed})
    mine = {n for n in told if n in seen.names}
    held = {**known.fixed, **_held(one, settings), **_only(choices.fixed, mine)}
    held = {name: value for name, value in held.items() if name in seen.names}
    limits: dict[str, Any] = {"T_N": settings.T_N_limits, "sigma_TN": (settings.floor, None)}
    limits["nu0"] = (0.1 * begin.law[0], 3 * begin.law[0])
    limits |= _only(choices.limits, mine)
    limits = {name: pair for name, pair in limits.items() if name in seen.names}
    start = {
        **_behind(one, seen, known.constraints, settings.balance),
        **begin.of_run(r, seen.names, settings.local),
        **_only(choices.start, mine),
    }
    ties = {
        seen.index(name): bind(parse_tie(smooth.tie), name, data.run,
                               {*seen.names, *smooth.coefficients})
        for name, smooth in settings.smooth.items()
        if name in seen.names
    }  # fmt: skip
    start = {name: value for name, value in start.items() if seen.index(name) not in ties}
    start = _inside(start, held, limits, seen)
    freedom = settle(seen, start, held, limits)
    constraints = [c for c in known.constraints if set(c.names) <= set(seen.names)]
    constraints += [c for c in choices.constraints if set(c.names) <= set(seen.names)]
    constraints += _temperatures(one, model, choices)
    free = {seen.names[k] for k in freedom.free if int(k) not in ties}
    supposed = begin.supposed(r, model, (free & settings.local) - constrained)
    constraints += [known_value(name, v, SUPPOSED * v) for name, v in supposed.items()]
    words_of = [f"{one.name}: {name} = {value:.2g}" for name, value in supposed.items()]
    total = getattr(one.data, "total", None)
    bound = Bound(total, getattr(one.data, "total_error", None))
    return Draft(data, freedom, ties, constraints, {}, bound), words_of


def _balance(runs: Sequence[Scanned]) -> dict[str, float]:
    """Means of what all runs share of the experiment."""
    fits = [one.found.result for one in runs if one.found.result is not None]
    found = {}
    for name in BALANCES:
        values = [fit.parameters[name].value for fit in fits if name in fit.parameters]
        known = [value for value in values if value is not None]
        if known:
            found[name] = float(np.mean(known))
    return found


def _behind(
    one: Scanned, seen: Any, known: Sequence[Constraint], balance: Mapping[str, float]
) -> dict[str, float]:
    """What the experiment adds to the model: as it is known, else as the run's own fit has it."""
    fit = one.found.result
    names = seen.names[seen.own :]
    found = (
        {} if fit is None else {n: fit.parameters[n].value for n in names if n in fit.parameters}
    )
    found |= {name: value for name, value in balance.items() if name in names}
    found |= {name: float(v) for c in known for name, v in zip(c.names, c.values, strict=True)}
    return {name: value for name, value in found.items() if value is not None}


def _only(table: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name in names}


def _inside(
    start: Mapping[str, float], held: Mapping[str, float], limits: Mapping[str, Any], seen: Model
) -> dict[str, float]:
    """Start values off their limits."""
    found = {}
    for name, value in start.items():
        one = seen.parameters[seen.index(name)]
        low, high = limits.get(name, (one.lower, one.upper))
        low = -math.inf if low is None else low
        high = math.inf if high is None else high
        found[name] = value if name in held else min(max(value, low), high)
    return found


def _held(one: Scanned, settings: _Settings) -> dict[str, float]:
    """What is not free: the exponent, the width, exact temperatures, an offset nobody allowed."""
    held = held_alpha(settings.choices.alpha)
    found = {"exponent": held["alpha"]} if held else {}
    if not settings.free:
        found["sigma_TN"] = settings.sigma
    if one.error == 0:
        found["T"] = one.temperature
    if not settings.choices.thermometer_offset:
        found["T_offset"] = 0.0
    return found


def _temperatures(one: Scanned, model: Transition, choices: Choices) -> list[Constraint]:
    """What the thermometer says."""
    if model.part == "paramagnetic":
        return []
    found = []
    if one.error > 0 and not model.from_T_N:
        found.append(known_value("T", one.temperature, one.error))
    if choices.thermometer_offset:
        found.append(known_value("T_offset", 0.0, float(choices.thermometer_offset)))
    return found


def _check_names(choices: Choices, above: Model, models: Sequence[Model]) -> None:
    """Raise a ModelError for a name that no run has; what is only above T_N may be in none."""
    known = {name: None for model in models for name in model.names}
    known |= dict.fromkeys(name + ABOVE for name in above.names)
    said = {*choices.start, *choices.fixed, *choices.limits, *choices.smooth}
    said |= {*(choices.local or ())} | {n for c in choices.constraints for n in c.names}
    for name in sorted(said - known.keys()):
        hidden = {"T", DISTANCE, "T_offset", "exponent"}
        raise ModelError(unknown(name, [one for one in known if one not in hidden]))


def _words(drafts: Sequence[Draft], settings: _Settings) -> Words:
    """What is local; all else is shared."""
    free = {draft.freedom.model.names[k] for draft in drafts for k in draft.untied}
    behind = {n for draft in drafts for n in draft.freedom.model.names if n in BACKGROUNDS}
    local = dict.fromkeys([*sorted(settings.local), *({"T", DISTANCE} & free), *sorted(behind)])
    smooth = settings.smooth
    return words(
        local=[name for name in local if name in free],
        ties={name: one.tie for name, one in smooth.items()},
        extra={n: v for one in smooth.values() for n, v in one.coefficients.items()},
        constraints=(),
    )
