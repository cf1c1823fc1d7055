"""The record of a one-step fit that could not begin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from musrcu.analysis.scan_result import Scan
from musrcu.direct.result import DirectOrder, DirectRun
from musrcu.direct.scanned import Scanned
from musrcu.fitting.outcome import versions
from musrcu.ordering.result import LawParameter, OrderParameter


def not_fitted(
    reason: str, runs: Sequence[Scanned], two_step: OrderParameter, scan: Scan,
    left_out: tuple[str, ...], options: Mapping[str, Any],
) -> DirectOrder:  # fmt: skip
    """``valid=False`` and the reason; what was found of the runs is in it."""
    alpha = two_step.alpha
    unknown = [
        LawParameter(one.name, math.nan, math.nan, one.unit)
        for one in (two_step.saturation, two_step.T_N, two_step.beta)
    ]
    return DirectOrder(
        saturation=unknown[0], T_N=unknown[1], beta=unknown[2],
        alpha=LawParameter("alpha", alpha.value, math.nan, fixed=alpha.fixed),
        sigma_TN=LawParameter("sigma_TN", math.nan, math.nan, "K"), shared={}, names=(),
        covariance=None, runs=tuple(_run(one) for one in runs), chi2=math.nan, ndof=0,
        valid=False, reason=reason, notes=(), assumed=(), left_out=left_out,
        T_N_limits=(math.nan, math.nan), models=(scan.ordered_model, scan.paramagnetic_model),
        parameter=scan.parameter, two_step=two_step, options=options, versions=versions(),
    )  # fmt: skip


def _run(one: Scanned) -> DirectRun:
    return DirectRun(
        one.name, one.found.run, one.found.path, one.found.verdict, one.temperature, one.error,
        one.temperature, math.nan, None, None, math.nan, 0, {},
    )  # fmt: skip
