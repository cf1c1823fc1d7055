"""A muon with a few nuclei anywhere around it: a component made from their positions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from musrcu.constants import GAMMA_MU
from musrcu.errors import ModelError
from musrcu.models.certificate import Certificate
from musrcu.models.nucleus import Nucleus, Position, position_of
from musrcu.models.parameter import LONGEST, Check, Parameter
from musrcu.models.registry import Component, FloatArray, component, components
from musrcu.models.remember import remembered
from musrcu.models.spin_field import OrientedSpins
from musrcu.models.spin_lines import Lines, Spin, powder_lines
from musrcu.models.validity import zero_field
from musrcu.references import spin_system

MOST_STATES = 512
"""States of the muon and all nuclei together that are diagonalised: a second, once."""
MOST_PROVED = 32
"""States up to which the diagonalisation in many digits takes seconds."""
MOST_ENTRIES = 1 << 24
"""Entries of all matrices of an average over orientations to 40 us: ten seconds."""
FARTHEST = 4
"""Times so many MOST_ENTRIES that are still computed, for times beyond 40 us."""
CLOSEST = 0.3
"""Least distance of two particles, angstrom; less than half of any bond."""
BREWER = "J. H. Brewer et al., Phys. Rev. B 33, 7813 (1986)"
SCALE = Parameter(
    "scale",
    "",
    1.0,
    "factor on every distance",
    lower=0.1,
    seeds=(1.0, 0.95, 1.05),
    domain=(0.1, 10.0),
)


Given = Nucleus | tuple[str, Sequence[float]]
"""A nucleus, or the name of an isotope and its position in angstrom."""


def dipolar_component(
    name: str,
    nuclei: Iterable[Given],
    *,
    muon: Sequence[float] = (0.0, 0.0, 0.0),
    nuclear: bool = True,
    longitudinal: bool = False,
) -> Component:
    """A component for a muon coupled to nuclei by their magnetic moments, average over a powder.

    The Hamiltonian, couplings of the nuclei among themselves included, is diagonalised once; P(t)
    is the mean over three directions of the muon, which is exact in zero field. Quadrupolar
    couplings are not in it. The parameter ``scale`` multiplies every distance.

    Parameters
    ----------
    name : what it is called in a model expression; lower case, it ends in a letter.
    nuclei : each a :class:`Nucleus`, or an isotope and its position in angstrom:
        ``("F", (0, 0, 1.17))``.
    muon : position of the muon, angstrom.
    nuclear : whether the nuclei are coupled among themselves.
    longitudinal : whether there is a longitudinal field, ``B_LF`` in G, as a second parameter; a
        fit in which nothing is said of it holds it at the field of the run's header. Its powder
        average is a sum over orientations, to 1e-9: milliseconds for nuclei on a line
        through the muon, from 0.1 s for two others, seconds for four.

    Returns
    -------
    The component, registered under ``name``. The same call twice returns the same component; it
    goes along where a model is sent to another process.

    Raises
    ------
    ModelError for an unknown isotope, particles closer than 0.3 angstrom, more than 512 states (or
    what a longitudinal field can be averaged over), or a name that is taken.

    Source: J. H. Brewer et al., Phys. Rev. B 33, 7813 (1986); the sum over directions: R. S.
    Hayano et al., Phys. Rev. B 20, 850 (1979).
    """
    sites = tuple(_nucleus(name, given) for given in nuclei)
    at = position_of("muon", muon)
    spins = _spins(name, sites, at)
    options = (bool(nuclear), bool(longitudinal))
    recipe = (_again, (name, sites, at, *options))
    known = components().get(name)
    if known is not None and known.remake == recipe:
        return known
    made = _in_field if longitudinal else _without_field
    return made(name, _meaning(sites, *options), spins, bool(nuclear), recipe)


def _again(
    name: str, nuclei: tuple[Nucleus, ...], muon: Position, nuclear: bool, longitudinal: bool
) -> Component:
    """The component in another process."""
    return dipolar_component(name, nuclei, muon=muon, nuclear=nuclear, longitudinal=longitudinal)


def _meaning(sites: tuple[Nucleus, ...], nuclear: bool, longitudinal: bool) -> str:
    labels = ", ".join(site.label or f"spin {site.spin:g}" for site in sites)
    coupled = "" if nuclear else ", not coupled among themselves"
    field = " in a longitudinal field" if longitudinal else ""
    return f"Muon with {labels}{coupled}{field}: dipolar couplings, powder."


_Recipe = tuple[Callable[..., Component], tuple[Any, ...]]


def _without_field(
    name: str, meaning: str, spins: tuple[Spin, ...], nuclear: bool, recipe: _Recipe
) -> Component:
    lines = powder_lines(spins, nuclear)

    @remembered
    def solved(t: FloatArray, scale: float) -> tuple[FloatArray, tuple[FloatArray]]:
        value, slope = lines.both(t, scale**-3)
        return value, (-3.0 / scale * slope,)

    def function(t: FloatArray, scale: float) -> FloatArray:
        found: FloatArray = solved(np.asarray(t, dtype=float), scale)[0]
        return found

    function.__name__, function.__doc__ = name, meaning
    return component(
        "sum of a_k cos(w_k t / scale^3)",
        parameters=[SCALE],
        together=solved,
        checks=[
            Check({"scale": 1.0}, t=0.0, expected=1.0, source="normalisation"),
            Check({"scale": 1e9}, t=1.0, expected=1.0, source="nuclei far away"),
        ],
        reference=BREWER,
        certificate=_certificate(spins, lines, nuclear),
        remake=recipe,
        valid=zero_field("longitudinal=True of dipolar_component"),
    )(function)


def _in_field(
    name: str, meaning: str, spins: tuple[Spin, ...], nuclear: bool, recipe: _Recipe
) -> Component:
    lines, oriented = powder_lines(spins, nuclear), OrientedSpins.of(spins, nuclear)
    least = _least_scale(name, oriented)

    @remembered
    def value(t: FloatArray, scale: float, B_LF: float) -> FloatArray:
        if B_LF == 0.0:
            return lines.value(t, scale**-3)
        if not _within(name, oriented, least, t, scale):
            return np.full(t.shape, np.nan)
        return oriented.value(t, scale**-3, B_LF)

    @remembered
    def solved(
        t: FloatArray, scale: float, B_LF: float
    ) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        if B_LF == 0.0:
            zero, slope = lines.both(t, scale**-3)
            return zero, (-3.0 / scale * slope, np.zeros_like(t))
        if not _within(name, oriented, least, t, scale):
            nothing = np.full(t.shape, np.nan)
            return nothing, (nothing, nothing)
        found, by_factor, by_field = oriented.slopes(t, scale**-3, B_LF)
        return found, (-3.0 * scale**-4 * by_factor, by_field)

    def function(t: FloatArray, scale: float, B_LF: float) -> FloatArray:
        found: FloatArray = value(np.asarray(t, dtype=float), scale, B_LF)
        return found

    function.__name__, function.__doc__ = name, meaning
    return component(
        "sum of a_k cos(w_k t), a_k(scale, B_LF) and w_k(scale, B_LF) of every orientation",
        parameters=[
            replace(
                SCALE,
                lower=least,
                seeds=tuple(seed for seed in SCALE.seeds if seed >= least),
                domain=(least, 10.0),
            ),
            Parameter("B_LF", "G", 10.0, "longitudinal field", lower=0.0, kind="field"),
        ],
        together=solved,
        checks=[
            Check({"scale": 1.0, "B_LF": 10.0}, t=0.0, expected=1.0, source="normalisation"),
            Check({"scale": 1e9, "B_LF": 10.0}, t=1.0, expected=1.0, source="nuclei far away"),
        ],
        reference=BREWER,
        remake=recipe,
    )(function)


def _within(name: str, oriented: OrientedSpins, least: float, t: FloatArray, scale: float) -> bool:
    """Whether an average over orientations is affordable: no smaller distances than the least.

    Raises
    ------
    ModelError for times far beyond those of an experiment.
    """
    if scale < least:
        return False
    longest = float(np.max(np.abs(t), initial=0.0))
    if oriented.entries(longest, scale**-3) > FARTHEST * MOST_ENTRIES:
        raise ModelError(
            f"component {name}: times up to {longest:.6g} us need too many orientations; expected "
            f"up to {LONGEST:g} us"
        )
    return True


def _least_scale(name: str, oriented: OrientedSpins) -> float:
    """Smallest factor on the distances for which an average to 40 us stays within bounds."""
    if oriented.entries(LONGEST, 1.0) > MOST_ENTRIES:
        raise ModelError(
            f"component {name}: {len(oriented.dipolar)} states with couplings of "
            f"{oriented.width:.3g} rad/us are too many for all orientations of a longitudinal "
            "field; leave out the farthest nuclei, or longitudinal=True"
        )
    steps = (0.1 * k for k in range(1, 11))
    return next(round(s, 1) for s in steps if oriented.entries(LONGEST, s**-3) <= MOST_ENTRIES)


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
