"""Where a function describes what it is meant for: in words, and as doubts about a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from musrcu.constants import GAMMA_E_OVER_2PI, GAMMA_MU, GAMMA_MU_OVER_2PI

TURNED = 0.3
"""Radians that a field may turn the spin in all times before it is no zero field; a muon beside
fluorine is then off by less than 0.01 of P."""
WEAK = 0.2
"""Of a width or hop rate: a longitudinal field below it changes less than 0.015 of P, measured on
the static and dynamic Kubo-Toyabe functions against their forms in a field."""
TRIPLET = GAMMA_MU * (GAMMA_E_OVER_2PI / GAMMA_MU_OVER_2PI - 1.0) / 2.0
"""rad/µs in 1 G by which the triplet of muonium turns."""


@dataclass(frozen=True, slots=True)
class Validity:
    """Where a function holds."""

    text: str
    """In words, for ``musrcu list models NAME``."""
    doubt: Callable[..., str]
    """``doubt(field, longest, *parameters)``: what the function is not meant for, as the rest of a
    sentence that begins with its name; empty where it holds. ``field`` is that of the run's header,
    G, or None; ``longest`` the last time, µs."""


def zero_field(
    instead: str, rate: Callable[..., float] = lambda *parameters: 0.0, per_gauss: float = GAMMA_MU
) -> Validity:
    """A function for zero field only.

    Parameters
    ----------
    instead : what to look at where there is a field.
    rate : ``rate(*parameters)``, 1/µs, the fields (or hops) of the sample beside which an applied
        one must be small.
    per_gauss : rad/µs by which the spin turns in 1 G.
    """

    def doubt(field: float | None, longest: float, *parameters: float) -> str:
        turning = per_gauss * abs(field or 0.0)
        if turning * longest <= TURNED or turning <= WEAK * rate(*parameters):
            return ""
        return f"is for zero field and the run's header says {field:g} G: see {instead}"

    return Validity(f"zero field; with a field see {instead}", doubt)
