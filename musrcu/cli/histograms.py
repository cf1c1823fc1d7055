"""``musrcu fit --cost histograms``: the detectors of a run, each with its phase and level."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from musrcu.cli import options
from musrcu.cli.saved import print_and_save
from musrcu.cli.saved_picture import draw
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import Files, UsageError, reduction_text, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.containers.histogram import Histogram
    from musrcu.containers.run import Run
    from musrcu.fitting.result import FitResult
    from musrcu.joint.result import JointResult
    from musrcu.reduction.recipe import Reduction

COST = "histograms"
"""Its name among the costs."""
MODEL = "damped_cosine"
"""The model where none is given: a constant would be a part of each level."""
_PAIR = ("forward", "backward", "geometry", "alpha", "detector_beta")
"""Options of a pair, which histograms are not."""
_OTHERS = ("robust", "profile", "contour")


def add_detectors(parser: ArgumentParser) -> None:
    """``--detectors``."""
    parser.add_argument(
        "--detectors",
        metavar="WHICH",
        action="append",
        help="with --cost histograms: each (default), detectors that are taken singly, such as "
        "1,3,5, or a group NAME=1-8 (once for each group)",
    )


def asked_for(arguments: Namespace) -> bool:
    """Whether histograms are to be fitted.

    Raises
    ------
    UsageError if other options have no meaning for them.
    """
    if arguments.cost != COST:
        if arguments.detectors is not None:
            raise UsageError("fit: --detectors belongs to --cost histograms")
        return False
    for name in (*_PAIR, *_OTHERS):
        if getattr(arguments, name):
            word = name.replace("_", "-")
            raise UsageError(f"fit: --cost histograms has no pair of groups; leave out --{word}")
    return True


def run(arguments: Namespace) -> int:
    """Fit the histograms of each run; 0 where all are valid, 3 where one is not, 1 for an error."""
    from musrcu.joint.result import JointResult
    from musrcu.readers.registry import read

    groups = _groups(arguments.detectors)
    files = Files(arguments.runs, arguments.data)
    check_targets(
        [*files.paths, arguments.calibration, *(arguments.functions or ())],
        force=arguments.force,
        files=[arguments.output],
        pictures=[arguments.plot],
    )
    if arguments.plot is not None and files.several:
        raise MusrcuError("--plot draws one run; name one, or use musrcu plot for several")
    recipe = options.recipe(arguments)
    found: list[JointResult | FitResult] = []
    drawn: list[tuple[Histogram, FitResult]] = []
    for path in files.paths:
        try:
            raw = read(path)
            data, result = _fitted(raw, recipe, groups, arguments)
        except MusrcuError as error:
            files.fail(error)
            continue
        found.append(result)
        fits = result.runs if isinstance(result, JointResult) else (result,)
        drawn += zip(data, fits, strict=True)
        if not arguments.json:
            say(_report(raw, data, result, asked=arguments.model is not None))
    print_and_save([one.identified().to_dict() for one in found], arguments, several=files.several)
    if drawn and arguments.plot is not None:
        draw(drawn, arguments)
    if files.failures:
        return 1
    return 0 if all(one.valid for one in found) else 3


def _fitted(
    run: Run, recipe: Reduction, groups: Any, arguments: Namespace
) -> tuple[tuple[Histogram, ...], JointResult | FitResult]:
    """The histograms of a run and their fit, a joint one where they are several."""
    from musrcu.fitting.fit import fit
    from musrcu.joint.joint_fit import joint_fit
    from musrcu.reduction.histograms import reduce_histograms

    data = reduce_histograms(run, recipe, groups)
    model, given = arguments.model or MODEL, options.given_fit(arguments)
    if len(data) == 1:
        return data, fit(data[0], model, **given)
    result = joint_fit(
        data, model, shared=arguments.share or (), local=arguments.local, by=arguments.group,
        extra=arguments.extra, **given,
    )  # fmt: skip
    return data, result


def _groups(words: Sequence[str] | None) -> str | dict[str, str] | None:
    """What :func:`musrcu.reduce_histograms` takes as groups."""
    if words is None or list(words) == ["each"]:
        return None
    named = [word.partition("=") for word in words]
    if all(sign for _, sign, _ in named):
        found = {name.strip(): which for name, _, which in named}
        if len(found) < len(named) or not all(found):
            raise UsageError("fit: --detectors needs another name for each group: Up=1-8")
        return found
    if any(sign for _, sign, _ in named):
        raise UsageError("fit: --detectors takes single ones, 1,3,5, or groups, Up=1-8, not both")
    return ",".join(words)


def _report(
    run: Run, data: Sequence[Histogram], result: JointResult | FitResult, *, asked: bool
) -> str:
    """The run, every step behind its histograms, and the result."""
    lines = [str(run), reduction_text(data[0])]
    if len(data) > 1:
        lines.append(f"  ... and so {len(data) - 1} more")
    if not asked:
        lines.append(f"model: none given, so {result.model} (choose with --model)")
    return "\n".join([*lines, result.summary(), ""])
