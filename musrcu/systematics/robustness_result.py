"""What a budget of systematic errors says, refit by refit, item by item, and in total."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from musrcu.errors import MusrcuError
from musrcu.files import PathLike, read_text, write_text
from musrcu.notation import bracket
from musrcu.systematics.shifts import (
    Kind,
    beyond,
    expected_shift,
    half_difference,
    in_quadrature,
    one_sided,
)

KIND = "musrcu robustness"
"""What a saved budget says it is."""
STATUS = ("done", "not applied", "failed")
TINY = 1e-3
"""Share of the statistical error below which a number is printed as 0."""
PAIRS = ("t0", "alpha", "dead time")
"""Items whose two refits are one change in both directions."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A parameter as it was found."""

    value: float
    error: float | None
    """Statistical, one standard deviation; None where it is not known."""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """The analysis once more, with one thing changed."""

    item: str
    """What was changed: ``t0``, ``packing``, ..."""
    label: str
    """How: ``1 raw bin later``."""
    kind: Kind
    status: str
    """``done``, ``not applied`` or ``failed``."""
    reason: str = ""
    """Why it does not apply, or failed."""
    notes: tuple[str, ...] = ()
    """What else is to be known: a verdict that changed, a better or worse chi-square."""
    values: Mapping[str, Quantity] = field(default_factory=dict)
    """The parameters that came out; empty unless it is done."""

    def __str__(self) -> str:
        return f"{self.item}, {self.label}"


