"""PSI ``.mon`` files: the temperatures that slow control logged during a run.

A reading is ``[days ]hh:mm:ss\\n\\v1 v2 ...\\i1 i2 ...\\``: the time since the start of the log,
a number of values, and blocks of them between backslashes. Lines with ``!`` are header or remarks:
one gives the start (``! DD-MMM-YYYY hh:mm:ss: Start of Run N``), one the names of the columns
(``! Title: name1 name2 ...``, with backslashes where they go on in the next block).

Source: the readers of Mantid (LoadPSIMuonBin) and mujpy. No file of the facility was at hand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from musrcu import psi_text
from musrcu.containers.arrays import by_fields
from musrcu.containers.later import read_only
from musrcu.containers.log import Log
from musrcu.errors import ReadError
from musrcu.files import LARGEST_TEXT, PathLike
from musrcu.readers.binary import open_binary

_MOMENT = re.compile(r"!\s*(\d{1,2}-[A-Za-z]{3}-\d{4})\s+(\d\d:\d\d:\d\d)(.*)", re.ASCII)
_RUN = re.compile(r"Start of Run\s+(\d{1,9})\b", re.IGNORECASE | re.ASCII)
_TITLE = re.compile(r"![^:]*\bTitle\b[^:]*:(.*)", re.IGNORECASE)
_SINCE = re.compile(r"(?:(\d{1,4})\s+)?(\d{1,4}):(\d\d):(\d\d(?:\.\d*)?)", re.ASCII)
_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}", re.ASCII)
_POINT = re.compile(r"[-+]?\d*\.\d*(?:[eE][-+]?\d+)?", re.ASCII)
_UNUSED = "NONE"
"""Name of a column that nothing is connected to."""


@dataclass(frozen=True, slots=True)
class MonLog:
    """What one ``.mon`` file holds."""

    start: str | None
    """Start of the log, ISO 8601 in local time; None where the file does not say."""
    title: str
    """The line that names the columns."""
    logs: Mapping[str, Log] = field(default_factory=dict)
    """Log by column, s after the start of the log; no unit is stored, temperatures are in K.
    Columns without a single number are left out."""
    run: int | None = None
    """Run number that the file speaks of."""
    warnings: tuple[str, ...] = ()
    """What is doubtful in the file, one sentence each."""
    path: Path | None = None
    columns: tuple[str, ...] = ()
    """Every column that the file names and uses, in its order."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "logs", read_only(self.logs))
        object.__setattr__(self, "columns", tuple(self.columns) or tuple(self.logs))

    def __reduce__(self) -> tuple[Any, ...]:
        return by_fields(self)

    @property
    def span(self) -> tuple[float, float]:
        """Times of the first and of the last reading, s after the start of the log."""
        times = [log.seconds for log in self.logs.values()]
        return min(float(t[0]) for t in times), max(float(t[-1]) for t in times)


def read_mon(path: PathLike) -> MonLog:
    """The columns of a PSI temperature log (``run_0534.mon``).

    Columns without a name, columns called NONE and readings that are no number, such as OVLD, are
    left out; such readings, and lines that cannot be read, are counted in ``warnings``. A comma is
    a decimal point where no reading has a point and some comma cannot part thousands.

    Returns
    -------
    MonLog, with at least one column, each with at least one reading.

    Raises
    ------
    ReadError if the file cannot be opened, is too large, names no columns, or has no readings; if
    it holds the logs of two runs or of two sets of columns; if ``5,013`` may be 5.013 or 5013.
    """
    lines = _lines(path)
    title, groups = _columns(path, lines)
    start, run = _start(path, lines)
    comma = _comma_is_point(path, lines, groups)
    columns = {name: _Column() for group in groups for name in group if name}
    skipped, first_skipped, backwards, last = 0, "", False, -math.inf
    for line in _records(lines):
        found = _record(line, groups)
        if found is None:
            skipped, first_skipped = skipped + 1, first_skipped or line
            continue
        moment, words = found
        backwards, last = backwards or moment < last, moment
        for name, word in words.items():
            columns[name].take(moment, word.replace(",", ".") if comma else word)
    file = Path(path).name
    logs = {name: column.log(name) for name, column in columns.items() if column.values}
    doubts = [column.doubt(file, name) for name, column in columns.items() if column.dropped]
    if skipped:
        doubts.append(
            f"{file}: {skipped} lines cannot be read and are left out, the first is "
            f"{first_skipped[:60]!r}"
        )
    if backwards:
        doubts.append(f"{file}: the times run backwards; the readings are put in order")
    if comma:
        doubts.append(f"{file}: its numbers have commas, which are read as decimal points")
    if not logs:
        raise ReadError(
            f"{path}: expected readings of {', '.join(columns) or 'any column'}: "
            f"{doubts[0] if doubts else 'no line has readings'}"
        )
    return MonLog(start, title, logs, run, tuple(doubts), Path(path), tuple(columns))


