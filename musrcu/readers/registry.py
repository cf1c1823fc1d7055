"""Which reader takes a file: decided by its first bytes, never by its name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.files import PathLike
from musrcu.readers.text_file import text_kind

HEAD = 16
"""Bytes of a file that a sniffer is given."""

MAX_BYTES = 2 * 1024**3
"""Bytes that the counts of a file may take in memory unless the caller allows more."""

BUILT_IN = (
    "musrcu.readers.psi_bin:FORMAT",
    "musrcu.readers.psi_mdu:FORMAT",
    "musrcu.readers.isis_nexus_v1:FORMAT",
    "musrcu.readers.isis_nexus_v2:FORMAT",
    "musrcu.readers.isis_events:FORMAT",
    "musrcu.readers.mud:FORMAT",
    "musrcu.readers.musr_root:FORMAT",
)
ENTRY_POINT_GROUP = "musrcu.formats"
"""Entry-point group by which another package adds a :class:`Format`."""


@dataclass(frozen=True, slots=True)
class Format:
    """One file format: its name, a sniffer and a reader."""

    name: str
    """Short name, such as ``psi-bin``."""
    title: str
    """One line that says what it is and where it comes from."""
    sniff: Callable[[bytes, Path], bool]
    """``sniff(first_bytes, path)``: whether the file is of this format; must not raise."""
    read: Callable[[Path, int], Run]
    """``read(path, max_bytes)``: the run; raises ReadError and nothing else. A file that declares
    more than ``max_bytes`` of counts is refused (:func:`check_size`)."""
    where: str = ""
    """Facilities, programs and years, for the table of formats."""
    extra: str = ""
    """The extra of musrcu that installs what the reader needs, such as ``root``."""
    extra_for: str = ""
    """Which files need the extra, such as ``HDF4 files``; empty where all do."""

    @property
    def needs(self) -> str:
        """What to install, such as ``pip install "musrcu[root]"``; empty where nothing is."""
        command = f'pip install "musrcu[{self.extra}]"' if self.extra else ""
        return f"{self.extra_for}: {command}" if command and self.extra_for else command


def check_size(place: str, declared: int, max_bytes: int) -> None:
    """Raise a ReadError if counts that take ``declared`` bytes in memory are too many.

    Parameters
    ----------
    place : the file and the place in it, with which the sentence begins.
    """
    if declared > max_bytes:
        raise ReadError(
            f"{place} declares {declared} bytes of counts, more than the {max_bytes} that are "
            f"allowed; if that is meant, pass max_bytes={declared} to musrcu.read"
        )


@cache
def formats() -> tuple[Format, ...]:
    """Every known format: the built-in ones, then those of other packages by name.

    Raises
    ------
    ReadError if another package registers something that is no Format, a name twice, or
    something that cannot be loaded.
    """
    from importlib.metadata import entry_points

    found = []
    for place in BUILT_IN:
        module, name = place.split(":")
        found.append(getattr(importlib.import_module(module), name))
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
        try:
            extra = point.load()
        except (ImportError, AttributeError) as error:
            raise ReadError(
                f"entry point {point.name} = {point.value} in group {ENTRY_POINT_GROUP} cannot be "
                f"loaded: {error}; repair or remove the package that has it"
            ) from error
        if not isinstance(extra, Format):
            raise ReadError(
                f"entry point {point.name} = {point.value} in group {ENTRY_POINT_GROUP} is a "
                f"{type(extra).__name__}, expected a musrcu.readers.registry.Format"
            )
        if extra.name in {known.name for known in found}:
            raise ReadError(f"two readers are called {extra.name!r}, one from {point.value}")
        found.append(extra)
    return tuple(found)


def find_format(path: PathLike) -> Format:
    """The one format that claims the file.

    Raises
    ------
    ReadError if the file cannot be opened, is empty, or is claimed by no reader or by several.
    """
    file = Path(path)
    if file.is_dir():
        raise ReadError(f"{file} is a directory; name a file in it")
    if file.is_fifo():
        raise ReadError(f"{file} is a pipe, expected a file; write it to a file first")
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise ReadError(f"{file} cannot be opened: {error.strerror or error}") from error
    except ValueError as error:  # a NUL byte in the name
        raise ReadError(f"{str(file)!r} is not a file name: {error}") from error
    if not head:
        raise ReadError(f"{file} is empty (0 bytes), expected a muon data file")
    claims = [known for known in formats() if known.sniff(head, file)]
    if len(claims) == 1:
        return claims[0]
    if claims:
        names = " and ".join(claim.name for claim in claims)
        raise ReadError(f"{file} is claimed by {names}; remove one of these readers")
    known = ", ".join(known.name for known in formats())
    kind = text_kind(file)
    raise ReadError(
        f"{file} begins with {head[:4]!r}, which no reader knows (known: {known})"
        + (f"; {kind}" if kind else "")
    )


def read(path: PathLike, *, max_bytes: int = MAX_BYTES) -> Run:
    """The run in a file of any known format, raw: nothing is grouped, corrected or rebinned.

    Parameters
    ----------
    path : the file; its format is recognised by its content.
    max_bytes : bytes that the counts may take in memory, 2 GB unless told.

    Returns
    -------
    Run, with everything doubtful about the file in ``run.warnings``.

    Raises
    ------
    ReadError if the file cannot be read; the text names the file, the place and what was found.
    """
    file = Path(path)
    known = find_format(file)
    run = known.read(file, max_bytes)
    if (run.path, run.format) == (file, known.name):
        return run  # a copy would look at every count once more
    return run.replace(path=file, format=known.name)
