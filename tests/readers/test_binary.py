"""Reading by offset: values where they are, and the place in the sentence where they are not."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from musrcu.errors import ReadError
from musrcu.readers.binary import open_binary


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "x.bin"
    file.write_bytes(struct.pack("<hif3h", -2, 70000, 0.5, 1, 2, 3))
    return file


def test_numbers_and_arrays(path: Path) -> None:
    with open_binary(path) as file:
        assert (file.path, file.size) == (path, 16)
        assert file.number(0, "h", "code") == -2
        assert file.number(2, "i", "events") == 70000
        assert file.number(6, "f", "width") == 0.5
        assert file.array(10, "<i2", 3, "bins").tolist() == [1, 2, 3]
        assert file.take(14, 2, "tail") == b"\3\0"


@pytest.mark.parametrize(
    ("offset", "size", "place", "found"), [(10, 8, 16, 6), (16, 1, 16, 0), (90, 4, 16, 0)]
)
def test_past_the_end(path: Path, offset: int, size: int, place: int, found: int) -> None:
    with open_binary(path) as file, pytest.raises(ReadError) as caught:
        file.take(offset, size, "block")
    assert str(caught.value) == (
        f"{path} at byte {place}: block ends early: expected {size} bytes, found {found}"
    )


def test_a_file_that_shrinks_while_it_is_read(path: Path) -> None:
    with open_binary(path) as file:
        os.truncate(path, 12)
        with pytest.raises(ReadError, match="at byte 12: block ends early: expected 6 .* found 2"):
            file.take(10, 6, "block")


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for name in ("missing", ".", "a\0b"):
        with pytest.raises(ReadError), open_binary(tmp_path / name):
            pytest.fail("opened")
