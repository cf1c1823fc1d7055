"""Raw runs in another format: ISIS muon NeXus version 2 (.nxs) or PSI-BIN (.bin).

Nothing is corrected, grouped or rebinned on the way. Printed are what was done to the run, what is
doubtful about it, which NeXus files keep, and what the file does not hold. A PSI-BIN file has the
instrument in its name alone, and from the instrument follows to which detector the spin points:
call it deltat_gpd_0423.bin or the like.

Examples:

  musrcu convert deltat_tdc_gps_0432.bin gps_0432.nxs
  musrcu convert "deltat_tdc_ltf_{0001-0020}.bin" nexus --to nxs
  musrcu convert events.nxs cold.nxs --log Temp=4.9,5.1 --time-zero 0.22
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from musrcu.cli import options
from musrcu.cli.events import add_events, given_events
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import RUNS, Files, UsageError, add_data, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.containers.run import Run


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu convert``."""
    parser.add_argument("files", metavar="IN", nargs="+", help=RUNS)
    parser.add_argument(
        "output",
        metavar="OUT",
        type=Path,
        help="file, whose ending decides the format; with --to a folder, made where missing",
    )
    parser.add_argument(
        "--to", choices=("nxs", "bin"), help="write every run into the folder OUT in this format"
    )
    add_data(parser)
    add_events(parser)
    options.add_force(parser)


def run(arguments: Namespace) -> int:
    """Write each run; one that cannot be converted does not stop the others."""
    from musrcu.writers.registry import find_layout

    output: Path = arguments.output
    if arguments.to is None:
        if output.is_dir():
            raise UsageError(f"{output} is a folder; say with --to in which format to write")
        find_layout(output)
    files = Files(arguments.files, arguments.data)
    if arguments.to is None and len(files.paths) > 1:
        raise UsageError(f"{len(files.paths)} runs for one file {output}; give a folder and --to")
    targets = [_target(path, output, arguments.to) for path in files.paths]
    if arguments.to is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MusrcuError(f"{output} cannot be made: {error.strerror or error}") from error
    check_targets(files.paths, force=arguments.force, files=targets)
    where = dict(zip(files.paths, targets, strict=True))
    for one in files.runs(**given_events(arguments)):
        assert one.path is not None  # the reader has just set it
        try:
            _convert(one, where[one.path], arguments.force)
        except MusrcuError as error:
            files.fail(MusrcuError(f"{one.path}: {error}"))
    return int(files.failures > 0)


def _target(path: Path, output: Path, to: str | None) -> Path:
    return output if to is None else output / f"{path.stem}.{to}"


def _convert(run: Run, target: Path, force: bool) -> None:
    from musrcu.writers.registry import find_layout

    layout = find_layout(target)
    layout.write(run, target, overwrite=force)
    periods = f"{run.n_periods} periods x " if run.n_periods > 1 else ""
    say(
        f"{target}: {layout.name}, {periods}{run.n_detectors} detectors x {run.n_bins} bins, "
        f"{float(run.counts.sum()):.4g} counts"
    )
    for step in run.history:
        say(f"  {step}")
    for warning in run.warnings:
        say(f"  warning: {' '.join(warning.split())}")
    for what in layout.lost(run, target):
        say(f"  not kept: {what}")
