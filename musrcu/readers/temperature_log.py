"""The temperature of a run from the ``.mon`` log of PSI, attached when asked for."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from musrcu.containers.history import Step
from musrcu.containers.later import Later
from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError, ReadError, nearest
from musrcu.files import PathLike
from musrcu.readers.mon_file import MonLog, read_mon

SUBFOLDER = "tlog"
"""Folder beside the data that may hold the logs."""
LATEST_START = 7 * 86400.0
"""Seconds after which a log cannot begin where the stop of the run is not known."""
_NAME = re.compile(r"run_0*(\d{1,9})(?:_.*)?\.mon", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class _Span:
    """What of a run decides whether a log is that of the run."""

    path: Path
    number: int | None
    start: str | None
    stop: str | None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def duration(self) -> float | None:
        if self.start is None or self.stop is None:
            return None
        return (_moment(self.stop) - _moment(self.start)).total_seconds()


def attach_temperature_log(
    run: Run, path_or_folder: PathLike | None = None, *, column: str | None = None
) -> Run:
    """The run with the temperatures of its PSI log, and its temperature from one column of it.

    The times of the log are shifted to the start of the run. The mean is weighted by time over the
    run, a reading holding until the next one (``Temperature.with_log``). A reader never does this
    by itself: run numbers repeat every year, so a log can be that of another run.

    Parameters
    ----------
    run : a run with number and start.
    path_or_folder : the log, or a folder that holds it as ``run_0534.mon`` or
        ``run_0534_<anything>.mon``, with any number of zeros, or has it in a folder ``tlog``; None
        is the folder of the run.
    column : whose mean is the temperature; None is the only column there is, else the only one
        that has ``sample`` in its name.

    Returns
    -------
    Run with ``logs`` (every column; s after the start of the run, K), ``temperature`` and a step in
    its history that names file and column.

    Raises
    ------
    ReadError if a log cannot be read.
    MusrcuError if no log is found, none overlaps with the run, or the column is not clear.
    """
    kept = _overlapping(run, _files(run, path_or_folder))
    logs = _named(kept)
    chosen, why = _column(run, {name: log for name, (log, _) in logs.items()}, column)
    log, mon = logs[chosen]
    file = mon.path.name if mon.path else "log"
    try:
        temperature = run.temperature.with_log(log, run.duration)
    except MusrcuError as error:
        raise MusrcuError(f"{run.name}: {file}: {error}") from error
    shift = (_moment(mon.start or "") - _moment(run.start or "")).total_seconds()
    step = Step(
        "attach_temperature_log",
        f"temperature is the mean of {chosen} in {file} over the run, weighted by time ({why})",
        {"file": str(mon.path), "column": chosen, "log_begins_s": shift},
    )
    return run.replace(
        step=step,
        logs={**run.logs, **{name: log for name, (log, _) in logs.items()}},
        temperature=temperature,
        warnings=(*run.warnings, *_doubts(run, kept)),
    )


def logs_beside(path: Path, number: int | None, start: str | None, stop: str | None) -> Later[Log]:
    """The columns of the logs that lie beside a run or in ``tlog``, read when first looked at.

    They are empty where there is no such log, or none that overlaps with the run.
    """
    return Later(partial(_beside, path.absolute(), number, start, stop))


def _beside(path: Path, number: int | None, start: str | None, stop: str | None) -> dict[str, Log]:
    span = _Span(path, number, start, stop)
    try:
        files = _files(span, None)
    except MusrcuError:  # nothing there
        return {}
    placed = (_shifted(span, read_mon(file)) for file in files)
    kept = [mon for mon, reason in placed if not reason]
    return {name: log for name, (log, _) in _named(kept).items()}


def _overlapping(run: Run, files: Sequence[Path]) -> list[MonLog]:
    """The logs that overlap with the run; an error where none does."""
    found = [_shifted(run, read_mon(file)) for file in files]
    kept = [log for log, reason in found if not reason]
    if not kept:
        raise MusrcuError(found[0][1])
    return kept


def _files(run: Run | _Span, given: PathLike | None) -> list[Path]:
    """The log that was named, or those in a folder that bear the number of the run."""
    if given is None and run.path is None:
        raise MusrcuError(f"{run.name} comes from no file; name its temperature log")
    place = Path(given) if given is not None else Path(run.path or "").parent
    try:
        if not place.is_dir():
            if given is None or not place.is_file():
                raise ReadError(f"{place} is neither a temperature log nor a folder with one")
            return [place]
        if run.number is None:
            raise MusrcuError(
                f"{run.name} has no run number; name its temperature log, not {place}"
            )
        folders = [place, place / SUBFOLDER]
        entries = [entry for folder in folders if folder.is_dir() for entry in folder.iterdir()]
        files = [entry for entry in entries if _number(entry.name) == run.number]
        files = sorted(file for file in files if file.is_file())
    except (OSError, ValueError) as error:
        raise MusrcuError(f"{place} cannot be searched for temperature logs: {error}") from error
    if not files:
        raise MusrcuError(
            f"{run.name}: no temperature log run_{run.number:04d}*.mon in {place} or its folder "
            f"{SUBFOLDER}; name the file"
        )
    return files


def _number(name: str) -> int | None:
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def _shifted(run: Run | _Span, mon: MonLog) -> tuple[MonLog, str]:
    """The log with times after the start of the run, or why it is not that of the run."""
    if mon.start is None:
        raise ReadError(
            f"{mon.path}: no line gives the start of the log, expected '! DD-MMM-YYYY hh:mm:ss'"
        )
    if run.start is None:
        raise MusrcuError(f"{run.name}: its start is not known, so {mon.path} cannot be placed")
    shift = (_moment(mon.start) - _moment(run.start)).total_seconds()
    logs = {
        name: dataclasses.replace(log, seconds=log.seconds + shift, unit="K")
        for name, log in mon.logs.items()
    }
    mon = dataclasses.replace(mon, logs=logs)
    first, last = mon.span
    latest = LATEST_START if run.duration is None else run.duration
    if last >= 0 and first <= latest:
        return mon, ""
    begin, end = _after(run.start, first), _after(run.start, last)
    return mon, (
        f"{run.name}: the log {mon.path} runs from {begin} to {end}, the run from {run.start} to "
        f"{run.stop or 'an unknown stop'}: they do not overlap (run numbers repeat every year); "
        "name the log of this run"
    )


def _after(iso: str, seconds: float) -> str:
    """The moment so many seconds later, ISO 8601."""
    try:
        return (_moment(iso) + datetime.timedelta(seconds=seconds)).isoformat()
    except OverflowError:  # beyond the year 9999
        return f"{seconds:g} s after {iso}"


def _moment(iso: str) -> datetime.datetime:
    """The moment in the local time of the facility: a zone that a file names is left out."""
    try:
        return datetime.datetime.fromisoformat(iso).replace(tzinfo=None)
    except ValueError as error:
        raise MusrcuError(f"{iso!r} is no date and time in ISO 8601") from error


def _named(kept: Sequence[MonLog]) -> dict[str, tuple[Log, MonLog]]:
    """Every column by name, and by file and name where several files have it."""
    names = [name for mon in kept for name in mon.logs]
    found = {}
    for mon in kept:
        for name, log in mon.logs.items():
            if names.count(name) > 1 and mon.path is not None:
                log = dataclasses.replace(log, name=f"{mon.path.stem}:{name}")
            found[log.name] = (log, mon)
    return found


def _column(run: Run, logs: dict[str, Log], column: str | None) -> tuple[str, str]:
    """The column that is the temperature, and why."""
    choices = f"columns: {', '.join(logs)}"
    if column is not None:
        if column in logs:
            return column, "column given"
        raise MusrcuError(
            f"{run.name}: its temperature log has no column {column!r}"
            f"{nearest(column, tuple(logs))}; {choices}"
        )
    if len(logs) == 1:
        return next(iter(logs)), "the only column"
    samples = [name for name in logs if "sample" in name.casefold()]
    if len(samples) == 1:
        return samples[0], "the only column called sample"
    raise MusrcuError(
        f"{run.name}: which column of its temperature log is the sample is not clear; pass column= "
        f"({choices})"
    )


def _doubts(run: Run, kept: Sequence[MonLog]) -> list[str]:
    doubts = [doubt for mon in kept for doubt in mon.warnings]
    for mon in kept:
        if mon.run is not None and mon.run != run.number and mon.path is not None:
            doubts.append(f"{mon.path.name} speaks of run {mon.run}, not of {run.number}")
    return doubts
