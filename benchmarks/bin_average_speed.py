"""Fits with the model averaged over bins, beside the same fits without.

    python benchmarks/bin_average_speed.py [repeats]

A line at 135.5 MHz in bins of 2.4 ns and one at 1.59 MHz in bins of 10 ns, of an asymmetry and of
counts, from the same start values. The repeats alternate, so that a busy machine slows both alike;
ratios are of the fastest repeats. Beside them the amplitude that each finds of 0.25.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

import musrcu as mu
from musrcu.containers.run import Run
from musrcu.fitting.result import FitResult

TAU = 2.1969811
EVENTS = 4e7
CASES = [
    # (model, nu MHz, width us, bins)
    ("damped_cosine", 135.5, 0.0024, 2000),
    ("damped_cosine", 135.5, 0.0024, 4000),
    ("exponential + damped_cosine", 135.5, 0.0024, 2000),
    ("exponential + damped_cosine", 1.59, 0.01, 900),
    ("gaussian_cosine", 135.5, 0.0024, 2000),
    ("gaussian * cosine", 135.5, 0.0024, 2000),
    ("stretched_exponential * cosine", 135.5, 0.0024, 2000),
]


def run_of(model: str, nu: float, width: float, bins: int) -> Run:
    """Poisson counts of two detectors; each mean is an integral over its bin by 64 points."""
    rng = np.random.default_rng(5)
    inside = (np.arange(64) + 0.5) / 64 - 0.5
    t = width * (np.arange(bins)[:, None] + inside)
    shape = np.exp(-((0.4 * t) ** 2) / 2 if "gaussian" in model else -0.4 * t)
    a = 0.25 * shape * np.cos(2 * np.pi * nu * t + 0.2)
    if "+" in model:
        a += 0.08 * np.exp(-0.9 * t)
    means = np.exp(-t / TAU) * np.array([1 + a, 1 - a])
    means = means.mean(axis=-1)
    counts = rng.poisson(EVENTS / means.sum() * means)[np.newaxis]
    return Run(
        counts=counts, bin_width=width, t0=np.zeros(2), first_good=np.ones(2, dtype=int),
        last_good=np.full(2, bins - 1), labels=("a", "b"), source="continuous", facility="PSI",
        instrument="SIM", number=1,
    )  # fmt: skip


def timed(data: Any, model: str, start: dict[str, float], on: bool) -> tuple[float, FitResult]:
    """Seconds and the fit."""
    begin = time.perf_counter()
    result = mu.fit(data, model, start=start, average_bins=on)
    return time.perf_counter() - begin, result


def main(repeats: int) -> None:
    """Print a line for each case."""
    recipe = mu.Reduction(
        forward="1", backward="2", alpha=1.0, packing=1, background="none", t_max=30.0
    )
    print(f"{'model':32}{'bins':>6}{'turns':>7}  of           off ms   on ms  ratio  A off   A on")
    for model, nu, width, bins in CASES:
        run = run_of(model, nu, width, bins)
        for kind, form in (("asymmetry", mu.reduce), ("counts", mu.reduce_counts)):
            data = form(run, recipe)
            first = mu.fit(data, model, average_bins=True, start=_near(model, nu))
            times: dict[bool, list[float]] = {False: [], True: []}
            found = {}
            for _ in range(repeats):
                for on in (False, True):
                    took, result = timed(data, model, _near(model, nu), on)
                    times[on].append(took)
                    found[on] = result
            assert first.valid and found[False].valid, first.reason
            off, on_ = (1e3 * min(times[one]) for one in (False, True))
            line = max(n for n in found[True].names if n.startswith("A") and n[1:].isdigit())
            amplitudes = [found[one][line].value for one in (False, True)]
            print(
                f"{model:32}{bins:6}{nu * width:7.3f}  {kind:10}{off:8.1f}{on_:8.1f}"
                f"{on_ / off:7.2f}{amplitudes[0]:8.4f}{amplitudes[1]:8.4f}"
            )


def _near(model: str, nu: float) -> dict[str, float]:
    """Start values: the line a little off, rates from a tenth to twice the truth."""
    names = mu.Model(model).names
    return {name: nu + 0.02 for name in names if name.startswith("nu")} | {
        name: 0.6 for name in names if name.startswith(("lambda", "sigma"))
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
