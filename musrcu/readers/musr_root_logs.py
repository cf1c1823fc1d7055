"""The slow-control histograms of a MusrRoot file as logs.

A bin is a reading, at the time since the start of the run that the axis says (``time (sec since
SOR)``). LEM reads every 30 s; its files say so to within one reading: some were cut to the length
of the run, but their axis was not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.containers.log import Log
from musrcu.readers.root_file import DIRECTORIES, Histogram, Item, open_root

MODULE = "SCAnaModule"
SAMPLE = "Sample Temperature"
_RUN = re.compile(r"\s+Run\s+\S+$")
_SECONDS = re.compile(r"time\b.*\b(s|sec|secs|seconds?)\b", re.IGNORECASE)


def read_logs(max_bytes: int, path: Path) -> dict[str, Log]:
    """The slow-control histograms that have a time axis, by the name of the channel.

    Raises
    ------
    ReadError if the file cannot be read.
    """
    found: dict[str, Log] = {}
    with open_root(path, max_bytes) as top:
        for item in _channels(top):
            histogram = item.histogram()
            name = _name(item, histogram)
            seconds, values = _readings(histogram)
            if values.size and name not in found:
                found[name] = Log(name, seconds, values)
    return found


def sample_readings(top: Item) -> FloatArray | None:
    """(n,) readings of the sample sensor; None where the file has none."""
    for item in _channels(top):
        if item.kind in DIRECTORIES:
            continue
        histogram = item.histogram()
        if _name(item, histogram) == SAMPLE:
            values = _readings(histogram)[1]
            return values if values.size else None
    return None


def _channels(top: Item) -> Iterator[Item]:
    histos = top.item("histos")
    module = None if histos is None else histos.item(MODULE)
    for item in () if module is None else module.items():
        if item.kind.startswith("TH1"):
            yield item


def _name(item: Item, histogram: Histogram) -> str:
    return _RUN.sub("", histogram.title).strip() or item.name


def _readings(histogram: Histogram) -> tuple[FloatArray, FloatArray]:
    """Times and values of the bins that were filled, which are the first ones.

    None where the axis is no time, or where bins behind them hold something.
    """
    nothing = np.empty(0)
    values = np.asarray(histogram.contents, float)
    width = (histogram.high - histogram.low) / values.size
    entries = histogram.entries
    if not (_SECONDS.search(histogram.axis) and np.isfinite(width) and width > 0):
        return nothing, nothing
    if not (0 < entries <= values.size and float(entries).is_integer()):
        return nothing, nothing
    n = int(entries)
    if np.any(values[n:] != 0):
        return nothing, nothing
    seconds = histogram.low + (np.arange(n) + 0.5) * width
    finite = np.isfinite(values[:n])
    return seconds[finite], values[:n][finite]
