"""The options for files of single events: how they become histograms."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable
from typing import Any

from musrcu.cli import values

_NAMES = {
    "bin_width": "bin_width",
    "length": "length",
    "time_zero": "t0",
    "detectors": "detectors",
    "window": "window",
    "log": "log",
    "frames": "frames",
}
"""Options of the command line and the arguments of :func:`musrcu.read_events` they become."""


def add_events(parser: ArgumentParser) -> None:
    """The options; each one is refused for a file of histograms."""
    group = parser.add_argument_group("files of single events")
    group.add_argument(
        "--bin-width", metavar="US", type=values.above_zero, help="width of a bin; default: 0.016"
    )
    group.add_argument(
        "--length", metavar="US", type=values.above_zero, help="of a histogram; default: 32.768"
    )
    group.add_argument(
        "--time-zero",
        metavar="US",
        type=values.number,
        help="arrival of the pulse after the start of the frame; default: where the counts rise",
    )
    group.add_argument(
        "--detectors", metavar="N", type=values.count, help="default: the highest with an event"
    )
    group.add_argument(
        "--window", metavar="A,B", type=values.interval, help="frames of this time, s into the run"
    )
    group.add_argument(
        "--log",
        metavar="NAME=LO,HI",
        type=log_range,
        help="frames during which a log of the file read from LO to HI, such as Temp=4.9,5.1",
    )
    group.add_argument(
        "--frames",
        choices=("all", "good"),
        help="good leaves out those marked incomplete, not running or vetoed; default: all",
    )


def given_events(arguments: Namespace) -> dict[str, Any]:
    """The arguments of :func:`musrcu.read_events` that were typed."""
    found = {name: getattr(arguments, option) for option, name in _NAMES.items()}
    return {name: value for name, value in found.items() if value is not None}


def typed(choice: Iterable[str]) -> str:
    """The options of the command line behind some arguments of :func:`musrcu.read_events`."""
    words = [f"--{option.replace('_', '-')}" for option, name in _NAMES.items() if name in choice]
    return ", ".join(words)


def log_range(text: str) -> tuple[str, float, float]:
    """``NAME=LO,HI``."""
    name, sign, numbers = text.rpartition("=")
    if not (name.strip() and sign):
        raise ArgumentTypeError(f"{text!r} is not a log and two numbers such as Temp=4.9,5.1")
    low, high = values.pair(numbers)
    return name.strip(), low, high
