"""Pull study of calibrations: alpha, t0, dead times and background of runs thrown decay by decay.

    python benchmarks/calibration_pulls.py                    # 1000 runs of each kind
    python benchmarks/calibration_pulls.py --runs 50 --workers 1 --kinds ltf

The truth is thrown by ``calibration_truth.py`` and ``dead_time_truth.py``, which import nothing of
musrcu. Kinds of runs:

    ltf       continuous source, 100 G: alpha, t0 of the prompt peak, background before t0
    emu       pulsed source, 20 G, eight detectors: alpha, t0 of the edge, dead times
    edge      the same at a usual rate, a quarter: t0 of the edge
    relaxing  emu in zero field: 20 % polarisation that relaxes, dead times without and with a
              known alpha; beside them what a straight line through n exp(t/tau) against n gives in
              each detector, a common way

A pull is (value - truth) / error. Rule: |mean| < 0.03 + 3.5 / sqrt(n) and |width - 1| < 0.03 + 3.5
/ sqrt(2 n), n runs. Runs that musrcu refuses are counted, and told with their reason. The seed was
fixed before the first look.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import calibration_truth
import dead_time_truth
import numpy as np

import musrcu as mu
from musrcu.calibration.dead_time import estimate_dead_time
from musrcu.reduction.t0 import find_t0

SEED = 20270115
DETECTORS = 8
"""Of the pulsed source."""
DECAYS, FRAMES = 1e6, 10000
SPREAD = 0.1
"""Relative, of the asymmetries in a group of the relaxing runs; musrcu is told."""
ALPHA_ERROR = 0.003
"""With which a relaxing run knows its alpha, as from a 20 G run of as many decays."""
FREQUENCY = 20 * calibration_truth.GAMMA
"""Of the 20 G run."""
Pulls = dict[str, np.ndarray | str]
"""(n, 3) value, truth and error by quantity, or why there is none."""


def ltf_run(thrown: calibration_truth.Truth, counts: np.ndarray, number: int) -> mu.Run:
    """The arrays of a continuous source as a Run; its header knows t0 to a bin."""
    t0 = np.rint(thrown.t0)
    return mu.Run(
        counts=counts[None],
        bin_width=calibration_truth.WIDTH,
        t0=t0,
        first_good=t0 + 10,
        last_good=np.full(2, calibration_truth.BINS - 20),
        labels=("Back", "Forw"),
        source="continuous",
        facility="PSI",
        instrument="LTF",
        number=number,
        field=100.0,
    )


def emu_run(
    truth: dead_time_truth.Truth, counts: np.ndarray, number: int, *, known: bool
) -> mu.Run:
    """The arrays of a pulsed source as a Run, with its dead times where they are ``known``."""
    return mu.Run(
        counts=counts[None],
        bin_width=dead_time_truth.DT,
        t0=np.full(DETECTORS, truth.t0),
        first_good=np.full(DETECTORS, int(truth.t0) + 13),
        last_good=np.full(DETECTORS, dead_time_truth.BINS - 1),
        labels=("",) * DETECTORS,
        source="pulsed",
        facility="ISIS",
        instrument="EMU",
        number=number,
        field=20.0 if truth.frequency else 0.0,
        dead_time=truth.tau[None] if known else None,
        good_frames=np.array([FRAMES]),
        grouping=np.where(truth.sign > 0, 1, 2),
    )


def pulsed(rng: np.random.Generator, *, transverse: bool) -> dead_time_truth.Truth:
    """Detectors of two groups with efficiencies and dead times of their own."""
    share = rng.uniform(0.85, 1.15, DETECTORS)
    share[: DETECTORS // 2] *= rng.uniform(0.8, 1.3)
    changes: dict[str, object] = {"share": share / share.sum(), "t0": rng.uniform(19.5, 20.5)}
    changes["tau"] = 0.010 * rng.uniform(0.9, 1.1, DETECTORS)
    if transverse:
        amplitude, relaxation = rng.uniform(0.2, 0.26), rng.uniform(0.02, 0.1)
    else:
        amplitude, relaxation = 0.2, rng.uniform(0.1, 1.0)
    plain = dead_time_truth.longitudinal(DETECTORS, amplitude=amplitude, relaxation=relaxation)
    if transverse:
        away = np.where(plain.sign > 0, 0.0, np.pi)
        changes |= {"frequency": FREQUENCY, "phase": np.radians(rng.uniform(-10, 10)) + away}
    else:
        # from detector to detector of a group, as they lie at different angles
        deviation = SPREAD * rng.standard_normal((2, DETECTORS // 2))
        deviation -= deviation.mean(axis=1, keepdims=True)
        changes["amplitude"] = amplitude * (1 + deviation.ravel())
    return dataclasses.replace(plain, **changes)


def ltf(index: int, seed: int) -> Pulls:
    """One run of a continuous source."""
    rng = np.random.default_rng((seed, 1, index))
    thrown = calibration_truth.draw(rng)
    run = ltf_run(thrown, calibration_truth.throw(thrown, rng), index)
    return {
        "alpha": told(lambda: alpha(run, thrown.alpha)),
        "t0": told(lambda: time_zero(run, thrown.t0)),
        "background": told(lambda: background(run, thrown)),
    }


def emu(index: int, seed: int) -> Pulls:
    """One run of a pulsed source in 20 G."""
    rng = np.random.default_rng((seed, 2, index))
    truth = pulsed(rng, transverse=True)
    counts = dead_time_truth.throw(truth, DECAYS, FRAMES, rng).counts
    known = emu_run(truth, counts, index, known=True)
    forward = truth.sign > 0
    true = truth.share[forward].sum() / truth.share[~forward].sum()
    unknown = emu_run(truth, counts, index, known=False)
    return {
        "alpha": told(lambda: alpha(known, true)),
        "t0": told(lambda: time_zero(mu.correct_dead_time(known), truth.t0)[:1]),
        **dead_times(unknown, truth),
    }


def edge(index: int, seed: int) -> Pulls:
    """One run of a pulsed source at three counts per frame and detector, as usual at ISIS."""
    rng = np.random.default_rng((seed, 4, index))
    truth = pulsed(rng, transverse=True)
    counts = dead_time_truth.throw(truth, DECAYS, 4 * FRAMES, rng).counts
    known = emu_run(truth, counts, index, known=True)
    run = dataclasses.replace(known, good_frames=np.array([4 * FRAMES]))
    return {"t0": told(lambda: time_zero(mu.correct_dead_time(run), truth.t0)[:1])}


def relaxing(index: int, seed: int) -> Pulls:
    """One run of a pulsed source whose polarisation, 20 per cent, relaxes."""
    rng = np.random.default_rng((seed, 3, index))
    truth = pulsed(rng, transverse=False)
    counts = dead_time_truth.throw(truth, DECAYS, FRAMES, rng).counts
    run = emu_run(truth, counts, index, known=False)
    forward = truth.sign > 0
    true = truth.share[forward].sum() / truth.share[~forward].sum()
    quoted = (rng.normal(true, ALPHA_ERROR), ALPHA_ERROR)
    found = dead_times(run, truth) | dead_times(run, truth, quoted)
    lines = straight_lines(counts, truth)
    return found | {"line, forward": lines[forward], "line, backward": lines[~forward]}


KINDS = {"ltf": ltf, "emu": emu, "edge": edge, "relaxing": relaxing}


def told(measure: Callable[[], np.ndarray]) -> np.ndarray | str:
    """What a calibration finds, or the sentence by which it refuses."""
    try:
        return measure()
    except mu.MusrcuError as error:
        return reason(error)


def reason(error: mu.MusrcuError) -> str:
    """Why it was refused, the same for every run."""
    return re.sub(r"-?\d[\d.e+-]*", "#", str(error))


def alpha(run: mu.Run, true: float) -> np.ndarray:
    """Balance by the default method."""
    found = mu.calibrate(run)
    return np.array([[found.alpha, true, found.alpha_error]])


def background(run: mu.Run, thrown: calibration_truth.Truth) -> np.ndarray:
    """Background of the two groups, from the default window."""
    asymmetry = mu.reduce(run)
    assert asymmetry.background is not None and asymmetry.background_error is not None
    return np.transpose([asymmetry.background, thrown.flat, asymmetry.background_error])


def time_zero(run: mu.Run, true: np.ndarray | float) -> np.ndarray:
    """t0 of each detector by the default method of the source, bins."""
    found = find_t0(run)
    assert found.error is not None
    return np.transpose([found.value, np.broadcast_to(true, found.value.shape), found.error])


def dead_times(
    run: mu.Run, truth: dead_time_truth.Truth, alpha: tuple[float, float] | None = None
) -> Pulls:
    """The mean dead time and that of each detector, ns, with and without a known alpha."""
    names = [name + " (alpha known)" * (alpha is not None) for name in ("mean tau", "each tau")]
    try:
        found = estimate_dead_time(run, alpha=alpha, amplitude_spread=SPREAD)
    except mu.MusrcuError as error:
        return dict.fromkeys(names, reason(error))
    each = 1e3 * np.transpose([found.values, truth.tau, found.errors])
    mean = 1e3 * np.array([[found.common, truth.tau.mean(), found.common_error]])
    return dict(zip(names, (mean, each[np.isfinite(found.values)]), strict=True))


def straight_lines(counts: np.ndarray, truth: dead_time_truth.Truth) -> np.ndarray:
    """(n_detectors, 3) dead time by a line in each detector, truth, error without the intercept's.

    n exp(t/tau_mu) = N0 - N0 n tau_d / (frames dt), from 0.5 to 5 us.
    """
    t = (np.arange(dead_time_truth.BINS) - truth.t0) * dead_time_truth.DT
    used = (t > 0.5) & (t < 5)
    n, growth = counts[:, used].astype(float), np.exp(t[used] / dead_time_truth.TAU_MU)
    rows = []
    for seen, true in zip(n, truth.tau, strict=True):
        weight = 1 / (np.maximum(seen, 1) * growth**2)
        design = np.array([np.ones_like(seen), seen])
        covariance = np.linalg.inv((design * weight) @ design.T)
        intercept, slope = covariance @ (design * weight) @ (seen * growth)
        scale = 1e3 * dead_time_truth.DT * FRAMES / intercept
        rows.append((-slope * scale, 1e3 * true, np.sqrt(covariance[1, 1]) * scale))
    return np.array(rows)


def limits(n: int) -> tuple[float, float]:
    """Largest |mean| and |width - 1| of n pulls."""
    return 0.03 + 3.5 / np.sqrt(n), 0.03 + 3.5 / np.sqrt(2 * n)


def report(kind: str, results: list[Pulls]) -> None:
    """The table of one kind of runs."""
    print(f"\n{kind}: {len(results)} runs\n")
    print(
        "| quantity | runs | refused | mean error | value - truth | pull mean | pull width | rule |"
    )
    print("|---|---|---|---|---|---|---|---|")
    reasons: Counter[str] = Counter()
    for name in results[0]:
        found = [result[name] for result in results]
        reasons.update(f"{name}: {one}" for one in found if isinstance(one, str))
        good = [pulls for pulls in found if not isinstance(pulls, str)]
        if not good:
            print(f"| {name} | 0 | {len(found)} | | | | | |")
            continue
        print(f"| {name} | {len(good)} | {len(found) - len(good)} | {verdict(good)} |")
    print("limits: |mean| < {:.3f}, |width - 1| < {:.3f}".format(*limits(len(results))))
    for sentence, n in reasons.items():
        print(f"  {n} refused: {sentence}")


def verdict(good: list[np.ndarray]) -> str:
    """Mean and width of pulls, with their own errors, and whether the rule holds."""
    value, true, error = np.concatenate(good).T
    pulls = (value - true) / error
    n = len(good)  # of one run the pulls may be correlated
    mean, width = pulls.mean(), pulls.std(ddof=1)
    mean_limit, width_limit = limits(n)
    holds = abs(mean) < mean_limit and abs(width - 1) < width_limit
    return (
        f"{error.mean():.3g} | {(value - true).mean():+.2g} | "
        f"{mean:+.3f} ± {width / np.sqrt(n):.3f} | {width:.3f} ± {width / np.sqrt(2 * n):.3f} | "
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
