"""One fit of many runs: some parameters in common, the others local, any number of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraints, as_constraints
from musrcu.fitting.fitted_data import Fittable, fitted_data
from musrcu.fitting.freedom import Limits
from musrcu.fitting.options import check_tables, names_of
from musrcu.fitting.request import time_model
from musrcu.joint.assemble import Assembly, assemble
from musrcu.joint.blocks import blocks, exact_matrix
from musrcu.joint.checking import check, derivatives_changed, methods_of, too_few
from musrcu.joint.descent import descend, free_of
from musrcu.joint.grouping import Key
from musrcu.joint.intervals import Intervals, intervals
from musrcu.joint.of_histograms import own_of_histograms
from musrcu.joint.outcome import Found, joint_result
from musrcu.joint.profiled import confirm
from musrcu.joint.recorded import with_record
from musrcu.joint.result import JointResult
from musrcu.joint.seeding import NoStart, seed
from musrcu.joint.stack import Stack, State
from musrcu.joint.twice import given_twice
from musrcu.joint.unfitted import unfitted_joint
from musrcu.joint.words import Each, Extra, words
from musrcu.models.model import Model

MORE_STEPS = 240
"""Steps along a valley that the first descent and Minuit did not come to the end of."""
REFITS = 4
"""Fits in all where a lower minimum is met on the way to the end of an interval."""


def joint_fit(
    data: Sequence[Fittable],
    model: Model | str,
    *,
    shared: Iterable[str] = (),
    local: Iterable[str] | None = None,
    by: Mapping[str, Key] | None = None,
    start: Mapping[str, Each] | None = None,
    fixed: Mapping[str, Each] | None = None,
    limits: Mapping[str, Limits] | None = None,
    ties: Mapping[str, str] | None = None,
    extra: Mapping[str, Extra] | None = None,
    constraints: Constraints | None = None,
    t_range: tuple[float, float] | None = None,
    minos: Iterable[str] = (),
    max_asymmetry: float | None = None,
    average_bins: bool = False,
    cost: str | None = None,
) -> JointResult:
    """One fit of one model to many runs, some of its parameters in common.

    The cost is the sum of those of all runs. Local parameters are eliminated run by run from the
    normal equations, so that time and memory grow with the number of runs; Minuit sees the shared
    parameters of the profiled cost F(s) = sum over runs of min over l of C_r(s, l) and confirms
    the minimum. The covariance is the inverse of the exact Hessian, kept in blocks.

    Parameters
    ----------
    data : what is fitted, as :func:`musrcu.fit` takes it.
    model : a model of the asymmetry or its expression, one for all runs.
    shared : names of parameters that all runs have in common; the others are local. Naming
        ``alpha`` frees it, as in a single fit.
    local : in the place of ``shared``: names that are local, every other parameter of the model
        being shared; what the experiment adds (N0, backgrounds) stays local unless named. Where
        neither is given, histograms of one run share everything but phases, and amplitudes of terms
        that have none.
    by : names of parameters in common to runs of the same ``field``, ``temperature``, ``run``,
        ``period``, ``instrument`` or another attribute of a run, or for which a function of the run
        gives the same: ``{"nu2": "field"}``. Numbers within half a per cent are the same.
    start, fixed : by name a number for all, one for each run, or numbers by run number. Where a
        start value of every parameter is given, none is searched for.
    limits : (lower, upper) by name, None for an open end.
    ties : expressions by name of parameters of the model, of extra ones, and of what a run is:
        ``field`` (G), ``temperature`` (K), ``run``; ``gamma_mu`` is 0.01355 MHz/G.
        ``{"nu2": "gamma_mu*field*(1 + K)"}``.
    extra : parameters that only ties use, shared by all unless ``by`` groups them: a start value,
        or (start, lower, upper). ``{"K": 0.0}``.
    constraints : what is known of parameters; of a shared one it is counted once, of a local one
        in every run. What all data know alike, as the alpha of one calibration, is shared.
    t_range, max_asymmetry, average_bins, cost : as for :func:`musrcu.fit`, for all runs.
    minos : names of shared parameters whose unequal errors are computed too.

    Returns
    -------
    JointResult. ``valid=False`` and a reason where it failed, where a run is no physics, or where
    parameters cannot be told apart.

    Raises
    ------
    ModelError or FitError where the request itself cannot be set up.

    Source: D. W. Marquardt, J. Soc. Indust. Appl. Math. 11, 431 (1963); G. Golub and V. Pereyra,
    SIAM J. Numer. Anal. 10, 413 (1973) for the elimination.
    """
    several, model = _several(data), time_model(model)
    check_tables(by=by, start=start, fixed=fixed, limits=limits, ties=ties, extra=extra)
    names = names_of(minos)
    if local is None and not shared:
        local = own_of_histograms(several, model, {*(ties or {}), *(fixed or {}), *(by or {})})
    told = words(
        shared=shared, local=local, by=by, start=start, fixed=fixed, limits=limits, ties=ties,
        extra=extra, constraints=as_constraints(constraints), max_asymmetry=max_asymmetry,
    )  # fmt: skip
    windows = [fitted_data(one, t_range, average_bins, cost) for one in several]
    totals = [(getattr(one, "total", None), getattr(one, "total_error", None)) for one in several]
    parts = assemble(windows, totals, model, told)
    check(parts)
    stack = Stack(parts.members, parts.shared)
    for name in names:
        if name not in parts.shared.labels:
            raise FitError(f"minos: {name} is not shared ({', '.join(parts.shared.labels)} are)")
    before = methods_of(parts)
    result = _searched(stack, parts, names)
    if derivatives_changed(parts, result, before):
        result = _searched(stack, parts, names)
    return with_record(
        result, several, told, t_range=t_range, minos=names, average_bins=average_bins or None,
        cost=cost,
    )  # fmt: skip


def _several(data: Sequence[Fittable]) -> list[Fittable]:
    if not isinstance(data, Iterable):
        raise FitError("joint_fit takes several data; musrcu.fit fits one")
    found = list(data)
    if not found:
        raise FitError("joint_fit was given no data")
    return found


def _searched(stack: Stack, parts: Assembly, names: tuple[str, ...]) -> JointResult:
    """The fit from start values that are searched for."""
    reason = too_few(parts)
    if reason:
        return unfitted_joint(parts, reason)
    try:
        state, notes = seed(stack, parts)
    except NoStart as error:
        return unfitted_joint(parts, str(error))
    return _fit(stack, parts, state, [*given_twice(parts.drafts), *notes], names)


def _fit(
    stack: Stack, parts: Assembly, state: State, notes: list[str], names: tuple[str, ...]
) -> JointResult:
    start = state.s.copy()
    for left in reversed(range(REFITS)):
        state, reason = _lowest(stack, state)
        free_s, free_l = free_of(stack, state)
        found, singular = blocks(stack, state, exact_matrix(stack, state), free_s, free_l)
        reason = singular or reason
        ends = Intervals()
        if names and not reason and found is not None:
            ends = intervals(stack, state, found, names)
        if ends.lower is None or not left:
            break
        state, notes = ends.lower, [*notes, *ends.notes]
    notes = [*notes, *_at_limits(stack, free_s, free_l), *ends.notes]
    if names and reason:
        notes.append("no MINOS errors: the fit is not valid")
    return joint_result(
        stack,
        parts,
        Found(
            state=state, blocks=found, free_s=free_s, free_l=free_l, reason=reason,
            notes=tuple(notes), start=start, intervals=ends.found,
        ),
    )  # fmt: skip


def _lowest(stack: Stack, state: State) -> tuple[State, str]:
    """The minimum that is reached from here, and why it is none."""
    state, converged = descend(stack, state)
    state, reason = confirm(stack, state)
    if not reason and not converged:
        state, converged = descend(stack, state, steps=MORE_STEPS)
        reason = "" if converged else "the descent of all parameters did not converge"
    return state, reason


def _at_limits(stack: Stack, free_s: np.ndarray, free_l: np.ndarray) -> list[str]:
    """Which parameters lie at a limit and were held there."""
    notes = [
        f"{label} is at its limit, held there"
        for label, free, held in zip(stack.shared.labels, free_s, stack.shared.held, strict=True)
        if not (free or held)
    ]
    for r, member in enumerate(stack.members):
        notes += [
            f"{member.draft.name}: {member.cost.freedom.model.names[k]} is at its limit, held there"
            for k, free in zip(member.local, free_l[r], strict=False)
            if not free
        ]
    return notes
