"""Which writer makes a file: decided by the ending of its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.files import PathLike
from musrcu.writers.isis_nexus_v2 import write_isis_nexus_v2
from musrcu.writers.psi_bin import write_psi_bin


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
    lost: Callable[[Run], tuple[str, ...]]
    """What of a run the file will not hold, a few words each."""


def _lost_in_psi_bin(run: Run) -> tuple[str, ...]:
    rounded = run.temperature.mean is not None and run.format != "psi-bin"
    found = (
        ("dead times", run.dead_time is not None),
        (f"{len(run.logs)} logs", bool(run.logs)),
        ("the grouping", run.grouping is not None),
        ("the comment", bool(run.comment)),
        ("labels of periods", any(run.period_labels)),
        ("names of sensors", any(sensor.name for sensor in run.temperature.sensors)),
        ("digits of temperatures beyond single precision", rounded),
        ("the instrument, unless the name of the file says it", bool(run.instrument)),
    )
    return tuple(what for what, there in found if there)


def _lost_in_nexus(run: Run) -> tuple[str, ...]:
    return ("that its periods hold the same decays",) if run.same_decays else ()


LAYOUTS = (
    Layout("isis-nexus-v2", (".nxs", ".nexus", ".nxs_v2"), write_isis_nexus_v2, _lost_in_nexus),
    Layout("psi-bin", (".bin",), write_psi_bin, _lost_in_psi_bin),
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

    ``.nxs`` (``.nexus``, ``.nxs_v2``) is ISIS muon NeXus version 2, which holds any raw run;
    ``.bin`` is PSI-BIN, which holds one period of at most 16 histograms of a continuous source.

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
    return find_layout(path).write(run, path, overwrite=overwrite)
