"""Pictures of runs, of a saved fit, or of a saved scan.

Examples:

  musrcu plot run.bin -o run.png
  musrcu plot "ltf_{0001-0020}.bin" -o runs.pdf
  musrcu plot run.bin --rrf 27 -o frame.png
  musrcu plot fit.json -o fit.png
  musrcu plot joint.json -o stack.pdf
  musrcu plot joint.json 3111 -o run.png
  musrcu plot scan.json -o order.pdf
  musrcu plot scan.json --runs -o spectra.pdf
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, values
from musrcu.cli.plot_forms import FORMS, add_forms, asked_form, form_of
from musrcu.cli.saved import contents, recipe_from_dict, reduced
from musrcu.cli.saved_picture import of_fit, of_joint, picture
from musrcu.cli.scan_figure import insets
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import Files, UsageError, add_data, complain, reduction_text, say
from musrcu.errors import MusrcuError
from musrcu.files import PathLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from musrcu.analysis.scan_result import Scan
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.histogram import Histogram
    from musrcu.containers.trace import Trace
    from musrcu.fitting.result import FitResult
    from musrcu.joint.result import JointResult
    from musrcu.reduction.recipe import Reduction


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu plot``."""
    parser.add_argument(
        "sources",
        metavar="RUN|FIT.json|SCAN.json",
        nargs="+",
        help="runs, or one JSON file; behind a joint fit those of its runs that are drawn, behind "
        "another fit the file, where it is not the one that was fitted",
    )
    parser.add_argument(
        "-o", "--output", metavar="FIG", type=Path, required=True, help=".png, .pdf or .svg"
    )
    options.add_force(parser)
    add_data(parser)
    parser.add_argument(
        "--runs", action="store_true", help="of a scan: its spectra instead of nu(T)"
    )
    parser.add_argument(
        "--range", metavar="A,B", type=values.interval, help="times shown in spectra, us"
    )
    parser.add_argument("--percent", action="store_true", help="asymmetry of spectra in per cent")
    options.add_functions(parser)
    add_forms(parser)
    options.add_reduction(parser)


def run(arguments: Namespace) -> int:
    """Draw and save the picture."""
    from musrcu import plot

    first = arguments.sources[0]
    failures = 0
    if first.lower().endswith(".json"):
        picture: Axes | None = _saved(first, arguments)
    else:
        picture, failures = _runs(arguments)
    if picture is None:
        return 1
    plot.save(picture, arguments.output, overwrite=arguments.force)
    say(f"figure: {arguments.output}")
    return int(failures > 0)


def _refuse_unused(arguments: Namespace, kind: str, unused: tuple[str, ...]) -> None:
    """Refuse options that a picture has no use for.

    Raises
    ------
    UsageError naming the first of them.
    """
    for name in unused:
        if getattr(arguments, name.replace("-", "_")):
            raise UsageError(f"plot: --{name} is of no use for {kind}")


def _check(sources: Sequence[PathLike], arguments: Namespace) -> None:
    """Refuse what would fail after the work."""
    check_targets(
        [*sources, arguments.calibration], force=arguments.force, pictures=[arguments.output]
    )


def _view(arguments: Namespace) -> dict[str, Any]:
    packing = None if arguments.packing is None else 1  # packed as asked, and no further
    return {"t_range": arguments.range, "percent": arguments.percent, "packing": packing}


def _runs(arguments: Namespace) -> tuple[Axes | None, int]:
    """The picture of runs, None where there is none, and how many could not be drawn."""
    from musrcu import plot
    from musrcu.reduction.recipe import reduce

    _refuse_unused(arguments, "runs, which it draws anyway", ("runs",))
    files = Files(arguments.sources, arguments.data)
    _check(files.paths, arguments)
    if asked_form(arguments):
        return _form(files, arguments)
    recipe = options.recipe(arguments)
    found = []
    for one in files.runs():
        try:
            found.append(reduce(one, recipe))
        except MusrcuError as error:
            files.fail(error)
    if not found:
        return None, files.failures
    _say_reduction(found)
    if len(found) == 1:
        return plot.asymmetry(found[0], **_view(arguments)), files.failures
    return plot.scan(found, **_view(arguments)), files.failures


