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
ZONE = "Europe/Zurich"
"""The zone of the local time in the logs."""
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
        try:
            length = (_moment(self.stop) - _moment(self.start)).total_seconds()
        except TypeError:  # one of them names its zone
            return None
        return length if length >= 0 else None


def attach_temperature_log(
    run: Run, path_or_folder: PathLike | None = None, *, column: str | None = None
) -> Run:
    """The run with the temperatures of its PSI log, and its temperature from one column of it.

    The times of the log are shifted to the start of the run; they are local times of PSI, which is
    what a start without a zone is taken to be. The mean is weighted by time over the run, a reading
    holding until the next one (``Temperature.with_log``); a log that hardly covers the run, is long
    past or falls silent is a warning. A reader never does this by itself: run numbers repeat every
    year, so a log can be that of another run.

    Parameters
    ----------
    run : a run with number and start.
    path_or_folder : the log, or a folder that holds it as ``run_0534.mon`` or
        ``run_0534_<anything>.mon``, with any number of zeros, or has it in a folder ``tlog``; None
        is the folder of the run.
    column : whose mean is the temperature; None is the only column that the log names, else the
        only one that has ``sample`` in its name.

    Returns
    -------
    Run with ``logs`` (every column; s after the start of the run, K), ``temperature`` and a step in
    its history that names file and column.

    Raises
    ------
    ReadError if a log cannot be read.
    MusrcuError if no log is found, none overlaps with the run, the column is not clear or holds
    no number, or the time zone of the run cannot be looked up on this machine.
    """
    kept = _overlapping(run, _files(run, path_or_folder))
    columns = _named(kept)
    chosen, why = _column(run, tuple(columns), column)
    log, mon = columns[chosen]
    file = mon.path.name if mon.path else "log"
    if log is None:
        raise MusrcuError(
            f"{run.name}: {file}: {chosen} ({why}) has no reading that is a number"
            f"{_instead(columns)}"
        )
    try:
        temperature = run.temperature.with_log(log, run.duration)
    except MusrcuError as error:
        raise MusrcuError(f"{run.name}: {file}: {error}") from error
    step = Step(
        "attach_temperature_log",
        f"temperature is the mean of {chosen} in {file} over the run, weighted by time ({why})",
        {"file": str(mon.path), "column": chosen, "log_begins_s": _shift(run, mon)},
    )
    return run.replace(
        step=step,
        logs={**run.logs, **_read(columns)},
        temperature=temperature,
        warnings=(*run.warnings, *_doubts(run, kept), *log.doubts(run.duration)),
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
    return _read(_named(kept))


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
    shift = _shift(run, mon)
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


def _shift(run: Run | _Span, mon: MonLog) -> float:
    """Start of the log, s after that of the run; the log has the local time of PSI."""
    log, start = _moment(mon.start or ""), _moment(run.start or "")
    if start.tzinfo is not None:
        log = log.replace(tzinfo=_local(run))
    return (log - start).total_seconds()


def _local(run: Run | _Span) -> datetime.tzinfo:
    """The time zone of PSI."""
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(ZONE)
    except zoneinfo.ZoneInfoNotFoundError as error:
        raise MusrcuError(
            f"{run.name}: its start {run.start} has a time zone, the log has local time, and this "
            f"machine does not know the zone {ZONE}; pip install tzdata"
        ) from error


def _moment(iso: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(iso)
    except ValueError as error:
        raise MusrcuError(f"{iso!r} is no date and time in ISO 8601") from error


_Columns = dict[str, tuple[Log | None, MonLog]]


def _named(kept: Sequence[MonLog]) -> _Columns:
    """Every column by name, and by file and name where several files have it; None if empty."""
    names = [name for mon in kept for name in mon.columns]
    found: _Columns = {}
    for mon in kept:
        for column in mon.columns:
            name, log = column, mon.logs.get(column)
            if names.count(column) > 1 and mon.path is not None:
                name = f"{mon.path.stem}:{column}"
            found[name] = (None if log is None else dataclasses.replace(log, name=name), mon)
    return found


def _read(columns: _Columns) -> dict[str, Log]:
    """The columns that hold a number."""
    return {name: log for name, (log, _) in columns.items() if log is not None}


def _instead(columns: _Columns) -> str:
    others = ", ".join(_read(columns))
    return f"; pass column= for another one ({others})" if others else ""


def _column(run: Run, names: tuple[str, ...], column: str | None) -> tuple[str, str]:
    """The column that is the temperature, and why; among all that the logs name."""
    choices = f"columns: {', '.join(names)}"
    if column is not None:
        if column in names:
            return column, "column given"
        raise MusrcuError(
            f"{run.name}: its temperature log has no column {column!r}"
            f"{nearest(column, names)}; {choices}"
        )
    if len(names) == 1:
        return names[0], "the only column"
    samples = [name for name in names if "sample" in name.casefold()]
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
