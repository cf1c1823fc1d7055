"""Pull study of the main job: a thousand simulated scans, from counts to nu0, T_N and beta.

    python benchmarks/pulls.py                      # 1000 scans at 2e7 and at 2e6 events a run
    python benchmarks/pulls.py --scans 50 --events 2e6
    python benchmarks/pulls.py --isis               # 300 scans of a pulsed source at 2e7 events

The truth is thrown by ``truth.py`` and ``isis_truth.py``, which import nothing of musrcu. A scan of
the pulsed source has its own detectors (efficiencies, dead times), and begins with its own 20 G run
for alpha. A pull is the root of the
likelihood, sign(fit - truth) sqrt(chi2 with the parameter held at its truth - chi2 of the fit),
which is standard normal if errors are right. Rule: |mean| < 0.03 + 3.5 / sqrt(n) and
|width - 1| < 0.03 + 3.5 / sqrt(2 n). The seed was fixed before the first look.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import isis_truth
import numpy as np
import truth

import musrcu as mu
from musrcu.containers.temperature import Sensor, from_sensors
from musrcu.ordering.two_step import likelihood_root

SEED = 20261122
SET_POINTS = (
    0.020, 0.030, 0.040, 0.050, 0.060, 0.070, 0.080, 0.085, 0.090, 0.095,
    0.098, 0.100, 0.102, 0.103, 0.104, 0.106, 0.108, 0.112, 0.120, 0.130,
)  # fmt: skip
ISIS_SET_POINTS = (
    2.0, 4.0, 6.0, 7.5, 8.5, 9.5, 10.3, 11.0, 11.5, 12.5, 13.0, 14.0, 16.0, 20.0,
)  # fmt: skip
ISIS_RANGE = (0.2, 10.0)  # µs: after the pulse


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


def isis_runs(thrown: isis_truth.Runs) -> list[mu.Run]:
    """The arrays of a thrown scan of a pulsed source as Runs."""
    t0 = np.full(thrown.counts.shape[1], isis_truth.TIME_ZERO / isis_truth.DT - 0.5)
    columns = zip(thrown.counts, thrown.temperature, thrown.temperature_spread, strict=True)
    runs = []
    for number, (counts, temperature, spread) in enumerate(columns, 1):
        sensor = Sensor("sample", float(temperature), float(spread) or None, isis_truth.READINGS)
        runs.append(
            mu.Run(
                counts=counts[None],
                bin_width=isis_truth.DT,
                t0=t0,
                first_good=np.ceil(t0).astype(int) + isis_truth.FIRST_GOOD,
                last_good=np.full(t0.size, isis_truth.BINS - 1),
                labels=("",) * t0.size,
                source="pulsed",
                facility="ISIS",
                instrument="EMU",
                number=number,
                temperature=from_sensors(None, (sensor,)),
                dead_time=thrown.detectors.dead_time[None],
                good_frames=np.array([isis_truth.FRAMES]),
                grouping=np.repeat([1, 2], t0.size // 2),
            )
        )
    return runs


def fitted(index: int, events: float, seed: int, isis: bool) -> tuple[mu.Scan, np.ndarray]:
    """One thrown scan, fitted, and the true temperatures of its runs."""
    if isis:
        thrown = isis_truth.throw(np.array(ISIS_SET_POINTS), events, (seed, int(events), index, 1))
        calibration = mu.calibrate(isis_runs(isis_truth.calibration(thrown, events))[0])
        recipe = mu.Reduction(calibration=calibration)
        scan = mu.fit_scan(isis_runs(thrown), recipe, t_range=ISIS_RANGE)
        return scan, thrown.true_temperature
    drawn = truth.throw(np.array(SET_POINTS), events, (seed, int(events), index))
    columns = zip(drawn.counts, drawn.temperature, drawn.temperature_spread, strict=True)
    runs = [as_run(*column, number) for number, column in enumerate(columns, 1)]
    return mu.fit_scan(runs, mu.Reduction(alpha=truth.ALPHA)), drawn.true_temperature


def law(isis: bool) -> dict[str, float]:
    """The true parameters of the order parameter."""
    source = isis_truth if isis else truth
    return {"nu0": source.NU0, "T_N": source.T_N, "beta": source.BETA}


def one_scan(index: int, events: float, seed: int, isis: bool) -> dict[str, float | str]:
    """Roots of one scan, or why there are none."""
    source = isis_truth if isis else truth
    scan, temperatures = fitted(index, events, seed, isis)
    wrong = sum(
        (run.verdict == "ordered") != (true < source.T_N) or run.verdict == "undecided"
        for run, true in zip(
            sorted(scan.runs, key=lambda run: run.run or 0), temperatures, strict=True
        )
    )
    order = mu.fit_order_parameter(scan, alpha=source.EXPONENT)
    if not order.valid:
        return {"reason": order.reason, "wrong": wrong}
    roots = {name: likelihood_root(order, name, value) for name, value in law(isis).items()}
    fits = {f"{name} fit": getattr(order, name).value for name in roots}
    errors = {f"{name} error": getattr(order, name).error for name in roots}
    return {**roots, **fits, **errors, "wrong": wrong}


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
    for name in law(False):
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
    parser.add_argument("--scans", type=int, help="default: 1000, with --isis 300")
    parser.add_argument("--events", type=float, nargs="+", help="default: 2e7 2e6, or 2e7")
    parser.add_argument("--isis", action="store_true", help="a pulsed source")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    scans = options.scans or (300 if options.isis else 1000)
    levels = options.events or ([2e7] if options.isis else [2e7, 2e6])
    with ProcessPoolExecutor(options.workers) as pool:
        for events in levels:
            begin = time.perf_counter()
            work = partial(one_scan, events=events, seed=options.seed, isis=options.isis)
            results = list(pool.map(work, range(scans), chunksize=4))
            report(results, events)
            print(f"{time.perf_counter() - begin:.0f} s with {options.workers} workers")


if __name__ == "__main__":
    main()
