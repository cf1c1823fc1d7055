"""The order parameter nu(T) = nu0 [1 - (T/T_N)^alpha]^beta alone, from a scan or a table.

Examples:

  musrcu order scan.json --exponent free
  musrcu order scan.json --parameter A2
  musrcu order scan.json --unit mT
  musrcu order table.csv --plot order.png
  musrcu order scan.json --J "13.7(1)"
  musrcu order scan.json --influence --classes --critical critical.png
  musrcu order table.csv --exponent 1 --temperature-range 0.09,0.11
  musrcu order --direct scan.toml --profile T_N=TN.png

A table has a line of column names and one line a run. Columns: T, nu, nu_error and, where known,
T_error, run (a name) and verdict ("ordered", or "not ordered": such a line needs no nu and bounds
T_N from above; "undecided" and "failed" are left out). Instead of nu there may be a field at the
muon, B and B_error, or an asymmetry, A and A_error; --parameter names any other column. Between
columns: commas, semicolons, tabs or blanks. Units are K, MHz and G unless the header names others:
mK, uK; kHz, Hz, GHz; mT, T, uT, kG; %, as in "T (mK)", "nu [kHz]", "T/K" or "nu_error_MHz".
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, order_direct
from musrcu.cli.exchange_lines import add_exchange, exchange_of
from musrcu.cli.one_step import last_lines
from musrcu.cli.order_extras import Extras, add_extras, extras_of, pictures_of
from musrcu.cli.profiles import add_profiles, follow_law, refuse_names
from musrcu.cli.profiles import pictures as profile_pictures
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import dumps, say
from musrcu.errors import MusrcuError
from musrcu.files import read_text, write_text

if TYPE_CHECKING:
    from musrcu.analysis.scan_result import Scan
    from musrcu.ordering.points import OrderPoints
    from musrcu.ordering.result import OrderParameter
    from musrcu.output.load import Loaded


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu order``."""
    parser.add_argument(
        "source", metavar="SCAN.json|TABLE|RUN", nargs="+",
        help="a saved scan or a table; with --direct runs, or one scan file",
    )  # fmt: skip
    options.add_order(parser)
    order_direct.add_direct(parser)
    add_exchange(parser)
    add_extras(parser)
    add_profiles(parser, ("T_N", "beta"))
    options.add_output(parser, "write the order parameter as JSON")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="picture: .png, .pdf or .svg")


def run(arguments: Namespace) -> int:
    """Fit the law, print it and draw it."""
    if arguments.direct:
        return order_direct.run(arguments)
    from musrcu.direct.result import DirectOrder
    from musrcu.ordering.saved_law import fit_again

    source = order_direct.one_source(arguments)
    check_targets(
        [source],
        force=arguments.force,
        json=[arguments.output],
        pictures=[arguments.plot, *pictures_of(arguments), *profile_pictures(arguments)],
    )
    loaded = _loaded(source)
    if isinstance(loaded, DirectOrder):
        return order_direct.show_again(loaded, source, arguments)
    refuse_names(arguments)
    choice = options.given_order(arguments)
    law = fit_again(_points(source, loaded, choice), choice)
    refuse_names(arguments, law)
    entry, lines = exchange_of(law, arguments.J)
    extras = extras_of(law, arguments)
    followed, said = follow_law(law, arguments)
    said = [*said, *_one_step_beside(source, loaded)]
    text = dumps({**law.to_dict(), **entry, **extras.entry, **followed})
    say(text if arguments.json else "\n".join([law.summary(), *lines, *extras.lines, *said]))
    if arguments.output is not None:
        write_text(arguments.output, text + "\n", overwrite=arguments.force)
        if not arguments.json:
            say(f"saved: {arguments.output}")
    _draw(law, extras, arguments)
    return 0 if law.valid else 3


def _draw(law: OrderParameter, extras: Extras, arguments: Namespace) -> None:
    """Save the pictures."""
    pictures = extras.pictures
    if arguments.plot is None and not pictures:
        return
    from musrcu import plot

    if arguments.plot is not None:
        pictures = [(arguments.plot, plot.order(law)), *pictures]
    for target, axes in pictures:
        plot.save(axes, target, overwrite=arguments.force)
        if not arguments.json:
            say(f"figure: {target}")


def _loaded(source: Path) -> Loaded | None:
    """What was saved; None for a table."""
    if source.suffix.lower() != ".json":
        return None
    from musrcu.output.load import load

    return load(source)


def _points(
    source: Path, loaded: Loaded | None, choice: dict[str, Any]
) -> OrderPoints | Scan | OrderParameter:
    """What the law is fitted to; of a table the name of what orders is put among the options."""
    parameter = choice.get("parameter")
    if loaded is None:
        from musrcu.ordering.table import read_order_table

        points = read_order_table(source, parameter=parameter)
        choice["parameter"] = parameter or points.quantity.symbol
        return points
    from musrcu.analysis.scan_result import Scan
    from musrcu.fitting.result import FitResult
    from musrcu.ordering.result import OrderParameter

    if isinstance(loaded, Scan):
        return loaded
    if isinstance(loaded, OrderParameter):
        _refuse_choice(source, parameter, loaded.parameter)
        return loaded
    kind = "one fit" if isinstance(loaded, FitResult) else "a budget of systematic errors"
    raise MusrcuError(f"{source} is {kind}; an order parameter needs a scan or a table")


def _one_step_beside(source: Path, loaded: Loaded | None) -> list[str]:
    """T_N and beta of the one-step fit that a saved scan made, as they are."""
    if loaded is None or not (saved := json.loads(read_text(source)).get("direct")):
        return []
    from musrcu.direct.result import DirectOrder

    direct = DirectOrder.from_dict(saved)
    return ["one step, as saved:", *last_lines(direct)]


def _refuse_choice(source: Path, parameter: str | None, only: str) -> None:
    """Refuse to call the only values of a file by another name."""
    if parameter not in (None, only):
        raise MusrcuError(
            f"{source} holds the values of {only} alone; --parameter {parameter} chooses among the "
            "fitted parameters of a scan or the columns of a table"
        )
