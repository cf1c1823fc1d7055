"""A temperature scan: every run fitted and judged, one failure never stopping the rest."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from musrcu.analysis.as_fitted import recipe_as_fitted
from musrcu.analysis.scan_options import (
    ASYMMETRY,
    SHARED,
    as_given,
    as_models,
    check_rest,
    minos_of,
    options_of,
    recipe_of,
)
from musrcu.analysis.scan_result import Scan, ScanRun
from musrcu.analysis.temperature_doubt import temperature_doubt
from musrcu.analysis.verdict import decide, expected_gain, line_fails
from musrcu.constants import MUON_LIFETIME, NU_MIN
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.kinds import an
from musrcu.containers.run import Run
from musrcu.errors import FitError, MusrcuError
from musrcu.files import PathLike
from musrcu.fitting.constraint import Constraints
from musrcu.fitting.fit import fit
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model
from musrcu.readers.registry import read
from musrcu.reduction.recipe import Reduction, reduce, reduce_counts

__all__ = ["Scan", "ScanRun", "fit_scan"]

ORDERED = "exponential + damped_cosine + constant"
PARAMAGNETIC = "gaussian + exponential + constant"
BETTER = 0.05
"""Gain in chi-square for which a fit started from a neighbour replaces a run's own."""
BEYOND_DOUBT = 200.0
"""A line worth more than this in chi-square decides a run, whichever terms the fit without it could
spare: verdicts are decided between 12 and about 40."""


def fit_scan(
    runs: Iterable[Run | PathLike | Asymmetry | Counts],
    recipe: Reduction | None = None,
    *,
    ordered: Model | str = ORDERED,
    paramagnetic: Model | str = PARAMAGNETIC,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    limits: Mapping[str, tuple[float | None, float | None]] | None = None,
    ties: Mapping[str, str] | None = None,
    constraints: Constraints | None = None,
    t_range: tuple[float, float] | None = None,
    minos: Iterable[str] = (),
    average_bins: bool = False,
    cost: str = ASYMMETRY,
    executor: Any = None,
    progress: bool = False,
) -> Scan:
    """Both models fitted to every run, and the verdict which of them it wants.

    Runs are sorted by temperature; after each was fitted alone, its fit is tried again from the
    values of its neighbours and the better one kept, so that no run misses the line of the others.

    Parameters
    ----------
    runs : runs or files, the same file counting once; or what was reduced from them before.
    recipe : how each is reduced; what was reduced before stays what it is.
    ordered : model with a line (the first oscillation in it is the order parameter).
    paramagnetic : model without a line.
    start, fixed, limits, ties, constraints : as in :func:`musrcu.fit`; they apply to every model
        that has a parameter of that name, a constraint of alpha to all, a correlated one to the
        models that have all of its parameters. The frequency is limited to 0.3 MHz and above unless
        limits say otherwise.
    t_range : (first, last) time, µs.
    minos : parameters of the ordered model whose unequal errors are computed.
    average_bins : whether models are averaged over each bin, as in :func:`musrcu.fit`.
    cost : what both models are fitted by: ``asymmetry``, or ``poisson``, ``binomial``, ``neyman``
        or ``pearson`` of the counts, as in :func:`musrcu.fit`.
    executor : any object with ``.map``, such as a process pool.
    progress : show a progress bar where standard error is a terminal.

    Returns
    -------
    Scan, sorted by temperature. A run that cannot be read, reduced or fitted is in it with the
    verdict ``failed`` and the reason.

    Raises
    ------
    ModelError where a model cannot be set up, MusrcuError where it has no oscillation, or where an
    argument is something else than it should be.
    """
    plan = ScanPlan.of(
        ordered, paramagnetic, start, fixed, limits, ties, t_range, minos, constraints,
        average_bins, cost,
    )  # fmt: skip
    check_rest(executor=executor)
    recipe = recipe_of("fit_scan", recipe)
    return plan.scan(plan.work(runs, recipe, executor, progress), recipe)


