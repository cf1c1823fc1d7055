"""The histograms of a MUD file: counts, bin width, t0, good bins, and what is doubtful there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError
from musrcu.readers import mud_sections as mud
from musrcu.readers.binary import BinaryFile
from musrcu.readers.mud_packing import MOST_RUNS, check_counts, unpack_into
from musrcu.readers.mud_records import Record, records
from musrcu.readers.mud_sections import Body, Section
from musrcu.readers.registry import check_size

NOT_COUNTS = 0x01020002
"""Group of histograms that, says the library's program removerf, are no counts."""


@dataclass(frozen=True, slots=True)
class Histograms:
    """Every histogram of a file, in the order of their numbers."""

    headers: tuple[Record, ...]
    counts: NDArray[np.int64]
    """(1, n_histograms, n_bins) counts."""
    bin_width: float
    """µs."""
    t0: NDArray[np.float64]
    """(n_histograms,) index from 0."""
    first_good: NDArray[np.int64]
    last_good: NDArray[np.int64]
    doubts: tuple[str, ...]


def read_histograms(file: BinaryFile, sections: list[Section], max_bytes: int) -> Histograms:
    """The histograms of a file.

    One that is shorter than the longest is filled up with zeros, behind its last good bin.

    Raises
    ------
    ReadError if there is none, one has no data or no bins, the data do not hold its bins, the bin
    widths differ, or the counts would take more than ``max_bytes``.
    """
    by_number = records(file, sections, mud.HISTOGRAM)
    data, doubts = _packed(file, sections, by_number)
    headers = tuple(by_number.values())
    width = _bin_width(file, headers)
    counts, unused = _counts(file, by_number, data, max_bytes)
    bins = np.array([header["nBins"] for header in headers])
    t0, first, last = (
        np.array(values) for values in zip(*(_range(one, width) for one in headers), strict=True)
    )
    doubts += [
        *unused,
        *_number_doubts(by_number, bins),
        *_t0_doubts(headers, width, bins),
        *_good_doubts(headers, t0, first, last),
        *_event_doubts(headers, counts[0]),
    ]
    return Histograms(headers, counts, width, t0, first, np.minimum(last, bins - 1), tuple(doubts))


def _packed(
    file: BinaryFile, sections: list[Section], headers: dict[int, Record]
) -> tuple[dict[int, bytes], list[str]]:
    """The packed data of each histogram by its number, and what is doubtful about them."""
    data: dict[int, bytes] = {}
    doubts: list[str] = []
    for section in sections:
        if section.kind != mud.DATA:
            continue
        body = Body(file, section, f"data of histogram {section.number}")
        if section.number not in headers:
            doubts.append(f"there are data of a histogram {section.number}, but no header")
            continue
        if section.number in data:
            raise file.error(section.offset, f"second data of histogram {section.number}")
        data[section.number] = body.take(body.numbers(1)[0])
        declared, found = headers[section.number]["nBytes"], len(data[section.number])
        if declared != found:
            doubts.append(
                f"histogram {section.number} has {found} bytes of data, its header says {declared}"
            )
        if section.group == NOT_COUNTS:
            doubts.append(f"the group of histogram {section.number} says that it holds no counts")
    missing = [str(number) for number in headers if number not in data]
    if missing or not headers:
        which = f"no data of histogram {', '.join(missing)}" if missing else "no histogram"
        raise ReadError(f"{file.path}: the file has {which}; it is damaged, or not a run")
    return data, doubts


def _bin_width(file: BinaryFile, headers: tuple[Record, ...]) -> float:
    """The bin width that all histograms have, µs."""
    stored = [header["fsPerBin"] for header in headers]
    if len(set(stored)) > 1:
        other = next(k for k, value in enumerate(stored) if value != stored[0])
        raise ReadError(
            f"{file.path}: histogram {other + 1} has fsPerBin = {stored[other]}, histogram 1 has "
            f"{stored[0]}; expected one bin width in a run"
        )
    return width_of(stored[0])


def width_of(fs_per_bin: int) -> float:
    """Bin width, µs, of ``fsPerBin``: femtoseconds, below 29 a code of the clock.

    78.125 ps 2^code for codes below 16, 48.828125 ps 2^(code - 16) for 16 to 28.
    """
    if fs_per_bin < 16:
        return float(78.125e-6 * 2**fs_per_bin)
    if fs_per_bin < 29:
        return float(48.828125e-6 * 2 ** (fs_per_bin - 16))
    return fs_per_bin / 1e9


