"""Does a plan keep its promise? Errors after the run that it recommends, against its prediction.

Usage: python benchmarks/plan_truth.py [SCANS [SPECTRA]]      (default 200 a line, 10 of counts)

Scans of frequencies are drawn by formulas of their own from a T_N that differs from scan to scan;
each is fitted and planned, the run is drawn from the same truth where the plan says (the sample is
off the set point by the error of the temperature), and everything is fitted again. The mean of the
errors that the fits quote must be the mean of the predicted ones within 15 per cent. Quoted is
half of both MINOS errors; where one of T_N ends at a limit, at a run without order, the longer one.
For comparison every fourth scan spends the same events where scans are usually continued: in the
middle, and at the lowest temperature.

The error of a frequency is that of the spectra of ``order_truth`` by their Fisher information; one
line has errors that grow otherwise than a plan takes them to. Last come scans of spectra.
"""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

import numpy as np
import order_truth
import truth as spectra

import musrcu as mu
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.two_step import OrderPoints, fit_order_parameter
from musrcu.planning.plan import plan

SEED = 20190114
SET_POINTS = np.append(order_truth.T_TRUE, [0.107, 0.109, 0.112])
"""K; which of them are ordered depends on the truth."""
RANGE = 0.0995, 0.1065
"""K, from which each true T_N is drawn: wider than any scan knows it."""
OTHERS = 0.02, 0.09
"""K, where scans are usually continued."""
EVERY = 4
"""Scans of which one goes on there as well."""
LIMIT = 0.15
PLACES = ("now", "best", "middle", "lowest")
STEPS = 1 - np.geomspace(1, 1e-5, 60)
"""T/T_N at which the errors of spectra are worked out."""


class Case(NamedTuple):
    """What a scan is measured with."""

    events: float
    """Of a run (N0 tau of both detectors)."""
    T_error: float
    """K, of each temperature."""
    share: float
    """Events of the next run in those of one run."""
    steep: bool = False
    """Errors of ``order_truth.NU_ERROR`` at 2e8 / 9 events, straight on to T_N in the logarithm."""


CASES = (
    (Case(8e5, 0.0, 1.0), ("T_N", "beta")),
    (Case(8e6, 0.0, 4.0), ("T_N", "beta")),
    (Case(8e6, 1e-4, 4.0), ("T_N", "beta")),
    (Case(2e7, 5e-5, 2.0), ("T_N",)),
    (Case(2e7, 0.0, 4.0, steep=True), ("T_N",)),
)


def line_error(x: float) -> float:
    """MHz times the root of the events: error of nu at T/T_N = x, all else of a spectrum free."""
    t = (np.arange(order_truth.BINS) + 0.5) * order_truth.DT
    nu = order_truth.NU0 * (1 - x**order_truth.ALPHA) ** order_truth.BETA
    values = np.array([0.055, 0.9, 0.045, 0.35 + 0.9 * x**8, nu, spectra.PHI, 0.11])

    def a(p: np.ndarray) -> np.ndarray:
        line = np.exp(-p[3] * t) * np.cos(2 * np.pi * p[4] * t + p[5])
        return np.asarray(p[0] * np.exp(-p[1] * t) + p[2] * line + p[6])

    slopes = np.array([(a(values + h) - a(values - h)) / 2e-5 for h in 1e-5 * np.eye(7)])
    counts = order_truth.DT / spectra.TAU * (np.exp(-t / spectra.TAU) + spectra.FLAT)
    signal = np.exp(-t / spectra.TAU) * order_truth.DT / spectra.TAU
    information = (slopes * signal**2 / (counts * (1 - a(values) ** 2))) @ slopes.T
    return float(np.sqrt(np.linalg.inv(information)[4, 4]))


LINE_ERRORS = np.array([line_error(float(x)) for x in STEPS])


