"""Terms of the same kind in one order: which line is first is a matter of chance in a search."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.joint.assemble import Assembly
from musrcu.joint.member import Member
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

MOST = 24
"""Orders that are tried."""
MOST_PHASES, BEST = 3, 2
"""Phases of one run that are turned together, at most, and how many of the results are kept."""


def arrangements(member: Member, full: FloatArray) -> list[FloatArray]:
    """The point, and the same with terms of the same kind exchanged; what is held or tied in one
    of them stays where it is.
    """
    model = member.cost.freedom.model
    free = set(member.cost.free.tolist()) - member.draft.ties.keys()
    kinds: dict[tuple[str, ...], list[list[int]]] = {}
    for term in model.terms:
        places = [k for part in term.places for k in range(part.start, part.stop)]
        if term.amplitude is not None:
            places.insert(0, term.amplitude)
        kinds.setdefault(tuple(f.component.key for f in term.factors), []).append(places)
    found = [full]
    for several in kinds.values():
        columns = [column for column in zip(*several, strict=True) if set(column) <= free]
        alike = [list(places) for places in zip(*columns, strict=True)]
        orders = list(itertools.islice(itertools.permutations(range(len(alike))), MOST))[1:]
        for point in list(found):
            for order in orders:
                moved = point.copy()
                for to, origin in enumerate(order):
                    moved[alike[to]] = point[alike[origin]]
                found.append(moved)
    return found[:MOST]


def other_phases(member: Member, full: FloatArray) -> list[FloatArray]:
    """The same with local phases a quarter or half a turn further, the best few by cost.

    Where an amplitude is shared, a run that has less of it sets its phases against one another,
    in more than one way.
    """
    own = set(member.local)
    phases = [phi for _, _, phi in member.cost.freedom.model.oscillations() if phi in own]
    if not phases or len(phases) > MOST_PHASES:
        return []
    found = []
    for turns in list(itertools.product((0.0, 90.0, 180.0, -90.0), repeat=len(phases)))[1:]:
        turned = full.copy()
        turned[phases] += turns
        found.append((member.cost(turned[member.cost.free]), turned))
    return [turned for _, turned in sorted(found, key=lambda one: one[0])[:BEST]]


def in_phase(member: Member, full: FloatArray) -> list[FloatArray]:
    """The same with the phase of each line, and half a turn further, in the place of all.

    Where a tie relates phases, that of the strongest line is the one that is known.
    """
    phases = [phi for _, _, phi in member.cost.freedom.model.oscillations()]
    if not member.draft.ties.keys() & set(phases):
        return []
    own = [phi for phi in phases if phi in member.local]
    found = []
    for phase, further in itertools.product(full[phases], (0.0, 180.0)):
        turned = full.copy()
        turned[own] = phase + further
        found.append(turned)
    return found


def aligned(
    parts: Assembly,
    r: int,
    points: Sequence[FloatArray],
    variance: FloatArray,
    first: int,
    reference: FloatArray,
) -> FloatArray:
    """The point of run ``r`` whose shared parameters are nearest to those of another run."""
    model, other = parts.drafts[r].freedom.model, parts.drafts[first].freedom.model
    common = [
        (model.names.index(name), other.names.index(name))
        for name in parts.scopes.of_run[r]
        if name in model.names and name in other.names
    ]
    if len(points) == 1 or not common:
        return points[0]
    return min(points, key=lambda point: _distance(model, point, variance, common, reference))


def _distance(
    model: Model,
    point: FloatArray,
    variance: FloatArray,
    common: Sequence[tuple[int, int]],
    reference: FloatArray,
) -> float:
    total = 0.0
    for here, there in common:
        away = float(point[here] - reference[there])
        if model.parameters[here].kind == "phase":
            away = (away + 180.0) % 360.0 - 180.0
        total += min(away**2 / max(float(variance[here]), 1e-300), 100.0)
    return total
