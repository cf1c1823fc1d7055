"""The known formats, models or instruments; with a name, all about one.

Examples:

  musrcu list models
  musrcu list models damped_cosine
  musrcu list models gaussian_kt --plot -o kubo_toyabe.pdf
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from musrcu.cli.options import add_force, add_functions
from musrcu.cli.terminal import UsageError, say

KINDS = ("formats", "models", "instruments")
NARROWEST = 60
"""Columns below which nothing is shortened any further."""


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu list``."""
    parser.add_argument("kind", metavar="|".join(KINDS), choices=KINDS)
    parser.add_argument("name", metavar="NAME", nargs="?", help="one of them, in full")
    parser.add_argument(
        "--plot", action="store_true", help="of a model: draw it, into NAME.png or the file of -o"
    )
    parser.add_argument(
        "-o", "--output", metavar="FIG", type=Path, help=".png, .pdf or .svg, with --plot"
    )
    add_force(parser)
    add_functions(parser)


def run(arguments: Namespace) -> int:
    """Print the table or one entry, and draw it where asked."""
    import shutil

    from musrcu.output.catalogue import catalogue

    target = _target(arguments)
    width = shutil.get_terminal_size((100, 24)).columns
    text = catalogue(arguments.kind, arguments.name, width=max(NARROWEST, width))
    if target is None:
        say(text)
        return 0
    from musrcu import plot
    from musrcu.cli.targets import check_targets

    check_targets([], force=arguments.force, pictures=[target])
    picture = plot.component(arguments.name)
    say(text)
    plot.save(picture, target, overwrite=arguments.force)
    say(f"figure: {target}")
    return 0


def _target(arguments: Namespace) -> Path | None:
    """The file of the picture; None where none is asked for.

    Raises
    ------
    UsageError where there is nothing to draw.
    """
    if not arguments.plot:
        if arguments.output is not None or arguments.force:
            raise UsageError("list: -o and --force are of use with --plot")
        return None
    if arguments.kind != "models" or arguments.name is None:
        raise UsageError("list: --plot draws one model; name it, musrcu list models NAME --plot")
    target: Path | None = arguments.output
    return target or Path(f"{arguments.name}.png")
