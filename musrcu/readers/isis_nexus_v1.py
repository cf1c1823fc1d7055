"""ISIS muon NeXus version 1: histograms under ``/run``, in HDF4 or HDF5.

Written by the ISIS data acquisition until about 2012, and by its converters of older files.

Source: ISIS muon NeXus instrument definition, version 1 (muonTD), and files of EMU and MuSR from
1994 to 2012.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from musrcu.containers.run import Run
from musrcu.files import PathLike
from musrcu.readers import isis_periods, muon_metadata
from musrcu.readers.isis_histograms import read_counts, read_dead_time, read_grouping
from musrcu.readers.isis_logs import later_logs
from musrcu.readers.isis_old_frames import read_old_frames
from musrcu.readers.isis_time_axis import read_time_axis
from musrcu.readers.muon_entry import attempt, find_muon_entry
from musrcu.readers.nexus_file import doubt_other_histograms, nexus_kind, open_nexus
from musrcu.readers.registry import MAX_BYTES, Format
from musrcu.readers.tree import Node

HISTOGRAMS = "histogram_data_1"
DETECTOR = "instrument/detector"
MOST_PERIODS = 10_000


def read_isis_nexus_v1(path: PathLike, *, max_bytes: int = MAX_BYTES) -> Run:
    """The run in a muon NeXus file of version 1.

    Parameters
    ----------
    path : the HDF4 or HDF5 file (.nxs).
    max_bytes : bytes that the counts may take in memory.

    Returns
    -------
    Run with every period, dead times in µs and good frames per period where the file has them, t0
    from ``corrected_time``. Header and logs are read when they are first looked at.

    Raises
    ------
    ReadError if the file is cut or damaged, holds no muon run, or contradicts itself.
    """
    with open_nexus(Path(path)) as root:
        entry = find_muon_entry(root)
        warnings = list(entry.doubts)
        if entry.version != 1:
            raise entry.node.error(f"IDF_version is {entry.version}, expected 1")
        if not entry.is_stated:
            warnings.append(f"{entry.node.place} has no IDF_version; read as version 1")
        return _read_run(entry.node, max_bytes, warnings)


FORMAT = Format(
    name="isis-nexus-v1",
    title="muon NeXus version 1, histograms in HDF4 or HDF5",
    sniff=lambda head, path: nexus_kind(head, path) == "version 1",
    read=lambda path, max_bytes: read_isis_nexus_v1(path, max_bytes=max_bytes),
    where="ISIS: EMU, MuSR, MUT, ARGUS, DEVA, 1994 to about 2012",
    extra="hdf4",
    extra_for="HDF4 files",
)


def _read_run(entry: Node, max_bytes: int, warnings: list[str]) -> Run:
    group = entry.group(HISTOGRAMS)
    node = None if group is None else group.child("counts")
    if group is None or node is None:
        raise entry.error(f"no histograms: {HISTOGRAMS}/counts is missing")
    doubt_other_histograms(entry, group, warnings)
    detector = entry.group(DETECTOR) or group
    counts = read_counts(node, max_bytes, _n_periods(entry, warnings))
    n_periods, n_detectors, n_bins = counts.shape
    _check_lengths(node, n_periods * n_detectors, n_bins, warnings)
    axis = read_time_axis(group, node, n_detectors, n_bins, warnings, corrected_first=True)
    source, facility = muon_metadata.read_source(entry, muon_metadata.VERSION_1, warnings)
    missed = warnings if source == "pulsed" else []  # a continuous beam has neither
    dead_time = read_dead_time(detector, n_periods, n_detectors, missed)
    single = None
    if n_periods == 1:
        single = read_old_frames(entry, counts, dead_time, axis.bin_width, missed)
    totals = counts.sum(axis=(1, 2))
    periods = isis_periods.read_periods(
        entry, group, totals, missed, fields=isis_periods.VERSION_1, single=single
    )
    about = muon_metadata.describe(entry, muon_metadata.VERSION_1, warnings)
    return Run(
        counts=counts,
        bin_width=axis.bin_width,
        t0=axis.t0,
        first_good=axis.first_good,
        last_good=axis.last_good,
        labels=("",) * n_detectors,
        source=source,
        facility=facility,
        orientation=attempt(detector.text, "orientation", warnings),
        dead_time=dead_time,
        good_frames=periods.good_frames,
        period_labels=periods.labels,
        grouping=read_grouping(group, n_periods, n_detectors, warnings),
        header=muon_metadata.later_header(entry, group, node),
        logs=later_logs(entry, about["start"]),
        path=entry.path,
        format=FORMAT.name,
        warnings=tuple(warnings),
        **about,
    )


def _n_periods(entry: Node, warnings: list[str]) -> int:
    """Number of periods; some files give it a sign."""
    states = attempt(entry.number, "switching_states", warnings)
    if states is None:
        warnings.append(f"{entry.place} has no switching_states; read as one period")
        return 1
    if not 1 <= abs(states) <= MOST_PERIODS or not states.is_integer():
        raise entry.error(f"switching_states is {states:g}, expected the number of periods")
    return int(abs(states))


def _check_lengths(node: Node, rows: int, n_bins: int, warnings: list[str]) -> None:
    """Compare the lengths that the file states with those of its counts."""
    for name, found in (("number", rows), ("length", n_bins)):
        stated = attempt(node.attribute, name, warnings)
        if isinstance(stated, (int, float)) and stated != found and np.isfinite(stated):
            warnings.append(f"{node.place} has {name} {stated:g} but holds {found}")
