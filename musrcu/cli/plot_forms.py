"""What ``musrcu plot`` draws of one run instead of its asymmetry."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from musrcu.cli import options, values

if TYPE_CHECKING:
    from musrcu.containers.arrays import FloatArray
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.run import Run
    from musrcu.containers.trace import Trace
    from musrcu.reduction.recipe import Reduction

FORMS = ("counts", "lifetime-corrected", "rrf")
"""The options, without their dashes."""
NARROW = 0.1
"""Turns of a frame in a bin at most, where the packing is not given."""


def add_forms(parser: ArgumentParser) -> None:
    """The options of the forms; one at a time."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--counts", action="store_true", help="of a run: counts of both groups")
    group.add_argument(
        "--lifetime-corrected",
        action="store_true",
        help="of a run: counts of both groups with the decay of the muon taken out",
    )
    group.add_argument(
        "--rrf",
        metavar="NU",
        type=_frame,
        help="of a run: the asymmetry in a frame that turns with NU, MHz, or NU,PHASE (degrees)",
    )


def asked_form(arguments: Namespace) -> str:
    """The form that was asked for; empty for the asymmetry."""
    return next((name for name in FORMS if getattr(arguments, name.replace("-", "_"))), "")


def form_of(run: Run, arguments: Namespace, most: int) -> list[Trace]:
    """The form of a run, of at most about ``most`` points where packing is not given.

    Raises
    ------
    MusrcuError where the run cannot be reduced or has no such form.
    """
    from musrcu.reduction.forms import GROUPS, lifetime_corrected, rotating_frame, single_histogram
    from musrcu.reduction.rebin import rebin
    from musrcu.reduction.recipe import grouped_counts

    recipe = options.recipe(arguments)
    if arguments.rrf is not None:
        frequency, phase = arguments.rrf
        asymmetry = _narrow(run, recipe, frequency)
        fewest = 1 if recipe.packing is not None else _joined(asymmetry.time, arguments, most)
        return [rotating_frame(asymmetry, frequency, phase, packing=fewest)]
    raw = grouped_counts(run, recipe)
    counts = rebin(raw, packing=recipe.packing, t_max=recipe.t_max)
    more = _joined(counts.time, arguments, most)
    if recipe.packing is None and more > 1:
        step = counts.history[-1]
        counts = rebin(raw, packing=more * counts.packing, t_max=step.options["t_max"])
    form = single_histogram if arguments.counts else lifetime_corrected
    return [form(counts, group) for group in GROUPS]


def _joined(time: FloatArray, arguments: Namespace, most: int) -> int:
    """Bins in a point, so that there are at most ``most`` points in the range that is shown."""
    low, high = arguments.range or (time[0], time[-1])
    return max(1, -(-int(((time >= low) & (time <= high)).sum()) // most))


def _narrow(run: Run, recipe: Reduction, frequency: float) -> Asymmetry:
    """The asymmetry in bins that follow the frame, unless a packing is given."""
    from musrcu.reduction.recipe import reduce

    asymmetry = reduce(run, recipe)
    step = asymmetry.history.find("rebin")
    bins = max(1, int(NARROW / (frequency * run.bin_width)))
    if recipe.packing is not None or asymmetry.packing <= bins or step is None:
        return asymmetry
    finer = dataclasses.replace(recipe, packing=bins, t_max=step.options["t_max"])
    return reduce(run, finer)


def _frame(text: str) -> tuple[float, float]:
    frequency, comma, phase = text.partition(",")
    if comma and not phase.strip():
        raise ArgumentTypeError(f"{text!r} is not a frequency in MHz, or one and a phase")
    return values.above_zero(frequency), values.number(phase) if comma else 0.0
