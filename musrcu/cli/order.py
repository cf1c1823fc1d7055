"""The order parameter nu(T) = nu0 [1 - (T/T_N)^alpha]^beta alone, from a scan or a table.

Examples:

  musrcu order scan.json --exponent free
  musrcu order table.csv --plot order.png

A table has a line of column names and one line a run. Columns: T, nu, nu_error and, where known,
T_error, run (a name) and verdict ("ordered", or "not ordered": such a line needs no nu and bounds
T_N from above; "undecided" and "failed" are left out). Between columns: commas, semicolons, tabs
or blanks. Units are K and MHz unless the header names others: K, mK, uK, MHz, kHz, Hz or GHz, as
in "T (mK)", "nu [kHz]", "T/K" or "nu_error_MHz".
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from musrcu.cli import options
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import dumps, say
from musrcu.errors import MusrcuError
from musrcu.files import write_text

if TYPE_CHECKING:
    from musrcu.ordering.points import OrderPoints


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu order``."""
    parser.add_argument("source", metavar="SCAN.json|TABLE", type=Path)
    options.add_order(parser)
    options.add_output(parser, "write the order parameter as JSON")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="picture: .png, .pdf or .svg")


def run(arguments: Namespace) -> int:
    """Fit the law, print it and draw it."""
    from musrcu.ordering.two_step import fit_order_parameter

    check_targets(
        [arguments.source],
        force=arguments.force,
        json=[arguments.output],
        pictures=[arguments.plot],
    )
    choice = options.given_order(arguments)
    points, parameter = _points(arguments.source, choice.pop("parameter", None))
    law = fit_order_parameter(points, parameter=parameter, **choice)
    text = dumps(law.to_dict())
    say(text if arguments.json else law.summary())
    if arguments.output is not None:
        write_text(arguments.output, text + "\n", overwrite=arguments.force)
        if not arguments.json:
            say(f"saved: {arguments.output}")
    if arguments.plot is not None:
        from musrcu import plot

        plot.save(plot.order(law, points), arguments.plot, overwrite=arguments.force)
        if not arguments.json:
            say(f"figure: {arguments.plot}")
    return 0 if law.valid else 3


def _points(source: Path, parameter: str | None) -> tuple[OrderPoints, str]:
    """The points of a scan or a table, and the name of what orders."""
    if source.suffix.lower() != ".json":
        from musrcu.ordering.table import read_order_table

        _refuse_choice(source, parameter, "nu")
        return read_order_table(source), "nu"
    from musrcu.analysis.scan_result import Scan
    from musrcu.fitting.result import FitResult
    from musrcu.ordering.result import OrderParameter
    from musrcu.ordering.source import points_of
    from musrcu.output.load import load

    loaded = load(source)
    if isinstance(loaded, Scan):
        name = parameter or loaded.parameter
        return points_of(loaded, name), name
    if isinstance(loaded, OrderParameter):
        _refuse_choice(source, parameter, loaded.parameter)
        return loaded.points, loaded.parameter
    kind = "one fit" if isinstance(loaded, FitResult) else "a budget of systematic errors"
    raise MusrcuError(f"{source} is {kind}; an order parameter needs a scan or a table")


def _refuse_choice(source: Path, parameter: str | None, only: str) -> None:
    """Refuse to call the only frequency of a file by another name."""
    if parameter not in (None, only):
        raise MusrcuError(
            f"{source} holds one frequency, {only}; --parameter {parameter} chooses among the "
            "fitted parameters of a scan"
        )
