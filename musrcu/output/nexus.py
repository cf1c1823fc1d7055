"""An asymmetry as a NeXus file that any NeXus program can plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musrcu.containers.asymmetry import Asymmetry
from musrcu.files import PathLike, check_target
from musrcu.writers.nexus_bytes import write_tree

if TYPE_CHECKING:
    from musrcu.containers.run import Run


def write_nexus(asymmetry: Asymmetry, path: PathLike, *, overwrite: bool = False) -> Path:
    """Write an asymmetry as NeXus (HDF5); returns the path.

    The file holds one NXentry ``entry``:

    * ``data`` (NXdata): signal ``asymmetry`` with ``asymmetry_errors`` (fractions, one standard
      deviation, NaN where there were no counts) on the axis ``time`` (µs, centre of each bin);
    * ``title``, ``run_number``, ``start_time``, ``end_time``, ``instrument``, ``sample`` with
      ``temperature`` (K), ``temperature_error`` and ``magnetic_field`` (G), as far as known;
    * ``reduction`` (NXprocess): program and version, ``alpha``, ``packing``, ``bin_width`` (of
      the widest bin), ``raw_bins`` of each bin where they differ, and one NXnote for each step of
      the history, in its order.

    Parameters
    ----------
    asymmetry : what is written.
    path : usually ends in .nxs.
    overwrite : whether an existing file may be replaced.

    Raises
    ------
    MusrcuError if the file exists or cannot be written. The file is complete or absent.

    Source: NXdata, https://manual.nexusformat.org/classes/base_classes/NXdata.html, 2024.
    """
    from nexusformat.nexus import NXroot

    check_target(path, overwrite=overwrite)
    root = NXroot(_entry(asymmetry))
    root.attrs["default"] = "entry"
    return write_tree(root, path, overwrite=overwrite)


def _entry(asymmetry: Asymmetry) -> Any:
    from nexusformat.nexus import NXentry, NXinstrument

    run = asymmetry.run
    entry = NXentry(name="entry")
    entry.attrs["default"] = "data"
    _add(entry, "title", run.title or run.name)
    _add(entry, "run_number", run.number)
    _add(entry, "start_time", run.start)
    _add(entry, "end_time", run.stop)
    if run.instrument is not None:
        entry["instrument"] = NXinstrument()
        _add(entry["instrument"], "name", run.instrument)
    entry["sample"] = _sample(run)
    entry["reduction"] = _reduction(asymmetry)
    entry["data"] = _data(asymmetry)
    return entry


def _data(asymmetry: Asymmetry) -> Any:
    from nexusformat.nexus import NXdata, NXfield

    signal = NXfield(np.array(asymmetry.value), name="asymmetry", units="1", long_name="Asymmetry")
    error = NXfield(np.array(asymmetry.error), name="asymmetry_errors", units="1")
    time = NXfield(np.array(asymmetry.time), name="time", units="us", long_name="Time (us)")
    return NXdata(signal, (time,), errors=error, title=asymmetry.run.title or asymmetry.run.name)


def _sample(run: Run) -> Any:
    from nexusformat.nexus import NXsample

    sample = NXsample()
    _add(sample, "name", run.sample)
    _add(sample, "temperature", run.temperature.value, "K")
    _add(sample, "temperature_error", run.temperature.error, "K")
    _add(sample, "magnetic_field", run.field, "G")
    return sample


def _reduction(asymmetry: Asymmetry) -> Any:
    from nexusformat.nexus import NXnote, NXprocess

    from musrcu import __version__

    process = NXprocess()
    _add(process, "program", "musrcu")
    _add(process, "version", __version__)
    _add(process, "alpha", asymmetry.alpha)
    _add(process, "alpha_error", asymmetry.alpha_error)
    _add(process, "total_asymmetry", asymmetry.total)
    _add(process, "packing", asymmetry.packing)
    _add(process, "bin_width", asymmetry.bin_width, "us")
    if asymmetry.packs is not None:
        _add(process, "raw_bins", np.array(asymmetry.packs))
    if asymmetry.detector_beta != 1:
        _add(process, "detector_beta", asymmetry.detector_beta)
    for number, step in enumerate(asymmetry.history, start=1):
        note = NXnote()
        _add(note, "type", "text/plain")
        _add(note, "description", step.stage)
        _add(note, "sequence_index", number)
        _add(note, "data", str(step))
        process[f"step_{number}"] = note
    return process


def _add(group: Any, name: str, value: Any, units: str | None = None) -> None:
    """A field of a group, left out where it is unknown."""
    from nexusformat.nexus import NXfield

    if value is not None:
        group[name] = NXfield(value) if units is None else NXfield(value, units=units)
