"""What the fit of an order parameter says: nu0 (B0, A0), T_N, beta, alpha, how far to trust it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from musrcu import notation
from musrcu.containers.arrays import FloatArray, frozen
from musrcu.files import PathLike, write_text
from musrcu.fitting.contour import Contour
from musrcu.fitting.profile import Profile
from musrcu.fitting.result import chi2_probability
from musrcu.models.laws import order_parameter_law
from musrcu.ordering.band import band
from musrcu.ordering.law_parameter import BetaForAlpha, LawParameter, number, plain
from musrcu.ordering.left_out import grouped
from musrcu.ordering.minimum import Values
from musrcu.ordering.order_quantity import OrderQuantity
from musrcu.ordering.points import OrderPoints

__all__ = ["KIND", "BetaForAlpha", "LawParameter", "OrderParameter"]

KIND = "musrcu order"
"""What a saved order parameter says it is."""


NOTHING = 0.01
"""Share of its error by which a parameter may be moved that is not worth a word."""


@dataclass(frozen=True, slots=True, eq=False)
class OrderParameter:
    """Fit of nu(T) = nu0 [1 - (T/T_N)^alpha]^beta to the ordered runs of a scan.

    What orders may be a frequency, a field at the muon or an asymmetry (:attr:`quantity`); the
    value at T = 0 is accordingly ``nu0``, ``B0`` or ``A0``, and ``saturation`` in each case.
    """

    saturation: LawParameter
    """Value at T = 0, in the unit of the points: nu0, B0 or A0."""
    T_N: LawParameter
    beta: LawParameter
    alpha: LawParameter
    names: tuple[str, ...]
    """Parameters with an error, the axes of ``covariance``."""
    covariance: FloatArray
    """(n, n) in the order of ``names``; NaN where it is not known."""
    chi2: float
    ndof: int
    """Points minus free parameters (a latent temperature adds one datum and one unknown)."""
    valid: bool
    reason: str
    """Why the numbers are not to be used; empty when valid."""
    method: str
    """``naive`` (errors of the frequencies only), ``latent`` (and of the temperatures), or
    ``effective``, ``effective_plain`` (of the temperatures through the slope of the law)."""
    method_reason: str
    points: OrderPoints
    T_N_limits: tuple[float, float]
    """K, what the fit allowed; NaN where there was no fit."""
    bound: str
    """The limits of T_N in words."""
    beta_for_alpha: tuple[BetaForAlpha, ...] = ()
    notes: tuple[str, ...] = ()
    parameter: str = "nu2"
    common: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By source, how far one sigma of what all runs share moves each parameter; part of the errors,
    of ``covariance`` and of the MINOS errors."""
    cost: float = math.nan
    """What was minimised: ``chi2``, with effective variances the sum of their logarithms, and the
    terms of censored runs."""
    above: str = "bound"
    """What runs without order do: ``bound`` (the lowest bounds T_N) or ``censored`` (terms)."""
    thermometer_offset: float = 0.0
    """K, error of an offset that all temperatures share; part of ``common``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "covariance", frozen(self.covariance, float))

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of :func:`musrcu.fit_order_parameter` that fit the same law to other points."""
        return {
            "parameter": self.parameter,
            "alpha": self.alpha.value if self.alpha.fixed else "free",
            "method": self.method,
            "above": self.above,
            "thermometer_offset": self.thermometer_offset,
        }

    @property
    def left_out(self) -> tuple[str, ...]:
        """Runs that were neither a point nor the bound."""
        return self.points.left_out

    @property
    def name(self) -> str:
        """What was fitted, such as ``nu2(T)``."""
        return f"{self.parameter}(T)"

    def profile(self, name: str, *, points: int | Sequence[float] = 31) -> Profile:
        """The cost against one parameter, all others at their best.

        See :func:`musrcu.ordering.profiles.profile`.
        """
        from musrcu.ordering import profiles

        return profiles.profile(self, name, points=points)

    def contour(
        self, one: str, other: str, *, levels: Sequence[float] | float = (0.683, 0.954),
        points: int = 60,
    ) -> Contour:  # fmt: skip
        """Regions of two parameters jointly.

        See :func:`musrcu.ordering.profiles.contour`.
        """
        from musrcu.ordering import profiles

        return profiles.contour(self, one, other, levels=levels, points=points)

    @property
    def quantity(self) -> OrderQuantity:
        """What orders, with its unit and the names of the parameters."""
        return self.points.quantity

    @property
    def nu0(self) -> LawParameter:
        """Frequency at T = 0, MHz; AttributeError where something else orders."""
        return self._called("nu0")

    @property
    def B0(self) -> LawParameter:
        """Field at the muon at T = 0, in its unit; AttributeError where something else orders."""
        return self._called("B0")

    @property
    def A0(self) -> LawParameter:
        """Asymmetry at T = 0; AttributeError where something else orders."""
        return self._called("A0")

    def _called(self, name: str) -> LawParameter:
        expected = self.quantity.saturation
        if name != expected:
            raise AttributeError(
                f"{self.parameter} was fitted as {self.quantity.kind}: its value at T = 0 is "
                f"called {expected} (or saturation), not {name}"
            )
        return self.saturation

    @property
    def values(self) -> Values:
        """nu0 (B0, A0), T_N (K), beta, alpha: arguments of ``models.laws.order_parameter_law``."""
        return self.saturation.value, self.T_N.value, self.beta.value, self.alpha.value

    @property
    def probability(self) -> float:
        """Probability of a chi2 at least this large; NaN without degrees of freedom."""
        probability = chi2_probability(self.chi2, self.ndof) if math.isfinite(self.chi2) else None
        return math.nan if probability is None else probability

    def __getitem__(self, name: str) -> LawParameter:
        names = self.quantity.names
        if name not in names:
            raise KeyError(f"the order parameter has {', '.join(names)}, not {name!r}")
        return (self.saturation, self.T_N, self.beta, self.alpha)[names.index(name)]

    def predict(self, T: ArrayLike) -> FloatArray:
        """(n,) the fitted law at the temperatures ``T`` in K, in the unit of the points."""
        temperature = np.atleast_1d(np.asarray(T, dtype=float))
        if not all(map(math.isfinite, self.values)):
            return np.full(temperature.shape, np.nan)
        return order_parameter_law(temperature, *self.values)[0]

    def band(self, T: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """(low, high), each (n,) in the unit of the points: the 68 per cent band of the law.

        From 2000 draws of the parameters with the covariance of the fit (always the same draws),
        not from the slopes: next to T_N these are infinite while the band is not.
        """
        free = [self.quantity.names.index(name) for name in self.names]
        return band(T, self.values, free, self.covariance, self.T_N_limits)

    def effective_beta(self, T: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """(slope, error), each (n,): d ln nu / d ln(1 - T/T_N) of the law at ``T`` in K.

        See :func:`musrcu.ordering.critical.effective_beta`; beta itself at T_N only.
        """
        from musrcu.ordering.critical import effective_beta

        return effective_beta(self, T)

    @property
    def title(self) -> str:
        """The law with what orders: ``nu2(T) = nu0 [1 - (T/T_N)^alpha]^beta``."""
        quantity = self.quantity
        shape = f"{quantity.saturation} [1 - (T/T_N)^alpha]^beta"
        if quantity.kind == "field" and not self.parameter.startswith("B"):
            per = 1.0 / OrderQuantity().factor(quantity.unit)
            return f"B(T) = {shape}, B = {self.parameter} / ({per:.8g} MHz/{quantity.unit})"
        return f"{self.parameter}(T) = {shape}"

    def summary(self) -> str:
        """The result as the field writes it, one line per statement."""
        n = len(self.points)
        lines = [
            f"{self.title}, {n} ordered run{'s' * (n != 1)}",
            *(str(self[name]) for name in self.quantity.names),
        ]
        if math.isfinite(self.chi2):
            tail = (
                f", probability {notation.probability(self.probability)}" if self.ndof > 0 else ""
            )
            lines.append(f"chi2/ndof = {self.chi2:.2f}/{self.ndof}{tail}")
        lines.append("valid" if self.valid else f"NOT VALID: {self.reason}")
        lines.append(f"method: {self.method} ({self.method_reason})")
        lines.append(self.bound)
        lines += [f"shared by all runs, {text}" for text in self._common_texts()]
        if self.beta_for_alpha:
            lines.append("beta for alpha = " + "; ".join(map(str, self.beta_for_alpha)))
        if self.left_out:
            lines.append(f"left out: {grouped(self.left_out)}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def _common_texts(self) -> Iterator[str]:
        """By source, what it moves: ``alpha = 1.08(2) moves T_N by 1.2e-05 K (in the errors)``."""
        units = dict(zip(self.quantity.names, self.quantity.units, strict=True))
        for source, shifts in self.common.items():
            moved = [
                f"{name} by {abs(s):.2g} {units[name]}".rstrip()
                for name, s in shifts.items()
                if not abs(s) <= NOTHING * self._one_error(name)
            ]
            balance = source.startswith("alpha")  # not the exponent of the law
            name = f"balance {source}" if balance else source
            if moved:
                yield f"{name} moves {', '.join(moved)} (in the errors)"
            else:
                yield f"{name} moves nothing by more than {NOTHING:g} of its error"

    def _one_error(self, name: str) -> float:
        """The smallest error of a parameter that is above 0; 0 where none is known."""
        sides = [self[name].error, *map(abs, self[name].minos or ())]
        return min((side for side in sides if side > 0), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; what is not known is null."""
        return {
            "kind": KIND,
            **{name: self[name].to_dict() for name in self.quantity.names},
            "chi2": plain(self.chi2),
            "ndof": self.ndof,
            "probability": plain(self.probability),
            "valid": self.valid,
            "reason": self.reason,
            "parameter": self.parameter,
            "names": list(self.names),
            "covariance": [[plain(entry) for entry in row] for row in self.covariance.tolist()],
            "method": self.method,
            "method_reason": self.method_reason,
            "T_N_limits": [plain(limit) for limit in self.T_N_limits],
            "bound": self.bound,
            "beta_for_alpha": [row.to_dict() for row in self.beta_for_alpha],
            "notes": list(self.notes),
            "common": {source: dict(shifts) for source, shifts in self.common.items()},
            "cost": plain(self.cost),
            "above": self.above,
            "thermometer_offset": self.thermometer_offset,
            "points": self.points.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OrderParameter:
        """The inverse of :meth:`to_dict`."""
        size = len(data["names"])
        covariance = [number(entry) for row in data["covariance"] for entry in row]
        low, high = data["T_N_limits"]
        points = OrderPoints.from_dict(data["points"])
        saturation, T_N, beta, alpha = (
            LawParameter.from_dict(name, data[name]) for name in points.quantity.names
        )
        return cls(
            saturation,
            T_N,
            beta,
            alpha,
            names=tuple(data["names"]),
            covariance=np.array(covariance, dtype=float).reshape(size, size),
            chi2=number(data["chi2"]),
            ndof=int(data["ndof"]),
            valid=bool(data["valid"]),
            reason=data["reason"],
            method=data["method"],
            method_reason=data["method_reason"],
            points=points,
            T_N_limits=(number(low), number(high)),
            bound=data["bound"],
            beta_for_alpha=tuple(map(BetaForAlpha.from_dict, data["beta_for_alpha"])),
            notes=tuple(data["notes"]),
            parameter=data["parameter"],
            common=data.get("common", {}),
            cost=number(data.get("cost", data["chi2"])),
            above=data.get("above", "bound"),
            thermometer_offset=float(data.get("thermometer_offset", 0.0)),
        )

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the result as JSON, for :func:`musrcu.load`."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        write_text(path, text + "\n", overwrite=overwrite)
