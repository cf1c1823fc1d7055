"""One step and two: 500 simulated scans of the paper's case for each of eight cells.

    python benchmarks/direct_pulls.py --keep DIR              # all, 500 sets a cell, 2 workers
    python benchmarks/direct_pulls.py --sets 45               # ten minutes
    python benchmarks/direct_pulls.py --steps two --sets 20 --jobs 1 --events 2e6 --errors 1
    python benchmarks/direct_pulls.py --keep DIR --report     # tables of what was done so far
    python benchmarks/direct_pulls.py --jitter 1              # runs cross T_N, see below

A cell is 2e7 or 2e6 events a run, and an error of each run's mean temperature of 0, 0.3, 0.5 or
1 mK. Counts are thrown by ``order_truth.py``, which imports nothing of musrcu and has a sharp T_N;
all ways are given the same counts. Ways:

    two steps, auto      each run fitted alone, then the law; errors of T where they matter
    two steps, latent    the same, a latent temperature for every run
    two steps, naive     the same, errors of frequencies only
    two steps, effective the same, errors of T through the slope of the law
    two steps, censored  as auto, runs without order as terms of the cost instead of a bound
    one step             the law inside one likelihood of all runs

True temperatures scatter by 0.3 mK about the set points; with ``--jitter 1`` a sixth of the runs at
104 and at 106 mK is on the other side of T_N. With ``--from-truth`` the one step is told where to
begin: a study of errors and not of the search.

With ``--keep`` every set is a line of a file there and the program goes on where it stopped. A pull
is the root of the likelihood, sign(fit - truth) sqrt(chi2 with the parameter held at its truth -
chi2 of the fit). Rule: |mean| < 0.03 + 3.5 / sqrt(n) and |width - 1| < 0.03 + 3.5 / sqrt(2 n) of n
pulls. The seed was fixed before the first look. 1 is returned where the one step or the two steps
with the default method break it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import direct_report
import order_truth

import musrcu as mu
from musrcu.containers.temperature import Temperature
from musrcu.ordering.two_step import fit_order_parameter, likelihood_root

SEED = 20261128
EVENTS = (2e7, 2e6)
ERRORS = (0.0, 0.3, 0.5, 1.0)  # mK
TRUTH = {"nu0": order_truth.NU0, "T_N": order_truth.T_N, "beta": order_truth.BETA}
ABOVE = {"A1_above": 0.045, "sigma1_above": 0.35, "lambda2_above": 2.0}
"""Start of the paramagnetic part with ``--from-truth``."""
METHODS = {
    "latent": {"method": "latent"},
    "naive": {"method": "naive"},
    "effective": {"method": "effective"},
    "censored": {"above": "censored"},
}
"""Options of the second step beside those of the default."""

Record = dict[str, Any]


class Cell(NamedTuple):
    """What the sets of one cell have in common."""

    events: float
    T_error: float
    """mK."""
    jitter: float = 1e3 * order_truth.JITTER
    """mK, scatter of the true temperatures about the set points."""

    told: bool = False
    """Whether the one step begins at the truth."""
    methods: tuple[str, ...] = tuple(METHODS)
    """Of the second step, beside the default."""

    @property
    def title(self) -> str:
        """In words."""
        text = f"{self.events:.0e} events, {self.T_error:g} mK"
        if self.jitter != 1e3 * order_truth.JITTER:
            text += f", jitter {self.jitter:g} mK"
        return text + ", from the truth" * self.told


def thrown(index: int, cell: Cell) -> order_truth.Thrown:
    """One scan of counts."""
    seed = (SEED, round(cell.events), round(1000 * cell.T_error), index)
    return order_truth.throw(seed, cell.events, 1e-3 * cell.T_error, jitter=1e-3 * cell.jitter)


def as_runs(scan: order_truth.Thrown) -> list[mu.Run]:
    """Thrown counts as Runs, numbered by set point."""
    first = order_truth.BEFORE
    return [
        mu.Run(
            counts=counts[None],
            bin_width=order_truth.DT,
            t0=[first - 0.5] * 2,
            first_good=[first] * 2,
            last_good=[first + order_truth.BINS - 1] * 2,
            labels=("Back", "Forw"),
            source="continuous",
            facility="PSI",
            instrument="LTF",
            number=number,
            temperature=Temperature(mean=float(measured), error=scan.error),
        )
        for number, (counts, measured) in enumerate(zip(scan.counts, scan.measured, strict=True), 1)
    ]


def recipe(scan: order_truth.Thrown) -> mu.Reduction:
    """Single bins; alpha and backgrounds known."""
    return mu.Reduction(
        forward=[1], backward=[2], alpha=order_truth.BALANCE, packing=1,
        t_max=order_truth.DT * order_truth.BINS + 1, background={"given": scan.flat},
    )  # fmt: skip


def number(value: float | None) -> float | None:
    """For JSON."""
    return None if value is None or not math.isfinite(value) else float(value)


def rows(result: Any, root: Callable[[str, float], float]) -> dict[str, list[float | None]]:
    """By parameter: value, error, ends of the interval, and root; of a valid fit."""
    if not result.valid:
        return {}
    found = {}
    for name, truth in TRUTH.items():
        one = getattr(result, name)
        low, high = one.minos or (None, None)
        found[name] = [number(item) for item in (one.value, one.error, low, high)]
        found[name].append(number(root(name, truth)))
    return found


def first_step(drawn: order_truth.Thrown, runs: Iterable[Any]) -> Record:
    """Which runs were not found to be what they are."""
    verdicts = {run.run: run.verdict for run in runs}
    columns = zip(drawn.ordered, drawn.true, drawn.measured, strict=True)
    return {
        "wrong": [
            {
                "run": place,
                "ordered": bool(ordered),
                "true": float(true),
                "measured": float(measured),
                "verdict": verdicts.get(place, "missing"),
            }
            for place, (ordered, true, measured) in enumerate(columns, 1)
            if verdicts.get(place) != ("ordered" if ordered else "not ordered")
        ]
    }


def second_steps(source: Any, cell: Cell, auto: Any) -> dict[str, Record]:
    """The law through the frequencies of single runs, by every method."""
    ways = {"two steps, auto": second_step(auto)}
    for name in cell.methods:
        options = METHODS[name]
        begin = time.process_time()
        if auto.method == options.get("method"):
            ways[f"two steps, {name}"] = ways["two steps, auto"]
        elif cell.T_error or "method" not in options:
            order = fit_order_parameter(source, alpha=order_truth.ALPHA, **options)
            seconds = time.process_time() - begin
            ways[f"two steps, {name}"] = {**second_step(order), "seconds": seconds}
    return ways


def second_step(order: mu.OrderParameter) -> Record:
    """One of these fits."""
    return {
        "valid": order.valid,
        "reason": order.reason,
        "method": order.method,
        "chi2": number(order.chi2),
        "ndof": order.ndof,
        "notes": list(order.notes),
        "parameters": rows(order, partial(likelihood_root, order)),
    }


def two_steps(index: int, cell: Cell) -> dict[str, Record]:
    """Both steps on one scan."""
    begin = time.process_time()
    drawn = thrown(index, cell)
    scan = mu.fit_scan(as_runs(drawn), recipe(drawn))
    order = fit_order_parameter(scan, alpha=order_truth.ALPHA)
    seconds = time.process_time() - begin
    ways = {"scan": first_step(drawn, scan.runs), **second_steps(scan, cell, order)}
    ways["scan"]["seconds"] = seconds
    return ways


def one_step(index: int, cell: Cell) -> dict[str, Record]:
    """The law inside one likelihood of all runs, and the two steps beside it."""
    begin = time.process_time()
    drawn = thrown(index, cell)
    known = recipe(drawn)
    data = [mu.reduce(run, known) for run in as_runs(drawn)]
    fit: Any = mu.fit_order_parameter
    start = TRUTH | ABOVE if cell.told else None
    result = fit(data, direct=True, alpha=order_truth.ALPHA, minos=True, start=start)
    seconds = time.process_time() - begin
    record = {
        "valid": result.valid,
        "reason": result.reason,
        "chi2": number(result.chi2),
        "ndof": result.ndof,
        "left out": list(result.left_out),
        "fractions": [number(run.fraction) for run in result.runs],
        "parameters": rows(result, result.likelihood_root),
        "seconds": seconds,
    }
    two = result.two_step
    ways = {"one step": record, "scan": first_step(drawn, result.runs)}
    ways |= second_steps(two.points, cell, two)
    record["all seconds"] = time.process_time() - begin
    return ways


WORK = {"two": two_steps, "one": one_step}


def one(index: int, step: str, cell: Cell) -> Record:
    """One set; a sentence of musrcu instead of a result is a fit that is not valid."""
    try:
        found = WORK[step](index, cell)
    except mu.MusrcuError as error:
        said = {"valid": False, "reason": f"refused: {error}", "parameters": {}}
        if step == "two":
            return {"set": index, "ways": {"two steps, auto": said}}
        found = {"one step": said, **one(index, "two", cell)["ways"]}
    return {"set": index, "ways": found}


def known(path: Path, sets: int) -> dict[int, Record]:
    """Sets that were done before, by number; a line that was cut off is done again."""
    found: dict[int, Record] = {}
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            record = json.loads(text)
        except ValueError:
            continue
        if record["set"] < sets:
            found[record["set"]] = record
    return found


def worked(
    path: Path, sets: int, work: partial[Record], pool: ProcessPoolExecutor | None
) -> list[Record]:
    """All sets of one cell and step, those that are missing fitted now where there is a pool."""
    found = known(path, sets)
    missing = [index for index in range(sets) if index not in found]
    if pool is not None and missing:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" if path.stat().st_size else "")
            for record in pool.map(work, missing, chunksize=2):
                found[record["set"]] = record
                file.write(json.dumps(record) + "\n")
                file.flush()
    return [found[index] for index in sorted(found)]


def by_way(records: list[Record]) -> dict[str, list[Record]]:
    """Records of single ways, each with its set."""
    ways: dict[str, list[Record]] = {}
    for record in records:
        for way, found in record["ways"].items():
            ways.setdefault(way, []).append({"set": record["set"], **found})
    return ways


def arguments() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", type=int, default=500, help="of each cell")
    parser.add_argument("--events", type=float, nargs="+", default=list(EVENTS))
    parser.add_argument("--errors", type=float, nargs="+", default=list(ERRORS), help="mK")
    parser.add_argument("--jitter", type=float, default=Cell(0, 0).jitter, help="mK")
    parser.add_argument("--steps", choices=WORK, default="one", help="one: and two beside it")
    parser.add_argument("--methods", choices=METHODS, nargs="*", default=list(METHODS),
                        help="of the second step, beside the default")  # fmt: skip
    parser.add_argument("--from-truth", action="store_true", help="errors without the search")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder of what was fitted, to continue")
    parser.add_argument("--report", action="store_true", help="tables only, nothing fitted")
    return parser.parse_args()


def main() -> int:
    """Run the study; 1 where a way that claims it breaks the rule."""
    options = arguments()
    keep = options.keep or Path(tempfile.mkdtemp(prefix="direct_pulls"))
    keep.mkdir(parents=True, exist_ok=True)
    print(direct_report.rule(options.sets), flush=True)
    cells: dict[str, dict[str, list[Record]]] = {}
    pool = None if options.report else ProcessPoolExecutor(options.jobs)
    begin = time.perf_counter()
    for events, T_error in itertools.product(options.events, options.errors):
        methods = tuple(options.methods)
        cell = Cell(events, T_error, options.jitter, options.from_truth, methods)
        path = keep / f"{options.steps} {cell.title}.jsonl"
        work = partial(one, step=options.steps, cell=cell)
        records = worked(path, options.sets, work, pool)
        ways = by_way(records)
        first = ways.pop("scan", [])
        cells[cell.title] = ways
        print(direct_report.told(cell.title, ways, TRUTH))
        print(direct_report.verdicts(first))
        print(f"  {time.perf_counter() - begin:.0f} s since the start", flush=True)
    if pool is not None:
        pool.shutdown()
    print(direct_report.page(cells, TRUTH))
    text, sound = direct_report.summary(cells, TRUTH)
    print(text)
    return int(not sound)


if __name__ == "__main__":
    raise SystemExit(main())
