"""What a joint fit refuses before it begins, and functions of users looked at again after it."""

from __future__ import annotations

from musrcu.errors import FitError
from musrcu.fitting.data import refuse_free_alpha
from musrcu.fitting.own_functions import methods, prepare, recheck
from musrcu.joint.assemble import Assembly
from musrcu.joint.result import JointResult


def check(parts: Assembly) -> None:
    """Refuse what can have no result; look at functions of users once.

    Raises
    ------
    FitError where nothing is free, or alpha and a constant of some run would be one parameter.
    """
    if not sum(member.cost.free.size for member in parts.members):
        raise FitError("every parameter is fixed or tied; free at least one")
    for draft in parts.drafts:
        if methods(draft.freedom.model):
            prepare(draft.freedom, draft.data.time)
    _check_alpha(parts)


def too_few(parts: Assembly) -> str:
    """Which run has fewer bins than parameters of its own, or all together; empty for none."""
    reasons = []
    for member in parts.members:
        data, own = member.draft.data, len(member.local)
        n = member.cost.size + len(member.cost.prior)
        if data.time.size and n >= own:
            continue
        reason = f"{member.draft.name}: {data.time.size} bins"
        if data.time.size:
            reason += f" for {own} parameters of its own"
        if data.offered.size:
            first, last = data.offered[[0, -1]]
            reason += f" ({data.kind} has {data.offered.size}, {first:.3g} to {last:.3g} us)"
        reasons.append(reason)
    if reasons:
        more = f"; so have {len(reasons) - 1} more runs" if len(reasons) > 1 else ""
        return f"{reasons[0]}{more}"
    known = sum(values.size for _, values, _ in parts.shared.prior)
    n = known + sum(one.cost.size + len(one.cost.prior) for one in parts.members)
    n_free = int((~parts.shared.held).sum()) + sum(len(one.local) for one in parts.members)
    return f"{n} bins of all runs for {n_free} free parameters" if n <= n_free else ""


def derivatives_changed(
    parts: Assembly, result: JointResult, before: list[tuple[str, ...]]
) -> bool:
    """Whether derivatives of functions, compared with differences where the fit ended, turned out
    not to be trusted and are taken in another way from now on.

    Raises
    ------
    ModelError where derivatives that were given are wrong there.
    """
    for draft, run in zip(parts.drafts, result.runs, strict=True):
        if methods(draft.freedom.model):
            recheck(draft.freedom.model, draft.data.time, run.values)
    return methods_of(parts) != before


def methods_of(parts: Assembly) -> list[tuple[str, ...]]:
    """How derivatives of functions of users are taken in each run."""
    return [methods(draft.freedom.model) for draft in parts.drafts]


def _check_alpha(parts: Assembly) -> None:
    """Refuse an alpha beside a constant of which nothing is known, in any run.

    What is known of one run passes to others along the parameters that they share: a shared
    constant that is measured in a run of known alpha measures alpha in the others.
    """
    left = list(range(len(parts.members)))
    anchored: set[int] = set()
    while left:
        settled = [r for r in left if _knows_balance(parts, r, anchored)]
        if not settled:
            refuse_free_alpha(parts.drafts[left[0]].freedom.model.expression)
            return
        for r in settled:
            mine = parts.scopes.of_run[r]
            names = {"alpha", *_constants(parts, r)}
            anchored |= {mine[name] for name in names & mine.keys()}
        left = [r for r in left if r not in settled]


def _knows_balance(parts: Assembly, r: int, anchored: set[int]) -> bool:
    draft, mine = parts.drafts[r], parts.scopes.of_run[r]
    model = draft.freedom.model
    constants = _constants(parts, r)
    if "alpha" not in model.names or not constants:
        return True
    index, place = mine.get("alpha"), model.names.index("alpha")
    if index is None and (
        place in draft.freedom.fixed
        or place in draft.ties
        or place in parts.members[r].cost.prior.known
    ):
        return True
    if index is not None and (
        index in anchored or parts.knowledge.of(parts.shared.labels[index]) is not None
    ):
        return True
    return all(name in mine and mine[name] in anchored for name in constants)


def _constants(parts: Assembly, r: int) -> list[str]:
    """Names of the constants of a run that are not held."""
    freedom = parts.drafts[r].freedom
    found = []
    for term in freedom.model.terms:
        place = term.amplitude
        if place is None or place in freedom.fixed:
            continue
        if term.factors[0].component.key == "constant":
            found.append(freedom.model.names[place])
    return found
