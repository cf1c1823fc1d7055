"""A calibration in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from musrcu import notation
from musrcu.constants import IMPROBABLE
from musrcu.notation import bracket

if TYPE_CHECKING:
    from musrcu.containers.calibration import Calibration

UNLIKELY = "note: the model does not describe this run; alpha may be off by more"
DISAGREE = "note: the runs do not agree within their errors; alpha may be off by more"
MOST_DETECTORS = 16
"""Detectors that are listed one by one."""


def summarise(calibration: Calibration) -> str:
    """The calibration, a line for each thing it knows."""
    return "\n".join([*_pair(calibration), *_detectors(calibration), *_notes(calibration)])


def origin(calibration: Calibration) -> str:
    """Instrument and runs: ``LTF 21`` or ``LTF 21, 22``; empty where both are unknown."""
    numbers = calibration.runs or (() if calibration.run is None else (calibration.run,))
    parts = [calibration.instrument or "", ", ".join(map(str, numbers))]
    return " ".join(part for part in parts if part)


def _pair(found: Calibration) -> list[str]:
    lines = [f"alpha = {bracket(found.alpha, found.alpha_error)} from {origin(found) or 'a run'}"]
    lines[0] += f" (forward {found.forward}, backward {found.backward}; {found.method})"
    if found.bias:
        lines.append(f"bias: {found.bias}")
    if found.detector_beta is not None:
        beta = bracket(found.detector_beta, found.detector_beta_error)
        lines.append(f"detector_beta = {beta}")
    if found.total is not None:
        lines.append(f"total asymmetry = {bracket(found.total, found.total_error)}")
    if found.field is not None:
        lines.append(f"field = {notation.field(found.field, found.field_error)}")
    if found.phase is not None:
        lines.append(f"phase = {bracket(found.phase, found.phase_error, 'deg')}")
    return lines


def _detectors(found: Calibration) -> list[str]:
    columns = [
        (title, row, errors or (None,) * len(row))
        for title, row, errors in (
            ("phase (deg)", found.phases, found.phases_error),
            ("amplitude", found.amplitudes, found.amplitudes_error),
            ("dead time (ns)", _ns(found.dead_time), _ns(found.dead_time_error)),
            ("t0 (bin)", found.t0, found.t0_error),
        )
        if row
    ]
    if not columns:
        return []
    cells = [_cells(row, errors, even="dead time" in title) for title, row, errors in columns]
    rows = [[str(d), *(column[k] for column in cells)] for k, d in enumerate(found.detectors)]
    text = notation.table(rows[:MOST_DETECTORS], ["detector", *(title for title, *_ in columns)])
    more = len(rows) - MOST_DETECTORS
    return [*text.split("\n"), *([f"and {more} more detectors"] if more > 0 else [])]


def _cells(
    row: tuple[float, ...], errors: tuple[float | None, ...], *, even: bool
) -> tuple[str, ...]:
    """A column; even: all to one digit, so that numbers like it can be compared.

    It is the first digit of the middle error, the second where the first is a 1.
    """
    known = sorted(error for error in errors if error is not None and error > 0)
    if not even or len(known) < len(row):
        return tuple(bracket(value, error) for value, error in zip(row, errors, strict=True))
    digits = max(0, -math.floor(math.log10(0.5 * known[len(known) // 2])))
    return tuple(
        f"{round(value, digits) + 0.0:.{digits}f}({max(1, round((error or 0.0) * 10**digits))})"
        for value, error in zip(row, errors, strict=True)
    )


def _ns(row: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(1e3 * us for us in row)


def _notes(found: Calibration) -> list[str]:
    lines = [f"note: {note}" for note in found.notes]
    if found.phase is not None and abs(found.phase) > 90:
        lines.append("note: the muon spin points to the backward group; swap the pair")
    if found.probability is not None:
        lines.append(f"chi-square probability = {notation.probability(found.probability, 3)}")
        if found.probability < IMPROBABLE:
            lines.append(UNLIKELY if len(found.runs) < 2 else DISAGREE)
    return lines
