"""Reading beside the least that has to be done: the bytes, or the counts alone.

    python benchmarks/read_speed.py [FOLDER]

``musrcu.read`` and the bare reading of the same file in turns, the shortest of many, files in the
disk cache: ``numpy.fromfile`` for PSI-BIN and MDU (aim: 1 ms more), h5py reading the counts for
NeXus, or pyhdf where it is HDF4 (aim: 6 ms more). Then ``musrcu info`` on ten files in a process of
its own (aim: 0.5 s). FOLDER holds more files to read, such as that of MUSRCU_REAL_DATA, which is
taken where it is set; the sample runs are read in any case, and an MDU file as large as those of
HAL-9500, which is made in a temporary folder with ``tests/mdu_bytes.py``.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import musrcu
from musrcu.errors import ReadError
from musrcu.readers.registry import find_format

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_runs"
REPEATS = 60
AIMS = {"psi-bin": 1.0, "psi-mdu": 1.0, "isis-nexus-v1": 6.0, "isis-nexus-v2": 6.0}
"""ms above the bare reading."""
INFO_AIM = 0.5
HISTOGRAMS, BINS = 17, 400_000
"""Of the MDU file that is made: those of HAL-9500."""


def from_file(path: Path) -> np.ndarray:
    """Every byte of the file."""
    return np.fromfile(path, dtype=np.uint8)


def counts_alone(path: Path) -> np.ndarray:
    """The counts of an HDF5 file, wherever they lie."""
    import h5py

    with h5py.File(path, "r") as file:
        for place in (
            "raw_data_1/instrument/detector_1/counts",
            "raw_data_1/detector_1/counts",
            "run/histogram_data_1/counts",
        ):
            if place in file:
                return file[place][()]
    raise SystemExit(f"{path} has no counts where they are looked for")


def counts_of_hdf4(path: Path) -> np.ndarray:
    """The counts of an HDF4 file, which names its data sets without their groups."""
    from pyhdf.SD import SD

    file = SD(str(path))
    try:
        return file.select("counts").get()
    finally:
        file.end()


def bare(path: Path) -> Callable[[Path], np.ndarray] | None:
    """The least that reading a file takes; None for files that have no such measure."""
    name = find_format(path).name
    if name in ("psi-bin", "psi-mdu"):
        return from_file
    if name not in AIMS:
        return None
    with path.open("rb") as stream:
        if stream.read(4) == b"\x89HDF":
            return counts_alone
    return counts_of_hdf4 if find_spec("pyhdf") else None


def shortest(actions: list[Callable[[], object]]) -> list[float]:
    """Shortest time of each action, ms, done in turns."""
    best = [np.inf] * len(actions)
    for _ in range(REPEATS):
        for number, action in enumerate(actions):
            begin = time.perf_counter()
            action()
            best[number] = min(best[number], 1e3 * (time.perf_counter() - begin))
    return best


def large_mdu(folder: Path) -> Path:
    """An MDU file of HAL-9500 size: noise, then a decay of 10 events a bin."""
    sys.path.insert(0, str(ROOT / "tests"))
    from mdu_bytes import Mdu, Tag

    t = np.arange(BINS) - 8000
    rate = np.where(t < 0, 0.01, 10 * np.exp(-np.maximum(t, 0) / 90_000))
    random = np.random.default_rng(9500)
    tags = tuple(
        Tag(f"Det{number}", "P", random.poisson(rate), t0b=4000, tfb=4010, tlb=BINS // 2 - 1)
        for number in range(1, HISTOGRAMS + 1)
    )
    listed = " ".join(str(place) for place in range(HISTOGRAMS))
    header = {
        "HistoResolution": 2,
        "NumberOfDetectors": HISTOGRAMS,
        "DetectorNumberList": listed.encode(),
    }
    path = folder / "hal_9500_size.mdu"
    path.write_bytes(Mdu("T5", tags, header).content())
    return path


def files() -> list[Path]:
    """One sample of each kind, and every file of the other folder that has a measure."""
    found = [SAMPLES / "deltat_tdc_ltf_0001.bin", *sorted(SAMPLES.glob("*/*.nxs"))[:1]]
    other = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MUSRCU_REAL_DATA")
    if other and not Path(other).is_dir():
        raise SystemExit(f"{other} is no folder")
    if not other:
        print("neither FOLDER nor MUSRCU_REAL_DATA: the sample runs alone\n")
    else:
        kinds = ("bin", "mdu", "nxs", "nxs_v2")
        found += sorted(path for kind in kinds for path in Path(other).rglob(f"*.{kind}"))
    return found


def info(paths: list[Path]) -> float:
    """Shortest wall time of ``musrcu info`` on ten files, s."""
    ten = (paths * 10)[:10] if len(paths) < 10 else paths[:10]
    command = [sys.executable, "-m", "musrcu", "info", *map(str, ten)]
    best = np.inf
    for _ in range(7):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        best = min(best, time.perf_counter() - begin)
    return best


def reading(measured: list[Path]) -> None:
    """Print the table of the files."""
    print(f"{'file':<34} {'format':<14} {'bare':>7} {'read':>7} {'more':>7} {'aim':>5}")
    for path in measured:
        try:
            least = bare(path)
        except ReadError as error:  # one odd file does not end the table
            print(f"{path.name:<34} {str(error)[:100]}")
            continue
        if least is None:
            continue
        name = find_format(path).name
        alone, ours = shortest([lambda f=least, p=path: f(p), lambda p=path: musrcu.read(p)])
        print(
            f"{path.name:<34} {name:<14} {alone:7.2f} {ours:7.2f} {ours - alone:7.2f} "
            f"{AIMS[name]:5.1f}",
            flush=True,
        )


def main() -> None:
    """Print both tables."""
    print(f"musrcu {musrcu.__version__}, Python {platform.python_version()}, {platform.platform()}")
    print(f"shortest of {REPEATS}, ms\n")
    with tempfile.TemporaryDirectory() as folder:
        reading([*files(), large_mdu(Path(folder))])
    print(f"\nmusrcu info on ten files, aim {INFO_AIM} s")
    for kind, found in (
        ("PSI-BIN", sorted(SAMPLES.glob("*.bin"))),
        ("ISIS NeXus", sorted(SAMPLES.glob("*/*.nxs"))),
    ):
        if found:
            print(f"{kind:<12} {info(found):.2f} s")


if __name__ == "__main__":
    main()
