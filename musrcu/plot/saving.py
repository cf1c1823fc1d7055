"""Writing a picture to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from musrcu.errors import MusrcuError
from musrcu.files import PathLike, replacing
from musrcu.plot.style import figure_of, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "pdf", "svg")
"""Kinds of file, by their ending."""


def save(figure: Figure | Axes, path: PathLike, *, overwrite: bool = False, dpi: int = 300) -> Path:
    """Write a figure, or the figure of some axes, to a file; returns the path.

    Parameters
    ----------
    figure : a figure or axes, such as the functions of this room return.
    path : ends in .png, .pdf or .svg.
    overwrite : whether an existing file may be replaced.
    dpi : dots per inch of a png.

    Raises
    ------
    MusrcuError if the ending is another one, or the file exists or cannot be written. The file is
    complete or absent.
    """
    from matplotlib.axes import Axes

    target, kind = Path(path), kind_of(path)
    whole = figure_of(figure) if isinstance(figure, Axes) else figure
    # without a date, two runs of a script give the same png and pdf
    dated = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    with replacing(target, overwrite=overwrite) as temporary, style():
        whole.savefig(temporary, format=kind, dpi=dpi, metadata=dated)
    return target


def kind_of(path: PathLike) -> str:
    """What kind of picture a path names: one of :data:`FORMATS`.

    Raises
    ------
    MusrcuError if its ending is another one.
    """
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise MusrcuError(
            f"{target}: a picture ends in .png, .pdf or .svg, not in {target.suffix or 'nothing'!r}"
        )
    return kind
