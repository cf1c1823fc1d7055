"""ISIS muon NeXus version 2: histograms under ``/raw_data_1``, in HDF5 or HDF4.

Written by the ISIS data acquisition, by MuonDataLib and by any2many of musrfit.

Source: ISIS muon NeXus instrument definition, version 2 (pulsedTD), and files of EMU and HiFi.
"""

from __future__ import annotations

from pathlib import Path

from musrcu.containers.run import Run
from musrcu.files import PathLike
from musrcu.readers import isis_periods, muon_metadata
from musrcu.readers.isis_histograms import (
    check_spectra,
    read_counts,
    read_dead_time,
    read_grouping,
)
from musrcu.readers.isis_logs import later_logs
from musrcu.readers.isis_own_fields import (
    read_labels,
    read_past,
    read_same_decays,
    to_the_last_digit,
    with_sensors,
)
from musrcu.readers.isis_time_axis import read_time_axis
from musrcu.readers.muon_entry import attempt, find_muon_entry
from musrcu.readers.nexus_file import find_histograms, nexus_kind, open_nexus
from musrcu.readers.registry import MAX_BYTES, Format
from musrcu.readers.tree import Node


def read_isis_nexus_v2(path: PathLike, *, max_bytes: int = MAX_BYTES) -> Run:
    """The run in a muon NeXus file of version 2 with histograms.

    Parameters
    ----------
    path : the HDF5 or HDF4 file (.nxs, .nxs_v2, .nexus).
    max_bytes : bytes that the counts may take in memory.

    Returns
    -------
    Run with every stored period, dead times in µs and good frames per period where the file has
    them, t0 from ``time_zero``. Header and logs are read when they are first looked at. Of a file
    that musrcu wrote, also the history and the warnings of the run that was written.

    Raises
    ------
    ReadError if the file is cut or damaged, holds events or no muon run, or contradicts itself.
    """
    with open_nexus(Path(path)) as root:
        entry = find_muon_entry(root)
        warnings = list(entry.doubts)
        if entry.version != 2:
            raise entry.node.error(f"IDF_version is {entry.version}, expected 2")
        if not entry.is_stated:
            warnings.append(f"{entry.node.place} has no IDF_version; read as version 2")
        return _read_run(entry.node, max_bytes, warnings)


FORMAT = Format(
    name="isis-nexus-v2",
    title="muon NeXus version 2, histograms in HDF5 or HDF4",
    sniff=lambda head, path: nexus_kind(head, path) == "version 2",
    read=lambda path, max_bytes: read_isis_nexus_v2(path, max_bytes=max_bytes),
    where="ISIS: EMU, MuSR, HiFi, ARGUS since about 2010; MuonDataLib, any2many",
    extra="hdf4",
    extra_for="HDF4 files",
)


def _read_run(entry: Node, max_bytes: int, warnings: list[str]) -> Run:
    group = find_histograms(entry, warnings)
    node = group.child("counts")
    assert node is not None  # it was found by that
    counts = read_counts(node, max_bytes)
    n_periods, n_detectors, n_bins = counts.shape
    check_spectra(group, n_detectors, warnings)
    axis = read_time_axis(group, node, n_detectors, n_bins, warnings)
    axis = to_the_last_digit(axis, entry, group, warnings)
    source, facility = muon_metadata.read_source(entry, muon_metadata.VERSION_2, warnings)
    missed = warnings if source == "pulsed" else []  # a continuous beam has neither
    totals = counts.sum(axis=(1, 2))
    periods = isis_periods.read_periods(entry, group, totals, missed)
    about = muon_metadata.describe(entry, muon_metadata.VERSION_2, warnings)
    about["temperature"] = with_sensors(about["temperature"], entry, warnings)
    past = read_past(entry, warnings)
    return Run(
        counts=counts,
        bin_width=axis.bin_width,
        t0=axis.t0,
        first_good=axis.first_good,
        last_good=axis.last_good,
        labels=read_labels(group, n_detectors, warnings),
        source=source,
        facility=facility,
        orientation=attempt(group.text, "orientation", warnings),
        dead_time=read_dead_time(group, n_periods, n_detectors, missed),
        good_frames=periods.good_frames,
        period_labels=periods.labels,
        same_decays=read_same_decays(entry, warnings),
        grouping=read_grouping(group, n_periods, n_detectors, warnings),
        numbers=past.numbers,
        history=past.history,
        header=muon_metadata.later_header(entry, group, node),
        logs=later_logs(entry, about["start"]),
        path=entry.path,
        format=FORMAT.name,
        warnings=past.warnings(warnings),
        **about,
    )
