"""Small ISIS NeXus version 2 files for tests, built field by field with h5py."""

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


def write_tree(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    """The small tree as a file, some values replaced; a value of None leaves the path out.

    A text is stored with fixed length as an attribute, with variable length as a value. A value
    that is an h5py link is stored as a link, without attributes.
    """
    tree = small_tree() | (changes or {})
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
