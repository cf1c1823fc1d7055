"""The files behind a pattern: a path, a glob, run numbers in braces, or of an instrument.

``deltat_tdc_ltf_{0001-0020,0025}.bin`` names 21 files; the width of the first number of a range is
the width of all. ``ltf:1-20,25`` names the same runs wherever they lie below the data folder.
"""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from musrcu.errors import ReadError
from musrcu.files import PathLike
from musrcu.instruments import find_instrument
from musrcu.readers.run_files import data_folders, files_of_runs

MOST = 100_000
"""Names that one pattern may stand for."""
_SHOWN = 3
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"([0-9]+)(?:-|\.\.)([0-9]+)")
_MAGIC = re.compile(r"[*?\[]")
_EXAMPLE = "gps:432, ltf:2340-2351,2360 or gps:2019/432"
_OF_INSTRUMENT = re.compile(r"([A-Za-z][A-Za-z0-9-]+):(?:([0-9]{4})/)?([0-9][0-9,. -]*)")


def find_runs(
    pattern: PathLike, folder: PathLike | None = None, *, data: PathLike | None = None
) -> list[Path]:
    """The files that a pattern names, in the order in which it names them.

    Parameters
    ----------
    pattern : a path; a glob (``ltf_*.bin``, ``**`` for any depth), whose files are sorted by name;
        or lists and ranges in braces (``ltf_{0001-0020,0025}.bin``), every one of which must
        exist. Braces and globs may be mixed. A file that bears the pattern itself as its name is
        taken as it is. Or run numbers of an instrument: ``gps:432``, ``ltf:2340-2351,2360``,
        with a year where numbers come back, ``gps:2019/432``.
    folder : where a relative pattern starts; None is the current folder.
    data : where run numbers of an instrument are looked for, in any folder below: a folder, or
        several with ``os.pathsep`` between them; None is ``folder``, else those of the environment
        variable MUSRCU_DATA, else the current folder.

    Returns
    -------
    At least one path, no file twice: where links give it several names, one of them, the one
    without a link if there is one.

    Raises
    ------
    ReadError if nothing is found, a file of a list or range is missing (the text names the first
    ones and their number), a run number may be any of several files, a brace is not closed, or a
    range runs backwards.
    """
    text = os.fspath(pattern)
    start = Path(folder) if folder is not None else Path()
    if not text or "\0" in text:
        raise ReadError(f"{text!r} is not a file name; name a file or a pattern such as *.bin")
    if _is_file(start / text):
        return [start / text]
    asked = _OF_INSTRUMENT.fullmatch(text)
    if asked:
        runs = list(dict.fromkeys(_run_number(n, text) for n in _choices(asked[3], text)))
        folders = data_folders(data, folder)
        return files_of_runs(text, asked[1], int(asked[2]) if asked[2] else None, runs, folders)
    names = _expanded(text)
    if "{" not in text and not _MAGIC.search(text):
        raise ReadError(_absent(start / text))
    found: dict[str, Path] = {}
    missing = []
    for name in names:
        files = _files(name, start)
        for file in files:
            found.setdefault(os.path.realpath(file), file)
        if not files:
            missing.append(name)
    if missing and "{" in text:
        raise ReadError(_missing(text, missing, len(names), start))
    if missing:
        raise ReadError(f"no file matches {start / text}{_in(start / text)}")
    return list(found.values())


def _files(name: str, start: Path) -> list[Path]:
    """The files of one name or glob."""
    path = start / name
    if _is_file(path):
        return [path]
    if not _MAGIC.search(name):
        return []
    whole = str(Path(glob.escape(str(start))) / name)
    found: dict[str, Path] = {}
    for file in sorted(filter(_is_file, _matching(whole)), key=_by_links):
        found.setdefault(os.path.realpath(file), file)
    return sorted(found.values())


def _by_links(path: Path) -> tuple[bool, int, Path]:
    return path.is_symlink(), len(path.parts), path


