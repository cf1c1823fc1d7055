"""The fuzz run notices what it is there for: errors, crashes, hangs, memory, files left open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent

BROKEN = """
import os, signal, sys, time, warnings
sys.path.insert(0, {tests!r})
import fuzz
real, kept = fuzz.attempt, []

def attempt(path, *room, **more):
    case = int(path.name.split("-")[0])
    if case == 2:
        raise IndexError("this reader is broken")
    if case == 3:
        warnings.warn("so it warns")
    if case == 4:
        os.kill(os.getpid(), signal.SIGSEGV)
    if case == 5:
        time.sleep(600)
    if case == 6:
        kept.append(b"x" * fuzz.RISE)
    if case == 7:
        kept.append(bytes(fuzz.MEMORY))
    if case == 8:
        (path.parent / fuzz.OUTSIDE).read_bytes()
    if case == 9:
        kept.append(open(path, "rb"))
    return real(path, *room, **more)

fuzz.attempt, fuzz.HANG = attempt, 2
sys.exit(fuzz.main())
"""


def fuzzed(program: Path, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TESTS / "fuzz.py"), "--program", str(program)]
    command += ["--minutes", "0.001", "--jobs", "1", "--format", "mud", "--keep", str(folder)]
    return subprocess.run([*command, *more], capture_output=True, text=True, check=False)


def test_a_broken_reader_is_found(tmp_path: Path) -> None:
    program = tmp_path / "broken.py"
    program.write_text(BROKEN.format(tests=str(TESTS)))
    done = fuzzed(program, tmp_path / "kept", "--seed", "7")
    assert done.returncode == 1, done.stderr
    for case, about in (
        (2, "IndexError in broken.py:attempt: this reader is broken"),
        (3, "UserWarning"),
        (4, "Segmentation fault"),
        (5, "Timeout"),
        (6, "memory in use rose by"),
        (7, "MemoryError"),
        (8, "opened a file beside it"),
    ):
        assert about in done.stdout
        assert f"again with: --seed 7 --format mud --case {case}\n" in done.stdout
        assert (tmp_path / "kept" / f"mud-7-{case}.txt").is_file()
        assert (tmp_path / "kept" / f"mud-7-{case}-seed.msr").is_file()
    assert "files were not closed" in done.stdout
    assert "40 cases" in done.stdout


def test_sound_readers_and_a_case_made_again(tmp_path: Path) -> None:
    done = fuzzed(TESTS / "fuzz.py", tmp_path, "--seed", "1")
    assert done.returncode == 0, done.stdout
    assert "40 cases" in done.stdout and " 0 findings" in done.stdout
    one = [fuzzed(TESTS / "fuzz.py", tmp_path, "--case", "3").stdout for _ in range(2)]
    assert one[0] == one[1]
    assert one[0].strip().splitlines()[-1] in ("run", "error")
