"""Pull study of the order parameter: are its likelihood roots standard normal?

Usage: python benchmarks/order_parameter_pulls.py [SETS]      (default 1000 sets per level)

Root = sign(fit - truth) sqrt(chi2 with the parameter at its truth - chi2 of the fit). The rule:
|mean| < 0.03 + 3.5/sqrt(n) and |width - 1| < 0.03 + 3.5/sqrt(2 n). The seed was fixed before the
first look.
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter

import numpy as np
import order_truth as truth

from musrcu.ordering.two_step import OrderPoints, fit_order_parameter, likelihood_root

SEED = 20190121
LEVELS = ((1.0, 5e-4), (1 / math.sqrt(10), 2e-4), (2.0, 5e-4), (1.0, 0.0))
"""(errors of the frequencies in units of NU_ERROR, error of each temperature in K)."""

TRUTH = {"nu0": truth.NU0, "T_N": truth.T_N, "beta": truth.BETA}


def study(level: float, T_error: float, sets: int) -> tuple[dict[str, list[float]], Counter[str]]:
    """Roots of every parameter, and how the fits ended."""
    random = np.random.default_rng([SEED, int(1000 * level), int(1e6 * T_error)])
    roots: dict[str, list[float]] = {name: [] for name in TRUTH}
    ends: Counter[str] = Counter()
    for _ in range(sets):
        drawn = truth.draw(random, level, T_error)
        errors = drawn.T_error if T_error > 0 else None
        points = OrderPoints(drawn.T, errors, drawn.nu, drawn.nu_error)
        order = fit_order_parameter(points, minos=False)
        ends[order.method if order.valid else order.reason] += 1
        if order.valid:
            for name, value in TRUTH.items():
                roots[name].append(likelihood_root(order, name, value))
    return roots, ends


def main() -> int:
    """Print the table; 1 if a root breaks the rule."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    broken = 0
    for level, T_error in LEVELS:
        begin = time.perf_counter()
        roots, ends = study(level, T_error, sets)
        seconds = time.perf_counter() - begin
        print(
            f"errors of nu x {level:.3f}, of T {1e3 * T_error:g} mK: {dict(ends)}, {seconds:.0f} s"
        )
        for name, found in roots.items():
            n, mean, width = len(found), float(np.mean(found)), float(np.std(found))
            sound = abs(mean) < 0.03 + 3.5 / math.sqrt(n)
            sound &= abs(width - 1) < 0.03 + 3.5 / math.sqrt(2 * n)
            broken += not sound
            print(f"  {name:4s} mean {mean:+.3f}  width {width:.3f}  {'ok' if sound else 'BROKEN'}")
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
