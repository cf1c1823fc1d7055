"""A seeded fuzz run over every reader of the registry.

    python tests/fuzz.py [--minutes 10] [--seed 1] [--format NAME] [--jobs 2] [--keep FOLDER]
    python tests/fuzz.py --seed 1 --format NAME --case 123

Sound files of each format (tests/seed_files.py, and real ones where MUSRCU_REAL_DATA names their
folder) are damaged and read. Reading may give a usable run or a sentence that names the file;
anything else is a finding: another error, a warning, too long, too much memory, a file that is
never closed, another file opened, or the end of the process, for readers run in processes of their
own. A finding is kept as a file and named by its case, with which the second command makes it
again. Ends with 1 if there is any.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import gc
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import hdf4_files
import numpy as np
from damage import attempt, damaged
from damage_tree import OUTSIDE, damage_tree
from opened import Watch
from seed_files import SMALL, Seed, real_seeds

from musrcu.readers.registry import formats

MEMORY = 4 << 30
"""Bytes of address space that a process may have."""
RISE = 400 << 20
"""Bytes of memory in use that one file may add."""
SLOW, HANG = 5.0, 30
"""Seconds after which a file is too slow, and after which its process is ended."""
BATCH = 40
HDF5, HDF4 = b"\x89HDF", b"\x0e\x03\x13\x01"
TREE = 0.4
"""Part of the cases of an HDF format whose entries are damaged rather than its bytes."""
KEPT = 3
"""Files that are kept of findings that look alike."""


# In the process that reads ------------------------------------------------------------------------


class Reading:
    """Makes the cases of one format after the other and reads them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        self.outside = folder / OUTSIDE
        self.outside.write_bytes(SMALL["isis-nexus-v2"]()[0].content)
        self.watch = Watch(self.outside)
        self.seeds: dict[str, tuple[list[Seed], int]] = {}

    def seeds_of(self, name: str) -> tuple[list[Seed], int]:
        """The sound files of a format, and how many of them are made, before the real ones."""
        if name not in self.seeds:
            made = SMALL[name]()
            self.seeds[name] = [*made, *real_seeds(name)], len(made)
        return self.seeds[name]

    def make(self, name: str, case: int) -> tuple[Path, str]:
        """The file of a case, and how it was damaged."""
        seeds, n_made = self.seeds_of(name)
        random = np.random.default_rng([self.seed, *name.encode(), case])
        # small files are read faster and consist of little but structure
        real = len(seeds) > n_made and random.random() < 0.15
        seed = seeds[int(random.integers(n_made, len(seeds)) if real else random.integers(n_made))]
        path = self.folder / f"{case}-{seed.name}"
        by_entry = random.random() < TREE
        if by_entry and seed.content.startswith(HDF5):
            path.write_bytes(seed.content)
            how = damage_tree(path, random)
        elif by_entry and seed.content.startswith(HDF4):
            chance = Random(int(random.integers(1 << 32)))
            path.write_bytes(hdf4_files.damaged(seed.content, chance))
            how = "its list of elements"
        else:
            others = [other.content for other in seeds[:n_made]]
            content, how = damaged(seed.content, random, seed.spots, others)
            path.write_bytes(content)
        return path, f"{seed.name}: {how}"

    def read(self, path: Path) -> str:
        """``run`` or ``error``; raises an AssertionError about what may not be."""
        self.watch.opened()  # the damage itself may have looked
        before = in_use(reset=True)
        start = time.process_time()
        run = attempt(path, 1 << 62, seconds=HANG)
        took, rise = time.process_time() - start, in_use() - before
        assert took < SLOW, f"took {took:.1f} s of the processor"
        assert rise < RISE, f"memory in use rose by {rise >> 20} MB"
        assert not self.watch.opened(), "opened a file beside it"
        return "error" if run is None else "run"


def in_use(reset: bool = False) -> int:
    """Most bytes of memory in use since the last reset; 0 where the system does not say."""
    with contextlib.suppress(OSError):
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        return 1024 * int(found[1]) if found else 0
    return 0


