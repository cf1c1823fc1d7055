"""What a text file is that somebody took for raw data: said instead of "which no reader knows"."""

from __future__ import annotations

import re
from pathlib import Path

_LOOKED_AT = 65536
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MUSRFIT = re.compile(rb"^ *FITPARAMETER", re.MULTILINE)
_REDUCED = {
    ".asy": "asymmetries",
    ".dat": "columns of numbers",
    ".mon": "the log of a PSI run",
    ".log": "a log",
}
"""What files of an extension usually hold, where they are text."""


def text_kind(path: Path) -> str | None:
    """A sentence that says what a text file is and what to open instead; None if it is binary.

    Nothing is raised: a file that cannot be read is described by whoever opens it.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LOOKED_AT)
    except OSError:
        return None
    if not content or _CONTROL.search(content):
        return None
    if _MUSRFIT.search(content.replace(b"\r", b"\n")):
        return (
            "it is an input file of musrfit, a text, and no data: open the data files that its "
            "RUN blocks name"
        )
    usually = _REDUCED.get(path.suffix.lower())
    what = f"a text file ({usually}, by its name)" if usually else "a text file"
    return f"it is {what} and no raw data: open the file that the data acquisition wrote"
