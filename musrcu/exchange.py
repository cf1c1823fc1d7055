"""What follows from T_N, J and g of an antiferromagnet of uniform spin-1/2 chains: formulas only.

Convention: H = J sum S_i S_{i+1} with J > 0 antiferromagnetic, J and J' in K (over Boltzmann's
constant), fields in G, temperatures in K. An argument is a number (exact), a pair (value, error),
text as it is printed, ``"13.7(1)"`` or ``"19.9(1) T"``, a fitted parameter, of which MINOS errors
count where it has them, or a result of this module; a list or an array stands for many values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import BOHR_MAGNETON
from musrcu.errors import MusrcuError
from musrcu.quantity import Given, Quantity, propagated, quantity

YASUDA_C, YASUDA_LAMBDA = 0.233, 2.6
SCHULZ = 1.017
MOLAR = 0.375148095
"""N_A mu_B^2/k_B, emu K/mol (CODATA 2022)."""
T_MAXIMUM, CHI_MAXIMUM = 0.640851, 0.146926279
"""Where chi of the chain has its maximum, T/J, and chi J/(N g^2 mu_B^2) there (Johnston et al.)."""
COLDEST = 0.01
"""T/J from which the fit of chi holds."""

_JOHNSTON = (
    (1.0, -0.053837836, 0.097401365, 0.014467437, 0.0013925193, 0.00011393434),
    (1.0, 0.44616216, 0.32048245, 0.13304199, 0.037184126, 0.0028136088, 0.00026467628),
)
_NODES = (28, 64)  # of half the range of rapidities, up to 2 and beyond: 12 digits
_FAINT = 1e-10  # field over J below which the magnetisation is taken to be linear


@dataclass(frozen=True, slots=True, eq=False)
class Coupling:
    """What T_N and J say of the coupling between chains."""

    T_N: Quantity
    J: Quantity
    J_prime: Quantity
    """J', K."""
    ratio: Quantity
    """J'/J."""
    moment: Quantity
    """Ordered moment, mu_B."""
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """One line each for J', J'/J and m, and the notes."""
        lines = [
            f"J' = {self.J_prime}   (Yasuda et al. 2005, from T_N and J = {self.J})",
            f"J'/J = {self.ratio}",
            f"m = {self.moment}   (Schulz 1996)",
        ]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        names = ("T_N", "J", "J_prime", "ratio", "moment")
        return {**{n: getattr(self, n).to_dict() for n in names}, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True, eq=False)
class CurieWeiss:
    """chi = C/(T + theta) of a chain at T far above J."""

    theta: Quantity
    """K."""
    C: Quantity
    """emu K/mol."""


def interchain_coupling(T_N: Given, J: Given) -> Coupling:
    """J', J'/J and the ordered moment of coupled spin-1/2 chains.

    |J'| = T_N / {4 c sqrt[L + (ln L)/2]}, L = ln(lambda J/T_N), c = 0.233, lambda = 2.6, for four
    neighbouring chains. Errors are those of T_N and J; the constants are taken as exact.

    Parameters
    ----------
    T_N : K; unequal errors are carried through side by side.
    J : K, along the chains.

    Raises
    ------
    MusrcuError where T_N is not below J, or either is not a positive number.

    Source: C. Yasuda et al., Phys. Rev. Lett. 94, 217201 (2005), simulated for J'/J of 0.001 and
    more; the moment as :func:`moment`.
    """
    critical, chain = quantity("T_N", T_N, "K"), quantity("J", J, "K")
    ratio = propagated(lambda t, j: t / j, "", critical, chain)
    if np.any(ratio.value >= 1.0):
        raise MusrcuError(
            f"T_N = {critical} is not below J = {chain}: the relation holds for chains whose T_N "
            "is far below J; are both in K?"
        )
    ratio = propagated(lambda t, j: _yasuda(t, j) / j, "", critical, chain)
    return Coupling(
        critical,
        chain,
        J_prime=propagated(_yasuda, "K", critical, chain),
        ratio=ratio,
        moment=propagated(lambda t, j: _schulz(_yasuda(t, j) / j), "mu_B", critical, chain),
        notes=tuple(_notes({"T_N": critical, "J": chain}, ratio)),
    )