def open_files() -> int:
    """Files that this process has open."""
    gc.collect()
    places = Path("/proc/self/fd")
    return len(os.listdir(places)) if places.is_dir() else 0  # noqa: PTH208


def work(seed: int, folder: Path) -> None:
    """Read the batches that standard input names; one line of JSON before and after each case."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    warnings.simplefilter("error")
    reading = Reading(seed, folder)
    formats()
    for line in sys.stdin:
        name, first, n = json.loads(line)
        before = open_files()
        for case in range(first, first + n):
            path, how = reading.make(name, case)
            tell(case=case, path=str(path), how=how)
            tell(**outcome(reading, path))
        left = open_files() - before
        tell(batch=True, left=left if first else 0)  # the first one imports libraries


def outcome(reading: Reading, path: Path) -> dict[str, str]:
    """What came of a case: its kind, and where a finding was raised."""
    faulthandler.dump_traceback_later(HANG, exit=True)
    try:
        result = reading.read(path)
    except BaseException as error:  # noqa: BLE001 -- whatever it is, it is a finding
        reading.watch.opened()
        return {"kind": "finding", "what": what(error), "trace": traceback.format_exc()}
    finally:
        faulthandler.cancel_dump_traceback_later()
    path.unlink()
    return {"kind": result}


def what(error: BaseException) -> str:
    """One line that is alike for findings of one cause."""
    frames = traceback.extract_tb(error.__traceback__)
    last = ([frame for frame in frames if "musrcu" in frame.filename] or frames)[-1]
    text = re.sub(r"\d+", "#", " ".join(str(error).split()))[:100]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.name}: {text}"


def tell(**message: object) -> None:
    print(json.dumps(message), flush=True)


# In the process that the person started -----------------------------------------------------------


@dataclass
class Tally:
    """What is known so far, shared by the threads that each watch one process."""

    names: list[str]
    keep: Path
    seed: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_case: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)

    def batch(self) -> tuple[str, int]:
        """The format that had the least time, and the first case that it has not seen."""
        with self.lock:
            name = min(self.names, key=lambda known: self.seconds[known])
            first = self.next_case[name]
            self.next_case[name] += BATCH
            self.seconds[name] += 1e-3  # so that the next thread takes another one
            return name, first

    def count(self, name: str, kind: str) -> None:
        with self.lock:
            self.kinds.setdefault(name, Counter())[kind] += 1

    def find(self, name: str, case: int, about: str, file: Path | None, report: str) -> None:
        """Note a finding, and keep its file unless there are enough that look alike."""
        with self.lock:
            self.kinds.setdefault(name, Counter())["finding"] += file is not None
            self.findings[name, about] += 1
            number = self.findings[name, about]
        again = f"--seed {self.seed} --format {name} --case {case}"
        if number == 1:
            print(f"FINDING {name}: {about}\n  again with: {again}", flush=True)
        if number <= KEPT:
            self.keep.mkdir(parents=True, exist_ok=True)
            if file is not None and file.exists():
                shutil.copy(file, self.keep / f"{name}-{self.seed}-{file.name}")
            place = self.keep / f"{name}-{self.seed}-{case}.txt"
            place.write_text(f"{about}\n{again}\n\n{report}\n")
        if file is not None:
            file.unlink(missing_ok=True)


class Worker:
    """One process that reads, and the folder in which it works."""

    def __init__(self, program: Path, seed: int, folder: Path) -> None:
        self.program, self.seed, self.folder = program, seed, folder
        folder.mkdir()
        self.errors = folder / "stderr.txt"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(self.program), "--work", str(self.folder)]
        command += ["--seed", str(self.seed)]
        with self.errors.open("w") as errors:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    def again(self) -> str:
        """Start anew after the process ended; returns what it wrote last."""
        code = self.process.wait()
        said = self.errors.read_text(errors="replace")[-6000:]
        self.process = self._start()
        return f"the process ended with {code}\n{said}"

    def messages(self, name: str, first: int, n: int) -> Iterator[dict[str, object]]:
        """What it says of a batch."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps([name, first, n]) + "\n")
            self.process.stdin.flush()
        for line in self.process.stdout:
            message = json.loads(line)
            yield message
            if "batch" in message:
                return

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


