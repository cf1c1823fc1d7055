"""One fit of seven parameters on 10,240 bins, beside plain iminuit from the same start.

    python benchmarks/fit_speed.py [repeats]

Plain: ``iminuit.cost.LeastSquares`` with the model in NumPy and numerical derivatives, MIGRAD and
HESSE. Ours: analytic gradients, MIGRAD and the exact Hessian. Both begin at the same start values
and end at the same minimum; the search that finds start values without a user is timed apart. The
repeats alternate, so that a busy machine slows both alike; ratios are of the fastest repeats.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import truth
from iminuit import Minuit
from iminuit.cost import LeastSquares

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.fit import fit
from musrcu.fitting.freedom import settle
from musrcu.fitting.minimise import minimise
from musrcu.fitting.start import find_starts
from musrcu.models.model import Model

MODEL = "exponential + damped_cosine + constant"
START = {
    "A1": 0.05,
    "lambda1": 0.7,
    "A2": 0.05,
    "lambda2": 0.5,
    "nu2": 1.56,
    "phi2": 0.0,
    "A_bg": 0.1,
}
BINS = 10240


def data() -> Asymmetry:
    """10,240 bins of a run of 2e7 events at 60 mK, background known."""
    rng, a = np.random.default_rng(1), truth.ALPHA
    time_ = (np.arange(BINS) + truth.FIRST_GOOD) * truth.DT
    decay, polarised = np.exp(-time_ / truth.TAU), truth.asymmetry(time_, 0.060)
    scale = 2e7 * truth.DT / truth.TAU / (1 + a)
    back = rng.poisson(scale * a * (decay * (1 + polarised) + truth.FLAT))
    forw = rng.poisson(scale * (decay * (1 - polarised) + truth.FLAT))
    f, b = back - scale * a * truth.FLAT, forw - scale * truth.FLAT
    total = f + a * b
    error = 2 * a * np.sqrt(b * b * np.maximum(back, 1) + f * f * np.maximum(forw, 1)) / total**2
    run = Run(
        counts=np.ones((1, 2, 8), dtype=int),
        bin_width=truth.DT,
        t0=np.zeros(2),
        first_good=np.zeros(2, dtype=int),
        last_good=np.full(2, 7),
        labels=("Back", "Forw"),
        source="continuous",
    )
    return Asymmetry(
        time=time_,
        value=(f - a * b) / total,
        error=error,
        bin_width=truth.DT,
        packing=1,
        alpha=a,
        run=run,
        history=History(),
    )


def curve(
    t: np.ndarray, a1: float, l1: float, a2: float, l2: float, nu: float, phi: float, bg: float
) -> np.ndarray:
    """The model as a user of plain iminuit would write it."""
    line = np.cos(2 * np.pi * nu * t + np.pi / 180 * phi)
    return np.asarray(a1 * np.exp(-l1 * t) + a2 * np.exp(-l2 * t) * line + bg)


def plain(asymmetry: Asymmetry) -> Minuit:
    """MIGRAD and HESSE with numerical derivatives."""
    cost = LeastSquares(asymmetry.time, asymmetry.value, asymmetry.error, curve)
    minuit = Minuit(cost, *START.values(), name=list(START))
    return minuit.migrad().hesse()


def cost_of(asymmetry: Asymmetry, start: dict[str, float] | None) -> AsymmetryCost:
    """Chi-square as :func:`musrcu.fitting.fit.fit` sets it up."""
    freedom = settle(Model(MODEL), start)
    return AsymmetryCost(asymmetry.time, asymmetry.value, asymmetry.error, freedom)


def measured(tasks: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each task, one after the other in every repeat, the first repeat dropped."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for repeat in range(repeats + 1):
        for name, task in tasks.items():
            begin = time.perf_counter()
            task()
            if repeat:
                times[name].append(time.perf_counter() - begin)
    return times


def main() -> None:
    """Print the table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    asymmetry = data()
    x = np.array(list(START.values()))
    names = tuple(START)

    tasks: dict[str, Callable[[], object]] = {
        "plain iminuit, numerical derivatives": lambda: plain(asymmetry),
        "ours: minimum and exact errors": lambda: minimise(cost_of(asymmetry, None), x, names),
        "ours: fit(start=...)": lambda: fit(asymmetry, MODEL, start=START),
        "ours: search of start values": lambda: find_starts(cost_of(asymmetry, None)),
        "ours: fit() without start values": lambda: fit(asymmetry, MODEL),
    }
    times = measured(tasks, repeats)
    first = min(times["plain iminuit, numerical derivatives"])
    middle = statistics.median(times["plain iminuit, numerical derivatives"])
    print(f"{asymmetry.time.size} bins, 7 parameters, {repeats} repeats")
    print(f"{'':38s} {'fastest':>9s} {'median':>9s} {'ratio':>7s} {'of medians':>11s}")
    for name, seconds in times.items():
        low, median = min(seconds), statistics.median(seconds)
        print(
            f"{name:38s} {1e3 * low:7.1f}ms {1e3 * median:7.1f}ms {first / low:7.2f} "
            f"{middle / median:11.2f}"
        )
    check(asymmetry)


def check(asymmetry: Asymmetry) -> None:
    """The two end at the same minimum with the same errors; calls behind the times."""
    other, ours = plain(asymmetry), fit(asymmetry, MODEL, start=START)
    errors = np.array(other.errors)
    values = np.abs((ours.values - np.array(other.values)) / errors).max()
    ratio = np.abs(ours.errors / errors - 1).max()
    print(f"largest difference: {values:.1e} errors in value, {100 * ratio:.2f} % in error")
    cost = cost_of(asymmetry, None)
    minimise(cost, np.array(list(START.values())), tuple(START))
    print(f"model evaluations: plain {other.nfcn}, ours {cost.evaluations} (value and gradient)")


if __name__ == "__main__":
    main()