class Truth(NamedTuple):
    """What one scan is drawn from."""

    T_N: float
    case: Case

    def nu(self, T: float) -> float:
        """MHz."""
        x = T / self.T_N
        if x >= 1:
            return 0.0
        return float(order_truth.NU0 * (1 - x**order_truth.ALPHA) ** order_truth.BETA)

    def nu_error(self, T: float, events: float) -> float:
        """MHz."""
        x = T / self.T_N
        if not self.case.steep:
            return float(np.interp(x, STEPS, LINE_ERRORS) / np.sqrt(events))
        known, errors = order_truth.T_TRUE / order_truth.T_N, np.log(order_truth.NU_ERROR)
        rise = (errors[-1] - errors[-2]) / (known[-1] - known[-2])
        found = np.interp(x, known, errors) + rise * max(x - known[-1], 0.0)
        return float(np.exp(found) * np.sqrt(2e8 / 9 * 0.09 / events))


Run = tuple[float, float, float]
"""Measured T (K), frequency and its error (MHz), both 0 where there is no order."""


def measure(random: np.random.Generator, truth: Truth, T: float, events: float) -> Run:
    """One run with the sample at ``T``."""
    read = T + truth.case.T_error * random.normal()
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
    T_error = truth.case.T_error
    points = OrderPoints(
        T, np.full(len(T), T_error) if T_error > 0 else None, nu, error, upper_bound=above[0],
        upper_bound_error=T_error, not_ordered=tuple(above),
        not_ordered_error=(T_error,) * len(above),
    )  # fmt: skip
    return fit_order_parameter(points)


def quoted(order: OrderParameter, name: str) -> float:
    """Half the sum of both MINOS errors, the longer where one ends at a limit; NaN without them."""
    sides = order[name].minos
    if not order.valid or sides is None:
        return float("nan")
    low, high = abs(sides[0]), sides[1]
    points = order.points
    highest = (points.upper_bound or np.inf) + 2 * (points.upper_bound_error or 0.0)
    if name == "T_N" and order.T_N.value + high > highest - 1e-9:
        return max(low, high)
    return (low + high) / 2


def row(predicted: tuple[float, float], order: OrderParameter, T_N: float) -> list[float]:
    """Predicted, quoted and true error of T_N and beta."""
    found = []
    for name, error, value in zip(("T_N", "beta"), predicted, (T_N, order_truth.BETA), strict=True):
        found += [error, quoted(order, name), order[name].value - value]
    return found


def one(random: np.random.Generator, case: Case, target: str, *, others: bool) -> np.ndarray:
    """(4, 6): now, best, middle, lowest; predicted, quoted and true error of T_N and beta.

    NaN where the scan allows no fit, and without ``others`` in the last two lines.
    """
    found = np.full((4, 6), np.nan)
    truth = Truth(random.uniform(*RANGE), case)
    runs = [measure(random, truth, float(T), case.events) for T in SET_POINTS]
    base = fitted(runs, truth)
    spread = quoted(base, "T_N")
    if not spread > 0:
        return found
    events = case.share * case.events
    near = np.linspace(base.T_N.value - 3 * spread, base.T_N.value + spread, 14)
    made = plan(
        base, target=target, events=events, run_events=case.events,
        candidates=(*OTHERS, *near[near > OTHERS[-1]]),
    )  # fmt: skip
    found[0] = row((made.T_N_error, made.beta_error), base, truth.T_N)
    lowest, middle = (made.rows[place] for place in (0, 1))
    planned = (made.best, middle, lowest)[: 3 if others else 1]
    for place, one_more in enumerate(planned, 1):
        after = fitted([*runs, measure(random, truth, one_more.temperature, events)], truth)
        found[place] = row((one_more.T_N_error, one_more.beta_error), after, truth.T_N)
    return found


