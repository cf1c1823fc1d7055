"""Parts of a file that are read when they are first looked at, if it is still the same file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from musrcu.containers.later import Later
from musrcu.errors import ReadError

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was when the run was read."""

    path: Path
    size: int
    changed: int
    """Time of the last change, ns."""


def later(path: Path, load: Callable[[Path], Mapping[str, _V]]) -> Later[_V]:
    """A mapping that ``load(path)`` gives when it is first looked at.

    Parameters
    ----------
    path : the file, that need not be open; from here on it is known by its absolute path.
    load : a function of a module or a ``functools.partial`` of one, so that the mapping can be
        sent to another process.

    Returns
    -------
    Later; looking at it raises a ReadError if the file has gone, or has changed its size or the
    time of its last change since.
    """
    # the working directory may be another one by then
    return Later(partial(_look, _seen(path.absolute()), load))


def _seen(path: Path) -> _Seen:
    try:
        about = path.stat()
    except OSError as error:
        raise ReadError(f"{path} cannot be opened: {error.strerror or error}") from error
    return _Seen(path, about.st_size, about.st_mtime_ns)


def _look(seen: _Seen, load: Callable[[Path], Mapping[str, _V]]) -> Mapping[str, _V]:
    if _seen(seen.path) != seen:
        raise ReadError(
            f"{seen.path} has changed since the run was read, so its logs and header may not "
            "belong to these counts; read the file again"
        )
    return load(seen.path)
