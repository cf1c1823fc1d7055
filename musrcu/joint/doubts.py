"""What a reader of a joint fit should doubt in one of its runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.applied_field import assumed
from musrcu.fitting.doubts import averaging, far_from_known, folded, poor, pulsed, too_fast
from musrcu.fitting.judgement import judge
from musrcu.fitting.own_functions import methods
from musrcu.fitting.validity import not_meant_for
from musrcu.joint.member import Member

FloatArray = NDArray[np.float64]


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
    notes += assumed(member.draft.fields, data.run)
    notes += not_meant_for(model, values, data.time, data.run.field)
    if covariance is None:
        return reason, tuple(notes)
    behind = range(getattr(model, "own", len(model.names)), len(model.names))
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
