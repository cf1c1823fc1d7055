"""Tables of dead times, as WiMDA writes them: one detector a line.

The first line may be the number of detectors, then ``<detector, counted from 1> <dead time, µs>``,
and a last line may say ``Run NNN``. Lines that begin with ``#`` or ``!`` are remarks.

Source: the layout that WiMDA's calibration writes, after the description in the documentation of
the program asymmetry.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from musrcu.errors import ReadError, quoted
from musrcu.files import PathLike
from musrcu.readers.binary import open_binary

LARGEST_TABLE = 2**20
"""Bytes; a table of ten thousand detectors is a quarter of it."""
LONGEST = 1e3
"""µs."""
_RUN = re.compile(r"run\b.*", re.IGNORECASE)
_DETECTOR = re.compile(r"[0-9]{1,6}", re.ASCII)


def read_dead_times(path: PathLike) -> tuple[float, ...]:
    """Dead time of every detector, µs, in their order.

    Raises
    ------
    ReadError if the file cannot be opened, is too long, or is no table of every detector once.
    """
    found: dict[int, float] = {}
    promised: int | None = None
    for number, line in _lines(Path(path)):
        place = f"{path}, line {number}"
        parts = line.replace(",", " ").split()
        if len(parts) == 1 and not found and promised is None and _DETECTOR.fullmatch(parts[0]):
            promised = int(parts[0])
            continue
        if len(parts) != 2 or not _DETECTOR.fullmatch(parts[0]):
            raise ReadError(
                f"{place}: {quoted(line)} is not the number of a detector and its dead time in us"
            )
        detector, value = int(parts[0]), _microseconds(parts[1], place)
        if detector == 0:
            raise ReadError(f"{place}: detector 0; they count from 1")
        if detector in found:
            raise ReadError(f"{place}: detector {detector} stands there twice")
        found[detector] = value
    if not found:
        raise ReadError(f"{path}: no dead times; expected lines such as '1 0.010' (us)")
    missing = next((d for d in range(1, len(found) + 1) if d not in found), None)
    if missing is not None:
        raise ReadError(f"{path}: detector {missing} is missing; every one from 1 is needed")
    if promised not in (None, len(found)):
        raise ReadError(
            f"{path}: its first line says {promised} detectors, {len(found)} lines follow"
        )
    return tuple(found[d] for d in sorted(found))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers, up to the one that names the run."""
    with open_binary(path) as file:
        if file.size > LARGEST_TABLE:
            raise ReadError(f"{path}: longer than {LARGEST_TABLE} bytes, no table of dead times is")
        content = file.take(0, file.size, "table of dead times")
    for number, line in enumerate(content.decode("latin-1").splitlines(), start=1):
        text = line.strip()
        if _RUN.fullmatch(text):
            return
        if text and text[0] not in "#!":
            yield number, text


def _microseconds(text: str, place: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= LONGEST:
        raise ReadError(
            f"{place}: {quoted(text)} is no dead time; expected a number of us, at most {LONGEST:g}"
        )
    return value
