"""Which writer makes a file: decided by the ending of its name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from musrcu.containers.run import Run
from musrcu.errors import MusrcuError, MusrcuWarning
from musrcu.files import PathLike
from musrcu.writers.isis_nexus_v2 import write_isis_nexus_v2
from musrcu.writers.psi_bin import write_psi_bin
from musrcu.writers.psi_bin_lost import lost_in_psi_bin


class _Write(Protocol):
    def __call__(self, run: Run, path: PathLike, *, overwrite: bool = False) -> Path: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """One format that runs are written in."""

    name: str
    """As its reader is called, such as ``psi-bin``."""
    suffixes: tuple[str, ...]
    """Endings that ask for it, the customary one first."""
    write: _Write
    lost: Callable[[Run, Path], tuple[str, ...]]
    """What of a run the file that was written does not hold, a few words each."""


LAYOUTS = (
    Layout(
        "isis-nexus-v2",
        (".nxs", ".nexus", ".nxs_v2"),
        write_isis_nexus_v2,
        lambda run, path: (),
    ),
    Layout("psi-bin", (".bin",), write_psi_bin, lost_in_psi_bin),
)


def find_layout(path: PathLike) -> Layout:
    """The format that the ending of a name asks for.

    Raises
    ------
    MusrcuError if it is none of the known ones; the text lists them.
    """
    suffix = Path(path).suffix.lower()
    for layout in LAYOUTS:
        if suffix in layout.suffixes:
            return layout
    known = "; ".join(f"{', '.join(layout.suffixes)} for {layout.name}" for layout in LAYOUTS)
    raise MusrcuError(f"{path}: the ending {suffix!r} names no format of runs; expected {known}")


def write(run: Run, path: PathLike, *, overwrite: bool = False) -> Path:
    """Write a run to a file in the format that its name asks for, and return the path.

    ``.nxs`` (``.nexus``, ``.nxs_v2``) is ISIS muon NeXus version 2, which holds any raw run, with
    its logs, history and warnings; ``.bin`` is PSI-BIN, which holds one period of at most 16
    histograms of a continuous source, and less of what is known about them: one MusrcuWarning
    names everything that the file does not hold.

    Parameters
    ----------
    run : a raw run, neither corrected nor reduced.
    path : the file to be written.
    overwrite : whether an existing file may be replaced.

    Raises
    ------
    MusrcuError if the ending is not known, the format cannot hold the run, or the file exists or
    cannot be written.
    """
    layout = find_layout(path)
    written = layout.write(run, path, overwrite=overwrite)
    if lost := layout.lost(run, written):
        warnings.warn(f"{path} does not hold {'; '.join(lost)}", MusrcuWarning, stacklevel=2)
    return written
