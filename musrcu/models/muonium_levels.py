"""Levels of muonium with an isotropic hyperfine coupling A_hf, in MHz, in a field B, in G.

With S = (gamma_e + gamma_mu) B / 2 pi, R = sqrt(A_hf^2 + S^2), d = S / R the levels are, in MHz,
E1, E3 = A/4 +- (gamma_e - gamma_mu) B / 4 pi and E2, E4 = -A/4 +- R/2. Differences of levels that
nearly cancel are formed from quotients such as R - S = A^2 / (R + S), which lose nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from musrcu.constants import GAMMA_E_OVER_2PI, GAMMA_MU_OVER_2PI

SUM = GAMMA_E_OVER_2PI + GAMMA_MU_OVER_2PI
DIFFERENCE = GAMMA_E_OVER_2PI - GAMMA_MU_OVER_2PI
SHARE = GAMMA_MU_OVER_2PI / SUM
TINY = 1e-300
"""Stands for zero where a quotient needs a number, MHz or G."""


@dataclass(frozen=True, slots=True)
class Mixing:
    """How a field mixes the states of muonium."""

    A: float
    S: float
    R: float

    @classmethod
    def of(cls, A_hf: float, B: float) -> Mixing:
        """Of a coupling in MHz and a field in G."""
        A, S = float(A_hf), SUM * float(B)
        if A == 0.0 and S == 0.0:
            A = TINY  # free of both it is any mixture; this one is that of zero field
        return cls(A, S, math.hypot(A, S))

    @property
    def c(self) -> float:
        """A / R."""
        return self.A / self.R

    @property
    def d(self) -> float:
        """S / R."""
        return self.S / self.R

    @property
    def less_c(self) -> float:
        """1 - c."""
        return self.d * (self.S / (self.R + self.A))

    @property
    def less_d(self) -> float:
        """1 - d."""
        return self.c * (self.A / (self.R + self.S))

    @property
    def less_S(self) -> float:
        """R - S, MHz."""
        return self.A * (self.A / (self.R + self.S))

    @property
    def nu12(self) -> float:
        """E1 - E2, MHz; negative above the field where the two levels cross."""
        A, S, R = self.A, self.S, self.R
        return 0.5 * A * (S / (R + S)) * (1.0 + S / (R + A)) - SHARE * S

    @property
    def middle(self) -> float:
        """(nu12 + nu23) / 2, MHz."""
        return 0.5 * (1.0 - 2.0 * SHARE) * self.S

    @property
    def edge(self) -> float:
        """(nu34 - nu12) / 2, MHz: half of what two lines at high field are apart."""
        return 0.5 * self.less_S + SHARE * self.S

    @property
    def less_A(self) -> float:
        """R - A, MHz."""
        return self.S * (self.S / (self.R + self.A))