@dataclass(frozen=True, slots=True)
class Total:
    """A parameter with its statistical and its systematic error."""

    name: str
    value: float
    statistical: float | None
    systematic: float
    unit: str = ""

    def __str__(self) -> str:
        tail = f" {self.unit}" if self.unit else ""
        size = small(self.systematic, self.statistical, digits=1)
        found = f"{self.name} = {bracket(self.value, self.statistical, self.unit)} (stat)"
        if size == "0":
            return f"{found}, no systematic shift seen beyond chance"
        return f"{found} +- {size}{tail} (syst)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """A fit or a scan under every variation that applies, and what it says of each parameter.

    ``robustness["T_N"]`` is the total of one parameter; printed, it reads ``T_N = 0.1053(2) K
    (stat) +- 0.0001 K (syst)``.
    """

    name: str
    """What was varied: a run, or a scan."""
    nominal: Mapping[str, Quantity]
    """The parameters as they were found."""
    refits: tuple[Refit, ...]
    """In the order in which they are listed; model choices behind."""
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(self.nominal)

    @property
    def items(self) -> tuple[str, ...]:
        """The independent items of which something was done, model choices left out."""
        done = (r.item for r in self.refits if r.status == "done" and r.kind != "model")
        return tuple(dict.fromkeys(done))

    @property
    def failed(self) -> tuple[Refit, ...]:
        """The refits that failed."""
        return tuple(refit for refit in self.refits if refit.status == "failed")

    def __getitem__(self, parameter: str) -> Total:
        """The total of one parameter.

        Raises
        ------
        KeyError for a parameter that was not followed.
        """
        if parameter not in self.nominal:
            raise KeyError(f"the budget has {', '.join(self.nominal)}, not {parameter!r}")
        known = self.nominal[parameter]
        return Total(parameter, known.value, known.error, self.total(parameter), known.unit)

    def shift(self, refit: Refit, parameter: str) -> float | None:
        """Value of a refit less the nominal one; None where it has none."""
        if parameter not in refit.values:
            return None
        return refit.values[parameter].value - self.nominal[parameter].value

    def expected(self, refit: Refit, parameter: str) -> float | None:
        """The shift that chance alone would give (:func:`expected_shift`)."""
        if parameter not in refit.values:
            return None
        return expected_shift(
            refit.kind, refit.values[parameter].error, self.nominal[parameter].error
        )

    def systematic(self, item: str, parameter: str) -> float:
        """What an item contributes: half the difference of a pair, else its largest shift.

        Either counts beyond what chance explains only (:func:`beyond`).
        """
        done = [r for r in self.refits if r.item == item and parameter in r.values]
        moved = [(self.shift(r, parameter) or 0.0, self.expected(r, parameter)) for r in done]
        if item in PAIRS and len(done) == 2:
            errors = (done[0].values[parameter].error, done[1].values[parameter].error)
            return half_difference((moved[0][0], moved[1][0]), errors)
        return max((beyond(*one) for one in moved), default=0.0)

    def total(self, parameter: str) -> float:
        """The quadrature of the independent items; model choices stand apart."""
        return in_quadrature([self.systematic(item, parameter) for item in self.items])

    def summary(self) -> str:
        """One table a parameter, what did not apply or failed, model choices, and the totals."""
        from musrcu.systematics.robustness_text import summary

        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of ``--robust --json``: shifts and totals beside what they were made from."""
        return {
            "kind": KIND,
            "name": self.name,
            "nominal": {name: _quantity(known) for name, known in self.nominal.items()},
            "refits": [
                {
                    "item": refit.item,
                    "label": refit.label,
                    "kind": refit.kind,
                    "status": refit.status,
                    "reason": refit.reason,
                    "notes": list(refit.notes),
                    "values": {
                        name: {
                            **_quantity(known),
                            "shift": self.shift(refit, name),
                            "expected": self.expected(refit, name),
                        }
                        for name, known in refit.values.items()
                    },
                }
                for refit in self.refits
            ],
            "systematic": {
                name: {item: self.systematic(item, name) for item in self.items}
                for name in self.nominal
            },
            "total": {name: self.total(name) for name in self.nominal},
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Robustness:
        """A budget from its JSON; what follows from the values is computed again.

        Raises
        ------
        MusrcuError if it is not the JSON of a budget.
        """
        try:
            return cls(
                name=str(data["name"]),
                nominal=_quantities(data["nominal"]),
                refits=tuple(_refit(one) for one in data["refits"]),
                notes=tuple(data["notes"]),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise MusrcuError(f"not the JSON of a musrcu robustness: {error!r} in it") from error

    @classmethod
    def load(cls, path: PathLike) -> Robustness:
        """The budget in a JSON file: its own, or that of a fit or scan made with ``--robust``.

        Raises
        ------
        MusrcuError if the file cannot be read, or there is no budget in it.
        """
        try:
            data = json.loads(read_text(path))
        except (json.JSONDecodeError, RecursionError) as error:
            raise MusrcuError(f"{path} is not JSON of musrcu: {error}") from error
        if isinstance(data, dict) and data.get("kind") != KIND:
            data = data.get("robustness")
        if not isinstance(data, dict):
            raise MusrcuError(
                f"{path} has no budget of systematic errors; make one with fit or scan --robust"
            )
        try:
            return cls.from_dict(data)
        except MusrcuError as error:
            raise MusrcuError(f"{path}: {error}") from error

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the budget as JSON, for :func:`musrcu.load`."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        write_text(path, text + "\n", overwrite=overwrite)


def listed(refits: Iterable[Refit]) -> tuple[Refit, ...]:
    """Refits without those that do not apply for a reason that is no news."""
    return tuple(refit for refit in refits if refit.status != "not applied" or refit.reason)


def small(size: float, error: float | None, *, digits: int = 2, sign: str = "") -> str:
    """A shift or a part of an error; 0 for what is below a thousandth of the statistical one."""
    return "0" if abs(size) <= TINY * (error or 0.0) else f"{size:{sign}.{digits}g}"


def pair_drift(budget: Robustness, item: str, parameter: str) -> float | None:
    """Mean shift of a pair whose two refits moved a parameter the same way, else None."""
    done = [r for r in budget.refits if r.item == item and parameter in r.values]
    if item not in PAIRS or len(done) != 2:
        return None
    first, second = (budget.shift(refit, parameter) or 0.0 for refit in done)
    return one_sided((first, second))


def _quantity(known: Quantity) -> dict[str, Any]:
    return {"value": known.value, "error": known.error, "unit": known.unit}


def _quantities(data: Mapping[str, Any]) -> dict[str, Quantity]:
    return {
        name: Quantity(
            float(one["value"]),
            None if one["error"] is None else float(one["error"]),
            str(one["unit"]),
        )
        for name, one in data.items()
    }


def _refit(data: Mapping[str, Any]) -> Refit:
    if data["kind"] not in get_args(Kind) or data["status"] not in STATUS:
        raise ValueError(f"a refit of kind {data['kind']!r}, status {data['status']!r}")
    return Refit(
        item=str(data["item"]),
        label=str(data["label"]),
        kind=data["kind"],
        status=data["status"],
        reason=str(data["reason"]),
        values=_quantities(data["values"]),
        notes=tuple(map(str, data["notes"])),
    )
