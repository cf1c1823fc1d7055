"""Which cost of a fit has right errors where: a thousand simulations of every case.

    python benchmarks/cost_pulls.py                        # 1000 of each case, 2 workers
    python benchmarks/cost_pulls.py --runs 100 --laws cosine --levels rich --ways poisson
    python benchmarks/cost_pulls.py --no-start --runs 200  # start values are searched
    python benchmarks/cost_pulls.py --keep DIR             # begun before: continue

A case is a model of the asymmetry, a level of counts and a way to fit them. Counts are thrown by
``cost_truth.py``, which imports nothing of musrcu; all ways are given the same counts. Ways:

    asymmetry       chi-square on an asymmetry of single bins; bins with an empty group dropped
    asymmetry, 20   the same with the default bins and late cut: 20 counts in each group
    poisson         likelihood of both groups; alpha and backgrounds known, as an asymmetry has them
    poisson, free   the same with backgrounds free, and alpha where the model has no constant
    binomial        how the counts divide into forward and backward; alpha and backgrounds known
    histogram       likelihood of forward alone, its N0 and background free, a constant known
    pearson, neyman chi-squares of counts as other programs have them; backgrounds free

The fits start at the truth, except with ``--no-start``, so that the study is one of errors and
not of the search. Told are

    pull    (fit - truth) / error of the valid fits that state one
    root    sign(fit - truth) sqrt(C(parameter held at its truth) - C(minimum)) of all fits, which
            is normal where the interval up to C = C(minimum) + 1 (MINOS) covers 68.3 %

Rule: |mean| < 0.03 + 3.5 / sqrt(n) and |width - 1| < 0.03 + 3.5 / sqrt(2 n), n simulations; pulls
hold where 99 % of the fits are valid and state their errors besides. The seed was fixed before the
first look.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import cost_report
import cost_truth
import numpy as np
from cost_truth import LAWS, LEVELS, Law, Level

import musrcu as mu
from musrcu.fitting.fitted_data import fitted_data
from musrcu.fitting.minimise import descend
from musrcu.fitting.request import Request, settled

SEED = 20261206
RANGE = (0.0, 10.0)  # µs
ROOTED = ("asymmetry", "poisson", "poisson, free", "binomial", "histogram")
"""Ways whose roots are computed; of poor counts the first two."""
EXPERIMENT = ("N0", "alpha", "b_F", "b_B", "b")
"""Parameters behind the model."""


def as_run(counts: np.ndarray) -> mu.Run:
    """Thrown counts as a Run."""
    first = cost_truth.BEFORE
    return mu.Run(
        counts=counts[None],
        bin_width=cost_truth.DT,
        t0=np.full(2, first - 0.5),
        first_good=np.full(2, first),
        last_good=np.full(2, first + cost_truth.BINS - 1),
        labels=("Forw", "Back"),
        source="continuous",
        facility="PSI",
        number=1,
    )


def recipe(level: Level, **options: Any) -> mu.Reduction:
    """Forward and backward with the true background, where ``options`` say nothing else."""
    known = {"given": (level.flat, level.flat)}
    return mu.Reduction(**{"forward": [1], "backward": [2], "background": known, **options})


Data = mu.Asymmetry | mu.Counts | mu.Histogram
Set = tuple[Data, dict[str, Any]]
"""Data, and what the fit is told besides: the truth of its parameters first."""


def asymmetry(law: Law, level: Level, run: mu.Run, *, default: bool = False) -> Set:
    """An asymmetry with alpha and backgrounds known; ``default`` bins hold 20 counts."""
    binning = {} if default else {"packing": 1, "t_max": RANGE[1] + 1}
    reduced = mu.reduce(run, recipe(level, alpha=cost_truth.ALPHA, **binning))
    return reduced, {"start": dict(law.truth)}


def counts(
    law: Law, level: Level, run: mu.Run, *, free: bool = False, cost: str = "poisson"
) -> Set:
    """Counts of both groups; ``free`` has unknown backgrounds, and alpha where it can be found."""
    alpha = None if free and "A_bg" not in law.truth else cost_truth.ALPHA
    options: dict[str, Any] = {"background": "fit"} if free else {}
    reduced = mu.reduce_counts(run, recipe(level, alpha=alpha, packing=1, **options))
    start = {**law.truth, "N0": level.n0}
    if alpha is None:
        start["alpha"] = cost_truth.ALPHA
    if free:
        start |= {"b_F": level.flat, "b_B": level.flat}
    return reduced, {"start": start, "fixed": {"detector_beta": 1.0}, "cost": cost}


def histogram(law: Law, level: Level, run: mu.Run) -> Set:
    """Counts of forward alone, whose N0 is that of a constant too."""
    options = mu.Reduction(packing=1, background="fit")
    reduced = mu.reduce_histograms(run, options, {"Forw": [1]})[0]
    start = {**law.truth, "N0": level.n0 * np.sqrt(cost_truth.ALPHA), "b": level.flat}
    fixed = {"A_bg": start.pop("A_bg")} if "A_bg" in start else {}
    return reduced, {"start": start, "fixed": fixed}


WAYS: dict[str, Callable[[Law, Level, mu.Run], Set]] = {
    "asymmetry": asymmetry,
    "asymmetry, 20": partial(asymmetry, default=True),
    "poisson": counts,
    "poisson, free": partial(counts, free=True),
    "binomial": partial(counts, cost="binomial"),
    "histogram": histogram,
    "pearson": partial(counts, free=True, cost="pearson"),
    "neyman": partial(counts, free=True, cost="neyman"),
}


def thrown(law: str, level: str, seed: int) -> mu.Run:
    """One simulation."""
    place = (SEED, list(LAWS).index(law), list(LEVELS).index(level), seed)
    return as_run(np.random.default_rng(place).poisson(means(law, level)))


@lru_cache
def means(law: str, level: str) -> np.ndarray:
    """Mean counts of a case."""
    return cost_truth.means(LAWS[law], LEVELS[level])


def one(
    seed: int, law: str, level: str, way: str, *, search: bool = False, rooted: bool = True
) -> dict[str, Any]:
    """One fit: its parameters as [value, error, root], and what it says of itself."""
    data, told = WAYS[way](LAWS[law], LEVELS[level], thrown(law, level, seed))
    truth = told["start"]
    if search:
        told = {**told, "start": None}
    options = {"t_range": RANGE, "average_bins": True, "max_asymmetry": 1.0}
    try:
        result = mu.fit(data, LAWS[law].expression, **told, **options)
    except mu.MusrcuError as error:
        return {"seed": seed, "valid": False, "reason": str(error), "parameters": {}}
    parameters = {name: [result[name].value, result[name].error] for name in truth}
    if result.chi2 is not None and rooted:
        found = roots(data, LAWS[law], told, truth, result, both=level == "poor")
        for name, root in found.items():
            parameters[name].append(root)
    return {
        "seed": seed,
        "valid": result.valid,
        "reason": result.reason,
        "chi2": result.chi2,
        "ndof": result.ndof,
        "parameters": parameters,
    }


def roots(
    data: Data, law: Law, told: dict[str, Any], truth: dict[str, float],
    result: mu.FitResult, *, both: bool,
) -> dict[str, float]:  # fmt: skip
    """Roots of the likelihood of every parameter of the model.

    Descents begin at the fit, and at the truth where nothing is held, the fit is not valid or
    ``both`` are wanted, as where minima are many: one that is not the lowest would show in a root.
    """
    window = fitted_data(data, RANGE, True, told.get("cost"))
    fitted = {name: result[name].value for name in truth}

    def lowest(fixed: dict[str, float]) -> float:
        found = []
        for values in (fitted,) if fixed and result.valid and not both else (fitted, truth):
            start = {name: value for name, value in values.items() if name not in fixed}
            request = Request(start=start, fixed={**told.get("fixed", {}), **fixed})
            ready = settled(window, mu.Model(law.expression), request)
            cost = window.cost(ready.freedom, ready.known)
            found.append(descend(cost, ready.freedom.start[cost.free], steps=40, tolerance=1e-4)[1])
        return min(found)

    held = {name: lowest({name: truth[name]}) for name in law.truth if name in truth}
    least = min(result.chi2, lowest({}), *held.values())
    distance = {name: fitted[name] - truth[name] for name in held}
    for name in distance:
        if name.startswith("phi"):
            distance[name] = (distance[name] + 180) % 360 - 180
    return {name: float(np.sign(distance[name]) * np.sqrt(held[name] - least)) for name in held}


def true_values(law: str, level: str, way: str) -> dict[str, float]:
    """The truth of every parameter that is free."""
    return WAYS[way](LAWS[law], LEVELS[level], thrown(law, level, 0))[1]["start"]


def known(path: Path, runs: int) -> dict[int, dict[str, Any]]:
    """Simulations that were fitted before, by seed."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {one["seed"]: one for one in map(json.loads, lines)}
    return {seed: one for seed, one in found.items() if seed < runs}


