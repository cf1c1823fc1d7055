"""A commented scan file that runs as it is, or a fit script of one run in Python.

Examples:

  musrcu init ltf_*.bin --calibration tf_run.bin -o scan.toml
  musrcu init --script run.bin --alpha 1.2 -o fit_run.py

The script gives the digits of musrcu fit with the same options.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from musrcu.cli import options
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import RUNS, add_data, complain, say
from musrcu.errors import MusrcuError
from musrcu.files import write_text

_COSTS = tuple(name for name in options.COSTS if name != "histograms")


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu init``."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help=RUNS)
    add_data(parser)
    parser.add_argument("--script", action="store_true", help="a Python script that fits the run")
    options.add_fit(parser, f"default: {options.DEFAULT_MODEL}", cost=_COSTS)
    options.add_paramagnetic(parser)
    options.add_order(parser)
    options.add_reduction(parser)
    options.add_output(parser, "write it there; paths in it are relative to its folder", json=False)


def run(arguments: Namespace) -> int:
    """Write the file, or print it."""
    from musrcu.cli.scan_template import scan_file
    from musrcu.cli.script import script
    from musrcu.readers.find import find_runs
    from musrcu.readers.registry import read

    folder = Path()
    if arguments.output is not None:
        folder = arguments.output.parent
    found = (find_runs(pattern, data=arguments.data) for pattern in arguments.runs)
    paths = list(dict.fromkeys(path for paths in found for path in paths))
    check_targets([*paths, arguments.calibration], force=arguments.force, files=[arguments.output])
    if arguments.script and len(paths) > 1:
        raise MusrcuError(f"a script fits one run, {len(paths)} are named; choose one")
    if arguments.script:
        text = script(read(paths[0]), arguments, folder)
    else:
        text, left_out = scan_file([read(path) for path in paths], arguments, folder)
        if len(left_out) > 1:  # a single one may well be the calibration
            complain(
                f"{len(left_out)} of {len(paths)} runs are left out, as their field or instrument "
                f"is not that of most: {', '.join(run.name for run in left_out)}"
            )
    if arguments.output is None:
        say(text.rstrip("\n"))
    else:
        write_text(arguments.output, text, overwrite=arguments.force)
        say(f"{arguments.output}: {_next(arguments)}")
    return 0


def _next(arguments: Namespace) -> str:
    if arguments.script:
        return f"run it with python {arguments.output}"
    return f"run it with musrcu scan {arguments.output}"
