"""What a component promises of its numbers, and the truth against which that is proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

CLOSED = 1e-9
"""Largest error of a function in closed form, beside what its phase allows."""
DYNAMIC = 1e-7
"""Largest error of a function that is the solution of an integral equation."""

Values = Mapping[str, float]
"""Parameters of a component by name, and its variable (``t``, ``T`` or ``B``)."""


@dataclass(frozen=True, slots=True)
class Corner:
    """A place where a function is tried on purpose: a limit, a hard region, an internal switch."""

    meaning: str
    """Such as ``hop above 100`` or ``small field: series to closed form``."""
    place: Callable[[dict[str, float], np.random.Generator], dict[str, float]]
    """Takes a random set of values, variable among them, and returns it moved into the corner.
    For a switch it returns the values at the switch itself."""
    across: str | None = None
    """The parameter or variable that is stepped across an internal switch; None for no switch."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A largest error inside a domain, with an independent way to compute the function.

    The domain is that of the parameters (:attr:`Parameter.certified`) and times up to 40 µs.
    """

    truth: Callable[..., Any]
    """``truth(mp, t, *parameters)``: the function by another method than the component's own, in
    as many digits as the module ``mpmath`` (handed over as ``mp``) is set to; all arguments are
    ``mp.mpf``. It must stay analytic a little beyond the limits, as derivatives are taken of it."""
    method: str
    """How the truth is computed, in words: ``quadrature over the field``, ``Laplace inversion``."""
    accuracy: float = CLOSED
    """Largest absolute error, beside 8 eps times the largest phase; of a law of temperature or
    field, as a share of its value where that is above 1."""
    phase: Callable[..., float] | None = None
    """``phase(t, *parameters)``: largest phase, radians; None takes 2 pi nu t of every parameter
    in MHz, gamma_mu B t of every one in G, and the phases themselves."""
    corners: Sequence[Corner] = ()
    domain: Literal["limits", "interior"] = "limits"
    """``interior`` keeps random sets off the parameters' limits, where a derivative has none."""
    slow: bool = False
    """Whether one truth takes more than a second; fewer sets are tried then."""
    digits: int = 40
    """Working precision of the truth, decimal digits."""
