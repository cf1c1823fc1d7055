"""ISIS muon NeXus version 2: histograms in HDF5 under ``/raw_data_1``.

Written by the ISIS data acquisition, by MuonDataLib and by any2many of musrfit.

Source: ISIS muon NeXus instrument definition, version 2 (pulsedTD), and files of EMU and HiFi.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.containers.run import Run
from musrcu.containers.temperature import Temperature
from musrcu.files import PathLike
from musrcu.readers.isis_own_fields import read_labels, read_source, with_sensors
from musrcu.readers.isis_periods import read_periods
from musrcu.readers.isis_time_axis import LARGEST_BIN, per_microsecond, read_time_axis
from musrcu.readers.muon_entry import (
    GAUSS,
    KELVIN,
    attempt,
    find_muon_entry,
    moment,
    quantity,
    text,
)
from musrcu.readers.nexus_file import HDF5, find_histograms, nexus_kind, open_nexus
from musrcu.readers.registry import Format
from musrcu.readers.tree import Node

MOST_COUNTS = 2**40
"""Counts in one bin; with more, sums over bins and detectors would overflow."""
HEADER_GROUPS = ("sample", "periods", "instrument", "instrument/source")
"""Groups whose short values go into the header, with those of the entry and the detector."""


def read_isis_nexus_v2(path: PathLike) -> Run:
    """The run in an ISIS muon NeXus file of version 2 with histograms.

    Parameters
    ----------
    path : the HDF5 file (.nxs, .nxs_v2, .nexus).

    Returns
    -------
    Run of a pulsed source: every stored period, dead times in µs and good frames per period where
    the file has them, t0 from ``time_zero``. Logs are not read.

    Raises
    ------
    ReadError if the file is cut or damaged, holds events or no muon run, or contradicts itself.
    """
    with open_nexus(Path(path)) as root:
        entry = find_muon_entry(root)
        warnings: list[str] = []
        if entry.version == 1:
            raise entry.node.error(
                f"ISIS muon NeXus version 1 ({entry.definition}, IDF_version 1) is not read yet; "
                "expected IDF_version 2"
            )
        if entry.version is None:
            warnings.append(f"{entry.node.place} has no IDF_version; read as version 2")
        elif entry.version != 2:
            raise entry.node.error(f"IDF_version is {entry.version}, expected 2")
        return _read_run(entry.node, warnings)


FORMAT = Format(
    name="isis-nexus-v2",
    title="ISIS muon NeXus version 2, histograms in HDF5 (EMU, MuSR, HiFi from about 2010)",
    # version 1 has no reader of its own yet; this one says so
    sniff=lambda head, path: head.startswith(HDF5) and nexus_kind(head, path) != "events",
    read=lambda path, max_bytes: read_isis_nexus_v2(path),
)


def _read_run(entry: Node, warnings: list[str]) -> Run:
    group = find_histograms(entry, warnings)
    node = group.child("counts")
    assert node is not None  # it was found by that
    counts = _counts(node)
    n_periods, n_detectors, n_bins = counts.shape
    _check_spectra(group, n_detectors, warnings)
    axis = read_time_axis(group, node, n_detectors, n_bins, warnings)
    totals = counts.sum(axis=(1, 2))
    source, facility = read_source(entry, warnings)
    missed = warnings if source == "pulsed" else []  # a continuous beam has neither
    periods = read_periods(entry, group, totals, missed)
    return Run(
        counts=counts,
        bin_width=axis.bin_width,
        t0=axis.t0,
        first_good=axis.first_good,
        last_good=axis.last_good,
        labels=read_labels(group, n_detectors, warnings),
        source=source,
        facility=facility,
        instrument=text(entry, ("instrument/name", "name", "beamline"), warnings),
        number=_run_number(entry, warnings),
        title=text(entry, ("title",), warnings),
        sample=text(entry, ("sample/name",), warnings),
        orientation=attempt(group.text, "orientation", warnings),
        comment=text(entry, ("notes",), warnings),
        temperature=with_sensors(_temperature(entry, warnings), entry, warnings),
        field=quantity(
            entry, ("sample/magnetic_field", "sample/magnetic_field_1"), GAUSS, warnings
        ),
        start=moment(entry, ("start_time",), warnings),
        stop=moment(entry, ("end_time", "stop_time"), warnings),
        dead_time=_dead_time(group, n_periods, n_detectors, missed),
        good_frames=periods.good_frames,
        period_labels=periods.labels,
        grouping=_grouping(group, n_periods, n_detectors, warnings),
        header=_header(entry, group, node),
        path=entry.path,
        format="isis-nexus-v2",
        warnings=tuple(warnings),
    )


def _temperature(entry: Node, warnings: list[str]) -> Temperature:
    places = ("sample/temperature", "sample/temperature_1")
    return Temperature(nominal=quantity(entry, places, KELVIN, warnings, lowest=0.0))


def _counts(node: Node) -> NDArray[np.int64]:
    """(n_periods, n_detectors, n_bins) counts."""
    shape = node.shape
    if node.is_group or len(shape) not in (2, 3) or 0 in shape:
        raise node.error(f"counts have shape {shape}, expected (period, detector, bin) all above 0")
    if node.dtype.kind not in "iuf":
        raise node.error(f"counts are of type {node.dtype}, expected whole numbers")
    stored = node.array()
    if stored.dtype.kind == "f" and not np.array_equal(stored, np.rint(stored)):
        raise node.error("counts are not all whole numbers")
    if stored.dtype.itemsize > 4 or stored.dtype.kind == "f":
        largest = np.abs(stored).max() if stored.dtype.kind == "f" else stored.max()
        if not largest <= MOST_COUNTS:
            raise node.error(f"a bin holds {largest:g} counts, expected at most {MOST_COUNTS:g}")
    counts = stored.astype(np.int64).reshape((-1, *shape[-2:]))
    if counts.min() < 0:
        period, detector, index = np.unravel_index(int(counts.argmin()), counts.shape)
        raise node.error(
            f"period {period + 1}, detector {detector + 1}, bin index {index} holds "
            f"{counts.min()} counts, expected none below 0"
        )
    counts.setflags(write=False)  # spares the container a copy
    return counts


def _check_spectra(group: Node, n_detectors: int, warnings: list[str]) -> None:
    """Compare the detector numbers of the file with the number of histograms."""
    spectra = group.integers("spectrum_index")
    if spectra is None:
        return
    if spectra.size != n_detectors:
        raise group.error(f"spectrum_index has {spectra.size} entries for {n_detectors} histograms")
    if not np.array_equal(spectra, np.arange(1, n_detectors + 1)):
        warnings.append(
            f"{group.place}/spectrum_index runs from {spectra[0]} to {spectra[-1]}; detectors are "
            f"counted from 1 to {n_detectors} in the order of the histograms"
        )


def _run_number(entry: Node, warnings: list[str]) -> int | None:
    number = attempt(entry.number, "run_number", warnings)
    if number is None or number < 1 or not number.is_integer():
        warnings.append(f"{entry.place}/run_number is {number or 'missing or 0'}; taken as unknown")
        return None
    return int(number)


def _per_histogram(group: Node, name: str, n_periods: int, n_detectors: int) -> FloatArray | None:
    """(n_periods, n_detectors) values stored per detector or per period and detector."""
    node = group.child(name)
    if node is None or node.attribute("available") == 0:
        return None
    values = group.numbers(name)
    if values is None:
        return None
    if values.size not in (n_detectors, n_periods * n_detectors):
        raise node.error(
            f"{values.size} values for {n_periods} periods of {n_detectors} detectors, expected "
            f"{n_detectors} or {n_periods * n_detectors}"
        )
    return np.broadcast_to(values.reshape(-1, n_detectors), (n_periods, n_detectors))


def _dead_time(
    group: Node, n_periods: int, n_detectors: int, warnings: list[str]
) -> FloatArray | None:
    for name in ("dead_time", "deadtimes", "deadtime"):
        values = _per_histogram(group, name, n_periods, n_detectors)
        node = group.child(name)
        if values is None or node is None:
            continue
        if not np.all(np.isfinite(values)) or not np.any(values):
            found = "all 0" if not np.any(values) else "not all finite"
            warnings.append(f"{node.place} is {found}; dead times are taken as unknown")
            return None
        with np.errstate(over="ignore"):  # an infinite dead time is refused where it is used
            return values / per_microsecond(node, "us")
    warnings.append(f"{group.place} has no dead times; what each detector lost is unknown")
    return None


def _grouping(
    group: Node, n_periods: int, n_detectors: int, warnings: list[str]
) -> IntArray | None:
    values = _per_histogram(group, "grouping", n_periods, n_detectors)
    if values is None or not np.any(values):
        return None
    wrong = ~((values >= 0) & (values < LARGEST_BIN) & (values == np.rint(values)))
    if np.any(wrong):
        found = values[wrong][0]
        warnings.append(f"{group.place}/grouping holds {found:g}, expected groups from 0 up")
        return None
    if np.any(values != values[0]):
        warnings.append(f"{group.place}/grouping differs between periods; that of period 1 is used")
    groups: IntArray = values[0].astype(np.int64)
    return groups


def _header(entry: Node, group: Node, counts: Node) -> dict[str, Any]:
    """Short values of the file under their own paths, as they are stored.

    A part that is damaged is left out: what matters of it has been named by then.
    """
    found: dict[str, Any] = {}
    for node in (entry, *map(entry.group, HEADER_GROUPS), group):
        if node is not None:
            found |= {f"{node.place}/{name}": value for name, value in node.short_values().items()}
    found |= {f"{counts.place}@{name}": value for name, value in counts.attributes().items()}
    return found
