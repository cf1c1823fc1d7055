"""Pull study of calibrations: alpha, t0, dead times and background of runs thrown decay by decay.

    python benchmarks/calibration_pulls.py                    # 1000 runs of each kind
    python benchmarks/calibration_pulls.py --runs 50 --workers 1 --kinds ltf

The truth is thrown by ``calibration_truth.py``, which imports nothing of musrcu. Kinds of runs:

    ltf       continuous source, 100 G: alpha, t0 of the prompt peak, background before t0
    emu       pulsed source, 20 G, eight detectors: alpha, t0 of the edge, dead times
    relaxing  the same in zero field: 20 % polarisation that relaxes, dead times

A pull is (value - truth) / error. Rule: |mean| < 0.03 + 3.5 / sqrt(n) and |width - 1| < 0.03 + 3.5
/ sqrt(2 n), n runs. Runs that musrcu refuses are counted, and told with their reason. The seed was
fixed before the first look.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import calibration_truth as truth
import numpy as np

import musrcu as mu

SEED = 20270115
FREQUENCY = 20 * truth.GAMMA  # of the 20 G run
Pulls = dict[str, np.ndarray | str]
"""(n, 3) value, truth and error by quantity, or why there is none."""


def ltf_run(thrown: truth.Continuous, counts: np.ndarray, number: int) -> mu.Run:
    """The arrays of a continuous source as a Run; its header knows t0 to a bin."""
    t0 = np.rint(thrown.t0)
    return mu.Run(
        counts=counts[None],
        bin_width=truth.LTF_WIDTH,
        t0=t0,
        first_good=t0 + 10,
        last_good=np.full(2, truth.LTF_BINS - 20),
        labels=("Back", "Forw"),
        source="continuous",
        facility="PSI",
        instrument="LTF",
        number=number,
        field=100.0,
    )


def emu_run(thrown: truth.Pulsed, counts: np.ndarray, number: int, *, known: bool) -> mu.Run:
    """The arrays of a pulsed source as a Run, with its dead times where they are ``known``."""
    n = len(counts)
    first = int(np.ceil(thrown.t0))
    return mu.Run(
        counts=counts[None],
        bin_width=truth.EMU_WIDTH,
        t0=np.full(n, thrown.t0),
        first_good=np.full(n, first + 13),
        last_good=np.full(n, truth.EMU_BINS - 1),
        labels=("",) * n,
        source="pulsed",
        facility="ISIS",
        instrument="EMU",
        number=number,
        field=20.0 if thrown.signal.frequency else 0.0,
        dead_time=thrown.dead_time[None] if known else None,
        good_frames=np.array([thrown.frames]),
        grouping=np.repeat([1, 2], [thrown.forward.size, thrown.backward.size]),
    )


def ltf(index: int, seed: int) -> Pulls:
    """One run of a continuous source."""
    rng = np.random.default_rng((seed, 1, index))
    thrown = truth.draw_continuous(rng)
    run = ltf_run(thrown, truth.throw_continuous(thrown, rng), index)
    return {
        "alpha": told(lambda: alpha(run, thrown.alpha)),
        "background": told(lambda: background(run, thrown)),
    }


def emu(index: int, seed: int) -> Pulls:
    """One run of a pulsed source in 20 G."""
    rng = np.random.default_rng((seed, 2, index))
    signal = truth.Signal(
        amplitude=rng.uniform(0.2, 0.26),
        rate=rng.uniform(0.02, 0.1),
        frequency=FREQUENCY,
        phase=np.radians(rng.uniform(-10, 10)),
    )
    thrown = truth.draw_pulsed(rng, signal)
    counts = truth.throw_pulsed(thrown, rng)
    known = emu_run(thrown, counts, index, known=True)
    return {"alpha": told(lambda: alpha(known, thrown.alpha))}


def relaxing(index: int, seed: int) -> Pulls:
    """One run of a pulsed source whose polarisation, 20 per cent, relaxes."""
    rng = np.random.default_rng((seed, 3, index))
    signal = truth.Signal(amplitude=0.2, rate=rng.uniform(0.1, 1.0))
    thrown = truth.draw_pulsed(rng, signal)
    truth.throw_pulsed(thrown, rng)
    return {}


KINDS = {"ltf": ltf, "emu": emu, "relaxing": relaxing}


def told(measure: Callable[[], np.ndarray]) -> np.ndarray | str:
    """What a calibration finds, or the sentence by which it refuses."""
    try:
        return measure()
    except mu.MusrcuError as error:
        return re.sub(r"-?\d[\d.e+-]*", "#", str(error))  # the same reason for every run


def alpha(run: mu.Run, true: float) -> np.ndarray:
    """Balance by the default method."""
    found = mu.calibrate(run)
    return np.array([[found.alpha, true, found.alpha_error]])


def background(run: mu.Run, thrown: truth.Continuous) -> np.ndarray:
    """Background of the two groups, from the default window."""
    asymmetry = mu.reduce(run)
    assert asymmetry.background is not None and asymmetry.background_error is not None
    return np.transpose([asymmetry.background, thrown.flat, asymmetry.background_error])


def limits(n: int) -> tuple[float, float]:
    """Largest |mean| and |width - 1| of n pulls."""
    return 0.03 + 3.5 / np.sqrt(n), 0.03 + 3.5 / np.sqrt(2 * n)


def report(kind: str, results: list[Pulls]) -> None:
    """The table of one kind of runs."""
    print(f"\n{kind}: {len(results)} runs\n")
    print("| quantity | runs | refused | mean error | pull mean | pull width | limits | rule |")
    print("|---|---|---|---|---|---|---|---|")
    reasons: Counter[str] = Counter()
    for name in results[0]:
        found = [result[name] for result in results]
        reasons.update(f"{name}: {reason}" for reason in found if isinstance(reason, str))
        good = [pulls for pulls in found if not isinstance(pulls, str)]
        if not good:
            print(f"| {name} | 0 | {len(found)} | | | | | |")
            continue
        print(f"| {name} | {len(good)} | {len(found) - len(good)} | {verdict(good)} |")
    for reason, n in reasons.items():
        print(f"  {n} refused: {reason}")


def verdict(good: list[np.ndarray]) -> str:
    """Mean and width of pulls, with their own errors, and whether the rule holds."""
    value, true, error = np.concatenate(good).T
    pulls = (value - true) / error
    n = len(good)  # of one run the pulls may be correlated
    mean, width = pulls.mean(), pulls.std(ddof=1)
    mean_limit, width_limit = limits(n)
    holds = abs(mean) < mean_limit and abs(width - 1) < width_limit
    return (
        f"{error.mean():.3g} | {mean:+.3f} ± {width / np.sqrt(n):.3f} | "
        f"{width:.3f} ± {width / np.sqrt(2 * n):.3f} | {mean_limit:.3f}, {width_limit:.3f} | "
        f"{'holds' if holds else 'BROKEN'}"
    )


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.workers) as pool:
        for kind in options.kinds:
            begin = time.perf_counter()
            work = partial(KINDS[kind], seed=options.seed)
            report(kind, list(pool.map(work, range(options.runs), chunksize=4)))
            print(f"{time.perf_counter() - begin:.0f} s with {options.workers} workers")


if __name__ == "__main__":
    main()
