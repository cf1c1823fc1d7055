"""The NeXus files of muon facilities: their two containers, and which definition a file follows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

from musrcu.errors import ReadError
from musrcu.readers.muon_entry import attempt, find_muon_entry
from musrcu.readers.tree import Node

HDF5 = b"\x89HDF\r\n\x1a\n"
"""First eight bytes of an HDF5 file (HDF5 File Format Specification, superblock)."""
HDF4 = b"\x0e\x03\x13\x01"
"""First four bytes of an HDF4 file (HDF Specification and Developer's Guide)."""
DETECTOR = "instrument/detector_1"
"""Customary place of the histograms of version 2."""

MOST_BANKS = 100

Kind = Literal["version 1", "version 2", "events"]


@contextlib.contextmanager
def open_nexus(path: Path) -> Iterator[Node]:
    """The root group of a NeXus file in HDF5 or HDF4, open for reading inside the block.

    Raises
    ------
    ReadError if the file is missing, cut or neither HDF5 nor HDF4, or is HDF4 and pyhdf is not
    installed.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(len(HDF5))
    except OSError as error:
        raise ReadError(f"{path} cannot be opened: {error.strerror or error}") from error
    except ValueError as error:  # a NUL byte in the name
        raise ReadError(f"{str(path)!r} is not a file name: {error}") from error
    if head.startswith(HDF4):
        from musrcu.readers.hdf4 import open_hdf4

        with open_hdf4(path) as root:
            yield root
    else:
        from musrcu.readers.hdf5 import open_hdf5

        with open_hdf5(path) as root:
            yield root


def nexus_kind(head: bytes, path: Path) -> Kind | None:
    """Which reader takes the file: None for what is neither HDF5 nor HDF4; never raises.

    A NeXus file that cannot be opened, or holds no muon entry, is given to the reader of the
    definition that is customary in its container, so that this one can say what is wrong.
    """
    if not head.startswith((HDF5, HDF4)):
        return None
    try:
        about = path.stat()
        return _kind(path, about.st_size, about.st_mtime_ns)
    except (OSError, ReadError):
        return "version 1" if head.startswith(HDF4) else "version 2"


@lru_cache(maxsize=64)
def _kind(path: Path, size: int, changed: int) -> Kind:
    """The kind of a file that has not changed since; size and time of change are for the cache."""
    with open_nexus(path) as root:
        entry = find_muon_entry(root)
        if entry.version == 1:
            return "version 1"
        return "version 2" if _histograms(entry.node) or not find_events(entry.node) else "events"


def find_histograms(entry: Node, warnings: list[str]) -> Node:
    """The group of a muon entry that holds ``counts``, whatever its name.

    Raises
    ------
    ReadError if there is none.
    """
    found = _histograms(entry)
    if found is None and (events := find_events(entry)):
        raise events.error(
            "the file holds single events, expected histograms in "
            f"{entry.place}/{DETECTOR}/counts; read it with musrcu.read_events"
        )
    if found is None:
        raise entry.error(f"no histograms: {DETECTOR}/counts is missing")
    if found.place != f"{entry.place}/{DETECTOR}":
        warnings.append(f"{entry.place}/{DETECTOR} has no counts; {found.place} is read")
    doubt_other_histograms(entry, found, warnings)
    return found


def doubt_other_histograms(entry: Node, found: Node, warnings: list[str]) -> None:
    """Name the histograms of an entry beside those that were found: other banks are not read.

    Looked at are the groups that are called detectors or ``histogram_data_`` and a number; to look
    into each group of an entry would take longer than to read the counts.
    """
    taken, others = found.child("counts"), []
    for where in _banks(entry):
        counts = attempt(entry.child, f"{where}/counts", warnings)
        if counts is not None and taken is not None and not counts.same_as(taken):
            others.append(f"{entry.place}/{where}")
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        warnings.append(
            f"the counts in {', '.join(others[:3])}{more} are not read, only those in {found.place}"
        )


def _banks(entry: Node) -> Iterator[str]:
    """Places in an entry at which a bank of detectors may lie."""
    instrument = entry.group("instrument")
    for name in () if instrument is None else instrument.names():
        if "detector" in name:
            yield f"instrument/{name}"
    for kind in ("detector", "histogram_data"):
        for number in range(1, MOST_BANKS):
            if number > 1 and entry.group(f"{kind}_{number}") is None:
                break
            yield f"{kind}_{number}"


def find_events(entry: Node) -> Node | None:
    """The group of a muon entry that holds single events, whatever its name; None without."""
    return next(event_groups(entry), None)


def event_groups(entry: Node) -> Iterator[Node]:
    """Every group of a muon entry that holds single events, the one that is read first."""
    return (group for group in _groups(entry) if group.child("event_id") is not None)


def _histograms(entry: Node) -> Node | None:
    group = entry.group(DETECTOR)
    if group is not None and group.child("counts") is not None:
        return group
    return next((group for group in _groups(entry) if group.child("counts") is not None), None)


def _groups(entry: Node) -> tuple[Node, ...]:
    instrument = entry.group("instrument")
    return (instrument.groups() if instrument else ()) + entry.groups()
