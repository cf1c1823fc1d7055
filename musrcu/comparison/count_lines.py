"""How many lines a spectrum has: one more at a time, as long as noise does not gain as much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.comparison.bootstrap import STEPS, Replicas
from musrcu.comparison.compare import shared_options
from musrcu.comparison.line_count import LineCount, LineStep
from musrcu.comparison.line_scan import DAMPINGS, Line, LineScan, left_line, left_over, line_scans
from musrcu.comparison.placed import placed
from musrcu.comparison.share_out import Seeds, check_number, seed_of, shared_out
from musrcu.comparison.thrown import slim, thrower, thrown_knowledge
from musrcu.containers.numbers import is_number
from musrcu.errors import FitError
from musrcu.fitting.descent import descend
from musrcu.fitting.fit import fit
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.options import check_options
from musrcu.fitting.request import time_model
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model

THRESHOLD = 0.01
"""Probability above which there is no line."""
ENOUGH = 10
"""Replicas that gain more than the data after which no more are thrown: the probability is then
known to a third of itself."""
FOUND = 0.5
"""Of the gain that the scan promised; a fit from there that reaches less is searched anew."""


def count_lines(
    data: Fittable,
    *,
    model: str = "damped_cosine",
    background: str = "exponential + constant",
    most: int = 4,
    n: int = 200,
    threshold: float = THRESHOLD,
    lowest: float | None = None,
    seed: int | None = None,
    executor: Any = None,
    progress: bool = True,
    **options: Any,
) -> LineCount:
    """How many lines a spectrum has.

    It begins with the background alone. At every step the gain in chi-square of one more line is
    taken at its highest over all frequencies and two dampings, and compared with the same gain in
    ``n`` replicas of the counts, thrown around the fit without that line (of an asymmetry the
    counts behind each bin are thrown, and it is formed again). Each replica is fitted and scanned
    as the data are. The probability is the share of replicas that gain at least as much, no
    formula: where it is above ``threshold``, there is no further line. Otherwise the line is added
    and fitted.

    The gain of a line is not that of a fit but of its projection: the part of cosine and sine that
    the derivatives of all fitted parameters cannot follow, at a fixed damping. It costs a few
    Fourier transforms instead of a search, and needs to be the same for data and replicas, no
    more, for the probability to be right; a fit follows only where a line was found. Replicas end
    early when ten of them gained more (p is then 10 over their number).

    Parameters
    ----------
    data : an asymmetry, counts, or a histogram.
    model : one line.
    background : what stands beside the lines; what it misses of slow relaxation is taken for a
        slow line.
    most : lines that are looked for at most.
    n : replicas of each step; 100 or more to reach a threshold of 0.01.
    threshold : probability above which there is no line.
    lowest : slowest line, MHz; None takes one turn in the fitted times.
    seed : a whole number; None takes one from the operating system, which the result names.
    executor : anything with ``.submit`` or ``.map``; None is this process.
    progress : show a bar where standard error is a terminal.
    options : of :func:`musrcu.fit`; those by names of parameters hold for the models that have
        them.

    Returns
    -------
    LineCount: the number, the fit with so many lines, and each step with its probability.

    Raises
    ------
    FitError if the background cannot be fitted, or an argument is something else than it should
    be.

    Source: J. Besag and P. Clifford, Biometrika 78, 301 (1991), for the early end; R. Protassov
    et al., Astrophys. J. 571, 545 (2002), for why a likelihood ratio test of a line is wrong.
    """
    most, n = check_number("most", most, 1), check_number("n", n, 1)
    if not (is_number(threshold) and 1 / (n + 1) < threshold < 1):
        raise FitError(_too_few(threshold, n))
    if not (lowest is None or (is_number(lowest) and lowest > 0)):
        raise FitError(f"lowest = {lowest!r}; expected a frequency in MHz above 0, or None")
    check_options("count_lines", options)
    number = seed_of(seed)
    streams = np.random.SeedSequence(number).spawn(most)
    models = [time_model(" + ".join([background, *[model] * k])) for k in range(most + 1)]
    if len(models[1].oscillations()) != len(models[0].oscillations()) + 1:
        raise FitError(f"model = {model!r}; expected one line, such as damped_cosine")
    chosen = shared_options(models, options)
    result, steps = fit(data, models[0], **chosen[0]).best, []
    fits = [result]
    for k in range(most):
        if result.chi2 is None:
            break
        step = _step(data, result, k, threshold, lowest, streams[k].spawn(n), executor, progress)
        steps.append(step)
        if step.probability > threshold:
            break
        result = _with_line(data, models[k + 1], chosen[k + 1], result, step)
        fits.append(result)
    if not steps:
        raise FitError(f"the background {background!r} cannot be fitted: {result.reason}")
    return LineCount(fits=tuple(fits), steps=tuple(steps), threshold=threshold, seed=number)


def _too_few(threshold: float, n: int) -> str:
    """Why no replicas reach such a threshold, or not so many."""
    if not (is_number(threshold) and 0 < threshold < 1):
        return f"threshold = {threshold!r}; expected a probability between 0 and 1"
    return (
        f"n = {n} replicas show no probability below 1 / (n + 1) = {1 / (n + 1):.2g}; give "
        f"n = {least_replicas(threshold)} or more for threshold = {threshold:g}"
    )


def least_replicas(threshold: float = THRESHOLD) -> int:
    """Replicas that can show a probability below this."""
    return int(np.floor(1 / threshold - 1 + 1e-9)) + 1


def _step(
    data: Fittable,
    result: FitResult,
    k: int,
    threshold: float,
    lowest: float | None,
    seeds: Seeds,
    executor: Any,
    progress: bool,
) -> LineStep:
    """Whether one more line than in ``result`` is there."""
    here = placed(data, result)
    if lowest is None:
        lowest = 1.0 / float(here.data.time[-1] - here.data.time[0])
    scans = line_scans(here, DAMPINGS, lowest)
    line = left_line(scans, left_over(here.cost(), here.x))
    job = _Job(Replicas(slim(data), time_model(result.model), result, "counts", False), lowest)
    more = shared_out(executor, scan_replicas, job, seeds, progress=progress, label=f"line {k + 1}")
    above, thrown = _exceeding(more, line.gain)
    probability = (above + 1) / (thrown + 1) if above < ENOUGH else above / thrown
    return LineStep(lines=k, line=line, probability=probability, above=above, replicas=thrown)


def _exceeding(gains: Iterator[float], gain: float) -> tuple[int, int]:
    """How many of the replicas gain at least as much, and how many were looked at."""
    above = thrown = 0
    try:
        for one in gains:
            thrown += 1
            above += one >= gain
            if above == ENOUGH:
                break
    finally:
        gains.close()  # type: ignore[attr-defined]
    return above, thrown


@dataclass(frozen=True, slots=True)
class _Job:
    """What a worker needs to throw, fit and scan replicas."""

    replicas: Replicas
    lowest: float


def scan_replicas(job: _Job, seeds: Seeds) -> list[float]:
    """The highest gain of one more line in a replica for each seed.

    The directions in which the fit can follow are those at the fit of the data.
    """
    here = job.replicas.placed()
    throw = thrower(here, job.replicas.kind)
    scans: list[LineScan] = line_scans(here, DAMPINGS, job.lowest)
    found = []
    for one in seeds:
        rng = np.random.default_rng(one)
        data = throw(rng)
        cost = data.cost(here.freedom, thrown_knowledge(here, job.replicas.kind, rng))
        x = descend(cost, here.x, steps=STEPS, tolerance=1e-3)[0]
        line: Line = left_line(scans, left_over(cost, x))
        found.append(line.gain)
    return found


def _with_line(
    data: Fittable, model: Model, options: dict[str, Any], result: FitResult, step: LineStep
) -> FitResult:
    """The fit with one more line, from where the scan found it."""
    term, nu, _ = model.oscillations()[-1]
    begin = {model.names[nu]: step.line.nu}
    if model.without(term).expression == Model(result.model).expression:
        for k, parameter in enumerate(model.parameters):
            old = result.parameters.get(parameter.name)
            if old is not None and parameter.kind != "amplitude" and k != nu:
                begin[parameter.name] = float(old.value or 0.0)
    known = {**options.get("fixed", {}), **options.get("ties", {})}
    begin = {name: value for name, value in begin.items() if name not in known}
    found = fit(data, model, **options | {"start": begin | options.get("start", {})})
    reached = (result.chi2 or 0.0) - (np.inf if found.chi2 is None else found.chi2)
    if found.valid and reached > FOUND * step.line.gain:
        return found.best
    again = fit(data, model, **options)
    return min((found.best, again.best), key=lambda one: (not one.valid, one.chi2 or np.inf))
