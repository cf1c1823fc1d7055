"""The one-step fit of a scan as it was planned, for ``musrcu order --direct`` and ``scan``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from musrcu.cli.robust import workers
from musrcu.direct.two_steps_only import TWO_STEPS_ONLY
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from musrcu.analysis.scan_file import ScanFile
    from musrcu.direct.result import DirectOrder


def one_step_of(
    plan: ScanFile, typed: Mapping[str, Any], *, progress: bool, jobs: int | None
) -> DirectOrder:
    """The one-step fit of a scan; the scan itself is in it.

    Parameters
    ----------
    plan : the scan file, with what was typed over it.
    typed : options of the one-step fit that were typed.
    progress, jobs : of the fits of single runs.

    Raises
    ------
    MusrcuError where it cannot be set up.
    """
    from musrcu.direct.order_parameter import one_step

    choice = dict(plan.fit)
    choice["run_minos"] = choice.pop("minos", ())
    if choice.pop("ties", None):
        raise MusrcuError(
            "ties belong to fits of single runs; the one-step fit shares parameters by their "
            "names, and lets them follow polynomials in T with smooth"
        )
    order = dict(plan.order or {})
    choice |= {name: value for name, value in order.items() if name not in TWO_STEPS_ONLY}
    if choice.get("alpha", 3.0) is None:
        choice["alpha"] = "free"
    choice |= {**plan.one_step, **typed}
    if choice.get("spread") == "none":
        choice["spread"] = None
    with workers(jobs, len(plan.data)) as executor:
        return one_step(plan.data, plan.recipe, executor=executor, progress=progress, **choice)


def not_for_one_step(plan: ScanFile) -> list[str]:
    """What a scan file says of two steps alone, in words."""
    given = [name for name in TWO_STEPS_ONLY if name in (plan.order or {})]
    return [f"not for one step: {', '.join(given)} of [order]"] if given else []


def last_lines(order: DirectOrder) -> list[str]:
    """T_N and beta, or why there are none."""
    if not math.isfinite(order.T_N.value):
        return [f"no order parameter: {order.reason}"]
    lines = [str(order.T_N), str(order.beta)]
    return lines if order.valid else [*lines, f"NOT VALID: {order.reason}"]
