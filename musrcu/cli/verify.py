"""Recompute the certificates of the model functions against independent references.

Examples:

  musrcu verify                       every function, quickly
  musrcu verify dynamic_gaussian_kt_lf --sets 300
  musrcu verify --full --jobs 4 -o certificates.csv
                                      2000 sets each (300 where a reference is slow)
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from musrcu.cli.options import add_force, add_functions
from musrcu.cli.terminal import UsageError, say
from musrcu.errors import ModelError

if TYPE_CHECKING:
    from musrcu.models.registry import Component
    from musrcu.verification.verify import Verification

QUICK, QUICK_SLOW = 60, 12


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu verify``."""
    parser.add_argument("names", metavar="NAME", nargs="*", help="components; none means all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--sets",
        type=int,
        metavar="N",
        help=f"parameter sets for each function (default {QUICK}, {QUICK_SLOW} of slow references)",
    )
    size.add_argument("--full", action="store_true", help="2000 sets, 300 of slow references")
    parser.add_argument("--seed", type=int, default=1, help="of the sets (default 1)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="the table as CSV, one function a line"
    )
    add_force(parser)
    add_functions(parser)


def run(arguments: Namespace) -> int:
    """Verify and print, function by function; exit code 3 where a promise is broken."""
    import time

    from musrcu import __version__
    from musrcu.cli.targets import check_targets
    from musrcu.files import write_text
    from musrcu.verification import table
    from musrcu.verification.series import verify_each

    for name, least in (("sets", 1), ("jobs", 1), ("seed", 0)):
        asked = getattr(arguments, name)
        if asked is not None and asked < least:
            raise UsageError(f"--{name} {asked}: expected {least} or more")
    check_targets([], force=arguments.force, files=[arguments.output])
    wanted, silent = _wanted(arguments.names)
    sets = {one.key: _sets(one, arguments) for one in wanted}
    before = time.monotonic()
    found: list[Verification] = []
    for one in verify_each(wanted, sets, seed=arguments.seed, jobs=arguments.jobs):
        if not found:
            say(table.header(sets))
        say(table.block(one, sets))
        sys.stdout.flush()  # an hour may pass until the next, and a file is watched too
        found.append(one)
    if silent:
        say(f"\nno certificate, so nothing is promised of its numbers: {', '.join(silent)}")
    say(f"\n{table.summary(found, time.monotonic() - before)}")
    if arguments.output is not None:
        content = table.csv_text(found, __version__, arguments.seed)
        write_text(arguments.output, content, overwrite=arguments.force)
        say(f"table: {arguments.output}")
    return 0 if all(one.valid for one in found) else 3


def _wanted(names: Sequence[str]) -> tuple[list[Component], list[str]]:
    """The components to verify, each once, and the names of those that promise nothing.

    Raises
    ------
    ModelError if one is unknown, or if none promises anything.
    """
    from musrcu.models.registry import components, find_component

    if not names:
        return [one for one in components().values() if one.certificate is not None], []
    asked = [find_component(name) for name in dict.fromkeys(names)]
    wanted = [one for one in asked if one.certificate is not None]
    silent = [one.key for one in asked if one.certificate is None]
    if not wanted:
        raise ModelError(
            f"component {' and '.join(silent)}: no certificate, so there is nothing to verify"
        )
    return wanted, silent


def _sets(component: Component, arguments: Namespace) -> int | None:
    """How many sets are tried; None for the full number."""
    if arguments.full or arguments.sets is not None:
        sets: int | None = arguments.sets
        return sets
    slow = component.certificate is not None and component.certificate.slow
    return QUICK_SLOW if slow else QUICK