@dataclass(slots=True)
class _Column:
    """What is read of one column."""

    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    dropped: int = 0
    first: str = ""

    def take(self, moment: float, word: str) -> None:
        value = _number(word)
        if value is None:
            self.dropped, self.first = self.dropped + 1, self.first or word
        else:
            self.seconds.append(moment)
            self.values.append(value)

    def log(self, name: str) -> Log:
        return Log(name, np.array(self.seconds), np.array(self.values))

    def doubt(self, file: str, name: str) -> str:
        return (
            f"{file}: {self.dropped} of {self.dropped + len(self.values)} readings of {name} are "
            f"no numbers and are left out, the first is {self.first[:20]!r}"
        )


def _lines(path: PathLike) -> list[str]:
    with open_binary(path) as file:
        if file.size > LARGEST_TEXT:
            raise ReadError(
                f"{path}: expected a temperature log of at most {LARGEST_TEXT / 1e6:.0f} MB, "
                f"found {file.size / 1e6:.0f} MB"
            )
        return file.take(0, file.size, "temperature log").decode("latin-1").split("\n")


def _records(lines: list[str]) -> Iterator[str]:
    """The lines that are neither empty nor header nor remark."""
    for line in lines:
        stripped = line.strip()
        if stripped and not stripped.startswith("!"):
            yield stripped


def _columns(path: PathLike, lines: list[str]) -> tuple[str, list[list[str]]]:
    """The line that names the columns, and for each block of values the names, none twice.

    A column that is not used has an empty name.
    """
    titles = [found[1].strip() for line in lines if (found := _TITLE.match(line.strip()))]
    title = titles[0] if titles else ""
    if not title:
        raise ReadError(
            f"{path}: expected a PSI temperature log, with a line '! Title:' that names its columns"
        )
    for other in titles:
        if other.split() != title.split():
            raise ReadError(
                f"{path}: expected one set of columns, found {title[:60]!r} and then "
                f"{other[:60]!r}; split the file before the second '! Title:'"
            )
    groups: list[list[str]] = []
    seen: dict[str, int] = {}
    for part in title.rstrip("\\ ").split("\\"):
        groups.append([])
        for name in part.split():
            if name.upper() == _UNUSED:
                name = ""
            seen[name] = seen.get(name, 0) + 1
            groups[-1].append(name if seen[name] == 1 or not name else f"{name} {seen[name]}")
    return title, groups


def _start(path: PathLike, lines: list[str]) -> tuple[str | None, int | None]:
    """Start and run number: of the line that speaks of them, else the last date of the header."""
    start: str | None = None
    number: int | None = None
    header = True
    for line in lines:
        stripped = line.strip()
        header = header and (not stripped or stripped.startswith("!"))
        found = _MOMENT.match(stripped)
        if found is None or (moment := psi_text.iso_time(found[1], found[2])) is None:
            continue
        run = _RUN.search(found[3])
        if run and (number is not None or not header) and (moment, int(run[1])) != (start, number):
            raise ReadError(
                f"{path}: expected the log of one run, found a start at {start}"
                f"{'' if number is None else f' (run {number})'} and one at {moment} (run {run[1]})"
                "; split the file, one for each start"
            )
        if header and number is None:
            start, number = moment, int(run[1]) if run else None
    return start, number


def _comma_is_point(path: PathLike, lines: list[str], groups: list[list[str]]) -> bool:
    """Whether the numbers of a log are written with commas; an error where it is not clear."""
    if not any("," in line for line in _records(lines)):
        return False
    found = (_record(line, groups) for line in _records(lines))
    words = [word for record in found if record is not None for word in record[1].values()]
    commas = [word for word in words if _COMMA.fullmatch(word)]
    if not commas or any(_POINT.fullmatch(word) for word in words):
        return False
    if all(_THOUSANDS.fullmatch(word) for word in commas):
        raise ReadError(
            f"{path}: expected numbers with a decimal point, found {commas[0]!r}, which may be "
            f"{commas[0].replace(',', '.')} or {commas[0].replace(',', '')}; write it with a point"
        )
    return True


def _record(line: str, groups: list[list[str]]) -> tuple[float, dict[str, str]] | None:
    """Time, s after the start of the log, and readings by column; None for another line."""
    since, *blocks = line.split("\\")
    found = _SINCE.fullmatch(since.strip())
    if found is None or len(blocks) < 1 + len(groups):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    readings: dict[str, str] = {}
    for names, block in zip(groups, blocks[1:], strict=False):
        words = block.split()
        if len(words) != len(names):
            return None
        readings.update((name, word) for name, word in zip(names, words, strict=True) if name)
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds, readings


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:  # such as OVLD
        return None
    if "_" in word:  # Python takes 1_0 for 10
        return None
    return value if math.isfinite(value) else None
