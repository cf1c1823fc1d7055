"""A disk that is full: one sentence, nothing left behind, what was there before untouched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="limits of POSIX")

LIMITED = """
import resource, sys
from musrcu.cli.main import main

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.argv = ["musrcu", *sys.argv[1:]]
sys.exit(main())
"""
REDUCE = ("reduce", "RUN", "--alpha", "1.2", "-o")
CONVERT = ("convert", "RUN")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (CONVERT, "a.nxs"),
        (CONVERT, "deltat_tdc_ltf_0001.bin"),
        (REDUCE, "a.nxs"),
        (REDUCE, "a.csv"),
    ],
)
def test_no_room_for_the_file(
    samples: Path, tmp_path: Path, words: tuple[str, ...], name: str
) -> None:
    """A process that may write 20 kB into a file, as the last blocks of a disk would hold."""
    folder, elsewhere = tmp_path / "out", tmp_path / "tmp"
    folder.mkdir()
    elsewhere.mkdir()
    run = str(samples / "deltat_tdc_ltf_0001.bin")
    command = [run if word == "RUN" else word for word in words]
    settings = {"TMPDIR": str(elsewhere)}
    settings |= {"PYTHONDONTWRITEBYTECODE": "1"}  # Python would leave them cut off
    for more in ([], ["--force"]):
        if more:
            (folder / name).write_text("old")
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", LIMITED, *command, str(folder / name), *more],
            capture_output=True, text=True, check=False, cwd=tmp_path,
            env=os.environ | settings,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        assert done.stderr.endswith(f"{name} cannot be written: File too large\n")
        assert done.stderr.count("\n") == 1
        left = {path.name: path.read_text() for path in folder.iterdir()}
        assert left == ({name: "old"} if more else {})
        assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("words", [CONVERT, REDUCE])
def test_the_folder_for_temporary_files_is_not_needed(
    samples: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    run = str(samples / "deltat_tdc_ltf_0001.bin")
    command = [run if word == "RUN" else word for word in words]
    done = subprocess.run(
        [sys.executable, "-m", "musrcu", *command, "a.nxs"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"TMPDIR": "/dev/null"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.nxs"]
