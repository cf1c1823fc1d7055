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

GAMMA_E_OVER_2PI = 2.80249513861
"""Electron gyromagnetic ratio over 2 pi, magnitude, MHz/G (CODATA 2022)."""

MUONIUM_A_HF = 4463.302765
"""Hyperfine coupling of muonium in vacuum, MHz; one standard deviation 0.000053."""

BOLTZMANN = 0.08617333262145179
"""Boltzmann's constant, meV/K: 1.380649e-23 J/K over 1.602176634e-22 J, both exact (SI 2019)."""

BOHR_MAGNETON = 6.7171381472e-5
"""Bohr magneton over Boltzmann's constant, K/G (CODATA 2022)."""

MUON_LIFETIME = 2.1969811
"""Mean life of the positive muon, µs; one standard deviation 0.0000022 (PDG 2024)."""

DIPOLAR = 1054.571817506918
"""mu_0 hbar / 4 pi, G^2 µs A^3 / rad (CODATA 2022): times the gyromagnetic ratios of two spins in
rad/(µs G), over the cube of their distance in angstrom, it is their coupling in rad/µs."""

NUCLEI = {
    "1H": (0.5, 42.577478461),
    "2H": (1.0, 6.535901),
    "6Li": (1.0, 6.266202),
    "7Li": (1.5, 16.548456),
    "9Be": (1.5, -5.983694),
    "10B": (3.0, 4.575193),
    "11B": (1.5, 13.662981),
    "13C": (0.5, 10.708397),
    "14N": (1.0, 3.077705),
    "15N": (0.5, -4.317266),
    "17O": (2.5, -5.774269),
    "19F": (0.5, 40.0775),
    "23Na": (1.5, 11.269522),
    "25Mg": (2.5, -2.608343),
    "27Al": (2.5, 11.103081),
    "29Si": (0.5, -8.465451),
    "31P": (0.5, 17.251441),
    "33S": (1.5, 3.271724),
    "35Cl": (1.5, 4.176541),
    "37Cl": (1.5, 3.47653),
    "39K": (1.5, 1.989534),
    "45Sc": (3.5, 10.359073),
    "51V": (3.5, 11.21328),
    "53Cr": (1.5, -2.411516),
    "55Mn": (2.5, 10.576251),
    "57Fe": (0.5, 1.381564),
    "59Co": (3.5, 10.077691),
    "61Ni": (1.5, -3.811443),
    "63Cu": (1.5, 11.318764),
    "65Cu": (1.5, 12.102699),
    "67Zn": (2.5, 2.668532),
    "69Ga": (1.5, 10.247756),
    "71Ga": (1.5, 13.020738),
    "75As": (1.5, 7.315021),
    "77Se": (0.5, 8.157305),
    "79Br": (1.5, 10.70415),
    "81Br": (1.5, 11.538377),
    "85Rb": (2.5, 4.126418),
    "87Rb": (1.5, 13.98399),
    "89Y": (0.5, -2.094923),
    "93Nb": (4.5, 10.452342),
    "115In": (4.5, 9.385685),
    "119Sn": (0.5, -15.965946),
    "127I": (2.5, 8.577772),
    "133Cs": (3.5, 5.623348),
    "139La": (3.5, 6.061148),
    "195Pt": (0.5, 9.292261),
    "207Pb": (0.5, 8.881578),
    "209Bi": (4.5, 6.963029),
}
"""Spin and gyromagnetic ratio over 2 pi, MHz/T, of nuclei: R. K. Harris et al., Pure Appl. Chem.
73, 1795 (2001), except 1H (CODATA 2022) and 19F, whose printed values lie between 40.05 and 40.08.
Values of other tables differ by the shielding of their standards, up to 0.5 % for heavy nuclei."""

ACCELERATOR_PERIOD = {"PSI": 0.01975, "TRIUMF": 0.04337}
"""Radio-frequency period of the accelerator of each continuous source, µs."""

KELVIN = {"k": 1.0, "kelvin": 1.0, "mk": 1e-3}
"""Kelvin in one of the units that a temperature may have, in small letters."""

GAUSS = {"g": 1.0, "gauss": 1.0, "oe": 1.0, "kg": 1e3, "mt": 10.0, "t": 1e4, "tesla": 1e4}
"""Gauss in one of the units that a field may have, in small letters; an oersted counts as one."""

IMPROBABLE = 1e-4
"""A chi-square less probable than this is named beside its result."""

NU_MIN = 0.3
"""Lowest frequency that counts as a line, MHz: a slower one imitates a Gaussian."""

MAX_ASYMMETRY = 0.35
"""Largest initial asymmetry that a fit may claim where no calibration bounds it.

The positron spectrum averaged over energy gives 1/3; degraders and detector thresholds that
reject slow positrons raise it slightly.
"""

MUON_PULSE = 0.08
"""Length of a muon pulse of ISIS, full width at half maximum, µs."""
