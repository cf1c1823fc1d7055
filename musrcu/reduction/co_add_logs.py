"""Logs of added runs: each on the clock of the sum, and those of one name as one log."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.later import Later
from musrcu.containers.log import Log, Span
from musrcu.containers.run import Run


class _Part(NamedTuple):
    """The logs of one run, and where they lie in the sum."""

    name: str
    logs: Mapping[str, Log]
    shift: float | None
    """Its start, s after that of the sum; None where one of them is not known."""
    length: float | None
    """s; None where it is unknown."""
    counts: float


def combined_logs(
    runs: Sequence[Run], names: Sequence[str], counts: NDArray[np.float64], start: str | None
) -> Later[Log]:
    """The logs of added runs, read when first looked at.

    * Every log of every run as ``LTF 2341: Temp_Sample``, in seconds after the start of the sum,
      with the time of its run as its span.
    * What all of them call by one name, in one unit, also as one log of that name, without the
      readings outside the runs. Only time within the runs has weight, and each run that of its
      counts: its mean is that of the runs as ``add_runs`` takes it of their temperatures.

    Where the start of some run is not known the logs keep the clock of their run and none is
    joined.

    Parameters
    ----------
    runs : the added runs.
    names : (n_runs,) how to call each; all different.
    counts : (n_runs,) counts of each.
    start : of the sum; None where it is not known.
    """
    weights = counts if counts.sum() > 0 else np.ones(len(runs))
    parts = tuple(
        _Part(
            name,
            run.logs if isinstance(run.logs, Later) else dict(run.logs),
            _between(start, run.start),
            run.duration,
            float(weight),
        )
        for run, name, weight in zip(runs, names, weights, strict=True)
    )
    return Later(partial(_joined, parts))


def clock_doubts(runs: Sequence[Run], start: str | None) -> list[str]:
    """That logs could not be put on one clock, where there may be any."""
    if start is not None or not any(isinstance(run.logs, Later) or run.logs for run in runs):
        return []
    return [
        "the starts of the added runs are not all known, or not all with a time zone: each log "
        "keeps the clock of its own run"
    ]


def _between(start: str | None, other: str | None) -> float | None:
    """S from one time to another; None where they are unknown or cannot be compared."""
    if start is None or other is None:
        return None
    try:
        first, second = map(datetime.datetime.fromisoformat, (start, other))
        return (second - first).total_seconds()
    except (ValueError, TypeError):  # TypeError: one of them names its zone
        return None


def _joined(parts: tuple[_Part, ...]) -> dict[str, Log]:
    if any(part.shift is None for part in parts):
        return {name: log for part in parts for name, log in _named(part, part.logs)}
    placed = [{name: _placed(log, part) for name, log in part.logs.items()} for part in parts]
    found = {
        name: _one(name, [logs[name] for logs in placed])
        for name in placed[0]
        if all(name in logs for logs in placed) and len({_unit(logs[name]) for logs in placed}) == 1
    }
    for part, logs in zip(parts, placed, strict=True):
        found.update(_named(part, logs))
    return found


def _named(part: _Part, logs: Mapping[str, Log]) -> Iterator[tuple[str, Log]]:
    for name, log in logs.items():
        longer = f"{part.name}: {name}"
        yield longer, dataclasses.replace(log, name=longer)


def _unit(log: Log) -> str | None:
    return log.unit.strip().casefold() if log.unit else None


def _placed(log: Log, part: _Part) -> Log:
    """A log on the clock of the sum, with the time of its run as its span."""
    shift = part.shift or 0.0
    spans = log.spans or (_span(log, part),)
    return dataclasses.replace(
        log,
        seconds=log.seconds + shift,
        spans=tuple(Span(one.start + shift, one.stop + shift, one.rate) for one in spans),
    )


def _span(log: Log, part: _Part) -> Span:
    """The time of a run; its rate is that of its counts while the log says something."""
    length = part.length
    if length is None:
        length = max(float(log.seconds[-1]), 0.0) if log.seconds.size else 0.0
    found = log.during(0.0, length)
    covered = length * found.covered if found is not None else 0.0
    return Span(0.0, length, part.counts / (covered or 1.0))


def _one(name: str, logs: Sequence[Log]) -> Log:
    """The readings of all runs during the runs, as one log."""
    inside = [log.inside_spans() for log in logs]
    return Log(
        name,
        np.concatenate([log.seconds for log in inside]),
        np.concatenate([log.values for log in inside]),
        logs[0].unit,
        tuple(span for log in logs for span in log.spans),
    )
