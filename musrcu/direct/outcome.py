"""From the minimum of a one-step fit to its record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu import notation
from musrcu.constants import IMPROBABLE
from musrcu.direct.followed import Followed
from musrcu.direct.nodes import LAW, nodes
from musrcu.direct.problem import SUPPOSED, Problem
from musrcu.direct.result import DirectOrder, DirectRun
from musrcu.direct.search import Lowest
from musrcu.direct.sides import value_of
from musrcu.direct.transition import DISTANCE, Transition
from musrcu.fitting.fitted import Fitted, number
from musrcu.fitting.outcome import versions
from musrcu.fitting.result import chi2_probability
from musrcu.models.laws import order_parameter_law, order_parameter_slope
from musrcu.ordering.result import LawParameter, OrderParameter

FloatArray = NDArray[np.float64]
Interval = tuple[float, float]

OF_LAW = {"T_N": "T_N", "beta": "beta", "alpha": "exponent", "sigma_TN": "sigma_TN"}
"""Names in the result and in the likelihood; that of the saturation value depends on what orders.
"""


def direct_order(
    found: Problem, low: Lowest, two_step: OrderParameter, parameter: str, *,
    intervals: Mapping[str, Interval], notes: tuple[str, ...], left_out: tuple[str, ...],
    options: Mapping[str, Any],
) -> DirectOrder:  # fmt: skip
    """The record of a fit that ran, valid or not."""
    stack, state = found.stack, low.state
    chi2 = stack.total(state)
    n_free = 0
    if low.free_s is not None and low.free_l is not None:
        n_free = int(low.free_s.sum() + low.free_l.sum())
    data = sum(one.cost.size + len(one.cost.prior) for one in stack.members)
    data += len(stack.measured)
    known = sum(values.size for _, values, _ in stack.shared.prior)
    law = _law(found, low, two_step, intervals)
    ended = [one.name for one in law[2:4] if one.at_limit]
    reason = low.reason
    if not reason and ended:
        reason = f"the spectra do not determine {' and '.join(ended)}: it ended at its limit"
    shared = _shared(found, low)
    free = [k for k in range(stack.shared.n) if low.free_s is not None and low.free_s[k]]
    covariance = None if low.blocks is None else low.blocks.shared[np.ix_(free, free)]
    return DirectOrder(
        saturation=law[0], T_N=law[1], beta=law[2], alpha=law[3], sigma_TN=law[4], shared=shared,
        names=tuple(stack.shared.labels[k] for k in free), covariance=covariance,
        runs=tuple(_run(found, low, r) for r in range(len(found.runs))), chi2=chi2,
        ndof=data + known - n_free, known_chi2=stack.shared.known(state.s)[0],
        valid=not reason, reason=reason,
        notes=(*notes, *_improbable(found, low, chi2, data + known - n_free)),
        assumed=_assumed(found, law[4]),
        left_out=left_out, T_N_limits=found.T_N_limits,
        models=(found.models[0].ordered.expression, found.models[0].paramagnetic.expression),
        parameter=parameter, two_step=two_step, options=options, versions=versions(),
        problem=Followed(found, low),
    )  # fmt: skip


def _improbable(found: Problem, low: Lowest, chi2: float, ndof: int) -> list[str]:
    """Whether the model describes the spectra, and which of them least."""
    probability = chi2_probability(chi2, ndof) if math.isfinite(chi2) else None
    if probability is None or probability >= IMPROBABLE:
        return []
    size = np.array([one.cost.size for one in found.stack.members])
    excess = (low.state.cost - size) / np.sqrt(2.0 * size)
    worst = int(np.argmax(excess))
    return [
        f"chi-square {chi2:.1f} for {ndof} degrees of freedom has the probability "
        f"{notation.probability(probability, 1)}: law and models do not describe these spectra "
        f"within their errors, {found.runs[worst].name} least "
        f"({low.state.cost[worst]:.0f} for {size[worst]} bins)"
    ]


def _law(
    found: Problem, low: Lowest, two_step: OrderParameter, intervals: Mapping[str, Interval]
) -> list[LawParameter]:
    labels = found.stack.shared.labels
    saturation = two_step.saturation
    units = {saturation.name: saturation.unit, "T_N": "K", "sigma_TN": "K"}
    made = []
    for name, inner in {saturation.name: "nu0", **OF_LAW}.items():
        value, error, fixed, at_limit = value_of(found, low.state.s, inner), math.nan, True, False
        if inner in labels:
            k = labels.index(inner)
            fixed = bool(found.stack.shared.held[k])
            at_limit = low.free_s is not None and not (low.free_s[k] or fixed)
            if low.blocks is not None and low.blocks.shared[k, k] > 0:
                error = math.sqrt(float(low.blocks.shared[k, k]))
        made.append(
            LawParameter(name, value, error, units.get(name, ""), intervals.get(inner), fixed,
                         at_limit)
        )  # fmt: skip
    return made


def _shared(found: Problem, low: Lowest) -> dict[str, Fitted]:
    """Everything shared but the law."""
    shared, made = found.stack.shared, {}
    for k, label in enumerate(shared.labels):
        if label in LAW or label == "sigma_TN":
            continue
        error = None
        if low.blocks is not None:
            error = number(math.sqrt(max(float(low.blocks.shared[k, k]), 0.0))) or None
        at_limit = low.free_s is not None and not (low.free_s[k] or shared.held[k])
        made[label] = Fitted(
            label,
            float(low.state.s[k]),
            error,
            shared.units[k],
            bool(shared.held[k]),
            at_limit,
            constraint=found.parts.knowledge.of(label),
        )
    return made


def _run(found: Problem, low: Lowest, r: int) -> DirectRun:
    one, model, member = found.runs[r], found.models[r], found.stack.members[r]
    x, _ = found.stack.x(low.state.s, low.state.local, np.array([r]))
    full = member.full(x[0, : member.cost.free.size])
    covariance = None if low.blocks is None else low.blocks.of_run(found.stack, r)
    names = member.cost.freedom.model.names
    own = {}
    for k, place in enumerate(member.local):
        parameter = member.cost.freedom.model.parameters[place]
        if parameter.name == DISTANCE:
            continue
        variance = 0.0
        if covariance is not None:
            variance = float(covariance[found.stack.m + k, found.stack.m + k])
        known = member.cost.prior.known.get(place)
        own[parameter.name] = Fitted(
            parameter.name, float(low.state.local[r, k]), math.sqrt(max(variance, 0.0)) or None,
            parameter.unit, constraint=known,
        )  # fmt: skip
    true, fraction, nu, nu_error = one.temperature, 0.0, None, None
    offset = value_of(found, low.state.s, "T_offset")
    if model.part != "paramagnetic":
        law = tuple(float(full[names.index(name)]) for name in LAW)
        true = model.temperature(full[: len(model.names)])
        if model.from_T_N:
            error = _along(found, r, {"T_N": 1.0, DISTANCE: 1.0, "T_offset": -1.0}, covariance)
            known = (one.temperature, one.error)
            own = {"T": Fitted("T", true - offset, error, "K", constraint=known)} | own
        wide = math.hypot(float(full[names.index("sigma_TN")]), model.spread)
        made = nodes((law[0], law[1], law[2], law[3]), true, wide, model.many)
        fraction = 0.0 if made is None else made.w
        value = float(order_parameter_law(true, *law)[0][0])
        if value > 0:
            nu, nu_error = value, _along(found, r, _slopes(model, law, true), covariance)
    elif found.choices.thermometer_offset:
        true += offset
    return DirectRun(
        one.name, one.found.run, one.found.path, one.found.verdict, one.temperature, one.error,
        true, fraction, nu, nu_error, float(low.state.cost[r]), member.cost.size, own,
    )  # fmt: skip


def _slopes(model: Transition, law: tuple[float, ...], true: float) -> dict[str, float]:
    """By parameter, derivatives of the law at the true temperature of a run."""
    by = dict(zip(LAW, order_parameter_law(true, *law)[1][:, 0].tolist(), strict=True))
    slope = float(order_parameter_slope(true, *law)[0])
    if model.from_T_N:
        return {**by, "T_N": by["T_N"] + slope, DISTANCE: slope}
    return {**by, "T": slope, "T_offset": slope}


def _along(
    found: Problem, r: int, by: Mapping[str, float], covariance: FloatArray | None
) -> float | None:
    """Error of what depends on the parameters of a run with these slopes."""
    if covariance is None:
        return None
    member, stack = found.stack.members[r], found.stack
    names = member.cost.freedom.model.names
    along = np.zeros(covariance.shape[0])
    for k, place in enumerate(member.local):
        along[stack.m + k] = by.get(names[place], 0.0)
    for k, index in enumerate(member.touched):
        along[k] = by.get(stack.shared.labels[index], 0.0)
    return number(math.sqrt(max(float(along @ covariance @ along), 0.0)))


def _assumed(found: Problem, sigma: LawParameter) -> tuple[str, ...]:
    """What was taken for granted, in words."""
    said = []
    floor = f"never below {found.floor:.2g} K"
    if sigma.fixed:
        where = "held at its floor" if sigma.value <= found.floor * 1.001 else "held"
        said.append(f"width of the transition sigma_TN = {sigma.value:.2g} K, {where} ({floor})")
    else:
        said.append(f"width of the transition sigma_TN is free, {floor}")
    said.append("both parts of a run near T_N have one total asymmetry and one background")
    exact = [one.name for one in found.runs if one.error == 0]
    if exact:
        whose = "all runs" if len(exact) == len(found.runs) else ", ".join(exact)
        said.append(f"temperatures of {whose} are taken as exact: their errors are not known")
    said += _spreads(found)
    offset = found.choices.thermometer_offset
    if offset:
        said.append(f"all temperatures share an offset of the thermometer, 0 +- {offset:g} K")
    if found.supposed:
        said.append(
            "rates in brackets, of a part of a run of which it says nothing, are as in the mean of "
            f"the nearest runs, within {100 * SUPPOSED:.0f} %"
        )
    return tuple(said)


def _spreads(found: Problem) -> list[str]:
    wide = [one for one in found.runs if one.spread > 0]
    said = []
    if wide:
        low, high = min(one.spread for one in wide), max(one.spread for one in wide)
        span = f"{low:.2g} K" if high < 1.05 * low else f"{low:.2g} to {high:.2g} K"
        said.append(f"lines are averaged over a spread of temperatures within each run, {span}")
    read = [one.data.run.temperature.spread for one in found.runs if not one.spread]
    known = [one for one in read if one]
    if known and found.choices.spread == "log":
        said.append(
            f"the spread of readings within a run, about {float(np.median(known)):.1g} K, is noise "
            "of the thermometer (spread='readings' averages lines over it)"
        )
    return said