def cases(options: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    """Every case that was asked for."""
    for law in options.laws:
        for level in options.levels:
            for way in options.ways:
                yield law, level, way


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--laws", nargs="+", choices=LAWS, default=list(LAWS))
    parser.add_argument("--levels", nargs="+", choices=LEVELS, default=list(LEVELS))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--no-start", action="store_true", help="start values are searched")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="directory of what was fitted, to continue")
    options = parser.parse_args()
    keep = options.keep or Path(tempfile.mkdtemp())
    keep.mkdir(parents=True, exist_ok=True)
    most = cost_report.limits(options.runs)
    print("limits: |mean| < {:.3f}, |width - 1| < {:.3f}".format(*most), flush=True)
    told = []
    with ProcessPoolExecutor(options.workers) as pool:
        for law, level, way in cases(options):
            begin = time.perf_counter()
            path = keep / f"{law} {level} {way}{' searched' * options.no_start}.jsonl"
            found = known(path, options.runs)
            missing = [seed for seed in range(options.runs) if seed not in found]
            ways = ROOTED[:2] if level == "poor" else ROOTED
            work = partial(
                one,
                law=law,
                level=level,
                way=way,
                search=options.no_start,
                rooted=way in ways and not options.no_start,
            )
            with path.open("a", encoding="utf-8") as file:
                for result in pool.map(work, missing, chunksize=10):
                    found[result["seed"]] = result
                    file.write(json.dumps(result) + "\n")
                    file.flush()
            fits = [found[seed] for seed in sorted(found)]
            told.append(cost_report.case(law, level, way, fits, true_values(law, level, way)))
            print(f"\n{cost_report.told(told[-1])}")
            print(f"{time.perf_counter() - begin:.0f} s", flush=True)
    print(cost_report.summary(told))


if __name__ == "__main__":
    main()
