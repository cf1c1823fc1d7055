"""How much a result depends on choices: the analysis repeated with one thing changed at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from musrcu.analysis.scan import ORDERED, PARAMAGNETIC, ScanPlan, WorkedRun, sources
from musrcu.analysis.scan_options import (
    EXPERIMENT,
    as_models,
    check_rest,
    options_of,
    recipe_of,
)
from musrcu.containers.numbers import is_error
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.files import PathLike
from musrcu.fitting.constraint import Constraints
from musrcu.fitting.fit import fit
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model
from musrcu.ordering.method import Exponent, Treatment
from musrcu.readers.registry import read
from musrcu.reduction.recipe import Reduction, reduce
from musrcu.systematics.refits import Again, Task, refits_of_run
from musrcu.systematics.robust_scan import Law, chosen, of_scan
from musrcu.systematics.robustness_result import Quantity, Refit, Robustness, listed
from musrcu.systematics.variations import VARIATIONS, Variation

__all__ = ["Robustness", "robustness"]


def robustness(
    source: Run | PathLike | Iterable[Run | PathLike],
    recipe: Reduction | None = None,
    *,
    model: Model | str = ORDERED,
    paramagnetic: Model | str = PARAMAGNETIC,
    start: Mapping[str, float] | None = None,
    fixed: Mapping[str, float] | None = None,
    limits: Mapping[str, tuple[float | None, float | None]] | None = None,
    ties: Mapping[str, str] | None = None,
    constraints: Constraints | None = None,
    t_range: tuple[float, float] | None = None,
    average_bins: bool = False,
    parameter: str | None = None,
    alpha: Exponent = 3.0,
    method: str = "auto",
    unit: str | None = None,
    temperature_range: tuple[float, float] | None = None,
    above: str = "bound",
    nu_det: float | None = None,
    thermometer_offset: float = 0.0,
    parameters: Sequence[str] | None = None,
    alpha_error: float | None = None,
    executor: Any = None,
    progress: bool = False,
) -> Robustness:
    """The budget of systematic errors of one fit, or of nu0, T_N and beta of a scan.

    The analysis is repeated with t0 earlier and later by its error, or by a raw bin where that is
    not known, the first good bin, the packing, the background window, alpha by its error, the dead
    time by its error or left out, and the fitted range changed, each alone. Apart stand choices of
    a model: the damping of the line, and the exponent and the method of the order parameter.

    shift_i = p_i - p_0 counts beyond the shift expected by chance, e_i, only:
    sqrt(max(shift_i^2 - e_i^2, 0)) with e_i = sqrt|sigma_i^2 - sigma_0^2| where other decays enter
    or are weighed otherwise, and e_i = |sigma_i - sigma_0| where the same decays are seen with
    another t0, alpha or dead time. t0, alpha and dead times with errors enter by half the
    difference of their two refits (and a mean shift is told where both move the same way), any
    other item by its largest shift. The total is the quadrature over these items.

    Parameters
    ----------
    source : one run or its file: a fit; several: a scan. Files are read once.
    recipe : how each run is reduced.
    model : of the fit; of a scan that of ordered runs.
    paramagnetic : of the runs of a scan without order.
    start, fixed, limits, ties, constraints, t_range, average_bins : as in :func:`musrcu.fit` and
        :func:`musrcu.fit_scan`.
    parameter, alpha, method, unit, temperature_range, above, nu_det, thermometer_offset : as in
        :func:`musrcu.fit_order_parameter`.
    parameters : whose errors are wanted; None takes all free ones.
    alpha_error : error of alpha to try where the recipe knows none.
    executor : any object with ``.map``, such as a process pool; runs are shared out among it.
    progress : show a progress bar where standard error is a terminal.

    Returns
    -------
    Robustness. A refit that does not apply or that failed is in it with the reason.

    Raises
    ------
    FitError if the nominal fit or order parameter is not valid, so that there is nothing to vary;
    MusrcuError where one run cannot be read or reduced, or an argument is something else than it
    should be.

    Source: R. Barlow, "Systematic Errors: Facts and Fictions", arXiv:hep-ex/0207026 (2002).
    """
    recipe = recipe_of("robustness", recipe)
    check_rest(t_range, executor=executor, average_bins=average_bins)
    if alpha_error is not None and not is_error(alpha_error):
        raise FitError(f"alpha_error = {alpha_error!r}; expected a number, 0 or above")
    if not isinstance(source, (Run, str, os.PathLike)):
        source = sources(source, "robustness")
        plan = ScanPlan.of(
            model, paramagnetic, start, fixed, limits, ties, t_range, (), constraints, average_bins
        )
        task = Task(plan, recipe, alpha_error, True)
        Treatment(method, above, nu_det, thermometer_offset)  # refused before anything is fitted
        law = Law(
            parameter or plan.parameter, alpha, method, unit, temperature_range, above, nu_det,
            thermometer_offset,
        )  # fmt: skip
        return of_scan(source, task, law, parameters, executor, progress)
    tables = {"start": start, "fixed": fixed, "limits": limits, "ties": ties}
    models = as_models(model)
    options = options_of(
        models, tables, constraints, EXPERIMENT, everywhere=True, average_bins=average_bins
    )
    plan = ScanPlan(models, tuple(options), t_range, (), {})
    return _of_fit(source, Task(plan, recipe, alpha_error, False), parameters)


def _of_fit(source: Run | PathLike, task: Task, wanted: Sequence[str] | None) -> Robustness:
    run = source if isinstance(source, Run) else read(source)
    asymmetry = reduce(run, task.recipe)
    (model,), (options,) = task.plan.models, task.plan.options
    result = fit(asymmetry, model, t_range=task.plan.t_range, **options)
    if not result.valid:
        raise FitError(f"{run.name}: the fit is not valid, nothing is varied: {result.reason}")
    item = WorkedRun(run, asymmetry, (result,), None, "", run)
    nominal = chosen(_quantities(result), wanted)
    refits = listed(
        _refit(variation, again, result, nominal)
        for variation, again in zip(VARIATIONS, refits_of_run(item, task), strict=True)
    )
    return Robustness(name=run.name, nominal=nominal, refits=refits)


def _refit(
    variation: Variation, again: Again, result: FitResult, nominal: Mapping[str, Quantity]
) -> Refit:
    label = again.label or variation.label
    made = partial(Refit, item=variation.item, label=label, kind=variation.kind)
    if again.fit is None:
        return made(status=again.status, reason=again.reason)
    if not again.fit.valid:
        return made(status="failed", reason=again.fit.reason)
    found = _quantities(again.fit)
    notes: tuple[str, ...] = ()
    if variation.kind == "model" and result.chi2 is not None and again.fit.chi2 is not None:
        notes = (f"chi2 changes by {again.fit.chi2 - result.chi2:+.1f}",)
    values = {name: found[name] for name in nominal if name in found}
    return made(status="done", values=values, notes=notes)


def _quantities(result: FitResult) -> dict[str, Quantity]:
    """The free parameters of a model, those of the experiment (alpha, backgrounds) left out."""
    own = Model(result.model).names
    return {
        name: Quantity(p.value, p.error, p.unit)
        for name, p in result.parameters.items()
        if name in own and not (p.fixed or p.at_limit) and p.value is not None
    }
