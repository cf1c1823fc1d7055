"""Nuclei near a muon, by the name of their isotope or by their own numbers."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from musrcu.constants import NUCLEI
from musrcu.errors import ModelError, nearest

Position = tuple[float, float, float]

LARGEST_GAMMA = 0.05
"""No nucleus has more, rad/(µs G); the muon's is 0.085."""
SPINS = tuple(0.5 * k for k in range(1, 10))
ALONE = frozenset(
    [
        "H",
        "Be",
        "N",
        "F",
        "Na",
        "Al",
        "P",
        "Sc",
        "V",
        "Mn",
        "Co",
        "As",
        "Y",
        "Nb",
        "I",
        "Cs",
        "La",
        "Bi",
    ]
)
"""Elements of which one isotope makes up more than 99 %: their symbol alone will do."""


@dataclass(frozen=True, slots=True)
class Nucleus:
    """One nucleus near a muon.

    Raises
    ------
    ModelError where a number is impossible; ``gamma`` is not the MHz/T of a table.
    """

    spin: float
    """1/2, 1, ... 9/2."""
    gamma: float
    """Gyromagnetic ratio, rad/(µs G): the MHz/T of gamma / 2 pi times 2 pi 1e-4."""
    position: Position
    """Angstrom."""
    label: str = ""
    """Such as ``19F``."""

    def __post_init__(self) -> None:
        name = self.label or "a nucleus"
        if not (_is_number(self.spin) and float(self.spin) in SPINS):
            raise ModelError(f"{name}: spin {self.spin}; expected 0.5, 1, ... 4.5")
        if not (_is_number(self.gamma) and 0 < abs(self.gamma) <= LARGEST_GAMMA):
            raise ModelError(
                f"{name}: gamma = {self.gamma} rad/(us G); expected less than {LARGEST_GAMMA} "
                "and not 0 (a table's gamma / 2 pi in MHz/T is multiplied by 6.2832e-4)"
            )
        object.__setattr__(self, "position", position_of(name, self.position))

    @classmethod
    def named(cls, isotope: str, position: Sequence[float]) -> Nucleus:
        """A nucleus by its name, such as ``19F``, ``F`` or ``63Cu``.

        Raises
        ------
        ModelError for an unknown one, or an element with more than one isotope.
        """
        label = _isotope(isotope)
        spin, mhz_per_tesla = NUCLEI[label]
        x, y, z = position_of(label, position)
        return cls(spin, 2e-4 * math.pi * mhz_per_tesla, (x, y, z), label)


def position_of(what: str, given: Any) -> Position:
    """Three finite numbers as a position; an error says whose it is."""
    try:
        x, y, z = (float(number) for number in given)
    except (TypeError, ValueError, OverflowError):
        raise ModelError(f"{what}: position {given!r}; expected x, y, z in angstrom") from None
    if not all(map(math.isfinite, (x, y, z))):
        raise ModelError(f"{what}: position {given!r}; expected x, y, z in angstrom")
    return x, y, z


def _is_number(given: Any) -> bool:
    return isinstance(given, numbers.Real)


def _isotope(name: str) -> str:
    """The name with its mass number: ``F`` is ``19F``.

    Raises
    ------
    ModelError where there is none, or more than one.
    """
    text = {"D": "2H", "H": "1H"}.get(name.strip(), name.strip())
    if text in NUCLEI:
        return text
    found = [isotope for isotope in NUCLEI if re.sub(r"\d", "", isotope) == text]
    if text in ALONE:
        return found[0] if text != "N" else "14N"
    if found:
        raise ModelError(f"{name}: which isotope? musrcu knows {', '.join(found)}")
    raise ModelError(
        f"{name!r} is no nucleus that musrcu knows{nearest(name, list(NUCLEI))}; give its spin and "
        "gamma in a Nucleus"
    )
