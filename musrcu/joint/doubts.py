"""What a reader of a joint fit should doubt in one of its runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.applied_field import assumed
from musrcu.fitting.doubts import averaging, far_from_known, folded, poor, pulsed, too_fast
from musrcu.fitting.judgement import judge
from musrcu.fitting.own_functions import methods
from musrcu.fitting.validity import not_meant_for
from musrcu.joint.member import Member
from musrcu.joint.scopes import Scopes

FloatArray = NDArray[np.float64]

STILL = 1e-9
"""Frequency below which nothing turns, MHz."""
UNDETERMINED = 180.0
"""Error of a phase that says nothing of it, degrees."""


def doubts(
    member: Member, values: FloatArray, covariance: FloatArray | None, cost: float, ndof: int
) -> tuple[str, tuple[str, ...]]:
    """Why the fit of a run is no physics, empty where it is, and what to know of it.

    Parameters
    ----------
    member : the run.
    values : (n_parameters,) all its parameters.
    covariance : (n_parameters, n_parameters), None where it is singular.
    cost, ndof : chi-square and degrees of freedom of the run.
    """
    data, freedom = member.draft.data, member.cost.freedom
    model = freedom.model
    reason = too_fast(freedom, values, data.width, data.averaged)
    notes = [*data.notes, *methods(model), *poor(cost, ndof, member.cost.excess(values))]
    notes += [
        f"{model.names[k]} = {tie.text} = {values[k]:.4g} lies outside its limits"
        for k, tie in member.draft.ties.items()
        if not freedom.lower[k] <= values[k] <= freedom.upper[k]
    ]
    notes += [*_still(member, values), *assumed(member.draft.fields, data.run)]
    notes += not_meant_for(model, values, data.time, data.run.field)
    if covariance is None:
        return reason, tuple(notes)
    behind = range(getattr(model, "own", len(model.names)), len(model.names))
    notes += _undetermined(member, covariance)
    judgement = judge(
        model, values, covariance, member.draft.bound, freedom.fixed,
        tied=[*member.draft.ties, *behind],
    )  # fmt: skip
    notes += [*judgement.notes, *far_from_known(member.cost, values, covariance)]
    if data.averaged:
        notes += folded(freedom, values, data.width)
    else:
        notes += averaging(model, values, covariance, data.time, data.width)
    notes += pulsed(model, values, covariance, data.run.source)
    return judgement.reason or reason, tuple(notes)


def _still(member: Member, values: FloatArray) -> list[str]:
    """Lines that a tie holds at no frequency: nothing turns, and no phase is to be seen."""
    model, ties, field = member.cost.freedom.model, member.draft.ties, member.draft.data.run.field
    notes = []
    for _, nu, phi in model.oscillations():
        if nu in ties and abs(values[nu]) < STILL:
            why = " where the field is 0" if "field" in ties[nu].text and field == 0 else ""
            notes.append(
                f"{model.names[nu]} = {ties[nu].text} is 0{why}: nothing turns, "
                f"{model.names[phi]} means nothing there"
            )
    return notes


def _undetermined(member: Member, covariance: FloatArray) -> list[str]:
    """Phases with an error of half a turn or more."""
    freedom = member.cost.freedom
    return [
        f"{freedom.model.names[phi]} is undetermined: its error is "
        f"{float(np.sqrt(covariance[phi, phi])):.3g} deg"
        for _, _, phi in freedom.model.oscillations()
        if phi not in freedom.fixed and covariance[phi, phi] >= UNDETERMINED**2
    ]


def mixed(scopes: Scopes, members: Sequence[Member]) -> list[str]:
    """Amplitudes and phases that runs of several instruments share: one sentence."""
    found: dict[str, None] = {}
    names: dict[str, None] = {}
    for name, runs in zip(scopes.names, scopes.runs, strict=True):
        model = members[runs[0]].cost.freedom.model
        kinds = {one.name: one.kind for one in model.parameters}
        instruments = dict.fromkeys(members[r].draft.data.run.instrument or "unknown" for r in runs)
        if kinds.get(name) in ("amplitude", "phase") and len(instruments) > 1:
            names[name] = None
            found |= instruments
    if not names:
        return []
    verb = "are" if len(names) > 1 else "is"
    return [
        f"{', '.join(names)} {verb} shared by runs of {', '.join(found)}: amplitudes and phases "
        "are those of a spectrometer; group them with by= (--group), as by instrument"
    ]
