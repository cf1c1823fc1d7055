"""Unequal errors of shared parameters: where the cost profiled over all others rises by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from musrcu.joint.blocks import Blocks
from musrcu.joint.descent import descend, inside
from musrcu.joint.stack import Stack, State

FloatArray = NDArray[np.float64]

MOST = 12
"""Points tried for one end."""
ENOUGH = 1e-4
"""The cost at an end is 1 above its minimum to within this."""


def intervals(
    stack: Stack, state: State, blocks: Blocks, names: Iterable[str], notes: list[str]
) -> dict[str, tuple[float, float]]:
    """(negative, positive) distances to the ends of each; a note where there is none."""
    found: dict[str, tuple[float, float]] = {}
    for name in names:
        k = stack.shared.labels.index(name)
        if not blocks.free_s[k]:
            notes.append(f"no MINOS error for {name}: it is not free")
            continue
        ends = [_end(stack, state, blocks, k, sign) for sign in (-1.0, 1.0)]
        low, high = ends
        if low is None or high is None:
            notes.append(f"no MINOS error for {name}: chi-square does not rise by one")
            continue
        found[name] = (low, high)
    return found


def _end(stack: Stack, state: State, blocks: Blocks, k: int, sign: float) -> float | None:
    """The distance to one end: Newton's steps in the root of the rise, each point a minimum with
    this parameter held and the others descending from where the last two say they will be.
    """
    held = stack.shared.held.copy()
    held[k] = True
    shared = dataclasses.replace(stack.shared, held=held)
    error = float(np.sqrt(blocks.shared[k, k]))
    lowest, step = stack.total(state), sign * error
    whole = _holding(stack, shared)
    # the others follow their correlation with this one
    slope = blocks.shared[:, k] / blocks.shared[k, k]
    here, at = state, 0.0
    low, high = 0.0, np.inf
    for _ in range(MOST):
        s = here.s + slope * (step - at)
        s[k] = state.s[k] + step
        if not stack.shared.lower[k] <= s[k] <= stack.shared.upper[k]:
            return None
        along = np.append(slope * (step - at), 0.0)[stack.index]
        local = here.local + np.matmul(blocks.response, along[:, :, None])[:, :, 0]
        here = descend(whole, whole.state(*inside(whole, s, local)), tolerance=1e-7)[0]
        at = step
        rise = whole.total(here) - lowest
        if abs(rise - 1) < ENOUGH:
            return float(step)
        low, high = (max(low, abs(step)), high) if rise < 1 else (low, min(high, abs(step)))
        force = whole.gather(here.gradient[:, : whole.m])[k] + shared.known(here.s)[1][k]
        root = np.sqrt(max(rise, 1e-12))
        # d sqrt(rise) / d step, the derivative of the profile being that of the cost
        by = sign * force / root
        size = abs(step) + (1 - root) / by if by > 0 else 0.0
        if not low < size < high:
            size = 0.5 * (low + high) if np.isfinite(high) else 2 * abs(step)
        step = sign * size
    return None


def _holding(stack: Stack, shared: object) -> Stack:
    """The same runs with other shared parameters held."""
    import copy

    other = copy.copy(stack)
    other.shared = shared  # type: ignore[assignment]
    return other
