"""One parameter of a fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from musrcu.fitting.entries import ERROR, FLAG, NUMBER, TEXT, Entries
from musrcu.notation import asymmetric, bracket


@dataclass(frozen=True, slots=True)
class Fitted:
    """One parameter of a fit."""

    name: str
    value: float | None
    """None where the fit has none."""
    error: float | None
    """One standard deviation; None where it is fixed or the covariance is singular."""
    unit: str = ""
    fixed: bool = False
    at_limit: bool = False
    minos: tuple[float, float] | None = None
    """Distances to the lower (negative) and upper (positive) end of the 68 % interval."""
    tie: str | None = None
    """The expression it is tied to."""
    limits: tuple[float | None, float | None] | None = None
    """Lower and upper limit, None for an open end; None where it has none."""
    constraint: tuple[float, float] | None = None
    """Value and error that were known before the fit; None where nothing was."""

    def __str__(self) -> str:
        text = bracket(self.value, self.error, self.unit)
        if self.minos is not None and self.value is not None:
            text += f"  (MINOS {asymmetric(self.value, *self.minos)})"
        marks = ["fixed"] * self.fixed + ["at its limit"] * self.at_limit
        marks += [f"= {self.tie}"] * (self.tie is not None)
        if self.constraint is not None:
            marks.append(f"known as {bracket(*self.constraint)}")
        return text + (f"  [{', '.join(marks)}]" if marks else "")

    def to_dict(self) -> dict[str, Any]:
        """One entry of ``parameters`` in the JSON of a fit; its name is the key."""
        return {
            "value": number(self.value),
            "error": number(self.error),
            "unit": self.unit,
            "fixed": self.fixed,
            "at_limit": self.at_limit,
            "minos": None if self.minos is None else list(self.minos),
            "tie": self.tie,
            "limits": None if self.limits is None else list(self.limits),
            "constraint": None if self.constraint is None else list(self.constraint),
        }

    @classmethod
    def from_entries(cls, name: str, entries: Entries) -> Fitted:
        """The inverse of :meth:`to_dict`; MusrcuError where an entry is missing or wrong."""
        return cls(
            name,
            entries.one("value", NUMBER, none=True),
            entries.one("error", ERROR, none=True),
            entries.one("unit", TEXT),
            entries.one("fixed", FLAG),
            entries.one("at_limit", FLAG),
            entries.pair("minos"),
            entries.one("tie", TEXT, none=True, default=None),
            entries.pair("limits", ends=True, default=None),
            entries.pair("constraint", default=None),
        )


def number(value: float | None) -> float | None:
    """A float for JSON: None for what is unknown or not finite."""
    return None if value is None or not math.isfinite(value) else float(value)
