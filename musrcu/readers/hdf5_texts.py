"""Texts of variable length in an open HDF5 file: looked at before the library makes room for them.

They lie in heaps, all those of a file together; a data set or an attribute holds references.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from musrcu.errors import ReadError
from musrcu.readers.hdf5_heap import LONGEST, check_global_heaps, check_lengths
from musrcu.readers.tree import SMALL

LARGE = 32 << 20
"""Bytes of a file above which only what is not numbers is looked at for heaps."""


MOST_PREFIX, LONGEST_HEADER = 64, 1 << 20
"""Bytes that may lie before the messages of an object header, and bytes of it that are read."""


@dataclass(slots=True)
class Texts:
    """What is known of the texts of an open file."""

    path: Path
    file: Any
    """The h5py.File."""
    longest: int | None = None
    """Bytes of the longest text in it; None before the first one is asked for."""

    def check_type(self, dtype: np.dtype[Any]) -> None:
        """Refuse all but plain numbers and texts, before the HDF5 library sees a value.

        Lists of variable length with a damaged element type crash that library.

        Raises
        ------
        TypeError if it is another type; ReadError if the texts of the file are damaged.
        """
        import h5py

        if dtype.kind in "iufbS":
            return
        if dtype.kind != "O" or h5py.check_string_dtype(dtype) is None:
            raise TypeError(f"values of type {dtype} are neither text nor numbers")
        if self.longest is None:
            self.longest = check_global_heaps(self.path, self._numbers_at())

    def check_lengths(self, place: str, data: Any, n_values: int) -> None:
        """Refuse a data set of texts that are too long, one or all together.

        Parameters
        ----------
        data : the identifier of a data set whose type was checked.

        Raises
        ------
        ReadError that names the length.
        """
        blocks: list[tuple[int, int]] = []
        start, plist = data.get_offset(), data.get_create_plist()
        if start is not None:
            blocks.append((start, int(data.get_storage_size())))
        elif _is_in_chunks(plist) and not plist.get_nfilters():
            data.chunk_iter(lambda chunk: blocks.append((chunk.byte_offset, chunk.size)))
        if blocks:  # each has a length, the address of a heap and a number in it
            address, _ = self.file.id.get_create_plist().get_sizes()
            check_lengths(self.path, place, blocks, 4 + address + 4)
        else:
            self.check_product(place, n_values)

    def check_attribute(self, place: str, owner: Any, key: bytes) -> None:
        """Refuse an attribute whose text is too long, by its length in the header of its object.

        The library makes room for that length before it looks whether there is such a text. An
        attribute that does not lie in the first part of the header is not looked at.

        Parameters
        ----------
        owner : the identifier of the object that has the attribute.

        Raises
        ------
        ReadError that names the length.
        """
        import h5py

        about = h5py.h5o.get_info(owner)
        with self.path.open("rb") as stream:
            stream.seek(about.addr)
            header = stream.read(min(about.hdr.space.total + MOST_PREFIX, LONGEST_HEADER))
        for length in _lengths(header, key):
            if length > SMALL:
                raise ReadError(
                    f"{self.path} at {place} is a text of {length} letters, "
                    f"expected at most {SMALL}"
                )

    def check_product(self, place: str, n_values: int) -> None:
        """The same where the references cannot be looked at: they are packed, or an attribute's.

        Each of them may lead to the longest text of the file.
        """
        longest = self.longest or 0
        if n_values and n_values * longest > LONGEST:
            raise ReadError(
                f"{self.path} at {place}: {n_values} texts in a file with one of {longest} bytes, "
                f"expected {LONGEST} bytes at most in all"
            )

    def _numbers_at(self) -> list[tuple[int, int]]:
        """Bytes of a large file in which the values of its large data sets lie.

        The look for heaps leaves them out: in a file of 100 million events they are all there is.
        """
        import h5py

        found: list[tuple[int, int]] = []
        if self.path.stat().st_size < LARGE:
            return found

        def note(_: str, item: Any) -> None:
            if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "iufb":
                return
            if item.id.get_storage_size() < SMALL:
                return
            if item.chunks is None:
                start = item.id.get_offset()
                if start is not None:
                    found.append((start, start + item.id.get_storage_size()))
            else:
                item.id.chunk_iter(
                    lambda chunk: found.append((chunk.byte_offset, chunk.byte_offset + chunk.size))
                )

        self.file.visititems(note)
        return found


def _is_in_chunks(plist: Any) -> bool:
    import h5py

    return bool(plist.get_layout() == h5py.h5d.CHUNKED)


def _lengths(header: bytes, key: bytes) -> Iterator[int]:
    """Lengths of the texts in attributes of a name, out of the header of their object.

    Source: HDF5 File Format Specification version 3.0, section IV.A.2.m (attribute message).
    """
    name = key + b"\0"
    place = header.find(name)
    while place >= 0:
        for before, padding in ((8, {1: 8, 2: 1}), (9, {3: 1})):
            start = place - before
            step = padding.get(header[start]) if start >= 0 else None
            if step is None or int.from_bytes(header[start + 2 : start + 4], "little") != len(name):
                continue
            sizes = (int.from_bytes(header[start + k : start + k + 2], "little") for k in (2, 4, 6))
            data = place + sum(-(-size // step) * step for size in sizes)
            yield int.from_bytes(header[data : data + 4], "little")
        place = header.find(name, place + 1)
