"""The files of run numbers, by the names that each facility gives to them.

Run 432 of GPS is ``deltat_tdc_gps_0432.bin``, ``deltat_pta_gps_0432.bin`` or one of the other names
that the table of instruments has, anywhere below the data folder.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from musrcu.errors import ReadError, nearest
from musrcu.files import PathLike
from musrcu.instrument_table import INSTRUMENTS, Instrument
from musrcu.instruments import find_instrument

VARIABLE = "MUSRCU_DATA"
"""Environment variable that names the data folder, or several as in PATH."""
DEEPEST = 6
"""Folders that are entered below the data folder, such as gps/d2026/tdc/root."""
LARGEST = 300_000
"""Entries of folders that are looked at."""
_SHOWN = 3
_YEAR = re.compile(r"d?((?:19|20)[0-9]{2})")


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    run: int
    year: int | None
    rank: int
    """Place of its name in the table."""


def data_folders(data: PathLike | None, folder: PathLike | None) -> list[Path]:
    """Where run numbers are looked for: ``data``, else ``folder``, MUSRCU_DATA, the current folder.

    Parameters
    ----------
    data : a folder, or as text several with ``os.pathsep`` between them.
    folder : one folder.

    Raises
    ------
    ReadError if one of them does not exist.
    """
    given = data if data is not None else folder
    source = ""
    if given is None and os.environ.get(VARIABLE):
        given, source = os.environ[VARIABLE], f", which {VARIABLE} names,"
    several = isinstance(given, str) and given is not folder
    parts = str(given or "").split(os.pathsep) if several else [os.fspath(given or "")]
    folders = list(dict.fromkeys(Path(part) for part in parts if part))
    for one in folders:
        if not os.path.isdir(one):  # noqa: PTH112 - Path.is_dir raises for names too long
            raise ReadError(f"{one}{source} is no folder; name the folder of the runs")
    return folders or [Path()]


def files_of_runs(
    text: str, name: str, year: int | None, runs: Sequence[int], folders: Sequence[Path]
) -> list[Path]:
    """One file for each run number, in their order.

    Where a run has files of several formats, the name that stands first in the table counts.

    Parameters
    ----------
    text : what the user wrote, for the error.
    name : of the instrument.
    year : of the runs, as it stands in the name of the file or of a folder on the way to it; None
        where the numbers tell.
    runs : at least one number.
    folders : where to look, and in the folders below, ``DEEPEST`` deep; links to folders are not
        followed.

    Raises
    ------
    ReadError if the instrument is not known, a run is missing, or several files may be meant.
    """
    instrument = find_instrument(name)
    if instrument is None:
        known = [one.name for one in INSTRUMENTS]
        raise ReadError(
            f"{text}: no instrument is called {name!r}{nearest(name, known)} "
            f"(known: {', '.join(known)})"
        )
    found: dict[int, list[_File]] = {run: [] for run in runs}
    others: set[int] = set()
    for file in _files(text, instrument, folders, found, others):
        found[file.run].append(file)
    right = {
        run: [file for file in files if year in (None, file.year)] for run, files in found.items()
    }
    missing = [run for run in runs if not right[run]]
    if missing:
        raise ReadError(_missing(text, instrument, found, others, missing, folders))
    return [_chosen(text, instrument, right[run]) for run in runs]


def files_called(name: str, folders: Sequence[Path]) -> Iterator[Path]:
    """Every file of that name in some folders, and in those below, ``DEEPEST`` deep."""
    for folder in folders:
        for parts, names in _walk(name, folder):
            if name in names:
                yield folder.joinpath(*parts, name)


def _files(
    text: str,
    instrument: Instrument,
    folders: Sequence[Path],
    wanted: Container[int],
    others: set[int],
) -> Iterator[_File]:
    """Every file of the wanted runs of an instrument; numbers of its other runs go to others."""
    patterns = [_pattern(template) for template in instrument.files]
    for folder in folders:
        around = _year_of(Path(os.path.abspath(folder)).parts)  # noqa: PTH100 - links stay
        for parts, names in _walk(text, folder):
            for name in names:
                rank, match = _first_match(patterns, name)
                if match is None:
                    continue
                run = int(match["run"])
                if run not in wanted:
                    others.add(run)
                    continue
                path = folder.joinpath(*parts, name)
                if os.path.isfile(path):  # noqa: PTH113 - Path.is_file may raise
                    year = _year_in(match.groupdict()) or _year_of(parts) or around
                    yield _File(path, run, year, rank)


def _first_match(
    patterns: Sequence[re.Pattern[str]], name: str
) -> tuple[int, re.Match[str] | None]:
    for rank, pattern in enumerate(patterns):
        match = pattern.fullmatch(name)
        if match:
            return rank, match
    return 0, None


def _walk(text: str, folder: Path) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The folders below one as their parts, with the sorted names of what is no folder there."""
    waiting: list[tuple[str, ...]] = [()]
    seen = 0
    while waiting:
        parts = waiting.pop()
        names = []
        # a folder that may not be entered, or went away, holds nothing
        with contextlib.suppress(OSError), os.scandir(folder.joinpath(*parts)) as entries:
            for entry in entries:
                seen += 1
                if not entry.is_dir(follow_symlinks=False):
                    names.append(entry.name)
                elif len(parts) < DEEPEST and not entry.name.startswith("."):
                    waiting.append((*parts, entry.name))
        if seen > LARGEST:
            raise ReadError(
                f"{text}: more than {LARGEST} files and folders in {folder}; name a folder that is "
                f"nearer to the runs with {VARIABLE} or data= (--data)"
            )
        yield parts, sorted(names)


