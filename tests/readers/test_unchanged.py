"""What is read later belongs to the run that was read: the same file, wherever we are by then."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mud_bytes as mb
import numpy as np
import pytest
from musr_root_files import folders
from nexus_tree import ENTRY, write_tree
from root_bytes import histogram

from musrcu.errors import ReadError
from musrcu.readers.registry import read


def mud(folder: Path, reading: float) -> Path:
    begin = mb.DESCRIPTION["timeBegin"]
    values = mb.vax_double(reading)
    members = mb.small_members()
    members["variables"] = mb.group(
        mb.HISTORIES, [mb.variable(1, "x", "K"), mb.array(1, values, [begin], 1, 8, 2)]
    )
    path = folder / "run"
    path.write_bytes(mb.whole(list(members.values())))
    return path


def root(folder: Path, reading: float) -> Path:
    pytest.importorskip("uproot", reason="uproot (extra root) is not installed")
    channel = histogram("x", [reading], entries=1, low=0, high=1, axis_title="time (s)")
    path = folder / "run"
    path.write_bytes(folders(channels=[channel]))
    return path


def nexus(folder: Path, reading: float) -> Path:
    where = f"{ENTRY}/selog/x/value_log"
    log: dict[str, Any] = {f"{where}/time": np.zeros(1), f"{where}/value": np.array([reading])}
    return write_tree(folder, log).rename(folder / "run")


Writer = Callable[[Path, float], Path]
each_format = pytest.mark.parametrize("write", [mud, root, nexus])


@each_format
def test_the_logs_of_another_folder_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Writer
) -> None:
    for name, reading in (("one", 4.0), ("two", 8.0)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, reading)
    monkeypatch.chdir(tmp_path / "one")
    run = read("run")
    assert "not read yet" in repr(run.logs)
    monkeypatch.chdir(tmp_path / "two")
    for copy in (pickle.loads(pickle.dumps(run)), run):  # noqa: S301 -- our own bytes
        assert copy.logs["x"].values.tolist() == [4.0]


@each_format
def test_a_file_that_was_replaced_is_refused(tmp_path: Path, write: Writer) -> None:
    path = write(tmp_path, 4.0)
    run, about = read(path), path.stat()
    write(tmp_path, 8.0)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns + 1))
    with pytest.raises(ReadError, match="has changed since the run was read") as caught:
        len(run.logs)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@each_format
def test_a_file_that_has_gone_is_refused(tmp_path: Path, write: Writer) -> None:
    path = write(tmp_path, 4.0)
    run = read(path)
    path.unlink()
    with pytest.raises(ReadError, match="run cannot be opened: No such file"):
        len(run.logs)
