"""Small ISIS NeXus files of versions 1 and 2 for tests, built field by field with h5py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

N_PERIODS, N_DETECTORS, N_BINS = 2, 4, 50
ENTRY = "raw_data_1"
DETECTOR = f"{ENTRY}/instrument/detector_1"
COUNTS = f"{DETECTOR}/counts"
SAMPLE = f"{ENTRY}/sample"
PERIODS = f"{ENTRY}/periods"


def small_counts() -> np.ndarray:
    """Counts in which every bin differs from its neighbours in all three directions."""
    period, detector, index = np.indices((N_PERIODS, N_DETECTORS, N_BINS))
    return (1000 * period + 100 * detector + index).astype(np.int32)


def small_tree() -> dict[str, Any]:
    """Values by path, attributes by ``path@name``; two stored periods and a dwell period."""
    edges = np.arange(N_BINS + 1, dtype=np.float32) * np.float32(0.016)
    return {
        f"{ENTRY}@NX_class": "NXentry",
        f"{ENTRY}/IDF_version": np.array([2], np.int32),
        f"{ENTRY}/definition": np.array([b"pulsedTD"]),
        f"{ENTRY}/run_number": np.array([1234], np.int32),
        f"{ENTRY}/title": np.array([b"a title  "]),
        f"{ENTRY}/notes": np.array([b"a note"]),
        f"{ENTRY}/name": np.array([b"EMU"]),
        f"{ENTRY}/start_time": np.array([b"2021-06-07T11:27:27"]),
        f"{ENTRY}/end_time": np.array([b"2021-06-07T12:00:00"]),
        f"{ENTRY}/good_frames": np.array([300], np.int32),
        f"{SAMPLE}/name": np.array([b"silver"]),
        f"{SAMPLE}/temperature": np.array([4.2], np.float32),
        f"{SAMPLE}/temperature@units": "Kelvin",
        f"{SAMPLE}/magnetic_field": np.array([-20.0], np.float32),
        f"{SAMPLE}/magnetic_field@units": "Gauss",
        f"{PERIODS}/number": np.array([3], np.int32),
        f"{PERIODS}/type": np.array([1, 2, 1], np.int32),
        f"{PERIODS}/good_frames": np.array([100, 0, 200], np.int32),
        f"{PERIODS}/good_frames_daq": np.array([100, 200], np.int32),
        f"{PERIODS}/raw_frames": np.array([110, 0, 220], np.int32),
        f"{PERIODS}/labels": np.array([b"on;dwell;off"]),
        f"{ENTRY}/instrument/name": np.array([b"EMU"]),
        f"{ENTRY}/instrument/source/name": np.array([b"ISIS"]),
        f"{ENTRY}/instrument/dae/period_index": np.array([1, 3], np.int32),
        COUNTS: small_counts(),
        f"{COUNTS}@t0_bin": np.int32(10),
        f"{COUNTS}@first_good_bin": np.int32(14),
        f"{COUNTS}@last_good_bin": np.int32(45),
        f"{DETECTOR}/raw_time": edges,
        f"{DETECTOR}/raw_time@units": "microsecond",
        f"{DETECTOR}/resolution": np.array([16000], np.int32),
        f"{DETECTOR}/resolution@units": "picoseconds",
        f"{DETECTOR}/time_zero": np.array([0.148], np.float32),
        f"{DETECTOR}/time_zero@units": "microseconds",
        f"{DETECTOR}/time_zero@available": np.int32(1),
        f"{DETECTOR}/corrected_time": edges[:-1] + np.float32(0.008 - 0.148),
        f"{DETECTOR}/corrected_time@units": "microseconds",
        f"{DETECTOR}/spectrum_index": np.arange(1, N_DETECTORS + 1, dtype=np.int32),
        f"{DETECTOR}/dead_time": np.arange(1, 9, dtype=np.float32) / 1024,
        f"{DETECTOR}/dead_time@units": "microseconds",
        f"{DETECTOR}/dead_time@available": np.int32(1),
        f"{DETECTOR}/grouping": np.array([1, 1, 2, 2] * 2, np.int32),
        f"{DETECTOR}/grouping@available": np.int32(1),
        f"{DETECTOR}/orientation": np.array([b"l"]),
    }


RUN = "run"
HISTOGRAMS = f"{RUN}/histogram_data_1"
ROWS = f"{HISTOGRAMS}/counts"
BEAM = f"{RUN}/instrument/beam"
OLD_DETECTOR = f"{RUN}/instrument/detector"


def small_old_tree() -> dict[str, Any]:
    """A tree of version 1 with the same counts, its periods in blocks of rows."""
    times = (np.arange(N_BINS, dtype=np.float32) + np.float32(0.5)) * np.float32(0.016)
    return {
        f"{RUN}@NX_class": "NXentry",
        f"{RUN}/IDF_version": np.array([1], np.int32),
        f"{RUN}/analysis": np.array([b"muonTD"]),
        f"{RUN}/program_name": np.array([b"ICP"]),
        f"{RUN}/number": np.array([1234], np.int32),
        f"{RUN}/title": np.array([b"a title  "]),
        f"{RUN}/notes": np.array([b"a note"]),
        f"{RUN}/lab": np.array([b"ISIS"]),
        f"{RUN}/beamline": np.array([b"EMU"]),
        f"{RUN}/start_time": np.array([b"2010-05-27T14:30:56"]),
        f"{RUN}/stop_time": np.array([b"2010-05-27T14:35:04"]),
        f"{RUN}/duration": np.array([b"248"]),
        f"{RUN}/switching_states": np.array([2], np.int32),
        f"{RUN}/sample/name": np.array([b"silver"]),
        f"{RUN}/sample/temperature": np.array([4.2], np.float32),
        f"{RUN}/sample/temperature@units": "Kelvin",
        f"{RUN}/sample/magnetic_field": np.array([20.0], np.float32),
        f"{RUN}/sample/magnetic_field@units": "Gauss",
        f"{RUN}/sample/magnetic_field_state": np.array([b"TF"]),
        f"{RUN}/instrument/name": np.array([b"EMU"]),
        f"{OLD_DETECTOR}/number": np.array([8], np.int32),
        f"{OLD_DETECTOR}/orientation": np.array([b"l"]),
        f"{OLD_DETECTOR}/deadtimes": np.arange(1, 9, dtype=np.float32) / 1024,
        f"{OLD_DETECTOR}/deadtimes@units": "microseconds",
        f"{OLD_DETECTOR}/deadtimes@available": np.int32(1),
        f"{BEAM}/daereads": np.array([1], np.int32),
        f"{BEAM}/frames": np.array([150], np.int32),
        f"{BEAM}/frames_good": np.array([300], np.int32),
        f"{BEAM}/frames_period": np.array([100, 200], np.int32),
        f"{BEAM}/frames_period_daq": np.array([100, 200], np.int32),
        f"{BEAM}/frames_period_raw": np.array([110, 220], np.int32),
        f"{BEAM}/period_type": np.array([1, 1], np.int32),
        f"{BEAM}/period_labels": np.array([b"on;off"]),
        ROWS: small_counts().reshape(-1, N_BINS),
        f"{ROWS}@number": np.int32(N_PERIODS * N_DETECTORS),
        f"{ROWS}@length": np.int32(N_BINS),
        f"{ROWS}@t0_bin": np.int32(10),
        f"{ROWS}@first_good_bin": np.int32(14),
        f"{ROWS}@last_good_bin": np.int32(45),
        f"{HISTOGRAMS}/raw_time": times,
        f"{HISTOGRAMS}/raw_time@units": "microseconds",
        f"{HISTOGRAMS}/corrected_time": times - np.float32(0.148),
        f"{HISTOGRAMS}/corrected_time@units": "microseconds",
        f"{HISTOGRAMS}/resolution": np.array([16000], np.int32),
        f"{HISTOGRAMS}/resolution@units": "picoseconds",
        f"{HISTOGRAMS}/time_zero": np.array([0.148], np.float32),
        f"{HISTOGRAMS}/time_zero@units": "microseconds",
        f"{HISTOGRAMS}/time_zero@available": np.int32(1),
        f"{HISTOGRAMS}/grouping": np.array([1, 1, 2, 2], np.int32),
        f"{HISTOGRAMS}/grouping@available": np.int32(2),
    }


def write_tree(
    folder: Path, changes: dict[str, Any] | None = None, tree: dict[str, Any] | None = None
) -> Path:
    """A tree, the small one of version 2 unless given, as a file; some values replaced.

    A value of None leaves the path out. A text is stored with fixed length as an attribute, with
    variable length as a value. A value that is an h5py link is stored as a link, without
    attributes.
    """
    tree = (small_tree() if tree is None else tree) | (changes or {})
    path = folder / "small.nxs"
    with h5py.File(path, "w") as file:
        for where, value in tree.items():
            if value is not None and "@" not in where:
                file[where] = value
        for where, value in tree.items():
            place, _, name = where.partition("@")
            linked = isinstance(tree.get(place), (h5py.SoftLink, h5py.ExternalLink))
            if name and value is not None and not linked and place in file:
                # fixed length, as ISIS stores its texts
                fixed = np.bytes_(value.encode()) if isinstance(value, str) else value
                file[place].attrs[name] = fixed
    return path