def moment(ratio: Given) -> Quantity:
    """Ordered moment m = 1.017 sqrt(J'/J) in mu_B, for g = 2; one full moment is 1.

    Raises
    ------
    MusrcuError unless 0 < J'/J < 0.9668, where m is a full moment.

    Source: H. J. Schulz, Phys. Rev. Lett. 77, 2790 (1996): a mean field of weakly coupled chains,
    without logarithms, for J' far below J.
    """
    given = quantity("J'/J", ratio, "")
    if np.any(given.value >= SCHULZ**-2):
        raise MusrcuError(
            f"J'/J = {given} is too large: the moment of weakly coupled chains needs J' far below J"
        )
    return propagated(_schulz, "mu_B", given)


def coupling_from_saturation(B_c: Given, g: Given) -> Quantity:
    """J = g mu_B B_c/2 in K, from the field in G (or text such as ``"19.9(1) T"``) of saturation.

    Source: R. B. Griffiths, Phys. Rev. 133, A768 (1964). Exact for one chain at T = 0.
    """
    arguments = quantity("B_c", B_c, "G"), quantity("g", g, "")
    return propagated(lambda field, factor: factor * BOHR_MAGNETON * field / 2, "K", *arguments)


def saturation_field(J: Given, g: Given) -> Quantity:
    """B_c = 2 J/(g mu_B) in G, the inverse of :func:`coupling_from_saturation`."""
    arguments = quantity("J", J, "K"), quantity("g", g, "")
    return propagated(lambda j, factor: 2 * j / (factor * BOHR_MAGNETON), "G", *arguments)


def susceptibility(T: Given, J: Given, g: Given) -> Quantity:
    """Molar susceptibility in emu/mol of uniform chains, of the shape of T, without impurities.

    The fit of Johnston et al. to exact results; it is within 5e-6 of chi J/(N g^2 mu_B^2), whose
    maximum is 0.147.

    Parameters
    ----------
    T : K, 0.01 J and more; above 5 J it runs into Curie's law.

    Raises
    ------
    MusrcuError for a temperature below 0.01 J, where logarithms take over.

    Source: D. C. Johnston et al., Phys. Rev. B 61, 9558 (2000).
    """
    arguments = quantity("T", T, "K"), quantity("J", J, "K"), quantity("g", g, "")
    lowest = np.min(arguments[0].value / arguments[1].value)
    if lowest < COLDEST * (1 - 1e-12):
        raise MusrcuError(
            f"T = {lowest:.3g} J is too low: the susceptibility of the chain is known from "
            f"T = {COLDEST:g} J on"
        )
    return propagated(_chi, "emu/mol", *arguments)


def susceptibility_maximum(J: Given, g: Given) -> tuple[Quantity, Quantity]:
    """Temperature in K and value in emu/mol of the maximum of :func:`susceptibility`, exact."""
    chain, factor = quantity("J", J, "K"), quantity("g", g, "")
    return (
        propagated(lambda j: T_MAXIMUM * j, "K", chain),
        propagated(lambda j, g: MOLAR * g**2 * CHI_MAXIMUM / j, "emu/mol", chain, factor),
    )


def coupling_from_maximum(T_max: Given) -> Quantity:
    """J = T_max/0.640851 in K, from the temperature of the maximum of the susceptibility."""
    return propagated(lambda t: t / T_MAXIMUM, "K", quantity("T_max", T_max, "K"))


def curie_weiss(J: Given, g: Given) -> CurieWeiss:
    """Theta = J/2 and C = N g^2 mu_B^2/(4 k_B), to first order in J/T.

    A straight line through 1/chi at temperatures that are not far above J gives a larger theta.
    """
    chain, factor = quantity("J", J, "K"), quantity("g", g, "")
    return CurieWeiss(
        theta=propagated(lambda j: j / 2, "K", chain),
        C=propagated(lambda g: MOLAR * g**2 / 4, "emu K/mol", factor),
    )


def magnetisation(B: Given, J: Given, g: Given) -> Quantity:
    """Magnetisation of a chain at T = 0 over that at saturation, of the shape of B in G.

    From the Bethe ansatz, to 1e-11; 1 from the saturation field on.

    Source: R. B. Griffiths, Phys. Rev. 133, A768 (1964).
    """
    return propagated(lambda b, j, g: _bethe(b, j, g)[0], "", *_in_field(B, J, g))


