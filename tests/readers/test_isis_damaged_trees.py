"""ISIS NeXus trees in which one entry is not what it should be: a Run, or a ReadError.

Every entry of both versions in turn, missing, mistyped, empty, huge, or linked in circles.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from nexus_tree import ENTRY, RUN, small_counts, small_old_tree, small_tree, write_tree

from musrcu.errors import ReadError
from musrcu.readers.registry import read

DAMAGE: dict[str, Any] = {
    "missing": None,
    "text": "no number",
    "number": np.array([7.5]),
    "empty": np.zeros((0, 3)),
    "none": h5py.Empty("f8"),
    "nan": np.full((2, 2), np.nan),
    "circle": "circle",
    "dangling": h5py.SoftLink("/nowhere/at/all"),
    "outside": h5py.ExternalLink("other.nxs", "/"),
    "compound": np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]),
    "group": "group",
    "huge": "huge",
    "parent": "parent",
}
TREES: dict[str, Callable[[], dict[str, Any]]] = {RUN: small_old_tree, ENTRY: small_tree}
ROOM = 30 * 2**20
"""Bytes in which a file of 30 kB is read or refused."""


def damaged(folder: Path, tree: dict[str, Any], where: str, what: str) -> Path:
    """The tree with one entry replaced."""
    made = DAMAGE[what]
    special = isinstance(made, str) and what != "text"
    change = h5py.SoftLink(f"/{where}") if what == "circle" else None if special else made
    path = write_tree(folder, {where: change}, tree)
    with h5py.File(path, "r+") as file:
        if what == "group":
            file.create_group(where)
        if what == "parent":  # a hard link to the entry: a tree without end
            file[where] = file[where.partition("/")[0]]
        if what == "huge":
            file.create_dataset(where, (2**20, 2**20), "i4", chunks=(1, 4096))
    return path


@pytest.mark.parametrize("what", sorted(DAMAGE))
@pytest.mark.parametrize("entry", sorted(TREES))
def test_one_damaged_entry(tmp_path: Path, entry: str, what: str) -> None:
    places = sorted(where for where in TREES[entry]() if "@" not in where)
    runs = 0
    for number, where in enumerate(places):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = damaged(folder, TREES[entry](), where, what)
        try:
            run = read(path)
            header, logs = dict(run.header), dict(run.logs)
        except ReadError as error:
            assert str(path) in str(error) and "\n" not in str(error), where
            continue
        runs += 1
        assert run.counts.min() >= 0 and len(header) > 5 and logs == {}, where
        assert all("\n" not in warning for warning in run.warnings)
    assert runs > 0.5 * len(places), "most of a file can be done without"


@pytest.mark.parametrize("entry", sorted(TREES))
def test_huge_entries_take_no_memory(tmp_path: Path, entry: str) -> None:
    tree = TREES[entry]()
    paths = []
    for number, where in enumerate(sorted(where for where in tree if "@" not in where)):
        folder = tmp_path / str(number)
        folder.mkdir()
        paths.append(damaged(folder, TREES[entry](), where, "huge"))
    tracemalloc.start()
    try:
        for path in paths:
            try:
                run = read(path, max_bytes=2**60)
                dict(run.header)
            except ReadError:
                continue
        assert tracemalloc.get_traced_memory()[1] < ROOM
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("entry", sorted(TREES))
def test_more_counts_than_allowed(tmp_path: Path, entry: str) -> None:
    path = write_tree(tmp_path, None, TREES[entry]())
    size = 8 * small_counts().size
    assert read(path, max_bytes=size).counts.nbytes == size
    with pytest.raises(ReadError, match=f"declares {size} bytes of counts, more than the"):
        read(path, max_bytes=size - 1)
