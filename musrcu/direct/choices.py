"""What is free, shared and assumed in a one-step fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from musrcu.containers.numbers import is_number
from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraint
from musrcu.fitting.freedom import Limits
from musrcu.ordering.method import Exponent, held_alpha

Spread = float | Literal["log", "readings"] | None
Width = float | Literal["free"] | None

FLOOR = 2e-4
"""Width of the transition below which it is not taken, in units of T_N: a fit of a sharper one
would have no slope to follow, and no sample is as uniform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Options of :func:`musrcu.fit_order_parameter` with ``direct=True``."""

    alpha: Exponent = 3.0
    sigma_TN: Width = None
    """K; None holds it at the floor."""
    local: Sequence[str] | None = None
    """What every run has for itself; None: all but amplitudes, phases and backgrounds."""
    smooth: Mapping[str, int] = field(default_factory=dict)
    """By name, the degree of a polynomial in T that a parameter follows."""
    spread: Spread = "log"
    thermometer_offset: float = 0.0
    start: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    constraints: Sequence[Constraint] = ()
    t_range: tuple[float, float] | None = None
    average_bins: bool = False
    cost: str | None = None

    def __post_init__(self) -> None:
        held_alpha(self.alpha)
        self._check_width()
        offset = self.thermometer_offset
        if not (is_number(offset) and 0 <= offset < math.inf):
            raise FitError(f"thermometer_offset = {offset!r}; give its error in K, 0 or above")
        spread = self.spread
        known = spread is None or spread in ("log", "readings")
        if not known and not (is_number(spread) and 0 <= float(spread) < math.inf):  # type: ignore[arg-type]
            raise FitError(
                f"spread = {spread!r}; 'log' takes the slow part of each run's temperature log, "
                "'readings' the whole spread of its readings; or give K, or None"
            )
        if not isinstance(self.smooth, Mapping):
            raise FitError(f"smooth = {self.smooth!r}; give degrees by names, or None")
        for name, degree in self.smooth.items():
            if not isinstance(degree, int) or isinstance(degree, bool) or not 0 <= degree <= 8:
                raise FitError(f"smooth: {name} = {degree!r}; give a degree from 0 to 8")

    def to_dict(self) -> dict[str, Any]:
        """What was chosen, as plain data."""
        return {
            "alpha": self.alpha, "sigma_TN": self.sigma_TN,
            "local": None if self.local is None else list(self.local),
            "smooth": dict(self.smooth), "spread": self.spread,
            "thermometer_offset": self.thermometer_offset,
        }  # fmt: skip

    def _check_width(self) -> None:
        width: Any = self.sigma_TN
        if width is None or (isinstance(width, str) and width == "free"):
            return
        if not (is_number(width) and 0 < width < math.inf):
            raise FitError(
                f"sigma_TN = {width!r}; give the width of the transition in K, 'free', or None"
            )

    def width(self, T_N: float) -> tuple[float, float, bool]:
        """(floor, start, whether it is free) of sigma_TN, K, where T_N is about this.

        Raises
        ------
        FitError for a width below the floor.
        """
        floor = FLOOR * T_N
        if self.sigma_TN == "free":
            return floor, 5 * floor, True
        if self.sigma_TN is None:
            return floor, floor, False
        width = float(self.sigma_TN)
        if width < floor:
            raise FitError(
                f"sigma_TN = {width:g} K is below its floor {floor:.2g} K (2e-4 T_N); give more, "
                "or leave it out"
            )
        return floor, width, False