def ground_state_energy(B: Given, J: Given, g: Given) -> Quantity:
    """Energy per site in K of a chain at T = 0 in the field B in G, that of the field included.

    It is J (1/4 - ln 2) in no field. Source: as :func:`magnetisation`.
    """
    return propagated(lambda b, j, g: _bethe(b, j, g)[1], "K", *_in_field(B, J, g))


def _yasuda(critical: Any, chain: Any) -> Any:
    logarithm = np.log(YASUDA_LAMBDA * chain / critical)
    return critical / (4 * YASUDA_C * np.sqrt(logarithm + np.log(logarithm) / 2))


def _schulz(ratio: Any) -> Any:
    return SCHULZ * np.sqrt(ratio)


def _chi(T: Any, chain: Any, factor: Any) -> Any:
    t = np.where(T / chain > COLDEST * (1 - 1e-12), T / chain, np.nan)
    above, below = (np.polynomial.polynomial.polyval(1 / t, p) for p in _JOHNSTON)
    return MOLAR * factor**2 / chain * above / (4 * t * below)


def _in_field(B: Given, J: Given, g: Given) -> tuple[Quantity, Quantity, Quantity]:
    field = quantity("B", B, "G", positive=False)
    return field, quantity("J", J, "K"), quantity("g", g, "")


def _bethe(field: Any, chain: Any, factor: Any) -> tuple[Any, Any]:
    """Magnetisation over saturation and energy per site in K."""
    h = factor * BOHR_MAGNETON * field / chain
    shape, flat = np.shape(h), np.ravel(h)
    pairs = np.array([_at_field(abs(one)) for one in flat.tolist()]).reshape(-1, 2)
    return np.sign(h) * pairs[:, 0].reshape(shape), chain * pairs[:, 1].reshape(shape)


@cache
def _legendre(number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return (nodes + 1) / 2, weights / 2


def _at_field(h: float) -> tuple[float, float]:
    """Magnetisation over saturation and energy over J in the field g mu_B B = h J, h >= 0."""
    from scipy.optimize import brentq

    if not h < 2:
        return (1.0, 0.25 - h / 2) if h >= 2 else (math.nan, math.nan)
    if h < _FAINT:
        return h / _FAINT * _at_field(_FAINT)[0], 0.25 - math.log(2)
    cut = brentq(lambda end: math.log(_at_cut(end)[0] / h), 0.0, 10.0, xtol=1e-15)
    return _at_cut(cut)[1:]


def _at_cut(end: float) -> tuple[float, float, float]:
    """(h/J, M/Msat, energy per site over J) where rapidities end at +-end.

    Density and dressed energy solve (1 + K) f = source with K = 1/(pi [1 + (x - y)^2]) and sources
    1/(x^2 + 1/4) and 1; all are even, so that half the range will do.
    """
    number = _NODES[end > 2]
    nodes, weights = _legendre(number)
    x, w = end * nodes, end * weights
    rows = np.append(x, end)[:, None]
    kernel = (1 / (1 + (rows - x) ** 2) + 1 / (1 + (rows + x) ** 2)) * w / math.pi
    source = 1 / (x**2 + 0.25)
    sources = np.stack((source, np.ones(number)), axis=1)
    turned, even = np.linalg.solve(np.eye(number) + kernel[:-1], sources).T
    h = (1 / (end**2 + 0.25) - kernel[-1] @ turned) / (1 - kernel[-1] @ even) / 2
    density = turned * w / math.pi  # of both halves
    magnetisation = 1 - 2 * density.sum()
    return float(h), float(magnetisation), float(0.25 - h / 2 + density @ (h - source / 2))


def _notes(arguments: Mapping[str, Quantity], ratio: Quantity) -> list[str]:
    notes = []
    for name, argument in arguments.items():
        if np.any(np.isnan(argument.low + argument.high)):
            notes.append(f"the error of {name} is not known, nor are those of what follows from it")
        elif not np.any(argument.high - argument.low):
            notes.append(f"{name} came without an error and is taken as exact")
        elif np.any((argument.low == 0) | (argument.high == 0)):
            notes.append(f"{name} is at a bound: its interval is one-sided, as those that follow")
    if np.any(ratio.value > 0.1):
        notes.append("J'/J is not small: neither formula is meant for chains so strongly coupled")
    if np.any(ratio.value < 1e-3):
        notes.append("J'/J lies below 0.001, the weakest coupling that the formula was tested with")
    return notes
