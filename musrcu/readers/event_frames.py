"""The frames of an event file: their events, times, periods and flags, and which of them count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.containers.log import Log
from musrcu.errors import ReadError
from musrcu.readers.isis_time_axis import per_microsecond
from musrcu.readers.muon_entry import attempt, seconds_between
from musrcu.readers.tree import LONG, Node

MOST_PERIODS = 4096
"""A larger period number is damage."""


@dataclass(frozen=True, slots=True)
class FrameTable:
    """What a file says of its frames."""

    edges: IntArray
    """(n_frames + 1,) number of the first event of each frame; the last is the end of all."""
    period: IntArray
    """(n_frames,) from 0."""
    n_periods: int
    is_known: bool
    """Whether the file says where frames begin; without, all events are one frame."""
    seconds: FloatArray | None
    """(n_frames,) s after the start of the run; None where the file does not say."""
    doubtful: Mapping[str, NDArray[np.bool_]]
    """Frames that the acquisition marked: incomplete, not running or vetoed ones."""

    def within(self, start: float, stop: float, place: str) -> NDArray[np.bool_]:
        """Frames from ``start`` to ``stop``, s after the start of the run."""
        if self.seconds is None:
            raise ReadError(f"{place} has no times of its frames; a time window cannot be chosen")
        return np.asarray((self.seconds >= start) & (self.seconds < stop))

    def where(self, log: Log, low: float, high: float, place: str) -> NDArray[np.bool_]:
        """Frames during which a log read from ``low`` to ``high``; a reading holds until the next.

        Frames before the first reading are not among them.
        """
        if self.seconds is None:
            raise ReadError(f"{place} has no times of its frames; a log cannot choose among them")
        if log.values.size == 0:
            return np.zeros(self.period.size, dtype=bool)
        reading = np.searchsorted(log.seconds, self.seconds, side="right") - 1
        values = log.values[np.maximum(reading, 0)]
        return np.asarray((reading >= 0) & (values >= low) & (values <= high))


def read_frames(entry: Node, group: Node, start: str | None, warnings: list[str]) -> FrameTable:
    """The frames of an event group; doubt is added to ``warnings``.

    Parameters
    ----------
    start : start of the run, ISO 8601, from which times are counted.

    Raises
    ------
    ReadError if the frames contradict the events or one another.
    """
    ids = group.child("event_id")
    assert ids is not None  # the group was chosen for it
    n_events = ids.shape[0] if ids.shape else 0
    first = _whole(group, "event_index")
    is_known = first is not None
    if first is None:
        warnings.append(f"{group.place} has no event_index; all events are taken as one frame")
        first = np.zeros(1, dtype=np.int64)
    edges = np.append(first, n_events)
    if np.any(np.diff(edges) < 0) or first[0] < 0:
        wrong = int(np.argmax(np.diff(edges) < 0))
        raise group.error(
            f"event_index of frame {wrong + 1} is {edges[wrong]}, the next begins at "
            f"{edges[wrong + 1]} of {n_events} events; expected numbers that do not fall"
        )
    if is_known and first.size and first[0] > 0:
        warnings.append(
            f"{group.place}: {first[0]} events lie before the first frame and are left out"
        )
    period = _frame_values(group, "period_number", first.size, warnings)
    if period is None:
        period = np.zeros(first.size, dtype=np.int64)
    named = attempt(entry.number, "periods/number", warnings)
    if period.min() == 1 and period.max() == named:
        warnings.append(
            f"{group.place}/period_number runs from 1 to {named:g}, as many as there are periods; "
            "it is counted from 1, not from 0"
        )
        period = period - 1
    if not 0 <= period.min() <= period.max() < MOST_PERIODS:
        raise group.error(f"period_number runs from {period.min()} to {period.max()}, from 0 up")
    n_periods = int(period.max()) + 1
    if named is not None and n_periods < named < MOST_PERIODS:
        n_periods = int(named)
    return FrameTable(
        edges=edges,
        period=period,
        n_periods=n_periods,
        is_known=is_known,
        seconds=_seconds(group, first.size, start, warnings),
        doubtful=_doubtful(group, first.size, warnings),
    )


def _doubtful(group: Node, n_frames: int, warnings: list[str]) -> dict[str, NDArray[np.bool_]]:
    """Frames marked by flags; a flag with one value for all frames says nothing of any of them."""
    found = {}
    for name, title, marked_by_0 in (
        ("is_frame_complete", "incomplete", True),
        ("running", "not running", True),
        ("veto_flag", "vetoed", False),
    ):
        flags = _frame_values(group, name, n_frames, warnings)
        if flags is None:
            continue
        marked = (flags == 0) == marked_by_0
        if n_frames > 1 and np.all(marked) and np.all(flags == flags[0]):
            warnings.append(
                f"{group.place}/{name} is {flags[0]} for all {n_frames} frames, which marks every "
                f"one as {title}; it is taken as not set"
            )
        elif np.any(marked):
            found[title] = marked
    return found


def _seconds(
    group: Node, n_frames: int, start: str | None, warnings: list[str]
) -> FloatArray | None:
    """Time of each frame, s after the start of the run; None with a warning where unknown."""
    node = attempt(group.child, "event_time_zero", warnings)
    times = None if node is None else group.numbers("event_time_zero", LONG)
    if node is None or times is None or times.size != n_frames:
        warnings.append(f"{group.place} has no event_time_zero of its {n_frames} frames")
        return None
    offset = node.attribute("offset")
    shift = 0.0
    if offset is not None and start is not None:
        try:
            shift = seconds_between(start, str(offset))
        except ValueError:
            warnings.append(f"{node.place}@offset is {offset!r}, no ISO 8601 time; taken as start")
    seconds: FloatArray = times / (per_microsecond(node, "ns") * 1e6) + shift
    return seconds


def _frame_values(group: Node, name: str, n_frames: int, warnings: list[str]) -> Any:
    values = _whole(group, name)
    if values is not None and values.size != n_frames:
        warnings.append(
            f"{group.place}/{name} has {values.size} values for {n_frames} frames; not used"
        )
        return None
    return values


def _whole(group: Node, name: str) -> IntArray | None:
    values = group.numbers(name, LONG)
    if values is None:
        return None
    if not np.all(np.abs(values) < 2**53) or np.any(values != np.rint(values)):
        raise group.error(f"{name} holds no whole numbers")
    return values.astype(np.int64)
