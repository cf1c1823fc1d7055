"""Files of simulated runs, from a truth file; every file says SIMULATED.

PSI-BIN for a continuous source, ISIS muon NeXus for a pulsed one.

Examples:

  musrcu simulate truth.toml -o runs
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from musrcu.cli import options
from musrcu.cli.terminal import say


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu simulate``."""
    parser.add_argument("truth", metavar="TRUTH.toml", type=Path)
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, required=True, help="made where missing"
    )
    options.add_force(parser)
    options.add_functions(parser)


def run(arguments: Namespace) -> int:
    """Write the runs and their manifest, and print their names."""
    from musrcu.simulation.simulate import simulate

    for path in simulate(arguments.truth, arguments.output, overwrite=arguments.force):
        say(str(path))
    return 0
