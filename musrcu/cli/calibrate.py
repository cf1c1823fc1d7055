"""The balance alpha and the total asymmetry of a pair, from a run in a transverse field.

Examples:

  musrcu calibrate tf_run.bin -o calibration.toml
  musrcu scan "ltf_{0001-0020}.bin" --calibration calibration.toml
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from musrcu.cli import options, values
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import Files, add_data, dumps, reduction_text, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.containers.calibration import Calibration
    from musrcu.containers.run import Run
    from musrcu.reduction.recipe import Reduction


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu calibrate``."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help="runs in a transverse field")
    add_data(parser)
    parser.add_argument(
        "--model",
        metavar="EXPR",
        default="damped_cosine",
        help="A(t) without a constant; default: damped_cosine",
    )
    parser.add_argument(
        "--range", metavar="A,B", type=values.interval, help="fitted times, us; default: all"
    )
    options.add_reduction(parser, calibrated=False)
    options.add_output(parser, "write the calibration of the run as TOML")


def run(arguments: Namespace) -> int:
    """Calibrate each run; one that fails does not stop the others.

    A fit that the summary calls improbable is not valid: the exit code is 3.
    """
    from musrcu.analysis.calibrate import calibrate
    from musrcu.constants import IMPROBABLE

    files = Files(arguments.runs, arguments.data)
    _check(arguments, files)
    recipe = options.recipe(arguments)
    found: list[Calibration] = []
    for one in files.runs():
        try:
            calibration = calibrate(one, recipe, model=arguments.model, t_range=arguments.range)
        except MusrcuError as error:
            files.fail(error)
            continue
        found.append(calibration)
        if not arguments.json:
            say(report(one, recipe, calibration, arguments))
    if arguments.json and (found or files.several):
        content = [calibration.to_dict() for calibration in found]
        say(dumps(content if files.several else content[0]))
    if arguments.output is not None and found:
        found[0].save(arguments.output, overwrite=arguments.force)
        if not arguments.json:
            say(f"saved: {arguments.output}")
    if files.failures:
        return 1
    probable = [one.probability is None or one.probability >= IMPROBABLE for one in found]
    return 0 if all(probable) else 3


def _check(arguments: Namespace, files: Files) -> None:
    """Refuse what would fail after the work."""
    target = arguments.output
    if target is None:
        return
    if target.suffix != ".toml":
        raise MusrcuError(f"{target}: a calibration is written as TOML; name a file in .toml")
    check_targets(files.paths, force=arguments.force, files=[target])
    if files.several:
        raise MusrcuError("-o writes one calibration; name one run")


def report(run: Run, recipe: Reduction, found: Calibration, arguments: Namespace) -> str:
    """The run, every step and default behind the fit, its model and range, and the result."""
    import dataclasses

    from musrcu.reduction.recipe import reduce

    asymmetry = reduce(run, dataclasses.replace(recipe, alpha=None, calibration=found))
    times = "every bin" if arguments.range is None else "{:g} to {:g} us".format(*arguments.range)
    lines = [str(run), reduction_text(asymmetry), f"model: {arguments.model}, fitted to {times}"]
    return "\n".join([*lines, found.summary()])
