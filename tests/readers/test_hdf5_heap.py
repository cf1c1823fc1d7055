"""Single changed bytes that make the HDF5 library loop or crash on texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from nexus_tree import DETECTOR, ENTRY, SAMPLE, write_tree

from musrcu.errors import ReadError
from musrcu.readers.hdf5 import open_hdf5
from musrcu.readers.hdf5_heap import SIGNATURE, check_global_heaps
from musrcu.readers.isis_nexus_v2 import read_isis_nexus_v2

TEXTS = {
    f"{ENTRY}/title": "short",
    f"{ENTRY}/definition": "pulsedTD",
    f"{ENTRY}/notes": "a note of several words",
    f"{SAMPLE}/name": "silver",
    f"{DETECTOR}/orientation": "l",
}
"""Texts of variable length, which lie in a global heap."""


def places(content: bytes, wanted: bytes) -> Iterator[int]:
    place = content.find(wanted)
    while place >= 0:
        yield place
        place = content.find(wanted, place + 1)


def damaged(folder: Path, place: int, value: int) -> Path:
    content = bytearray(write_tree(folder, TEXTS).read_bytes())
    content[place] = value
    path = folder / "damaged.nxs"
    path.write_bytes(content)
    return path


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return write_tree(tmp_path, TEXTS).read_bytes()


def test_the_small_file_has_a_heap(content: bytes) -> None:
    assert content.count(SIGNATURE) == 1


@pytest.mark.parametrize("size", [0, 255])
def test_object_of_wrong_size(tmp_path: Path, content: bytes, size: int) -> None:
    """The free space behind the last text has index 0; size 0 there is an endless loop."""
    heap = content.index(SIGNATURE)
    third = heap + 16 + 24 + 24  # behind a header and two texts of at most 8 bytes
    path = damaged(tmp_path, third + 8, size)
    with pytest.raises(ReadError, match=f"global heap at byte {heap} does not end within"):
        read_isis_nexus_v2(path)


def test_text_of_unknown_kind(tmp_path: Path, content: bytes) -> None:
    """A list of variable length whose element type is none crashes the HDF5 library."""
    types = list(places(content, b"\x19\x01\x01\x00\x10\x00\x00\x00"))
    assert types
    for place in types:
        path = damaged(tmp_path, place + 1, 3)
        try:
            assert read_isis_nexus_v2(path).counts.any()
        except ReadError as error:
            assert "neither text nor numbers" in str(error)


def test_lists_and_references_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        lists = file.create_dataset("lists", (2,), h5py.vlen_dtype(np.int32))
        lists[0] = [1, 2, 3]
        file["reference"] = lists.ref
        file["pairs"] = np.zeros(2, dtype=[("a", "i4"), ("b", "f8")])
        file["text"] = "as it is"
        file["empty"] = h5py.Empty("f4")
    with open_hdf5(path) as root:
        for name in ("lists", "reference", "pairs"):
            with pytest.raises(ReadError, match="neither text nor numbers"):
                root.text(name)
        assert root.text("text") == "as it is"
        assert root.text("empty") is None and root.numbers("empty") is None
        assert root.short_values() == {"text": "as it is"}


def test_many_texts_in_many_heaps(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    texts = [f"text {k} " + "x" * (k % 50) for k in range(5000)]
    with h5py.File(path, "w") as file:
        file["texts"] = texts
        file["long"] = "y" * 100_000
    check_global_heaps(path)
    with open_hdf5(path) as root:
        assert root.text("texts") == "text 0"
        assert root.text("long") == "y" * 100_000


def test_short_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with pytest.raises(ReadError, match="cannot be read"):
        check_global_heaps(path)
    path.write_bytes(b"")
    check_global_heaps(path)
