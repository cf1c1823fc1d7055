"""The asymmetry of a run, as comma-separated values or as NeXus.

Examples:

  musrcu reduce run.bin --alpha 1.2 > run.csv
  musrcu reduce run.bin -o run.nxs
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from musrcu.cli import options
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import add_data, say
from musrcu.errors import MusrcuError

TEXT = (".csv", ".txt", ".dat")
NEXUS = (".nxs", ".nx", ".h5", ".hdf5")


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu reduce``."""
    parser.add_argument("file", metavar="FILE")
    add_data(parser)
    options.add_reduction(parser)
    text = "CSV in .csv, .txt or .dat, NeXus in .nxs, .nx, .h5 or .hdf5; default: CSV is printed"
    options.add_output(parser, text, json=False)


def run(arguments: Namespace) -> int:
    """Print the asymmetry, or write it and print what was done."""
    from musrcu.output.nexus import write_nexus
    from musrcu.output.table import asymmetry_csv, write_asymmetry
    from musrcu.readers.find import find_runs
    from musrcu.readers.registry import read
    from musrcu.reduction.recipe import reduce

    target: Path | None = arguments.output
    if target is not None and target.suffix.lower() not in (*TEXT, *NEXUS):
        raise MusrcuError(
            f"{target}: an asymmetry is written to .csv or .nxs (also {', '.join(TEXT[1:])} and "
            f"{', '.join(NEXUS[1:])})"
        )
    paths = find_runs(arguments.file, data=arguments.data)
    if len(paths) > 1:
        raise MusrcuError(f"{arguments.file} names {len(paths)} files; reduce one at a time")
    check_targets([*paths, arguments.calibration], force=arguments.force, files=[target])
    asymmetry = reduce(read(paths[0]), options.recipe(arguments))
    if target is None:
        say(asymmetry_csv(asymmetry).rstrip("\n"))
        return 0
    write = write_nexus if target.suffix.lower() in NEXUS else write_asymmetry
    write(asymmetry, target, overwrite=arguments.force)
    say(f"{asymmetry.history}\n{target}: {asymmetry.time.size} bins")
    return 0
