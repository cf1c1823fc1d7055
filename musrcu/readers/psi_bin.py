"""PSI-BIN: histograms of the PSI instruments GPS, LTF, Dolly, GPD, ALC, HAL-9500 and FLAME.

A header of 1024 bytes (:mod:`musrcu.psi_bin_layout`) and int32 counts, all little-endian.

The acquisition counts bins from 1 (its event counts prove it), but every analysis program uses
the stored t0 as if bins were counted from 0. musrcu does the same: ``t0 = NT0`` and
``first_good = NTINI`` as indices from 0, ``last_good = min(NTFIN, LENHIS) - 1``. The numbers of
the file stay in ``run.header``; a shift of one bin changes nothing but fitted phases.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musrcu import psi_bin_layout as layout
from musrcu.containers.run import Run
from musrcu.containers.temperature import Sensor
from musrcu.files import PathLike
from musrcu.psi_bin_layout import Header
from musrcu.readers.binary import BinaryFile, open_binary
from musrcu.readers.psi_metadata import metadata_of, numbered
from musrcu.readers.registry import Format
from musrcu.readers.temperature_log import logs_beside


def read_psi_bin(path: PathLike) -> Run:
    """The run in a PSI-BIN file, raw.

    Counts are int64; the title is the comment field; the mean temperature is that of the first
    sensor that reads one; ``header`` holds every field under the name that
    :data:`musrcu.psi_bin_layout.FIELDS` gives it, and the 1024 bytes as ``raw``.

    Raises
    ------
    ReadError if the file is not PSI-BIN, is cut, or its header contradicts itself.
    """
    with open_binary(path) as file:
        raw, header = file.table(layout.FIELDS.values(), 0, layout.SIZE, "header")
        _check_header(file, header)
        width = _bin_width(file, header)
        counts, doubts = _counts(file, header)
    detectors = range(header["NUMHIS"])
    t0 = np.array([layout.t0(header, d)[0] for d in detectors])
    labels = header["HISLAB"][: counts.shape[1]]
    sensors = tuple(Sensor(None, *reading) for reading in layout.sensors(header))
    moments = (
        (header["start date"], header["start time"]),
        (header["stop date"], header["stop time"]),
    )
    metadata, metadata_doubts = metadata_of(
        Path(path), labels, header, moments, header["TEMPER"], sensors
    )
    doubts += [
        *_header_doubts(header),
        *_bin_doubts(header, t0),
        *metadata_doubts,
        *_event_doubts(header, counts[0]),
    ]
    return Run(
        counts=counts,
        bin_width=width,
        t0=t0,
        first_good=np.array(header["NTINI"][: counts.shape[1]]),
        last_good=np.array([layout.last_good(header, d) for d in detectors]),
        labels=labels,
        number=header["NRUN"] or None,
        logs=logs_beside(Path(path), header["NRUN"] or None, metadata["start"], metadata["stop"]),
        title=header["comment"] or None,
        header={**header, "raw": raw},
        format=FORMAT.name,
        warnings=tuple(doubts),
        **metadata,
    )


def _sniff(head: bytes, path: Path) -> bool:
    return len(head) > 1 and head[:1] == b"1" and head[1:2].isalpha() and head[1:2].isupper()


FORMAT = Format(
    name="psi-bin",
    title="PSI-BIN (.bin), histograms",
    sniff=_sniff,
    read=lambda path, max_bytes: read_psi_bin(path),  # its counts cannot exceed 4 MB
    where="PSI: GPS, LTF, Dolly, GPD, ALC, FLAME, HAL-9500, to 2026",
)


def _check_header(file: BinaryFile, header: Header) -> None:
    """Refuse a header that cannot be true, or that declares more than the file holds."""

    def refuse(name: str, expected: str) -> None:
        place = layout.FIELDS[name].offset
        raise file.error(place, f"{name} = {header[name]!r}, expected {expected}")

    histograms, bins = header["NUMHIS"], header["LENHIS"]
    if not _sniff(header["FMT_ID"].encode("latin-1"), file.path):
        refuse("FMT_ID", "'1N': this is not a PSI-BIN file")
    if not 0 < histograms <= layout.MAX_HISTOGRAMS:
        refuse("NUMHIS", f"1 to {layout.MAX_HISTOGRAMS} histograms")
    if bins <= 0:
        refuse("LENHIS", "at least 1 bin per histogram")
    if header["KHIDAF"] != 1:
        refuse("KHIDAF", "1 histogram per record")
    if not 0 < header["LENDAF"] <= layout.MAX_RECORD:
        refuse("LENDAF", f"1 to {layout.MAX_RECORD} bins per record")
    if header["KDAFHI"] * header["LENDAF"] < bins:
        records = -(-bins // header["LENDAF"])
        refuse("KDAFHI", f"at least {records} records for the {bins} bins of a histogram")
    if header["NUMDAF"] < histograms * header["KDAFHI"]:
        refuse("NUMDAF", f"at least {histograms * header['KDAFHI']} records in the file")
    file.need(layout.SIZE, 4 * header["NUMDAF"] * header["LENDAF"], "data block")


def _bin_width(file: BinaryFile, header: Header) -> float:
    width = layout.bin_width(header)
    if width is not None and layout.MIN_BIN_WIDTH <= width <= layout.MAX_BIN_WIDTH:
        return width
    found = "no bin width" if width is None else f"a bin width of {width:g} µs"
    raise file.error(
        layout.FIELDS["BINWIX"].offset,
        f"BINWIX = {header['BINWIX']:g} µs and KDTRES = {header['KDTRES']} give {found}, "
        f"expected {1e6 * layout.MIN_BIN_WIDTH:g} ps to {1e3 * layout.MAX_BIN_WIDTH:g} ns",
    )


def _counts(file: BinaryFile, header: Header) -> tuple[NDArray[np.int64], list[str]]:
    """(1, n_histograms, n_bins) counts, and what is doubtful in the data block."""
    histograms, bins, room = header["NUMHIS"], header["LENHIS"], header["LENDAF"] * header["KDAFHI"]
    counts = np.empty((1, histograms, bins), dtype=np.int64)
    padding = min(room - bins, layout.MAX_RECORD)
    dirty = []
    for histogram in range(histograms):
        start = layout.SIZE + 4 * histogram * room
        block = file.array(start, "<i4", bins + padding, f"histogram {histogram + 1}")
        if (lowest := block[:bins].min()) < 0:
            bad = int(block[:bins].argmin())
            raise file.error(
                start + 4 * bad,
                f"histogram {histogram + 1}, bin {bad} (from 0) holds {lowest} counts, "
                "expected 0 or more",
            )
        counts[0, histogram] = block[:bins]
        if block[bins:].any():
            dirty.append(histogram + 1)
    counts.setflags(write=False)  # a Run takes a read-only array as it is
    doubts = []
    if dirty:
        doubts.append(f"the padding behind the bins of {numbered(dirty)} is not zero")
    used = histograms * header["KDAFHI"]
    if header["NUMDAF"] > used:
        doubts.append(f"the file holds {header['NUMDAF']} records, its histograms use {used}")
    declared = layout.SIZE + 4 * header["NUMDAF"] * header["LENDAF"]
    if file.size > declared:
        doubts.append(f"the file has {file.size} bytes, its header declares {declared}")
    return counts, doubts


def _header_doubts(header: Header) -> Iterator[str]:
    if header["FMT_ID"] != "1N":
        yield f"the file calls itself {header['FMT_ID']!r} and is read as '1N'"
    if header["NRUN"] < 0:
        yield f"the run number {header['NRUN']} is negative; numbers above 32767 do not fit"
    if header["BINWIX"] == 0 and header["KDTRES"] > 15:
        yield f"clock code KDTRES = {header['KDTRES']} is known from one program only"
    if not any(header["HISLAB"][: header["NUMHIS"]]):
        yield "no histogram has a label"


def _bin_doubts(header: Header, t0: NDArray[np.float64]) -> Iterator[str]:
    """Doubt about t0 and good bins, in the file's own numbers."""
    n, bins = header["NUMHIS"], header["LENHIS"]
    first, last = np.array(header["NTINI"][:n]), np.array(header["NTFIN"][:n])
    ignored = np.array([layout.t0(header, detector)[1] for detector in range(n)])
    for bad, sentence in (
        (ignored, "REANT0 and NT0 disagree by more than one bin in {}; NT0 is used"),
        (t0 == 0, "t0 is 0, never set, in {}"),
        ((t0 < 0) | (t0 >= bins), "t0 lies outside the histogram in {}"),
        (first < np.floor(t0), "the first good bin lies before t0 in {}"),
        (last <= first, "the last good bin is not behind the first in {}"),
        (last > bins, "the last good bin lies behind the histogram in {}"),
    ):
        if bad.any():
            yield sentence.format(numbered(list(np.flatnonzero(bad) + 1)))


def _event_doubts(header: Header, counts: NDArray[np.int64]) -> Iterator[str]:
    """The header's event counts as a checksum: over the good bins, or (converters) over all."""
    n = counts.shape[0]
    stored = header["CNTOLD"][:n]
    good = [int(counts[h, layout.counted(header, h)].sum()) for h in range(n)]
    every = [int(row.sum()) for row in counts]
    # One rule must fit the whole file: mixed, a changed count could hide behind the other rule.
    bad = min(
        ([h for h in range(n) if stored[h] != layout.wrapped(sums[h])] for sums in (good, every)),
        key=len,
    )
    if bad:
        h = bad[0]
        yield (
            f"the event counts of the header do not fit {numbered([h + 1 for h in bad])} "
            f"(histogram {h + 1}: {stored[h]} in the header, {good[h]} in the good bins, "
            f"{every[h]} in all); counts or good bins changed since the file was written"
        )
    total = sum(stored)
    if header["TOTOLD"] != layout.wrapped(total):
        yield (
            f"the total of the header, {header['TOTOLD']} events, is not the sum {total} of its "
            "event counts"
        )
