"""The one-step fit: spectra of all runs, one law of order, one likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from musrcu.analysis.scan import ScanPlan, WorkedRun
from musrcu.analysis.scan_result import Scan
from musrcu.direct.choices import Choices
from musrcu.direct.outcome import direct_order
from musrcu.direct.problem import Problem, problem
from musrcu.direct.result import DirectOrder
from musrcu.direct.scanned import Scanned, scanned
from musrcu.direct.search import Lowest, begin, follower, lowest
from musrcu.direct.starting import beginning
from musrcu.direct.unfitted import not_fitted
from musrcu.joint.intervals import intervals
from musrcu.ordering.method import too_little
from musrcu.ordering.result import OrderParameter

REFITS = 3
"""Fits in all where a lower minimum is met on the way to the end of an interval."""


def fit_directly(
    worked: Sequence[WorkedRun], plan: ScanPlan, scan: Scan, two_step: OrderParameter,
    choices: Choices, *, minos: bool = True, options: Mapping[str, Any] | None = None,
) -> DirectOrder:  # fmt: skip
    """The law fitted to the spectra of the runs of a scan.

    Parameters
    ----------
    worked, scan : runs with their data, and the scan made of them.
    plan : the models.
    two_step : the law fitted to their frequencies, from which this fit begins.
    choices : what is free, shared and assumed.
    minos : whether unequal errors of T_N, beta and a free alpha are computed.
    options : what the user gave, for the record.

    Returns
    -------
    DirectOrder; ``valid=False`` with a reason where it failed.

    Raises
    ------
    FitError or ModelError where the request itself cannot be set up.
    """
    below, above = plan.models[0], plan.models[1]
    runs, left_out = scanned(worked, scan, choices.spread)
    reason = _too_little(runs, two_step, left_out)
    if reason:
        return not_fitted(reason, runs, two_step, scan, tuple(left_out), options or {})
    start = beginning(runs, (below, above), scan.parameter, two_step, choices)
    found = problem(runs, (below, above), scan.parameter, start, choices)
    low, ends, notes = _fitted(found, minos)
    return direct_order(
        found, low, two_step, scan.parameter, intervals=ends,
        notes=(*found.parts.knowledge.notes, *notes), left_out=tuple(left_out),
        options=options or {},
    )  # fmt: skip


def _too_little(runs: Sequence[Scanned], two_step: OrderParameter, left_out: Sequence[str]) -> str:
    """Why there is nothing to fit; empty where there is."""
    if not runs:
        return "no run can be fitted" + (f"; first: {left_out[0]}" if left_out else "")
    n_free = 4 - two_step.alpha.fixed
    reason = too_little(two_step.points, n_free)
    return reason or ("" if two_step.T_N.value > 0 else two_step.reason)


def _fitted(
    found: Problem, minos: bool
) -> tuple[Lowest, dict[str, tuple[float, float]], list[str]]:
    """The minimum, intervals, and what to know of them."""
    state, notes = begin(found), list[str]()
    low = lowest(found, state)
    for left in reversed(range(REFITS)):
        names = _names(found, low)
        if not minos or low.reason or low.blocks is None:
            break
        ends = intervals(found.stack, low.state, low.blocks, names, follower(found))
        if ends.lower is None or not left:
            return low, ends.found, [*notes, *low.notes, *ends.notes]
        low = lowest(found, ends.lower)
    if minos and low.reason:
        notes.append("no MINOS errors: the fit is not valid")
    return low, {}, [*notes, *low.notes]


def _names(found: Problem, low: Lowest) -> list[str]:
    """Shared parameters whose unequal errors are wanted."""
    labels = found.stack.shared.labels
    wanted = [name for name in ("T_N", "beta", "exponent") if name in labels]
    return [name for name in wanted if not found.stack.shared.held[labels.index(name)]]
