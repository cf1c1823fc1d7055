"""What a plan says: the errors to expect after the next run, temperature by temperature."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from musrcu.errors import MusrcuError
from musrcu.files import PathLike, write_text
from musrcu.notation import table
from musrcu.ordering.points import OrderPoints

KIND = "musrcu plan"
"""What a saved plan says it is."""
TARGETS = ("T_N", "beta")
"""What the next run may be planned for."""
SHOWN = 12
"""Rows of a printed table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One more run at one temperature, and what it is expected to bring."""

    temperature: float
    """K."""
    temperature_error: float
    """K, error of the run's mean temperature."""
    ordered: float
    """Probability that it is below T_N and its line is seen."""
    unseen: float
    """Probability that its events are too few to tell whether it has a line."""
    value: float
    """Expected frequency where it is ordered, in the unit of the points."""
    value_error: float
    """Its expected error; NaN where no order is expected."""
    saturation_error: float
    """Expected error of nu0 (B0, A0) after the run."""
    T_N_error: float
    """K, expected error of T_N after the run."""
    beta_error: float
    """Expected error of beta after the run."""
    saturation_information: float
    """Information (1/error^2) on nu0 gained per million events of the run, 1/unit^2."""
    T_N_information: float
    """That on T_N, 1/K^2."""
    beta_information: float
    """That on beta."""

    def error_of(self, target: str) -> float:
        """The expected error of ``T_N`` or ``beta``."""
        return self.T_N_error if target == "T_N" else self.beta_error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Where one more run lowers the error of T_N or beta most.

    Errors are those that a fit of all runs will quote (half of both MINOS errors; of T_N the longer
    one where the other ends at a limit), averaged over everything
    that the run may turn out to be by what is known so far: that it shows no order included.
    """

    rows: tuple[PlanRow, ...]
    """Candidates, by temperature."""
    target: str
    """``T_N`` or ``beta``: what the best candidate is best for."""
    events: float
    """Of the run that is planned."""
    rate: float | None
    """Events per hour; None where it is not known."""
    T_N: float
    """K, as it is known by now."""
    T_N_error: float
    """K, its error by now, of the same kind as those expected."""
    beta: float
    beta_error: float
    saturation: float
    saturation_error: float
    points: OrderPoints
    """The runs so far."""
    assumptions: tuple[str, ...] = ()
    """What was taken as known, one sentence each."""

    @property
    def best(self) -> PlanRow:
        """The candidate after which the error of the target is smallest."""
        return min(self.rows, key=lambda row: row.error_of(self.target))

    @property
    def hours(self) -> float | None:
        """Time that the events take; None where the rate is not known."""
        return None if self.rate is None else self.events / self.rate

    def summary(self) -> str:
        """What to do, the table of candidates with the best one marked, and what was assumed."""
        best, other = self.best, "beta" if self.target == "T_N" else "T_N"
        now = {"T_N": self.T_N_error, "beta": self.beta_error}
        time = "" if self.hours is None else f" ({self.hours:.3g} h)"
        gain = f"{_error(self.target, now[self.target])} to "
        lines = [
            f"next run: {self.events / 1e6:.4g} million events{time} at {best.temperature:.5g} K",
            f"error of {self.target}: from {gain}"
            f"{_error(self.target, best.error_of(self.target))}; of {other}: from "
            f"{_error(other, now[other])} to {_error(other, best.error_of(other))}",
            _chance(best),
            "",
            table([self._cells(row) for row in self._shown()], self._header()),
            "",
        ]
        told = (
            "ordered: how likely the run is to be below T_N and to show its line",
            "errors of T_N and beta: as the fit of all runs will quote them, on average over what "
            "the run may turn out to be",
            "info: 1/error^2 gained per million events of the run",
        )
        return "\n".join([*lines, *told, *self.assumptions])

    def _shown(self) -> list[PlanRow]:
        """The best candidate and an even choice among the others."""
        size = len(self.rows)
        step = max(math.ceil(size / SHOWN), 1)
        return [r for k, r in enumerate(self.rows) if k % step == step // 2 or r is self.best]

    def _header(self) -> list[str]:
        symbol, unit = self.points.quantity.symbol, self.points.quantity.unit
        behind = f" ({unit})" if unit else ""
        return [
            "", "T (K)", "ordered", f"{symbol}{behind}", f"its error{behind}", "T_N error (mK)",
            "beta error", "T_N info (1/mK^2)", "beta info",
        ]  # fmt: skip

    def _cells(self, row: PlanRow) -> list[str]:
        seen = row.ordered > 0
        return [
            "best" if row is self.best else "", f"{row.temperature:.5g}", f"{row.ordered:.2f}",
            f"{row.value:.4g}" if seen else "", f"{row.value_error:.2g}" if seen else "",
            f"{1e3 * row.T_N_error:.3g}", f"{row.beta_error:.2g}",
            f"{1e-6 * row.T_N_information:.2g}", f"{row.beta_information:.2g}",
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; what is not known is null."""
        names = ("target", "events", "rate", *_NOW)
        return {
            "kind": KIND,
            **{name: getattr(self, name) for name in names},
            "hours": self.hours,
            "best": _plain(asdict(self.best)),
            "rows": [_plain(asdict(row)) for row in self.rows],
            "assumptions": list(self.assumptions),
            "points": self.points.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The inverse of :meth:`to_dict`.

        Raises
        ------
        MusrcuError if it is not the JSON of a plan.
        """
        try:
            return cls(
                rows=tuple(
                    PlanRow(**{k: math.nan if v is None else float(v) for k, v in row.items()})
                    for row in data["rows"]
                ),
                points=OrderPoints.from_dict(data["points"]),
                assumptions=tuple(data["assumptions"]),
                **{name: data[name] for name in ("target", "events", "rate", *_NOW)},
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise MusrcuError(f"not the JSON of a musrcu plan: {error!r} in it") from error

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the plan as JSON."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        write_text(path, text + "\n", overwrite=overwrite)


_NOW = ("T_N", "T_N_error", "beta", "beta_error", "saturation", "saturation_error")


def _chance(row: PlanRow) -> str:
    """What the run may turn out to be, in words."""
    none = max(1.0 - row.ordered - row.unseen, 0.0)
    found = f"it shows order with a probability of {100 * row.ordered:.0f} %"
    if none > 0.005:
        found += f"; {100 * none:.0f} % that it is above T_N, which bounds T_N"
    if row.unseen > 0.005:
        found += f"; {100 * row.unseen:.0f} % that its events are too few to tell"
    return found


def _error(name: str, error: float) -> str:
    return f"{1e3 * error:.3g} mK" if name == "T_N" else f"{error:.2g}"


def _plain(row: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in row.items()}
