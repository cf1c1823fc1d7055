"""Temperature and field that a title speaks of, to compare with what the file states."""

from __future__ import annotations

import re
from dataclasses import dataclass

from musrcu.constants import GAUSS, KELVIN

_NUMBER = r"([-+]?[0-9]+(?:\.[0-9]*)?)"
_ALONE, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_TEMPERATURES = (
    re.compile(
        rf"{_ALONE}T(?:emp(?:erature)?)?\s*=\s*\(?{_NUMBER}\)?\s*\(?(mK|K)?{_END}", re.IGNORECASE
    ),
    re.compile(rf"(?<![A-Za-z0-9.+-]){_NUMBER}\s*(mK|K){_END}"),
    re.compile(rf"{_ALONE}T\s?{_NUMBER}\s?(mK|K){_END}"),
)
_FIELDS = (
    re.compile(
        rf"{_ALONE}(?:F|B|(?:Magnetic )?Field)\s*=\s*~?\(?{_NUMBER}\)?"
        rf"\s*\(?(kG|Gauss|G|mT|T)?{_END}",
        re.IGNORECASE,
    ),
    re.compile(rf"{_ALONE}(?:w?TF|w?LF)\s?{_NUMBER}\s?(kG|G|mT|T){_END}"),
)
_ZERO_FIELD = re.compile(r"\b(?:ZF|zero[- ]field)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Title:
    """What a title says; None where it is silent, or says several things."""

    temperature: float | None
    """K."""
    field: float | None
    """G; 0 for a title that says ZF."""


def read_title(text: str | None) -> Title:
    """Temperature and field in a title such as ``Quartz T=290 F=2`` or ``Y124 TF150G 6.0K (ab)``.

    A number counts only where its name or unit leaves no doubt what it is: ``T=290``, ``6.0K``,
    ``F=20``, ``TF150G``, ``Magnetic Field = 20 Gauss``, ``ZF``.
    """
    title = text or ""
    temperatures = _values(title, _TEMPERATURES, KELVIN)
    fields = _values(title, _FIELDS, GAUSS)
    if _ZERO_FIELD.search(title):
        fields.add(0.0)
    return Title(
        temperature=temperatures.pop() if len(temperatures) == 1 else None,
        field=fields.pop() if len(fields) == 1 else None,
    )


def _values(
    title: str, patterns: tuple[re.Pattern[str], ...], units: dict[str, float]
) -> set[float]:
    """Every value that the first pattern that matches finds; no unit means the factor 1."""
    for pattern in patterns:
        found = [(float(m[1]), m[2]) for m in pattern.finditer(title)]
        if found:
            return {value * (units[unit.lower()] if unit else 1.0) for value, unit in found}
    return set()
