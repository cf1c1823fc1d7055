"""The asymmetry of two groups and its propagated Poisson error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.containers.kinds import check_kind
from musrcu.containers.numbers import ALPHA_LIMITS, is_balance, is_error, is_number
from musrcu.errors import ReductionError

ODD_BINS = {
    "empty": "without counts are left out",
    "below": "in which the background exceeds the counts are left out",
    "one": "with counts in one group only have the error of one count there",
}
"""Bins with too few counts, and what becomes of them."""


def form_asymmetry(
    counts: Counts,
    *,
    alpha: float = 1.0,
    alpha_error: float | None = None,
    total: float | None = None,
    total_error: float | None = None,
    detector_beta: float = 1.0,
    note: str = "",
    errors: str = "poisson",
) -> Asymmetry:
    """Asymmetry A = (F - alpha B) / (beta F + alpha B) of the good bins.

    sigma_A^2 = alpha^2 (1 + beta)^2 (B^2 Var F + F^2 Var B) / (beta F + alpha B)^4, with Var the
    counts before the background was subtracted (checked by exact Poisson sums). beta, the
    ``detector_beta``, is 1 for equal detectors: A = (F - alpha B) / (F + alpha B).

    Parameters
    ----------
    counts : grouped counts.
    alpha : balance of the pair.
    alpha_error : its error; it shifts all bins together and is kept apart from their errors.
    total, total_error : total asymmetry known from a calibration run.
    detector_beta : ratio of the intrinsic asymmetries of backward and forward.
    note : where alpha comes from, for the history.
    errors : ``poisson``, or ``mantid`` for sqrt((Var F + alpha^2 Var B) (1 + A^2)) / (F + alpha B)
        as AsymmetryCalc of Mantid has it, to compare with its curves. It takes numerator and
        denominator as independent, which they are not: at A = 0.2 it is 4 per cent too large.

    Returns
    -------
    Asymmetry. A bin without counts, or with beta F + alpha B <= 0 after the background was
    subtracted, is NaN. A bin with no counts in one group takes the error of one count there, so
    that it never carries infinite weight. The history says how many there are of each kind, and
    ``smallest`` which.

    Raises
    ------
    ReductionError if alpha or detector_beta is not a number from 0.001 to 1000, an error is none
    of 0 or above, or ``errors`` is another word.
    """
    check_kind("form_asymmetry", counts, Counts)
    if errors not in ("poisson", "mantid"):
        raise ReductionError(f"errors = {errors!r}; expected 'poisson' or 'mantid'")
    for name, number in (("alpha", alpha), ("detector_beta", detector_beta)):
        if not is_balance(number):
            low, high = ALPHA_LIMITS
            raise ReductionError(f"{name} = {number!r}; expected a number from {low:g} to {high:g}")
    for name, known in (("alpha_error", alpha_error), ("total_error", total_error)):
        if known is not None and not is_error(known):
            raise ReductionError(f"{name} = {known!r}; expected a number, 0 or above")
    if total is not None and not is_number(total):
        raise ReductionError(f"total = {total!r}; expected a number")
    good = counts.good
    values, variance = counts.values[:, good], counts.variance[:, good]
    value, error = asymmetry_and_error(values, np.maximum(variance, 1.0), alpha, detector_beta)
    if errors == "mantid":
        spread = np.sqrt((variance[0] + alpha**2 * variance[1]) * (1 + value**2))
        error = spread / np.where(np.isnan(value), np.nan, values[0] + alpha * values[1])
        note = "; ".join(filter(None, (note, "errors by the formula of Mantid")))
    odd = _odd_bins(variance, np.isfinite(value))
    value[odd["empty"]], error[odd["empty"]] = np.nan, np.nan
    notes = [note] if note else []
    notes += [f"{int(odd[k].sum())} bins {what}" for k, what in ODD_BINS.items() if odd[k].any()]
    options: dict[str, object] = {"alpha": float(alpha)}
    if alpha_error is not None:
        options["alpha_error"] = float(alpha_error)
    if detector_beta != 1:
        options["detector_beta"] = float(detector_beta)
    return Asymmetry(
        time=counts.time[good],
        value=value,
        error=error,
        bin_width=counts.bin_width,
        packing=counts.packing,
        alpha=float(alpha),
        alpha_error=alpha_error,
        total=total,
        total_error=total_error,
        smallest=variance.min(axis=0),
        detector_beta=float(detector_beta),
        packs=None if counts.packs is None else counts.packs[good],
        level=_level(counts, values, alpha, detector_beta),
        background=counts.background,
        background_error=counts.background_error,
        run=counts.run,
        history=counts.history.with_step(Step("form_asymmetry", ", ".join(notes), options)),
    )


def _odd_bins(
    variance: NDArray[np.float64], known: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    """(n_bins,) which bins are of each of the kinds that the history counts."""
    empty = np.asarray(variance.sum(axis=0) == 0)
    return {
        "empty": empty,
        "below": ~known & ~empty,
        "one": np.asarray(variance.min(axis=0) == 0) & known & ~empty,
    }


def _level(counts: Counts, values: NDArray[np.float64], alpha: float, beta: float) -> Any:
    """(n_bins,) beta F + alpha B as the decay law has it, from all good bins together.

    It does not depend on the asymmetry, and unlike the counts themselves it has no noise that
    would follow that of A.
    """
    decay = counts.decay[counts.good]
    total = float((beta * values[0] + alpha * values[1]).sum())
    return total * decay / decay.sum() if total > 0 else None


def asymmetry_and_error(
    values: ArrayLike, variance: ArrayLike, alpha: float, beta: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(A, sigma_A) from (2, n_bins) counts and variances; NaN where beta F + alpha B <= 0."""
    f, b = np.asarray(values, dtype=float)
    var_f, var_b = np.asarray(variance, dtype=float)
    total = beta * f + alpha * b
    total = np.where(total > 0, total, np.nan)
    error = alpha * (1 + beta) * np.sqrt(b * b * var_f + f * f * var_b) / (total * total)
    error = np.where(error > 0, error, np.nan)
    return np.where(np.isnan(error), np.nan, (f - alpha * b) / total), error
