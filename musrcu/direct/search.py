"""The minimum of a one-step fit: descents, and runs tried on either side of T_N."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.direct.problem import Problem
from musrcu.direct.sides import GAIN, better_places
from musrcu.fitting.cost import NO_NUMBER
from musrcu.joint.blocks import Blocks, blocks
from musrcu.joint.descent import descend, free_of, inside
from musrcu.joint.stack import Stack, State

FloatArray = NDArray[np.float64]

STEPS = 40
"""Of one descent; it is more than enough unless it follows a valley."""
MORE_STEPS = 200
ROUNDS = 4
"""How often runs are tried elsewhere."""
FLAT = 1e-9
"""Smallest eigenvalue of what a run knows of its own parameters, scaled to a unit diagonal."""
TOLERANCE = 1e-5
"""Gain in cost that no step promises any more at the end."""


@dataclass(frozen=True, slots=True, eq=False)
class Lowest:
    """The minimum, or where the search ended."""

    state: State
    reason: str
    """Why it is no minimum; empty where it is one."""
    blocks: Blocks | None = None
    free_s: NDArray[np.bool_] | None = None
    free_l: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    """What of single runs is not determined."""


def begin(found: Problem) -> State:
    """Where the fit begins."""
    stack = found.stack
    local = np.zeros((len(stack.members), stack.n))
    for r, member in enumerate(stack.members):
        local[r, : len(member.local)] = member.draft.freedom.start[list(member.local)]
    s = np.nan_to_num(stack.shared.start, nan=0.0)
    return stack.state(*inside(stack, s, np.nan_to_num(local, nan=0.0)))


def lowest(found: Problem, state: State) -> Lowest:
    """The minimum that is reached from here, with its covariance: the inverse of the expected
    Hessian, the exact one having no meaning for a run that is all on one side of T_N.
    """
    stack = found.stack
    if (state.cost >= NO_NUMBER).any():
        name = stack.members[int(np.argmax(state.cost))].draft.name
        return Lowest(state, f"{name}: no start values give a finite chi-square")
    state, converged = settle(found, stack, state)
    if not converged:
        state, converged = descend(stack, state, steps=MORE_STEPS, tolerance=TOLERANCE)
    reason = "" if converged else "the descent of all parameters did not converge"
    free_s, free_l = free_of(stack, state)
    free_l, notes = determined(stack, state, free_l)
    made, singular = blocks(stack, state, state.matrix, free_s, free_l)
    return Lowest(state, singular or reason, made, free_s, free_l, notes)


def determined(
    stack: Stack, state: State, free: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """(n_runs, n_local) the local parameters that the data determine, and what to say of others.

    A rate of a term that a run does not have has no value and no error; it is held where it is, for
    nothing else depends on it.
    """
    free, notes = free.copy(), []
    for r, member in enumerate(stack.members):
        names = [member.cost.freedom.model.names[place] for place in member.local]
        own = state.matrix[r, stack.m :, stack.m :]
        while free[r].any():
            chosen = np.flatnonzero(free[r])
            block = own[np.ix_(chosen, chosen)]
            largest = float(np.diag(own).max(initial=1e-300))
            scale = np.sqrt(np.maximum(np.diag(block), 1e-12 * largest))
            size, axes = np.linalg.eigh(block / np.outer(scale, scale))
            if size[0] > FLAT:
                break
            k = int(chosen[np.argmax(np.abs(axes[:, 0]))])
            free[r, k] = False
            at_limit = state.local[r, k] in (stack.lower[r, k], stack.upper[r, k])
            if not at_limit:
                notes.append(
                    f"{member.draft.name}: {names[k]} is not determined, held at "
                    f"{state.local[r, k]:.3g}"
                )
    return free, tuple(notes)


def settle(found: Problem, stack: Stack, state: State) -> tuple[State, bool]:
    """The lowest of the minima that differ in where single runs are, and whether it is one."""
    state = better_places(found, stack, state) or state
    state, converged = descend(stack, state, steps=STEPS, tolerance=TOLERANCE)
    for _ in range(ROUNDS):
        moved = better_places(found, stack, state)
        if moved is None:
            break
        moved, there = descend(stack, moved, steps=STEPS, tolerance=TOLERANCE)
        if not stack.total(moved) < stack.total(state) - GAIN:
            break
        state, converged = moved, there
    return state, converged


def follower(found: Problem) -> Callable[[Stack, FloatArray, FloatArray], State]:
    """How a profile is followed: runs may change sides as T_N moves."""

    def follow(stack: Stack, s: FloatArray, local: FloatArray) -> State:
        return settle(found, stack, stack.state(*inside(stack, s, local)))[0]

    return follow
