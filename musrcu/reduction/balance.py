"""Which alpha a pair of groups gets: given, calibrated, or assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from musrcu.containers.calibration import Calibration
from musrcu.containers.counts import Counts
from musrcu.containers.history import Step
from musrcu.errors import ReductionError
from musrcu.reduction.calibrated import check_instrument
from musrcu.reduction.grouping import ranges
from musrcu.reduction.selection import select_detectors


@dataclass(frozen=True, slots=True)
class Balance:
    """Alpha of a pair, what is known of the total asymmetry, and where they come from."""

    alpha: float
    alpha_error: float | None = None
    total: float | None = None
    total_error: float | None = None
    detector_beta: float = 1.0
    detector_beta_error: float | None = None
    correlation: float = 0.0
    """Of the errors of alpha and detector_beta."""
    note: str = ""


def choose_balance(
    counts: Counts,
    alpha: float | None,
    calibration: Calibration | None,
    detector_beta: float | None = None,
) -> Balance:
    """The balance of grouped counts.

    A given alpha comes first, then the calibration's, then 1 with a note; detector_beta likewise.
    A calibration of the same pair the other way round serves as 1/alpha and 1/detector_beta.

    Raises
    ------
    ReductionError if the calibration is of another instrument or another pair of groups.
    """
    if calibration is None:
        note = "alpha = 1 assumed, no calibration" if alpha is None else ""
        return Balance(
            1.0 if alpha is None else alpha, detector_beta=detector_beta or 1.0, note=note
        )
    swapped = _is_reversed(counts, calibration)
    known = calibration.reversed() if swapped else calibration
    origin = calibration.origin
    beta = detector_beta or known.detector_beta or 1.0
    beta_error = None if detector_beta else known.detector_beta_error
    total = known.total, known.total_error
    if alpha is not None:
        note = f"alpha given, total from {origin}"
        return Balance(alpha, None, *total, beta, beta_error, note=note)
    note = f"from {origin or 'a calibration'}" + (", 1/alpha: its pair is reversed" * swapped)
    correlation = 0.0
    if beta_error and known.alpha_error:
        _, _, covariance = known.constraint("alpha", "detector_beta")
        correlation = float(covariance[0, 1] / (known.alpha_error * beta_error))
    return Balance(known.alpha, known.alpha_error, *total, beta, beta_error, correlation, note)


def know_balance(
    counts: Counts,
    alpha: float | None = None,
    calibration: Calibration | None = None,
    detector_beta: float | None = None,
) -> Counts:
    """Counts that tell a fit of them what is known of alpha and detector_beta.

    Errors of a calibration become a constraint of the fit, correlated where the calibration says
    so; what is given is exact, and holds the parameter. An alpha of which nothing is known is left
    to the fit.

    Parameters
    ----------
    counts : grouped counts.
    alpha, calibration, detector_beta : as in a :class:`musrcu.Reduction`.

    Raises
    ------
    ReductionError if the calibration is of another instrument or another pair of groups.
    """
    if alpha is None and calibration is None:
        options = {} if detector_beta is None else {"detector_beta": float(detector_beta)}
        step = Step("know_balance", "alpha is left to the fit", options)
        return counts.replace(step=step, detector_beta=detector_beta)
    found = choose_balance(counts, alpha, calibration, detector_beta)
    ratio = found.detector_beta
    changes: dict[str, Any] = {
        "alpha": float(found.alpha),
        "alpha_error": found.alpha_error,
        "detector_beta": None if ratio == 1 and not found.detector_beta_error else float(ratio),
        "detector_beta_error": found.detector_beta_error,
        "balance_correlation": found.correlation,
    }
    options = {name: value for name, value in changes.items() if value}
    return counts.replace(
        step=Step("know_balance", found.note, options),
        total=found.total,
        total_error=found.total_error,
        **changes,
    )


def _is_reversed(counts: Counts, calibration: Calibration) -> bool:
    """Whether the calibration's pair is the other way round; raises where it is another pair."""
    run = counts.run
    check_instrument(run, calibration)
    if not (calibration.forward and calibration.backward):
        return False
    wanted = [
        set(select_detectors(selection, run.labels))
        for selection in (calibration.forward, calibration.backward)
    ]
    found = [set(detectors) for detectors in counts.detectors]
    if wanted == found:
        return False
    if wanted == found[::-1]:
        return True
    raise ReductionError(
        f"{run.name}: the calibration is of forward {calibration.forward}, backward "
        f"{calibration.backward}, but the run was grouped as forward "
        f"{ranges(counts.detectors[0])}, backward {ranges(counts.detectors[1])}; calibrate that "
        "pair, or give alpha"
    )
