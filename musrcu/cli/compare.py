"""Compare models of one run, or count its lines; several runs are taken one by one.

Examples:

  musrcu compare run.bin --model "exponential + constant" --model "gaussian + constant"
  musrcu compare run.bin --lines 4 --jobs 2
  musrcu compare run.bin --lines 2 --line cosine --model "exponential + constant" --seed 1
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from musrcu.cli import options, values
from musrcu.cli.saved import print_and_save
from musrcu.cli.targets import check_targets
from musrcu.cli.terminal import RUNS, Files, UsageError, add_data, reduction_text, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.comparison.comparison_result import Comparison
    from musrcu.comparison.line_count import LineCount
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.counts import Counts
    from musrcu.containers.run import Run

BACKGROUND = "exponential + constant"
"""What stands beside the lines where nothing is given."""
LINE = "damped_cosine"
REPLICAS = 200
LEAST_REPLICAS = 100
"""So many can show a probability below 0.01."""
COSTS = ("auto", "asymmetry", "poisson", "binomial")


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of ``musrcu compare``."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help=RUNS)
    add_data(parser)
    group = parser.add_argument_group("lines")
    group.add_argument(
        "--lines",
        metavar="N",
        type=values.count,
        help="count the lines, at most N, beside what --model gives",
    )
    group.add_argument("--line", metavar="EXPR", help=f"one line; default: {LINE}")
    group.add_argument(
        "--replicas",
        metavar="N",
        type=values.count,
        help=f"data sets thrown without each line (default {REPLICAS})",
    )
    group.add_argument("--seed", metavar="N", type=values.whole, help="of the replicas")
    group.add_argument("--jobs", metavar="N", type=values.count, help="processes (default 1)")
    options.add_fit(
        parser,
        f"once for each model; with --lines what stands beside them (default: {BACKGROUND})",
        cost=COSTS,
        several=True,
    )
    options.add_reduction(parser)
    options.add_output(parser, "write the comparison as JSON")


def run(arguments: Namespace) -> int:
    """Compare for each run; one that cannot be read or fitted does not stop the others."""
    from musrcu.readers.registry import read

    _check(arguments)
    files = Files(arguments.runs, arguments.data)
    check_targets(
        [*files.paths, arguments.calibration, *(arguments.functions or ())],
        force=arguments.force,
        json=[arguments.output],
    )
    recipe = options.recipe(arguments)
    content: list[dict[str, Any]] = []
    sound = True
    with _executor(arguments.jobs or 1) as executor:
        for path in files.paths:
            try:
                raw = read(path)
                data, found = _found(raw, recipe, arguments, executor)
            except MusrcuError as error:
                files.fail(error)
                continue
            content.append({"run": raw.number, "path": str(path), **found.to_dict()})
            sound &= _valid(found)
            if not arguments.json:
                say("\n".join([str(raw), reduction_text(data), found.summary(), ""]))
    print_and_save(content, arguments, several=files.several)
    if files.failures:
        return 1
    return 0 if sound else 3


def _check(arguments: Namespace) -> None:
    """Refuse words that do not go together."""
    models = arguments.model or []
    if arguments.lines is None:
        for name in ("line", "replicas", "seed", "jobs"):
            if getattr(arguments, name) is not None:
                raise UsageError(f"compare: --{name} belongs to --lines")
        if not models:
            raise UsageError("compare: give --model once for each model, or --lines")
    elif arguments.replicas is not None and arguments.replicas < LEAST_REPLICAS:
        raise UsageError(
            f"compare: --replicas must be {LEAST_REPLICAS} or more: fewer cannot show a "
            "probability below 0.01, where a line counts"
        )
    elif len(models) > 1:
        raise UsageError("compare: --lines takes one --model, what stands beside the lines")
    if arguments.minos is not None:
        raise UsageError("compare: --minos belongs to musrcu fit")


def _found(
    run: Run, recipe: Any, arguments: Namespace, executor: Any
) -> tuple[Asymmetry | Counts, Comparison | LineCount]:
    """What was fitted, and the comparison or the count of lines."""
    from musrcu.analysis.chosen_cost import fit_run
    from musrcu.comparison.compare import compare_models, shared_options
    from musrcu.comparison.count_lines import count_lines
    from musrcu.models.model import Model

    given = options.given_fit(arguments)
    models = arguments.model or [BACKGROUND]
    line, most = arguments.line or LINE, arguments.lines or 0
    counted = [Model(" + ".join([models[0], *[line] * k])) for k in range(most + 1)]
    asked = counted if arguments.lines else [Model(one) for one in models]
    # the cost that the counts allow is settled once, for all models
    data, _ = fit_run(run, recipe, asked[0], arguments.cost, **shared_options(asked, given)[0])
    if arguments.cost == "binomial":
        given["cost"] = arguments.cost
    if arguments.lines is None:
        return data, compare_models(data, models, **given)
    return data, count_lines(
        data, model=line, background=models[0], most=most, executor=executor,
        n=arguments.replicas or REPLICAS, seed=arguments.seed, **given,
    )  # fmt: skip


def _valid(found: Comparison | LineCount) -> bool:
    """Whether the comparison has a valid fit, or the count of lines ended with one."""
    fits = getattr(found, "fits", ())
    chosen = getattr(found, "fit", None)
    return bool(chosen.valid) if chosen is not None else any(one.valid for one in fits)


@contextmanager
def _executor(jobs: int) -> Iterator[Any]:
    """Processes that share the replicas; None for one job."""
    if jobs == 1:
        yield None
        return
    from musrcu.processes import processes

    with processes(jobs) as pool:
        yield pool
