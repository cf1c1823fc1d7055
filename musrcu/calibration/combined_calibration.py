"""Several calibrations of one pair as one: weighted by their covariances, and do they agree?"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from musrcu.calibration.alike_calibrations import alike, name_of, runs_of, same_bins
from musrcu.constants import IMPROBABLE
from musrcu.containers.arrays import FloatArray
from musrcu.containers.calibration import Calibration, correlations
from musrcu.containers.calibration_checks import ROWS
from musrcu.errors import FitError
from musrcu.fitting.result import chi2_probability
from musrcu.notation import bracket, probability

FAR = 4.0
"""Errors from the mean of the others at which a run is named."""
SAME = 1e-6
"""Share of an error below which numbers are the same, and smallest eigenvalue of correlations that
can be weighed by: files hold six digits."""
PAIR = ("alpha", "detector_beta", "total")
"""What belongs to the pair and not to the field of a run."""


def combine_calibrations(calibrations: Iterable[Calibration]) -> Calibration:
    """One calibration of a pair from several runs.

    alpha, detector_beta and the total asymmetry are their mean weighted by the inverse of their
    covariances, x = (sum V_i^-1)^-1 sum V_i^-1 x_i, with the chi-square
    sum (x_i - x)^T V_i^-1 (x_i - x) of their agreement; likewise each kind of number of the
    detectors, where t0 from the edge of a pulse is one number common to all.
    Errors are never stretched. Field and phase of the precession belong to the runs and are left
    out.

    Parameters
    ----------
    calibrations : of the same pair of the same instrument, by the same method; the other way round
        is turned.

    Returns
    -------
    Calibration: ``probability`` is that of the agreement, and ``notes`` name every run whose
    number lies four errors or more from the mean of the others, the worst first; the rest is
    compared without it.

    Raises
    ------
    FitError if there are none, they are of different pairs, instruments or methods, only some know
    detector_beta, t0 counts bins of different widths, one run comes twice, or an error is unknown
    or zero.

    Source: R. L. Workman et al. (Particle Data Group), Prog. Theor. Exp. Phys. 2022, 083C01,
    section 40.2.
    """
    found = alike(calibrations)
    first = found[0]
    if len(found) == 1:
        return first
    names = tuple(n for n in PAIR if all(_known(one, n) for one in found))
    values, covariance, chi2, ndof, notes = _mean(found, names)
    changes: dict[str, Any] = dict.fromkeys(("field", "field_error", "phase", "phase_error"))
    for name in PAIR:
        changes |= {name: None, f"{name}_error": None}
    for k, name in enumerate(names):
        changes |= {name: float(values[k]), f"{name}_error": float(covariance[k, k] ** 0.5)}
    for row in ROWS:
        part, more, chi2_row, ndof_row = _row(found, row)
        changes |= part
        notes += more
        chi2, ndof = chi2 + chi2_row, ndof + ndof_row
    runs = tuple(run for one in found for run in runs_of(one))
    return dataclasses.replace(
        first,
        **changes,
        names=names,
        correlation=correlations(covariance),
        run=runs[0] if runs else None,
        runs=runs,
        probability=chi2_probability(chi2, ndof),
        bin_width=first.bin_width if same_bins(found) else None,
        notes=tuple([*_improbable(found), *notes, *_left_out(found), *_shared(found)]),
    )


def _known(calibration: Calibration, name: str) -> bool:
    return getattr(calibration, name) is not None and (
        getattr(calibration, f"{name}_error") is not None
    )


def _improbable(found: Sequence[Calibration]) -> list[str]:
    return [
        f"{name_of(one)}: the model does not describe this run (probability "
        f"{probability(one.probability)})"
        for one in found
        if one.probability is not None and one.probability < IMPROBABLE
    ]


def _left_out(found: Sequence[Calibration]) -> list[str]:
    """What only some of them know, and what can not be told of runs without a number."""
    notes = []
    if sum(not runs_of(one) for one in found) > 1:
        notes.append("runs without a number are among them; that none comes twice is not checked")
    for name in ("total", *ROWS):
        known = [one for one in found if getattr(one, name) not in (None, ())]
        if known and len(known) < len(found):
            notes.append(f"{name} is left out: only {len(known)} of {len(found)} runs know it")
    return notes


def _shared(found: Sequence[Calibration]) -> list[str]:
    """What is noted of all of them alike."""
    first, *others = found
    return [note for note in first.notes if all(note in one.notes for one in others)]


def _mean(
    found: Sequence[Calibration], names: tuple[str, ...]
) -> tuple[FloatArray, FloatArray, float, int, list[str]]:
    """(mean, covariance, chi2, ndof, notes) of some numbers of all calibrations."""
    known = [one.constraint(*names) for one in found]
    values = np.array([value for _, value, _ in known])
    covariances = [covariance for *_, covariance in known]
    for one, covariance in zip(found, covariances, strict=True):
        for name, variance in zip(names, np.diag(covariance), strict=True):
            if variance <= 0:
                raise FitError(f"calibration of {name_of(one)}: {name} has no error to weigh it by")
    mean, covariance, chi2 = _weighted(found, values, covariances)
    notes = []
    if len(found) > 1:
        for k, name in enumerate(names):
            errors = np.sqrt([c[k, k] for c in covariances])
            notes += _far(found, name, values[:, k], errors)
    return mean, covariance, chi2, (len(found) - 1) * len(names), notes


def _weighted(
    found: Sequence[Calibration], values: FloatArray, covariances: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray, float]:
    """(mean, covariance, chi2)."""
    for one, matrix in zip(found, covariances, strict=True):
        errors = np.sqrt(np.diag(matrix))
        if np.linalg.eigvalsh(matrix / np.outer(errors, errors))[0] < SAME:
            raise FitError(
                f"calibration of {name_of(one)}: its correlations make two of its numbers one, by "
                "which it cannot be weighed; calibrate again, or leave out its correlation"
            )
    weights = [np.linalg.inv(covariance) for covariance in covariances]
    covariance = np.linalg.inv(np.sum(weights, axis=0))
    mean = covariance @ sum(w @ x for w, x in zip(weights, values, strict=True))
    chi2 = sum(float((x - mean) @ w @ (x - mean)) for w, x in zip(weights, values, strict=True))
    return mean, covariance, chi2


def _far(
    found: Sequence[Calibration],
    name: str,
    values: FloatArray,
    errors: FloatArray,
    difference: Callable[[FloatArray], FloatArray] = np.asarray,
) -> list[str]:
    """A sentence for each run that lies far from the weighted mean of the others.

    The worst one is named first and the others are compared without it; of two that are left and
    disagree both are.
    """
    notes = []
    left = list(range(len(found)))
    while len(left) > 1:
        apart = {
            k: _apart(k, [n for n in left if n != k], values, errors, difference) for k in left
        }
        sizes = {k: abs(mean) / np.hypot(errors[k], error) for k, (mean, error) in apart.items()}
        worst = max(left, key=lambda k: sizes[k])
        if sizes[worst] < FAR:
            break
        for k in left if len(left) == 2 else [worst]:
            mean, error = apart[k]
            notes.append(
                f"{name_of(found[k])} disagrees: {name} = {bracket(values[k], errors[k])}, "
                f"{sizes[k]:.1f} errors from {bracket(values[k] + mean, error)} of the others"
            )
        left.remove(worst)
    return notes


def _apart(
    k: int,
    others: list[int],
    values: FloatArray,
    errors: FloatArray,
    difference: Callable[[FloatArray], FloatArray],
) -> tuple[float, float]:
    """Weighted mean of the others less one value, and the error of that mean."""
    weight = 1 / errors[others] ** 2
    mean = float(weight @ difference(values[others] - values[k]) / weight.sum())
    return mean, float(weight.sum() ** -0.5)


def _turned(degrees: FloatArray) -> FloatArray:
    """Differences of phases within half a turn."""
    return np.asarray(180.0 - (180.0 - degrees) % 360.0)


def _row(found: Sequence[Calibration], row: str) -> tuple[dict[str, Any], list[str], float, int]:
    """(entries, notes, chi2, ndof) of one number of every detector."""
    nothing: dict[str, Any] = {row: (), f"{row}_error": ()}
    same = all(one.detectors == found[0].detectors for one in found)
    if not (same and all(getattr(one, row) and getattr(one, f"{row}_error") for one in found)):
        return nothing, [], 0.0, 0
    values = np.array([getattr(one, row) for one in found])
    errors = np.array([getattr(one, f"{row}_error") for one in found])
    if not (errors > 0).all():
        raise FitError(f"a calibration holds {row} without an error to weigh it by")
    difference = _turned if row == "phases" else np.asarray
    apart = difference(values - values[0])
    names = [f"{ROWS[row]} of detector {detector}" for detector in found[0].detectors]
    used = slice(None)
    if row == "t0" and _is_one_number(apart, errors):
        used, names = slice(1), ["t0 of all detectors"]
    numbers = tuple(f"{ROWS[row]}_{detector}" for detector in found[0].detectors[used])
    covariances = [one.constraint(*numbers)[2] for one in found]
    mean, covariance, chi2 = _weighted(found, apart[:, used], covariances)
    notes = []
    for k, name in enumerate(names):
        notes += _far(found, name, values[:, k], errors[:, k], difference)
    total = values[0] + mean
    total = np.asarray(_turned(total) if row == "phases" else total)
    error = np.broadcast_to(np.sqrt(np.diag(covariance)), total.shape)
    entries = {row: tuple(total.tolist()), f"{row}_error": tuple(error.tolist())}
    return entries, notes, chi2, (len(found) - 1) * mean.size


def _is_one_number(apart: FloatArray, errors: FloatArray) -> bool:
    """Whether the numbers of all detectors are one, as t0 from the edge of a pulse is: they differ
    alike from run to run, and have one error."""
    spread = np.ptp(apart, axis=1) <= SAME * errors.min()
    return apart.shape[1] > 1 and bool(spread.all() and (np.ptp(errors, axis=1) == 0).all())
