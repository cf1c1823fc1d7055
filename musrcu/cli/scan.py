"""Fit every run of a temperature scan, decide which are ordered, then nu0, T_N and beta.

Examples:

  musrcu scan scan.toml
  musrcu scan "ltf_{0001-0020}.bin" --calibration tf_run.bin --range 0.02,8 -o scan.json

Options that are typed replace those of the scan file.
"""

from __future__ import annotations

import math
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options
from musrcu.cli.exchange_lines import add_exchange, exchange_of
from musrcu.cli.one_step import last_lines, not_for_one_step, one_step_of
from musrcu.cli.robust import add_robust, scan_budget, workers
from musrcu.cli.saved import recipe_to_dict
from musrcu.cli.scan_figure import draw
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import UsageError, add_data, dumps, say
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, write_text

if TYPE_CHECKING:
    from musrcu.analysis.scan_file import ScanFile
    from musrcu.analysis.scan_result import Scan
    from musrcu.direct.result import DirectOrder


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu scan``."""
    parser.add_argument(
        "runs", metavar="RUN|SCAN.toml", nargs="+", help="runs, or one file of musrcu init"
    )
    add_data(parser)
    costs = [name for name in options.COSTS if name not in ("auto", "histograms")]
    options.add_fit(parser, f"with precession; default: {options.DEFAULT_MODEL}", cost=costs)
    parser.set_defaults(cost=None)  # that of a scan file stays
    options.add_paramagnetic(parser)
    options.add_order(parser)
    add_exchange(parser)
    add_robust(parser)
    options.add_reduction(parser)
    options.add_output(parser, "write the scan: the fitted table as .csv, else everything as JSON")
    figure = parser.add_mutually_exclusive_group()
    figure.add_argument(
        "--plot", metavar="FILE", type=Path, help="figure; default: <name of the scan>_order.png"
    )
    figure.add_argument("--no-plot", action="store_true", help="no figure")


def run(arguments: Namespace) -> int:
    """Fit the scan, print its table and the order parameter, and draw it."""
    from musrcu.output.table import write_scan

    figure = _figure(arguments)
    plan = planned(arguments)
    _refuse_together(arguments, plan)
    check_targets(
        inputs(arguments, plan),
        force=arguments.force,
        files=[arguments.output],
        pictures=[figure],
    )
    scan, problem, direct = fitted(plan, progress=sys.stderr.isatty(), jobs=arguments.jobs)
    # printed before anything is written, so that a full disk costs no result
    more, lines = exchange_of(direct or scan.order, plan.J)
    last = ["", *_last_lines(scan, problem), *_one_step_lines(direct, plan), *lines]
    more |= {} if direct is None else {"direct": direct.to_dict()}
    if not arguments.json:
        say("\n".join([scan.summary(), *last]))
    if arguments.robust:
        found, why = scan_budget(plan, arguments.jobs)
        more["robustness"] = None if found is None else found.to_dict()
        problem = problem or why
        if not arguments.json:
            say("\n" + (why if found is None else found.summary()))
    table = arguments.output is not None and arguments.output.suffix == ".csv"
    if arguments.json or (arguments.output is not None and not table):
        saved = dumps({**scan.to_dict(), "recipe": recipe_to_dict(plan.recipe), **more})
    if arguments.json:
        say(saved)
    sys.stdout.flush()
    written = []
    if arguments.output is not None:
        if table:
            write_scan(scan, arguments.output, overwrite=arguments.force)
        else:
            write_text(arguments.output, saved + "\n", overwrite=arguments.force)
        written.append(f"saved: {arguments.output}")
    if figure is not None:
        written.append(draw(scan, plan.recipe, figure, overwrite=arguments.force, law=direct))
    if written and not arguments.json:
        say("\n".join(written))
    return 0 if _all_valid(scan, plan, direct) and not problem else 3


def planned(arguments: Namespace) -> ScanFile:
    """The scan file, or one made of runs, with the options that were typed over it."""
    import dataclasses

    from musrcu.analysis.scan_file import ScanFile
    from musrcu.readers.find import find_runs
    from musrcu.reduction.recipe import Reduction

    first = arguments.runs[0]
    if first.endswith(".toml"):
        if len(arguments.runs) > 1:
            raise MusrcuError(f"{first} and {arguments.runs[1]}: name one scan file, or runs")
        plan = ScanFile.load(first, data=arguments.data)
    else:
        found = [find_runs(pattern, data=arguments.data) for pattern in arguments.runs]
        runs = dict.fromkeys(path for paths in found for path in paths)
        plan = ScanFile(data=tuple(runs), recipe=Reduction(), fit={}, order={})
    typed = options.given_fit(arguments)
    for name in ("start", "fixed", "limits", "ties", "constraints"):
        if name in typed:
            typed[name] = {**plan.fit.get(name, {}), **typed[name]}
    given = {"ordered": arguments.model, "paramagnetic": arguments.paramagnetic}
    given["cost"] = arguments.cost
    typed |= {name: value for name, value in given.items() if value is not None}
    order = options.given_order(arguments)
    return dataclasses.replace(
        plan,
        recipe=options.recipe(arguments, plan.recipe),
        fit={**plan.fit, **typed},
        order={**plan.order, **order} if plan.order is not None else order or None,
        J=arguments.J or plan.J,
    )


def _refuse_together(arguments: Namespace, plan: ScanFile) -> None:
    cost = plan.fit.get("cost", "asymmetry")
    if arguments.robust and cost != "asymmetry":
        raise UsageError(f"scan: --robust repeats fits of the asymmetry; leave out the cost {cost}")


def inputs(arguments: Namespace, plan: ScanFile) -> list[PathLike | None]:
    """Every file that the scan is made from."""
    from musrcu import toml

    inputs = [*plan.data, *plan.functions, arguments.calibration, *(arguments.functions or ())]
    first = Path(arguments.runs[0])
    if arguments.runs[0].endswith(".toml"):
        named = toml.load(first)["data"].get("calibration")
        inputs += [first, None if named is None else first.parent / named]
    return inputs


def fitted(
    plan: ScanFile, *, progress: bool, jobs: int | None = 1
) -> tuple[Scan, str, DirectOrder | None]:
    """The scan with its order parameter, why there is none (empty where there is one), and the fit
    of all its spectra where that was asked for."""
    import dataclasses

    from musrcu.ordering.two_step import fit_order_parameter

    direct = one_step_of(plan, {}, progress=progress, jobs=jobs) if plan.direct else None
    if direct is not None and direct.scan is not None:
        scan = direct.scan
    else:
        with workers(jobs, len(plan.data)) as executor:
            scan = dataclasses.replace(plan, order=None).run(executor=executor, progress=progress)
    _refuse_nothing(scan)
    if plan.order is None:
        return scan, "", direct
    choice: dict[str, Any] = {"parameter": scan.parameter, **plan.order}
    if choice.get("alpha") == "free":
        choice["alpha"] = None
    try:
        return scan.with_order(fit_order_parameter(scan, **choice)), "", direct
    except MusrcuError as error:
        return scan, str(error), direct


def _refuse_nothing(scan: Scan) -> None:
    """Raise an error where no run at all reached a fit."""
    if all(one.ordered is None and one.paramagnetic is None for one in scan.runs):
        why = scan.runs[0].why
        raise MusrcuError(why if len(scan.runs) == 1 else f"no run could be fitted; first: {why}")


def _figure(arguments: Namespace) -> Path | None:
    """Where the figure goes; None where none is wanted."""
    if arguments.no_plot or (arguments.json and arguments.plot is None):
        return None
    if arguments.plot is not None:
        return Path(arguments.plot)
    first = Path(arguments.runs[0])
    return Path(f"{first.stem if first.suffix == '.toml' else 'scan'}_order.png")


def _last_lines(scan: Scan, problem: str) -> list[str]:
    if problem:
        return [f"no order parameter: {problem}"]
    if scan.order is None:
        return []
    if not math.isfinite(scan.order.T_N.value):
        return [f"no order parameter: {scan.order.reason}"]
    lines = [str(scan.order.T_N), str(scan.order.beta)]
    return lines if scan.order.valid else [*lines, f"NOT VALID: {scan.order.reason}"]


def _one_step_lines(direct: DirectOrder | None, plan: ScanFile) -> list[str]:
    """The fit of all spectra, below the two steps."""
    if direct is None:
        return []
    from musrcu.direct.report import report

    return ["", report(direct, reduced=False), *not_for_one_step(plan), "", *last_lines(direct)]


def _all_valid(scan: Scan, plan: ScanFile, direct: DirectOrder | None) -> bool:
    fits = [one.result is not None and one.result.valid for one in scan.runs]
    if direct is not None and not direct.valid:
        return False
    return all(fits) and (plan.order is None or (scan.order is not None and scan.order.valid))
