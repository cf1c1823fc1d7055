"""One fit of all runs on the command line: ``musrcu fit RUN RUN ... --share NAMES``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, values
from musrcu.cli.saved import print_and_save
from musrcu.cli.saved_picture import draw, visible
from musrcu.cli.terminal import Files, UsageError, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.counts import Counts
    from musrcu.containers.run import Run

_OPTIONS = (
    ("--share", "NAMES", values.words, None, "parameters that all runs have in common: A1,phi2"),
    ("--local", "NAMES", values.words, None, "instead: parameters that are not, all others being"),
    (
        "--group",
        "NAME=WORD",
        values.tie,
        values.Merge,
        "in common to runs of the same field, temperature, period, instrument ...: nu2=field",
    ),
    (
        "--extra",
        "NAME=VALUE",
        values.assignments,
        values.Merge,
        "a shared parameter that only ties use, and where it begins: K=0 with "
        "--tie 'nu2=gamma_mu*field*(1+K)'",
    ),
)


def add_joint(parser: ArgumentParser) -> None:
    """The options of a joint fit."""
    group = parser.add_argument_group("one joint fit of all runs")
    for name, metavar, kind, action, text in _OPTIONS:
        more: dict[str, Any] = {} if action is None else {"action": action}
        group.add_argument(name, metavar=metavar, type=kind, help=text, **more)


def joined(arguments: Namespace) -> bool:
    """Whether a joint fit is asked for."""
    return any((arguments.share, arguments.local, arguments.group, arguments.extra))


def fit_jointly(arguments: Namespace, files: Files) -> int:
    """Fit all runs together; one that cannot be read stops the fit."""
    from musrcu.joint.joint_fit import joint_fit
    from musrcu.readers.registry import read

    if any(getattr(arguments, name) for name in ("robust", "profile", "contour")):
        raise UsageError(
            "fit: --robust, --profile and --contour are for a fit of one run, not for a joint fit"
        )
    if files.failures:
        raise MusrcuError("not all runs are there; a joint fit of the others would be another fit")
    recipe = options.recipe(arguments)
    raw = [read(path) for path in files.paths]
    data = [_reduced(one, recipe, arguments.cost) for one in raw]
    model = arguments.model or options.DEFAULT_MODEL
    given = options.given_fit(arguments)
    if arguments.cost not in ("auto", "asymmetry"):
        given["cost"] = arguments.cost
    result = joint_fit(
        data, model, shared=arguments.share or (), local=arguments.local, by=arguments.group,
        extra=arguments.extra, **given,
    )  # fmt: skip
    paths = [str(path) for path in files.paths]
    saved = {**result.identified().to_dict(), "paths": paths}
    if not arguments.json:
        say(_report(raw, data, result.summary(), model if arguments.model is None else None))
    print_and_save([saved], arguments, several=False)
    if arguments.plot is not None:
        fits = zip(raw, data, result.runs, strict=True)
        draw([(visible(run, recipe, fit, one), fit) for run, one, fit in fits], arguments)
    return 0 if result.valid else 3


def _reduced(run: Run, recipe: Any, cost: str) -> Asymmetry | Counts:
    from musrcu.reduction.recipe import reduce, reduce_counts

    counted = cost not in ("auto", "asymmetry") or (cost == "auto" and recipe.background == "fit")
    return (reduce_counts if counted else reduce)(run, recipe)


def _report(
    raw: list[Run], data: list[Asymmetry | Counts], summary: str, default: str | None
) -> str:
    """The runs, every step behind them, what differs as a range, and the result."""
    from musrcu.analysis.scan_assumptions import assumptions_of
    from musrcu.joint.report import said_once

    lines = [str(one).split("\n")[0] for one in raw]
    warnings = [(one.name, warning) for one in raw for warning in one.warnings]
    lines += [f"  {text}" for text in said_once(warnings, len(raw), "runs")]
    steps = [
        {step.stage: {**step.options, "note": step.note} for step in one.history} for one in data
    ]
    lines.append("\n  ".join([f"reduction of {len(data)} runs:", *assumptions_of(steps)]))
    if default is not None:
        lines.append(f"model: none given, so {default} (choose with --model)")
    return "\n".join([*lines, summary])
