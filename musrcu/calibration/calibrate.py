"""Alpha and the total asymmetry from transverse-field runs."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from musrcu import notation
from musrcu.calibration.balance_methods import METHODS
from musrcu.calibration.combined_calibration import combine_calibrations
from musrcu.calibration.dead_time_counts import AFTER_PULSE
from musrcu.calibration.detector_calibration import (
    Wanted,
    measure_detectors,
    with_dead_time_errors,
    with_phases,
)
from musrcu.containers.calibration import Calibration
from musrcu.containers.kinds import check_kind
from musrcu.containers.run import Run
from musrcu.errors import FitError, nearest
from musrcu.fitting.window import first_and_last
from musrcu.models.model import Model
from musrcu.reduction.calibrated import take_calibration
from musrcu.reduction.recipe import Reduction

NEAR_FIELD = 0.2
"""Largest deviation of the precession from the field of the file, as a share of that field."""


def calibrate(
    run: Run | Iterable[Run],
    recipe: Reduction | None = None,
    *,
    method: str = "counts",
    model: Model | str = "damped_cosine",
    t_range: tuple[float, float] | None = None,
    detector_beta: bool = False,
    detectors: bool = False,
    dead_time: bool = False,
    t0: bool = False,
) -> Calibration:
    """Balance and total asymmetry of a pair, from a run in a transverse field or several.

    * ``counts``: alpha is free in a joint Poisson fit of forward and backward counts,
      mu_F = N0 sqrt(alpha) e^(-t/tau) (1 + A P) + b_F, mu_B = N0 / sqrt(alpha) e^(-t/tau)
      (1 - beta A P) + b_B. No bias is known.
    * ``cosine``: free in a fit of the raw asymmetry; biased where bins hold few counts.
    * ``sum``: the ratio of the summed counts; biased by an incomplete turn of the precession.
    * ``zero``: where the weighted mean asymmetry is zero; biased by incomplete turns and weights.

    Parameters
    ----------
    run : a run in a transverse field in which all muons precess; several are calibrated one by one
        and combined by :func:`musrcu.combine_calibrations`.
    recipe : how it is reduced; t0 and dead times of its calibration are used, alpha is not.
    method : one of the above.
    model : A(t), a model or its expression, in which every term precesses or relaxes; a
        ``constant`` in it would be indistinguishable from alpha and is refused.
    t_range : (first, last) time, µs; None takes what :func:`fitted_range` says.
    detector_beta : whether the ratio of the intrinsic asymmetries of backward and forward is free
        too; it is 1 otherwise. For ``counts`` only.
    detectors : whether phase and amplitude of the precession in each detector of the pair are
        found, from a joint fit of the counts of all: own phases, amplitudes and levels, common
        frequency and exponential damping.
    dead_time : whether the dead time of each detector is found first, by
        :func:`musrcu.estimate_dead_time`; its error is part of those of alpha and the others.
    t0 : whether the muon's arrival in each detector is found first, by :func:`musrcu.find_t0`.

    Returns
    -------
    Calibration: alpha and, where there was a fit, total asymmetry (sum of the amplitudes), field
    and phase, with errors and correlations.

    Raises
    ------
    FitError if the model cannot determine alpha, the fit is not valid, or too few counts are left.
    """
    runs, expression = _checked(run, recipe, method, model)
    wanted = Wanted(phases=detectors, dead_time=dead_time, t0=t0)
    found = []
    for one in runs:
        check_kind("calibrate", one, Run, FitError)
        prepared, bare = _prepared(one, recipe or Reduction(), detector_beta)
        times = fitted_range(one, bare, t_range)
        balance = functools.partial(
            METHODS[method],
            recipe=bare,
            model=expression,
            t_range=times,
            detector_beta=detector_beta,
        )
        found.append(_calibrated(prepared, bare, balance, wanted, times))
    return combine_calibrations(found)


def _checked(run: Any, recipe: Any, method: Any, model: Any) -> tuple[Iterable[Any], str]:
    """The runs and the expression of the model, where all are of the right kind."""
    if isinstance(run, (str, bytes)) or not isinstance(run, Iterable):
        check_kind("calibrate", run, Run, FitError)
    if recipe is not None:
        check_kind("calibrate", recipe, Reduction, FitError)
    if not (isinstance(method, str) and method in METHODS):
        hint = nearest(str(method), list(METHODS))
        raise FitError(f"method = {method!r}{hint}; expected {', '.join(map(repr, METHODS))}")
    if not isinstance(model, (Model, str)):
        kind = type(model).__name__
        raise FitError(f"calibrate takes a Model or its expression, not a {kind}")
    expression = model.expression if isinstance(model, Model) else model
    if "constant" in Model(expression).labels:
        raise FitError(f"calibration with {expression!r}: a constant and alpha are one parameter")
    return ([run] if isinstance(run, Run) else run), expression


def fitted_range(
    run: Run, recipe: Reduction, t_range: tuple[float, float] | None = None
) -> tuple[float, float] | None:
    """(first, last) time of the bins that calibrate one run, µs; None is all good bins.

    An end that is None is open. Of a pulsed source an open range begins where the muon pulse is
    over, 0.3 µs after its middle, where no first good bin is given: files call bins good while
    muons still come, and there the counts are no decay.
    """
    late = run.source == "pulsed" and recipe.first_good is None
    low, high = first_and_last(t_range, (AFTER_PULSE if late else -np.inf, np.inf))
    return None if np.isinf([low, high]).all() else (low, high)


def _calibrated(
    run: Run,
    recipe: Reduction,
    balance: Callable[[Run], Calibration],
    wanted: Wanted,
    t_range: tuple[float, float] | None,
) -> Calibration:
    """One run: what its detectors need first, then the pair, then what is asked of detectors."""
    if not any(dataclasses.astuple(wanted)):
        found = balance(run)
        _check_field(run, found)
        return found
    measured = measure_detectors(run, recipe, wanted)
    found = balance(measured.run)
    _check_field(run, found)
    found = with_dead_time_errors(found, measured, balance)
    if wanted.phases:
        found = with_phases(measured, recipe, found, t_range)
    notes = (*found.notes, *measured.entries.get("notes", ()))
    return dataclasses.replace(found, **(measured.entries | {"notes": notes}))


def _prepared(run: Run, recipe: Reduction, detector_beta: bool) -> tuple[Run, Reduction]:
    """The run with t0 and dead times of the recipe's calibration, and the recipe without alpha."""
    if recipe.calibration is not None:
        t0, dead_time = recipe.t0 is None, recipe.dead_time == "auto"
        run = take_calibration(run, recipe.calibration, t0=t0, dead_time=dead_time)
    bare = dataclasses.replace(recipe, alpha=None, calibration=None)
    return run, dataclasses.replace(bare, detector_beta=None) if detector_beta else bare


def _check_field(run: Run, found: Calibration) -> None:
    """Refuse a precession that is not that of the applied field."""
    if run.field is None or found.field is None or found.field_error is None:
        return
    apart = abs(found.field - abs(run.field))
    if apart > max(NEAR_FIELD * abs(run.field), 5.0, 5 * found.field_error):
        fitted = notation.field(found.field, found.field_error)
        raise FitError(
            f"{run.name}: no calibration: the muons precess in {fitted}, the file says "
            f"{notation.field(run.field)}; take a run in a transverse field in which no signal of "
            "the sample is beside that of the field"
        )
