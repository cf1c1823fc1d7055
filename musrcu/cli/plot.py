"""Pictures of runs, of a saved fit, or of a saved scan.

Examples:

  musrcu plot run.bin -o run.png
  musrcu plot "ltf_{0001-0020}.bin" -o runs.pdf
  musrcu plot fit.json -o fit.png
  musrcu plot scan.json -o order.pdf
  musrcu plot scan.json --runs -o spectra.pdf
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, values
from musrcu.cli.saved import contents, recipe_from_dict, reduced
from musrcu.cli.scan_figure import insets
from musrcu.cli.terminal import Files, complain, say
from musrcu.errors import MusrcuError
from musrcu.files import check_target

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu plot``."""
    parser.add_argument(
        "sources", metavar="RUN|FIT.json|SCAN.json", nargs="+", help="runs, or one JSON file"
    )
    parser.add_argument(
        "-o", "--output", metavar="FIG", type=Path, required=True, help=".png, .pdf or .svg"
    )
    options.add_force(parser)
    parser.add_argument(
        "--runs", action="store_true", help="of a scan: its spectra instead of nu(T)"
    )
    parser.add_argument("--range", metavar="A,B", type=values.interval, help="times shown, us")
    parser.add_argument("--percent", action="store_true", help="asymmetry in per cent")
    options.add_reduction(parser)


def run(arguments: Namespace) -> int:
    """Draw and save the picture."""
    from musrcu import plot

    check_target(arguments.output, overwrite=arguments.force)
    first = arguments.sources[0]
    failures = 0
    if first.lower().endswith(".json"):
        if len(arguments.sources) > 1:
            raise MusrcuError(f"{first} and {arguments.sources[1]}: name one JSON file, or runs")
        picture: Axes | None = _saved(first, arguments)
    else:
        picture, failures = _runs(arguments)
    if picture is None:
        return 1
    plot.save(picture, arguments.output, overwrite=arguments.force)
    say(f"figure: {arguments.output}")
    return int(failures > 0)


def _view(arguments: Namespace) -> dict[str, Any]:
    return {"t_range": arguments.range, "percent": arguments.percent}


def _runs(arguments: Namespace) -> tuple[Axes | None, int]:
    """The picture of runs, None where there is none, and how many could not be drawn."""
    from musrcu import plot
    from musrcu.reduction.recipe import reduce

    files = Files(arguments.sources)
    recipe = options.recipe(arguments)
    found = []
    for one in files.runs():
        try:
            found.append(reduce(one, recipe))
        except MusrcuError as error:
            files.fail(error)
    if not found:
        return None, files.failures
    if len(found) == 1:
        return plot.asymmetry(found[0], **_view(arguments)), files.failures
    return plot.scan(found, **_view(arguments)), files.failures


def _saved(name: str, arguments: Namespace) -> Axes:
    """The picture of a saved fit, scan or order parameter."""
    from musrcu import plot
    from musrcu.analysis.order_result import OrderParameter
    from musrcu.analysis.scan_result import Scan
    from musrcu.output.load import load

    loaded = load(name)
    if isinstance(loaded, OrderParameter):
        return plot.order(loaded)
    data = contents(name)
    if isinstance(loaded, Scan) and not arguments.runs and data.get("recipe") is None:
        return plot.order(loaded.order, loaded)
    recipe = options.recipe(arguments, recipe_from_dict(data.get("recipe"), name))
    if not isinstance(loaded, Scan):
        return plot.asymmetry(reduced(data.get("path"), recipe, name), loaded, **_view(arguments))
    if not arguments.runs:
        return plot.order(loaded.order, loaded, insets=insets(loaded, recipe, name))
    found = []
    for one in loaded.runs:
        try:
            found.append(reduced(one.path, recipe, name))
        except MusrcuError as error:
            complain(error)
    return plot.scan(found, loaded, **_view(arguments))
