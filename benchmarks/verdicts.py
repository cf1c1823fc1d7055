"""How often a run is called ordered or not: thrown runs below and above T_N.

    python benchmarks/verdicts.py                   # 300 runs at each of four temperatures

"Undecided" counts as wrong. The truth comes from ``truth.py``, which imports nothing of musrcu.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import truth
from pulls import as_run

import musrcu as mu

SEED = 20261123
RATIOS = (0.90, 0.98, 1.02, 1.10)


def one_run(index: int, ratio: float, events: float, rate_above: float) -> str:
    """The verdict on one thrown run."""
    thrown = truth.throw(
        np.array([ratio * truth.T_N]),
        events,
        (SEED, int(1000 * ratio), int(events), index),
        jitter=0.0,
        rate_above=rate_above,
    )
    run = as_run(thrown.counts[0], thrown.temperature[0], thrown.temperature_spread[0], index)
    return mu.fit_scan([run], mu.Reduction(alpha=truth.ALPHA)).runs[0].verdict


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--events", type=float, default=2e6)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate-above", type=float, default=truth.RATE_ABOVE)
    options = parser.parse_args()
    print(f"{options.runs} runs of {options.events:.0e} events at each temperature")
    print("| T/T_N | ordered | not ordered | undecided | failed | right |")
    print("|---|---|---|---|---|---|")
    with ProcessPoolExecutor(options.workers) as pool:
        for ratio in RATIOS:
            work = partial(
                one_run, ratio=ratio, events=options.events, rate_above=options.rate_above
            )
            counts = Counter(pool.map(work, range(options.runs), chunksize=4))
            right = counts["ordered" if ratio < 1 else "not ordered"] / options.runs
            print(
                f"| {ratio:.2f} | {counts['ordered']} | {counts['not ordered']} | "
                f"{counts['undecided']} | {counts['failed']} | {100 * right:.1f} % |"
            )


if __name__ == "__main__":
    main()
