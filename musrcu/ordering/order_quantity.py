"""What orders: a frequency, the field at the muon, or the asymmetry of the ordered part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.errors import FitError, nearest

Kind = Literal["frequency", "field", "amplitude"]

FIELDS = {"G": 1.0, "mT": 0.1, "T": 1e-4}
"""Units of a field: how many of each make a gauss."""
UNITS = ("MHz", *FIELDS, "")
"""Units an order parameter may have; none is that of an asymmetry."""
LAW = ("nu0", "T_N", "beta", "alpha")
"""Parameters of the law, as they are called for a frequency and inside the fit."""

_SYMBOLS: dict[Kind, str] = {"frequency": "nu", "field": "B", "amplitude": "A"}


@dataclass(frozen=True, slots=True)
class OrderQuantity:
    """What a column of numbers is, told by its unit."""

    unit: str = "MHz"
    """MHz of a frequency; G, mT or T of a field; empty of an asymmetry."""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise FitError(
                f"an order parameter in {self.unit!r} is not known, expected MHz (a frequency), "
                f"{', '.join(FIELDS)} (a field) or no unit (an asymmetry)"
                + nearest(str(self.unit), UNITS)
            )

    @property
    def kind(self) -> Kind:
        """``frequency``, ``field`` or ``amplitude``; the word for it in a sentence too."""
        return "field" if self.unit in FIELDS else "frequency" if self.unit else "amplitude"

    @property
    def symbol(self) -> str:
        """``nu``, ``B`` or ``A``."""
        return _SYMBOLS[self.kind]

    @property
    def saturation(self) -> str:
        """Name of its value at T = 0: ``nu0``, ``B0`` or ``A0``."""
        return f"{self.symbol}0"

    @property
    def plural(self) -> str:
        """``frequencies``, ``fields`` or ``amplitudes``."""
        return "frequencies" if self.kind == "frequency" else f"{self.kind}s"

    @property
    def names(self) -> tuple[str, str, str, str]:
        """The parameters of its law, such as B0, T_N, beta, alpha."""
        return (self.saturation, "T_N", "beta", "alpha")

    @property
    def units(self) -> tuple[str, str, str, str]:
        """Units of :attr:`names`."""
        return (self.unit, "K", "", "")

    def in_law(self, name: str) -> str:
        """The name that a parameter has inside the fit: ``B0`` is its ``nu0``.

        Raises
        ------
        FitError if it is not one of :attr:`names`.
        """
        if name not in self.names:
            raise FitError(
                f"the order parameter has no {name!r}, only {', '.join(self.names)}"
                + nearest(name, self.names)
            )
        return LAW[self.names.index(name)]

    def called(self, name: str) -> str:
        """The inverse of :meth:`in_law`: what a parameter of :data:`LAW` is called."""
        return self.names[LAW.index(name)]

    def factor(self, unit: str) -> float:
        """What its numbers are multiplied with to be in another unit; B = nu / (gamma_mu / 2 pi).

        Raises
        ------
        FitError where one is a field or a frequency and the other neither.
        """
        other = OrderQuantity(unit)
        if other.unit == self.unit:
            return 1.0
        if "amplitude" in (self.kind, other.kind):
            has = f"is in {self.unit}" if self.unit else "is an asymmetry without unit"
            wanted = f"in {unit}" if unit else "as an asymmetry"
            raise FitError(f"the order parameter {has} and cannot be shown {wanted}")
        return _gauss(self.unit) / _gauss(unit)


def _gauss(unit: str) -> float:
    """How many gauss one of the unit is."""
    return 1.0 / FIELDS.get(unit, GAMMA_MU_OVER_2PI)
