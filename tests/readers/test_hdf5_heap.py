"""Single changed bytes that make the HDF5 library loop or crash on texts."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from nexus_tree import DETECTOR, ENTRY, PERIODS, SAMPLE, write_tree

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


# Long texts --------------------------------------------------------------------------------------

LONG, LONGER = 2 << 20, 17 << 20
"""Letters of a text that is refused, and of one beside which no packed text is read."""


def put(file: h5py.File, where: str, text: Any, **options: Any) -> None:
    if where in file:
        del file[where]
    file.create_dataset(where, data=np.array(text, object), dtype=h5py.string_dtype(), **options)


@pytest.mark.parametrize(
    "text, options",
    [
        ("x" * LONG, {}),
        (["x" * LONG], {"chunks": (1,)}),
        (["x" * LONG], {"chunks": (1,), "compression": "gzip"}),
        (["x" * LONGER], {"chunks": (1,), "compression": "gzip"}),
    ],
)
def test_a_long_text_is_unknown(tmp_path: Path, text: Any, options: dict[str, Any]) -> None:
    path = write_tree(tmp_path)
    with h5py.File(path, "r+") as file:
        put(file, f"{ENTRY}/title", text, **options)
    run = read_isis_nexus_v2(path)
    (warning,) = run.warnings
    assert run.title is None and "title" in warning and "expected" in warning
    assert len(warning) < 500 and len(run.header) > 10
    assert f"/{ENTRY}/title" not in run.header


def test_one_text_many_times(tmp_path: Path) -> None:
    """Twenty references to one text of a megabyte, which takes no room in the file."""
    path = write_tree(tmp_path)
    with h5py.File(path, "r+") as file:
        put(file, f"{PERIODS}/labels", ["x" * (1 << 20)] + ["y"] * 19)
        start = file[f"{PERIODS}/labels"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[start : start + 320] = content[start : start + 16] * 20
    path.write_bytes(content)
    run = read_isis_nexus_v2(path)
    assert run.period_labels == ("", "")
    assert any("texts of 17825792 bytes" in text for text in run.warnings)


@pytest.mark.parametrize("length, sentence", [(LONG, "letters"), (LONGER, "in a file with one of")])
def test_a_long_unit_is_unknown(tmp_path: Path, length: int, sentence: str) -> None:
    path = write_tree(tmp_path)
    with h5py.File(path, "r+") as file:
        place = file[f"{SAMPLE}/temperature"]
        del place.attrs["units"]
        # an attribute of that length is more than the library takes, but for texts in a heap
        place.attrs.create("units", "x" * length, dtype=h5py.string_dtype())
    run = read_isis_nexus_v2(path)
    assert any("temperature@units" in text and sentence in text for text in run.warnings)
    assert max(map(len, run.warnings)) < 500


def test_errors_are_short(tmp_path: Path) -> None:
    path = write_tree(tmp_path, {f"{DETECTOR}/resolution@units": "x" * 5000})
    with pytest.raises(ReadError, match=r"unit 'x+\.\.\.' is no unit of time") as caught:
        read_isis_nexus_v2(path)
    assert len(str(caught.value)) < 500
    path = write_tree(tmp_path, {f"{ENTRY}/{'x' * 5000}/counts": np.ones((1, 2, 3), "f2") / 2,
                                 f"{DETECTOR}/counts": None})  # fmt: skip
    with pytest.raises(ReadError, match="xx .* xx") as caught:
        read_isis_nexus_v2(path)
    assert len(str(caught.value)) <= 800 and str(caught.value).startswith(str(path))
    assert str(caught.value).endswith("not all whole numbers")


def test_an_attribute_that_declares_gigabytes(tmp_path: Path) -> None:
    """Length and address of its text damaged: refused before the library makes room for it.

    Newer object headers have a checksum, with which the library finds the damage by itself.
    """
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver="earliest") as file:
        file["time"] = np.arange(3.0)
        file["time"].attrs["other"] = "microseconds and more"
        file["time"].attrs["offset"] = "2026-01-01T00:00:00"
    content = bytearray(path.read_bytes())
    length = struct.pack("<I", len("2026-01-01T00:00:00"))
    (place,) = (
        k for k in places(bytes(content), length) if 0 < k - content.rindex(b"offset\0", 0, k) < 80
    )
    with open_hdf5(path) as root:
        time = root.child("time")
        assert time is not None and time.attribute("offset") == "2026-01-01T00:00:00"
    content[place : place + 12] = struct.pack("<IQ", 2**31 + 7, 2**40)
    path.write_bytes(content)
    with open_hdf5(path) as root:
        time = root.child("time")
        assert time is not None and time.attribute("other") == "microseconds and more"
        with pytest.raises(ReadError, match="offset is a text of 2147483655 letters"):
            time.attribute("offset")
