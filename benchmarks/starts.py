"""Are start values needed? Fits without any against the best of fits from the truth and elsewhere.

    python benchmarks/starts.py [case] [number of spectra] [first seed] [file.csv]

Each spectrum of ``start_truth.py`` is fitted without start values and, for reference, from its
truth and from 50 random points drawn as the truth was, the amplitudes solved for. Both criteria:
chi-square at most 0.1 above the lowest of those; and where chi-square without the line is more
than 30 higher and lambda < 2 pi nu, nu within 5 standard errors of the truth. With a file, what
is in it already is not fitted again. Failures are listed with their seed.
"""

from __future__ import annotations

import csv
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import start_truth as truth
from start_truth import CASES, Case, Spectrum

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.fit import fit
from musrcu.fitting.freedom import Freedom, settle
from musrcu.fitting.minimise import descend
from musrcu.fitting.result import FitResult
from musrcu.fitting.start import find_starts
from musrcu.models.model import Model

RANDOM = 50
ALLOWED, MATTERS, SIGMAS = 0.1, 30.0, 5.0
COLUMNS = (
    "seed", "chi2", "lowest", "at_truth", "excess", "line_gain", "nu", "nu_error", "nu_true",
    "damping_true", "significance", "events", "bins", "valid", "search_ms", "fit_ms", "where",
)  # fmt: skip
Row = dict[str, object]


def asymmetry(spectrum: Spectrum) -> Asymmetry:
    """The spectrum as a reduction would give it."""
    run = Run(
        counts=np.ones((1, 2, 8), dtype=int),
        bin_width=spectrum.width,
        t0=np.zeros(2),
        first_good=np.zeros(2, dtype=int),
        last_good=np.full(2, 7),
        labels=("Back", "Forw"),
        source="continuous",
    )
    return Asymmetry(
        time=spectrum.time,
        value=spectrum.value,
        error=spectrum.error,
        bin_width=spectrum.width,
        packing=1,
        alpha=1.0,
        run=run,
        history=History(),
    )


def held(case: Case, values: truth.Values) -> dict[str, float]:
    """The applied field, which every run knows."""
    return {name: value for name, value in values.items() if name.startswith("B_LF")}


def freedom_of(expression: str, fixed: dict[str, float]) -> Freedom:
    """What :func:`musrcu.fit` leaves free, within its limits."""
    return settle(Model(expression), None, fixed)


def solved(cost: AsymmetryCost, values: truth.Values) -> np.ndarray:
    """A point with its amplitudes solved for."""
    model = cost.freedom.model
    full = model.vector(values)
    shapes = model.shapes(cost.time, full) * cost.inverse_error
    places = [term.amplitude for term in model.terms]
    full[places] = np.linalg.lstsq(shapes.T, cost.value * cost.inverse_error, rcond=1e-8)[0]
    return np.asarray(full[cost.free])


def reference(case: Case, cost: AsymmetryCost, spectrum: Spectrum, seed: int) -> tuple[float, ...]:
    """Lowest chi-square of fits from the truth and random points, and that from the truth."""
    rng = np.random.default_rng([1123, seed])
    fixed = held(case, spectrum.truth)
    points = [cost.freedom.model.vector(spectrum.truth)[cost.free]]
    points += [solved(cost, {**case.draw(rng), **fixed}) for _ in range(RANDOM)]
    ends = [descend(cost, x, steps=40, tolerance=1e-2) for x in points]
    truly = descend(cost, ends[0][0], steps=200, tolerance=1e-6)
    ends.sort(key=lambda end: end[1])
    polished = [descend(cost, x, steps=200, tolerance=1e-6) for x, _ in ends[:3]]
    best = min([truly, *polished], key=lambda end: end[1])
    return best[1], truly[1], *best[0]


def without_line(case: Case, cost: AsymmetryCost) -> float:
    """Chi-square of the model without the line: a scan of its one rate, and descent."""
    fewer = AsymmetryCost(
        cost.time, cost.value, 1 / cost.inverse_error, freedom_of(case.without, {})
    )
    if "exponential" not in case.without:
        return descend(fewer, np.zeros(1), steps=50)[1]
    slopes = np.geomspace(0.01, 300, 25)
    starts = [solved(fewer, {"A1": 0, "lambda1": slope, "A_bg": 0}) for slope in slopes]
    return min(descend(fewer, x, steps=100, tolerance=1e-5)[1] for x in starts)


def timed_fit(spectrum: Spectrum, case: Case, fixed: dict[str, float]) -> tuple[FitResult, float]:
    """The fit without start values and its time, ms."""
    data = asymmetry(spectrum)
    begin = time.perf_counter()
    result = fit(data, case.expression, fixed=fixed)
    return result, 1e3 * (time.perf_counter() - begin)