def _counts(
    file: BinaryFile, headers: dict[int, Record], data: dict[int, bytes], max_bytes: int
) -> tuple[NDArray[np.int64], list[str]]:
    """(1, n_histograms, n_bins) counts, and doubt about data that they leave over.

    Nothing is made before the data were found to hold it.
    """
    doubts, runs_left = [], MOST_RUNS
    for number, header in headers.items():
        place = f"{file.path}: histogram {number}"
        if header["nBins"] == 0:
            raise ReadError(f"{place} has no bins, expected at least 1")
        check_size(place, 8 * header["nBins"], max_bytes)
        packed, n_bins = data[number], header["nBins"]
        used, n_runs = check_counts(packed, n_bins, header["bytesPerBin"], place, runs_left)
        runs_left -= n_runs
        if used < len(packed):
            left = len(packed) - used
            doubts.append(f"the counts of histogram {number} leave {left} bytes of its data over")
    longest = max(header["nBins"] for header in headers.values())
    check_size(f"{file.path}", 8 * len(headers) * longest, max_bytes)
    counts = np.zeros((1, len(headers), longest), dtype=np.int64)
    for row, (number, header) in zip(counts[0], headers.items(), strict=True):
        place = f"{file.path}: histogram {number}"
        unpack_into(row[: header["nBins"]], data[number], header["bytesPerBin"], place)
    counts.setflags(write=False)  # a Run takes a read-only array as it is
    return counts, doubts


def _range(header: Record, width: float) -> tuple[float, int, int]:
    """t0, first and last good bin of a histogram as indices from 0."""
    if header["t0_bin"]:
        t0 = header["t0_bin"] - 1.0
    else:
        t0 = max(header["t0_ps"] / (1e6 * width) - 0.5, 0.0)
    bins = header["nBins"]
    first = header["goodBin1"] - 1 if header["goodBin1"] else min(int(t0) + 1, bins - 1)
    last = header["goodBin2"] - 1 if header["goodBin2"] else bins - 1
    return t0, first, last


def _number_doubts(headers: dict[int, Record], bins: NDArray[np.int64]) -> Iterator[str]:
    numbers = list(headers)
    if numbers != list(range(1, len(numbers) + 1)):
        listed = ", ".join(str(number) for number in numbers)
        yield f"the histograms are numbered {listed}; here they count from 1 in that order"
    if (short := np.flatnonzero(bins < bins.max())).size:
        yield (
            f"{_names(short)} of {bins.min()} bins or more, fewer than the {bins.max()} of the "
            "longest, were filled up with zeros"
        )
    if not any(header["title"] for header in headers.values()):
        yield "no histogram has a label"


def _t0_doubts(headers: tuple[Record, ...], width: float, bins: NDArray[np.int64]) -> Iterator[str]:
    t0_bin = np.array([header["t0_bin"] for header in headers])
    t0_ps = np.array([header["t0_ps"] for header in headers], dtype=float)
    centre = (t0_bin - 0.5) * 1e6 * width
    coded = headers[0]["fsPerBin"] < 29
    unset = t0_bin == 0
    apart = (t0_ps != 0) & ~unset & (abs(t0_ps - centre) > 1e5 * width) & (not coded)
    for bad, sentence in (
        (unset & (t0_ps > 0), "t0_bin is 0, never set, in {}; t0 is taken from t0_ps"),
        (unset & (t0_ps == 0), "t0 was never set in {} and stands at the first bin; pass t0"),
        (t0_bin > bins, "t0 lies outside the histogram in {}"),
    ):
        if bad.any():
            yield sentence.format(_names(np.flatnonzero(bad)))
    if apart.any():
        worst = int(np.flatnonzero(apart)[0])
        yield (
            f"t0_ps and t0_bin disagree in {_names(np.flatnonzero(apart))}: {t0_ps[worst]:.0f} ps "
            f"against {centre[worst]:.0f} ps, the centre of bin {t0_bin[worst]}; t0_bin is used"
        )


def _good_doubts(
    headers: tuple[Record, ...],
    t0: NDArray[np.float64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> Iterator[str]:
    bins = np.array([header["nBins"] for header in headers])
    unset = np.array([not (header["goodBin1"] and header["goodBin2"]) for header in headers])
    for bad, sentence in (
        (unset, "the good bins were never set in {}; from behind t0 to the last bin is taken"),
        (first < np.floor(t0), "the first good bin lies before t0 in {}"),
        (last <= first, "the last good bin is not behind the first in {}"),
        (last >= bins, "the last good bin lies behind the histogram in {}"),
    ):
        if bad.any():
            yield sentence.format(_names(np.flatnonzero(bad)))


def _event_doubts(headers: tuple[Record, ...], counts: NDArray[np.int64]) -> Iterator[str]:
    """The header's event counts as a checksum: the sums over all bins, in 32 bits."""
    stored = [header["nEvents"] for header in headers]
    sums = [int(row.sum()) for row in counts]
    bad = [h for h, total in enumerate(sums) if stored[h] != total % 2**32]
    if not bad:
        return
    h = bad[0]
    rounded = all(stored[k] == int(np.float32(sums[k])) % 2**32 for k in bad)
    why = (
        "they were rounded to single precision and cut to 32 bits"
        if rounded
        else "counts changed since the header was written, or it counts other bins"
    )
    yield (
        f"the event counts of the header do not fit {_names(np.array(bad))} (histogram {h + 1}: "
        f"{stored[h]} in the header, {sums[h]} in its bins): {why}"
    )


def _names(histograms: NDArray[np.intp]) -> str:
    if len(histograms) == 1:
        return f"histogram {histograms[0] + 1}"
    return "histograms " + ", ".join(str(number + 1) for number in histograms)
