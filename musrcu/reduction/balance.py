"""Which alpha a pair of groups gets: given, calibrated, or assumed."""

from __future__ import annotations

from dataclasses import dataclass

from musrcu.containers.calibration import Calibration
from musrcu.containers.counts import Counts
from musrcu.errors import ReductionError
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
    if alpha is not None:
        note = f"alpha given, total from {origin}"
        return Balance(alpha, None, known.total, known.total_error, beta, note)
    note = f"from {origin or 'a calibration'}" + (", 1/alpha: its pair is reversed" * swapped)
    return Balance(known.alpha, known.alpha_error, known.total, known.total_error, beta, note)


def _is_reversed(counts: Counts, calibration: Calibration) -> bool:
    """Whether the calibration's pair is the other way round; raises where it is another pair."""
    run = counts.run
    ours, theirs = run.instrument or "", calibration.instrument or ""
    if ours and theirs and ours.casefold() != theirs.casefold():
        raise ReductionError(
            f"{run.name}: the calibration is of {theirs}; take one of {ours}, or give alpha"
        )
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
