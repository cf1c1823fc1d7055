"""Names of files inside a file that musrcu writes: relative to its folder, and short."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from pathlib import Path

from musrcu.errors import MusrcuError

_NUMBERED = re.compile(r"(.*?)([0-9]+)([^0-9]*)")


def relative(path: str | os.PathLike[str], folder: Path) -> str:
    """``path`` as seen from ``folder``, with forward slashes; absolute stays absolute."""
    file = Path(path)
    if file.is_absolute() and not folder.is_absolute():
        folder = folder.resolve()
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # another drive
        return file.resolve().as_posix()


def pattern(paths: Sequence[Path], folder: Path) -> str | list[str]:
    """A pattern that :func:`musrcu.find_runs` turns into these paths, or the list of them."""
    from musrcu.readers.find import find_runs

    names = [relative(path, folder) for path in paths]
    if len(names) == 1:
        return names[0]
    parts = [_NUMBERED.fullmatch(name) for name in names]
    found = [match for match in parts if match]
    if len(found) < len(names) or len({(m[1], m[3]) for m in found}) > 1:
        return names
    text = f"{found[0][1]}{{{_ranges([match[2] for match in found])}}}{found[0][3]}"
    try:
        same = [relative(path, folder) for path in find_runs(text, folder)] == names
    except MusrcuError:
        same = False
    return text if same else names


def _ranges(numbers: Sequence[str]) -> str:
    """``0001-0003,0007`` for the numbers 0001, 0002, 0003, 0007."""
    items = []
    groups = itertools.groupby(
        enumerate(numbers), key=lambda pair: (int(pair[1]) - pair[0], len(pair[1]))
    )
    for _, group in groups:
        members = [number for _, number in group]
        items.append(members[0] if len(members) == 1 else f"{members[0]}-{members[-1]}")
    return ",".join(items)