def study(name: str, seed: int) -> Row:
    """One spectrum."""
    case, spectrum = CASES[name], truth.throw(name, seed)
    fixed = held(case, spectrum.truth)
    freedom = freedom_of(case.expression, fixed)
    cost = AsymmetryCost(spectrum.time, spectrum.value, spectrum.error, freedom)
    begin = time.perf_counter()
    find_starts(AsymmetryCost(spectrum.time, spectrum.value, spectrum.error, freedom))
    search = 1e3 * (time.perf_counter() - begin)
    result, took = timed_fit(spectrum, case, fixed)
    lowest, at_truth, *where = reference(case, cost, spectrum, seed)
    chi2 = np.inf if result.chi2 is None else result.chi2
    row: Row = {
        "seed": seed, "chi2": chi2, "lowest": lowest, "at_truth": at_truth,
        "excess": chi2 - lowest, "significance": spectrum.significance,
        "events": spectrum.events, "bins": spectrum.time.size, "valid": result.valid,
        "search_ms": search, "fit_ms": took, "where": " ".join(f"{v:.4g}" for v in where),
    }  # fmt: skip
    if case.line and case.without:
        nu, damping = case.line
        found = result[nu]
        x = np.array([result[key].value for key in cost.freedom.model.names], dtype=float)
        error = found.error or curvature_error(cost, x[cost.free], nu)
        row |= {
            "line_gain": without_line(case, cost) - chi2, "nu": found.value,
            "nu_error": error, "nu_true": spectrum.truth[nu],
            "damping_true": spectrum.truth[damping],
        }  # fmt: skip
    return {key: f"{v:.6g}" if isinstance(v, float) else v for key, v in row.items()}


def curvature_error(cost: AsymmetryCost, x: np.ndarray, name: str) -> float:
    """Error of one parameter where the others cannot all be told: a floor under the curvature."""
    half = cost.gauss_newton(x) / 2
    size = np.sqrt(np.maximum(np.diag(half), 1e-300))
    spread = np.linalg.inv(half / np.outer(size, size) + 1e-10 * np.eye(size.size))
    place = cost.free.tolist().index(cost.freedom.model.index(name))
    return float(np.sqrt(abs(spread[place, place])) / size[place])


def number(row: Row, key: str) -> float:
    """A column of a row that may come from a file."""
    text = row.get(key)
    return float("nan") if text in (None, "") else float(str(text))


def lost(row: Row) -> bool:
    """Whether chi-square ended too high."""
    return not number(row, "excess") <= ALLOWED


def asked(row: Row) -> bool:
    """Whether the second criterion asks for the frequency."""
    turns = number(row, "damping_true") < 2 * np.pi * number(row, "nu_true")
    return turns and number(row, "line_gain") > MATTERS


def elsewhere(row: Row) -> bool:
    """Whether the frequency is not that of the truth."""
    away = abs(number(row, "nu") - number(row, "nu_true"))
    return not away <= SIGMAS * number(row, "nu_error")


def report(name: str, rows: list[Row]) -> None:
    """Both criteria, the times, and the failures."""
    high = [row for row in rows if lost(row)]
    wanted = [row for row in rows if asked(row)]
    missed = [row for row in wanted if elsewhere(row)]
    search = np.array([number(row, "search_ms") for row in rows])
    whole = np.array([number(row, "fit_ms") for row in rows])
    better = sum(number(row, "excess") < -ALLOWED for row in rows)
    print(f"{name}: {CASES[name].expression}, {len(rows)} spectra")
    print(f"  chi-square within {ALLOWED} of the lowest: {len(rows) - len(high)}, {better} lower")
    print(f"  frequency asked {len(wanted)}, within {SIGMAS:g} errors {len(wanted) - len(missed)}")
    print(f"  search {np.median(search):.1f} ms, fit {np.median(whole):.1f} ms (medians)")
    for title, failed in (("chi-square", high), ("frequency", missed)):
        for row in failed:
            print(
                f"  {title}: seed {row['seed']}: {number(row, 'excess'):+.2f} to {row['where']}, "
                f"gain {row.get('line_gain', '')}, nu {row.get('nu', '')} "
                f"({row.get('nu_error', '')}), true {row.get('nu_true', '')}, "
                f"damping {row.get('damping_true', '')}, "
                f"{number(row, 'significance'):.3g} sigma, {row['bins']} bins, valid {row['valid']}"
            )


def kept(path: Path | None) -> list[Row]:
    """Rows of earlier runs."""
    if path is None or not path.exists():
        return []
    with path.open(newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def main() -> None:
    """Fit and report."""
    words = [*sys.argv[1:], *("paper", "100", "1")[len(sys.argv) - 1 :]]
    name, count, first = words[0], int(words[1]), int(words[2])
    path = Path(words[3]) if len(words) > 3 else None
    warnings.simplefilter("ignore")
    rows = kept(path)
    done = {int(number(row, "seed")) for row in rows}
    for seed in range(first, first + count):
        if seed in done:
            continue
        row = study(name, seed)
        rows.append(row)
        if path is not None:
            new = not path.exists()
            with path.open("a", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS)
                if new:
                    writer.writeheader()
                writer.writerow(row)
        if lost(row) or (asked(row) and elsewhere(row)):
            print(f"  failed: seed {seed}", file=sys.stderr)
    report(name, rows)


if __name__ == "__main__":
    main()