def _matching(pattern: str) -> Iterator[Path]:
    """What a glob matches; ``**`` is any depth, below which every folder is entered once."""
    parts = Path(pattern).parts
    if "**" not in parts:
        # not Path.glob, which refuses absolute patterns
        yield from map(Path, glob.glob(pattern))  # noqa: PTH207
        return
    place = parts.index("**")
    below = Path(*parts[place + 1 :] or "*")
    for base in _matching(str(Path(*parts[:place]))) if place else [Path()]:
        for folder in _folders(base):
            yield from _matching(str(Path(glob.escape(str(folder))) / below))


def _folders(base: Path) -> Iterator[Path]:
    """A folder and those below, hidden ones left out: each once, links after all others."""
    folders, links = deque([base]), deque[Path]()
    seen: set[tuple[int, int]] = set()
    while folders or links:
        folder = folders.popleft() if folders else links.popleft()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                inside = sorted(
                    (entry.name, entry.is_symlink())
                    for entry in entries
                    if not entry.name.startswith(".") and _is_folder(entry)
                )
        except OSError:  # no folder, or one that may not be entered
            continue
        yield folder
        for name, link in inside:
            (links if link else folders).append(folder / name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def _expanded(text: str) -> list[str]:
    """Every name that the braces of a pattern stand for."""
    pieces = _BRACES.split(text)
    if any(mark in piece for piece in pieces[::2] for mark in "{}"):
        raise ReadError(f"{text}: a brace is not closed or lies inside another; write {{1-4,7}}")
    choices = [
        _choices(piece, text) if place % 2 else [piece] for place, piece in enumerate(pieces)
    ]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST:
        raise ReadError(f"{text} stands for {count} files; at most {MOST} are taken")
    return ["".join(parts) for parts in itertools.product(*choices)]


def _choices(inside: str, text: str) -> list[str]:
    """The texts that one pair of braces stands for, such as 0001 ... 0020, 0025."""
    found: list[str] = []
    for item in inside.split(","):
        name = item.strip()
        if not name:
            raise ReadError(f"{text}: {{{inside}}} has an empty entry; write {{1-4,7}}")
        match = _RANGE.fullmatch(name)
        found += [name] if match is None else _numbers(match[1], match[2], text)
    return found


def _numbers(first: str, last: str, text: str) -> Iterator[str]:
    if max(len(first), len(last)) > 18:
        raise ReadError(f"{text}: {first}-{last} are no run numbers")
    low, high = int(first), int(last)
    if high < low:
        raise ReadError(f"{text}: the range {first}-{last} runs backwards; write {last}-{first}")
    if high - low >= MOST:
        raise ReadError(
            f"{text}: {first}-{last} stands for {high - low + 1} files; at most {MOST} are taken"
        )
    return (f"{number:0{len(first)}d}" for number in range(low, high + 1))


def _run_number(digits: str, text: str) -> int:
    if not digits.isdecimal() or len(digits) > 18:
        raise ReadError(f"{text}: {digits!r} is no run number; write {_EXAMPLE}")
    return int(digits)


def _missing(text: str, missing: list[str], count: int, start: Path) -> str:
    shown = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
    what = "file is" if len(missing) == 1 else "files are"
    where = f" in {start}" if start != Path() else ""
    return f"{text}: {len(missing)} of {count} {what} missing{where}: {shown}"


def _absent(path: Path) -> str:
    """Why a plain path is no file, and what may have been meant."""
    if os.path.lexists(path) and path.is_dir():
        return f"{path} is a directory; name files in it, such as {path / '*.bin'}"
    if os.path.lexists(path):
        return f"{path} is not a file that can be read"
    hint = _in(path)
    if ":" in path.name and find_instrument(path.name.partition(":")[0]):
        hint = f"; write run numbers as {_EXAMPLE}"
    elif not hint and _RANGE.search(path.name):
        hint = "; write a range as {0001-0020}, in quotes on the command line"
    return f"{path} does not exist{hint}"


def _in(path: Path) -> str:
    """The clause that names the first folder on the way that does not exist, or no text."""
    absent = [
        folder
        for folder in path.parents
        if not os.path.lexists(folder) and not _MAGIC.search(str(folder))
    ]
    return f": there is no folder {absent[-1]}" if absent else ""
