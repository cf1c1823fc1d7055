"""What a temperature scan says: a verdict per run, the bracket of T_N, the order parameter."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from musrcu.analysis.scan_assumptions import assumptions_of
from musrcu.analysis.scan_points import order_points
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, write_text
from musrcu.fitting.result import FitResult
from musrcu.notation import bracket, table
from musrcu.ordering.common_shifts import CALIBRATED
from musrcu.ordering.points import Verdict
from musrcu.ordering.two_step import OrderParameter, OrderPoints

KIND = "musrcu scan"
"""What a saved scan says it is."""
FEW = 3
"""Runs with a doubtful temperature that are told one by one."""
SMALL_FIELD = 1.0
"""G; muons in less do not precess visibly: 13.6 kHz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRun:
    """One run of a scan."""

    run: int | None
    """Run number."""
    name: str
    """Instrument and number."""
    path: str | None = None
    temperature: float | None = None
    """K."""
    temperature_error: float | None = None
    """Error of the run's mean temperature, K."""
    field: float | None = None
    """G."""
    doubt: str = ""
    """What makes its temperature doubtful; empty where nothing does."""
    verdict: Verdict
    why: str = ""
    """The numbers that decided, or what went wrong."""
    ordered: FitResult | None = None
    """Fit of the oscillating model."""
    paramagnetic: FitResult | None = None
    """Fit of the model without a line."""

    @property
    def result(self) -> FitResult | None:
        """The fit that the verdict chooses; None for a failed run.

        Where that fit is not valid but its alternative without the spare term is, the alternative.
        """
        if self.ordered is None or self.paramagnetic is None or self.verdict == "failed":
            return None
        chosen = self.paramagnetic if self.verdict == "not ordered" else self.ordered
        return chosen.best

    @property
    def note(self) -> str:
        """What a reader of the table should know of this run's fit."""
        result = self.result
        if result is None:
            return self.why
        chosen = self.paramagnetic if self.verdict == "not ordered" else self.ordered
        notes = []
        if result is not chosen:
            notes.append(f"fitted as {result.model}, without the spare term")
        if not result.valid:
            notes.append(f"not valid: {result.reason}")
        if self.verdict == "undecided":
            notes.append(self.why)
        return "; ".join(notes)

    def to_dict(self) -> dict[str, Any]:
        """One entry of ``runs`` in the JSON of a scan."""
        result = self.result
        fitted = {} if result is None else result.to_dict()
        return {
            "run": self.run,
            "name": self.name,
            "path": self.path,
            "temperature": self.temperature,
            "temperature_error": self.temperature_error,
            "field": self.field,
            "doubt": self.doubt,
            "model": None if result is None else result.model,
            "verdict": self.verdict,
            "why": self.why,
            "valid": False if result is None else result.valid,
            "reason": self.why if result is None else result.reason,
            "chi2": None if result is None else result.chi2,
            "ndof": None if result is None else result.ndof,
            "parameters": fitted.get("parameters", {}),
            "ordered": _fit(self.ordered),
            "paramagnetic": _fit(self.paramagnetic),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ScanRun:
        """The inverse of :meth:`to_dict`."""
        ordered, paramagnetic = (
            None if data[which] is None else FitResult.from_dict(data[which])
            for which in ("ordered", "paramagnetic")
        )
        if data["verdict"] not in get_args(Verdict):
            raise MusrcuError(f"verdict {data['verdict']!r} in a saved scan is not known")
        names = ("run", "name", "path", "temperature", "temperature_error", "field", "why")
        return cls(
            verdict=data["verdict"],
            doubt=data.get("doubt", ""),
            ordered=ordered,
            paramagnetic=paramagnetic,
            **{name: data[name] for name in names},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Every run of a scan, sorted by temperature."""

    runs: tuple[ScanRun, ...]
    ordered_model: str
    paramagnetic_model: str
    parameter: str
    """The order parameter: name of the frequency in the ordered model."""
    reduction: Mapping[str, Any] = field(default_factory=dict)
    """Options of the recipe that were set."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the fits that were given: start, fixed, limits, ties, t_range."""
    order: OrderParameter | None = None
    """The fitted law, where it was asked for."""

    @property
    def bracket(self) -> tuple[float | None, float | None]:
        """(highest ordered T, lowest not-ordered T) in K; None where there is no such run."""
        return (
            max(self._temperatures("ordered"), default=None),
            min(self._temperatures("not ordered"), default=None),
        )

    def _temperatures(self, verdict: Verdict) -> list[float]:
        return [
            run.temperature
            for run in self.runs
            if run.verdict == verdict
            and run.temperature is not None
            and 0 <= run.temperature < np.inf
        ]

    def points(self, parameter: str | None = None) -> OrderPoints:
        """The ordered runs with one fitted parameter, for :func:`musrcu.fit_order_parameter`.

        A run that is undecided, failed, or lacks a temperature or an error is left out and named.
        """
        return order_points(
            self.runs, parameter or self.parameter, CALIBRATED | self._known(), self._doubts()
        )

    def _known(self) -> set[str]:
        """Names of the parameters that were constrained alike in all runs."""
        given = self.options.get("constraints", {})
        if isinstance(given, Mapping):
            return set(given)
        return {name for one in given for name in one["names"]}

    def _doubts(self) -> tuple[str, ...]:
        """What makes temperatures doubtful: a sentence a run, or one for many."""
        doubted = [run for run in self.runs if run.doubt]
        if len(doubted) <= FEW:
            return tuple(f"{run.name}: {run.doubt}" for run in doubted)
        first = f"{doubted[0].name}: {doubted[0].doubt}"
        return (f"{len(doubted)} of {len(self.runs)} runs have a doubtful temperature; {first}",)

    def _mixed(self) -> list[str]:
        """A note where runs of different fields or instruments are in one scan."""
        fields = {run.field for run in self.runs if run.field is not None}
        named = {run.name.rsplit(" ", 1)[0] for run in self.runs if run.run is not None}
        notes = []
        if len(fields) > 1:
            found = ", ".join(f"{value:g} G" for value in sorted(fields))
            notes.append(f"note: the runs are in different fields ({found})")
        held = [run.field for run in self.runs if run.verdict == "ordered" and run.field]
        if held and max(map(abs, held)) > SMALL_FIELD:
            notes.append(
                f"note: ordered runs are in a field of {max(held, key=abs):g} G, about which muons "
                "precess without any order"
            )
        if len(named) > 1:
            notes.append(
                f"note: the runs are of different instruments ({', '.join(sorted(named))})"
            )
        return notes

    def _repeated(self) -> list[str]:
        """A note for every run that two files hold: it counts as often in the order parameter."""
        names = Counter(run.name for run in self.runs if run.run is not None)
        times = {2: "twice"}
        return [
            f"note: {name} is in the scan {times.get(n, f'{n} times')}"
            for name, n in names.items()
            if n > 1
        ]

    def assumptions(self) -> list[str]:
        """How the runs were reduced, one line a stage; what differs between runs as a range."""
        fits = [fit for run in self.runs if (fit := run.ordered or run.paramagnetic) is not None]
        counted = dict.fromkeys(fit.cost for fit in fits if fit.cost != "asymmetry chi-square")
        said = [f"fit: {', '.join(counted)}"] if counted else []
        return assumptions_of([fit.reduction for fit in fits]) + said

    def with_order(self, order: OrderParameter) -> Scan:
        """The scan with its fitted order parameter."""
        return dataclasses.replace(self, order=order)

    def summary(self) -> str:
        """The table of runs, the bracket of T_N, and the order parameter where it was fitted."""
        shown = _columns(self)
        rows = [_row(run, shown) for run in self.runs]
        header = ["run", "T (K)", "verdict", *_headings(self, shown), "chi2/ndof", "note"]
        low, high = self.bracket
        bounds = [
            "no ordered run" if low is None else f"ordered up to {low:.6g} K",
            "no run without order" if high is None else f"not ordered from {high:.6g} K",
        ]
        lines = [*self.assumptions(), "", table(rows, header), ""]
        lines.append("T_N bracket: " + ", ".join(bounds))
        if self.order is None:  # else it says so
            lines += [f"note: {doubt}" for doubt in self._doubts()]
        lines += self._mixed() + self._repeated()
        if self.order is not None:
            lines += ["", self.order.summary()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``musrcu scan --json``."""
        return {
            "kind": KIND,
            "runs": [run.to_dict() for run in self.runs],
            "T_N_bracket": list(self.bracket),
            "order_parameter": None if self.order is None else self.order.to_dict(),
            "ordered_model": self.ordered_model,
            "paramagnetic_model": self.paramagnetic_model,
            "parameter": self.parameter,
            "reduction": dict(self.reduction),
            "options": dict(self.options),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scan:
        """A scan from its JSON.

        Raises
        ------
        MusrcuError if it is not the JSON of a scan.
        """
        try:
            order = data["order_parameter"]
            return cls(
                runs=tuple(ScanRun.from_dict(run) for run in data["runs"]),
                options=data.get("options", {}),
                order=None if order is None else OrderParameter.from_dict(order),
                **{
                    name: data[name]
                    for name in ("ordered_model", "paramagnetic_model", "parameter", "reduction")
                },
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise MusrcuError(f"not the JSON of a musrcu scan: {error!r} in it") from error

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the scan as JSON."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        write_text(path, text + "\n", overwrite=overwrite)


def _fit(result: FitResult | None) -> dict[str, Any] | None:
    """A fit without the recipe, which is that of the whole scan."""
    return None if result is None else result.to_dict() | {"recipe": None}


def _columns(scan: Scan) -> list[str]:
    names: dict[str, None] = {}
    for run in scan.runs:
        if run.result is not None and run.verdict != "not ordered":
            names.update(dict.fromkeys(run.result.names))
    for run in scan.runs:
        if run.result is not None:
            names.update(dict.fromkeys(run.result.names))
    return list(names)


def _headings(scan: Scan, columns: list[str]) -> list[str]:
    """Names of the parameters with their units."""
    units: dict[str, str] = {}
    for run in scan.runs:
        if run.result is not None:
            units.update({name: p.unit for name, p in run.result.parameters.items()})
    return [f"{name} ({units[name]})" if units[name] else name for name in columns]


def _row(run: ScanRun, columns: list[str]) -> list[str]:
    result = run.result
    cells = []
    for name in columns:
        known = result is not None and name in result.parameters
        fitted = result.parameters[name] if known and result is not None else None
        cells.append("" if fitted is None else bracket(fitted.value, fitted.error))
    ratio = ""
    if result is not None and result.chi2 is not None and result.ndof > 0:
        ratio = f"{result.chi2 / result.ndof:.3f}"
    temperature = bracket(run.temperature, run.temperature_error)
    return [run.name, temperature, run.verdict, *cells, ratio, run.note]
