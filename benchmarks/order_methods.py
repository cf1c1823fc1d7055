"""How errors of temperatures enter an order parameter: four methods on the same simulated scans.

Usage: python benchmarks/order_methods.py [SETS]      (default 150 sets per error)

13 points of a known law with normal errors in frequency and temperature (order_truth.py). For each
method: mean, scatter and quoted error of T_N and beta, pulls (fit - truth)/error of nu0, T_N and
beta, mean and half the width that holds 68 %, and the same of the likelihood roots. The seed was
fixed before the first look.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import order_truth as truth

from musrcu.ordering.two_step import OrderPoints, fit_order_parameter, likelihood_root

SEED = 20261123
SETS = 150
T_ERRORS = (3e-4, 5e-4, 1e-3)
"""K."""
METHODS = ("naive", "effective", "effective_plain", "latent")
TRUTH = {"nu0": truth.NU0, "T_N": truth.T_N, "beta": truth.BETA}


@dataclass
class Found:
    """What one method says of all sets."""

    values: list[list[float]] = field(default_factory=list)
    errors: list[list[float]] = field(default_factory=list)
    roots: list[list[float]] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def add(self, points: OrderPoints, method: str) -> None:
        """One more set."""
        order = fit_order_parameter(points, method=method, minos=False)
        end = "valid" if order.valid else order.reason
        self.ends[f"{end}, T_N at its limit" if order.T_N.at_limit else end] += 1
        if order.valid:
            self.values.append([order[name].value for name in TRUTH])
            self.errors.append([order[name].error for name in TRUTH])
            self.roots.append([likelihood_root(order, name, TRUTH[name]) for name in TRUTH])


def study(T_error: float, sets: int) -> dict[str, Found]:
    """All methods on the same sets."""
    random = np.random.default_rng([SEED, int(1e6 * T_error)])
    found = {method: Found() for method in METHODS}
    for _ in range(sets):
        one = truth.draw(random, 1.0, T_error)
        points = OrderPoints(one.T, one.T_error, one.nu, one.nu_error)
        for method, results in found.items():
            results.add(points, method)
    return found


def width(column: np.ndarray) -> float:
    """Half the width that holds 68.3 %: the standard deviation of a Gaussian."""
    low, high = np.nanquantile(column, [0.1587, 0.8413])
    return float(high - low) / 2


def row(method: str, found: Found) -> str:
    """One line of the table."""
    values, errors, roots = (np.array(one) for one in (found.values, found.errors, found.roots))
    pulls = (values - np.array(list(TRUTH.values()))) / errors
    texts = [method.ljust(15)]
    for place, digits in ((1, 5), (2, 4)):
        column, quoted = values[:, place], errors[:, place]
        texts.append(
            f"{column.mean():.{digits}f}/{column.std():.{digits}f}/{np.nanmean(quoted):.{digits}f}"
        )
    for kind in (pulls, roots):
        texts.append(",".join(f"{np.nanmean(column):+.2f}" for column in kind.T))
        texts.append(",".join(f"{width(column):.2f}" for column in kind.T))
    return "  ".join(texts)


def main() -> int:
    """Print the table."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else SETS
    print("T_N and beta: mean/scatter/quoted; pulls and likelihood roots of nu0,T_N,beta")
    for T_error in T_ERRORS:
        begin = time.perf_counter()
        found = study(T_error, sets)
        print(f"errors of T {1e3 * T_error:g} mK, {sets} sets, {time.perf_counter() - begin:.0f} s")
        for method, results in found.items():
            print(f"  {row(method, results)}  {dict(results.ends)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
