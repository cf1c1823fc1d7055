"""A cautious view of an HDF4 file, through pyhdf."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from musrcu.errors import ReadError
from musrcu.readers.tree import Node


@contextlib.contextmanager
def open_hdf4(path: Path) -> Iterator[Node]:
    """The root group of an HDF4 file, open for reading inside the block.

    Raises
    ------
    ReadError if it cannot be read.
    """
    raise ReadError(f"{path} is an HDF4 file, which is not read yet")
    yield
