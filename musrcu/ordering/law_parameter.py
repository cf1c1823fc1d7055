"""One parameter of the law of an order parameter, with its errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from musrcu.notation import asymmetric, bracket
from musrcu.ordering.notes import one_sided

_ROW = ("alpha", "beta", "error", "T_N", "chi2")


def plain(value: float) -> float | None:
    """A number for JSON; None where it is not known."""
    return float(value) if math.isfinite(value) else None


def number(entry: float | None) -> float:
    """The inverse of :func:`plain`: NaN where it is not known."""
    return math.nan if entry is None else float(entry)


@dataclass(frozen=True, slots=True)
class LawParameter:
    """One parameter of the law."""

    name: str
    value: float
    """NaN where the points do not determine it at all."""
    error: float
    """One standard deviation from the covariance; NaN where fixed, at a limit or not known."""
    unit: str = ""
    minos: tuple[float, float] | None = None
    """(low, high) of MINOS, low < 0 < high; None where there are none."""
    fixed: bool = False
    at_limit: bool = False

    def __str__(self) -> str:
        if self.fixed:
            return f"{self.name} = {self.value:g}{' ' + self.unit if self.unit else ''} (fixed)"
        if self.at_limit and self.minos is not None:
            text = one_sided(self.value, self.minos, self.unit)
            if text:
                return f"{self.name} = {text}"
        text = f"{self.name} = {bracket(self.value, self.error, self.unit)}"
        if self.at_limit:
            text += " (at its limit)"
        if self.minos is not None:
            text += f"   MINOS: {asymmetric(self.value, *self.minos, self.unit)}"
        return text

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON, without the name; what is not known is null."""
        return {
            "value": plain(self.value),
            "error": plain(self.error),
            "minos": None if self.minos is None else [plain(side) for side in self.minos],
            "unit": self.unit,
            "fixed": self.fixed,
            "at_limit": self.at_limit,
        }

    @classmethod
    def from_dict(cls, name: str, data: Mapping[str, Any]) -> LawParameter:
        """The inverse of :meth:`to_dict`."""
        minos = data["minos"]
        return cls(
            name, number(data["value"]), number(data["error"]), data["unit"],
            None if minos is None else (number(minos[0]), number(minos[1])),
            bool(data["fixed"]), bool(data["at_limit"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BetaForAlpha:
    """The exponent beta that belongs to one held exponent alpha."""

    alpha: float
    beta: float
    error: float
    T_N: float
    chi2: float
    at_limit: tuple[str, ...] = ()
    """Parameters that ended at a limit in this fit."""

    def __str__(self) -> str:
        text = f"{self.alpha:g}: {bracket(self.beta, self.error)}, chi2 {self.chi2:.1f}"
        return text + (f" ({' and '.join(self.at_limit)} at a limit)" if self.at_limit else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        numbers = {name: plain(getattr(self, name)) for name in _ROW}
        return {**numbers, "at_limit": list(self.at_limit)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> BetaForAlpha:
        """The inverse of :meth:`to_dict`."""
        numbers = {name: number(data[name]) for name in _ROW}
        return cls(**numbers, at_limit=tuple(data.get("at_limit", ())))
