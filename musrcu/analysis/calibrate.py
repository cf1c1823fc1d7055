"""Alpha and the total asymmetry from a transverse-field run."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from musrcu import notation
from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.containers.calibration import Calibration
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.fitting.balance import BalancedModel
from musrcu.fitting.cost import AsymmetryCost
from musrcu.fitting.fit import fit
from musrcu.fitting.freedom import settle
from musrcu.fitting.minimise import minimise
from musrcu.fitting.result import chi2_probability
from musrcu.fitting.window import FEWEST_COUNTS
from musrcu.notation import bracket
from musrcu.reduction.asymmetry import form_asymmetry
from musrcu.reduction.grouping import ranges
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import Reduction, grouped_counts

NEAR_FIELD = 0.2
"""Largest deviation of the precession from the field of the file, as a share of that field."""
CERTAIN = 6.0
"""Errors above zero that the total asymmetry must lie: the best of a thousand frequencies of a run
without precession reaches four."""


def calibrate(
    run: Run,
    recipe: Reduction | None = None,
    *,
    model: str = "damped_cosine",
    t_range: tuple[float, float] | None = None,
) -> Calibration:
    """Balance and total asymmetry of a pair, by a precession fit with alpha free.

    The raw asymmetry (F - B) / (F + B) is fitted by
    [(alpha - 1) + (alpha + 1) A(t)] / [(alpha + 1) + (alpha - 1) A(t)]; unlike the ratio of the
    summed counts this is not biased by an incomplete turn of the precession.

    Parameters
    ----------
    run : a run in a transverse field in which all muons precess.
    recipe : how it is reduced; its alpha and calibration are not used.
    model : A(t), in which every term precesses or relaxes; a ``constant`` in it would be
        indistinguishable from alpha and is refused.
    t_range : (first, last) time, µs.

    Returns
    -------
    Calibration: alpha, total asymmetry (sum of the amplitudes) and field, with errors.

    Raises
    ------
    FitError if the model cannot determine alpha, the fit is not valid, or too few counts are left.
    """
    recipe = dataclasses.replace(recipe or Reduction(), alpha=None, calibration=None)
    balanced = BalancedModel(model)
    if "constant" in balanced.labels:
        raise FitError(f"calibration with {model!r}: a constant and alpha are one parameter")
    counts = rebin(grouped_counts(run, recipe), packing=recipe.packing, t_max=recipe.t_max)
    raw = form_asymmetry(counts, alpha=1.0)
    guide = fit(raw, f"{model} + constant", t_range=t_range, max_asymmetry=1.0)
    if guide.chi2 is None:
        raise FitError(f"{run.name}: no calibration: {guide.reason}")
    low, high = t_range or (-np.inf, np.inf)
    used = (raw.time >= low) & (raw.time <= high) & np.isfinite(raw.value)
    cost = AsymmetryCost(raw.time[used], raw.value[used], raw.error[used], settle(balanced))
    offset = guide.values[-1]
    start = np.append(guide.values[:-1], np.clip((1 + offset) / (1 - offset), 0.01, 100))
    minimum = minimise(cost, start, balanced.names)
    if not minimum.valid or minimum.covariance is None:
        raise FitError(f"{run.name}: no calibration: {minimum.reason}")
    smallest = raw.smallest
    if smallest is not None and (smallest[used] < FEWEST_COUNTS).mean() > 0.05:
        raise FitError(
            f"{run.name}: no calibration: {(smallest[used] < FEWEST_COUNTS).sum()} of "
            f"{used.sum()} bins hold fewer than {FEWEST_COUNTS} counts in a group; pack more"
        )
    found = _calibration(run, counts.detectors, balanced, cost, minimum.x, minimum.covariance)
    _check_field(run, found)
    return found


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


def _calibration(
    run: Run,
    detectors: tuple[tuple[int, ...], tuple[int, ...]],
    model: BalancedModel,
    cost: AsymmetryCost,
    x: np.ndarray,
    covariance: np.ndarray,
) -> Calibration:
    values, signs = model.normal_form(x)
    covariance = covariance * np.outer(signs, signs)
    amplitudes = [term.amplitude for term in model.terms if term.amplitude is not None]
    lines = model.oscillations()
    line: dict[str, Any] = {}
    if len(lines) == 1:
        _, nu, phi = lines[0]
        errors = np.sqrt(np.diag(covariance))
        line = {
            "field": float(values[nu]) / GAMMA_MU_OVER_2PI,
            "field_error": float(errors[nu]) / GAMMA_MU_OVER_2PI,
            "phase": float(values[phi]),
            "phase_error": float(errors[phi]),
        }
    total = float(values[amplitudes].sum())
    total_error = float(np.sqrt(covariance[np.ix_(amplitudes, amplitudes)].sum()))
    if not CERTAIN * total_error < total <= 1:
        raise FitError(
            f"{run.name}: no calibration: a total asymmetry of {bracket(total, total_error)} is no "
            "precession along this pair; take a run in a transverse field, or a pair across the "
            "beam (--geometry transverse)"
        )
    return Calibration(
        alpha=float(values[-1]),
        alpha_error=float(np.sqrt(covariance[-1, -1])),
        total=total,
        total_error=total_error,
        forward=ranges(detectors[0]),
        backward=ranges(detectors[1]),
        run=run.number,
        instrument=run.instrument,
        **line,
        probability=chi2_probability(cost(x), cost.n_bins - x.size),
    )
