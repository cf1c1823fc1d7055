"""Start values of a joint fit: every run is searched alone, what is shared brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.cost import NO_NUMBER
from musrcu.joint.alignment import aligned, arrangements, in_phase, other_phases
from musrcu.joint.assemble import Assembly
from musrcu.joint.descent import descend, follow, inside
from musrcu.joint.extra_starts import refined
from musrcu.joint.stack import Stack, State
from musrcu.joint.together import found_together, sees_all

FloatArray = NDArray[np.float64]

FEW_STEPS = 12
"""Steps by which each candidate is refined before the best is chosen."""
REFINED = ((5, 6), (FEW_STEPS, 3))
"""Steps that candidates are refined by, and how many of them are kept then."""
ORDERS = 6
"""Orders of terms of the same kind, which of them is shared, that are tried."""
FOLLOWED = 2
"""Points of a run from which its local parameters descend."""
TRIED = 2
"""Runs whose own shared parameters are tried for all."""
WORSE = 25.0
"""A run this much worse in cost than alone is searched again with the shared parameters held."""
RIVAL = 100.0
"""So are all candidates that are no worse than the best by more."""
ROUNDS = 3
"""How often that is done."""
NEIGHBOURS = 3
"""Good runs whose local parameters are tried in all."""
NEAR_TIE = 4.0
"""Two minima closer than this in cost are both reported."""


@dataclass(frozen=True, slots=True, eq=False)
class Single:
    """What the search of one run alone found."""

    points: tuple[FloatArray, ...]
    """All parameters, best first."""
    variance: FloatArray
    """(n_parameters,) at the best; infinite where it says nothing."""
    cost: float


class NoStart(Exception):  # noqa: N818
    """A run in which the search found nothing."""


def seed(stack: Stack, parts: Assembly) -> tuple[State, list[str]]:
    """The best of several starting points after a few steps, and what to know of the others.

    Where the user gave every start value, the state there.

    Raises
    ------
    NoStart where no start values give a finite cost in some run.
    """
    given = _given(stack, parts)
    if given is not None:
        _check_number(stack, given)
        return given, []
    candidates, singles = _together(parts), list[Single]()
    if not (candidates and sees_all(parts)):
        singles = [_single(parts, r) for r in range(len(stack.members))]
        candidates += _candidates(stack, parts, singles)
    tried = [_placed(stack, s, points) for s, points in candidates]
    tried.sort(key=stack.total)
    _check_number(stack, tried[0])
    tried = [one for one in tried if stack.total(one) < NO_NUMBER]
    for steps, kept in REFINED:
        tried = [descend(stack, one, steps=steps, tolerance=0.05)[0] for one in tried]
        tried = sorted(tried, key=lambda one: (_unlikely(stack, one), stack.total(one)))[:kept]
    near = stack.total(tried[0]) + RIVAL
    rivals = [one for one in tried if stack.total(one) < near]
    tried[: len(rivals)] = [_searched_again(stack, parts, singles, one) for one in rivals]
    tried.sort(key=lambda one: (_unlikely(stack, one), stack.total(one)))
    return tried[0], _near_ties(stack, tried)


def _check_number(stack: Stack, state: State) -> None:
    """Raise NoStart where a run has no finite cost."""
    bad = np.flatnonzero(state.cost >= NO_NUMBER)
    if not bad.size:
        return
    draft = stack.members[int(bad[0])].draft
    why = "no start values give a finite chi-square"
    if draft.ties:
        texts = ", ".join(tie.text for tie in draft.ties.values())
        why = f"{texts} is no number where the fit begins; give other start values"
    raise NoStart(f"{draft.name}: {why}")


def _unlikely(stack: Stack, state: State) -> bool:
    """Whether a line is faster than the bins can show, so that it looks like a slower one, or an
    amplitude larger than physics allows.
    """
    x, _ = stack.x(state.s, state.local, stack.all)
    for member, row in zip(stack.members, x, strict=True):
        full = member.full(row[: member.cost.free.size])
        model, free = member.cost.freedom.model, set(member.cost.free.tolist())
        highest = 0.5 / float(member.draft.data.width.min())
        if any(nu in free and abs(full[nu]) > highest for _, nu, _ in model.oscillations()):
            return True
        sizes = [full[t.amplitude] for t in model.terms if t.amplitude in free]
        if any(not member.draft.bound.allows(float(size), 0.0) for size in sizes):
            return True
    return False


def _given(stack: Stack, parts: Assembly) -> State | None:
    """The point that the user gave, where all of it was given."""
    local = np.zeros((len(stack.members), stack.n))
    for r, member in enumerate(stack.members):
        local[r, : len(member.local)] = member.draft.freedom.start[list(member.local)]
    if not (np.isfinite(local).all() and np.isfinite(stack.shared.start).all()):
        return None
    return stack.state(*inside(stack, stack.shared.start.copy(), local))


def _single(parts: Assembly, r: int, hold: FloatArray | None = None) -> Single:
    """The search of one run alone; ``hold`` are values at which its shared parameters are held."""
    draft, shared = parts.drafts[r], parts.shared
    model = draft.freedom.model
    start, fixed = draft.freedom.start.copy(), set(draft.freedom.fixed)
    for name, index in parts.scopes.of_run[r].items():
        if name in model.names:
            place = model.names.index(name)
            value = shared.start[index] if hold is None else hold[index]
            start[place] = value if np.isfinite(value) else start[place]
            fixed |= {place} if hold is not None else set()
    # a tie in which an extra parameter stands is left free
    ties = {k: tie for k, tie in draft.ties.items() if tie.names <= set(model.names)}
    freedom = replace(draft.freedom, start=start, fixed=frozenset(fixed), ties=ties)
    constraints = [
        one
        for one in draft.constraints
        if not any(model.names.index(name) in {*fixed, *ties} for name in one.names)
    ]
    if not freedom.free.size:
        full = freedom.expand(np.empty(0))
        return Single((full,), np.full(full.size, np.inf), np.inf)
    cost = draft.data.cost(freedom, constraints)
    starts = draft.data.starts(cost)
    if not starts:
        raise NoStart(f"{draft.name}: no start values give a finite chi-square")
    fulls = [freedom.expand(one.x) for one in starts]
    if not ties:
        fulls = [model.normal_form(full, freedom.fixed)[0] for full in fulls]
    variance = np.full(start.size, np.inf)
    curvature = cost.normal(starts[0].x)[0]
    scale = np.sqrt(np.maximum(np.diag(curvature), 1e-300))
    unit = curvature / np.outer(scale, scale) + 1e-6 * np.eye(scale.size)
    variance[freedom.free] = np.diag(np.linalg.inv(unit)) / scale**2
    return Single(tuple(fulls), variance, starts[0].chi2)


def _candidates(
    stack: Stack, parts: Assembly, singles: Sequence[Single]
) -> list[tuple[FloatArray, list[list[FloatArray]]]]:
    """(shared parameters, points of every run) to begin from: means, and those of single runs."""
    points = [
        [*arrangements(stack.members[r], single.points[0])[:ORDERS], *single.points[1:]]
        for r, single in enumerate(singles)
    ]
    order = sorted(range(len(singles)), key=lambda r: _vagueness(parts, singles[r], r))
    found = []
    for first in order[:TRIED]:
        near = [
            aligned(parts, r, points[r], singles[r].variance, first, singles[first].points[0])
            for r in range(len(singles))
        ]
        variances = [single.variance for single in singles]
        mean = _mean(parts, near, variances)
        ordered = [[near[r], *points[r]] for r in range(len(singles))]
        found.append((mean, ordered))
        better = refined(parts, mean, near, variances)
        if better is not mean:
            found.append((better, ordered))
            mean = better
        for point in arrangements(stack.members[first], singles[first].points[0])[:ORDERS]:
            found.append((_with_those_of(parts, mean, first, point), ordered))
    return found


def _together(parts: Assembly) -> list[tuple[FloatArray, list[list[FloatArray]]]]:
    """The same from a search in several histograms at once."""
    found = []
    for points in found_together(parts):
        variances = [
            np.full(full.size, 1 / max(float(full[draft.freedom.model.names.index("N0")]), 1e-9))
            for draft, full in zip(parts.drafts, points, strict=True)
        ]
        mean = refined(parts, _mean(parts, points, variances), points, variances)
        ordered = [
            [full, *in_phase(member, full)]
            for member, full in zip(parts.members, points, strict=True)
        ]
        found.append((mean, ordered))
    return found


def _with_those_of(parts: Assembly, s: FloatArray, first: int, point: FloatArray) -> FloatArray:
    """Shared parameters with those of one run in the place of means; given ones stay."""
    s, names = s.copy(), parts.drafts[first].freedom.model.names
    for name, index in parts.scopes.of_run[first].items():
        if name in names and not np.isfinite(parts.shared.start[index]):
            s[index] = point[names.index(name)]
    return s


def _vagueness(parts: Assembly, single: Single, r: int) -> float:
    """How little a run says of what it shares: the mean logarithm of its variances."""
    names = parts.drafts[r].freedom.model.names
    places = [names.index(name) for name in parts.scopes.of_run[r] if name in names]
    variances = single.variance[places] if places else single.variance
    known = variances[np.isfinite(variances) & (variances > 0)]
    return float(np.log(known).mean()) if known.size else np.inf


def _mean(
    parts: Assembly, points: Sequence[FloatArray], variances: Sequence[FloatArray]
) -> FloatArray:
    """(n_shared,) weighted means over the runs, of phases on the circle; given values stay."""
    s = parts.shared.start.copy()
    for k, (name, runs) in enumerate(zip(parts.scopes.names, parts.scopes.runs, strict=True)):
        model = parts.drafts[runs[0]].freedom.model
        if np.isfinite(s[k]) or name not in model.names:
            continue
        places = [parts.drafts[r].freedom.model.names.index(name) for r in runs]
        value = np.array([points[r][place] for r, place in zip(runs, places, strict=True)])
        spread = np.array([variances[r][place] for r, place in zip(runs, places, strict=True)])
        weight = 1 / np.maximum(spread, 1e-300)
        weight = weight if weight.sum() > 0 else np.ones_like(weight)
        weight = np.minimum(weight, 10 * np.median(weight))
        if model.parameters[places[0]].kind == "phase":
            turned = (weight * np.exp(1j * np.radians(value))).sum()
            s[k] = np.degrees(np.angle(turned))
        elif model.parameters[places[0]].kind == "frequency":  # a wrong line pulls no mean
            order = np.argsort(value)
            half = np.searchsorted(np.cumsum(weight[order]), 0.5 * weight.sum())
            s[k] = value[order[min(half, value.size - 1)]]
        else:
            s[k] = (weight * value).sum() / weight.sum()
    return s


def _placed(stack: Stack, s: FloatArray, points: Sequence[Sequence[FloatArray]]) -> State:
    """The state with these shared parameters and, run by run, the best local ones."""
    n_points, n_runs = max(len(one) for one in points), len(stack.members)
    local = np.zeros((n_points, n_runs, stack.n))
    for r, member in enumerate(stack.members):
        for k in range(n_points):
            full = points[r][min(k, len(points[r]) - 1)]
            local[k, r, : len(member.local)] = full[list(member.local)]
    s, _ = inside(stack, s, local[0])
    costs = np.array([stack.state(*inside(stack, s, one)).cost for one in local])
    order = np.argsort(costs, axis=0, kind="stable")[:FOLLOWED]
    best: State | None = None
    for chosen in order:
        state = stack.state(*inside(stack, s, local[chosen, np.arange(n_runs)]))
        state = follow(stack, state, steps=4, tolerance=0.1)
        if best is None:
            best = state
            continue
        better = state.cost < best.cost
        for name in ("local", "cost", "gradient", "matrix"):
            getattr(best, name)[better] = getattr(state, name)[better]
    assert best is not None
    return best


def _searched_again(
    stack: Stack, parts: Assembly, singles: Sequence[Single], state: State
) -> State:
    """The state with other local parameters where those are better.

    Every run is tried where the best runs have theirs; one that is much worse than alone is
    searched once more with the shared parameters held. ``singles`` may be empty.
    """
    alone = np.array([one.cost for one in singles] or [np.inf] * len(stack.members))
    size = np.array([one.cost.size for one in stack.members])
    for _ in range(ROUNDS):
        points = [[_full_of(stack, state, r)] for r in range(len(stack.members))]
        best = np.argsort(state.cost / size, kind="stable")[:NEIGHBOURS]
        good = [points[r][0] for r in best]
        for r, mine in enumerate(points):
            mine += [one for one in good if one.size == mine[0].size and one is not mine[0]]
            mine += other_phases(stack.members[r], mine[0])
            if state.cost[r] > alone[r] + WORSE:
                mine += _points_again(parts, r, state.s)
        placed = _placed(stack, state.s, points)
        found = descend(stack, placed, steps=FEW_STEPS, tolerance=0.05)[0]
        if not stack.total(found) < stack.total(state) - 1.0:
            break
        state = found
    return state


def _points_again(parts: Assembly, r: int, s: FloatArray) -> tuple[FloatArray, ...]:
    """What a search of one run finds with the shared parameters held."""
    try:
        return _single(parts, r, s).points
    except NoStart:
        return ()


def _full_of(stack: Stack, state: State, r: int) -> FloatArray:
    x, _ = stack.x(state.s, state.local, np.array([r]))
    return stack.members[r].full(x[0, : stack.members[r].cost.free.size])


def _near_ties(stack: Stack, tried: Sequence[State]) -> list[str]:
    """Other minima of about the same cost, one sentence for the nearest."""
    best = tried[0]
    curvature = np.diag(stack.gather_blocks(best.matrix[:, : stack.m, : stack.m]))
    size = 1 / np.sqrt(np.maximum(curvature, 1e-300))
    for other in tried[1:]:
        worse = stack.total(other) - stack.total(best)
        apart = np.abs(other.s - best.s) / size
        if 0.3 < worse < NEAR_TIE and apart.size and apart.max() > 10:
            k = int(np.argmax(apart))
            return [
                f"a second minimum at {stack.shared.labels[k]} = {other.s[k]:.4g} is only "
                f"{worse:.1f} worse in chi-square"
            ]
    return []
