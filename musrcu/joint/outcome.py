"""From the minimum of a joint fit to its record."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.fitted import Fitted, number
from musrcu.fitting.outcome import identity, versions
from musrcu.fitting.result import FitResult
from musrcu.joint.assemble import Assembly
from musrcu.joint.blocks import Blocks
from musrcu.joint.doubts import doubts, mixed
from musrcu.joint.member import label_of
from musrcu.joint.result import JointResult, RunBlock
from musrcu.joint.stack import BoolArray, Stack, State
from musrcu.joint.upright import upright

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Found:
    """Where a joint fit ended."""

    state: State
    blocks: Blocks | None
    free_s: BoolArray
    free_l: BoolArray
    reason: str
    notes: tuple[str, ...]
    start: FloatArray
    """(n_shared,)."""
    intervals: Mapping[str, tuple[float, float]]


def joint_result(stack: Stack, parts: Assembly, found: Found) -> JointResult:
    """The record of a joint fit, signs and phases in normal form."""
    state, shared = found.state, stack.shared
    x, slopes = stack.x(state.s, state.local, stack.all)
    fulls = [one.full(x[r, : one.cost.free.size]) for r, one in enumerate(stack.members)]
    values, signs = upright(stack, parts.scopes, fulls)
    signs_s, values_s = _of_shared(stack, parts, state.s, values, signs)
    runs, blocks = [], []
    for r, member in enumerate(stack.members):
        covariance = None
        if found.blocks is not None:
            of_run = found.blocks.of_run(stack, r)
            slope = slopes[r, : member.cost.free.size]
            covariance = np.zeros((fulls[r].size,) * 2)
            covariance[np.ix_(member.cost.free, member.cost.free)] = slope @ of_run @ slope.T
            covariance *= np.outer(signs[r], signs[r])
            blocks.append(_block(stack, r, found.blocks, of_run, signs_s, signs[r]))
        runs.append(_run(stack, parts, found, r, values[r], covariance))
    first = next((run for run in runs if not run.valid), None)
    reason = found.reason
    if not reason and first is not None:
        more = sum(not run.valid for run in runs) - 1
        reason = f"{first.name}: {first.reason}"
        reason += f"; {more} more {_what(stack)}{'s' * (more > 1)}" * (more > 0)
    if reason:
        runs = [run if run.reason else dataclasses.replace(run, valid=False, reason=reason)
                for run in runs]  # fmt: skip
    known_chi2 = shared.known(state.s)[0]
    n_known = sum(values.size for _, values, _ in shared.prior)
    n_free = int(found.free_s.sum() + found.free_l.sum())
    data = sum(one.cost.size + len(one.cost.prior) for one in stack.members)
    names = {one.cost.name for one in stack.members}
    covariance_s = None
    if found.blocks is not None:
        covariance_s = found.blocks.shared * np.outer(signs_s, signs_s)
    return JointResult(
        model=runs[0].model,
        shared=_shared(parts, found, values_s, covariance_s, signs_s),
        runs=tuple(runs), shared_covariance=covariance_s, blocks=tuple(blocks),
        chi2=number(stack.total(state)), known_chi2=known_chi2,
        ndof=data + n_known - n_free, n_free=n_free,
        fields=tuple(number(one.draft.data.run.field) for one in stack.members),
        valid=not reason, reason=reason,
        notes=(*parts.knowledge.notes, *mixed(parts.scopes, stack.members), *found.notes),
        cost=names.pop() if len(names) == 1 else " + ".join(sorted(names)),
        start=_named(shared.labels, found.start), versions=versions(),
    )  # fmt: skip


def _what(stack: Stack) -> str:
    """What the members are."""
    return "histogram" if all(label_of(one.draft.data) for one in stack.members) else "run"


def _named(labels: tuple[str, ...], values: FloatArray) -> dict[str, float]:
    return {name: float(v) for name, v in zip(labels, values, strict=True) if np.isfinite(v)}


def _of_shared(
    stack: Stack, parts: Assembly, s: FloatArray, values: list[FloatArray], signs: list[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """(signs, values) of the shared parameters in normal form."""
    turned, moved = np.ones(s.size), s.copy()
    for k, (name, runs) in enumerate(zip(parts.scopes.names, parts.scopes.runs, strict=True)):
        names = stack.members[runs[0]].cost.freedom.model.names
        if name in names:
            place = names.index(name)
            turned[k], moved[k] = signs[runs[0]][place], values[runs[0]][place]
    return turned, moved


def _shared(
    parts: Assembly,
    found: Found,
    values: FloatArray,
    covariance: FloatArray | None,
    signs: FloatArray,
) -> dict[str, Fitted]:
    shared, made = parts.shared, {}
    for k, label in enumerate(shared.labels):
        error = None if covariance is None else number(float(np.sqrt(covariance[k, k]))) or None
        low, high = number(float(shared.lower[k])), number(float(shared.upper[k]))
        interval = found.intervals.get(label)
        if interval is not None and signs[k] < 0:
            interval = (-interval[1], -interval[0])
        made[label] = Fitted(
            label, float(values[k]), error, shared.units[k], bool(shared.held[k]),
            not (found.free_s[k] or shared.held[k]), interval, None,
            None if low is None and high is None else (low, high), parts.knowledge.of(label),
        )  # fmt: skip
    return made


def _run(
    stack: Stack,
    parts: Assembly,
    found: Found,
    r: int,
    values: FloatArray,
    covariance: FloatArray | None,
) -> FitResult:
    """One run as a fit of its own."""
    member, shared = stack.members[r], parts.shared
    model, freedom = member.cost.freedom.model, member.cost.freedom
    mine = parts.scopes.of_run[r]
    at_limit = {k for k, free in zip(member.local, found.free_l[r], strict=False) if not free}
    parameters = {}
    for k, parameter in enumerate(model.parameters):
        name = parameter.name
        index = mine.get(name)
        error = None if covariance is None else number(float(np.sqrt(covariance[k, k]))) or None
        known = member.cost.prior.known.get(k)
        limit, held = k in at_limit, k in freedom.fixed
        if index is not None:
            held = bool(shared.held[index])
            known = parts.knowledge.of(shared.labels[index])
            limit = not (found.free_s[index] or shared.held[index])
        low, high = number(float(freedom.lower[k])), number(float(freedom.upper[k]))
        tie = member.draft.ties.get(k)
        parameters[name] = Fitted(
            name, number(float(values[k])), error, parameter.unit, held, limit, None,
            None if tie is None else tie.text,
            None if low is None and high is None else (low, high), known,
        )  # fmt: skip
    n_local = int(found.free_l[r].sum())
    cost = float(found.state.cost[r])
    ndof = member.cost.size + len(member.cost.prior) - n_local
    reason, notes = doubts(member, values, covariance, cost, ndof)
    return FitResult(
        model=model.expression, parameters=parameters, covariance=covariance, chi2=number(cost),
        ndof=ndof, excess=member.cost.excess(values), cost=member.cost.name,
        valid=not reason, reason=reason, notes=notes,
        **{**identity(member.draft.data), "name": member.draft.name},
    )  # fmt: skip


def _block(
    stack: Stack,
    r: int,
    blocks: Blocks,
    of_run: FloatArray,
    signs_s: FloatArray,
    signs: FloatArray,
) -> RunBlock:
    member, m = stack.members[r], stack.m
    n, touched = len(member.local), len(member.touched)
    own = signs[list(member.local)]
    along = signs_s[list(member.touched)]
    response = blocks.response[r, :n, :touched] * np.outer(own, along)
    covariance = of_run[m : m + n, m : m + n] * np.outer(own, own)
    model = member.cost.freedom.model
    return RunBlock(
        tuple(model.names[k] for k in member.local),
        tuple(stack.shared.labels[k] for k in member.touched),
        covariance,
        response,
    )
