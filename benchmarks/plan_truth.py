"""Does a plan keep its promise? Errors after the run that it recommends, against its prediction.

Usage: python benchmarks/plan_truth.py [SCANS]      (default 200 scans per line)

Scans of frequencies are drawn by formulas of their own from a truth that differs from scan to scan;
each is fitted and planned, the run is drawn from the same truth where the plan says (the sample is
off the set point by the error of the temperature), and everything is fitted again. The mean of the
errors that the fits quote (half of both MINOS errors) must be the mean of the predicted ones within
15 per cent. For comparison the same events are spent where scans are usually continued: in the
middle, and at the lowest temperature. The seed was fixed before the first look.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
import order_truth

from musrcu.ordering.result import OrderParameter
from musrcu.ordering.two_step import OrderPoints, fit_order_parameter
from musrcu.planning.plan import plan

SEED = 20190114
SET_POINTS = np.append(order_truth.T_TRUE, [0.107, 0.109, 0.112])
"""K; which of them are ordered depends on the truth."""
RANGE = 0.1046, 0.1064
"""K, from which each true T_N is drawn."""
OTHERS = 0.02, 0.09
"""K, where scans are usually continued."""
RUN_EVENTS = 2e7
LIMIT = 0.15
CASES = (
    # level of NU_ERROR, error of temperatures (K), events of the next run in those of one run
    (1.0, 0.0, 1.0),
    (1.0, 3e-4, 4.0),
    (0.3, 0.0, 4.0),
    (0.3, 1e-4, 4.0),
    (0.3, 3e-4, 1.0),
    (0.1, 5e-5, 2.0),
)


@dataclass(frozen=True)
class Truth:
    """What one scan is drawn from."""

    T_N: float
    level: float
    T_error: float

    def nu(self, T: float) -> float:
        """MHz."""
        x = T / self.T_N
        if x >= 1:
            return 0.0
        return float(order_truth.NU0 * (1 - x**order_truth.ALPHA) ** order_truth.BETA)

    def nu_error(self, T: float, events: float) -> float:
        """MHz: that of ``order_truth`` at the same T/T_N, its logarithm a straight line on to 1."""
        known, errors = order_truth.T_TRUE / order_truth.T_N, np.log(order_truth.NU_ERROR)
        x = T / self.T_N
        rise = (errors[-1] - errors[-2]) / (known[-1] - known[-2])
        found = np.interp(x, known, errors) + rise * max(x - known[-1], 0.0)
        return float(self.level * np.exp(found) * np.sqrt(RUN_EVENTS / events))


Run = tuple[float, float, float]
"""Measured T (K), frequency and its error (MHz), both 0 where there is no order."""


def measure(random: np.random.Generator, truth: Truth, T: float, events: float) -> Run:
    """One run with the sample at ``T``."""
    read = T + truth.T_error * random.normal()
    noise = random.normal()
    if T >= truth.T_N:
        return read, 0.0, 0.0
    error = truth.nu_error(T, events)
    return read, truth.nu(T) + error * noise, error


def fitted(runs: list[Run], truth: Truth) -> OrderParameter:
    """The order parameter of some runs."""
    ordered = sorted(run for run in runs if run[2] > 0)
    above = sorted(run[0] for run in runs if run[2] == 0)
    T, nu, error = np.array(ordered).T
    T_error = np.full(len(T), truth.T_error) if truth.T_error > 0 else None
    points = OrderPoints(
        T, T_error, nu, error, upper_bound=above[0], upper_bound_error=truth.T_error,
        not_ordered=tuple(above), not_ordered_error=(truth.T_error,) * len(above),
    )  # fmt: skip
    return fit_order_parameter(points)


def half(order: OrderParameter, name: str) -> float:
    """Half the sum of both MINOS errors; NaN where there are none."""
    sides = order[name].minos
    return float("nan") if not order.valid or sides is None else (sides[1] - sides[0]) / 2


def one(random: np.random.Generator, case: tuple[float, float, float], target: str) -> np.ndarray:
    """(4, 6): now, best, middle, lowest; predicted, quoted and true error of T_N and beta.

    NaN where the base scan allows no fit.
    """
    level, T_error, share = case
    truth = Truth(random.uniform(*RANGE), level, T_error)
    runs = [measure(random, truth, float(T), RUN_EVENTS) for T in SET_POINTS]
    base = fitted(runs, truth)
    if not base.valid:
        return np.full((4, 6), np.nan)
    events = share * RUN_EVENTS
    spread = half(base, "T_N")
    near = np.linspace(base.T_N.value - 4 * spread, base.T_N.value + 2 * spread, 16)
    made = plan(
        base, target=target, events=events, run_events=RUN_EVENTS,
        candidates=(*OTHERS, *near[near > OTHERS[-1]]),
    )  # fmt: skip
    lowest, middle = (made.rows[place] for place in (0, 1))
    expected = [(made.T_N_error, made.beta_error)]
    found = [base]
    for row in (made.best, middle, lowest):
        expected.append((row.T_N_error, row.beta_error))
        found.append(fitted([*runs, measure(random, truth, row.temperature, events)], truth))
    rows = []
    for (T_N, beta), order in zip(expected, found, strict=True):
        off = order.T_N.value - truth.T_N, order.beta.value - order_truth.BETA
        rows.append((T_N, half(order, "T_N"), off[0], beta, half(order, "beta"), off[1]))
    return np.array(rows)


def study(case: tuple[float, float, float], target: str, scans: int) -> int:
    """Print one table; the number of broken promises."""
    random = np.random.default_rng([SEED, int(1000 * case[0]), int(1e6 * case[1])])
    begin = time.perf_counter()
    rows = np.array([one(random, case, target) for _ in range(scans)])
    rows = rows[np.isfinite(rows).all(axis=(1, 2))]
    seconds = (time.perf_counter() - begin) / scans
    print(
        f"errors of nu x {case[0]:g}, of T {1e3 * case[1]:g} mK, {case[2]:g} runs more, for "
        f"{target}: {len(rows)} of {scans} scans, {seconds:.2f} s each"
    )
    broken = 0
    for place, name in enumerate(("now", "best", "middle", "lowest")):
        cells = []
        for first, scale in ((0, 1e3), (3, 1.0)):
            expected, quoted, off = (rows[:, place, first + k] * scale for k in range(3))
            ratio = quoted.mean() / expected.mean()
            scatter = float(np.quantile(np.abs(off), 0.6827))
            noise = quoted.std() / quoted.mean() / np.sqrt(len(rows))
            kept = abs(ratio - 1) < LIMIT or place != 1
            broken += not kept
            cells.append(
                f"{expected.mean():.4f} {quoted.mean():.4f} ({ratio:.3f} +- {noise:.3f}) "
                f"scatter {scatter:.4f}{'' if kept else ' BROKEN'}"
            )
        print(f"  {name:7s} T_N (mK): {cells[0]};  beta: {cells[1]}")
    return broken


def main() -> int:
    """Print all tables; 1 if a promise is broken."""
    scans = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    broken = sum(study(case, target, scans) for case in CASES for target in ("T_N", "beta"))
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
