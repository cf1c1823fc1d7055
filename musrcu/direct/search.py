"""The minimum of a one-step fit: descents, and runs tried on the other side of T_N."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from musrcu.direct.nodes import REACH
from musrcu.direct.problem import Problem
from musrcu.fitting.cost import NO_NUMBER
from musrcu.joint.blocks import Blocks, blocks
from musrcu.joint.descent import descend, follow, free_of, inside
from musrcu.joint.profiled import confirm
from musrcu.joint.stack import Stack, State

FloatArray = NDArray[np.float64]

GAIN = 1e-3
"""In cost, for which a run goes to the other side of T_N."""
ROUNDS = 4
"""How often runs are tried there."""
MORE_STEPS = 200


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Lowest:
    """The minimum, or where the search ended."""

    state: State
    reason: str
    """Why it is no minimum; empty where it is one."""
    blocks: Blocks | None = None
    free_s: NDArray[np.bool_] | None = None
    free_l: NDArray[np.bool_] | None = None


def begin(found: Problem) -> State:
    """Where the fit begins."""
    stack = found.stack
    local = np.zeros((len(stack.members), stack.n))
    for r, member in enumerate(stack.members):
        local[r, : len(member.local)] = member.draft.freedom.start[list(member.local)]
    s = np.nan_to_num(stack.shared.start, nan=0.0)
    return stack.state(*inside(stack, s, np.nan_to_num(local, nan=0.0)))


def lowest(found: Problem, state: State) -> Lowest:
    """The minimum that is reached from here, with its covariance."""
    stack = found.stack
    if (state.cost >= NO_NUMBER).any():
        name = stack.members[int(np.argmax(state.cost))].draft.name
        return Lowest(state, f"{name}: no start values give a finite chi-square")
    state = settle(found, stack, state)
    state, reason = confirm(stack, state)
    if reason:
        state, done = descend(stack, state, steps=MORE_STEPS)
        reason = "" if done else f"{reason}; the descent of all parameters did not converge"
    free_s, free_l = free_of(stack, state)
    made, singular = blocks(stack, state, state.matrix, free_s, free_l)
    return Lowest(state, singular or reason, made, free_s, free_l)


def settle(found: Problem, stack: Stack, state: State) -> State:
    """The lowest of the minima that differ in the side of T_N on which single runs are."""
    state = descend(stack, state)[0]
    for _ in range(ROUNDS):
        before = stack.total(state)
        moved = crossed(found, stack, state)
        if moved is None:
            break
        moved = descend(stack, moved)[0]
        if not stack.total(moved) < before - GAIN:
            break
        state = moved
    return state


def crossed(found: Problem, stack: Stack, state: State) -> State | None:
    """The state with single runs on the other side of T_N where they cost less there."""
    T_N, s = _T_N(found, state.s), _width(found, state.s)
    offset = value_of(found, state.s, "T_offset")
    local = state.local.copy()
    tried = []
    for r, member in enumerate(stack.members):
        model, names = found.models[r], member.cost.freedom.model.names
        places = [k for k, place in enumerate(member.local) if names[place] == "T"]
        if model.part != "both" or not places:
            continue
        wide = max(float(np.hypot(s, model.spread)), 1e-12)
        here = state.local[r, places[0]] + offset
        other = T_N - 2 * wide if here > T_N else T_N + 2 * wide
        if abs(other - offset - found.runs[r].temperature) < REACH * found.runs[r].error:
            local[r, places[0]] = other - offset
            tried.append(r)
    if not tried:
        return None
    runs = np.array(tried)
    there = follow(stack, stack.state(state.s, local), steps=12, tolerance=1e-3)
    better = runs[there.cost[runs] < state.cost[runs] - GAIN]
    if not better.size:
        return None
    moved = state.local.copy()
    moved[better] = there.local[better]
    return stack.state(state.s, moved)


def _T_N(found: Problem, s: FloatArray) -> float:
    return value_of(found, s, "T_N")


def _width(found: Problem, s: FloatArray) -> float:
    return value_of(found, s, "sigma_TN")


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
