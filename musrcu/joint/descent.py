"""The minimum of a joint fit by damped Gauss-Newton steps with the local parameters eliminated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.joint.elimination import eliminate, local_blocks
from musrcu.joint.stack import BoolArray, IntArray, Stack, State

FloatArray = NDArray[np.float64]

MOST = 1e8
"""Damping at which a step is given up."""


def inside(stack: Stack, s: FloatArray, local: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The point inside the limits that is nearest."""
    return (
        np.clip(s, stack.shared.lower, stack.shared.upper),
        np.clip(local, stack.lower, stack.upper),
    )


def free_of(stack: Stack, state: State) -> tuple[BoolArray, BoolArray]:
    """Which shared and which local parameters may move: held ones and those pushed against a limit
    may not.
    """
    m, shared = stack.m, stack.shared
    slope = stack.gather(state.gradient[:, :m]) + shared.known(state.s)[1]
    pushed = ((state.s <= shared.lower) & (slope > 0)) | ((state.s >= shared.upper) & (slope < 0))
    own = state.gradient[:, m:]
    low, high = state.local <= stack.lower, state.local >= stack.upper
    return ~pushed & ~shared.held, stack.has & ~((low & (own > 0)) | (high & (own < 0)))


def descend(
    stack: Stack, state: State, *, steps: int = 60, tolerance: float = 1e-9
) -> tuple[State, bool]:
    """Damped steps (Levenberg-Marquardt) of all parameters inside their limits.

    Returns
    -------
    (state, whether it ended because no step promises to gain more than ``tolerance``).

    Source: D. W. Marquardt, J. Soc. Indust. Appl. Math. 11, 431 (1963).
    """
    best, damping = stack.total(state), 1e-4
    for _ in range(steps):
        free_s, free_l = free_of(stack, state)
        found, gain = None, 0.0
        while damping < MOST:
            trial, gain = _trial(stack, state, free_s, free_l, damping)
            if gain < tolerance:
                return state, True
            found = stack.state(*inside(stack, *trial))
            if stack.total(found) < best:
                break
            found, damping = None, max(damping * 10, 1e-4)
        if found is None:
            # what is left to gain drowns in rounding
            return state, gain < 1e-5
        state, best, damping = found, stack.total(found), max(damping / 10, 1e-12)
    return state, False


def _trial(
    stack: Stack, state: State, free_s: BoolArray, free_l: BoolArray, damping: float
) -> tuple[tuple[FloatArray, FloatArray], float]:
    """A damped step and the gain in cost that it promises."""
    m = stack.m
    reduced = eliminate(stack, state, free_l, damping)
    step = np.zeros(stack.shared.n)
    if free_s.any():
        matrix = reduced.matrix[np.ix_(free_s, free_s)]
        whole = np.diagonal(state.matrix, axis1=1, axis2=2)[:, :m]
        diagonal = (stack.gather(whole) + np.diag(stack.shared.known(state.s)[2]))[free_s]
        scale = np.sqrt(np.maximum(diagonal, 1e-12 * max(float(diagonal.max()), 1e-300)))
        unit = matrix / np.outer(scale, scale) + max(damping, 1e-13) * np.eye(scale.size)
        step[free_s] = -np.linalg.solve(unit, reduced.gradient[free_s] / scale) / scale
    local = np.where(free_l, reduced.local_step(stack, step), 0.0)
    slope = stack.gather(state.gradient[:, :m]) + stack.shared.known(state.s)[1]
    gain = -float(slope @ step) - float((state.gradient[:, m:] * local).sum())
    return (state.s + step, state.local + local), gain


def follow(stack: Stack, state: State, *, steps: int = 40, tolerance: float = 1e-9) -> State:
    """The minimum over the local parameters alone, each run with a damping of its own."""
    m = stack.m
    damping = np.full(len(stack.members), 1e-9)
    state = state.copy()
    for _ in range(steps):
        free = free_of(stack, state)[1]
        block, scale = local_blocks(state.matrix, free, m)
        block = block + np.maximum(damping, 1e-13)[:, None, None] * np.eye(stack.n)
        own = np.where(free, state.gradient[:, m:], 0.0)
        step = -np.linalg.solve(block, (own / scale)[:, :, None])[:, :, 0] / scale
        gain = -(own * step).sum(axis=1)
        moving = np.flatnonzero((gain > tolerance) & (damping < MOST))
        if not moving.size:
            break
        _move(stack, state, step, damping, moving)
    return state


def _move(
    stack: Stack, state: State, step: FloatArray, damping: FloatArray, moving: IntArray
) -> None:
    """Try a step in some runs: those that it serves take it, the others are damped more."""
    local = state.local.copy()
    local[moving] = np.clip(local[moving] + step[moving], stack.lower[moving], stack.upper[moving])
    found = stack.state(state.s, local, moving)
    good = found.cost < state.cost[moving]
    better, worse = moving[good], moving[~good]
    for name in ("local", "cost", "gradient", "matrix"):
        getattr(state, name)[better] = getattr(found, name)[good]
    damping[better] = np.maximum(damping[better] / 10, 1e-12)
    damping[worse] = np.maximum(damping[worse] * 10, 1e-6)
