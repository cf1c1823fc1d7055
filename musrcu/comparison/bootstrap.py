"""Errors of a fit from data thrown again and fitted again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.comparison.bootstrap_result import Bootstrap
from musrcu.comparison.placed import Placed, placed
from musrcu.comparison.share_out import Seeds, check_number, seed_of, shared_out
from musrcu.comparison.thrown import slim, thrower, thrown_knowledge
from musrcu.errors import FitError
from musrcu.fitting.cost import Cost
from musrcu.fitting.descent import descend
from musrcu.fitting.fit import fit
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.options import check_options
from musrcu.fitting.request import time_model
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]

KINDS = ("parametric", "poisson")
STEPS = 200
CLOSE = 1e-3
"""A replica has converged where one more step promises to gain less than this in chi-square."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """What a worker needs to throw and fit replicas of a fit."""

    data: Fittable
    model: Model
    """Brings along the functions of its own that another process does not know."""
    result: FitResult
    kind: str
    search: bool

    def placed(self) -> Placed:
        """The fit at its minimum."""
        return placed(self.data, self.result)


@dataclass(frozen=True, slots=True, eq=False)
class Replica:
    """One data set thrown and fitted again."""

    values: FloatArray
    """(n_parameters,)."""
    chi2: float
    converged: bool


def bootstrap(
    data: Fittable,
    model: Model | str | FitResult,
    *,
    n: int = 200,
    kind: str = "parametric",
    seed: int | None = None,
    executor: Any = None,
    progress: bool = True,
    search: bool = False,
    **options: Any,
) -> Bootstrap:
    """Errors of a fit by fitting it again to ``n`` data sets that might have been measured.

    ``parametric`` takes the fitted model for true and throws around it: an asymmetry with normal
    noise of its errors, counts by Poisson's law. ``poisson`` takes no model for true and throws
    each count n again by Poisson's law of mean n; an asymmetry is taken back to the counts of its
    bins, background included, thrown there, and formed again with the same balance. What is known
    from elsewhere, the constraints, is thrown too, within its errors. The scatter of the values
    is their error, where that of the Hessian is in doubt as well: few counts, limits, curvature.

    Each replica has a random stream of its own, spawned from the seed: the numbers are the same
    with any executor and any number of workers.

    Parameters
    ----------
    data : an asymmetry, counts, or a histogram.
    model : a model or its expression, or a fit of these data.
    n : replicas.
    kind : ``parametric`` or ``poisson``.
    seed : a whole number; None takes one from the operating system, which the result names.
    executor : anything with ``.submit`` or ``.map``, such as a pool of threads or processes or a
        Dask client; None is this process.
    progress : show a bar where standard error is a terminal.
    search : whether start values of each replica are searched anew; otherwise each fit begins at
        the fitted values and stays in their valley.
    options : of :func:`musrcu.fit`.

    Returns
    -------
    Bootstrap.

    Raises
    ------
    FitError if the fit is not valid, or an argument is something else than it should be.

    Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993); J. A. Hanley
    and B. MacGibbon, Comput. Methods Programs Biomed. 83, 57 (2006), for Poisson weights.
    """
    if kind not in KINDS:
        raise FitError(f"kind = {kind!r}; expected 'parametric' or 'poisson'")
    check_options("bootstrap", options)
    count = check_number("n", n, 2)
    number = seed_of(seed)
    result = model if isinstance(model, FitResult) else fit(data, model, **options)
    if not result.valid:
        raise FitError(f"the fit of {result.model!r} is not valid: {result.reason}")
    job = Replicas(slim(data), time_model(result.model), result, kind, search)
    job.placed()  # refuses a result of other data before the work is shared out
    seeds = np.random.SeedSequence(number).spawn(count)
    done = list(shared_out(executor, throw_and_fit, job, seeds, progress=progress))
    sound = [one for one in done if one.converged]
    if len(sound) < 2:
        raise FitError(f"only {len(sound)} of {count} replicas of this fit converged")
    return Bootstrap(
        fit=result,
        values=np.array([one.values for one in sound]),
        chi2=np.array([one.chi2 for one in sound]),
        failed=count - len(sound),
        kind=kind,
        seed=number,
    )


def throw_and_fit(job: Replicas, seeds: Seeds) -> list[Replica]:
    """A replica for each seed."""
    here = job.placed()
    throw = thrower(here, job.kind)
    found = []
    for one in seeds:
        rng = np.random.default_rng(one)
        data = throw(rng)
        cost = data.cost(here.freedom, thrown_knowledge(here, job.kind, rng))
        begin = here.x
        if job.search:
            begin = next((start.x for start in data.starts(cost)), here.x)
        x, chi2 = descend(cost, begin, steps=STEPS, tolerance=1e-6)
        values = _turned(here.freedom.expand(x), job.result)
        found.append(Replica(values, chi2, converged(cost, x)))
    return found


def converged(cost: Cost, x: FloatArray) -> bool:
    """Whether a Gauss-Newton step of what is not at a limit would gain next to nothing."""
    residual, jacobian = cost.linearise(x)
    lower, upper = cost.freedom.lower[cost.free], cost.freedom.upper[cost.free]
    rows = jacobian[(x > lower) & (x < upper)]
    slope = rows @ residual
    if not np.isfinite(slope).all():
        return False
    if not slope.size:
        return True
    step = np.linalg.lstsq(rows @ rows.T, slope, rcond=1e-12)[0]
    return bool(slope @ step < CLOSE)


def _turned(values: FloatArray, result: FitResult) -> FloatArray:
    """The values with each phase within half a turn of that of the fit, and the sign of lines."""
    model = Model(result.model)
    for term, _, phi in model.oscillations():
        amplitude = model.terms[term].amplitude
        held = result.parameters[model.names[phi]]
        if held.fixed or held.tie is not None:
            continue
        near = float(held.value or 0.0)
        if amplitude is not None and values[amplitude] * result.values[amplitude] < 0:
            other = result.parameters[model.names[amplitude]]
            if not other.fixed and other.tie is None:
                values[amplitude], values[phi] = -values[amplitude], values[phi] + 180.0
        values[phi] -= 360.0 * np.rint((values[phi] - near) / 360.0)
    return values
