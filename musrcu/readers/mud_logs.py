"""The histories of logged variables in a MUD file, where it has any, read when first asked for.

A group of kind 0x01020006 pairs each independent variable with an array of readings and of the
times at which they were taken, in seconds since 1970. The Programmer's Guide foresees it for
time-integral files; a time-differential one with it was never met.

Source: ``MUD_SEC_GEN_ARRAY_proc`` of ``mud_gen.c`` and the Programmer's Guide of the MUD library.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.log import Log
from musrcu.readers import mud_sections as mud
from musrcu.readers.binary import open_binary
from musrcu.readers.mud_packing import MOST_RUNS, check_counts, unpack_into, vax_doubles, vax_floats
from musrcu.readers.mud_records import records
from musrcu.readers.mud_sections import Body, find_sections
from musrcu.readers.registry import check_size

INTEGER, REAL = 1, 2
"""Types of readings; 3 is a text."""


def load_logs(begin: int, max_bytes: int, path: Path) -> dict[str, Log]:
    """Logs by name; an array without times, or of texts, is none.

    Parameters
    ----------
    begin : start of the run, seconds since 1970.

    Raises
    ------
    ReadError if the file cannot be read, or an array is cut.
    """
    logs, runs_left = {}, MOST_RUNS
    with open_binary(path) as file:
        _, sections, _ = find_sections(file)
        variables = records(file, sections, mud.VARIABLE)
        for section in sections:
            if section.kind != mud.ARRAY or section.number not in variables:
                continue
            what = f"readings {section.number}"
            body, place = Body(file, section, what), f"{file.path}: {what}"
            n, size, kind, timed, n_bytes = body.numbers(5)
            check_size(place, 8 * n, max_bytes)
            if not timed:
                continue
            data, times = body.take(n_bytes), body.take(4 * n)
            if kind == INTEGER:
                runs_left -= check_counts(data, n, size, place, runs_left)[1]
            values = _values(data, n, size, kind, place)
            if values is None:
                continue
            seconds = np.frombuffer(times, "<u4").astype(float) - begin
            known = np.isfinite(values)
            variable = variables[section.number]
            name = variable["name"] or f"variable {section.number}"
            logs[name] = Log(name, seconds[known], values[known], variable["units"] or None)
    return logs


def _values(data: bytes, n: int, size: int, kind: int, place: str) -> NDArray[np.float64] | None:
    """(n,) readings of data that were checked; None where they are no numbers."""
    if kind == INTEGER:
        whole = np.zeros(n, dtype=np.int64)
        unpack_into(whole, data, size, place)
        return whole.astype(float)
    if kind == REAL and size in (4, 8) and len(data) >= n * size:
        return vax_floats(data[: 4 * n]) if size == 4 else vax_doubles(data[: 8 * n])
    return None
