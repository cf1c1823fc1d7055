"""MusrRoot and the LEM ROOT files before it: histograms of PSI in ROOT files.

Three generations are read: LEM until 2011 (TLemRunHeader), MusrRoot in folders since 2012, and
MusrRoot in directories (new data acquisition, 2025); of the last no file is public, it is read as
its authors and other programs describe it.

Bins are counted from 0, as the axis of the histograms has them: t0 is ``Time Zero Bin`` as it is.

Source: A. Suter, MusrRoot File Format for muSR (memorandum of PSI, with its note of October 2025),
``TMusrRunHeader`` and ``TLemRunHeader`` of musrfit, and files of LEM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.files import PathLike
from musrcu.readers.lem_header import HEADER as LEM_HEADER
from musrcu.readers.lem_header import PILE_UP_OFFSET, in_words_of_musr_root
from musrcu.readers.musr_root_header import SUMMARY, Facts, Value, read_header, summary
from musrcu.readers.musr_root_histograms import PILE_UP, find_histograms, read_histograms
from musrcu.readers.musr_root_logs import read_logs, sample_readings
from musrcu.readers.musr_root_metadata import (
    bin_width,
    field,
    instrument_of,
    moments,
    simulated,
    temperature,
)
from musrcu.readers.registry import MAX_BYTES, Format
from musrcu.readers.root_file import Item, is_root, open_root
from musrcu.readers.unchanged import later


def read_musr_root(path: PathLike, *, max_bytes: int = MAX_BYTES) -> Run:
    """The run in a MusrRoot or LEM ROOT file, raw.

    Each red/green offset is a period: at LEM 0 holds all decays (NPP), 20 those of them that no
    later muon disturbs (PPC, post-pileup rejected): copies, never to be added. Counts are int64;
    ``header`` holds every entry under the names of the file.

    Parameters
    ----------
    path : the file (.root).
    max_bytes : bytes that the counts may take in memory, and what of the file is unpacked for them.

    Returns
    -------
    Run of a continuous source. The slow-control histograms are ``logs``, read when looked at;
    looking raises a ReadError if the file has gone or changed since.

    Raises
    ------
    ReadError if the file is cut or damaged, is no muon run or contradicts itself, or if uproot is
    not installed.
    """
    file = Path(path)
    warnings: list[str] = []
    with open_root(file, max_bytes) as top:
        told = _header(top)
        facts = Facts(told.entries)
        stored = find_histograms(top, told.shift)
        if told.shift and 1 + PILE_UP_OFFSET in stored:
            facts = Facts({**told.entries, "RunInfo/RedGreen Offsets": (0, PILE_UP_OFFSET)})
        width = bin_width(file, facts)
        found = read_histograms(file, stored, facts, max_bytes, warnings)
        readings = sample_readings(top)
        logs = later(file, partial(read_logs, max_bytes))
    start, stop = moments(facts, warnings)
    return Run(
        counts=found.counts,
        bin_width=width,
        t0=found.t0,
        first_good=found.first_good,
        last_good=found.last_good,
        labels=found.labels,
        period_labels=found.period_labels,
        same_decays=any(PILE_UP in label for label in found.period_labels),
        source="continuous",
        facility=facts.text("RunInfo/Laboratory"),
        instrument=instrument_of(facts),
        number=_run_number(facts),
        title=facts.text("RunInfo/Run Title"),
        sample=facts.text("RunInfo/Sample Name"),
        orientation=facts.text("RunInfo/Sample Orientation"),
        comment=facts.text("RunInfo/Comment"),
        temperature=temperature(facts, readings, warnings),
        field=field(facts, warnings),
        start=start,
        stop=stop,
        header=told.header,
        logs=logs,
        path=file,
        format=FORMAT.name,
        warnings=(*simulated(facts), *warnings),
    )


FORMAT = Format(
    name="musr-root",
    title="MusrRoot and LEM ROOT (.root), histograms",
    sniff=lambda head, path: is_root(head),
    read=lambda path, max_bytes: read_musr_root(path, max_bytes=max_bytes),
    where="PSI: LEM (TLemRunHeader to 2011, MusrRoot since); all from 2027",
    extra="root",
)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the header of a file says."""

    entries: Mapping[str, Value]
    """In the words of MusrRoot."""
    header: Mapping[str, Any]
    """In the words of the file."""
    shift: int
    """From the number in the name of a histogram to the number counted from 1."""


def _header(top: Item) -> _Told:
    names = {item.name: item for item in top.items()}
    if "RunHeader" in names:
        entries = read_header(names["RunHeader"])
        return _Told(entries, entries, 0)
    if "RunInfo" in names:
        return _lem_header(names["RunInfo"])
    held = ", ".join(list(names)[:6]) or "nothing"
    raise ReadError(
        f"{top.path} is a ROOT file without a muon run (it holds {held}); expected RunHeader of "
        "MusrRoot or RunInfo of LEM"
    )


def _lem_header(section: Item) -> _Told:
    items = section.items()
    found = next((item for item in items if item.kind == LEM_HEADER), None)
    if found is None:
        raise section.error(f"holds no {LEM_HEADER}, expected that of a LEM file before 2012")
    members = {name: value for name, value in found.members().items() if name.isidentifier()}
    header = {
        name: tuple(value.tolist()) if hasattr(value, "tolist") else value
        for name, value in members.items()
    }
    # an array without a name beside it holds the lines of the run summary
    lines = next((item for item in items if item.kind == "TObjArray"), None)
    if lines is not None:
        header[SUMMARY] = summary(lines)
    return _Told(in_words_of_musr_root(members), header, 1)


def _run_number(facts: Facts) -> int | None:
    number = facts.whole("RunInfo/Run Number")
    return number if number is not None and number > 0 else None
