"""Pull study of the main job: a thousand simulated scans, from counts to nu0, T_N and beta.

    python benchmarks/pulls.py                      # 1000 scans at 2e7 and at 2e6 events a run
    python benchmarks/pulls.py --scans 50 --events 2e6

The truth is thrown by ``truth.py``, which imports nothing of musrcu. A pull is the root of the
likelihood, sign(fit - truth) sqrt(chi2 with the parameter held at its truth - chi2 of the fit),
which is standard normal if errors are right. Rule: |mean| < 0.03 + 3.5 / sqrt(n) and
|width - 1| < 0.03 + 3.5 / sqrt(2 n). The seed was fixed before the first look.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import truth

import musrcu as mu
from musrcu.analysis.order_parameter import likelihood_root
from musrcu.containers.temperature import Sensor, from_sensors

SEED = 20261122
SET_POINTS = (
    0.020, 0.030, 0.040, 0.050, 0.060, 0.070, 0.080, 0.085, 0.090, 0.095,
    0.098, 0.100, 0.102, 0.103, 0.104, 0.106, 0.108, 0.112, 0.120, 0.130,
)  # fmt: skip
TRUTH = {"nu0": truth.NU0, "T_N": truth.T_N, "beta": truth.BETA}


def as_run(counts: np.ndarray, temperature: float, spread: float, number: int) -> mu.Run:
    """The arrays of one thrown run as a Run."""
    sensor = Sensor("sample", float(temperature), float(spread) or None, truth.READINGS)
    t0 = np.array([truth.T0_BACK, truth.T0_FORW])
    return mu.Run(
        counts=counts[None],
        bin_width=truth.DT,
        t0=t0,
        first_good=t0 + truth.FIRST_GOOD,
        last_good=np.full(2, truth.LAST_GOOD),
        labels=("Back", "Forw"),
        source="continuous",
        facility="PSI",
        instrument="LTF",
        number=number,
        temperature=from_sensors(None, (sensor,)),
    )


def one_scan(index: int, events: float, seed: int) -> dict[str, float | str]:
    """Roots of one scan, or why there are none."""
    thrown = truth.throw(np.array(SET_POINTS), events, (seed, int(events), index))
    columns = zip(thrown.counts, thrown.temperature, thrown.temperature_spread, strict=True)
    runs = [as_run(*column, number) for number, column in enumerate(columns, 1)]
    scan = mu.fit_scan(runs, mu.Reduction(alpha=truth.ALPHA))
    wrong = sum(
        (run.verdict == "ordered") != (true < truth.T_N) or run.verdict == "undecided"
        for run, true in zip(
            sorted(scan.runs, key=lambda run: run.run or 0), thrown.true_temperature, strict=True
        )
    )
    order = mu.fit_order_parameter(scan, alpha=truth.EXPONENT)
    if not order.valid:
        return {"reason": order.reason, "wrong": wrong}
    roots = {name: likelihood_root(order, name, value) for name, value in TRUTH.items()}
    fitted = {f"{name} fit": getattr(order, name).value for name in TRUTH}
    errors = {f"{name} error": getattr(order, name).error for name in TRUTH}
    return {**roots, **fitted, **errors, "wrong": wrong}


def report(results: list[dict], events: float) -> None:
    """The table of one level of statistics."""
    good = [result for result in results if "reason" not in result]
    n = len(good)
    wrong = sum(int(result["wrong"]) for result in results)
    print(f"\n{events:.0e} events a run: {len(results)} scans, {n} valid, {wrong} wrong verdicts")
    for reason in {result["reason"] for result in results if "reason" in result}:
        print(f"  not valid: {reason}")
    mean_limit, width_limit = 0.03 + 3.5 / np.sqrt(n), 0.03 + 3.5 / np.sqrt(2 * n)
    print("| parameter | mean fit | sd of fits | mean error | pull mean | pull width | rule |")
    print("|---|---|---|---|---|---|---|")
    for name in TRUTH:
        roots = np.array([result[name] for result in good])
        fits = np.array([result[f"{name} fit"] for result in good])
        # at the bound of a run without order T_N has no symmetric error
        error = np.nanmean([result[f"{name} error"] for result in good])
        mean, width = roots.mean(), roots.std(ddof=1)
        holds = abs(mean) < mean_limit and abs(width - 1) < width_limit
        print(
            f"| {name} | {fits.mean():.5f} | {fits.std(ddof=1):.5f} | {error:.5f} | {mean:+.3f} | "
            f"{width:.3f} | {'holds' if holds else 'BROKEN'} |"
        )
    print(f"limits: |mean| < {mean_limit:.3f}, |width - 1| < {width_limit:.3f}")


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scans", type=int, default=1000)
    parser.add_argument("--events", type=float, nargs="+", default=[2e7, 2e6])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.workers) as pool:
        for events in options.events:
            begin = time.perf_counter()
            work = partial(one_scan, events=events, seed=options.seed)
            results = list(pool.map(work, range(options.scans), chunksize=4))
            report(results, events)
            print(f"{time.perf_counter() - begin:.0f} s with {options.workers} workers")


if __name__ == "__main__":
    main()
