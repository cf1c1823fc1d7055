"""Where the histograms of a PSI MDU file lie, which of them count, and their counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.psi_bin_layout import wrapped
from musrcu.readers import psi_mdu_layout as layout
from musrcu.readers.binary import BinaryFile
from musrcu.readers.psi_mdu_layout import Header, Kind, Tag
from musrcu.readers.psi_metadata import numbered
from musrcu.readers.registry import check_size

MOST_SKIPPED = 2**20
"""Bins that may lie before the first stored one; a whole histogram of HAL-9500 has 409600."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Where the counts of one detector lie."""

    place: int
    """Number of the tag, from 0."""
    tag: Tag
    offset: int
    """Byte at which the counts begin."""
    used: int
    """Stored bins that are taken."""
    listed: bool
    """Whether the detector is to be converted."""

    @property
    def n_bins(self) -> int:
        """Bins with those before the first stored one."""
        return self.tag.Histominb + self.used


def find_tags(
    file: BinaryFile, kind: Kind, planned: Sequence[Tag]
) -> tuple[tuple[Tag, ...], tuple[int, ...]]:
    """Every tag record and the byte at which its counts begin or would begin.

    The settings declare every tag too. Where the two differ in what decides about the counts
    behind a record, bytes are missing or damaged, and everything behind would be misread.
    """
    offset, tags, offsets = kind.tags_offset, [], []
    for place, plan in enumerate(planned):
        what = f"record of tag {place}"
        tag = layout.decode_tag(file.take(offset, layout.TAG_SIZE, what))
        if (tag.Type, tag.Histominb, tag.Histomaxb) != (plan.Type, plan.Histominb, plan.Histomaxb):
            raise file.error(
                offset,
                f"{what} has type {tag.Type!r} and bins {tag.Histominb} to {tag.Histomaxb}, the "
                f"settings say {plan.Type!r} and {plan.Histominb} to {plan.Histomaxb}",
            )
        _check_tag(file, offset, what, tag)
        offset += layout.TAG_SIZE
        tags.append(tag)
        offsets.append(offset)
        file.need(offset, 4 * tag.stored, f"histogram of tag {place} ({tag.Label!r})")
        offset += 4 * tag.stored
    return tuple(tags), tuple(offsets)


def _check_tag(file: BinaryFile, offset: int, what: str, tag: Tag) -> None:
    if tag.Type not in layout.TAG_TYPES:  # no letter at all is no histogram
        raise file.error(
            offset + 12, f"{what} has type {tag.Type!r}, expected one of {layout.TAG_TYPES}"
        )
    if tag.Type == "P" and not 0 <= tag.Histominb <= MOST_SKIPPED:
        raise file.error(
            offset + 40, f"{what} begins at bin {tag.Histominb}, expected 0 to {MOST_SKIPPED}"
        )
    if tag.Type == "P" and tag.Histomaxb < tag.Histominb - 1:
        raise file.error(
            offset + 44, f"{what} ends at bin {tag.Histomaxb}, before its first, {tag.Histominb}"
        )


def _listed(header: Header, kind: Kind) -> tuple[set[int], list[str]]:
    """The tags that are to be converted, and what is doubtful in their list."""
    words = header["DetectorNumberList"].split()
    good = [word for word in words if word.isascii() and word.isdigit() and len(word) < 4]
    found = {int(word) for word in good if int(word) < kind.tags}
    bad = [word for word in words if word not in good or int(word) not in found]
    doubts = []
    if bad:
        doubts.append(
            f"the list of detectors holds {bad[0][:20]!r}, expected numbers from 0 to "
            f"{kind.tags - 1}"
        )
    if header["NumberOfDetectors"] != len(found):
        doubts.append(
            f"the header speaks of {header['NumberOfDetectors']} detectors and lists {len(found)}"
        )
    return found, doubts


