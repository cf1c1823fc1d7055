"""``musrcu order --direct``: nu0, T_N and beta from the spectra of all runs at once."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, values
from musrcu.cli.exchange_lines import exchange_of
from musrcu.cli.one_step import last_lines, not_for_one_step, one_step_of
from musrcu.cli.order_extras import extras_of, pictures_of
from musrcu.cli.profiles import follow_law, pictures
from musrcu.cli.scan import inputs, planned
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import UsageError, add_data, dumps, say
from musrcu.direct.two_steps_only import TWO_STEPS_ONLY
from musrcu.errors import MusrcuError
from musrcu.files import write_text

if TYPE_CHECKING:
    from musrcu.direct.result import DirectOrder

OWN = ("sigma_TN", "smooth", "local", "spread")
"""Options of the one-step fit, by the names of their arguments."""
_WORDS = {
    "alpha": "exponent", "temperature_range": "temperature-range", "nu_det": "nu-det",
    "thermometer_offset": "thermometer-offset",
}  # fmt: skip
"""Options whose arguments have other names."""


def add_direct(parser: ArgumentParser) -> None:
    """``--direct`` and all that goes with it; what ``musrcu scan`` explains is not listed again."""
    group = parser.add_argument_group(
        "one fit of all spectra",
        "With --direct the sources are runs, or one scan file, and whatever musrcu scan is told\n"
        "of reduction and fits may be given: --calibration, --packing, --model, --paramagnetic,\n"
        "--range, --cost, --fix, --data, ...; musrcu scan --help explains them.",
    )
    group.add_argument(
        "--direct", action="store_true", help="fit the law to the spectra of all runs at once"
    )
    known = [
        group.add_argument(
            "--sigma-TN",
            metavar="K|free",
            type=_width,
            help="width of the transition: 0.0002, 0.2mK, or free; default: 2e-4 of T_N, the least",
        ),
        group.add_argument(
            "--smooth",
            metavar="NAME=DEGREE",
            type=_degrees,
            action=values.Merge,
            help="parameters that follow polynomials in T, such as lambda1=2",
        ),
        group.add_argument(
            "--local",
            metavar="NAMES",
            type=values.words,
            help="what each run has for itself; default: all but amplitudes, phases, backgrounds",
        ),
        group.add_argument(
            "--spread",
            metavar="HOW",
            type=_spread,
            help="of the temperature within a run: log (what in its log is slower than its "
            "readings; default), readings, none, or K",
        ),
        group.add_argument(
            "--jobs", metavar="N", type=values.count, help="processes for the fits of single runs"
        ),
    ]
    unlisted = _Unlisted(parser)
    add_data(unlisted)  # type: ignore[arg-type]
    costs = [name for name in options.COSTS if name not in ("auto", "histograms")]
    options.add_fit(unlisted, "", cost=costs)  # type: ignore[arg-type]
    options.add_paramagnetic(unlisted)  # type: ignore[arg-type]
    options.add_reduction(unlisted)  # type: ignore[arg-type]
    known += unlisted.actions
    parser.set_defaults(cost=None, of_direct={a.dest: a.option_strings[0] for a in known})


class _Unlisted:
    """A parser that knows its options without listing them in its help."""

    def __init__(self, parser: ArgumentParser) -> None:
        self.parser = parser
        self.actions: list[Any] = []

    def add_argument_group(self, *title: str) -> _Unlisted:
        """Groups are not listed either."""
        return self

    def add_argument(self, *names: str, **more: Any) -> None:
        """An option without help."""
        self.actions.append(self.parser.add_argument(*names, **{**more, "help": SUPPRESS}))

    def set_defaults(self, **given: Any) -> None:
        """Those of the parser."""
        self.parser.set_defaults(**given)


def one_source(arguments: Namespace) -> Path:
    """The only source of a fit in two steps.

    Raises
    ------
    UsageError for several sources, a scan file, or options of the one-step fit without --direct.
    """
    for dest, option in arguments.of_direct.items():
        if getattr(arguments, dest) is not None:
            more = "; the exponent of the law is --exponent" if dest == "alpha" else ""
            raise UsageError(f"order: {option} goes with --direct{more}")
    first, *rest = arguments.source
    if rest:
        raise UsageError("order: several sources go with --direct; without it, one scan or table")
    if first.endswith(".toml"):
        raise UsageError(
            f"order: {first} is a scan file; add --direct for one fit of all its spectra, or fit "
            "it in two steps: musrcu scan"
        )
    return Path(first)


def run(arguments: Namespace) -> int:
    """Fit the spectra, print the law and draw it."""
    given = Namespace(**{**vars(arguments), "runs": arguments.source})
    _refuse_typed(arguments)
    plan = planned(given)
    check_targets(
        inputs(given, plan),
        force=arguments.force,
        json=[arguments.output],
        pictures=[arguments.plot, *pictures_of(arguments), *pictures(arguments)],
    )
    typed = {name: getattr(arguments, name) for name in OWN}
    own = {name: value for name, value in typed.items() if value is not None}
    order = one_step_of(plan, own, progress=sys.stderr.isatty(), jobs=arguments.jobs)
    return show(order, arguments, plan.J, not_for_one_step(plan))


def _refuse_typed(arguments: Namespace) -> None:
    """Refuse what was typed and is not for one step."""
    for name, why in TWO_STEPS_ONLY.items():
        if getattr(arguments, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"order: {option} does not go with --direct: {why}")
    if arguments.minos is not None:
        raise UsageError(
            "order: --minos does not go with --direct, which has unequal errors of T_N, beta and a "
            "free exponent anyway"
        )
    if arguments.source[0].endswith((".json", ".csv", ".dat", ".txt")):
        raise UsageError(
            f"order: --direct takes runs or a scan file, not {arguments.source[0]}: one fit of all "
            "spectra needs the spectra"
        )


def show_again(order: DirectOrder, source: Path, arguments: Namespace) -> int:
    """Print and draw a one-step fit that was saved, as it is.

    Raises
    ------
    MusrcuError for an option that would need another fit.
    """
    typed = options.given_order(arguments)
    followed = [f"--{name}" for name in ("profile", "contour") if getattr(arguments, name)]
    for option in [*(f"--{_WORDS.get(name, name)}" for name in typed), *followed]:
        raise MusrcuError(
            f"{source} is a one-step fit without its spectra, printed as it is; {option} needs "
            "them: musrcu order --direct RUN..."
        )
    return show(order, arguments, arguments.J)


def show(order: DirectOrder, arguments: Namespace, J: str | None, more: Sequence[str] = ()) -> int:
    """Print a one-step fit, save it and draw it; the exit code."""
    entry, lines = exchange_of(order, J)
    extras = extras_of(order.two_step, arguments)
    blocks = [["", "of the fit in two steps:"] if not line else [line] for line in extras.lines]
    extras.lines[:] = [line for block in blocks for line in block]
    followed, said = follow_law(order, arguments)
    text = dumps({**order.to_dict(), **entry, **extras.entry, **followed})
    last = ["", *last_lines(order), *lines]
    say(text if arguments.json else "\n".join([order.summary(), *more, *extras.lines, *last]))
    if arguments.output is not None:
        write_text(arguments.output, text + "\n", overwrite=arguments.force)
        said = [f"saved: {arguments.output}", *said]
    said += _drawn(order, extras.pictures, arguments)
    if said and not arguments.json:
        say("\n".join(said))
    return 0 if order.valid else 3


def _drawn(order: DirectOrder, extra: list[tuple[Path, Any]], arguments: Namespace) -> list[str]:
    """Pictures saved, and what is said of them."""
    if arguments.plot is None and not extra:
        return []
    from musrcu import plot

    wanted = [] if arguments.plot is None else [(arguments.plot, plot.order(order))]
    said = []
    for target, axes in [*wanted, *extra]:
        plot.save(axes, target, overwrite=arguments.force)
        said.append(f"figure: {target}")
    return said


def _width(text: str) -> float | str:
    """A temperature above 0, or ``free``."""
    return text if text == "free" else values.kelvin(text)


def _spread(text: str) -> float | str:
    """``log``, ``readings``, ``none``, or a temperature above 0."""
    return text if text in ("log", "readings", "none") else values.kelvin(text)


def _degrees(text: str) -> dict[str, int]:
    """``name=degree[,name=degree]``."""
    found = {}
    for name, value in values.assignments(text).items():
        if value not in range(9):
            raise ArgumentTypeError(f"{text!r} is not a name and a degree from 0 to 8: lambda1=2")
        found[name] = int(value)
    return found
