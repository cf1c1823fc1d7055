"""Reading binary files by offset, so that a cut file is a ReadError that names the place."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from musrcu.errors import ReadError
from musrcu.files import PathLike


class TableField(Protocol):
    """One row of a table of fixed offsets: a name, and how to take its value out of a block."""

    @property
    def name(self) -> str:
        """Name of the field in the format's own document."""

    def unpack(self, raw: bytes) -> Any:
        """The value in a block of bytes that holds the whole table."""


@dataclass(frozen=True, slots=True)
class BinaryFile:
    """An open file that is read by offset and knows its name and size."""

    path: Path
    size: int
    """Bytes in the file."""
    stream: BinaryIO

    def error(self, offset: int, sentence: str) -> ReadError:
        """The error ``<path> at byte <offset>: <sentence>``."""
        return ReadError(f"{self.path} at byte {offset}: {sentence}")

    def need(self, offset: int, size: int, what: str) -> None:
        """Raise a ReadError unless ``size`` bytes from ``offset`` on lie inside the file."""
        if offset + size > self.size:
            found = max(0, self.size - offset)
            raise self.error(
                min(offset + found, self.size),
                f"{what} ends early: expected {size} bytes, found {found}",
            )

    def take(self, offset: int, size: int, what: str) -> bytes:
        """``size`` bytes from ``offset`` on; ``what`` names them in the error.

        Raises
        ------
        ReadError if the file ends before, or the system cannot read it.
        """
        self.need(offset, size, what)
        try:
            self.stream.seek(offset)
            block = self.stream.read(size)
        except OSError as error:
            raise self.error(offset, f"{what} cannot be read: {error.strerror or error}") from error
        if len(block) != size:
            raise self.error(
                offset + len(block),
                f"{what} ends early: expected {size} bytes, found {len(block)}",
            )
        return block

    def number(self, offset: int, code: str, what: str) -> Any:
        """One little-endian number of a struct code such as ``h``, ``i`` or ``f``."""
        return struct.unpack("<" + code, self.take(offset, struct.calcsize("<" + code), what))[0]

    def array(self, offset: int, dtype: str, count: int, what: str) -> NDArray[Any]:
        """(count,) numbers of a NumPy type with its byte order, such as ``<i4``; read-only."""
        size = count * np.dtype(dtype).itemsize
        return np.frombuffer(self.take(offset, size, what), dtype=dtype)

    def fill(self, offset: int, array: NDArray[Any], what: str) -> None:
        """Read as many bytes as ``array`` has into it, without a copy in between.

        Raises
        ------
        ReadError as :meth:`take`.
        """
        self.need(offset, array.nbytes, what)
        try:
            self.stream.seek(offset)
            found = self.stream.readinto(array)  # type: ignore[attr-defined]
        except OSError as error:
            raise self.error(offset, f"{what} cannot be read: {error.strerror or error}") from error
        if found != array.nbytes:
            raise self.error(
                offset + found, f"{what} ends early: expected {array.nbytes} bytes, found {found}"
            )

    def table(
        self, fields: Iterable[TableField], offset: int, size: int, what: str
    ) -> tuple[bytes, dict[str, Any]]:
        """A block with fields at fixed offsets: its bytes, and every field by name."""
        raw = self.take(offset, size, what)
        return raw, {field.name: field.unpack(raw) for field in fields}


@contextlib.contextmanager
def open_binary(path: PathLike) -> Iterator[BinaryFile]:
    """The file, open for reading by offset.

    Raises
    ------
    ReadError if it is missing, a directory, or may not be read.
    """
    file = Path(path)
    try:
        stream = file.open("rb")
    except OSError as error:
        raise ReadError(f"{file} cannot be opened: {error.strerror or error}") from error
    except ValueError as error:  # a NUL byte in the name
        raise ReadError(f"{str(file)!r} is not a file name: {error}") from error
    with stream:
        yield BinaryFile(file, os.fstat(stream.fileno()).st_size, stream)
