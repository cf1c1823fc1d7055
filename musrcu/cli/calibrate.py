"""Alpha and the total asymmetry of a pair, from runs in a transverse field.

Several runs are calibrated one by one and combined; one that disagrees is named. Exit code 3: the
calibration is written, but the model does not describe a run, or the runs disagree.

Examples:

  musrcu calibrate tf_run.bin -o calibration.toml
  musrcu calibrate emu:20711 emu:20712 --find-dead-time --detectors -o calibration.toml
  musrcu scan "ltf_{0001-0020}.bin" --calibration calibration.toml
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, values
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import Files, add_data, dumps, reduction_text, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.calibration import Calibration
    from musrcu.containers.counts import Counts
    from musrcu.containers.run import Run
    from musrcu.reduction.recipe import Reduction

_FOUND = ("detector_beta", "detectors", "dead_time", "t0")
"""What :func:`musrcu.calibrate` finds on request."""


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
        "--range",
        metavar="A,B",
        type=values.interval,
        help="fitted times, us; default: all, of a pulsed source from 0.3 on",
    )
    parser.add_argument(
        "--method",
        metavar="HOW",
        default="counts",
        help="counts (joint fit of the counts, the default), cosine (fit of the asymmetry), sum "
        "(ratio of the summed counts) or zero (weighted mean zero); the last two are biased",
    )
    parser.add_argument(
        "--detector-beta",
        action="store_true",
        dest="find_detector_beta",
        help="find the ratio of the intrinsic asymmetries of backward and forward too",
    )
    parser.add_argument(
        "--detectors",
        action="store_true",
        dest="find_detectors",
        help="find phase and amplitude of the precession in each detector too",
    )
    parser.add_argument(
        "--find-dead-time",
        action="store_true",
        help="find the dead time of each detector first (pulsed source)",
    )
    parser.add_argument(
        "--find-t0",
        action="store_true",
        help="find the muon's arrival in each detector first, from prompt peak or pulse edge",
    )
    options.add_reduction(parser, calibrated=False)
    options.add_output(parser, "write the calibration as TOML")


def run(arguments: Namespace) -> int:
    """Calibrate each run, then all together; one that fails does not stop the others.

    A fit that the summary calls improbable is not valid: the exit code is 3.
    """
    from musrcu.calibration.calibrate import calibrate
    from musrcu.constants import IMPROBABLE

    files = Files(arguments.runs, arguments.data)
    _check(arguments, files)
    recipe = options.recipe(arguments)
    wanted = {name: getattr(arguments, f"find_{name}") for name in _FOUND}
    known: dict[str, Any] = {"model": arguments.model, "t_range": arguments.range}
    found: list[Calibration] = []
    for one in files.runs():
        try:
            calibration = calibrate(one, recipe, method=arguments.method, **known, **wanted)
        except MusrcuError as error:
            files.fail(error)
            continue
        found.append(calibration)
        if not arguments.json:
            say(report(one, recipe, calibration, arguments))
    made = _combined(found, files)
    if arguments.json and (found or files.several):
        runs = [calibration.to_dict() for calibration in found]
        together = None if made is None else made.to_dict()
        say(dumps({"calibration": together, "runs": runs} if files.several else together))
    elif len(found) > 1 and made is not None:
        say(f"together:\n{made.summary()}")
    if arguments.output is not None and made is not None:
        made.save(arguments.output, overwrite=arguments.force)
        if not arguments.json:
            say(f"saved: {arguments.output}")
    if files.failures:
        return 1
    everything = [*found, *([] if made is None else [made])]
    probable = [one.probability is None or one.probability >= IMPROBABLE for one in everything]
    return 0 if all(probable) else 3


def _combined(found: list[Calibration], files: Files) -> Calibration | None:
    """All calibrations as one; None where there is none, or they do not go together."""
    from musrcu.calibration.combined_calibration import combine_calibrations

    if not found:
        return None
    try:
        return combine_calibrations(found)
    except MusrcuError as error:
        files.fail(error)
        return None


def _check(arguments: Namespace, files: Files) -> None:
    """Refuse what would fail after the work."""
    target = arguments.output
    if target is None:
        return
    if target.suffix != ".toml":
        raise MusrcuError(f"{target}: a calibration is written as TOML; name a file in .toml")
    check_targets(files.paths, force=arguments.force, files=[target])


def report(run: Run, recipe: Reduction, found: Calibration, arguments: Namespace) -> str:
    """The run, every step and default behind the fit, its model and range, and the result."""
    reduced = _reduced(run, recipe, found, counts=arguments.method == "counts")
    times = _times(run, recipe, arguments)
    what = f"model: {arguments.model}, fitted to {times}"
    if arguments.method in ("sum", "zero"):
        what = f"no model, from {times}"
    return "\n".join([str(run), reduction_text(reduced), what, found.summary()])


def _times(run: Run, recipe: Reduction, arguments: Namespace) -> str:
    """Which bins calibrate the pair."""
    from musrcu.calibration.calibrate import fitted_range

    times = fitted_range(run, recipe, arguments.range)
    if times is None:
        return "every bin"
    if arguments.range is None:
        return f"{times[0]:g} us and later, when the muon pulse is over"
    return f"{times[0]:g} to {times[1]:g} us"


def _reduced(
    run: Run, recipe: Reduction, found: Calibration, *, counts: bool
) -> Asymmetry | Counts:
    """What was fitted, with its history, t0 and dead times as they were found."""
    import dataclasses

    from musrcu.containers.history import History
    from musrcu.reduction.recipe import reduce, reduce_counts

    recipe = dataclasses.replace(recipe, alpha=None, calibration=found)
    if not counts:
        return reduce(run, recipe)
    fitted = reduce_counts(run, recipe, few=False)
    steps = History(step for step in fitted.history if step.stage != "know_balance")
    return fitted.replace(history=steps)  # alpha was free
