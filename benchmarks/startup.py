"""Time until ``musrcu`` answers: the import, ``--help`` and ``info``, in processes of their own.

    python benchmarks/startup.py [FILE]

Wall times, the shortest and the middle one of several, as ratios to an empty interpreter and to
``import numpy`` measured in turns with them, so that a busy machine slows all alike. Aims: 0.15 s
for --help, 0.3 s for info. FILE is what info reads, by default the first sample run.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import musrcu

REPEATS = 15
SAMPLE = Path(__file__).resolve().parent.parent / "sample_runs" / "deltat_tdc_ltf_0001.bin"


def commands(file: Path) -> dict[str, list[str]]:
    """What is measured: name and arguments of the interpreter."""
    return {
        "python -c pass": ["-c", "pass"],
        "import numpy": ["-c", "import numpy"],
        "import musrcu": ["-c", "import musrcu"],
        "musrcu --help": ["-m", "musrcu", "--help"],
        "musrcu fit --help": ["-m", "musrcu", "fit", "--help"],
        f"musrcu info {file.name}": ["-m", "musrcu", "info", str(file)],
    }


def wall(arguments: list[str]) -> float:
    """Wall time of one process, s."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print the table."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE
    measured = commands(file)
    times: dict[str, list[float]] = {name: [] for name in measured}
    for arguments in measured.values():  # compiled files and disk caches are made
        wall(arguments)
    for _ in range(REPEATS):
        for name, arguments in measured.items():
            times[name].append(wall(arguments))
    shortest = {name: min(found) for name, found in times.items()}
    empty, numpy = shortest["python -c pass"], shortest["import numpy"]
    print(f"musrcu {musrcu.__version__}, Python {platform.python_version()}, {platform.platform()}")
    print(f"{REPEATS} processes each; aims: --help 0.15 s, info 0.3 s\n")
    print(f"{'':<40} {'shortest':>9} {'median':>9} {'/ pass':>8} {'/ numpy':>8}")
    for name, found in times.items():
        best = shortest[name]
        print(
            f"{name:<40} {best:>7.3f} s {statistics.median(found):>7.3f} s "
            f"{best / empty:>8.2f} {best / numpy:>8.2f}"
        )


if __name__ == "__main__":
    main()
