"""Time of reading, of reduction, and of scans from files to T_N.

    python benchmarks/scan_speed.py

Ratios in one run: reading beside ``numpy.fromfile`` of the same bytes, reduction beside reading,
the whole command beside an empty interpreter. The scan of 40 runs has a set point between each two
of the sample runs; its files are simulated once, in a temporary folder. Programs are compiled
before, as they are where musrcu is installed.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np

import musrcu as mu

SAMPLES = Path(__file__).resolve().parent.parent / "sample_runs"
RUN = SAMPLES / "deltat_tdc_ltf_0001.bin"


def best(work: Callable[[], object], repeats: int) -> float:
    """Shortest time of several, s."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def command(*words: str) -> Callable[[], object]:
    """A command in an interpreter of its own."""
    plain = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run(
        [sys.executable, *words], check=True, capture_output=True, env=plain
    )


def forty_runs(folder: Path) -> Path:
    """The scan file of 40 simulated runs: the sample runs and one between each two of them."""
    truth = tomllib.loads((SAMPLES / "truth.toml").read_text(encoding="utf-8"))
    scan, transverse = truth["runs"][:2]
    points = scan["temperatures"]
    between = [(low + high) / 2 for low, high in zip(points, points[1:], strict=False)]
    scan["temperatures"] = sorted([*points, *between, points[-1] + 0.01])
    transverse["first"] = 41
    mu.simulate({**truth, "runs": [scan, transverse]}, folder)
    plan = (SAMPLES / "scan.toml").read_text(encoding="utf-8")
    path = folder / "scan.toml"
    path.write_text(plan.replace("0001-0020", "0001-0040").replace("0021", "0041"))
    return path


def main() -> None:
    """Print the table."""
    run = mu.read(RUN)
    recipe = mu.Reduction(alpha=0.93)
    bare = best(lambda: np.fromfile(RUN, dtype="<i4"), 200)
    reading = best(lambda: mu.read(RUN), 200)
    reducing = best(lambda: mu.reduce(run, recipe), 100)
    compileall.compile_dir(Path(mu.__file__).parent, quiet=1)
    empty = best(command("-c", "pass"), 5)
    with tempfile.TemporaryDirectory() as folder:
        figure = str(Path(folder) / "order.png")
        scan = ["-m", "musrcu", "scan", str(SAMPLES / "scan.toml")]
        without = best(command(*scan, "--no-plot"), 5)
        more = ["-m", "musrcu", "scan", str(forty_runs(Path(folder))), "--no-plot"]
        forty = best(command(*more), 5)
        alone = best(command(*more, "--jobs", "1"), 3)
        with_figure = best(command(*scan, "--plot", figure, "--force"), 3)
    print("| what | time (ms) | beside | ratio |")
    print("|---|---|---|---|")
    rows = [
        ("numpy.fromfile of a 198 kB file", bare, "", None),
        ("read the same file", reading, "fromfile", reading / bare),
        ("reduce it to an asymmetry", reducing, "reading", reducing / reading),
        ("empty interpreter", empty, "", None),
        ("scan of 20 runs, no figure", without, "empty interpreter", without / empty),
        ("scan of 40 runs, no figure", forty, "empty interpreter", forty / empty),
        ("the same in one process", alone, "empty interpreter", alone / empty),
        ("scan of 20 runs with figure", with_figure, "empty interpreter", with_figure / empty),
    ]
    for name, seconds, beside, ratio in rows:
        shown = "" if ratio is None else f"{ratio:.1f}"
        print(f"| {name} | {1e3 * seconds:.2f} | {beside} | {shown} |")


if __name__ == "__main__":
    main()
