"""Errors of joint fits: a thousand experiments of four runs, some of their parameters in common.

    python benchmarks/joint_pulls.py                     # 1000 of each kind, 2 workers
    python benchmarks/joint_pulls.py --runs 100 --kinds counts

An experiment is a line A exp(-lambda t) cos(2 pi nu t + phi) at four temperatures: A and phi are
the same in all runs, nu and lambda are not. Counts are thrown as those of ``cost_truth.py``, which
imports nothing of musrcu, 4.4e5 in each run. Kinds:

    asymmetry   chi-square, alpha and backgrounds known; A and phi shared
    counts      Poisson's likelihood; A, phi and an unknown alpha shared; N0, backgrounds local
    middle      the same with 1.1e4 counts a run

The fits start at the truth. Told are pulls of shared and of local parameters, and of the difference
of two frequencies, whose error needs what both have in common. Rule: |mean| < 0.03 + 3.5 / sqrt(n)
and |width - 1| < 0.03 + 3.5 / sqrt(2 n). The seed was fixed before the first look.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from typing import Any

import cost_report
import cost_truth
import numpy as np
from cost_pulls import as_run, recipe
from cost_truth import LEVELS, Law

import musrcu as mu

SEED = 20261207
AMPLITUDE, PHASE = 0.2, 6.0  # degrees
FREQUENCIES = (1.59, 1.45, 1.20, 0.85)  # MHz
RATES = (0.3, 0.35, 0.5, 0.8)  # 1/us
KINDS = {"asymmetry": "rich", "counts": "rich", "middle": "middle"}
"""Level of counts of each."""


@lru_cache
def means(level: str) -> list[np.ndarray]:
    """Mean counts of the four runs."""

    def line(t: np.ndarray, nu: float, rate: float) -> np.ndarray:
        turn = np.cos(2 * np.pi * nu * t + np.radians(PHASE))
        return np.asarray(AMPLITUDE * np.exp(-rate * t) * turn)

    laws = [
        Law("damped_cosine", {}, partial(line, nu=nu, rate=rate))
        for nu, rate in zip(FREQUENCIES, RATES, strict=True)
    ]
    return [cost_truth.means(law, LEVELS[level]) for law in laws]


def fitted(index: int, kind: str) -> mu.JointResult:
    """One experiment, fitted."""
    name = KINDS[kind]
    level = LEVELS[name]
    rng = np.random.default_rng((SEED, list(KINDS).index(kind), index))
    runs = [as_run(rng.poisson(mean)) for mean in means(name)]
    start: dict[str, Any] = {
        "A1": AMPLITUDE, "phi1": PHASE, "nu1": FREQUENCIES, "lambda1": RATES,
    }  # fmt: skip
    if kind == "asymmetry":
        known = recipe(level, alpha=cost_truth.ALPHA, packing=1, t_max=11.0)
        data: list[Any] = [mu.reduce(run, known) for run in runs]
        shared, fixed = ("A1", "phi1"), {}
    else:
        free = recipe(level, packing=1, background="fit")
        data = [mu.reduce_counts(run, free) for run in runs]
        shared, fixed = ("A1", "phi1", "alpha"), {"detector_beta": 1.0}
        start |= {"alpha": cost_truth.ALPHA, "N0": level.n0, "b_F": level.flat, "b_B": level.flat}
    return mu.joint_fit(
        data, "damped_cosine", shared=shared, start=start, fixed=fixed, t_range=(0.0, 10.0),
        average_bins=True, max_asymmetry=1.0,
    )  # fmt: skip


def one(index: int, kind: str) -> dict[str, Any]:
    """Values and errors of one experiment, as :mod:`cost_report` takes them."""
    result = fitted(index, kind)
    found = {name: [one.value, one.error] for name, one in result.shared.items() if not one.fixed}
    names, matrix = result.covariance()
    for name in ("nu1", "lambda1", *(("N0", "b_B") if kind != "asymmetry" else ())):
        for run, (value, error) in enumerate(zip(*result.local(name), strict=True), 1):
            found[f"{name} of run {run}"] = [float(value), float(error)]
    first, last = result.runs[0]["nu1"].value, result.runs[-1]["nu1"].value
    places = [k for k, name in enumerate(names) if name.startswith("nu1")]
    pair = matrix[np.ix_(places, places)][[0, 0, -1, -1], [0, -1, 0, -1]]
    found["nu1, first less last"] = [first - last, float(np.sqrt(pair @ [1, -1, -1, 1]))]
    return {
        "seed": index,
        "valid": result.valid,
        "reason": result.reason,
        "chi2": result.chi2,
        "ndof": result.ndof,
        "parameters": found,
    }


def truth(kind: str) -> dict[str, float]:
    """The truth by name."""
    level = LEVELS[KINDS[kind]]
    values = {"A1": AMPLITUDE, "phi1": PHASE, "alpha": cost_truth.ALPHA}
    for run, (nu, rate) in enumerate(zip(FREQUENCIES, RATES, strict=True), 1):
        values |= {f"nu1 of run {run}": nu, f"lambda1 of run {run}": rate}
        values |= {f"N0 of run {run}": level.n0, f"b_B of run {run}": level.flat}
    return values | {"nu1, first less last": FREQUENCIES[0] - FREQUENCIES[-1]}


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print("limits: |mean| < {:.3f}, |width - 1| < {:.3f}".format(*cost_report.limits(options.runs)))
    with ProcessPoolExecutor(options.workers) as pool:
        for kind in options.kinds:
            begin = time.perf_counter()
            fits = list(pool.map(partial(one, kind=kind), range(options.runs), chunksize=10))
            case = cost_report.case("four runs", KINDS[kind], kind, fits, truth(kind))
            print(f"\n{cost_report.told(case)}")
            print(f"{time.perf_counter() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