@dataclasses.dataclass(frozen=True, slots=True)
class ScanPlan:
    """What is fitted to every run of a scan."""

    models: tuple[Model, ...]
    """The ordered and the paramagnetic one."""
    options: tuple[Mapping[str, Any], ...]
    """Options of the fit of each: start, fixed, limits, ties, constraints, average_bins."""
    t_range: tuple[float, float] | None
    minos: tuple[str, ...]
    given: Mapping[str, Any]
    """What the user gave, for the saved scan."""
    cost: str = ASYMMETRY
    """What is minimised."""

    @classmethod
    def of(
        cls,
        ordered: Model | str,
        paramagnetic: Model | str,
        start: Mapping[str, float] | None,
        fixed: Mapping[str, float] | None,
        limits: Mapping[str, tuple[float | None, float | None]] | None,
        ties: Mapping[str, str] | None,
        t_range: tuple[float, float] | None,
        minos: Iterable[str],
        constraints: Constraints | None = None,
        average_bins: bool = False,
        cost: str = ASYMMETRY,
    ) -> ScanPlan:
        """A plan from the arguments of :func:`fit_scan`."""
        models = as_models(ordered, paramagnetic)
        lines = models[0].oscillations()
        if not lines:
            raise MusrcuError(
                f"{models[0].expression!r} has no oscillation to follow through a scan"
            )
        check_rest(t_range, minos, average_bins=average_bins, cost=cost)
        tables = {"start": start, "fixed": fixed, "limits": limits, "ties": ties}
        if isinstance(constraints, Iterable) and not isinstance(constraints, (Mapping, str)):
            constraints = tuple(constraints)  # it is gone through twice
        options = options_of(models, tables, constraints, SHARED, average_bins=average_bins)
        nu = models[0].names[lines[0][1]]
        if nu not in options[0]["fixed"] and nu not in options[0]["ties"]:
            options[0]["limits"].setdefault(nu, (NU_MIN, None))
        used = as_given(tables, constraints, t_range, average_bins, cost)
        return cls(models, tuple(options), t_range, minos_of(models[0], minos), used, cost)

    @property
    def parameter(self) -> str:
        """The order parameter: name of the frequency in the ordered model."""
        return self.models[0].names[self.models[0].oscillations()[0][1]]

    def reduced(self, run: Run, recipe: Reduction) -> Asymmetry | Counts:
        """What is fitted."""
        return reduce(run, recipe) if self.cost == ASYMMETRY else reduce_counts(run, recipe)

    def fitted(self, data: Asymmetry | Counts, which: int, **more: Any) -> FitResult:
        """The fit of one of the models, by its place."""
        options = {"t_range": self.t_range, **self.options[which], **more}
        return fit(data, self.models[which], cost=self.cost, **options)

    def work(
        self, runs: object, recipe: Reduction, executor: Any = None, progress: bool = False
    ) -> list[WorkedRun]:
        """Every run with its fits, sorted by temperature."""
        found = sources_or_reduced(runs)
        one = partial(work_on_run, recipe=recipe, plan=self)
        apply: Callable[..., Iterable[WorkedRun]] = map if executor is None else executor.map
        done = shown(apply(one, found), progress)
        worked = [
            dataclasses.replace(item, source=source)
            for source, item in zip(found, done, strict=True)
        ]
        worked.sort(key=lambda item: (item.temperature is None, item.temperature or 0.0))
        return _from_neighbours(worked, self)

    def scan(self, worked: Iterable[WorkedRun], recipe: Reduction) -> Scan:
        """The scan of the runs that were worked on."""
        return Scan(
            runs=tuple(item.judged() for item in worked),
            ordered_model=self.models[0].expression,
            paramagnetic_model=self.models[1].expression,
            parameter=self.parameter,
            reduction=recipe.to_dict(),
            options=self.given,
        )


Reduced = Asymmetry | Counts
"""What a run is fitted as."""


def sources(runs: object, taker: str = "a scan") -> list[Run | PathLike]:
    """The runs or files of a scan, each once; a single one will do."""
    found = _listed(runs, (Run, str, os.PathLike), f"{taker} takes runs or files")
    return distinct(found)


def sources_or_reduced(runs: object) -> list[Run | PathLike | Reduced]:
    """The same, and what was reduced from runs before."""
    kinds = (Run, str, os.PathLike, Asymmetry, Counts)
    return distinct(_listed(runs, kinds, "a scan takes runs, files or asymmetries"))


def _listed(runs: object, kinds: tuple[type, ...], takes: str) -> list[Any]:
    if isinstance(runs, kinds):
        runs = [runs]
    if not isinstance(runs, Iterable):
        raise FitError(f"{takes}, not {an(runs)}")
    listed = list(runs)
    for item in listed:
        if not isinstance(item, kinds):
            raise FitError(f"{takes}, not {an(item)}")
    return listed


_Source = TypeVar("_Source", bound=Run | PathLike | Asymmetry | Counts)


def distinct(runs: Iterable[_Source]) -> list[_Source]:
    """The runs or files in their order, each file and each object once.

    Two names of one file (a link, a way round by another folder) are one file.
    """
    found: dict[str | int, _Source] = {}
    for run in runs:
        is_file = isinstance(run, (str, os.PathLike))
        found.setdefault(os.path.realpath(str(run)) if is_file else id(run), run)
    return list(found.values())


