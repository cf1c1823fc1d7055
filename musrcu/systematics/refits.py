"""One run analysed again in every way that applies, starting from what was found the first time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.analysis.scan import BEYOND_DOUBT, ScanPlan, WorkedRun, work_on_run
from musrcu.analysis.scan_result import ScanRun
from musrcu.analysis.verdict import line_fails
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.fitting.result import FitResult
from musrcu.models.model import Model
from musrcu.readers.registry import read
from musrcu.reduction.recipe import Reduction
from musrcu.systematics.variations import VARIATIONS, Nominal, Setup, Variation


@dataclass(frozen=True, slots=True)
class Again:
    """One run after one variation."""

    fit: FitResult | None
    """Of the ordered model; None where there is none."""
    scanned: ScanRun | None
    """With its verdict, where the run belongs to a scan."""
    status: str
    """``done``, ``not applied`` or ``failed``."""
    reason: str = ""
    label: str = ""
    """What was done, where that depends on the run."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with every run."""

    plan: ScanPlan
    recipe: Reduction
    alpha_error: float | None
    judged: bool
    """Whether the runs are those of a scan and need a verdict."""


def refits_of_run(item: WorkedRun, task: Task) -> tuple[Again, ...]:
    """A run after each of VARIATIONS.

    Fits start from the values of the nominal one, without a search; where a verdict comes out
    otherwise than before, the run is searched as if it were new.
    """
    if item.asymmetry is None or len(item.fits) < len(task.plan.models):
        reason = item.error or "not fitted"
        return tuple(Again(None, None, "not applied", reason) for _ in VARIATIONS)
    assert not isinstance(item.source, (Asymmetry, Counts))  # a budget begins with raw counts
    raw = item.source if isinstance(item.source, Run) else read(item.source or "")
    nominal = _nominal(raw, item, task)
    verdict = item.judged().verdict if task.judged else ""
    return tuple(_again(variation, nominal, item, task, verdict) for variation in VARIATIONS)


def _nominal(raw: Run, item: WorkedRun, task: Task) -> Nominal:
    assert item.asymmetry is not None
    first = item.fits[0]
    times = item.asymmetry.time[[0, -1]].tolist()
    return Nominal(
        run=raw,
        recipe=task.recipe,
        asymmetry=item.asymmetry,
        t_range=task.plan.t_range,
        fitted=first.t_range or (times[0], times[1]),
        model=task.plan.models[0].expression,
        alpha_error=task.alpha_error,
        carried=carried(first),
    )


def carried(fit: FitResult) -> frozenset[str]:
    """What a fit had as a free parameter within its own error: ``alpha``, ``background``."""
    names = {"alpha": "alpha", "b_F": "background", "b_B": "background"}
    free = (p.name for p in fit.parameters.values() if not p.fixed and p.name in names)
    return frozenset(names[name] for name in free)


def _again(
    variation: Variation, nominal: Nominal, item: WorkedRun, task: Task, verdict: str
) -> Again:
    try:
        setup = variation.change(nominal)
        if isinstance(setup, str):
            return Again(None, None, "not applied", setup)
        plan = _changed(task.plan, setup)
        if isinstance(plan, str):
            return Again(None, None, "not applied", plan)
    except MusrcuError as error:
        return Again(None, None, "failed", str(error))
    warm = dataclasses.replace(plan, options=_warm(plan, item))
    if task.judged:
        quick = _still_ordered(nominal, item, setup, warm)
        if quick is not None:
            return quick
    worked = work_on_run(nominal.run, recipe=setup.recipe, plan=warm)
    if task.judged and not worked.error and worked.judged().verdict != verdict:
        worked = work_on_run(nominal.run, recipe=setup.recipe, plan=plan)
    if worked.error:
        return Again(None, None, "failed", worked.error, setup.label)
    scanned = None
    if task.judged:
        scanned = dataclasses.replace(worked.judged(), path=item.path)
    return Again(worked.fits[0], scanned, "done", "", setup.label)


def _still_ordered(nominal: Nominal, item: WorkedRun, setup: Setup, plan: ScanPlan) -> Again | None:
    """A run whose line is beyond doubt, with its ordered model fitted alone; None for another."""
    before = item.judged()
    with_line, without = item.fits[0].chi2, item.fits[1].chi2
    if before.verdict != "ordered" or with_line is None or without is None:
        return None
    if without - with_line < BEYOND_DOUBT:
        return None
    alone = dataclasses.replace(plan, models=plan.models[:1], options=plan.options[:1])
    worked = work_on_run(nominal.run, recipe=setup.recipe, plan=alone)
    if worked.error or not worked.fits[0].valid or line_fails(worked.fits[0]):
        return None
    scanned = dataclasses.replace(before, ordered=worked.fits[0])
    return Again(worked.fits[0], scanned, "done", "", setup.label)


def _changed(plan: ScanPlan, setup: Setup) -> ScanPlan | str:
    """The plan with the range and model of a setup, or why that cannot be."""
    plan = dataclasses.replace(plan, t_range=setup.t_range, minos=())
    if setup.model is None:
        return plan
    model = Model(setup.model)
    lost = set(plan.models[0].names) - set(model.names)
    options = plan.options[0]
    for kind in ("fixed", "limits", "ties", "constraints"):
        if kind == "constraints":
            named = {name for one in options[kind] for name in one.names}
        else:
            named = set(options[kind])
        if kind == "ties":
            named |= {name for name in lost for text in options[kind].values() if name in text}
        if named & lost:
            return f"{', '.join(sorted(named & lost))} is in {kind}, and {setup.model} has none"
    start = {name: value for name, value in options["start"].items() if name in model.names}
    changed = {**options, "start": start}
    return dataclasses.replace(
        plan, models=(model, *plan.models[1:]), options=(changed, *plan.options[1:])
    )


def _warm(plan: ScanPlan, item: WorkedRun) -> tuple[Mapping[str, Any], ...]:
    """The options of each fit with the nominal values as a start, where its fit is valid."""
    return tuple(
        {**options, "start": {**options["start"], **_found(fit, model, options)}}
        if fit.valid
        else options
        for model, options, fit in zip(plan.models, plan.options, item.fits, strict=True)
    )


def _found(fit: FitResult, model: Model, options: Mapping[str, Any]) -> dict[str, float]:
    held = {*options["fixed"], *options["ties"]}
    return {
        name: p.value
        for name, p in fit.parameters.items()
        if name in model.names
        and name not in held
        and not (p.fixed or p.at_limit or p.tie)
        and p.value is not None
        and np.isfinite(p.value)
    }
