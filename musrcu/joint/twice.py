"""Counts that were given to a joint fit more than once."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from musrcu.containers.run import Run
from musrcu.fitting.data import Data
from musrcu.joint.grouping import period_of
from musrcu.joint.member import Draft


def given_twice(drafts: Sequence[Draft]) -> list[str]:
    """One sentence for each pair of data that are, in part, the same counts.

    That is one run, one period, a detector and a time in common. Two periods, detectors or times
    of one run are different counts.
    """
    notes = []
    for one, other in _suspects(drafts):
        if _same_counts(one.data, other.data):
            names = dict.fromkeys((one.name, other.name))
            notes.append(
                f"{' and '.join(names)} {'share counts' if len(names) > 1 else 'is given twice'}: "
                "they count twice, and errors are too small by up to the root of 2; give each run "
                "once"
            )
    return list(dict.fromkeys(notes))


def _suspects(drafts: Sequence[Draft]) -> Iterator[tuple[Draft, Draft]]:
    """Pairs of the same file or the same number of a run."""
    alike: dict[Any, list[Draft]] = {}
    for draft in drafts:
        run = draft.data.run
        for key in {run.path, *((run.instrument, number) for number in _numbers(run))} - {None}:
            alike.setdefault(key, []).append(draft)
    for found in alike.values():
        yield from itertools.combinations(found, 2)


def _same_counts(one: Data, other: Data) -> bool:
    if not _same_run(one.run, other.run) or period_of(one.history) != period_of(other.history):
        return False
    mine, theirs = _detectors(one), _detectors(other)
    if mine and theirs and not mine & theirs:
        return False
    if not (one.time.size and other.time.size):
        return False
    if one.time[-1] < other.time[0] or other.time[-1] < one.time[0]:
        return False
    return not _thrown_apart(one, other)


def _same_run(one: Run, other: Run) -> bool:
    """By file, or by instrument, number and start."""
    if one.path is not None and other.path is not None and one.path == other.path:
        return True
    mine, theirs = _numbers(one), _numbers(other)
    if not mine & theirs or one.instrument != other.instrument:
        return False
    return one.start is None or other.start is None or one.start == other.start


def _numbers(run: Run) -> set[int]:
    return set(run.numbers) or ({run.number} if run.number is not None else set())


def _detectors(data: Data) -> set[int]:
    """Numbers of the detectors that were counted; empty where nothing says."""
    for name in ("counts", "histogram"):
        found: Any = getattr(data, name, None)
        if found is not None:
            return set(np.ravel(sum(found.detectors, ()) if name == "counts" else found.detectors))
    step = data.history.find("group")
    if step is None:
        return set()
    texts = [str(step.options.get(name, "")) for name in ("forward", "backward", "detectors")]
    numbers: set[int] = set()
    for part in ",".join(texts).split(","):
        ends = re.match(r"\s*(\d+)(?:-(\d+))?", part)
        if ends:
            first = int(ends[1])
            numbers |= set(range(first, int(ends[2] or first) + 1))
    return numbers


def _thrown_apart(one: Data, other: Data) -> bool:
    """Whether what was done in the same way to the same bins gave something else: it was not the
    same counts, whatever the numbers of the runs are.
    """
    if one.history != other.history or not np.array_equal(one.time, other.time):
        return False
    values: list[Any] = [
        getattr(data, "counted", getattr(data, "value", None)) for data in (one, other)
    ]
    return not np.array_equal(values[0], values[1])
