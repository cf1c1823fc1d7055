"""What a component says about each of its parameters, and the values it is checked against."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from musrcu.errors import ModelError

Kind = Literal["plain", "amplitude", "frequency", "phase", "field"]

DOMAINS: Mapping[str, tuple[float, float]] = {
    "1/us": (0.0, 200.0),
    "MHz": (0.0, 200.0),
    "G": (0.0, 1e5),
    "deg": (-360.0, 360.0),
    "K": (0.0, 1e3),
    "meV": (0.0, 1e3),
    "": (0.0, 1.0),
}
"""Where components are certified, by the unit of a parameter."""
LONGEST = 40.0
"""Times up to this are certified, µs; ISIS histograms end at 32."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a component, or of a model once it is numbered.

    ``Parameter(name, unit, default, meaning, lower=, upper=, kind=, seeds=, domain=)``.

    kind : what it is to a fit that is given no start value for it.

        - ``"plain"``: tried at each of its ``seeds``.
        - ``"frequency"``, in MHz: scanned over what the bins can show, and looked at for lines
          too fast for them; a ``phase`` belongs to it, or none.
        - ``"phase"``, in degrees: follows from the scan of its frequency.
        - ``"field"``, in G: the applied field; held at that of the run's header with a note, until
          it is fixed at another value or given a start.
        - ``"amplitude"``: solved for at every trial; models add theirs, components have none.

    seeds : values worth trying as a start, for rates one for each regime, a factor of 3 to 10
        apart; every combination with those of the other parameters is tried.
    domain : interval in which a certificate holds, where it is not that of the unit
        (:data:`DOMAINS`); no limit of a fit.

    Example: ``Parameter("B_LF", "G", 10.0, "longitudinal field", lower=0.0, kind="field")``.
    """

    name: str
    """Symbol as in the formula; ``lambda`` although Python reserves that word."""
    unit: str
    """Unit, such as ``1/us``, ``MHz`` or ``deg``; empty for a pure number."""
    default: float
    """Value used where nothing better is known."""
    meaning: str = ""
    """What it is, in a few words."""
    lower: float | None = None
    """Physical lower limit, in ``unit``; None where there is none."""
    upper: float | None = None
    kind: Kind = "plain"
    """What the search for start values may do with it: amplitudes are solved for, a frequency is
    scanned, a phase follows from the scan, an applied field is that of the run, anything else is
    tried at its ``seeds``."""
    seeds: tuple[float, ...] = ()
    """Values worth trying as a start; empty means the default alone."""
    domain: tuple[float, float] | None = None
    """Interval in which the certificate holds; None takes that of the unit (:data:`DOMAINS`),
    inside the limits."""

    def __post_init__(self) -> None:
        low = -math.inf if self.lower is None else self.lower
        high = math.inf if self.upper is None else self.upper
        if not low <= self.default <= high:  # not a number lies nowhere
            raise ModelError(
                f"parameter {self.name}: default {self.default} lies outside its limits "
                f"[{self.lower}, {self.upper}]"
            )

    @property
    def certified(self) -> tuple[float, float]:
        """Interval in which the certificate of its component holds."""
        low, high = self.domain or DOMAINS.get(self.unit, (0.0, 1.0))
        if self.domain is None and self.lower is not None:
            low = max(low, self.lower)
        if self.domain is None and self.upper is not None:
            high = min(high, self.upper)
        return low, high

    @property
    def trials(self) -> tuple[float, ...]:
        """The values to try as a start."""
        return self.seeds or (self.default,)


@dataclass(frozen=True, slots=True)
class Check:
    """A value of a component from outside its own code."""

    parameters: Mapping[str, float]
    """Value of every parameter, by name."""
    t: float
    """Time in µs (temperature in K or field in G for a law of them)."""
    expected: float
    source: str
    """Where the number comes from: closed form, limit, printed table, quadrature."""
    tolerance: float = 1e-12
    """Largest absolute deviation."""
