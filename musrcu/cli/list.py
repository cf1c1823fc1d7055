"""The known formats, models or instruments; with a name, all about one.

Examples:

  musrcu list models
  musrcu list models damped_cosine
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from musrcu.cli.terminal import say

KINDS = ("formats", "models", "instruments")


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu list``."""
    parser.add_argument("kind", metavar="|".join(KINDS), choices=KINDS)
    parser.add_argument("name", metavar="NAME", nargs="?", help="one of them, in full")


def run(arguments: Namespace) -> int:
    """Print the table, or one entry."""
    from musrcu.output.catalogue import catalogue

    say(catalogue(arguments.kind, arguments.name))
    return 0
