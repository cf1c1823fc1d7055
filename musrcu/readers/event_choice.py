"""What is chosen of a file of single events, and which of its frames that leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.log import Log
from musrcu.containers.numbers import is_number, is_whole
from musrcu.errors import ReadError
from musrcu.readers.event_frames import FrameTable
from musrcu.readers.event_stream import MOST_DETECTORS
from musrcu.readers.tree import Node

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choice:
    """The options of :func:`musrcu.read_events`, checked."""

    bin_width: float
    length: float
    t0: float | None
    detectors: int | None
    window: tuple[float, float] | None
    log: tuple[str, float, float] | None
    frames: str

    def __post_init__(self) -> None:
        for name in ("bin_width", "length"):
            value = getattr(self, name)
            if not (is_number(value) and 0 < value < 1e6):
                raise ReadError(f"{name} = {value!r}; expected a number above 0 (us)")
        if not (self.t0 is None or (is_number(self.t0) and 0 <= self.t0 < self.length)):
            raise ReadError(f"t0 = {self.t0!r}; expected us from 0 to {self.length:g}")
        known = self.detectors
        if not (known is None or (is_whole(known) and 1 <= known <= MOST_DETECTORS)):
            raise ReadError(f"detectors = {known!r}; expected 1 to {MOST_DETECTORS}")
        if self.window is not None:
            _check_range("window", self.window, "s after the start of the run")
        if self.log is not None:
            several = isinstance(self.log, Sequence) and len(self.log) == 3
            if not (several and isinstance(self.log[0], str)):
                raise ReadError(f"log = {self.log!r}; expected a name and two numbers")
            _check_range(f"log {self.log[0]}", self.log[1:], "in the unit of the log")
        if self.frames not in ("all", "good"):
            raise ReadError(f"frames = {self.frames!r}; expected 'all' or 'good'")

    def options(self) -> dict[str, Any]:
        """What was chosen, for the history."""
        named = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in named.items() if value is not None}


def _check_range(name: str, pair: object, unit: str) -> None:
    numbers = (
        isinstance(pair, Sequence)
        and len(pair) == 2
        and all(isinstance(end, (int, float)) for end in pair)
    )
    if not (numbers and pair[0] <= pair[1]):  # type: ignore[index]
        raise ReadError(f"{name} = {pair!r}; expected two numbers {unit}, the smaller one first")


def kept_frames(
    group: Node,
    table: FrameTable,
    choice: Choice,
    logs: Mapping[str, Log],
    warnings: list[str],
) -> tuple[Flags, str]:
    """Which frames of an event group are kept, and a sentence that says how many.

    Parameters
    ----------
    logs : of the run, by one of which frames may be chosen.
    warnings : gains a sentence where frames are kept that the acquisition marked.

    Raises
    ------
    ReadError if the frames have no times to choose by, or a choice leaves none of them.
    """
    marked = ", ".join(f"{int(bad.sum())} {title}" for title, bad in table.doubtful.items())
    if marked and choice.frames != "good":
        warnings.append(
            f"{group.place} marks {marked} of {table.period.size} frames; all are kept, "
            "frames='good' leaves these out"
        )
    kept = np.ones(table.period.size, dtype=bool)
    for what, chosen, offered in _choices(group, table, choice, logs, marked):
        left = kept & chosen
        if not left.any():
            raise group.error(
                f"none of {int(kept.sum())} frames is left by {what}: {offered(kept)}"
            )
        kept = left
    return kept, f"{int(kept.sum())} of {kept.size} frames kept"


def _choices(
    group: Node, table: FrameTable, choice: Choice, logs: Mapping[str, Log], marked: str
) -> Iterator[tuple[str, Flags, Callable[[Flags], str]]]:
    """Each choice in words, the frames that meet it, and what the frames offered instead."""
    place = f"{group.path} at {group.place}"
    if choice.frames == "good" and marked:
        good = ~np.logical_or.reduce(list(table.doubtful.values()))
        yield "frames = 'good'", good, lambda _: f"{marked} of {good.size} are marked"
    if choice.window is not None:
        start, stop = choice.window
        within = table.within(start, stop, place=place)
        yield f"window = {start:g} to {stop:g} s", within, partial(_span, table)
    if choice.log is not None:
        name, low, high = choice.log
        if name not in logs:
            held = ", ".join(logs) or "none"
            raise group.error(f"no log {name!r} to choose frames by; the file has {held}")
        log = logs[name]
        unit = f" {log.unit}" if log.unit else ""
        where = table.where(log, low, high, place)
        yield f"log {name} from {low:g} to {high:g}{unit}", where, partial(_read, table, log)


def _span(table: FrameTable, kept: Flags) -> str:
    """When the frames were taken."""
    assert table.seconds is not None  # a window was chosen by them
    first, last = table.seconds[kept].min(), table.seconds[kept].max()
    return f"they lie from {first:.4g} to {last:.4g} s after the start of the run"


def _read(table: FrameTable, log: Log, kept: Flags) -> str:
    """What a log read during the frames."""
    assert table.seconds is not None  # frames were chosen by their times
    reading = np.searchsorted(log.seconds, table.seconds[kept], side="right") - 1
    values = log.values[reading[reading >= 0]]
    unit = f" {log.unit}" if log.unit else ""
    if not values.size:
        return "it has no reading before or during them"
    return f"it read from {values.min():.6g} to {values.max():.6g}{unit} during them"
