"""The words of a user about a joint fit, run by run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraint
from musrcu.fitting.freedom import Limits, as_tie, is_number
from musrcu.fitting.metadata import UNITS
from musrcu.fitting.tie import CONSTANTS, Tie
from musrcu.joint.grouping import Key

Each = float | Sequence[float | None] | Mapping[int, float]
"""One number for all runs, one for each, or numbers by run number."""
Extra = float | tuple[float, float | None, float | None]
"""Start value of a parameter that only ties use, or that with its lower and upper limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What :func:`musrcu.joint_fit` was told of the parameters."""

    shared: tuple[str, ...]
    local: tuple[str, ...] | None
    """What is local where everything else is shared; None where ``shared`` says it."""
    by: Mapping[str, Key]
    start: Mapping[str, Each]
    fixed: Mapping[str, Each]
    limits: Mapping[str, Limits]
    ties: Mapping[str, Tie]
    extra: Mapping[str, Extra]
    constraints: Sequence[Constraint]
    max_asymmetry: float | None = None
    inside_ties: frozenset[str] = field(init=False)
    """Names in ties that are parameters."""

    def __post_init__(self) -> None:
        names = {name for tie in self.ties.values() for name in tie.names}
        object.__setattr__(self, "inside_ties", frozenset(names - UNITS.keys()))
        if self.local is not None and self.shared:
            raise FitError(
                "give shared= or local= (--share or --local), not both: the rest is the other"
            )
        if self.local is None and not (self.shared or self.by or self.extra):
            raise FitError(
                "nothing is shared: name what runs have in common, such as shared=('A1',), "
                "or what they have not, local=('nu2',)"
            )
        for name in self.extra.keys() - self.inside_ties:
            raise FitError(f"extra parameter {name} is in no tie; use it in one or leave it out")
        for name in self.extra:
            if not name.isidentifier() or name in CONSTANTS or name in UNITS:
                raise FitError(f"extra parameter {name!r}; give it another name")

    @property
    def named(self) -> set[str]:
        """Every parameter of which something was said."""
        said = {*self.shared, *(self.local or ()), *self.by, *self.start, *self.fixed}
        said |= {*self.limits, *self.ties, *self.inside_ties}
        return said | {name for one in self.constraints for name in one.names}


def words(
    *,
    shared: Iterable[str] = (),
    local: Iterable[str] | None = None,
    by: Mapping[str, Key] | None = None,
    start: Mapping[str, Each] | None = None,
    fixed: Mapping[str, Each] | None = None,
    limits: Mapping[str, Limits] | None = None,
    ties: Mapping[str, str] | None = None,
    extra: Mapping[str, Extra] | None = None,
    constraints: Sequence[Constraint] = (),
    max_asymmetry: float | None = None,
) -> Words:
    """The words of a user, ties parsed.

    Raises
    ------
    FitError or ModelError where they make no sense by themselves.
    """
    return Words(
        shared=_several("shared", shared),
        local=None if local is None else _several("local", local),
        by=dict(by or {}),
        start=start or {},
        fixed=fixed or {},
        limits=limits or {},
        ties={name: as_tie(name, text) for name, text in (ties or {}).items()},
        extra={name: _extra(name, value) for name, value in (extra or {}).items()},
        constraints=constraints,
        max_asymmetry=max_asymmetry,
    )


def _several(what: str, names: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(names, Iterable):
        raise FitError(f"{what} = {names!r}; give names of parameters")
    found = (names,) if isinstance(names, str) else tuple(names)
    for name in found:
        if not isinstance(name, str):
            raise FitError(f"{what} = {name!r}; give names of parameters")
        if found.count(name) > 1:
            raise FitError(f"{what} names {name} twice")
    return found


def _extra(name: str, value: Any) -> Extra:
    if is_number(value):
        return float(value)
    if isinstance(value, (tuple, list)) and len(value) == 3 and is_number(value[0]):
        return float(value[0]), value[1], value[2]
    raise FitError(
        f"extra parameter {name} = {value!r}; give a start value, or (start, lower, upper)"
    )


def is_label(name: str) -> bool:
    """Whether this is a parameter of a group of runs, such as nu2[field=100 G]."""
    return "[" in name


def each(what: str, name: str, given: Any, runs: Sequence[Run]) -> list[float]:
    """The number of every run, NaN where none was given.

    Raises
    ------
    FitError unless there is one for all, one for each, or numbers by run number.
    """
    if is_number(given):
        return [float(given)] * len(runs)
    if isinstance(given, Mapping):
        unknown = given.keys() - {run.number for run in runs}
        if unknown:
            raise FitError(f"{what} of {name}: no run {min(unknown, key=str)!r} is fitted")
        found = [given.get(run.number) for run in runs]
    elif isinstance(given, (Sequence, np.ndarray)) and not isinstance(given, str):
        found = list(given)
    else:
        raise FitError(f"{what} of {name} = {given!r}; give a number, or one for each run")
    if len(found) != len(runs):
        raise FitError(f"{what} of {name}: {len(found)} values for {len(runs)} runs")
    for run, value in zip(runs, found, strict=True):
        missing = value is None and what == "start"
        if not (missing or is_number(value)):
            raise FitError(f"{what} of {name} for {run.name} = {value!r}; give a number")
    return [np.nan if value is None else float(value) for value in found]
