"""The budget of a scan: every variation of every run, and the order parameter of each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from musrcu.analysis.scan import distinct, shown
from musrcu.analysis.scan_result import Scan, ScanRun
from musrcu.containers.run import Run
from musrcu.errors import FitError, MusrcuError, nearest
from musrcu.files import PathLike
from musrcu.ordering.method import Exponent
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.source import points_of
from musrcu.ordering.two_step import fit_order_parameter
from musrcu.readers.registry import read
from musrcu.systematics.refits import Again, Task, refits_of_run
from musrcu.systematics.robustness_result import Quantity, Refit, Robustness, listed
from musrcu.systematics.variations import VARIATIONS

EXPONENTS: tuple[Exponent, ...] = (2.0, 3.0, 4.0, "free")
"""Exponents alpha of the law that are tried, the nominal one left out."""


@dataclass(frozen=True, slots=True)
class Law:
    """How the order parameter is fitted to the points of a scan."""

    parameter: str
    alpha: Exponent
    method: str
    unit: str | None = None
    temperature_range: tuple[float, float] | None = None
    above: str = "bound"
    nu_det: float | None = None
    thermometer_offset: float = 0.0

    def points(self, scan: Scan) -> OrderPoints:
        """What is fitted of a scan."""
        return points_of(
            scan, self.parameter, unit=self.unit, temperature_range=self.temperature_range
        )

    def fit(self, points: OrderPoints) -> OrderParameter:
        """The order parameter of some points."""
        return fit_order_parameter(
            points, parameter=self.parameter, alpha=self.alpha, method=self.method,
            above=self.above, nu_det=self.nu_det, thermometer_offset=self.thermometer_offset,
        )  # fmt: skip


def of_scan(
    source: Iterable[Run | PathLike],
    task: Task,
    law: Law,
    wanted: Sequence[str] | None,
    executor: Any,
    progress: bool,
) -> Robustness:
    """The budget of a scan.

    Raises
    ------
    FitError if its order parameter is not valid, or a parameter is not one of it.
    """
    apply: Callable[..., Iterable[Any]] = map if executor is None else executor.map
    worked = task.plan.work(_read(source), task.recipe, executor)
    scan = task.plan.scan(worked, task.recipe)
    points = law.points(scan)
    order = law.fit(points)
    if not order.valid:
        raise FitError(f"the order parameter is not valid, nothing is varied: {order.reason}")
    nominal = chosen(_quantities(order), wanted)
    again = list(shown(apply(partial(refits_of_run, task=task), worked), progress))
    moved = [_merged(scan, [one[k] for one in again]) for k in range(len(VARIATIONS))]
    settled = dataclasses.replace(law, method=order.method)  # not to jump from one to the other
    choices = _choices(settled, order)
    jobs = [(settled, law.points(one.scan)) for one in moved if one.scan is not None]
    laws = list(apply(_law, [*jobs, *((choice, points) for _, _, choice in choices)]))
    found = iter(laws)
    refits = [
        _refit(
            (variation.item, one.label or variation.label, variation.kind), nominal,
            one.reason if one.scan is None else next(found), one.notes, one.status,
        )
        for variation, one in zip(VARIATIONS, moved, strict=True)
    ]  # fmt: skip
    for item, label, _ in choices:
        one = next(found)
        refits.append(_refit((item, label, "model"), nominal, one, _chi2_note(order, one)))
    return Robustness(name=_name(scan), nominal=nominal, refits=listed(refits))


def chosen(known: Mapping[str, Quantity], wanted: Sequence[str] | None) -> dict[str, Quantity]:
    """The quantities that were asked for; all where none were named.

    Raises
    ------
    FitError for one that is not known or not free.
    """
    if wanted is None:
        wanted = list(known)
    names = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        raise FitError(f"parameters = {wanted!r}; expected names of free parameters")
    for name in names:
        if name not in known:
            free = ", ".join(known)
            raise FitError(
                f"{name!r} is no free parameter, only {free}{nearest(name, list(known))}"
            )
    return {name: known[name] for name in names}


def _read(source: Iterable[Run | PathLike]) -> list[Run | PathLike]:
    """The runs, each file read once; one that cannot be read stays a name and fails in the scan."""
    runs: list[Run | PathLike] = []
    for one in distinct(list(source)):
        try:
            runs.append(one if isinstance(one, Run) else read(one))
        except MusrcuError:
            runs.append(one)
    return runs


@dataclass(frozen=True, slots=True)
class _Merged:
    """A scan after one variation."""

    scan: Scan | None
    """None where the variation applies to no run."""
    status: str
    reason: str = ""
    notes: tuple[str, ...] = ()
    label: str = ""


def _merged(scan: Scan, again: Sequence[Again]) -> _Merged:
    """The runs that were analysed again, beside those to which the variation does not apply."""
    tried = [(one, new) for one, new in zip(scan.runs, again, strict=True) if one.ordered]
    if not any(new.status == "done" for _, new in tried):
        status = "failed" if any(new.status == "failed" for _, new in tried) else "not applied"
        return _Merged(None, status, "; ".join(dict.fromkeys(new.reason for _, new in tried)))
    runs: list[ScanRun] = []
    notes = []
    for old, new in zip(scan.runs, again, strict=True):
        runs.append(_run_again(old, new))
        if runs[-1].verdict != old.verdict:
            why = f" ({new.reason})" if new.status == "failed" else ""
            notes.append(f"{old.name} is {runs[-1].verdict}, was {old.verdict}{why}")
    label = next((new.label for new in again if new.label), "")
    left = [new.reason for one, new in tried if new.status == "not applied"]
    if left:
        why = "; ".join(dict.fromkeys(left))
        notes.append(f"{len(left)} of {len(tried)} runs as before: {why}")
    return _Merged(dataclasses.replace(scan, runs=tuple(runs)), "done", "", tuple(notes), label)


def _run_again(old: ScanRun, new: Again) -> ScanRun:
    if new.scanned is not None:
        return new.scanned
    if new.status == "failed" and old.verdict != "failed":
        return dataclasses.replace(
            old, verdict="failed", why=new.reason, ordered=None, paramagnetic=None
        )
    return old


def _choices(law: Law, order: OrderParameter) -> list[tuple[str, str, Law]]:
    """(item, label, law) of the choices that concern the law alone."""
    held = order.alpha.value if order.alpha.fixed else "free"
    found = [
        ("exponent", f"alpha {one if one == 'free' else f'= {one:g}'}",
         dataclasses.replace(law, alpha=one))
        for one in EXPONENTS if one != held
    ]  # fmt: skip
    if order.points.known_temperature_errors() is not None:
        other = "naive" if order.method == "latent" else "latent"
        found.append(("method", other, dataclasses.replace(law, method=other)))
    return found


def _law(job: tuple[Law, OrderPoints]) -> OrderParameter | str:
    """The order parameter, or why there is none."""
    law, points = job
    try:
        return law.fit(points)
    except MusrcuError as error:
        return str(error)


def _refit(
    what: tuple[str, str, Any],
    nominal: Mapping[str, Quantity],
    found: OrderParameter | str,
    notes: tuple[str, ...],
    status: str = "done",
) -> Refit:
    made = partial(Refit, item=what[0], label=what[1], kind=what[2], notes=notes)
    if isinstance(found, str):
        return made(status="failed" if status == "done" else status, reason=found)
    if not found.valid:
        return made(status="failed", reason=found.reason)
    values = _quantities(found)
    return made(status="done", values={name: values[name] for name in nominal if name in values})


def _quantities(order: OrderParameter) -> dict[str, Quantity]:
    free = [name for name in order.quantity.names if not order[name].fixed]
    return {
        name: Quantity(
            order[name].value,
            order[name].error if math.isfinite(order[name].error) else None,
            order[name].unit,
        )
        for name in free
    }


def _chi2_note(order: OrderParameter, other: OrderParameter | str) -> tuple[str, ...]:
    if isinstance(other, str) or not other.valid:
        return ()
    stuck = [name for name in other.quantity.names if other[name].at_limit]
    tail = f", {' and '.join(stuck)} at a limit" if stuck else ""
    return (f"chi2 of the law {other.chi2:.1f} instead of {order.chi2:.1f}{tail}",)


def _name(scan: Scan) -> str:
    names = [run.name for run in scan.runs]
    return f"a scan of {len(names)} runs, {names[0]} to {names[-1]}" if names else "a scan"
