"""Single events become histograms: time and memory beside the least that has to be done.

    python benchmarks/event_speed.py [EVENTS]

A file of synthetic events (100 million unless told, 0.8 GB, in the temporary folder and deleted
afterwards) is read by ``musrcu.readers.isis_events.read_events`` and, in turns with it, by a bare
loop: h5py in parts of equal size, the same index arithmetic, ``numpy.bincount``. Each reading is a
process of its own, which tells its largest memory. Aims: at most twice the time, under 500 MB.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

DETECTORS, PERIODS, BINS, STEP = 64, 2, 2048, 16
PER_FRAME = 700
PART = 1 << 20
REPEATS = 5
GROUP = "raw_data_1/detector_1_events"


def write(path: Path, n_events: int) -> None:
    """A file as the pipeline of HiFi writes it, thrown without musrcu."""
    import h5py

    generator = np.random.default_rng(20260)
    with h5py.File(path, "w") as file:
        entry = file.create_group("raw_data_1")
        entry.attrs["NX_class"] = "NXentry"
        for name, value in (
            ("IDF_version", np.uint32(2)),
            ("definition", b"muonTD"),
            ("start_time", b"2026-01-01T00:00:00"),
        ):
            entry[name] = value
        group = file.create_group(GROUP)
        ids = group.create_dataset("event_id", (n_events,), "u4", chunks=(65536,))
        times = group.create_dataset("event_time_offset", (n_events,), "u4", chunks=(65536,))
        times.attrs["units"] = "ns"
        for start in range(0, n_events, PART):
            n = min(PART, n_events - start)
            ids[start : start + n] = generator.integers(DETECTORS, size=n, dtype="u4")
            decay = generator.exponential(2197.0, n) + 200
            times[start : start + n] = np.minimum(decay, 40000).astype("u4")
        n_frames = -(-n_events // PER_FRAME)
        group["event_index"] = np.arange(n_frames, dtype="u4") * PER_FRAME
        group["period_number"] = (np.arange(n_frames) // 4 % PERIODS).astype("u8")
        group["event_time_zero"] = np.arange(n_frames, dtype="u8") * 25_000_000
        group["event_time_zero"].attrs["units"] = "ns"


def bare(path: Path) -> np.ndarray:
    """The least: parts of the file, an index, bincount."""
    import h5py

    stride = (PERIODS + 1, BINS + 1)
    total = np.zeros(DETECTORS * stride[0] * stride[1], dtype=np.int64)
    with h5py.File(path, "r") as file:
        group = file[GROUP]
        ids, times = group["event_id"], group["event_time_offset"]
        edges = np.append(group["event_index"][:].astype(np.int64), ids.shape[0])
        period = group["period_number"][:].astype(np.int64)
        for start in range(0, ids.shape[0], PART):
            stop = min(start + PART, ids.shape[0])
            first = np.searchsorted(edges, start, side="right") - 1
            last = np.searchsorted(edges, stop, side="left")
            rows = np.repeat(
                period[first:last], np.diff(np.clip(edges[first : last + 1], start, stop))
            )
            index = ids[start:stop].astype(np.intp)
            index *= stride[0]
            index += rows
            index *= stride[1]
            index += np.minimum(times[start:stop] // np.uint32(STEP), BINS)
            total += np.bincount(index, minlength=total.size)
    return total.reshape(DETECTORS, *stride)[:, :-1, :-1].transpose(1, 0, 2)


def ours(path: Path) -> np.ndarray:
    """What musrcu makes of it."""
    from musrcu.readers.isis_events import read_events

    return read_events(path, detectors=DETECTORS).counts


def child(which: str, path: Path) -> None:
    """One reading: print its time, its largest memory and a checksum of the histograms."""
    begin = time.perf_counter()
    counts = {"bare": bare, "musrcu": ours}[which](path)
    seconds = time.perf_counter() - begin
    weights = np.arange(1, BINS + 1)
    found = {
        "seconds": seconds,
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "sum": [int(counts.sum()), int((counts.sum(axis=(0, 1)) * weights).sum())],
    }
    print(json.dumps(found))


def main() -> None:
    """Print the table."""
    if len(sys.argv) == 3:
        child(sys.argv[1], Path(sys.argv[2]))
        return
    n_events = int(float(sys.argv[1])) if len(sys.argv) > 1 else 100_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.nxs"
        write(path, n_events)
        found: dict[str, list[dict]] = {"bare": [], "musrcu": []}
        for _ in range(REPEATS):
            for which, results in found.items():
                command = [sys.executable, __file__, which, str(path)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                results.append(json.loads(done.stdout))
    if len({str(one["sum"]) for results in found.values() for one in results}) != 1:
        raise SystemExit("the two readings differ")
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.platform()}")
    print(f"{n_events} events, {REPEATS} readings each; aims: ratio at most 2, under 500 MB\n")
    best = {name: min(one["seconds"] for one in results) for name, results in found.items()}
    for name, results in found.items():
        print(
            f"{name:<8} {best[name]:7.2f} s  {max(one['MB'] for one in results):7.0f} MB  "
            f"ratio {best[name] / best['bare']:.2f}"
        )


if __name__ == "__main__":
    main()
