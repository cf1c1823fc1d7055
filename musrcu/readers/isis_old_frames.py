"""Frames of the oldest ISIS files, in which one number means two things.

Source: files of EMU and MuSR from 1994 to 2012. Converters of 2001 and 2002 stored the frames of
one read of the data acquisition, later ones the frames of the run, under the same name.
"""

from __future__ import annotations

import datetime

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.arrays import FloatArray
from musrcu.readers.muon_entry import attempt
from musrcu.readers.tree import Node

BEAM = "instrument/beam"
LARGEST_RATE = 20.0
"""Counts of one detector in a frame above which the frames cannot be those of the whole run; ISIS
detectors see 1 to 5."""
LARGEST_LOSS = 0.5
"""Counts lost by dead time above which likewise."""
PULSES = 50.0
"""Pulses of ISIS in a second."""


def read_old_frames(
    entry: Node,
    counts: NDArray[np.int64],
    dead_time: FloatArray | None,
    bin_width: float,
    warnings: list[str],
) -> int | None:
    """Good frames of a run of one period from ``frames``; None where the file does not say.

    Where the counts in a frame are impossible for ``frames`` but not for the frames of all reads
    of the data acquisition, and the run was long enough for these, they are used and a warning
    says so.

    Parameters
    ----------
    counts : (1, n_detectors, n_bins).
    dead_time : (1, n_detectors) µs.
    bin_width : µs.
    """
    frames = attempt(entry.number, f"{BEAM}/frames", warnings)
    if frames is None or not frames.is_integer() or not 0 < frames < 2**53:
        return None
    reads = attempt(entry.number, f"{BEAM}/daereads", warnings)
    if reads is None or not 1 < reads < 2**31:
        return int(frames)
    seconds = duration(entry, warnings)
    rate = float(counts.sum()) / counts.shape[1] / frames
    loss = 0.0
    if dead_time is not None:
        loss = float(np.max(counts.max(axis=2) * dead_time / (bin_width * frames)))
    impossible = rate > LARGEST_RATE or loss > LARGEST_LOSS
    long_enough = seconds is not None and frames * reads <= 1.05 * PULSES * seconds
    if not impossible or rate / reads > LARGEST_RATE or not long_enough:
        return int(frames)
    warnings.append(
        f"{entry.place}/{BEAM}/frames is {frames:g} for {counts.sum()} counts, {rate:.3g} in each "
        f"detector and frame; {frames:g} frames a read times {reads:g} reads are used"
    )
    return int(frames * reads)


def duration(entry: Node, warnings: list[str]) -> float | None:
    """Length of the run, s: ``duration`` as seconds or h:min:s, else stop - start; None without.

    A length that cannot be understood is a warning.
    """
    stated = attempt(entry.text, "duration", warnings)
    if stated is not None:
        seconds = _seconds(stated)
        if seconds is not None:
            return seconds
        warnings.append(f"{entry.place}/duration is {stated[:40]!r}, no time; start and stop count")
    moments = [attempt(entry.text, name, []) for name in ("start_time", "stop_time")]
    try:
        start, stop = (datetime.datetime.fromisoformat(str(moment)) for moment in moments)
        return (stop - start).total_seconds()
    except (ValueError, TypeError):  # TypeError: one of them names its zone
        return None


def _seconds(stated: str) -> float | None:
    seconds = 0.0
    try:
        for part in stated.split(":"):
            seconds = 60 * seconds + float(part)
    except ValueError:
        return None
    return seconds if 0 <= seconds < np.inf else None
