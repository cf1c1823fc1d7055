"""``musrcu fit result.json``: saved fits made again, and whether they agree."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from musrcu.cli.options import given_fit, given_reduction
from musrcu.cli.saved import print_and_save
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import UsageError, complain, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.output.repeat import Repeated

_OTHERS = ("model", "calibration", "robust", "plot", "profile", "contour")
"""Options of a new fit beside those of its reduction and parameters."""


def asked_for(words: list[str]) -> bool:
    """Whether saved results were named instead of runs.

    Raises
    ------
    UsageError if both were.
    """
    saved = [word for word in words if word.lower().endswith(".json")]
    if saved and len(saved) < len(words):
        other = next(word for word in words if word not in saved)
        raise UsageError(f"fit: {saved[0]} is a saved result and {other} a run; name one kind")
    return bool(saved)


def run(arguments: Namespace) -> int:
    """Repeat every fit of the results; 0 where all agree, 3 where one does not, 1 for an error."""
    _refuse_options(arguments)
    check_targets(arguments.runs, force=arguments.force, files=[arguments.output])
    found: list[Repeated] = []
    failures = 0
    for one in _repetitions(arguments):
        if isinstance(one, MusrcuError):
            complain(one)
            failures += 1
            continue
        found.append(one)
        if not arguments.json:
            say(one.summary() + "\n")
    print_and_save([one.to_dict() for one in found], arguments, several=len(found) + failures > 1)
    if failures:
        return 1
    return 0 if all(one.agrees for one in found) else 3


def _repetitions(arguments: Namespace) -> Any:
    """Each repetition, or why there is none, over all files."""
    from musrcu.output.repeat import repeat_all

    for name in arguments.runs:
        try:
            yield from repeat_all(name, data=arguments.data)
        except MusrcuError as error:
            yield error


def _refuse_options(arguments: Namespace) -> None:
    """Refuse options that would make it another fit."""
    typed = [*given_fit(arguments), *given_reduction(arguments)]
    typed += [name for name in _OTHERS if getattr(arguments, name)]
    if arguments.cost != "auto":
        typed.append("cost")
    if typed:
        raise UsageError(
            f"fit: {arguments.runs[0]} is repeated as it was saved; name the run to fit it "
            f"otherwise (with {typed[0]})"
        )
