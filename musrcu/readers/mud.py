"""TRIUMF MUD (binary ``.msr``): time-differential runs of the muon beam lines M15, M20 and others.

A tree of sections (:mod:`musrcu.readers.mud_sections`) with packed counts
(:mod:`musrcu.readers.mud_packing`). musrfit's input files have the same extension and are text.

Bins are counted from 1 in the file: ``t0_ps`` is ``(t0_bin - 0.5)`` bin widths, and the last good
bin is the number of bins. So ``t0 = t0_bin - 1``, the centre of that bin, and the good bins are
``goodBin1 - 1`` to ``goodBin2 - 1``; other programs hand on the stored numbers. A number 0 was
never set: t0 is then taken from ``t0_ps``, the good bins from behind t0 to the last bin, and a
warning says so.

Source: ``mud.h``, ``mud_gen.c`` and ``mud_all.c`` of the MUD library and its Programmer's Guide
(T. Whidden, D. Arseneau, TRIUMF), compared with mud-py 1.3.1 on real files.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from musrcu.containers.log import Log
from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.files import PathLike
from musrcu.readers import mud_metadata as metadata
from musrcu.readers import mud_sections as mud
from musrcu.readers.binary import BinaryFile, open_binary
from musrcu.readers.mud_histograms import Histograms, read_histograms
from musrcu.readers.mud_logs import load_logs
from musrcu.readers.mud_records import Record, records
from musrcu.readers.mud_sections import Section
from musrcu.readers.registry import MAX_BYTES, Format
from musrcu.readers.unchanged import later

_OTHER_KINDS = {
    mud.INTEGRAL: "a time-integral run: counts against field or frequency, no decay histograms",
    0x02030000: "a beta-NMR run of the older kind",
    0x03010000: "a run of the Rutherford Appleton Laboratory in MUD",
}


def read_mud(path: PathLike, *, max_bytes: int = MAX_BYTES) -> Run:
    """The run in a time-differential MUD file, raw.

    Counts are int64; the instrument is the area (the beam line), the apparatus stays in the header.
    ``header`` holds the run description under the names of the MUD library, and ``histograms``,
    ``scalers``, ``variables`` and ``comments``: a dictionary for each, in the order of the file.
    Start and stop are in UTC. The rule for the temperature is in
    :func:`musrcu.readers.mud_metadata.temperature`. ``logs`` are read when they are first looked
    at, which raises a ReadError if the file has gone or changed since.

    Raises
    ------
    ReadError if the file is not MUD, is time-integral, is cut, or contradicts itself.
    """
    file_path = Path(path)
    with open_binary(file_path) as file:
        kind, sections, doubts = mud.find_sections(file)
        if kind != mud.DIFFERENTIAL:
            what = _OTHER_KINDS.get(kind, f"of an unknown kind {kind:#010x}")
            raise file.error(8, f"the file is {what}; expected a time-differential muon run")
        described = _run_description(file, sections, doubts)
        histograms = read_histograms(file, sections, max_bytes)
        lists = {
            name: tuple(records(file, sections, section).values())
            for name, section in (
                ("scalers", mud.SCALER), ("variables", mud.VARIABLE), ("comments", mud.COMMENT)
            )
        }  # fmt: skip
        logs: Mapping[str, Log] = {}
        if any(section.kind == mud.ARRAY for section in sections):
            logs = later(file_path, partial(load_logs, described["timeBegin"], max_bytes))
    header = {**described, "histograms": histograms.headers, **lists}
    return _run(file_path, header, histograms, logs, doubts)


def _run_description(file: BinaryFile, sections: list[Section], doubts: list[str]) -> Record:
    found = list(records(file, sections, mud.RUN).values())
    if not found:
        raise ReadError(f"{file.path}: the file has no run description; it is damaged")
    if len(found) > 1:
        doubts.append(f"the file has {len(found)} run descriptions; the first is used")
    return found[0]


def _run(
    path: Path,
    header: Mapping[str, Any],
    histograms: Histograms,
    logs: Mapping[str, Log],
    doubts: list[str],
) -> Run:
    temperature, temperature_doubts = metadata.temperature(
        header["temperature"], header["variables"]
    )
    field, field_doubts = metadata.field(header["field"])
    converted = header["area"] == metadata.CONVERTED
    return Run(
        counts=histograms.counts,
        bin_width=histograms.bin_width,
        t0=histograms.t0,
        first_good=histograms.first_good,
        last_good=histograms.last_good,
        labels=tuple(one["title"] for one in histograms.headers),
        source="continuous",
        facility=header["lab"] or "TRIUMF",
        instrument=None if converted else header["area"] or header["apparatus"] or None,
        number=header["runNumber"] or None,
        title=header["title"] or None,
        sample=header["sample"] or None,
        orientation=header["orient"] or None,
        comment=_comment(header["comments"]),
        temperature=temperature,
        field=field,
        start=metadata.moment(header["timeBegin"]),
        stop=metadata.moment(header["timeEnd"]),
        header=header,
        logs=logs,
        path=path,
        format=FORMAT.name,
        warnings=(
            *doubts,
            *metadata.origin_doubts(header, header["variables"], histograms.bin_width),
            *histograms.doubts,
            *temperature_doubts,
            *field_doubts,
        ),
    )


def _comment(comments: tuple[Record, ...]) -> str | None:
    """The comments, one a line: ``title: text``."""
    lines = [": ".join(part for part in (one["title"], one["comment"]) if part) for one in comments]
    return "\n".join(line for line in lines if line) or None


FORMAT = Format(
    name="mud",
    title="MUD (binary .msr), time-differential runs",
    sniff=lambda head, path: mud.is_mud(head),
    read=lambda path, max_bytes: read_mud(path, max_bytes=max_bytes),
    where="TRIUMF: M15, M20 and other beam lines since 1994",
)