def _pattern(template: str) -> re.Pattern[str]:
    """A regular expression for the names of one template, in any case."""
    fields = {"{run}": r"0*(?P<run>[0-9]{1,9})", "{year}": r"(?P<year>[0-9]{4})"}
    fields["{yy}"] = r"(?P<yy>[0-9]{2})"
    pieces = re.split(r"(\{[a-z]+\})", template)
    return re.compile("".join(fields.get(p) or re.escape(p) for p in pieces), re.IGNORECASE)


def _year_in(fields: dict[str, str]) -> int | None:
    """The year that the name of a file holds; two digits are of 1970 to 2069."""
    if "year" in fields:
        return int(fields["year"])
    if "yy" in fields:
        short = int(fields["yy"])
        return short + (1900 if short >= 70 else 2000)
    return None


def _year_of(parts: Sequence[str]) -> int | None:
    """The year of the innermost folder that is named after one, such as d2026 or 2026."""
    matches = (_YEAR.fullmatch(part) for part in reversed(parts))
    return next((int(match[1]) for match in matches if match), None)


def _chosen(text: str, instrument: Instrument, files: Sequence[_File]) -> Path:
    """The file of one run; at ISIS a number never comes back, elsewhere it does every year."""
    years = {file.year for file in files}
    one_run = instrument.facility == "ISIS" or (len(years) == 1 and None not in years)
    best = min(file.rank for file in files)
    first = [file.path for file in files if file.rank == best]
    if len(files) == 1 or (one_run and len(first) == 1):
        return first[0]
    run = files[0].run
    paths = sorted(str(file.path) for file in files)
    shown = ", ".join(paths[:_SHOWN]) + (", ..." if len(paths) > _SHOWN else "")
    known = sorted(year for year in years if year is not None)
    advice = "name the file"
    if known and len(years) > 1:
        advice = f"write the year, such as {instrument.name.lower()}:{known[-1]}/{run}, or {advice}"
    raise ReadError(f"{text}: run {run} may be any of {len(files)} files, {shown}; {advice}")


def _missing(
    text: str,
    instrument: Instrument,
    found: Mapping[int, Sequence[_File]],
    others: Collection[int],
    missing: Sequence[int],
    folders: Sequence[Path],
) -> str:
    """What was looked for and where, and what is there that comes near."""
    where = " or ".join(str(folder) for folder in folders)
    here = {*others, *(run for run, files in found.items() if files)}
    if not here:
        return (
            f"{text}: no file of {instrument.name} is in {where} or below it (they are called "
            f"{', '.join(instrument.files[:_SHOWN])} or so); name the folder of the runs with "
            f"{VARIABLE} or data= (--data)"
        )
    shown = ", ".join(map(str, missing[:_SHOWN])) + (", ..." if len(missing) > _SHOWN else "")
    start = f"{text}: {len(missing)} of {len(found)} runs are missing in {where}: {shown}"
    if len(found) == 1:
        start = f"{text}: run {shown} is missing in {where}"
    if found[missing[0]]:
        years = sorted({str(file.year or "an unknown year") for file in found[missing[0]]})
        return f"{start}; there is a run {missing[0]} of {' and of '.join(years)}"
    near = sorted(here, key=lambda run: (abs(run - missing[0]), run))[:2]
    return f"{start}; nearest there: {' and '.join(map(str, sorted(near)))}"
