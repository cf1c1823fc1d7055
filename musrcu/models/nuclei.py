"""A muon with a few nuclei anywhere around it: a component made from their positions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.constants import GAMMA_MU, NUCLEI
from musrcu.errors import ModelError, nearest
from musrcu.models.certificate import Certificate
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import Component, FloatArray, component, components
from musrcu.models.remember import remembered
from musrcu.models.spin_lines import Lines, Spin, powder_lines
from musrcu.references import spin_system

Position = tuple[float, float, float]

MOST_STATES = 512
"""States of the muon and all nuclei together that are diagonalised: a second, once."""
MOST_PROVED = 32
"""States up to which the diagonalisation in many digits takes seconds."""
CLOSEST = 0.3
"""Least distance of two particles, angstrom; less than half of any bond."""
LARGEST_GAMMA = 0.05
"""No nucleus has more, rad/(µs G); the muon's is 0.085."""
ALONE = frozenset(
    [
        "H",
        "Be",
        "N",
        "F",
        "Na",
        "Al",
        "P",
        "Sc",
        "V",
        "Mn",
        "Co",
        "As",
        "Y",
        "Nb",
        "I",
        "Cs",
        "La",
        "Bi",
    ]
)
"""Elements of which one isotope makes up more than 99 %: their symbol alone will do."""
SCALE = Parameter(
    "scale",
    "",
    1.0,
    "factor on every distance",
    lower=0.1,
    seeds=(1.0, 0.95, 1.05),
    domain=(0.1, 10.0),
)


@dataclass(frozen=True, slots=True)
class Nucleus:
    """One nucleus near a muon.

    Raises
    ------
    ModelError where a number is impossible; ``gamma`` is not the MHz/T of a table.
    """

    spin: float
    """1/2, 1, ... 9/2."""
    gamma: float
    """Gyromagnetic ratio, rad/(µs G): the MHz/T of gamma / 2 pi times 2 pi 1e-4."""
    position: Position
    """Angstrom."""
    label: str = ""
    """Such as ``19F``."""

    def __post_init__(self) -> None:
        name = self.label or "a nucleus"
        if not (round(2 * self.spin) == 2 * self.spin and 0.5 <= self.spin <= 4.5):
            raise ModelError(f"{name}: spin {self.spin}; expected 0.5, 1, ... 4.5")
        if not 0 < abs(self.gamma) <= LARGEST_GAMMA:
            raise ModelError(
                f"{name}: gamma = {self.gamma:g} rad/(us G); expected less than {LARGEST_GAMMA} "
                "and not 0 (a table's gamma / 2 pi in MHz/T is multiplied by 6.2832e-4)"
            )
        if len(self.position) != 3 or not all(math.isfinite(x) for x in self.position):
            raise ModelError(f"{name}: position {self.position}; expected x, y, z in angstrom")

    @classmethod
    def named(cls, isotope: str, position: Sequence[float]) -> Nucleus:
        """A nucleus by its name, such as ``19F``, ``F`` or ``63Cu``.

        Raises
        ------
        ModelError for an unknown one, or an element with more than one isotope.
        """
        label = _isotope(isotope)
        spin, mhz_per_tesla = NUCLEI[label]
        x, y, z = _position(isotope, position)
        return cls(spin, 2e-4 * math.pi * mhz_per_tesla, (x, y, z), label)


Given = Nucleus | tuple[str, Sequence[float]]
"""A nucleus, or the name of an isotope and its position in angstrom."""


def dipolar_component(
    name: str,
    nuclei: Iterable[Given],
    *,
    muon: Sequence[float] = (0.0, 0.0, 0.0),
    nuclear: bool = True,
) -> Component:
    """A component for a muon coupled to nuclei by their magnetic moments, average over a powder.

    The Hamiltonian, couplings of the nuclei among themselves included, is diagonalised once; P(t)
    is the mean over three directions of the muon, which is exact in zero field. Quadrupolar
    couplings are not in it. One parameter, ``scale``, multiplies every distance.

    Parameters
    ----------
    name : what it is called in a model expression; lower case, it ends in a letter.
    nuclei : each a :class:`Nucleus`, or an isotope and its position in angstrom:
        ``("F", (0, 0, 1.17))``.
    muon : position of the muon, angstrom.
    nuclear : whether the nuclei are coupled among themselves.

    Returns
    -------
    The component, registered under ``name``. The same call twice returns the same component; it
    goes along where a model is sent to another process.

    Raises
    ------
    ModelError for an unknown isotope, particles closer than 0.3 angstrom, more than 512 states, or
    a name that is taken.

    Source: J. H. Brewer et al., Phys. Rev. B 33, 7813 (1986); the sum over directions: R. S.
    Hayano et al., Phys. Rev. B 20, 850 (1979).
    """
    sites = tuple(_nucleus(name, given) for given in nuclei)
    at = _position("muon", muon)
    spins = _spins(name, sites, at)
    recipe = (_again, (name, sites, at, bool(nuclear)))
    known = components().get(name)
    if known is not None and known.remake == recipe:
        return known
    return _registered(name, sites, powder_lines(spins, nuclear), spins, bool(nuclear), recipe)


