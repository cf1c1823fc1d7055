"""PSI MDU: the raw files of the PSI data acquisition (formats M3, T4 and T5).

GPS and other instruments with pTA electronics wrote M3 until about 2010; TDC electronics with 16
inputs write T4, with 32 (HAL-9500) T5. The layout is in :mod:`musrcu.readers.psi_mdu_layout`.

t0 and the good bins are stored in bins of the converted ``.bin`` file, f of ours each. Like
musrfit, musrcu takes the last of the f bins that t0 or the first good bin may be:
``t0 = (t0b + 1) f - 1``, ``first_good = (tfb + 1) f - 1``, ``last_good = tlb f``, indices from 0
and inside the histogram.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor
from musrcu.files import PathLike
from musrcu.readers import psi_mdu_layout as layout
from musrcu.readers.binary import BinaryFile, open_binary
from musrcu.readers.psi_mdu_histograms import (
    Histogram,
    choose,
    find_tags,
    read_counts,
    true_places,
)
from musrcu.readers.psi_mdu_layout import KINDS, Header, Kind, Tag
from musrcu.readers.psi_metadata import metadata_of, numbered
from musrcu.readers.registry import MAX_BYTES, Format
from musrcu.readers.temperature_log import logs_beside

MOST_REBINNED = 2**16
"""Bins of the raw histogram that one bin of the converted file may hold."""


def read_psi_mdu(path: PathLike, *, max_bytes: int = MAX_BYTES) -> Run:
    """The run in a PSI MDU file, raw.

    Counts are int32, as stored; bins before the first stored one are zero. M3 files hold
    histograms that are not to be converted and that are left out; all histograms of T4 and T5
    are taken, those that are not to be converted have their numbers in ``header["unlisted"]``. The
    mean temperature is that of the first sensor that reads one. ``header`` holds the fields of
    header, settings and statistics under the names of the structures in
    :mod:`musrcu.readers.psi_mdu_layout` (pile-up gates ``preps`` and ``posps`` in ps, ``time`` in
    ms), those of the tags as tuples, and the bytes before the first histogram as ``raw``.

    Parameters
    ----------
    path : the file.
    max_bytes : bytes that the counts may take in memory.

    Raises
    ------
    ReadError if the file is not MDU, is cut, or contradicts itself.
    """
    with open_binary(path) as file:
        raw, header, kind, planned = _head(file)
        tags, offsets = find_tags(file, kind, planned)
        chosen, doubts = choose(file, header, kind, tags, offsets)
        counts, count_doubts = read_counts(file, header, chosen, max_bytes)
    factor, factor_doubts = _factor(header, kind)
    t0, first, last = (
        np.array([getattr(histogram.tag, name) for histogram in chosen], dtype=np.int64)
        for name in ("t0b", "tfb", "tlb")
    )
    t0, first, last = (t0 + 1) * factor - 1, (first + 1) * factor - 1, last * factor
    lengths = np.array([histogram.n_bins for histogram in chosen])
    labels = tuple(histogram.tag.Label for histogram in chosen)
    means, sensors, sensor_doubts = _sensors(header)
    moments = (header["StartDate"], header["StartTime"]), (header["EndDate"], header["EndTime"])
    metadata, metadata_doubts = metadata_of(Path(path), labels, header, moments, means, sensors)
    doubts += [
        *([] if any(labels) else ["no histogram has a label"]),
        *factor_doubts,
        *_bin_doubts(chosen, t0, first, last, lengths),
        *sensor_doubts,
        *metadata_doubts,
        *count_doubts,
    ]
    number = header["RunNumber"] or None
    return Run(
        counts=counts,
        bin_width=kind.widths[header["resolutioncode"]],
        t0=t0.astype(float),
        first_good=first,
        last_good=np.minimum(last, lengths - 1),
        labels=labels,
        number=number,
        logs=logs_beside(Path(path), number, metadata["start"], metadata["stop"]),
        title=header["RunSubTitle"] or None,
        header={**header, **_by_tag(tags, chosen), "raw": raw},
        format=FORMAT.name,
        warnings=tuple(doubts),
        **metadata,
    )


def _sniff(head: bytes, path: Path) -> bool:
    """Magic, and a date behind it: a NUL ends it, which no text has, or its dashes show it."""
    magic = head[:2].decode("latin-1")
    return magic in KINDS and (b"\0" in head[2:] or head[4:5] + head[8:9] == b"--")


FORMAT = Format(
    name="psi-mdu",
    title="PSI MDU (.mdu), raw files of formats M3, T4 and T5",
    sniff=_sniff,
    read=lambda path, max_bytes: read_psi_mdu(path, max_bytes=max_bytes),
    where="PSI: GPS and others to about 2010 (M3), TDC and HAL-9500 since",
)


def _head(file: BinaryFile) -> tuple[bytes, dict[str, Any], Kind, tuple[Tag, ...]]:
    """The bytes before the tag records, their fields, the kind of file and the tags declared."""
    raw = file.take(0, layout.HEADER_SIZE, "header")
    header = layout.decode_header(raw)
    kind = KINDS.get(header["FmtId"])
    if kind is None:
        raise file.error(0, f"FmtId = {header['FmtId']!r}, expected M3, T4 or T5: no MDU file")
    sizes = (4, layout.HEADER_SIZE, kind.settings_size, layout.TAG_SIZE, kind.statistics_size)
    names = ("BinSize", "NumBytesHeader", "NumBytesSettings", "NumBytesTag", "NumBytesStatistics")
    for place, (name, size) in enumerate(zip(names, sizes, strict=True)):
        if header[name] != size:
            raise file.error(
                layout.SIZES + 4 * place,
                f"{name} = {header[name]} bytes, expected {size} in format {kind.name}: another "
                "layout, which no reader knows",
            )
    settings_raw = file.take(layout.HEADER_SIZE, kind.settings_size, "settings")
    settings, tags = layout.decode_settings(settings_raw)
    statistics_raw = file.take(
        layout.HEADER_SIZE + kind.settings_size, kind.statistics_size, "statistics"
    )
    code = settings["resolutioncode"]
    if code not in kind.widths:
        known = ", ".join(str(known) for known in kind.widths)
        raise file.error(
            layout.RESOLUTION_OFFSET,
            f"resolution code {code}, expected one of {known} in format {kind.name}",
        )
    fields = {**header, **settings, **layout.decode_statistics(statistics_raw)}
    return raw + settings_raw + statistics_raw, fields, kind, tags


def _factor(header: Header, kind: Kind) -> tuple[int, list[str]]:
    """Raw bins in one bin of the converted file, in which t0 and the good bins are given."""
    value, code = header["HistoResolution"], header["resolutioncode"]
    doubts = []
    if header["BinOffset"] != 0:
        doubts.append(
            f"BinOffset = {header['BinOffset']}; whether it shifts t0 is not known, it is left out"
        )
    if not kind.only_listed and 1 <= value <= MOST_REBINNED:
        return value, doubts
    # M3: both are codes of the electronics, 8 apart, and each step doubles the bin
    if kind.only_listed and 0 <= value + 8 - code <= MOST_REBINNED.bit_length() - 1:
        return int(2 ** (value + 8 - code)), doubts
    doubts.append(
        f"HistoResolution = {value} does not fit resolution code {code}; t0 and the good bins are "
        "taken in raw bins"
    )
    return 1, doubts


def _bin_doubts(
    chosen: Sequence[Histogram],
    t0: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> Iterator[str]:
    unset = np.array([histogram.tag.t0b == 0 for histogram in chosen])
    for bad, sentence in (
        (unset, "t0 is 0, never set, in {}"),
        ((t0 < 0) | (t0 >= lengths), "t0 lies outside the histogram in {}"),
        (first < t0, "the first good bin lies before t0 in {}"),
        (last <= first, "the last good bin is not behind the first in {}"),
        (last > lengths, "the last good bin lies behind the histogram in {}"),
    ):
        if bad.any():
            yield sentence.format(numbered(true_places(bad)))


def _sensors(header: Header) -> tuple[list[float], tuple[Sensor, ...], list[str]]:
    """Means of all thermometers, those that read a temperature, and what is doubtful."""
    means, doubts = _numbers(header["MeanTemp"])
    spreads, _ = _numbers(header["TempDev"])
    spreads += [0.0] * (len(means) - len(spreads))
    sensors = tuple(
        Sensor(None, mean, spread if 0 < spread < np.inf else None)
        for mean, spread in zip(means, spreads, strict=False)
        if 0 < mean < np.inf
    )
    return means, sensors, doubts


def _numbers(typed: str) -> tuple[list[float], list[str]]:
    """The numbers at the beginning of a text, up to four, and whether something else follows."""
    found: list[float] = []
    for word in typed.split()[:4]:
        try:
            found.append(float(word))
        except ValueError:
            return found, [f"the mean temperatures are {typed!r}, expected numbers"]
    return found, []


def _by_tag(tags: Sequence[Tag], chosen: Sequence[Histogram]) -> dict[str, tuple[Any, ...]]:
    """The fields of the tag records, one value a tag, and which histograms are not listed."""
    fields = dict(zip(Tag._fields, zip(*tags, strict=True), strict=True))
    unlisted = (number for number, histogram in enumerate(chosen, 1) if not histogram.listed)
    return {**fields, "unlisted": tuple(unlisted)}
