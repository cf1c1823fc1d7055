"""The files that a command will write, checked before its work."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

from musrcu.errors import MusrcuError
from musrcu.files import PathLike, check_target


def check_targets(
    inputs: Iterable[PathLike | None],
    *,
    force: bool,
    files: Iterable[Path | None] = (),
    json: Iterable[Path | None] = (),
    pictures: Iterable[Path | None] = (),
) -> None:
    """Refuse what would fail after the work, or would destroy what the work is done with.

    Parameters
    ----------
    inputs : every file that the command reads; None is left out here and below.
    force : whether files that exist may be overwritten. An input never is.
    files, json, pictures : what the command writes.

    Raises
    ------
    MusrcuError if an output is an input, two outputs are one file, a picture has another ending
    than .png, .pdf or .svg, JSON one that promises
    something else, or :func:`musrcu.files.check_target` refuses an output.
    """
    drawn = [path for path in pictures if path is not None]
    if drawn:
        from musrcu.plot.saving import kind_of

        for path in drawn:
            kind_of(path)
    results = [path for path in json if path is not None]
    targets = [*(path for path in files if path is not None), *results, *drawn]
    sources = [path for path in inputs if path is not None] if targets else []
    for target in targets:
        if any(_same(target, source) for source in sources):
            raise MusrcuError(
                f"{target} is read by this command and never overwritten by it; choose another name"
            )
        check_target(target, overwrite=force)
    for one, other in itertools.combinations(targets, 2):
        if _same(one, other):
            raise MusrcuError(f"{other} is asked for twice; give each output a name of its own")
    for path in results:
        if path.suffix.lower() not in ("", ".json"):
            raise MusrcuError(f"{path}: JSON is written there; end the name in .json")


def _same(one: PathLike, other: PathLike) -> bool:
    """Whether two names are those of one file, which need not exist."""
    try:
        return Path(one).samefile(other)
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)
