"""Does the budget of systematic errors cover a t0 that is wrong by one bin on purpose?

    python benchmarks/robustness.py                    # 40 fits and 6 scans
    python benchmarks/robustness.py --fits 200 --scans 30

Runs are thrown by ``truth.py``, which imports nothing of musrcu. Each is analysed with t0 right,
and with t0 wrong by +1 or -1 raw bin (in turn) in the recipe. The induced shift is p(wrong) -
p(right); the budget is that of the wrong analysis, which knows nothing of the truth. Covered means
that the shift is not above the quoted systematic error; shifts below a thousandth of the
statistical error, which print as 0, count as covered. The background window stays on the same raw
bins, so that nothing but t0 differs.

A scan is fitted with the phase held, a wrong t0 is then a wrong phase and moves every frequency,
and with the phase free, where a frequency does not feel t0. The last column is the size of the
budget where all is right. The seed was fixed before the first look.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import pulls
import truth

import musrcu as mu

SEED = 20261122
EVENTS = 2e7
MODEL = "exponential + damped_cosine + constant"
SET_POINTS = pulls.SET_POINTS[::2] + pulls.SET_POINTS[13:15]
WINDOW = (-0.160, -0.022)  # µs before t0: seven periods of the accelerator


def recipe(wrong: int) -> mu.Reduction:
    """The reduction with t0 wrong by some raw bins, on the same raw bins."""
    window = tuple(edge - wrong * truth.DT for edge in WINDOW)
    t0 = (truth.T0_BACK + wrong, truth.T0_FORW + wrong)
    return mu.Reduction(alpha=truth.ALPHA, t0=t0, background={"before_t0": window})


def runs(set_points: tuple[float, ...], index: int) -> list[mu.Run]:
    """Thrown runs at these set points."""
    drawn = truth.throw(np.array(set_points), EVENTS, (SEED, index))
    columns = zip(drawn.counts, drawn.temperature, drawn.temperature_spread, strict=True)
    return [pulls.as_run(*column, number) for number, column in enumerate(columns, 1)]


Row = dict[str, tuple[float, float, float]]
"""Per parameter: induced shift and quoted systematic error, both in statistical errors, and the
systematic error of the right analysis (NaN where it was not made)."""


def one_fit(index: int, budget_of_right: bool = True) -> Row:
    """The budget of one run at 20 mK."""
    wrong = 1 if index % 2 else -1
    (run,) = runs((0.020,), index)
    right = mu.fit(mu.reduce(run, recipe(0)), MODEL)
    bad = mu.robustness(run, recipe(wrong), model=MODEL)
    good = mu.robustness(run, recipe(0), model=MODEL) if budget_of_right else None
    row: Row = {}
    for name in bad.parameters:
        total = bad[name]
        known = right[name].value
        assert known is not None and total.statistical
        same = np.nan if good is None else good[name].systematic / total.statistical
        shift = (total.value - known) / total.statistical
        row[name] = (shift, total.systematic / total.statistical, same)
    return row


def one_scan(index: int, held: float | None) -> Row:
    """The budget of a scan whose phase is held at its true value, or free."""
    wrong = 1 if index % 2 else -1
    thrown = runs(SET_POINTS, 10_000 + index)
    options = {} if held is None else {"fixed": {"phi2": held}}
    right = mu.fit_order_parameter(mu.fit_scan(thrown, recipe(0), **options))
    bad = mu.robustness(thrown, recipe(wrong), **options)
    good = mu.robustness(thrown, recipe(0), **options)
    row: Row = {}
    for name in ("nu0", "T_N", "beta"):
        total = bad[name]
        scale = right[name].error
        shift = (total.value - right[name].value) / scale
        row[name] = (shift, total.systematic / scale, good[name].systematic / scale)
    return row


def report(rows: list[Row], what: str) -> None:
    """The table of one kind of analysis."""
    print(f"\n{len(rows)} {what}, t0 wrong by one raw bin; in statistical errors")
    print("| parameter | induced shift (rms, largest) | quoted (median) | covered | all right |")
    print("|---|---|---|---|---|")
    for name in rows[0]:
        shift, quoted, same = np.array([row[name] for row in rows]).T
        covered = np.abs(shift) <= quoted + 1e-3
        print(
            f"| {name} | {np.sqrt(np.mean(shift**2)):.4f}, {np.abs(shift).max():.4f} | "
            f"{np.median(quoted):.3f} | {covered.sum()} of {len(rows)} | {np.median(same):.3f} |"
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=40)
    parser.add_argument("--scans", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.jobs) as pool:
        if chosen.fits:
            report(list(pool.map(one_fit, range(chosen.fits))), "fits")
        if chosen.scans:
            for held, name in ((6.0, "scans with the phase held"), (None, "scans, phase free")):
                report(list(pool.map(partial(one_scan, held=held), range(chosen.scans))), name)


if __name__ == "__main__":
    main()
