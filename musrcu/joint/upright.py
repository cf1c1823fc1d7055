"""Normal form of all runs at once: a sign that is shared turns for all of them or for none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.joint.scopes import Scopes
from musrcu.joint.stack import Stack

FloatArray = NDArray[np.float64]


def upright(
    stack: Stack, scopes: Scopes, fulls: Sequence[FloatArray]
) -> tuple[list[FloatArray], list[FloatArray]]:
    """All parameters of every run with nu >= 0, amplitudes >= 0 and phases in (-180, 180], and
    the signs by which errors change.

    Where a shared parameter would turn in some runs and not in others, or a limit be left, or
    what a tie relates change, the term keeps its signs.
    """
    held = [_held(stack, scopes, r, full) for r, full in enumerate(fulls)]
    while True:
        pairs = [
            (full.copy(), np.ones(full.size))
            if _is_upright(stack, r, full)
            else stack.members[r].cost.freedom.model.normal_form(full, held[r])
            for r, full in enumerate(fulls)
        ]
        again = False
        for name, runs in zip(scopes.names, scopes.runs, strict=True):
            moved = {_moved(stack, r, name, fulls[r], pairs[r]) for r in runs}
            if len(moved) > 1:
                again |= _hold(stack, held, name, runs)
        if not again:
            values, signs = zip(*pairs, strict=True)
            return [_wrapped(stack, r, full) for r, full in enumerate(values)], list(signs)


def _wrapped(stack: Stack, r: int, full: FloatArray) -> FloatArray:
    """The parameters with phases less whole turns, where no limit and no tie but an equal phase
    has to do with them."""
    member, full = stack.members[r], full.copy()
    freedom, ties = member.cost.freedom, member.draft.ties
    names = freedom.model.names
    for _, phi in _terms(stack, r):
        turns = float(np.ceil((full[phi] - 180.0) / 360.0)) * 360.0
        limited = np.isfinite(freedom.lower[phi]) or np.isfinite(freedom.upper[phi])
        if not turns or limited or phi in ties or phi in freedom.fixed:
            continue
        after = [place for place, tie in ties.items() if names[phi] in tie.names]
        if all(ties[place].text.strip() == names[phi] for place in after):
            full[[phi, *after]] -= turns
    return full


def _moved(
    stack: Stack, r: int, name: str, full: FloatArray, pair: tuple[FloatArray, FloatArray]
) -> tuple[float, float]:
    """The value and the sign of a shared parameter in one of its runs."""
    names = stack.members[r].cost.freedom.model.names
    if name not in names:
        return 0.0, 1.0
    place = names.index(name)
    return round(float(pair[0][place]), 9), float(pair[1][place])


def _terms(stack: Stack, r: int) -> list[tuple[set[int], int]]:
    """(positions that turn together, position of the phase) of every term that precesses."""
    model = stack.members[r].cost.freedom.model
    found: list[tuple[set[int], int]] = []
    for term, nu, phi in model.oscillations():
        amplitude = model.terms[term].amplitude
        found.append(({nu, phi} if amplitude is None else {nu, phi, amplitude}, phi))
    return found


def _is_upright(stack: Stack, r: int, full: FloatArray) -> bool:
    for places, phi in _terms(stack, r):
        if not -180 < full[phi] <= 180 or any(full[k] < 0 for k in places - {phi}):
            return False
    return True


def _held(stack: Stack, scopes: Scopes, r: int, full: FloatArray) -> set[int]:
    """What keeps its sign in one run whatever the others do."""
    member = stack.members[r]
    freedom, model = member.cost.freedom, member.cost.freedom.model
    ties = member.draft.ties
    named = {name for tie in ties.values() for name in tie.names}
    held = {*freedom.fixed, *ties, *(k for k, name in enumerate(model.names) if name in named)}
    lower, upper = freedom.lower.copy(), freedom.upper.copy()
    for name, index in scopes.of_run[r].items():
        if name in model.names:
            k = model.names.index(name)
            lower[k], upper[k] = stack.shared.lower[index], stack.shared.upper[index]
            held |= {k} if stack.shared.held[index] else set()
    held |= {phi for places, phi in _terms(stack, r) if places & held}
    values, _ = model.normal_form(full, held)
    for places, phi in _terms(stack, r):
        if any(not lower[k] <= values[k] <= upper[k] for k in places):
            held.add(phi)
    return held


def _hold(stack: Stack, held: list[set[int]], name: str, runs: Sequence[int]) -> bool:
    """Hold the terms of a parameter in all its runs; whether one was not held before."""
    changed = False
    for r in runs:
        place = stack.members[r].cost.freedom.model.names.index(name)
        for places, phi in _terms(stack, r):
            if place in places and phi not in held[r]:
                held[r].add(phi)
                changed = True
    return changed
