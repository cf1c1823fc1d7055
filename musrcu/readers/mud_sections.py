"""The sections of a MUD file: where they lie, which group they are in, and their bodies.

Every section begins with its size, its kind and its number; a group lists its members, which
follow it one after the other. All numbers are little-endian.

Source: ``mud.h``, ``mud.c`` and ``mud_all.c`` of the MUD library of TRIUMF, and the page "MUD Data
Format" of its authors.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.readers.binary import BinaryFile
from musrcu.readers.mud_packing import vax_doubles

FIXED, GROUP, END, COMMENT = 0x01010002, 0x01010003, 0x01010004, 0x01010005
RUN, HISTOGRAM, DATA, SCALER, VARIABLE, ARRAY = (0x01020000 + k for k in (1, 2, 3, 4, 5, 7))
"""Kinds of sections."""
DIFFERENTIAL, INTEGRAL = 0x02010000, 0x02020000
"""Numbers of the outermost group: time-differential and time-integral files of TRIUMF."""
MAX_SECTIONS = 100_000
"""More sections than any file has: they are not looked for."""

_HEAD = struct.Struct("<3I")
_GROUP = struct.Struct("<5I")


@dataclass(frozen=True, slots=True)
class Section:
    """One section that is no group."""

    offset: int
    """Its first byte in the file."""
    size: int
    """Bytes, with the 12 of its head."""
    kind: int
    number: int
    group: int
    """What the innermost group around it calls itself."""


@dataclass(slots=True)
class _Open:
    """A group while its members are found."""

    offset: int
    number: int
    members: int
    stop: int
    found: int = 0


def is_mud(head: bytes) -> bool:
    """Whether the first 16 bytes of a file are those of a MUD file of any kind."""
    if len(head) < 16:
        return False
    size, kind, _, members = struct.unpack("<4I", head[:16])
    return bool(kind == FIXED and size == 20) or bool(kind == GROUP and size == 20 + 12 * members)


def find_sections(file: BinaryFile) -> tuple[int, list[Section], list[str]]:
    """The number of the outermost group, every section in it but the groups, and doubts.

    Raises
    ------
    ReadError if the file does not begin with a group, or a section or group has an impossible
    size: it runs past the end of the file or of the group around it.
    """
    first = 0
    if file.number(4, "I", "first section") == FIXED:
        first = int(file.number(0, "I", "first section"))
    root = _open_group(file, first, file.size)
    groups, sections, doubts = [root], [], []
    offset, seen = first + _sized(file, first, file.size)[0], 0
    while groups:
        group = groups[-1]
        if offset >= group.stop:
            groups.pop()
            if group.found != group.members:
                doubts.append(
                    f"the group at byte {group.offset} declares {group.members} members, "
                    f"it has {group.found}"
                )
            continue
        size, kind, number = _sized(file, offset, group.stop)
        group.found, seen = group.found + 1, seen + 1
        if kind == GROUP:
            groups.append(_open_group(file, offset, group.stop))
        else:
            sections.append(Section(offset, size, kind, number, group.number))
        if seen > MAX_SECTIONS:
            raise file.error(offset, f"more than {MAX_SECTIONS} sections, expected some hundred")
        offset += size
    return root.number, sections, doubts + _end_doubts(file, offset)


def _sized(file: BinaryFile, offset: int, stop: int) -> tuple[int, int, int]:
    """Size, kind and number of the section at ``offset``, which has to end before ``stop``."""
    size, kind, number = _HEAD.unpack(file.take(offset, _HEAD.size, "head of a section"))
    if not _HEAD.size <= size <= stop - offset:
        raise file.error(
            offset,
            f"a section of kind {kind:#010x} has {size} bytes, expected {_HEAD.size} to "
            f"{stop - offset}",
        )
    return size, kind, number


def _open_group(file: BinaryFile, offset: int, limit: int) -> _Open:
    raw = file.take(offset, _GROUP.size, "head of a group")
    size, kind, number, members, memory = _GROUP.unpack(raw)
    if kind != GROUP:
        raise file.error(offset, f"a section of kind {kind:#010x}, expected a group: no MUD file")
    if size < _GROUP.size:
        raise file.error(offset, f"a group of {size} bytes, expected {_GROUP.size} or more")
    stop = offset + size + memory
    if stop > limit:
        raise file.error(
            offset,
            f"the members of group {number:#010x} end at byte {stop}, expected at most {limit}",
        )
    return _Open(offset, number, members, stop)


def _end_doubts(file: BinaryFile, offset: int) -> list[str]:
    """What is odd behind the outermost group, where the end mark is expected."""
    if offset + _HEAD.size > file.size or file.number(offset + 4, "I", "end mark") != END:
        return [f"the end mark is missing at byte {offset}; the sections before it are complete"]
    if (rest := file.size - offset - _HEAD.size) > 0:
        return [f"{rest} bytes behind the end mark are not read"]
    return []


class Body:
    """The body of a section, read from its beginning to its end."""

    def __init__(self, file: BinaryFile, section: Section, what: str) -> None:
        self._file, self._what = file, what
        self._start = section.offset + _HEAD.size
        self._raw = file.take(self._start, section.size - _HEAD.size, what)
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._raw) - self._at

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        if size > self.left:
            raise self._file.error(
                self._start + self._at,
                f"{self._what} ends early: expected {size} bytes, found {self.left}",
            )
        self._at += size
        return self._raw[self._at - size : self._at]

    def numbers(self, count: int) -> tuple[int, ...]:
        """The next ``count`` numbers of 4 bytes."""
        return struct.unpack(f"<{count}I", self.take(4 * count))

    def doubles(self, count: int) -> NDArray[np.float64]:
        """(count,) the next floating-point numbers of a VAX."""
        return vax_doubles(self.take(8 * count))

    def text(self) -> str:
        """The next text, stripped: UTF-8 where it is, else Latin-1."""
        raw = self.take(int.from_bytes(self.take(2), "little")).split(b"\0", 1)[0]
        try:
            return raw.decode("utf-8").strip()
        except UnicodeDecodeError:
            return raw.decode("latin-1").strip()
