"""From data and words to the runs of a joint fit: what is shared, what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from musrcu.errors import FitError, ModelError
from musrcu.fitting.applied_field import applied_field
from musrcu.fitting.data import Data
from musrcu.fitting.freedom import Limits, is_number, settle
from musrcu.fitting.metadata import bind
from musrcu.fitting.request import Request, bound_of
from musrcu.fitting.tie import Tie
from musrcu.joint.knowledge import Knowledge, knowledge
from musrcu.joint.member import Draft, Member
from musrcu.joint.scopes import Scopes, scopes
from musrcu.joint.stack import Shared
from musrcu.joint.words import Words, each, is_label
from musrcu.models.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """The parts of a joint fit before it begins."""

    drafts: tuple[Draft, ...]
    scopes: Scopes
    knowledge: Knowledge
    shared: Shared
    members: tuple[Member, ...]


def assemble(
    windows: Sequence[Data], totals: Sequence[Any], model: Model, words: Words
) -> Assembly:
    """What is fitted jointly.

    Parameters
    ----------
    windows : the fitted bins of each run.
    totals : (total asymmetry, its error) of each run.
    model : one for all.
    words : what was said of its parameters.

    Raises
    ------
    ModelError or FitError where it cannot be set up.
    """
    return assembled(_drafts(windows, totals, model, words), words)


def assembled(drafts: tuple[Draft, ...], words: Words) -> Assembly:
    """The same from runs that are settled one by one; they may have models of their own."""
    sharing = scopes(drafts, words)
    known = knowledge(drafts, sharing, words)
    sharing = known.scopes
    shared = _shared(drafts, sharing, known, words)
    members = tuple(_member(r, draft, sharing, known) for r, draft in enumerate(drafts))
    return Assembly(drafts, sharing, known, shared, members)


def _drafts(
    windows: Sequence[Data], totals: Sequence[Any], model: Model, words: Words
) -> tuple[Draft, ...]:
    runs = [data.run for data in windows]
    fixed = {
        name: each("fixed value", name, value, runs)
        for name, value in words.fixed.items()
        if not is_label(name)
    }
    start = {
        name: each("start", name, value, runs)
        for name, value in words.start.items()
        if not is_label(name)
    }
    drafts = tuple(
        _draft(data, bound_of(Request(max_asymmetry=words.max_asymmetry), *total), model, words,
               {name: values[r] for name, values in start.items() if np.isfinite(values[r])},
               {name: values[r] for name, values in fixed.items()})
        for r, (data, total) in enumerate(zip(windows, totals, strict=True))
    )  # fmt: skip
    _check_names(drafts, words)
    return drafts


def _check_names(drafts: Sequence[Draft], words: Words) -> None:
    """Raise a ModelError for a name that no run has, a FitError for a tie of one group alone."""
    for name in filter(is_label, words.ties):
        raise FitError(f"tie of {name!r}: a tie is for all runs, not for one group; fix it instead")
    first = drafts[0].freedom.model
    for name in sorted(words.named - set(words.extra)):
        if not (is_label(name) or any(_has(draft.freedom.model, name) for draft in drafts)):
            first.index(name)


def _draft(
    data: Data,
    bound: Any,
    model: Model,
    words: Words,
    start: Mapping[str, float],
    fixed: Mapping[str, float],
) -> Draft:
    """One run, settled as for a fit of its own but for its ties."""
    extra, told = set(words.extra), list(words.constraints)
    fixed = {name: value for name, value in fixed.items() if name not in extra}
    own = words.named - extra
    by_others = {*words.ties, *(name for one in told for name in one.names)}
    plain = {name for name in own if not is_label(name)}
    seen, known = data.seen(model, plain, by_others | {*fixed})
    # runs of other kinds may have other parameters
    plain = {name for name in plain if _has(seen, name)}
    fixed = {name: value for name, value in fixed.items() if name in plain}
    for name in extra & set(seen.names):
        raise FitError(f"extra parameter {name} has the name of one of the model; choose another")
    ties = {
        _place(seen, name): bind(tie, name, data.run, {*seen.names, *extra})
        for name, tie in words.ties.items()
        if name in plain
    }
    _check_ties(seen, ties, extra)
    left = [one.given(fixed, by_others) for one in known.constraints]
    wanted = [one for one in told if not set(one.names) & extra and set(one.names) <= plain]
    wanted += [one for one in left if one is not None]
    constraints = [one.named(_full(seen, name) for name in one.names) for one in wanted]
    for name in {name for one in constraints for name in one.names}:
        if seen.index(name) in ties:
            raise FitError(f"{name} is constrained and fixed or tied; choose one")
    fields = applied_field(seen, data.run, plain)
    held = {**known.fixed, **fields, **fixed}
    limits: dict[str, Limits] = {name: pair for name, pair in words.limits.items() if name in plain}
    start = {name: value for name, value in start.items() if name in plain}
    freedom = settle(seen, start, held, limits)
    values = {seen.names[k]: float(freedom.start[k]) for k in freedom.fixed}
    ties = {
        place: tie.bound({name: values[name] for name in tie.names & values.keys()})
        for place, tie in ties.items()
    }
    for place in ties.keys() & freedom.fixed:
        raise FitError(f"{seen.names[place]} is fixed and tied; choose one")
    return Draft(data, freedom, ties, constraints, fields, bound)


def _has(model: Model, name: str) -> bool:
    try:
        model.index(name)
    except ModelError:
        return False
    return True


def _place(seen: Any, name: str) -> int:
    return int(seen.index(name))


def _full(seen: Any, name: str) -> str:
    return str(seen.names[seen.index(name)])


def _check_ties(seen: Any, ties: Mapping[int, Tie], extra: set[str]) -> None:
    """Raise a FitError unless ties use parameters that are not tied themselves, and extra ones."""
    for place, tie in ties.items():
        for name in tie.names - extra:
            try:
                other = seen.index(name)
            except ModelError as error:
                raise FitError(
                    f"tie {seen.names[place]} = {tie.text}: {name!r} is no parameter, field, "
                    f"temperature or run; declare it with "
                    f"extra={{{name!r}: start}} (--extra {name}=START)"
                ) from error
            if seen.names[other] != name:
                raise FitError(f"tie {tie.text!r}: write {seen.names[other]} for {name}")
            if other in ties:
                raise FitError(f"{seen.names[place]} is tied to {name}, which is tied itself")


def _shared(drafts: Sequence[Draft], sharing: Scopes, known: Knowledge, words: Words) -> Shared:
    """Limits, start values and knowledge of the shared parameters."""
    _check_labels(sharing, words)
    rows, units, held = [], [], []
    for label, name, runs in zip(sharing.labels, sharing.names, sharing.runs, strict=True):
        if name in words.extra:
            low, high, begin, hold = _extra_of(name, label, words)
            units.append(_unit_of(name, drafts, words))
        else:
            freedom = drafts[runs[0]].freedom
            place = freedom.model.index(name)
            low, high = float(freedom.lower[place]), float(freedom.upper[place])
            begin, hold = _begin(drafts, runs, name), False
            units.append(freedom.model.parameters[place].unit)
        if label in words.limits and label != name:
            low, high = _pair(label, words.limits[label])
        if label in words.start and label != name:
            begin = _one_number(label, words.start[label])
        if label in words.fixed and label != name:
            begin, hold = _one_number(label, words.fixed[label]), True
        if not low <= begin <= high and np.isfinite(begin):
            raise FitError(f"{label} = {begin:g} lies outside its limits [{low:g}, {high:g}]")
        rows.append((low, high, begin))
        held.append(hold)
    lower, upper, start = np.array(rows, dtype=float).reshape(-1, 3).T
    return Shared(
        sharing.labels, sharing.names, tuple(units), lower, upper, start,
        np.array(held, dtype=bool), known.rows(sharing.labels),
    )  # fmt: skip


def _check_labels(sharing: Scopes, words: Words) -> None:
    """Raise a FitError for the label of a group that there is not."""
    grouped = [label for label in sharing.labels if is_label(label)]
    for name in sorted(filter(is_label, words.named)):
        if name not in grouped:
            said = f"there are {', '.join(grouped)}" if grouped else "by= groups nothing"
            raise FitError(f"no parameter is {name!r}; {said}")


def _unit_of(name: str, drafts: Sequence[Draft], words: Words) -> str:
    """The unit of an extra parameter where a tie is a number times it alone; empty elsewhere."""
    for tied, tie in words.ties.items():
        if tie.names != {name} or not tie.proportional:
            continue
        for draft in drafts:
            model = draft.freedom.model
            for place in draft.ties:
                if model.names[place] == tied:
                    return model.parameters[place].unit
    return ""


def _begin(drafts: Sequence[Draft], runs: Sequence[int], name: str) -> float:
    """The start value of a shared parameter, one for all its runs."""
    places = [(drafts[r].freedom, drafts[r].freedom.model.index(name)) for r in runs]
    values = {float(freedom.start[place]) for freedom, place in places}
    finite = {value for value in values if np.isfinite(value)}
    if len(finite) > 1:
        raise FitError(f"start of {name}, which these runs share, differs between them; give one")
    return finite.pop() if finite else np.nan


def _extra_of(name: str, label: str, words: Words) -> tuple[float, float, float, bool]:
    """(lower, upper, start, whether it is held) of an extra parameter."""
    given = words.extra[name]
    low, high = -np.inf, np.inf
    if isinstance(given, tuple):
        low, high = _pair(name, given[1:])
    if name in words.limits:
        low, high = _pair(name, words.limits[name])
    begin = given[0] if isinstance(given, tuple) else given
    for source in (words.start, words.fixed):
        if label in source or name in source:
            begin = _one_number(name, source.get(label, source.get(name)))
    return low, high, begin, name in words.fixed


def _one_number(name: str, value: Any) -> float:
    """The value of a parameter that belongs to no run alone."""
    if not is_number(value):
        raise FitError(f"{name} = {value!r}; it is shared: give one number")
    return float(value)


def _pair(name: str, pair: Any) -> tuple[float, float]:
    right = isinstance(pair, (tuple, list)) and len(pair) == 2
    if not right or not all(end is None or isinstance(end, Real) for end in pair):
        raise FitError(f"limits of {name} = {pair!r}; give (lower, upper), None for an open end")
    low = -np.inf if pair[0] is None else float(pair[0])
    high = np.inf if pair[1] is None else float(pair[1])
    if not low < high:
        raise FitError(f"limits of {name}: {low} is not below {high}")
    return low, high


def _member(r: int, draft: Draft, sharing: Scopes, known: Knowledge) -> Member:
    model: Any = draft.freedom.model
    mine = sharing.of_run[r]
    local = tuple(k for k in draft.untied if model.names[k] not in mine)
    touched = tuple(dict.fromkeys(sorted(mine.values())))
    names = {index: name for name, index in mine.items()}
    cost = draft.data.cost(draft.freedom, known.local[r])
    cost_words = (*(names[index] for index in touched), *(model.names[k] for k in local))
    return Member(draft, cost, touched, cost_words, local)
