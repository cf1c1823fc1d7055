"""Four ways to the balance alpha of a pair, each with its error and its known bias."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from musrcu.calibration.wide_bins import pull_of_bins
from musrcu.constants import GAMMA_MU_OVER_2PI, IMPROBABLE
from musrcu.containers.calibration import Calibration, correlations
from musrcu.containers.counts import Counts
from musrcu.containers.numbers import ALPHA_LIMITS
from musrcu.containers.run import Run
from musrcu.errors import FitError, MusrcuError
from musrcu.fitting.count_data import ASYMPTOTIC
from musrcu.fitting.fit import fit
from musrcu.fitting.result import FitResult
from musrcu.fitting.window import FEWEST_COUNTS, first_and_last
from musrcu.models.model import Model
from musrcu.notation import bracket, probability
from musrcu.reduction.asymmetry import asymmetry_and_error, form_asymmetry
from musrcu.reduction.grouping import ranges
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import Reduction, grouped_counts, reduce_counts

FloatArray = NDArray[np.float64]
Range = tuple[float, float] | None

CERTAIN = 6.0
"""Errors above zero that the total asymmetry must lie: the best of a thousand frequencies of a run
without precession reaches four."""
LARGEST_PULL = 0.5
"""Errors by which bins of different widths may pull a number."""
LEFT_OVER = (
    "an incomplete turn of the precession pulls alpha by 2 alpha <A P>, the mean of the asymmetry "
    "over the window with the weights of the decay, which is not known and not in the error"
)
COSINE_BIAS = (
    "fit of the asymmetry: weights that follow the fluctuations of the counts pull alpha by up to "
    "half its error where many bins hold 20 to 100 counts"
)
SUM_BIAS = f"sums of counts: {LEFT_OVER}"
ZERO_BIAS = (
    f"weighted mean: {LEFT_OVER}; and weights that follow the fluctuations of the counts pull it "
    "further (by -0.4 % at 1e6 events in 1000 bins)"
)


def by_counts(
    run: Run, recipe: Reduction, model: str, t_range: Range, detector_beta: bool
) -> Calibration:
    """Alpha by a joint Poisson fit of forward and backward counts; unbiased at any statistics.

    N0, alpha, the precession, and backgrounds where there may be any are free together;
    ``detector_beta`` too where asked for.
    """
    counts = reduce_counts(run, recipe, few=False)  # so that chi-square can judge the fit
    limits = {"alpha": ALPHA_LIMITS} | ({"detector_beta": ALPHA_LIMITS} if detector_beta else {})
    result = _fitted(run, counts, model, limits, t_range)
    found = _calibration(run, counts, result, model, method="joint Poisson fit of the counts")
    if (counts.variance[:, counts.good].mean(axis=0) < ASYMPTOTIC).mean() >= 0.1:
        return dataclasses.replace(found, probability=None)  # not distributed as chi-square
    if found.probability is None or found.probability >= IMPROBABLE:
        return found
    return dataclasses.replace(found, notes=_why_improbable(run, recipe, model, t_range))


def _why_improbable(run: Run, recipe: Reduction, model: str, t_range: Range) -> tuple[str, ...]:
    """A sentence where the asymmetry is described although the counts are not."""
    try:
        other = by_cosine(run, recipe, model, t_range, detector_beta=False)
    except MusrcuError:
        return ()
    if other.probability is None or other.probability < IMPROBABLE:
        return ()
    alpha = bracket(other.alpha, other.alpha_error)
    return (
        f"the asymmetry alone is described (probability {probability(other.probability)}, alpha = "
        f"{alpha} by method 'cosine'): the counts of both groups deviate alike, as an unknown dead "
        "time, a background or the pulse makes them",
    )


def by_cosine(
    run: Run, recipe: Reduction, model: str, t_range: Range, detector_beta: bool
) -> Calibration:
    """Alpha by a fit of the raw asymmetry (F - B) / (F + B) in which it is free.

    Needs 20 counts in each group of nearly every bin, and is nearly unbiased then.
    """
    if detector_beta:
        raise FitError(f"{run.name}: detector_beta comes from the counts; take method 'counts'")
    counts = rebin(_subtracted(run, recipe), packing=recipe.packing, t_max=recipe.t_max)
    raw = form_asymmetry(counts, alpha=1.0, detector_beta=recipe.detector_beta or 1.0)
    low, high = first_and_last(t_range)
    used = (raw.time >= low) & (raw.time <= high) & np.isfinite(raw.value)
    few = counts.variance.min(axis=0)[used] < FEWEST_COUNTS
    if few.mean() > 0.05:
        raise FitError(
            f"{run.name}: no calibration: {few.sum()} of {used.sum()} bins hold fewer than "
            f"{FEWEST_COUNTS} counts in a group; pack more, or take method 'counts'"
        )
    result = _fitted(run, raw, model, {"alpha": ALPHA_LIMITS}, t_range)
    found = _calibration(run, counts, result, model, method="asymmetry cosine fit")
    return dataclasses.replace(found, bias=COSINE_BIAS)


def by_sum(
    run: Run, recipe: Reduction, model: str, t_range: Range, detector_beta: bool
) -> Calibration:
    """Alpha as the ratio of the summed counts, sum f / sum b, over the good bins.

    sigma = alpha sqrt(1 / sum F + 1 / sum B), and the error of a subtracted background.
    """
    _refuse_beta(run, detector_beta)
    counts, used = _window(run, recipe, t_range)
    sums = counts.values[:, used].sum(axis=1)
    if not (sums > 0).all():
        raise FitError(f"{run.name}: no calibration: a group has no counts above its background")
    variance = counts.variance[:, used].sum(axis=1)
    if counts.background_error is not None:
        variance = variance + (counts.raw_bins[used].sum() * counts.background_error) ** 2
    alpha = float(sums[0] / sums[1])
    error = alpha * float(np.sqrt((variance / sums**2).sum()))
    return _bare(run, counts, alpha, error, method="ratio of the summed counts", bias=SUM_BIAS)


def by_zero(
    run: Run, recipe: Reduction, model: str, t_range: Range, detector_beta: bool
) -> Calibration:
    """The alpha at which the mean asymmetry, weighted by the inverse variances, is zero."""
    from scipy.optimize import brentq

    _refuse_beta(run, detector_beta)
    counts, used = _window(run, recipe, t_range, packed=True)
    values, variance = counts.values[:, used], np.maximum(counts.variance[:, used], 1.0)

    def mean(log_alpha: float) -> tuple[float, float, float]:
        """The weighted mean, its error and its slope by alpha."""
        alpha = float(np.exp(log_alpha))
        value, error = asymmetry_and_error(values, variance, alpha)
        good = np.isfinite(value)
        weight = 1 / error[good] ** 2
        f, b = values[:, good]
        slope = -2 * f * b / (f + alpha * b) ** 2
        total = weight.sum()
        return weight @ value[good] / total, total**-0.5, float(weight @ slope / total)

    low, high = np.log(ALPHA_LIMITS)
    if not mean(low)[0] > 0 > mean(high)[0]:
        raise FitError(f"{run.name}: no calibration: no alpha makes the mean asymmetry zero")
    root = float(brentq(lambda x: mean(x)[0], low, high, xtol=1e-10))
    _, error, slope = mean(root)
    method = "zero of the weighted mean asymmetry"
    return _bare(run, counts, np.exp(root), error / abs(slope), method=method, bias=ZERO_BIAS)


class Method(Protocol):
    """A way to alpha."""

    def __call__(
        self, run: Run, recipe: Reduction, model: str, t_range: Range, detector_beta: bool
    ) -> Calibration:
        """What it says of the pair of one run."""


METHODS: dict[str, Method] = {
    "counts": by_counts,
    "cosine": by_cosine,
    "sum": by_sum,
    "zero": by_zero,
}


def _refuse_beta(run: Run, detector_beta: bool) -> None:
    if detector_beta:
        raise FitError(f"{run.name}: detector_beta needs a precession; take method 'counts'")


def _subtracted(run: Run, recipe: Reduction) -> Counts:
    """Grouped counts without their background."""
    if recipe.background == "fit":
        raise FitError(
            f"{run.name}: background = 'fit' is found by a fit of the counts; take method 'counts'"
        )
    return grouped_counts(run, recipe)


def _window(
    run: Run, recipe: Reduction, t_range: Range, packed: bool = False
) -> tuple[Counts, NDArray[np.bool_]]:
    """Grouped counts and which of their bins are used."""
    counts = _subtracted(run, recipe)
    if packed:
        counts = rebin(counts, packing=recipe.packing, t_max=recipe.t_max)
    used = np.zeros(counts.time.size, dtype=bool)
    used[counts.good] = True
    low, high = first_and_last(t_range)
    latest = high if recipe.t_max is None else min(high, recipe.t_max)
    used &= (counts.time >= low) & (counts.time <= latest)
    if not used.any():
        raise FitError(f"{run.name}: no calibration: no good bins in the range")
    return counts, used


def _fitted(run: Run, data: Any, model: str, limits: dict[str, Any], t_range: Range) -> FitResult:
    result = fit(data, model, limits=limits, t_range=t_range, max_asymmetry=1.0)
    if not result.valid or result.covariance is None:
        raise FitError(f"{run.name}: no calibration: {result.reason}")
    return result


def _bare(run: Run, counts: Counts, alpha: float, error: float, **more: Any) -> Calibration:
    """A calibration of alpha alone."""
    low, high = ALPHA_LIMITS
    if not low <= alpha <= high:
        raise FitError(f"{run.name}: no calibration: alpha = {alpha:.3g} is no balance of a pair")
    return Calibration(
        alpha=float(alpha),
        alpha_error=float(error),
        forward=ranges(counts.detectors[0]),
        backward=ranges(counts.detectors[1]),
        run=run.number,
        instrument=run.instrument,
        n_detectors=run.n_detectors,
        bin_width=run.bin_width,
        **more,
    )


def _calibration(
    run: Run, counts: Counts, result: FitResult, expression: str, *, method: str
) -> Calibration:
    """What a fit with alpha free says of the pair: linear functions of its parameters.

    A precession averaged over bins of width w is smaller by sin(pi nu w) / (pi nu w); the total
    asymmetry is what it was before. Bins of different widths have no such factor.
    """
    model = Model(expression)
    rows = {"alpha": _row(result, ["alpha"])}
    beta = result.parameters.get("detector_beta")
    if beta is not None and not beta.fixed:
        rows["detector_beta"] = _row(result, ["detector_beta"])
    amplitudes = [term.amplitude for term in model.terms if term.amplitude is not None]
    rows["total"] = _row(result, [model.names[place] for place in amplitudes])
    lines = model.oscillations()
    for term, nu, _ in lines if counts.packs is None else ():
        place = model.terms[term].amplitude
        rows["total"][place] /= np.sinc(result.values[nu] * counts.bin_width)
    if len(lines) == 1:
        _, nu, phi = lines[0]
        rows["field"] = _row(result, [model.names[nu]]) / GAMMA_MU_OVER_2PI
        rows["phase"] = _row(result, [model.names[phi]])
    jacobian = np.array(list(rows.values()))
    values = dict(zip(rows, jacobian @ np.nan_to_num(result.values), strict=True))
    covariance = jacobian @ result.covariance @ jacobian.T
    errors = dict(zip(rows, np.sqrt(np.diag(covariance)), strict=True))
    if not CERTAIN * errors["total"] < values["total"] <= 1:
        raise FitError(
            f"{run.name}: no calibration: a total asymmetry of "
            f"{bracket(values['total'], errors['total'])} is no precession along this pair; take a "
            "run in a transverse field, or a pair across the beam (--geometry transverse)"
        )
    if counts.packs is not None:
        _check_widths(run, counts, jacobian @ pull_of_bins(counts, result, model), errors)
    found: dict[str, Any] = {name: float(value) for name, value in values.items()}
    found |= {f"{name}_error": float(error) for name, error in errors.items()}
    bare = _bare(run, counts, found["alpha"], found["alpha_error"], method=method)
    return dataclasses.replace(
        bare,
        **found,
        probability=result.probability,
        names=tuple(rows),
        correlation=correlations(covariance),
    )


def _check_widths(run: Run, counts: Counts, pulls: FloatArray, errors: dict[str, Any]) -> None:
    """Refuse bins of different widths that average over the precession."""
    shares = {name: pull / errors[name] for name, pull in zip(errors, pulls, strict=True)}
    worst = max(shares, key=lambda name: abs(shares[name]))
    if abs(shares[worst]) > LARGEST_PULL:
        raise FitError(
            f"{run.name}: no calibration: bins up to {counts.bin_width:.2g} us wide average over "
            f"the precession, which pulls {worst} by {abs(shares[worst]):.2g} errors; give packing "
            "a whole number, of which the average is known"
        )


def _row(result: FitResult, names: list[str]) -> FloatArray:
    """The sum of some parameters as a row of a Jacobian."""
    return np.array([float(name in names) for name in result.names])