def _again(name: str, nuclei: tuple[Nucleus, ...], muon: Position, nuclear: bool) -> Component:
    """The component in another process."""
    return dipolar_component(name, nuclei, muon=muon, nuclear=nuclear)


def _registered(
    name: str,
    sites: tuple[Nucleus, ...],
    lines: Lines,
    spins: tuple[Spin, ...],
    nuclear: bool,
    recipe: tuple[Any, tuple[Any, ...]],
) -> Component:
    @remembered
    def solved(t: FloatArray, scale: float) -> tuple[FloatArray, tuple[FloatArray]]:
        value, slope = lines.both(t, scale**-3)
        return value, (-3.0 / scale * slope,)

    def function(t: FloatArray, scale: float) -> FloatArray:
        found: FloatArray = solved(np.asarray(t, dtype=float), scale)[0]
        return found

    function.__name__ = name
    coupled = "" if nuclear else ", not coupled among themselves"
    labels = ", ".join(site.label or f"spin {site.spin:g}" for site in sites)
    function.__doc__ = f"Muon with {labels}{coupled}: dipolar couplings, powder."
    return component(
        "sum of a_k cos(w_k t / scale^3)",
        parameters=[SCALE],
        together=solved,
        checks=[
            Check({"scale": 1.0}, t=0.0, expected=1.0, source="normalisation"),
            Check({"scale": 1e9}, t=1.0, expected=1.0, source="nuclei far away"),
        ],
        reference="J. H. Brewer et al., Phys. Rev. B 33, 7813 (1986)",
        certificate=_certificate(spins, lines, nuclear),
        remake=recipe,
    )(function)


def _certificate(spins: tuple[Spin, ...], lines: Lines, nuclear: bool) -> Certificate | None:
    if _states(spins) > MOST_PROVED:
        return None
    origin = spins[0].position
    around = tuple((s.spin, s.gamma, _from(origin, s.position)) for s in spins[1:])
    return Certificate(
        truth=lambda mp, t, scale: spin_system.dipolar(mp, t, around, nuclear, scale),
        method=f"diagonalisation of {_states(spins)} states, three directions of the muon",
        phase=lambda t, scale: lines.fastest * scale**-3 * abs(t),
    )


def _from(origin: Position, position: Position) -> Position:
    x, y, z = (b - a for a, b in zip(origin, position, strict=True))
    return x, y, z


def _states(spins: Iterable[Spin]) -> int:
    return math.prod(round(2 * spin.spin) + 1 for spin in spins)


def _spins(name: str, sites: tuple[Nucleus, ...], muon: Position) -> tuple[Spin, ...]:
    """The muon and the nuclei, none of them on top of another."""
    if not sites:
        raise ModelError(f"component {name}: no nuclei; a muon alone does not relax")
    spins = (
        Spin(0.5, GAMMA_MU, muon),
        *(Spin(site.spin, site.gamma, site.position) for site in sites),
    )
    states = _states(spins)
    if states > MOST_STATES:
        raise ModelError(
            f"component {name}: a muon and {len(sites)} nuclei have {states} states, and at most "
            f"{MOST_STATES} are diagonalised; leave out the farthest nuclei"
        )
    labels = ["the muon", *(site.label or f"nucleus {k}" for k, site in enumerate(sites, 1))]
    for i, one in enumerate(spins):
        for j in range(i):
            r = math.dist(one.position, spins[j].position)
            if r < CLOSEST:
                raise ModelError(
                    f"component {name}: {labels[j]} and {labels[i]} are {r:.3g} angstrom apart; "
                    f"expected {CLOSEST} at least (positions are in angstrom)"
                )
    return spins


def _nucleus(name: str, given: Any) -> Nucleus:
    if isinstance(given, Nucleus):
        return given
    if isinstance(given, Sequence) and len(given) == 2 and isinstance(given[0], str):
        return Nucleus.named(given[0], given[1])
    raise ModelError(
        f"component {name}: {given!r} is no nucleus; write for example ('F', (0, 0, 1.17))"
    )


def _position(what: str, given: Any) -> Position:
    try:
        x, y, z = (float(number) for number in given)
    except (TypeError, ValueError):
        raise ModelError(f"{what}: position {given!r}; expected x, y, z in angstrom") from None
    return x, y, z


def _isotope(name: str) -> str:
    """The name with its mass number: ``F`` is ``19F``.

    Raises
    ------
    ModelError where there is none, or more than one.
    """
    text = {"D": "2H", "H": "1H"}.get(name.strip(), name.strip())
    if text in NUCLEI:
        return text
    found = [isotope for isotope in NUCLEI if re.sub(r"\d", "", isotope) == text]
    if text in ALONE:
        return found[0] if text != "N" else "14N"
    if found:
        raise ModelError(f"{name}: which isotope? musrcu knows {', '.join(found)}")
    raise ModelError(
        f"{name!r} is no nucleus that musrcu knows{nearest(name, list(NUCLEI))}; give its spin and "
        "gamma in a Nucleus"
    )
