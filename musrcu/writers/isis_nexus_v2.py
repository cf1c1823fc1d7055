"""Writing ISIS muon NeXus version 2: the inverse of :mod:`musrcu.readers.isis_nexus_v2`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.run import Run
from musrcu.files import PathLike, check_target
from musrcu.writers.isis_nexus_metadata import (
    refuse,
    text,
    write_entry,
    write_logs,
    write_process,
    write_sample,
)
from musrcu.writers.nexus_bytes import write_tree
from musrcu.writers.nexus_tree import field, group
from musrcu.writers.raw import raw_remedy

MOST_COUNTS = 2**40
"""Counts of one bin that the reader takes."""
NOT_MUONS = ("BNMR", "BNQR")
"""Beam lines of TRIUMF for beta-NMR."""


def write_isis_nexus_v2(run: Run, path: PathLike, *, overwrite: bool = False) -> Path:
    """Write a run as ISIS muon NeXus version 2 in HDF5 and return the path.

    All histograms, times, labels, periods, dead times and texts of the run are written, its logs,
    and its history and warnings. Where the definition has no place, these are used:

    * ``instrument/detector_1/labels``: names of the detectors, one text each;
    * ``instrument/detector_1/bin_width`` (µs) and ``t0`` (bins from 0) beside ``resolution`` and
      ``time_zero``, which are off by the last digit: used as long as they agree with these;
    * ``instrument/source/type``: ``Pulsed Muon Source`` or ``Continuous Muon Source``;
    * ``sample/temperature_mean``, ``temperature_spread``, ``temperature_error`` (K), and one NXlog
      ``sample/temperature_sensor_1`` and so on for each sensor, with ``average_value``,
      ``average_value_errors`` (the spread) and ``n_readings``;
    * ``spans`` beside ``time`` and ``value`` of a log of added runs: start and stop (s) of each run
      and the weight of its seconds, the only time that counts in a mean;
    * ``periods/same_decays``: 1 where periods hold decays of one another and must not be added;
    * ``process`` (NXprocess): program, version, the file the run came from, ``run_numbers`` of the
      added runs, one NXnote for each step of the history (``options`` as JSON, ``note``) and each
      warning, which readers of musrcu give back, and one with the header of that file as JSON.

    Numbers of bins count from 1, as ISIS does; they are attributes of ``counts`` where all
    detectors agree and data sets beside it where not. ``time_zero`` is ``(t0 + 1/2) bin_width``
    from the left edge of the first bin. Raw frames, which a Run does not hold, are written as the
    good frames, because programs of ISIS expect them; size of the sample is written as NaN.

    Parameters
    ----------
    run : raw counts of a pulsed or a continuous source, any number of periods and detectors.
    path : usually ends in .nxs.
    overwrite : whether an existing file may be replaced.

    Raises
    ------
    MusrcuError if the format cannot hold the run (corrected counts, for one), or the file cannot be
    written.

    Source: ISIS muon NeXus instrument definition, version 2 (pulsedTD).
    """
    from nexusformat.nexus import NXroot

    check_target(path, overwrite=overwrite)
    counts = _whole_counts(run)
    _check_bins(run)
    root = NXroot()
    entry = group(root, "raw_data_1", "NXentry")
    write_entry(entry, run)
    _instrument(entry, run, counts)
    _periods(entry, run, counts)
    write_sample(entry, run)
    write_logs(entry, run)
    write_process(entry, run)
    return write_tree(root, path, overwrite=overwrite, fixed_length=True)


def _whole_counts(run: Run) -> NDArray[Any]:
    if run.variance is not None:
        raise refuse("counts that were corrected, and their variance", raw_remedy(run))
    counts = run.counts
    for bad, what in (
        (counts != np.floor(counts) if counts.dtype.kind == "f" else None, "no whole number"),
        (counts > MOST_COUNTS, f"above {MOST_COUNTS}"),
    ):
        if bad is not None and bad.any():
            period, detector, position = np.unravel_index(int(np.argmax(bad)), counts.shape)
            raise refuse(
                f"{counts[period, detector, position]} counts in period {period + 1}, detector "
                f"{detector + 1}, bin {position} (from 0), which is {what}",
                raw_remedy(run),
            )
    return counts.astype(np.int64) if counts.dtype.kind == "f" else counts


def _check_bins(run: Run) -> None:
    first, last = run.first_good, run.last_good
    bad = ~((first >= 0) & (last > first) & (last < run.n_bins))
    if bad.any():
        d = int(np.argmax(bad))
        raise refuse(
            f"good bins {first[d]} to {last[d]} (from 0) in detector {d + 1} of {run.n_bins} bins",
            "set first_good and last_good",
        )
    wrong = ~(np.abs(run.t0) < run.n_bins)
    if wrong.any():
        d = int(np.argmax(wrong))
        raise refuse(f"t0 at bin {run.t0[d]:g} in detector {d + 1} of {run.n_bins} bins")


def _instrument(entry: Any, run: Run, counts: NDArray[Any]) -> None:
    instrument = group(entry, "instrument", "NXinstrument")
    field(instrument, "name", text("instrument", run.instrument), short_name=run.instrument)
    source = group(instrument, "source", "NXsource")
    field(source, "name", text("facility", run.facility))
    field(source, "type", f"{run.source.capitalize()} Muon Source")
    if run.instrument not in NOT_MUONS:
        field(source, "probe", "positive muons")
    dae = group(instrument, "dae", "IXdae")
    field(dae, "period_index", np.arange(1, run.n_periods + 1))
    detector = group(instrument, "detector_1", "NXdetector")
    _histograms(detector, run, counts)
    plot = group(entry, "detector_1", "NXdata")
    _links(plot, detector)


def _histograms(detector: Any, run: Run, counts: NDArray[Any]) -> None:
    field(
        detector,
        "counts",
        counts,
        axes="period_index,spectrum_index,raw_time",
        signal=1,
        units="counts",
        long_name=run.instrument or "positron_counts",
    )
    _bin_numbers(detector, run)
    edges = np.arange(run.n_bins + 1) * run.bin_width
    field(detector, "raw_time", edges, axis=1, primary=1, units="microsecond")
    picoseconds = exact_quotient(run.bin_width, 1e-6)
    whole = picoseconds.is_integer() and picoseconds < 2**31
    field(detector, "resolution", int(picoseconds) if whole else picoseconds, units="picoseconds")
    zero = (run.t0 + 0.5) * run.bin_width
    common = bool(np.all(run.t0 == run.t0[0]))
    field(detector, "time_zero", zero[:1] if common else zero, units="microseconds", available=1)
    field(detector, "bin_width", run.bin_width, units="microseconds")
    field(detector, "t0", run.t0[:1] if common else run.t0, units="bins")
    if common:
        centres = (np.arange(run.n_bins) - run.t0[0]) * run.bin_width
        field(detector, "corrected_time", centres, axis=1, units="microseconds")
    field(detector, "spectrum_index", np.arange(1, run.n_detectors + 1))
    field(detector, "period_index", np.arange(1, run.n_periods + 1))
    field(detector, "orientation", text("orientation", run.orientation))
    if any(run.labels):
        field(detector, "labels", [text("detector label", label) or " " for label in run.labels])
    if run.dead_time is not None:
        if not np.all(np.isfinite(run.dead_time)):
            raise refuse("dead times that are not finite")
        field(detector, "dead_time", run.dead_time.ravel(), units="microseconds", available=1)
    if run.grouping is not None:
        field(detector, "grouping", np.tile(run.grouping, run.n_periods), available=1)


def _bin_numbers(detector: Any, run: Run) -> None:
    """Numbers from 1: attributes of the counts where all detectors agree, data sets where not."""
    numbers = {"first_good_bin": run.first_good + 1, "last_good_bin": run.last_good + 1}
    t0_bin = np.ceil(run.t0 + 0.5 - 1e-6).astype(np.int64)
    if t0_bin.min() >= 1:  # a bin 0 would say that the numbers count from 0
        numbers["t0_bin"] = t0_bin
    for name, values in numbers.items():
        if np.all(values == values[0]):
            detector["counts"].attrs[name] = int(values[0])
        else:
            field(detector, name, values)


def exact_quotient(value: float, unit: float) -> float:
    """``value / unit`` such that a reader that divides by ``1 / unit`` finds ``value`` again.

    Where no number does so, the nearest: the reader is off by the last binary digit.
    """
    per = 1 / unit
    nearest = round(value * per)
    for candidate in (float(nearest), value * per, value / unit):
        for number in (candidate, np.nextafter(candidate, 0), np.nextafter(candidate, np.inf)):
            if number / per == value:
                return float(number)
    return value * per


def _links(plot: Any, detector: Any) -> None:
    from nexusformat.nexus import NXlinkfield

    for name in ("counts", "raw_time", "spectrum_index", "period_index", "time_zero"):
        plot[name] = NXlinkfield(detector[name])


def _periods(entry: Any, run: Run, counts: NDArray[Any]) -> None:
    periods = group(entry, "periods", "IXperiods")
    n = run.n_periods
    for label in run.period_labels:
        if ";" in label:
            raise refuse(f"a semicolon in the period label {label!r}", "rename the period")
        text("period label", label)
    ones = np.ones(n, dtype=int)
    field(periods, "number", n)
    field(periods, "labels", ";".join(run.period_labels) if any(run.period_labels) else " ")
    field(periods, "same_decays", 1 if run.same_decays else None)
    field(periods, "type", ones)
    field(periods, "output", 0 * ones)
    field(periods, "sequences", ones)
    field(periods, "frames_requested", 0 * ones)
    field(periods, "total_counts", counts.sum(axis=(1, 2)) / 1e6, units="Mev")
    if run.good_frames is not None:
        for name in ("good_frames", "good_frames_daq", "raw_frames"):
            field(periods, name, run.good_frames)
