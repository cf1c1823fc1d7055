"""Which pieces of knowledge of several runs come from one measurement."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from musrcu.fitting.constraint import Constraint
from musrcu.joint.member import Draft


@dataclass(slots=True)
class Source:
    """A measurement, and the runs that know of it."""

    known: Constraint
    where: Any
    """What it is of, beside its value."""
    runs: list[int] = field(default_factory=list)


def sources(
    drafts: Sequence[Draft], pieces: Sequence[Sequence[Constraint]], left: Set[str]
) -> list[Source]:
    """The measurements behind what runs know.

    Equal values and errors are one measurement; where a run knows two parameters together and
    another one of them alone, just as well, that is part of the same.

    Parameters
    ----------
    drafts : the runs.
    pieces : what each knows.
    left : names of parameters that are left out.
    """
    found: list[Source] = []
    for r, (draft, known) in enumerate(zip(drafts, pieces, strict=True)):
        for one in known:
            if set(one.names) & left:
                continue
            where = _where(draft, one)
            same = next((other for other in found if _same(one, where, other)), None)
            if same is None:
                same = Source(one, where)
                found.append(same)
            elif len(one.names) > len(same.known.names):
                same.known, same.where = one, where
            if r not in same.runs:
                same.runs.append(r)
    return found


def parts(one: Constraint) -> list[Constraint]:
    """A constraint as several where what it is about is not correlated."""
    off = one.covariance[~np.eye(len(one.names), dtype=bool)]
    if off.any():
        return [one]
    return [part for name in one.names if (part := one.of({name})) is not None]


def is_part(one: Constraint, whole: Constraint) -> bool:
    """Whether the first says nothing that the other does not say."""
    if not set(one.names) <= set(whole.names):
        return False
    at = [whole.names.index(name) for name in one.names]
    return np.array_equal(one.values, whole.values[at]) and np.allclose(
        one.covariance, whole.covariance[np.ix_(at, at)], rtol=1e-12, atol=0.0
    )


def _same(one: Constraint, where: Any, other: Source) -> bool:
    if where and other.where and where != other.where:
        return False
    return is_part(one, other.known) or is_part(other.known, one)


def _where(draft: Draft, one: Constraint) -> Any:
    """Whose ratio of intrinsic asymmetries it is: taken as 1 within errors, it is so for many."""
    if "detector_beta" not in one.names:
        return None
    counts = getattr(draft.data, "counts", None)
    return (draft.data.run.instrument, getattr(counts, "detectors", None))