def of_counts(seed: int, case: Case, target: str) -> np.ndarray:
    """The same of one scan of spectra; T_N stays and the set points move."""
    import direct_pulls as counts

    random = np.random.default_rng([SEED, seed])
    T_N, found = order_truth.T_N, np.full((4, 6), np.nan)
    places = order_truth.SET_POINTS * random.uniform(0.985, 1.01)
    drawn = order_truth.throw((SEED, seed, 0), case.events, case.T_error, places, jitter=0.0)
    runs, recipe = counts.as_runs(drawn), counts.recipe(drawn)
    scan = mu.fit_scan(runs, recipe, t_range=(0.01, 8.0))
    base = mu.fit_order_parameter(scan)
    spread = quoted(base, "T_N")
    if not spread > 0:
        return found
    events = case.share * case.events
    near = np.linspace(base.T_N.value - 3 * spread, base.T_N.value + spread, 14)
    made = plan(base, target=target, events=events, run_events=case.events, candidates=near)
    found[0] = row((made.T_N_error, made.beta_error), base, T_N)
    best = made.best
    more = order_truth.throw(
        (SEED, seed, 1), events, case.T_error, np.array([best.temperature]), jitter=0.0
    )
    after = mu.fit_order_parameter(
        mu.fit_scan([*runs, *_numbered(more)], recipe, t_range=(0.01, 8.0))
    )
    found[1] = row((best.T_N_error, best.beta_error), after, T_N)
    return found


def _numbered(drawn: order_truth.Thrown) -> list[mu.Run]:
    """One run with a number that no other has."""
    import dataclasses

    import direct_pulls as counts

    return [dataclasses.replace(run, number=99) for run in counts.as_runs(drawn)]


def tell(title: str, rows: np.ndarray, seconds: float) -> int:
    """Print one table; the number of broken promises."""
    scans = len(rows)
    rows = rows[np.isfinite(rows[:, :2]).all(axis=(1, 2))]
    print(f"{title}: {len(rows)} of {scans} scans, {seconds / scans:.2f} s each")
    broken = 0
    for place, name in enumerate(PLACES):
        cells = []
        for first, scale in ((0, 1e3), (3, 1.0)):
            known = rows[np.isfinite(rows[:, place]).all(axis=1), place]
            if not len(known):
                continue
            expected, after, off = (known[:, first + k] * scale for k in range(3))
            ratio = after.mean() / expected.mean()
            noise = (after - ratio * expected).std() / expected.mean() / np.sqrt(len(known))
            scatter = float(np.quantile(np.abs(off), 0.6827))
            kept = abs(ratio - 1) < LIMIT or place != 1
            broken += not kept
            cells.append(
                f"{expected.mean():.4f} {after.mean():.4f} ({ratio:.3f} +- {noise:.3f}) "
                f"scatter {scatter:.4f}{'' if kept else ' BROKEN'}"
            )
        if cells:
            print(f"  {name:7s} T_N (mK): {cells[0]};  beta: {cells[1]}", flush=True)
    return broken


def study(case: Case, target: str, scans: int) -> int:
    """Scans of frequencies in one case."""
    random = np.random.default_rng([SEED, int(case.events), int(1e6 * case.T_error), case.steep])
    begin = time.process_time()
    rows = np.array([one(random, case, target, others=k % EVERY == 0) for k in range(scans)])
    title = f"{case.events:.0e} events{' steep' * case.steep}, {1e3 * case.T_error:g} mK"
    title += f", {case.share:g} runs more, for {target}"
    return tell(title, rows, time.process_time() - begin)


def main() -> int:
    """Print all tables; 1 if a promise is broken."""
    scans = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    counted = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    broken = sum(study(case, target, scans) for case, targets in CASES for target in targets)
    if counted:
        case = Case(2e7, 1e-4, 4.0)
        begin = time.process_time()
        rows = np.array([of_counts(seed, case, "T_N") for seed in range(counted)])
        broken += tell("spectra, 2e7 events, 0.1 mK, 4 runs more", rows,
                       time.process_time() - begin)  # fmt: skip
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
