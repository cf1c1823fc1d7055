"""Four ways to alpha on thrown transverse-field runs: means, scatter, quoted errors, pulls.

    python benchmarks/alpha_methods.py [sets]        # 400

alpha = 1.3, A = 0.22, lambda = 0.1 /us, phi = 0.2 rad, 1000 bins of 10 ns, no background. Three
cases: many turns, one and a half turns in 10 us, few counts. The thrower below is NumPy only. The
seed was fixed before the first look.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import musrcu as mu

SEED = 20261122
ALPHA, TOTAL, RATE, PHASE = 1.3, 0.22, 0.1, 0.2
LIFETIME = 2.1969811
BINS, WIDTH = 1000, 0.01
CASES = ((1e6, 2.7), (1e6, 0.15), (2e4, 2.7))
METHODS = ("sum", "zero", "cosine", "counts", "counts, background free")


def throw(rng: np.random.Generator, events: float, nu: float) -> np.ndarray:
    """(2, BINS) counts of forward and backward."""
    t = (np.arange(BINS) + 0.5) * WIDTH
    a = TOTAL * np.exp(-RATE * t) * np.cos(2 * np.pi * nu * t + PHASE)
    root = np.sqrt(ALPHA)
    mean = np.exp(-t / LIFETIME) * np.array([root * (1 + a), (1 - a) / root])
    return rng.poisson(events * mean / mean.sum())


def as_run(counts: np.ndarray) -> mu.Run:
    """A run that begins half a bin before its first bin's centre."""
    return mu.Run(
        counts=counts[None],
        bin_width=WIDTH,
        t0=np.zeros(2),
        first_good=np.zeros(2, dtype=int),
        last_good=np.full(2, BINS - 1),
        labels=("1", "2"),
        source="continuous",
    )


def measured(run: mu.Run, method: str) -> tuple[float, float] | str:
    """(alpha, its error), or the sentence by which it is refused."""
    name, _, free = method.partition(", ")
    background = "fit" if free else {"given": (0.0, 0.0)}
    recipe = mu.Reduction(forward="1", backward="2", packing=1, background=background)
    try:
        found = mu.calibrate(run, recipe, method=name)
    except mu.MusrcuError as error:
        return str(error)
    return found.alpha, found.alpha_error


def main(sets: int) -> None:
    """Throw, calibrate and print."""
    print("events     nu    method                    mean     sd       quoted   pull  width  ms")
    for events, nu in CASES:
        runs = [
            as_run(throw(np.random.default_rng((SEED, int(events), int(1e3 * nu), k)), events, nu))
            for k in range(sets)
        ]
        for method in METHODS:
            begin = time.perf_counter()
            found = [measured(run, method) for run in runs]
            each = 1e3 * (time.perf_counter() - begin) / sets
            kept = np.array([one for one in found if not isinstance(one, str)])
            place = f"{events:<9.0e} {nu:5.2f}  {method:<24}"
            if not len(kept):
                print(f"{place}  refused: {found[0]}")
                continue
            refused = f"  ({sets - len(kept)} refused)" if len(kept) < sets else ""
            pulls = (kept[:, 0] - ALPHA) / kept[:, 1]
            means = (
                f"{kept[:, 0].mean():.5f}  {kept[:, 0].std(ddof=1):.5f}  {kept[:, 1].mean():.5f}"
            )
            spread = f"{pulls.mean():+5.2f}  {pulls.std(ddof=1):.2f}"
            print(f"{place}  {means}  {spread}  {each:5.1f}{refused}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
