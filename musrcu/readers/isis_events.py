"""ISIS event-mode NeXus: every positron with its time, made into histograms while it is read.

Written by the digitiser pipeline of HiFi and SuperMuSR since 2024.

Source: files of that pipeline; the histograms of run 195790 equal those of MuonDataLib 0.13.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_PULSE
from musrcu.containers.arrays import IntArray
from musrcu.containers.history import History, Step
from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.files import PathLike
from musrcu.pulse import rise_of
from musrcu.readers import muon_metadata
from musrcu.readers.event_choice import Choice, kept_frames
from musrcu.readers.event_frames import FrameTable, read_frames
from musrcu.readers.event_stream import Binning, Frames, Histograms, histogram
from musrcu.readers.isis_logs import later_logs
from musrcu.readers.isis_time_axis import per_microsecond
from musrcu.readers.muon_entry import find_muon_entry
from musrcu.readers.nexus_file import HDF4, HDF5, event_groups, find_events, nexus_kind, open_nexus
from musrcu.readers.registry import MAX_BYTES, Format, find_format
from musrcu.readers.tree import Node

BIN_WIDTH = 0.016
"""µs, as the histograms of ISIS have it."""
LENGTH = 32.768
"""µs; 2048 bins of 16 ns."""
FIRST_GOOD = 0.2
"""µs after time zero at which the good bins begin; an EMU file of 2021 has 0.208."""


def read_events(
    path: PathLike,
    *,
    bin_width: float = BIN_WIDTH,
    length: float = LENGTH,
    t0: float | None = None,
    detectors: int | None = None,
    window: tuple[float, float] | None = None,
    log: tuple[str, float, float] | None = None,
    frames: str = "all",
    max_bytes: int = MAX_BYTES,
) -> Run:
    """Histograms of an ISIS event file: one per period and detector.

    bin = floor(time since the start of the frame / bin_width). The events are read in parts, so
    that memory does not grow with their number.

    Parameters
    ----------
    path : the HDF5 file.
    bin_width : µs, a whole multiple of the clock's step (1 ns), so that all bins are equally long.
    length : µs; later events are left out, and counted in a warning.
    t0 : arrival of the muon pulse, µs after the start of the frame. The files do not say; None
        takes the time at which the counts reach half their height, with a warning.
    detectors : how many there are; None takes the highest number with an event.
    window : (start, stop), s after the start of the run; frames outside are left out.
    log : (name, low, high): frames during which that log read from low to high, both included; a
        reading holds until the next one.
    frames : ``all``, or ``good`` to leave out those that are marked incomplete, not running or
        vetoed.
    max_bytes : bytes that the histograms may take.

    Returns
    -------
    Run of a pulsed source. ``good_frames`` are the frames that were kept, per period.

    Raises
    ------
    ReadError if the file is damaged or holds no events, or a choice cannot be met.
    """
    choice = Choice(bin_width, length, t0, detectors, window, log, frames)
    file = Path(path)
    if _is_other(file):
        raise ReadError(f"{file} is no file of single events; read it with musrcu.read")
    with open_nexus(file) as root:
        return _read_run(root, choice, max_bytes)


def holds_events(path: PathLike) -> bool:
    """Whether :func:`read_events` can make histograms of a file of any known format.

    Raises
    ------
    ReadError if the file cannot be opened, or no reader knows it.
    """
    file = Path(path)
    find_format(file)
    if _is_other(file):
        return False
    with open_nexus(file) as root:
        return find_events(find_muon_entry(root).node) is not None


def _is_other(path: Path) -> bool:
    """Whether a file begins as none of NeXus; False for one that cannot be opened or is empty."""
    try:
        with path.open("rb") as stream:
            head = stream.read(len(HDF5))
    except (OSError, ValueError):  # ValueError: a NUL byte in the name
        return False
    return bool(head) and not head.startswith((HDF5, HDF4))


FORMAT = Format(
    name="isis-events",
    title="muon NeXus version 2, single events in HDF5",
    sniff=lambda head, path: nexus_kind(head, path) == "events",
    read=lambda path, max_bytes: read_events(path, max_bytes=max_bytes),
    where="ISIS: digitisers of HiFi and SuperMuSR since 2024",
)


def _read_run(root: Node, choice: Choice, max_bytes: int) -> Run:
    found_entry = find_muon_entry(root)
    entry = found_entry.node
    group = find_events(entry)
    if group is None:
        raise entry.error(
            "no events: event_id is missing; it is no file of single events, read it with "
            "musrcu.read"
        )
    warnings = list(found_entry.doubts)
    about = muon_metadata.describe(entry, muon_metadata.VERSION_2, warnings)
    logs = later_logs(entry, about["start"])
    table = read_frames(entry, group, about["start"], warnings)
    kept, note = kept_frames(group, table, choice, logs, warnings)
    binning, width = _binning(group, choice)
    found = _histograms(group, table, kept, binning, choice.detectors, max_bytes)
    _report(entry, group, found, choice, width, warnings)
    arrival = _time_zero(group, found.counts, width, choice.t0, warnings)
    n_detectors = found.counts.shape[1]
    first = int(np.clip(np.ceil(arrival + FIRST_GOOD / width), 0, max(binning.n_bins - 2, 0)))
    warnings.append(
        f"{group.place} names no good bins; those from {FIRST_GOOD:g} us after time zero are taken"
    )
    return Run(
        counts=found.counts,
        bin_width=width,
        t0=np.full(n_detectors, arrival),
        first_good=np.full(n_detectors, first),
        last_good=np.full(n_detectors, binning.n_bins - 1),
        labels=("",) * n_detectors,
        source="pulsed",
        facility="ISIS",
        good_frames=_good_frames(table, kept),
        logs=logs,
        header=muon_metadata.later_header(entry, group, group),
        path=entry.path,
        format=FORMAT.name,
        warnings=tuple(warnings),
        **about,
        history=History((Step("read_events", note, choice.options()),)),
    )


def _good_frames(table: FrameTable, kept: NDArray[np.bool_]) -> IntArray | None:
    """(n_periods,) frames that were kept; None where the file does not tell them apart."""
    if not table.is_known:
        return None
    return np.bincount(table.period[kept], minlength=table.n_periods).astype(np.int64)


def _binning(group: Node, choice: Choice) -> tuple[Binning, float]:
    """The bins in units of the clock, and their width in us."""
    times = group.child("event_time_offset")
    if times is None or times.is_group or times.dtype.kind not in "iuf":
        raise group.error("event_time_offset is missing or holds no numbers")
    per_us = per_microsecond(times, "ns")
    step = choice.bin_width * per_us
    if times.dtype.kind == "f":  # no clock
        return Binning(step, _n_bins(choice, choice.bin_width)), choice.bin_width
    if abs(step - round(step)) > 1e-6 * step or round(step) < 1:
        raise times.error(
            f"bin_width = {choice.bin_width:g} us is {step:g} steps of its clock; expected a whole "
            "number of steps, or bins would not be equally long"
        )
    width = round(step) / per_us
    return Binning(round(step), _n_bins(choice, width)), width


def _n_bins(choice: Choice, width: float) -> int:
    """Whole bins within the length that was asked for."""
    n_bins = int(choice.length / width * (1 + 1e-12))
    if n_bins < 2:
        raise ReadError(
            f"length = {choice.length:g} us holds {n_bins} bins of {width:g} us; expected 2 or more"
        )
    return n_bins


def _histograms(
    group: Node,
    table: FrameTable,
    kept: NDArray[np.bool_],
    binning: Binning,
    detectors: int | None,
    max_bytes: int,
) -> Histograms:
    ids, times = group.child("event_id"), group.child("event_time_offset")
    assert ids is not None  # the group was found by the one, the binning by the other
    assert times is not None
    if ids.is_group or ids.dtype.kind not in "iu":
        raise group.error("event_id holds no whole numbers")
    if ids.shape != times.shape or len(ids.shape) != 1:
        raise group.error(
            f"event_id has shape {ids.shape}, event_time_offset {times.shape}; expected one number "
            "for each event in both"
        )
    rows = np.where(kept, table.period, table.n_periods)
    frames = Frames(table.edges, rows, table.n_periods)
    found = histogram(ids, times, frames, binning, detectors or 0, max_bytes)
    if detectors is not None and found.counts.shape[1] > detectors:
        raise ids.error(f"detector {found.counts.shape[1]} has an event, expected 1 to {detectors}")
    return found


def _report(
    entry: Node,
    group: Node,
    found: Histograms,
    choice: Choice,
    width: float,
    warnings: list[str],
) -> None:
    """Say what was left out and what had to be assumed."""
    for other in event_groups(entry):
        if not _same_events(group, other):
            warnings.append(f"{other.place} holds events too; only {group.place} is read")
    if found.outside:
        warnings.append(
            f"{group.place}: {found.outside} events lie outside 0 to "
            f"{found.counts.shape[2] * width:g} us and are left out"
        )
    if choice.detectors is None:
        warnings.append(
            f"{group.place} does not say how many detectors there are; "
            f"{found.counts.shape[1]} is the highest number with an event"
        )


def _same_events(one: Node, other: Node) -> bool:
    """Whether two groups show the same events: one group, or a link, as NeXus has it."""
    first, second = one.child("event_id"), other.child("event_id")
    return first is not None and second is not None and first.same_as(second)


def _time_zero(
    group: Node, counts: IntArray, width: float, t0: float | None, warnings: list[str]
) -> float:
    """Bin (from 0, fractional) at which the muon pulse arrives.

    Without ``t0``: where the counts rise, :func:`musrcu.pulse.rise_of`.
    """
    if t0 is not None:
        return t0 / width - 0.5
    arrival = rise_of(counts, width)
    if arrival is None:
        raise group.error("no event lies in the histograms, so time zero is unknown; pass t0 in us")
    warnings.append(
        f"{group.place} has no time zero; {(arrival + 0.5) * width:.3g} us after the start of the "
        "frame, where the counts reach half their height, is taken, uncertain by some "
        f"{1e3 * MUON_PULSE:g} ns; t0 names another"
    )
    return arrival
