"""What a reader of a fit should doubt, one sentence each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musrcu import notation
from musrcu.constants import IMPROBABLE, MUON_LIFETIME, MUON_PULSE
from musrcu.fitting.chance import noise_gain
from musrcu.fitting.cost import Cost
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.result import chi2_probability
from musrcu.models.bin_average import average, turning_rate
from musrcu.models.bins import Bins
from musrcu.models.model import Model
from musrcu.models.pulse import pulse_factor
from musrcu.models.term import Term
from musrcu.notation import bracket

FloatArray = NDArray[np.float64]

FAR = 3.5
"""Times the shift that noise explains beyond which a constrained parameter is named."""
REMEDY = "pack less or average the model (average_bins=True, --average-bins)"
SLIGHT = 0.1
"""Radians in half a bin below which a turning spin loses less than 0.2 % of its amplitude."""
CHANCE = 1e-3
"""A line that noise makes more often than this, anywhere in the search, is named."""


def beyond_limits(freedom: Freedom, full: FloatArray) -> list[str]:
    """Tied parameters that their tie carries out of their limits."""
    return [
        f"{freedom.model.names[k]} = {freedom.ties[k].text} = {full[k]:.4g} lies outside its limits"
        for k in freedom.ties
        if not freedom.lower[k] <= full[k] <= freedom.upper[k]
    ]


def poor(chi2: float, ndof: int, excess: tuple[float, float] | None = None) -> list[str]:
    """A chi-square that the model would hardly ever give if it were true."""
    probability = chi2_probability(chi2, ndof, excess)
    if probability is None or probability > IMPROBABLE:
        return []
    what = "chi-square" if excess is None else "the likelihood ratio"
    return [
        f"{what} {chi2:.6g} for {ndof} degrees of freedom has the probability "
        f"{notation.probability(probability, 1)}: the model does not describe these data within "
        "their errors"
    ]


def far_from_known(cost: Cost, values: FloatArray, covariance: FloatArray) -> list[str]:
    """Constrained parameters that the data pull away from what was known of them.

    By how far tells (p - v)^2 / (sigma_v^2 - sigma_p^2), which is 1 on average: the error of the
    difference of a value and its combination with another is that of the part that was added.
    """
    notes = []
    for place, (known, error) in cost.prior.known.items():
        value, variance = float(values[place]), float(covariance[place, place])
        part = np.sqrt(max(error**2 - variance, (0.01 * error) ** 2))
        away = abs(value - known)
        if away > 0.1 * error and away > FAR * part:
            parameter = cost.freedom.model.parameters[place]
            unit = parameter.unit
            notes.append(
                f"{parameter.name} was known as {bracket(known, error, unit)} and the fit takes it "
                f"to {bracket(value, float(np.sqrt(variance)), unit)}: noise shifts it by about "
                f"{part:.2g}{f' {unit}' if unit else ''}, this is {away / part:.1f} times that; "
                "the model, the data or that knowledge is off"
            )
    return notes


def too_fast(freedom: Freedom, values: FloatArray, width: FloatArray, averaged: bool) -> str:
    """Why a line cannot be seen in such bins, in words; empty where all can.

    Bins of one width show a line above 1 / (2 width) where a slower one would lie. Where the model
    is averaged over them, so that its amplitude is right, a frequency that is held, or whose
    limits leave but one of the two, is what it says.
    """
    model, highest = freedom.model, 0.5 / float(width.min())
    for _, nu, _ in model.oscillations():
        if abs(values[nu]) <= highest or (averaged and _told_apart(freedom, nu, highest)):
            continue
        hint = "; limits that leave no slower one in its place would tell" if averaged else ""
        return (
            f"{model.names[nu]} = {values[nu]:.4g} MHz lies above {highest:.4g} MHz, the "
            f"highest that bins of {1e3 * float(width.min()):.3g} ns can show{hint}"
        )
    return ""


def _told_apart(freedom: Freedom, nu: int, highest: float) -> bool:
    """Whether a frequency is held, or limited between two multiples of ``highest``."""
    if nu in freedom.fixed:
        return True
    lower, upper = float(freedom.lower[nu]), float(freedom.upper[nu])
    return lower >= 0 and upper <= (lower // highest + 1) * highest


def folded(freedom: Freedom, values: FloatArray, width: FloatArray) -> list[str]:
    """Lines that such bins show at another frequency, told from it by what is known alone."""
    model, highest = freedom.model, 0.5 / float(width.min())
    notes = []
    for _, nu, _ in model.oscillations():
        value = abs(float(values[nu]))
        if value > highest:
            seen = abs(value - 2 * highest * round(value / (2 * highest)))
            notes.append(
                f"{model.names[nu]} = {value:.4g} MHz looks like {seen:.4g} MHz in bins of "
                f"{1e3 * float(width.min()):.3g} ns; what was given of it tells the two apart"
            )
    return notes


def chance(cost: Cost, values: FloatArray, covariance: FloatArray, width: FloatArray) -> list[str]:
    """Lines that were searched for and are no stronger than noise makes them somewhere."""
    model, notes = cost.freedom.model, []
    free = set(cost.free.tolist())
    for term, nu, _ in model.oscillations():
        amplitude = model.terms[term].amplitude
        if amplitude is None or nu not in free or np.isfinite(cost.freedom.start[nu]):
            continue
        lower, upper = float(cost.freedom.lower[nu]), float(cost.freedom.upper[nu])
        highest = 0.5 / float(width.min())
        searched = (max(lower, 0.0), min(upper, max(highest, lower + highest)))
        error = float(np.sqrt(covariance[amplitude, amplitude]))
        if not error > 0:
            continue
        strength = abs(float(values[amplitude])) / error
        level = noise_gain(searched, float(cost.time[-1]), CHANCE)
        if strength**2 < level:
            notes.append(
                f"{model.names[amplitude]} is {strength:.1f} standard errors: noise alone makes "
                f"such a line somewhere from {searched[0]:.3g} to {searched[1]:.4g} MHz"
            )
    return notes


def averaging(
    model: Model, values: FloatArray, covariance: FloatArray, time: FloatArray, width: FloatArray
) -> list[str]:
    """Lines so fast that a bin averages over them: the amplitude is low by 1 - sin(x)/x.

    Where widths differ, the loss is that of all bins by the counts in each. What precesses without
    a frequency and a phase of its own, as muonium does, is averaged to see what is left.
    """
    notes = []
    weight = width * np.exp(-time / MUON_LIFETIME)
    lines = {term: nu for term, nu, _ in model.oscillations()}
    for number, term in enumerate(model.terms):
        amplitude = term.amplitude
        if amplitude is None or not covariance[amplitude, amplitude] > 0:
            continue
        nu = lines.get(number)
        if nu is not None:
            loss = 1 - float((weight * np.sinc(values[nu] * width)).sum() / weight.sum())
        else:
            loss, nu = _averaged_away(term, values, time, width)
        if nu is None:
            continue
        if abs(loss * values[amplitude]) > 0.5 * np.sqrt(covariance[amplitude, amplitude]):
            notes.append(_averaged_over(model, values, amplitude, nu, loss, width))
    return notes


def _averaged_away(
    term: Term, values: FloatArray, time: FloatArray, width: FloatArray
) -> tuple[float, int | None]:
    """The share of its amplitude that a term loses in bins, and the parameter that makes it fast;
    None where it turns by so little in a bin that nothing is lost."""
    rate, fastest = turning_rate(term, values)
    if not 0.5 * rate * float(width.max()) > SLIGHT or fastest is None:
        return 0.0, None
    shape = term.shape(time, values)
    weight = width * np.exp(-time / MUON_LIFETIME)
    power = float((weight * shape * shape).sum())
    left = float((weight * shape * average(term, Bins(time, width), values)).sum())
    return (1 - left / power if power > 0 else 0.0), fastest


def _averaged_over(
    model: Model, values: FloatArray, amplitude: int, nu: int, loss: float, width: FloatArray
) -> str:
    """That bins average over a line, in words."""
    widest, unit = 1e3 * float(width.max()), model.parameters[nu].unit
    line = f"{model.names[nu]} = {values[nu]:.3g} {unit}"
    changed = f"{'low' if loss > 0 else 'high'} by {100 * abs(loss):.2g} %"
    if np.ptp(width) < 1e-9:
        return (
            f"bins of {widest:.3g} ns average over {line}: {model.names[amplitude]} is {changed}, "
            f"{REMEDY}"
        )
    return (
        f"bins that grow to {widest:.3g} ns average more and more over {line}: it "
        f"looks more damped than it is ({100 * abs(loss):.2g} % are lost), {REMEDY}"
    )


def pulsed(model: Model, values: FloatArray, covariance: FloatArray, source: str) -> list[str]:
    """Lines that the muon pulse of a pulsed source averages over."""
    notes = []
    for term, nu, _ in model.oscillations() if source == "pulsed" else ():
        amplitude = model.terms[term].amplitude
        loss = 1 - float(abs(pulse_factor(values[nu], MUON_PULSE)))
        if amplitude is None or not covariance[amplitude, amplitude] > 0:
            continue
        if loss * abs(values[amplitude]) > 0.5 * np.sqrt(covariance[amplitude, amplitude]):
            notes.append(
                f"a muon pulse of {1e3 * MUON_PULSE:g} ns, as ISIS has, leaves "
                f"{100 * (1 - loss):.3g} % of a line at {values[nu]:.3g} MHz: "
                f"{model.names[amplitude]} is what is left"
            )
    return notes
