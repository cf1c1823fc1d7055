"""On which side of T_N a run is: single runs tried where their own fits say they may be."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from musrcu.direct.nodes import LAW
from musrcu.direct.problem import Problem
from musrcu.direct.transition import ABOVE, DISTANCE
from musrcu.joint.descent import follow, inside
from musrcu.joint.stack import Stack, State

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PER_RUN = ("local", "cost", "gradient", "matrix")
FOLLOWED = 15
"""Steps by which a run settles in another place."""
GAIN = 1e-3
"""In cost, for which a run goes to another place."""
ERRORS = 6.0
"""Errors of its temperature within which a run is looked for."""
WORSE = 10.0
"""In cost, than in the fit of the run alone, from which a run is tried again."""
APART = 3.0
"""Widths of the transition from T_N at which a run is all on one side."""


def better_places(found: Problem, stack: Stack, state: State) -> State | None:
    """The state with single runs where they cost less, the shared parameters as they are.

    A run near T_N has two places: below, where the law has the frequency that a fit of the run
    alone found, and above. A run in which a line would be or is seen beyond doubt has one. None
    where no run gains.
    """
    best = state
    for below in (True, False):
        local = best.local.copy()
        tried = [
            r for r in range(len(stack.members))
            if _place(found, stack, best, r, below, local[r])
        ]  # fmt: skip
        if tried:
            best = _better(stack, best, local, np.array(tried))
    return None if best is state else best


def _better(stack: Stack, best: State, local: FloatArray, tried: IntArray) -> State:
    """The state with those of the tried runs that cost less with these local parameters."""
    s, local = inside(stack, best.s, local)
    there = best.copy()
    sub = stack.state(s, local, tried)
    for name in PER_RUN:
        getattr(there, name)[tried] = getattr(sub, name)
    there = follow(stack, there, steps=FOLLOWED, tolerance=1e-4)
    gained = tried[there.cost[tried] < best.cost[tried] - GAIN]
    if not gained.size:
        return best
    moved = best.copy()
    for name in PER_RUN:
        getattr(moved, name)[gained] = getattr(there, name)[gained]
    return moved


def _place(
    found: Problem, stack: Stack, state: State, r: int, below: bool, local: FloatArray
) -> bool:
    """Put the local parameters of a run on one side; False where it is or cannot be there."""
    member, model, one = stack.members[r], found.models[r], found.runs[r]
    names = [member.cost.freedom.model.names[place] for place in member.local]
    if model.part != "both":
        return False
    if not model.from_T_N:
        return _again(found, stack, state, r, below, local, names)
    if found.begin.decided[r] and below != (one.found.verdict == "ordered"):
        return False
    law, sigma, offset = _shared(found, state)
    wide = APART * max(math.hypot(sigma, model.spread), 1e-9 * law[1])
    measured = one.temperature + offset
    here = local[names.index(DISTANCE)]
    if (-here if below else here) >= wide:
        return False
    if below:
        T = min(_where(law, found.begin.frequency[r], measured), law[1] - wide)
    else:
        T = max(measured, law[1] + wide)
    if abs(T - measured) > ERRORS * one.error:
        return False
    local[names.index(DISTANCE)] = T - law[1]
    for k, name in enumerate(names):
        own = found.begin.alone[r].get(name)
        if own is not None and name.endswith(ABOVE) != below:
            local[k] = own
    return True


def _again(
    found: Problem, stack: Stack, state: State, r: int, below: bool, local: FloatArray,
    names: list[str],
) -> bool:  # fmt: skip
    """Put the rates of a run of exact temperature where its own fit has them; False where it is on
    the other side, or fits as well as it does alone.
    """
    one = found.runs[r]
    law, _, offset = _shared(found, state)
    fit = one.found.ordered if below else one.found.paramagnetic
    if (one.temperature + offset < law[1]) != below or fit is None or fit.chi2 is None:
        return False
    if state.cost[r] < fit.chi2 + WORSE:
        return False
    for k, name in enumerate(names):
        own = found.begin.alone[r].get(name)
        if own is not None and name.endswith(ABOVE) != below:
            local[k] = own
    return True


def _where(law: tuple[float, ...], nu: float | None, measured: float) -> float:
    """The temperature at which the law has a frequency; the measured one where there is none."""
    nu0, T_N, beta, exponent = law
    if nu is None or not 0 < nu < nu0:
        return measured
    return float(T_N * (1 - (nu / nu0) ** (1 / beta)) ** (1 / exponent))


def _shared(found: Problem, state: State) -> tuple[tuple[float, ...], float, float]:
    """The law, the width of the transition and the offset of the thermometer."""
    values = [value_of(found, state.s, name) for name in (*LAW, "sigma_TN", "T_offset")]
    return tuple(values[:4]), values[4], values[5]


def value_of(found: Problem, s: FloatArray, name: str) -> float:
    """A parameter of all runs, shared or held."""
    labels = found.parts.shared.labels
    if name in labels:
        return float(s[labels.index(name)])
    for draft in found.parts.drafts:
        model = draft.freedom.model
        if name in model.names:
            return float(draft.freedom.start[model.index(name)])
    return 0.0
