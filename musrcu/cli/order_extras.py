"""What ``musrcu order`` says beyond the fit: critical region, influence of runs, classes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from musrcu.ordering.result import OrderParameter


@dataclass
class Extras:
    """What was asked for beyond the fit."""

    entry: dict[str, Any] = field(default_factory=dict)
    """For the JSON."""
    lines: list[str] = field(default_factory=list)
    """For the reader."""
    pictures: list[tuple[Path, Axes]] = field(default_factory=list)
    """Pictures and where they go."""


def add_extras(parser: ArgumentParser) -> None:
    """``--critical``, ``--influence``, ``--influence-plot`` and ``--classes``."""
    group = parser.add_argument_group("how far to trust T_N and beta")
    group.add_argument(
        "--critical",
        metavar="FILE",
        type=Path,
        help="print the slope next to T_N and draw nu/nu0 against 1 - T/T_N: .png, .pdf or .svg",
    )
    group.add_argument(
        "--influence",
        action="store_true",
        help="fit again without each run: which one carries the result",
    )
    group.add_argument("--influence-plot", metavar="FILE", type=Path, help="print that and draw it")
    group.add_argument(
        "--classes", action="store_true", help="beta beside those of universality classes"
    )


def pictures_of(arguments: Namespace) -> list[Path | None]:
    """The files that pictures of the extras go to."""
    return [arguments.critical, arguments.influence_plot]


def extras_of(law: OrderParameter, arguments: Namespace) -> Extras:
    """What was asked for; one line instead of all where the fit is not valid."""
    extras = Extras()
    critical, classes = arguments.critical is not None, arguments.classes
    influence = arguments.influence or arguments.influence_plot is not None
    if not (critical or influence or classes):
        return extras
    if not law.valid:
        extras.lines.append("the fit is not valid: nothing more to say of T_N, beta and the runs")
        return extras
    if critical:
        _critical(law, arguments.critical, extras)
    if influence:
        _influence(law, arguments.influence_plot, extras)
    if classes:
        from musrcu.ordering.universality import universality

        beside = universality(law)
        extras.entry["universality"] = beside.to_dict()
        extras.lines += ["", beside.summary()]
    return extras


def _critical(law: OrderParameter, target: Path, extras: Extras) -> None:
    from musrcu import plot
    from musrcu.ordering.critical import critical_region

    region = critical_region(law)
    extras.entry["critical_region"] = region.to_dict()
    extras.lines += ["", region.summary()]
    extras.pictures.append((target, plot.critical_region(region)))


def _influence(law: OrderParameter, target: Path | None, extras: Extras) -> None:
    from musrcu import plot
    from musrcu.ordering.influence import influence

    found = influence(law)
    extras.entry["influence"] = found.to_dict()
    extras.lines += ["", found.summary()]
    if target is not None:
        extras.pictures.append((target, plot.influence(found)))
