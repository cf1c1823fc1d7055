"""Systematic errors for ``musrcu fit --robust`` and ``musrcu scan --robust``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from musrcu.cli.values import count
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.analysis.scan_file import ScanFile
    from musrcu.containers.run import Run
    from musrcu.reduction.recipe import Reduction
    from musrcu.systematics.robustness_result import Robustness

FEW_RUNS = 3
"""So many runs are done sooner than copies of a process are made."""
FEW_RUNS_ELSEWHERE = 30
"""The same where a process has to begin anew."""


def add_robust(parser: ArgumentParser) -> None:
    """``--robust`` and ``--jobs``."""
    group = parser.add_argument_group("systematic errors")
    group.add_argument(
        "--robust",
        action="store_true",
        help="repeat all with t0, first good bin, packing, background, alpha, dead time, range and "
        "model changed, one at a time; what the shifts are worth, item by item",
    )
    group.add_argument(
        "--jobs", metavar="N", type=count, help="processes for a scan; default: all processors"
    )


@contextmanager
def workers(jobs: int | None, n_runs: int) -> Iterator[Any]:
    """An executor for the runs of a scan; None where one process is done sooner.

    Parameters
    ----------
    jobs : processes; None takes as many as there are processors.
    n_runs : how many runs there are.
    """
    from musrcu.forks import Forks, can_fork, processors

    jobs = min(jobs or processors(), n_runs)
    if jobs == 1 or n_runs <= (FEW_RUNS if can_fork() else FEW_RUNS_ELSEWHERE):
        yield None
    elif can_fork():
        yield Forks(jobs)
    else:
        from musrcu.models.functions_file import functions_files, load_all
        from musrcu.processes import processes

        with processes(jobs, load_all, (functions_files(),)) as pool:
            yield pool


def fit_budget(
    run: Run, recipe: Reduction, given: Mapping[str, Any]
) -> tuple[Robustness | None, str]:
    """The budget of one fit, or why there is none."""
    from musrcu.systematics.robustness import robustness

    options = {name: value for name, value in given.items() if name not in ("minos", "cost")}
    try:
        return robustness(run, recipe, **options), ""
    except MusrcuError as error:
        return None, f"no systematic errors: {error}"


def scan_budget(plan: ScanFile, jobs: int | None) -> tuple[Robustness | None, str]:
    """The budget of a scan and its order parameter, or why there is none."""
    from musrcu.systematics.robustness import robustness

    options = {
        name: value for name, value in plan.fit.items() if name not in ("minos", "ordered", "cost")
    }
    if "ordered" in plan.fit:
        options["model"] = plan.fit["ordered"]
    options |= {**(plan.order or {}), "progress": sys.stderr.isatty()}
    try:
        with workers(jobs, len(plan.data)) as executor:
            return robustness(plan.data, plan.recipe, executor=executor, **options), ""
    except MusrcuError as error:
        return None, f"no systematic errors: {error}"
