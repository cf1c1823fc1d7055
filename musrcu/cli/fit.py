"""Fit a model to one run, to several one by one or jointly; what was assumed is printed.

A saved result in place of a run is made again from its file: does it still say the same?

Examples:

  musrcu fit run.bin --model "exponential + damped_cosine + constant"
  musrcu fit run.bin --alpha 1.2 --range 0.02,8 --fix phi2=0 --plot run.png
  musrcu fit run.bin --cost poisson --calibration tf_run.bin --background fit
  musrcu fit run.bin --profile nu2=nu2.png --contour nu2,lambda2=region.png
  musrcu fit run.bin --cost histograms --detectors 1,2 --model damped_cosine
  musrcu fit "ltf_{0001-0005}.bin" --json
  musrcu fit "ltf_{0001-0005}.bin" --share A1,A2,phi2,A_bg -o joint.json
  musrcu fit run.bin --alpha 1.2 -o result.json
  musrcu fit result.json
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import histograms, options, repeat
from musrcu.cli.joint import add_joint, fit_jointly, joined
from musrcu.cli.profiles import add_profiles, follow, pictures
from musrcu.cli.robust import add_robust, fit_budget
from musrcu.cli.saved import print_and_save
from musrcu.cli.saved_picture import draw, visible
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import RUNS, Files, UsageError, add_data, reduction_text, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.comparison.residual_tests import ResidualTests
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.counts import Counts
    from musrcu.containers.run import Run
    from musrcu.fitting.result import FitResult
    from musrcu.reduction.recipe import Reduction


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu fit``."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help=RUNS)
    add_data(parser)
    options.add_fit(parser, f"default: {options.DEFAULT_MODEL}", cost=options.COSTS)
    histograms.add_detectors(parser)
    add_joint(parser)
    add_robust(parser)
    add_profiles(parser)
    options.add_reduction(parser)
    options.add_output(parser, "write the result as JSON")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="picture: .png, .pdf or .svg")


def run(arguments: Namespace) -> int:
    """Fit each run, its histograms, or repeat saved fits, as the words ask."""
    if repeat.asked_for(arguments.runs):
        return repeat.run(arguments)
    if histograms.asked_for(arguments):
        return histograms.run(arguments)
    return _run(arguments)


def _run(arguments: Namespace) -> int:
    """Fit each run; one that cannot be read or set up does not stop the others."""
    from musrcu.readers.registry import read

    files = Files(arguments.runs, arguments.data)
    _check(arguments, files)
    if joined(arguments):
        return fit_jointly(arguments, files)
    recipe = options.recipe(arguments)
    results, drawable = [], []
    for path in files.paths:
        try:
            raw = read(path)
            data, result = fitted(raw, recipe, arguments)
        except MusrcuError as error:
            files.fail(error)
            continue
        left = _left(data, result)
        saved = result.identified().to_dict()
        saved["residuals"] = None if left is None else left.to_dict()
        results.append((result.valid, saved))
        if not arguments.json:
            taken = {name: getattr(data.run, name) for name in ("temperature", "warnings")}
            shown = raw.replace(**taken) if recipe.temperature_log else raw
            text = report(shown, data, result, asked=arguments.model is not None)
            say(text if left is None else f"{text}  {left.summary()}\n")
        if arguments.robust:
            saved["robustness"] = _robust(raw, recipe, result, arguments)
        saved |= follow(data, result, arguments, files)
        if arguments.plot is not None:
            drawable.append((data, raw, result))
    print_and_save([saved for _, saved in results], arguments, several=files.several)
    for data, raw, result in drawable:
        draw([(visible(raw, recipe, result, data), result)], arguments)
    if files.failures:
        return 1
    return 0 if all(valid for valid, _ in results) else 3


def _robust(
    raw: Run, recipe: Reduction, result: FitResult, arguments: Namespace
) -> dict[str, Any] | None:
    """The budget of a fit, printed; as plain data, None where there is none."""
    from musrcu.fitting.cost import AsymmetryCost

    given = {"model": arguments.model or options.DEFAULT_MODEL, **options.given_fit(arguments)}
    if result.cost == AsymmetryCost.name:
        found, why = fit_budget(raw, recipe, given)
    else:
        found, why = None, "no systematic errors: the counts were fitted (use --cost asymmetry)"
    if not arguments.json:
        say((why if found is None else found.summary()) + "\n")
    return None if found is None else found.to_dict()


def fitted(
    run: Run, recipe: Reduction, arguments: Namespace
) -> tuple[Asymmetry | Counts, FitResult]:
    """The asymmetry or the counts of a run, and the fit that was asked for."""
    from musrcu.analysis.chosen_cost import fit_run

    model = arguments.model or options.DEFAULT_MODEL
    return fit_run(run, recipe, model, arguments.cost, **options.given_fit(arguments))


def _left(data: Asymmetry | Counts, result: FitResult) -> ResidualTests | None:
    """Whether the residuals are noise; None where a fit has none."""
    from musrcu.comparison.residual_tests import test_residuals

    try:
        return test_residuals(data, result)
    except MusrcuError:
        return None


def report(run: Run, data: Asymmetry | Counts, result: FitResult, *, asked: bool) -> str:
    """The run, every step and default behind what was fitted, start values, and the result."""
    lines = [str(run), reduction_text(data)]
    if not asked:
        lines.append(f"model: none given, so {result.model} (choose with --model)")
    if result.start:
        start = ", ".join(f"{name} = {value:.4g}" for name, value in result.start.items())
        lines.append(f"minimum found from: {start}")
    return "\n".join([*lines, result.summary(), ""])


def _check(arguments: Namespace, files: Files) -> None:
    """Refuse what would fail after the work."""
    check_targets(
        [*files.paths, arguments.calibration, *(arguments.functions or ())],
        force=arguments.force,
        json=[arguments.output],
        pictures=[arguments.plot, *pictures(arguments)],
    )
    if arguments.plot is not None and files.several and not joined(arguments):
        raise MusrcuError("--plot draws one run; name one, or use musrcu plot for several")
    if pictures(arguments) and files.several:
        raise MusrcuError("--profile and --contour draw the fit of one run; name one")
    if arguments.robust and arguments.cost not in ("auto", "asymmetry"):
        raise UsageError(
            f"fit: --robust repeats fits of the asymmetry; leave out --cost {arguments.cost}"
        )
