"""Parts of a NeXus file that are read when they are first looked at: its logs and its header."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from musrcu.containers.later import Later
from musrcu.errors import ReadError
from musrcu.readers.nexus_file import open_nexus
from musrcu.readers.tree import Node

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was when the run was read."""

    path: Path
    size: int
    changed: int
    """Time of the last change, ns."""


def later(entry: Node, read: Callable[[Node], Mapping[str, _V]]) -> Later[_V]:
    """A mapping that ``read(entry)`` gives when it is first looked at, the file open again.

    Parameters
    ----------
    entry : a group of an open file, which may be closed by then.
    read : a function of a module or a ``functools.partial`` of one, so that the mapping can be
        sent to another process.

    Returns
    -------
    Later; looking at it raises a ReadError if the file has gone, or has changed its size or the
    time of its last change since.
    """
    path = entry.path.absolute()  # the working directory may be another one by then
    return Later(partial(_look, _seen(path), entry.place, read))


def _seen(path: Path) -> _Seen:
    try:
        about = path.stat()
    except OSError as error:
        raise ReadError(f"{path} cannot be opened: {error.strerror or error}") from error
    return _Seen(path, about.st_size, about.st_mtime_ns)


def _look(seen: _Seen, place: str, read: Callable[[Node], Mapping[str, _V]]) -> Mapping[str, _V]:
    if _seen(seen.path) != seen:
        raise ReadError(
            f"{seen.path} has changed since the run was read, so its logs and header may not "
            "belong to these counts; read the file again"
        )
    with open_nexus(seen.path) as root:
        entry = root.group(place)
        if entry is None:
            raise ReadError(f"{seen.path} holds no group {place}")
        return read(entry)