def watch(worker: Worker, tally: Tally, end: float) -> None:
    """Give a process batches until the time is over."""
    while time.monotonic() < end:
        name, first = tally.batch()
        start, last = time.monotonic(), first + BATCH
        while first < last:
            first = follow(worker, tally, name, first, last)
        with tally.lock:
            tally.seconds[name] += time.monotonic() - start
    worker.stop()


def follow(worker: Worker, tally: Tally, name: str, first: int, last: int) -> int:
    """Read cases until the process ends or all are read; returns the first case left."""
    case, path = first, None
    for message in worker.messages(name, first, last - first):
        if "path" in message:
            case, path = int(str(message["case"])), Path(str(message["path"]))
        elif "batch" in message:
            if int(str(message["left"])) > 0:
                about = f"{message['left']} files were not closed"
                tally.find(name, first, "files were not closed", None, about)
            return last
        elif message["kind"] == "finding":
            tally.find(name, case, str(message["what"]), path, str(message["trace"]))
        else:
            tally.count(name, str(message["kind"]))
    said = worker.again()
    tally.find(name, case, f"process: {ending(said)}", path, said)
    return case + 1


def ending(said: str) -> str:
    """How a process ended, and in which function of the package it was."""
    place = re.search(r'musrcu/(\S+)", line \d+ in (\w+)', said)
    fatal = re.search(r"Fatal Python error: .*|Timeout.*|\w*Error.*", said)
    first = said.partition("\n")[0]
    return f"{fatal[0] if fatal else first}" + (f" in {place[1]}:{place[2]}" if place else "")


def run(options: argparse.Namespace) -> int:
    """Fuzz for the given time and print what was found."""
    names = [name for name, make in SMALL.items() if make()]
    tally = Tally([options.format] if options.format else names, options.keep, options.seed)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        workers = [
            Worker(options.program, options.seed, Path(folder) / str(k))
            for k in range(options.jobs)
        ]
        end = start + 60 * options.minutes
        threads = [threading.Thread(target=watch, args=(w, tally, end)) for w in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    report(tally, time.monotonic() - start)
    return 1 if tally.findings else 0


def report(tally: Tally, seconds: float) -> None:
    """The table of what came of each format, and the findings."""
    cases = sum(sum(kinds.values()) for kinds in tally.kinds.values())
    print(f"seed {tally.seed}: {cases} cases in {seconds:.0f} s, {cases / seconds:.0f} a second")
    for name in tally.names:
        kinds = tally.kinds.get(name, Counter())
        rate = sum(kinds.values()) / max(tally.seconds[name], 1e-9)
        print(
            f"  {name:15} {kinds['run']:7} runs {kinds['error']:7} errors "
            f"{kinds['finding']:4} findings  {rate:6.0f} a second"
        )
    for (name, about), number in sorted(tally.findings.items()):
        print(f"  {number} times {name}: {about}")
    if tally.findings:
        print(f"files and traces of the findings: {tally.keep}")


def one(options: argparse.Namespace) -> int:
    """Make one case again, in this process."""
    warnings.simplefilter("error")
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    options.keep.mkdir(parents=True, exist_ok=True)
    reading = Reading(options.seed, options.keep)
    path, how = reading.make(options.format, options.case)
    print(f"{path}: {how}", flush=True)
    faulthandler.dump_traceback_later(HANG, exit=True)
    print(reading.read(path))
    return 0


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="damaged files for every reader")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=sorted(SMALL), help="only this format")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    keep = Path(tempfile.gettempdir()) / "musrcu-fuzz"
    parser.add_argument("--keep", type=Path, default=keep, help="folder for what is found")
    parser.add_argument("--case", type=int, help="make one case of --format again")
    parser.add_argument("--program", type=Path, default=Path(__file__), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case is not None and options.format is None:
        parser.error("--case needs --format")
    return options


def main() -> int:
    """Fuzz, make one case again, or be one of the processes that read."""
    options = parsed()
    if options.work is not None:
        work(options.seed, options.work)
        return 0
    return run(options) if options.case is None else one(options)


if __name__ == "__main__":
    sys.exit(main())
