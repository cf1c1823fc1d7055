"""Critical exponents beta of universality classes, and how far that of a fit is from each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from musrcu.notation import bracket, table
from musrcu.ordering.critical import ABOVE
from musrcu.ordering.refit import sound
from musrcu.ordering.result import LawParameter, OrderParameter


@dataclass(frozen=True, slots=True)
class UniversalityClass:
    """The exponent of one kind of transition."""

    name: str
    beta: float
    error: float
    """0 where beta is exact."""
    source: str
    note: str = ""


CLASSES = (
    UniversalityClass(
        "2D Ising", 0.125, 0.0, "C. N. Yang, Phys. Rev. 85, 808 (1952)", "exact, 1/8"
    ),
    UniversalityClass(
        "2D XY (finite size)", 3 * math.pi**2 / 128, 0.0,
        "S. T. Bramwell and P. C. W. Holdsworth, J. Phys.: Condens. Matter 5, L53 (1993)",
        "3 pi^2/128, an effective exponent of finite layers",
    ),
    UniversalityClass(
        "3D Ising", 0.326419, 0.000003,
        "F. Kos, D. Poland, D. Simmons-Duffin and A. Vichi, J. High Energy Phys. 08, 036 (2016)",
        "Delta_sigma / (3 - Delta_epsilon)",
    ),
    UniversalityClass(
        "3D XY", 0.3486, 0.0001,
        "M. Campostrini, M. Hasenbusch, A. Pelissetto and E. Vicari, Phys. Rev. B 74, 144506 "
        "(2006)",
    ),
    UniversalityClass(
        "3D Heisenberg", 0.3689, 0.0003,
        "M. Campostrini, M. Hasenbusch, A. Pelissetto, P. Rossi and E. Vicari, Phys. Rev. B 65, "
        "144520 (2002)",
    ),
    UniversalityClass(
        "mean field", 0.5, 0.0, "L. D. Landau, Zh. Eksp. Teor. Fiz. 7, 19 (1937)", "exact, 1/2"
    ),
)  # fmt: skip
"""In rising order of beta. Review: A. Pelissetto and E. Vicari, Phys. Rep. 368, 549 (2002)."""


ALLOWED = 9.0
"""Rise of chi-square, three standard deviations, up to which an exponent alpha is allowed."""


@dataclass(frozen=True, slots=True, eq=False)
class Universality:
    """The beta of a fit beside those of universality classes."""

    order: OrderParameter
    """The fit."""
    distances: tuple[float, ...]
    """(beta of the class - that of the fit) over the error of the fit on that side, in the order of
    ``CLASSES``; NaN where the error is not known."""

    def __repr__(self) -> str:
        return f"<Universality of beta = {self.order.beta.value:.3g}>"

    def within(self, errors: float) -> tuple[str, ...]:
        """Names of the classes whose beta lies within so many errors of that of the fit."""
        pairs = zip(CLASSES, self.distances, strict=True)
        return tuple(one.name for one, distance in pairs if abs(distance) <= errors)

    def summary(self) -> str:
        """A table of classes, and what it does not say."""
        rows = [
            [one.name, bracket(one.beta, one.error) if one.error else f"{one.beta:.4g}",
             f"{distance:+.2f}" if math.isfinite(distance) else "-"]
            for one, distance in zip(CLASSES, self.distances, strict=True)
        ]  # fmt: skip
        near = self.within(1)
        far = [name for name in self.within(2) if name not in near]
        said = f"within 1 error: {', '.join(near) or 'none'}; from 1 to 2 errors: "
        said += f"{', '.join(far) or 'none'}"
        lines = [str(self.order.beta), table(rows, ["class", "beta", "away, in errors"]), said]
        return "\n".join([*lines, *self.caveats()])

    def caveats(self) -> list[str]:
        """Why no universality class follows from this, in sentences."""
        order = self.order
        low = float(order.points.temperature.min()) / order.T_N.value
        if low > ABOVE:
            return [
                f"all runs lie above T/T_N = {ABOVE:g}; an agreement is still no proof of a class"
            ]
        said = "beta of a fit to all temperatures is no critical exponent"
        if not order.alpha.fixed:
            return [f"{said}: see its slope next to T_N, critical_region"]
        return [said + self._exponents()]

    def _exponents(self) -> str:
        """What other exponents alpha make of beta, as far as the runs allow them."""
        order = self.order
        rows = [row for row in order.beta_for_alpha if not row.at_limit]
        least = min((row.chi2 for row in rows), default=math.nan)
        allowed = [row for row in rows if row.chi2 - least < ALLOWED]
        if len(rows) > 1 and len(allowed) == 1:
            others = ", ".join(f"{row.alpha:g}" for row in rows)
            return f"; of alpha = {others} the runs allow {allowed[0].alpha:g} alone"
        betas = [row.beta for row in allowed]
        error = order.beta.error
        if len(betas) < 2 or max(betas) - min(betas) <= error:
            return ""
        return (
            f", and with alpha held at {allowed[0].alpha:g} to {allowed[-1].alpha:g}, all of which "
            f"the runs allow, it is {min(betas):.2g} to {max(betas):.2g}, "
            f"{(max(betas) - min(betas)) / error:.1f} of its errors apart"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; what is not known is null."""
        return {
            "classes": [
                {
                    "name": one.name, "beta": one.beta, "error": one.error, "source": one.source,
                    "distance": distance if math.isfinite(distance) else None,
                }
                for one, distance in zip(CLASSES, self.distances, strict=True)
            ],
            "caveats": self.caveats(),
        }  # fmt: skip


def universality(order: OrderParameter) -> Universality:
    """How far the beta of a fit is from the critical exponents of universality classes.

    No class is claimed: what is fitted to all temperatures is not a critical exponent.

    Returns
    -------
    Universality: distances in the (unequal) errors of beta; ``summary()`` is a table.

    Raises
    ------
    FitError if the fit is not valid.
    """
    order = sound(order, "has no beta to compare")
    return Universality(order, tuple(_away(order.beta, one) for one in CLASSES))


def _away(beta: LawParameter, one: UniversalityClass) -> float:
    difference = one.beta - beta.value
    side = beta.error if beta.minos is None else abs(beta.minos[difference > 0])
    error = math.hypot(side, one.error)
    return difference / error if error > 0 else math.nan
