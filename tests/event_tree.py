"""Event files for tests, thrown and built with h5py alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ENTRY = "raw_data_1"
GROUP = f"{ENTRY}/detector_1_events"


@dataclass(frozen=True)
class Events:
    """What a file holds, event by event and frame by frame."""

    detector: np.ndarray
    """From 0."""
    time: np.ndarray
    """ns."""
    frame: np.ndarray
    """Frame of each event, from 0, not falling."""
    period: np.ndarray
    """Of each frame, from 0."""
    seconds: np.ndarray
    """Of each frame."""

    def histograms(self, n_detectors: int, n_bins: int, step: int, keep: Any = True) -> np.ndarray:
        """(period, detector, bin) by counting in three dimensions."""
        kept = np.broadcast_to(keep, self.period.shape)[self.frame]
        where = [self.period[self.frame][kept], self.detector[kept], self.time[kept] // step]
        shape = (int(self.period.max()) + 1, n_detectors, n_bins)
        edges = [np.arange(n + 1) - 0.5 for n in shape]
        counts, _ = np.histogramdd(np.stack(where, axis=1).astype(float), bins=edges)
        return counts.astype(np.int64)


def some_events(seed: int = 1, n: int = 5000, n_frames: int = 40, n_periods: int = 2) -> Events:
    """Events of four detectors: a pulse at 400 ns, then decays; frames 20 ms apart."""
    random = np.random.default_rng(seed)
    return Events(
        detector=random.integers(4, size=n),
        time=(400 + random.exponential(2197, n)).astype(np.int64),
        frame=np.sort(random.integers(n_frames, size=n)),
        period=np.arange(n_frames) % n_periods,
        seconds=np.arange(n_frames) * 0.02,
    )


def write_events(
    path: Path, events: Events, changes: dict[str, Any] | None = None, n_periods: int = 2
) -> Path:
    """A file of the events as the digitiser pipeline writes it; a value of None leaves it out."""
    n_frames = events.period.size
    values: dict[str, Any] = {
        f"{ENTRY}@NX_class": "NXentry",
        f"{ENTRY}/IDF_version": np.uint32(2),
        f"{ENTRY}/definition": "muonTD",
        f"{ENTRY}/start_time": "2025-02-20T17:42:26+0000",
        f"{ENTRY}/end_time": "2025-02-20T17:42:27+0000",
        f"{ENTRY}/run_number": np.uint32(17),
        f"{ENTRY}/title": "silver",
        f"{ENTRY}/instrument/name": "HIFI",
        f"{ENTRY}/periods/number": np.uint32(n_periods),
        f"{ENTRY}/selog/Temp/value_log/time": np.array([0.0, 0.3, 0.5], np.float32),
        f"{ENTRY}/selog/Temp/value_log/value": np.array([5.0, 7.0, 5.0], np.float32),
        f"{GROUP}@NX_class": "NXevent_data",
        f"{GROUP}/event_id": events.detector.astype("u4"),
        f"{GROUP}/event_time_offset": events.time.astype("u4"),
        f"{GROUP}/event_time_offset@units": "ns",
        f"{GROUP}/event_index": np.searchsorted(events.frame, np.arange(n_frames)).astype("u4"),
        f"{GROUP}/event_time_zero": (events.seconds * 1e9).astype("u8"),
        f"{GROUP}/event_time_zero@units": "ns",
        f"{GROUP}/event_time_zero@offset": "2025-02-20T17:42:26+00:00",
        f"{GROUP}/period_number": events.period.astype("u8"),
    }
    with h5py.File(path, "w") as file:
        for place, value in (values | (changes or {})).items():
            if value is None:
                continue
            name, _, attribute = place.partition("@")
            if attribute:
                file.require_group(name) if name not in file else None
                file[name].attrs[attribute] = value
            else:
                file[name] = value
    return path
