"""What reaches the terminal: printable text, JSON, and one line for every complaint."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.counts import Counts
    from musrcu.containers.histogram import Histogram
    from musrcu.containers.trace import Trace

RUNS = "files, globs, {0001-0020}, or numbers such as ltf:1-20"
"""What names runs."""


def printable(text: str) -> str:
    """``text`` with what would move the cursor or change colours (from a damaged file) replaced."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def say(text: str = "") -> None:
    """Print a text on standard output."""
    sys.stdout.write(printable(text) + "\n")


def complain(problem: object) -> None:
    """Print an error as one line on standard error."""
    sys.stdout.flush()
    sys.stderr.write(f"musrcu: {printable(' '.join(str(problem).splitlines()))}\n")


def dumps(content: Any) -> str:
    """JSON text; what is not known is null, never NaN."""
    import json

    return json.dumps(content, indent=1, allow_nan=False)


class UsageError(Exception):
    """Words on the command line that do not go together."""


def reduction_text(reduced: Asymmetry | Counts | Histogram | Trace) -> str:
    """Every step and default behind an asymmetry, counts or another form, one a line."""
    return "\n".join(["reduction:", *(f"  {step}" for step in reduced.history)])


def add_data(parser: ArgumentParser) -> None:
    """``--data``."""
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help="where numbers such as ltf:1-20 are looked for, in any folder below; default: those "
        "of MUSRCU_DATA, else the current folder",
    )


def _read_events(path: Path, choice: Mapping[str, Any]) -> Any:
    """The run that :func:`musrcu.read_events` makes; what was typed is refused elsewhere."""
    from musrcu.cli.events import typed
    from musrcu.readers.isis_events import holds_events, read_events

    if not holds_events(path):
        raise MusrcuError(f"{path} is no file of single events; leave out {typed(choice)}")
    return read_events(path, **choice)


class Files:
    """The files that the patterns on the command line name.

    A pattern that names none and a file that fails are printed on standard error and counted; they
    stop nothing.

    Parameters
    ----------
    patterns : as :func:`musrcu.find_runs` takes them.
    data : its data folder.
    """

    def __init__(self, patterns: Sequence[str], data: str | None = None) -> None:
        from musrcu.readers.find import find_runs

        self.failures = 0
        found: dict[Path, None] = {}
        for pattern in patterns:
            try:
                named = find_runs(pattern, data=data)
            except MusrcuError as error:
                self.fail(error)
                continue
            for path in found.keys() & set(named):
                complain(MusrcuError(f"{path.name} is named twice; it is taken once"))
            found |= dict.fromkeys(named)
        self.paths = tuple(found)
        self.several = len(found) + self.failures > 1
        """Whether more than one file was asked for."""

    def fail(self, error: MusrcuError) -> None:
        """Print an error and count it."""
        complain(error)
        self.failures += 1

    def runs(self, **events: Any) -> Iterator[Any]:
        """The run in each file, read when it is asked for; files that fail are left out.

        Parameters
        ----------
        events : options of :func:`musrcu.read_events`, where there are any.
        """
        from musrcu.readers.registry import read

        for path in self.paths:
            try:
                yield _read_events(path, events) if events else read(path)
            except MusrcuError as error:
                self.fail(error)