def _form(files: Files, arguments: Namespace) -> tuple[Axes | None, int]:
    """The picture of a form of the one run."""
    from musrcu import plot
    from musrcu.plot.display import MOST

    if len(files.paths) > 1:
        raise UsageError(f"plot: --{asked_form(arguments)} draws one run; name one")
    if arguments.counts:
        _refuse_unused(arguments, "counts", ("percent",))
    for one in files.runs():
        try:
            found = form_of(one, arguments, MOST)
        except MusrcuError as error:
            files.fail(error)
            continue
        say("\n".join([f"{one}\n{reduction_text(found[0])}", *_last_steps(found[1:])]))
        view = {"t_range": arguments.range, "percent": arguments.percent}
        return plot.traces(found, **view), files.failures
    return None, files.failures


def _last_steps(found: Sequence[Trace]) -> list[str]:
    """What was done to the second group."""
    return [f"  {one.history[-1]}" for one in found]


def _say_reduction(found: Sequence[Asymmetry | Histogram]) -> None:
    """Every step and default behind the asymmetries; what differs between runs as a range."""
    from musrcu.analysis.scan_assumptions import assumptions_of

    if len(found) == 1:
        say(f"{found[0].run}\n{reduction_text(found[0])}")
        return
    steps = [
        {step.stage: {**step.options, "note": step.note} for step in one.history} for one in found
    ]
    one_run = len({(one.run.path, one.run.number) for one in found}) == 1
    what = "histograms" if one_run else "runs"
    say("\n  ".join([f"reduction of {len(found)} {what}:", *assumptions_of(steps)]))


def _saved(name: str, arguments: Namespace) -> Axes:
    """The picture of a saved fit, scan or order parameter."""
    from musrcu import plot
    from musrcu.analysis.scan_result import Scan
    from musrcu.direct.result import DirectOrder
    from musrcu.fitting.result import FitResult
    from musrcu.joint.result import JointResult
    from musrcu.ordering.result import OrderParameter
    from musrcu.output.load import load
    from musrcu.planning.result import Plan
    from musrcu.systematics.robustness_result import Robustness

    _refuse_unused(arguments, "a JSON file; name the run", FORMS)
    _check(arguments.sources, arguments)
    loaded = load(name)
    if isinstance(loaded, Robustness):
        raise MusrcuError(f"{name} holds systematic errors, of which there is no picture")
    if isinstance(loaded, Plan):
        _refuse_unused(arguments, "a plan", ("range", "percent", "runs"))
        return plot.plan(loaded)
    if isinstance(loaded, (FitResult, JointResult)):
        _refuse_unused(arguments, "a fit", ("runs",))
        return _fitted(loaded, arguments)
    if len(arguments.sources) > 1:
        raise MusrcuError(f"{name} and {arguments.sources[1]}: name one JSON file, or runs")
    if not (isinstance(loaded, Scan) and arguments.runs):
        _refuse_unused(arguments, "nu(T)", ("range", "percent", "runs"))
    if isinstance(loaded, (OrderParameter, DirectOrder)):
        return plot.order(loaded)
    data = contents(name)
    if not arguments.runs and data.get("recipe") is None:
        return plot.order(loaded.order, loaded)
    recipe = options.recipe(arguments, recipe_from_dict(data.get("recipe"), name))
    if not arguments.runs:
        return plot.order(loaded.order, loaded, insets=insets(loaded, recipe, name))
    return _spectra(loaded, recipe, arguments)


def _fitted(loaded: FitResult | JointResult, arguments: Namespace) -> Axes:
    """The picture of a saved fit of one run, or of several together."""
    from musrcu.fitting.result import FitResult

    found = (
        of_fit(loaded, arguments) if isinstance(loaded, FitResult) else of_joint(loaded, arguments)
    )
    _say_reduction([data for data, _ in found])
    return picture(found, **_view(arguments))


def _spectra(scan: Scan, recipe: Reduction, arguments: Namespace) -> Axes:
    """The picture of every run of a scan whose file is found."""
    from musrcu import plot

    found = []
    for one in scan.runs:
        try:
            found.append(reduced(one.path, recipe, arguments.sources[0], one.result))
        except MusrcuError as error:
            complain(error)
    if found:
        _say_reduction(found)
    return plot.scan(found, scan, **_view(arguments))
