"""Time of the one-step fit: 20 runs of 2500 bins, and how it grows to 100 runs.

    OMP_NUM_THREADS=1 python benchmarks/direct_speed.py

Counts are thrown by ``order_truth.py`` with a sharp T_N, 2e7 events a run, and temperatures known
to 0.1 mK. Three times are told: the one-step fit alone (minimum, covariance and the MINOS errors of
T_N and beta), what comes before it (every run fitted with both models, and the two-step fit), and
the sum, which is what ``mu.fit_order_parameter(asymmetries, direct=True)`` takes. The machine is
told by the time of an empty interpreter.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import order_truth

import musrcu as mu
from musrcu.containers.temperature import Temperature

BINS, DT = 2500, 0.004
T_ERROR = 1e-4
EVENTS = 2e7


def scan(n: int) -> list[mu.Asymmetry]:
    """Asymmetries of a scan of ``n`` runs, with the temperatures of the paper's between them."""
    order_truth.DT, order_truth.BINS = DT, BINS
    places = np.linspace(0, order_truth.SET_POINTS.size - 1, n)
    wanted = np.interp(places, np.arange(order_truth.SET_POINTS.size), order_truth.SET_POINTS)
    drawn = order_truth.throw((7, n), EVENTS, T_ERROR, wanted)
    recipe = mu.Reduction(
        forward=[1], backward=[2], alpha=order_truth.BALANCE, packing=1, t_max=DT * BINS + 1,
        background={"given": drawn.flat},
    )  # fmt: skip
    first = order_truth.BEFORE
    return [
        mu.reduce(
            mu.Run(
                counts=counts[None], bin_width=DT, t0=[first - 0.5] * 2, first_good=[first] * 2,
                last_good=[first + BINS - 1] * 2, labels=("Back", "Forw"), source="continuous",
                facility="PSI", instrument="LTF", number=number,
                temperature=Temperature(mean=float(T), error=T_ERROR),
            ),
            recipe,
        )
        for number, (counts, T) in enumerate(zip(drawn.counts, drawn.measured, strict=True), 1)
    ]  # fmt: skip


def interpreter() -> float:
    """Seconds of an interpreter that does nothing, the best of five."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", ""], check=True)
        times.append(time.perf_counter() - begin)
    return min(times)


def timed(data: list[mu.Asymmetry]) -> tuple[float, float, mu.DirectOrder]:
    """(seconds before the one-step fit, seconds in all, the result)."""
    begin = time.perf_counter()
    found = mu.fit_scan(data)
    mu.fit_order_parameter(found)
    before = time.perf_counter() - begin
    begin = time.perf_counter()
    result = mu.fit_order_parameter(data, direct=True)
    return before, time.perf_counter() - begin, result


def main() -> None:
    """Time both sizes."""
    print(f"an empty interpreter: {1e3 * interpreter():.0f} ms")
    mu.fit_order_parameter(scan(8), direct=True)  # imports
    alone = {}
    for n in (20, 100):
        data = scan(n)
        tries = [timed(data) for _ in range(3)]
        before, whole, result = min(tries, key=lambda one: one[1])
        alone[n] = whole
        print(
            f"{n} runs of {result.runs[0].n_data} bins: {whole:.2f} s in all, {before:.2f} s of it "
            f"before the one-step fit; {result.T_N}; valid {result.valid}"
        )
    print(f"100 runs take {alone[100] / alone[20]:.1f} times as long as 20")


if __name__ == "__main__":
    main()
