"""Physical constants, as literals, so that a result does not move when SciPy changes its tables.

Source: CODATA 2022 (Mohr et al., Rev. Mod. Phys. 97, 025002), muon lifetime from the Particle
Data Group (2024). The paper that musrcu reproduces rounds gamma_mu / 2 pi to 135.5 MHz/T.
"""

from __future__ import annotations

import math

GAMMA_MU_OVER_2PI = 0.01355388094
"""Muon gyromagnetic ratio over 2 pi, MHz/G; one standard deviation 3.0e-10 (CODATA 2022)."""

GAMMA_MU = 2 * math.pi * GAMMA_MU_OVER_2PI
"""Muon gyromagnetic ratio, rad/(µs G)."""

MUON_LIFETIME = 2.1969811
"""Mean life of the positive muon, µs; one standard deviation 0.0000022 (PDG 2024)."""

ACCELERATOR_PERIOD = {"PSI": 0.01975, "TRIUMF": 0.04337}
"""Radio-frequency period of the accelerator of each continuous source, µs."""

KELVIN = {"k": 1.0, "kelvin": 1.0, "mk": 1e-3}
"""Kelvin in one of the units that a temperature may have, in small letters."""

GAUSS = {"g": 1.0, "gauss": 1.0, "oe": 1.0, "kg": 1e3, "mt": 10.0, "t": 1e4, "tesla": 1e4}
"""Gauss in one of the units that a field may have, in small letters; an oersted counts as one."""

IMPROBABLE = 1e-4
"""A chi-square less probable than this is named beside its result."""

MAX_ASYMMETRY = 0.35
"""Largest initial asymmetry that a fit may claim where no calibration bounds it.

The positron spectrum averaged over energy gives 1/3; degraders and detector thresholds that
reject slow positrons raise it slightly.
"""

MUON_PULSE = 0.08
"""Length of a muon pulse of ISIS, full width at half maximum, µs."""