@dataclasses.dataclass(frozen=True, slots=True)
class WorkedRun:
    """One run on its way to a verdict: reduced, and fitted with every model."""

    run: Run | None
    asymmetry: Asymmetry | None
    fits: tuple[FitResult, ...]
    path: str | None
    error: str
    source: Run | PathLike | Reduced | None = None
    """What was given: the raw run, its file, or what was reduced from it."""
    data: Asymmetry | Counts | None = None
    """What was fitted."""

    @property
    def temperature(self) -> float | None:
        """Of the run, K."""
        return None if self.run is None else self.run.temperature.value

    def _searched_to(self, ordered: FitResult) -> float:
        """Highest frequency that the search of the line reached, MHz."""
        assert self.data is not None
        model = Model(ordered.model)
        limits = ordered.parameters[model.names[model.oscillations()[0][1]]].limits
        highest = 0.5 / self.data.narrowest
        return highest if limits is None or limits[1] is None else min(limits[1], highest)

    def judged(self) -> ScanRun:
        """The run with its verdict."""
        run = self.run
        if run is None or self.asymmetry is None or len(self.fits) < 2:
            return ScanRun(
                run=None if run is None else run.number,
                name=(self.path or "run") if run is None else run.name,
                path=self.path,
                temperature=self.temperature,
                temperature_error=None if run is None else run.temperature.error,
                verdict="failed",
                why=self.error,
            )
        ordered, paramagnetic = self.fits
        visible = expected_gain(self.asymmetry, ordered.t_range)
        decision = decide(ordered, paramagnetic, self._searched_to(ordered), visible)
        return ScanRun(
            run=run.number,
            name=run.name,
            path=self.path,
            temperature=run.temperature.value,
            temperature_error=run.temperature.error,
            field=run.field,
            doubt=temperature_doubt(run),
            verdict=decision.verdict,
            why=decision.why,
            ordered=ordered,
            paramagnetic=paramagnetic,
        )


def work_on_run(
    source: Run | PathLike | Reduced, *, recipe: Reduction, plan: ScanPlan
) -> WorkedRun:
    """A run with the fits of all models of a plan, or with what went wrong."""
    path = str(source) if isinstance(source, (str, os.PathLike)) else None
    run: Run | None = None
    data: Reduced | None = None
    asymmetry: Asymmetry | None = None
    fits: list[FitResult] = []
    try:
        if isinstance(source, (Asymmetry, Counts)):
            run, data = source.run, source
        else:
            run = source if isinstance(source, Run) else read(source)
        path = path or (None if run.path is None else str(run.path))
        data = plan.reduced(run, recipe) if data is None else data
        fits.append(plan.fitted(data, 0, minos=plan.minos))
        for which in range(1, len(plan.models)):
            fits.append(_without_line(data, which, plan, fits[0]))
        asymmetry = (
            data if isinstance(data, Asymmetry) else reduce(run, recipe_as_fitted(recipe, fits[0]))
        )
        run = data.run  # its temperature may be that of a log
    except MusrcuError as error:
        run = run if data is None else data.run
        return WorkedRun(run, asymmetry, tuple(fits), path, str(error))
    return WorkedRun(run, asymmetry, tuple(fits), path, "", data=data)


def _without_line(
    data: Asymmetry | Counts, which: int, plan: ScanPlan, ordered: FitResult
) -> FitResult:
    """The fit of a model without the line; which of its terms are spare only where it matters."""
    quick = plan.fitted(data, which, alternatives=False)
    clear = ordered.valid and not line_fails(ordered)
    if clear and quick.chi2 is not None and ordered.chi2 is not None:
        clear = quick.chi2 - ordered.chi2 > BEYOND_DOUBT
    return quick if quick.valid or clear else plan.fitted(data, which)


def _from_neighbours(worked: list[WorkedRun], plan: ScanPlan) -> list[WorkedRun]:
    """Each run's ordered fit tried again from its neighbours' values, the better one kept."""
    model, chosen = plan.models[0], plan.options[0]
    linear = {p.name for p in model.parameters if p.kind == "amplitude"}
    result = list(worked)
    for place, item in enumerate(worked):
        if item.data is None or len(item.fits) < 2:
            continue
        for other in worked[max(place - 1, 0) : place + 2]:
            if other is item or len(other.fits) < 2 or not other.fits[0].valid:
                continue
            if _same_line(item.fits[0], other.fits[0], model):
                continue
            values = {name: other.fits[0].parameters[name].value for name in model.names}
            begin = {
                n: v for n, v in values.items() if n not in linear and n not in chosen["fixed"]
            }
            begin = {n: v for n, v in begin.items() if n not in chosen["ties"]} | chosen["start"]
            if any(v is None for v in begin.values()):
                continue
            trial = plan.fitted(item.data, 0, minos=plan.minos, start=begin)
            present = result[place].fits[0]
            if trial.chi2 is not None and (
                present.chi2 is None or trial.chi2 < present.chi2 - BETTER
            ):
                fits = (trial, item.fits[1])
                result[place] = dataclasses.replace(result[place], fits=fits)
    return result


def _same_line(one: FitResult, other: FitResult, model: Model) -> bool:
    """Whether two fits found lines so close that either start leads to the same minimum."""
    nu = model.names[model.oscillations()[0][1]]
    values = [result.parameters[nu].value for result in (one, other)]
    if values[0] is None or values[1] is None:
        return False
    return abs(values[0] - values[1]) < 0.2 / MUON_LIFETIME


_Item = TypeVar("_Item")


def shown(items: Iterable[_Item], progress: bool) -> Iterable[_Item]:
    """The items one by one, with a progress bar where one is wanted."""
    if not progress:
        return items
    from tqdm import tqdm

    with_bar: Iterable[_Item] = tqdm(items, desc="runs", unit="run", disable=None, leave=False)
    return with_bar
