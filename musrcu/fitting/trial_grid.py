"""Trial values of what is neither linear nor found by a scan: rates and widths over decades."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import AsymmetryCost, Cost
from musrcu.models.model import Model
from musrcu.models.parameter import Parameter

FloatArray = NDArray[np.float64]

MOST_TRIALS = 200
"""Combinations that are tried."""
PER_TERM = {1: (9,), 2: (9, 4), 3: (6, 3, 3)}
"""Values of each rate of a term, by how many of its parameters are tried."""
DENSE = 14
"""The same for terms of one rate in a model without lines."""
FLAT = 0.02
"""Rate times window below which relaxation is a straight line."""
STRAIGHT, PER_LINE = 0.3, 7
"""The same where a line is damped, and values of a rate that are tried there."""
STEEP = 1.0
"""Rate times bin width above which relaxation is over within a few bins."""
WIDE, BEYOND = 0.3, 4.0
"""The same for the first rate of a term of several, and times its highest seed for the others."""


def trial_values(cost: Cost, skip: Iterable[int]) -> list[tuple[float, ...]]:
    """The values to try of every parameter: given ones alone, those of ``skip`` at their default.

    A rate or width without seeds of its own kind is tried from what is a straight line in the
    window to what is over within a few bins.
    """
    freedom, model = cost.freedom, cost.freedom.model
    left = set(skip)
    single: dict[int, bool] = {}
    for k, parameter in enumerate(model.parameters):
        held = not np.isnan(freedom.start[k]) or k in freedom.ties or k in left
        alone = not is_rate(parameter) and len(parameter.trials) < 2
        single[k] = held or alone or parameter.kind == "amplitude"
    most = PER_TERM if model.lines() else PER_TERM | {1: (DENSE,)}
    many: dict[int, int] = {}
    among: set[int] = set()
    for term in model.terms:
        tried = [k for place in term.places for k in _range(place) if not single[k]]
        many |= zip(tried, most.get(len(tried), (3,) * len(tried)), strict=True)
        among |= set(tried) if len(tried) > 1 else set()
    turning = [model.terms[term].place for term, _, _ in model.lines()]
    damping = {k for place in turning for k in _range(place)}
    choices: list[tuple[float, ...]] = []
    for k, parameter in enumerate(model.parameters):
        given = float(freedom.start[k])
        if single[k]:
            choices.append((parameter.default if np.isnan(given) else given,))
            continue
        values = _values(cost, parameter, many.get(k, 1), k in damping, k in among)
        clipped = np.clip(values, freedom.lower[k], freedom.upper[k])
        choices.append(tuple(dict.fromkeys(float(v) for v in clipped)))
    return choices


def thinned(values: tuple[float, ...], most: int) -> tuple[float, ...]:
    """Some of the values, the first and last among them."""
    if most == 1:
        return values[len(values) // 2 :][:1]
    keep = np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))
    return values if len(values) <= most else tuple(values[k] for k in keep)


def combinations(choices: list[tuple[float, ...]], most: int = MOST_TRIALS) -> list[FloatArray]:
    """Every combination of the values; where these are too many, the longest lists are thinned."""
    lists, left = list(choices), max(len(values) for values in choices) if choices else 0
    while np.prod([len(values) for values in lists]) > most and left > 1:
        left -= 1
        for k, values in enumerate(choices):
            lists[k] = thinned(values, left)
            if np.prod([len(one) for one in lists]) <= most:
                break
    return [np.array(combination) for combination in itertools.product(*lists)]


def is_rate(parameter: Parameter) -> bool:
    """Whether a parameter is a rate or width of relaxation in time."""
    return parameter.kind == "plain" and parameter.unit == "1/us" and parameter.lower == 0


def settled(cost: AsymmetryCost, vectors: list[FloatArray]) -> list[FloatArray]:
    """The vectors with their ties; those that are numbers."""
    tied = [cost.freedom.apply_ties(full) for full in vectors]
    return [full for full in tied if np.isfinite(full).all()]


def apart(model: Model, a: FloatArray, b: FloatArray) -> bool:
    """Whether two trials differ by a factor of 3 in a rate, or in anything but amplitudes."""
    share = np.array([0.5 if is_rate(parameter) else 1e-3 for parameter in model.parameters])
    share[[k for k, one in enumerate(model.parameters) if one.kind == "amplitude"]] = np.inf
    size = np.maximum(np.abs(a) + np.abs(b), 1e-300)
    return bool((np.abs(a - b) > share * size).any())


def _values(
    cost: Cost, parameter: Parameter, many: int, damping: bool, among: bool
) -> tuple[float, ...]:
    if cost.freedom.model.variable != "t" or not is_rate(parameter):
        return parameter.trials
    time = cost.time
    window = max(float(time[-1]), 1e-6)
    step = float(np.diff(time).min()) if time.size > 1 else window
    slow, fast = min(parameter.trials), max(parameter.trials)
    low, high = slow, BEYOND * fast
    if damping:
        low, high, many = min(slow, STRAIGHT / window), STEEP / step, min(many, PER_LINE)
    elif many in (*PER_TERM[1], DENSE) and not among:
        low, high = min(slow, FLAT / window), STEEP / step
    elif many == PER_TERM[2][0]:
        high = max(fast, WIDE / step)
    high = min(max(fast, high), parameter.certified[1])
    low, high = max(low, 1e-9), max(high, fast)
    return tuple(low * (high / low) ** (k / max(many - 1, 1)) for k in range(many))


def _range(place: slice) -> range:
    return range(place.start, place.stop)