def choose(
    file: BinaryFile, header: Header, kind: Kind, tags: Sequence[Tag], offsets: Sequence[int]
) -> tuple[list[Histogram], list[str]]:
    """The histograms of the run, and what is doubtful in the choice."""
    listed, doubts = _listed(header, kind)
    extra = 1 if kind.only_listed else 0
    every = [
        Histogram(place, tag, offset, tag.stored - extra, place in listed)
        for place, (tag, offset) in enumerate(zip(tags, offsets, strict=True))
        if tag.stored
    ]
    if not every:
        raise file.error(kind.tags_offset, "no tag has a positron histogram")
    chosen = [histogram for histogram in every if histogram.listed]
    if not kind.only_listed:
        return every, doubts
    if not chosen:
        return every, [*doubts, "no histogram is in the list of detectors; all are taken"]
    left = [
        f"{histogram.place} {histogram.tag.Label}".strip()
        for histogram in every
        if not histogram.listed
    ]
    if left:
        doubts.append(
            f"the histograms of tags {', '.join(left)} are not in the list of detectors and are "
            "left out"
        )
    return chosen, doubts


def read_counts(
    file: BinaryFile, header: Header, chosen: Sequence[Histogram], max_bytes: int
) -> tuple[NDArray[np.int32], list[str]]:
    """(1, n_histograms, n_bins) counts, and what is doubtful in them."""
    lengths = [histogram.n_bins for histogram in chosen]
    n_bins = max(lengths)
    check_size(str(file.path), 4 * len(chosen) * n_bins, max_bytes)
    counts = np.empty((1, len(chosen), n_bins), dtype="<i4")
    sums, extra = [], []
    for row, histogram in zip(counts[0], chosen, strict=True):
        first, name = histogram.tag.Histominb, f"histogram of tag {histogram.place}"
        row[:first] = row[histogram.n_bins :] = 0
        used = row[first : histogram.n_bins]
        file.fill(histogram.offset, used, name)
        if used.min() < 0:
            place = int(used.argmin())
            raise file.error(
                histogram.offset + 4 * place,
                f"{name}, bin {first + place} (from 0) holds {used[place]} counts, expected 0 or "
                "more",
            )
        beyond = 0
        if histogram.used < histogram.tag.stored:
            beyond = file.number(histogram.offset + 4 * histogram.used, "i", name)
        extra.append(beyond)
        # in int32, so that it starts again at 2**31 like the scaler in the file
        sums.append(wrapped(int(used.sum(dtype=np.int32)) + beyond))
    counts.setflags(write=False)  # a Run takes a read-only array as it is
    doubts = list(_sum_doubts(header, chosen, sums))
    if any(extra):
        bad = numbered([k for k, beyond in enumerate(extra, 1) if beyond])
        doubts.append(f"the bin behind the last one, which is not used, is not empty in {bad}")
    if min(lengths) < n_bins:
        short = numbered([k for k, length in enumerate(lengths, 1) if length < n_bins])
        doubts.append(f"fewer bins than {n_bins} are stored of {short}; zeros fill them up")
    return counts, doubts


def _sum_doubts(header: Header, chosen: Sequence[Histogram], sums: Sequence[int]) -> Iterator[str]:
    """The scalers of the histograms as a checksum, unless the file says that one overflowed."""
    scalers = [header["HistogramScaler"][histogram.place] for histogram in chosen]
    flagged = [header["HSOverFlowBits"] >> histogram.place & 1 for histogram in chosen]
    full = [header["HOverFlowBits"] >> histogram.place & 1 for histogram in chosen]
    if not any(scalers) and any(sums):
        yield "the histogram scalers are all 0, so that nothing shows whether counts changed"
        return
    found = zip(scalers, sums, flagged, strict=True)
    bad = [k for k, (scaler, total, flag) in enumerate(found) if scaler != total and not flag]
    if bad:
        yield (
            f"the histogram scalers do not fit {numbered([k + 1 for k in bad])} (histogram "
            f"{bad[0] + 1}: {scalers[bad[0]]} in the statistics, {sums[bad[0]]} in the bins); "
            "counts changed since the file was written"
        )
    if any(full):
        yield f"the file says that bins overflowed in {numbered(true_places(full))}"


def true_places(bad: Sequence[int] | NDArray[np.bool_]) -> list[int]:
    """Histogram numbers, from 1, of what is true."""
    return [int(place) + 1 for place in np.flatnonzero(bad)]
