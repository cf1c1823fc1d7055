"""Parts of a NeXus file that are read when they are first looked at: its logs and its header."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from musrcu.containers.later import Later
from musrcu.errors import ReadError
from musrcu.readers import unchanged
from musrcu.readers.nexus_file import open_nexus
from musrcu.readers.tree import Node

_V = TypeVar("_V")


def later(entry: Node, read: Callable[[Node], Mapping[str, _V]]) -> Later[_V]:
    """A mapping that ``read(entry)`` gives when it is first looked at, the file open again.

    Parameters
    ----------
    entry : a group of an open file, which may be closed by then.
    read : a function of a module or a ``functools.partial`` of one, so that the mapping can be
        sent to another process.

    Returns
    -------
    Later, as of :func:`musrcu.readers.unchanged.later`.
    """
    return unchanged.later(entry.path, partial(_look, entry.place, read))


def _look(place: str, read: Callable[[Node], Mapping[str, _V]], path: Path) -> Mapping[str, _V]:
    with open_nexus(path) as root:
        entry = root.group(place)
        if entry is None:
            raise ReadError(f"{path} holds no group {place}")
        return read(entry)
