"""Profile errors of all seven parameters on 6,400 bins, beside MINOS of plain iminuit.

    python benchmarks/profile_speed.py [repeats]

Plain: ``iminuit.cost.LeastSquares`` with the model in NumPy and numerical derivatives, MINOS of
every parameter from its own minimum. Ours: constrained Newton steps with analytic gradients from
ours, each end a verified minimum with that parameter held. The minima themselves are found
before and are not in the times. The repeats alternate; ratios are of the fastest repeats.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

import fit_speed
import numpy as np
from iminuit import Minuit

from musrcu.fitting.interval import End, Place, interval
from musrcu.fitting.minimise import minimise

BINS = 6400


def main() -> None:
    """Print the table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    fit_speed.BINS = BINS
    asymmetry = fit_speed.data()
    names = tuple(fit_speed.START)
    minuit = fit_speed.plain(asymmetry)
    cost = fit_speed.cost_of(asymmetry, None)
    minimum = minimise(cost, np.array(list(fit_speed.START.values())), names)
    assert minimum.covariance is not None
    place, spread = Place(minimum.x, minimum.chi2), minimum.covariance
    last: dict[str, Any] = {}

    def plain() -> None:
        before = minuit.nfcn
        minuit.minos()
        last["calls"] = minuit.nfcn - before

    def ours() -> None:
        before = cost.evaluations
        last["ours"] = [interval(cost, place, spread, k) for k in range(len(names))]
        last["evaluations"] = cost.evaluations - before

    times = fit_speed.measured({"plain": plain, "ours": ours}, repeats)
    print(f"{asymmetry.time.size} bins, MINOS of 7 parameters, {repeats} repeats")
    for name in ("plain", "ours"):
        low, median = min(times[name]), statistics.median(times[name])
        ratio = min(times["plain"]) / low
        middle = statistics.median(times["plain"]) / median
        print(f"{name:8s} {1e3 * low:7.1f}ms {1e3 * median:7.1f}ms {ratio:7.2f} {middle:7.2f}")
    print(f"model evaluations: plain {last['calls']}, ours {last['evaluations']}")
    check(minuit, last["ours"], place)


def check(minuit: Minuit, ends: list[tuple[End, End]], place: Place) -> None:
    """How well the two agree."""
    worst = 0.0
    for k, pair in enumerate(ends):
        errors = minuit.merrors[k]
        for end, theirs in zip(pair, (errors.lower, errors.upper), strict=True):
            worst = max(worst, abs((end.place.x[k] - place.x[k]) / theirs - 1))
    print(f"largest difference: {100 * worst:.2f} % of an error")


if __name__ == "__main__":
    main()
