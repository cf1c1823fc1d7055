"""Where the next run of a scan lowers the error of T_N or beta most, and to what.

Examples:

  musrcu plan scan.toml --hours 4
  musrcu plan scan.json --events 20M --target beta --plot plan.png

A scan file is fitted first, as musrcu scan does; a scan that was saved is not. Events of the runs
so far, and how fast they came, are read from their files.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from musrcu.cli import options, values
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import UsageError, add_data, dumps, say
from musrcu.errors import MusrcuError
from musrcu.files import write_text

if TYPE_CHECKING:
    from musrcu.analysis.scan_result import Scan
    from musrcu.ordering.result import OrderParameter

_EVENTS = re.compile(r"([0-9.]+(?:[eE][+]?[0-9]+)?)([kMG]?)\Z")
_TIMES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu plan``."""
    parser.add_argument("scan", metavar="SCAN.toml|SCAN.json", type=Path)
    add_data(parser)
    group = parser.add_argument_group("the next run")
    length = group.add_mutually_exclusive_group()
    length.add_argument(
        "--events", metavar="N", type=_events,
        help="all counts that it will have, such as 20M; default: those of the median run",
    )  # fmt: skip
    length.add_argument(
        "--hours", metavar="H", type=values.above_zero, help="how long it will take"
    )
    group.add_argument(
        "--rate", metavar="N", type=_events, help="events per hour; default: as in the files"
    )
    group.add_argument(
        "--target", choices=("T_N", "beta"), default="T_N", help="what it is for (default T_N)"
    )
    group.add_argument(
        "--at", metavar="T,...", type=_temperatures,
        help="temperatures to choose among, K; default: 41 up to T_N and beyond",
    )  # fmt: skip
    group.add_argument(
        "--temperature-error", metavar="K", type=_not_below_zero,
        help="error of its mean temperature; default: that of the runs next to it",
    )  # fmt: skip
    group.add_argument(
        "--run-events", metavar="N", type=_events,
        help="counts of each run so far; default: those in the files",
    )  # fmt: skip
    options.add_output(parser, "write the plan as JSON")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="picture: .png, .pdf or .svg")


def run(arguments: Namespace) -> int:
    """Make the plan, print it and draw it."""
    from musrcu.planning.plan import plan

    check_targets(
        [arguments.scan], force=arguments.force, json=[arguments.output],
        pictures=[arguments.plot],
    )  # fmt: skip
    made = plan(
        _source(arguments),
        target=arguments.target,
        events=arguments.events,
        hours=arguments.hours,
        rate=arguments.rate,
        candidates=arguments.at,
        temperature_error=arguments.temperature_error,
        run_events=arguments.run_events,
    )
    text = dumps(made.to_dict())
    say(text if arguments.json else made.summary())
    written = []
    if arguments.output is not None:
        write_text(arguments.output, text + "\n", overwrite=arguments.force)
        written.append(f"saved: {arguments.output}")
    if arguments.plot is not None:
        from musrcu import plot

        plot.save(plot.plan(made), arguments.plot, overwrite=arguments.force)
        written.append(f"figure: {arguments.plot}")
    if written and not arguments.json:
        say("\n".join(written))
    return 0


def _source(arguments: Namespace) -> Scan | OrderParameter:
    """The scan of a file, fitted where it is a scan file, or a saved order parameter."""
    from musrcu.analysis.scan_file import ScanFile
    from musrcu.analysis.scan_result import Scan
    from musrcu.ordering.result import OrderParameter
    from musrcu.output.load import load

    path: Path = arguments.scan
    if path.suffix == ".toml":
        planned = ScanFile.load(path, data=arguments.data)
        if planned.order is None:
            raise MusrcuError(f"{path} has no table [order], so that no T_N is fitted; add one")
        return planned.run()
    if path.suffix != ".json":
        raise UsageError(f"plan takes a scan file (.toml) or a saved scan (.json), not {path}")
    found = load(path)
    if isinstance(found, OrderParameter):
        return found
    if not isinstance(found, Scan):
        raise MusrcuError(f"{path} holds no scan; save one with: musrcu scan ... -o scan.json")
    if found.order is None:
        raise MusrcuError(f"{path} is a scan without order parameter; fit it with a table [order]")
    return found


def _events(text: str) -> float:
    """A number of counts such as 20M."""
    match = _EVENTS.match(text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a number of events such as 20M, 2e7 or 500k")
    return values.above_zero(match[1]) * _TIMES[match[2]]


def _temperatures(text: str) -> tuple[float, ...]:
    return tuple(values.above_zero(part) for part in text.split(","))


def _not_below_zero(text: str) -> float:
    number = values.number(text)
    if number < 0:
        raise ArgumentTypeError(f"{text} is below 0")
    return number
