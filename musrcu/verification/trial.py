"""The parameter sets of a verification: seeded, a third of them in the corners."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from musrcu.models.certificate import Corner
from musrcu.models.parameter import LONGEST, Parameter
from musrcu.models.registry import Component
from musrcu.verification.promise import COLDEST, STRONGEST, WARMEST

_Place = Callable[[dict[str, float], np.random.Generator], dict[str, float]]
_SMALLEST = 1e-6
"""Smallest parameter drawn, as a share of its largest, beside the limit itself."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of parameters, and the time (temperature, field) at which it is tried."""

    values: Mapping[str, float]
    """Parameters by name, and the variable."""
    where: str
    """``anywhere`` or the meaning of its corner."""

    def arguments(self, component: Component) -> tuple[float, ...]:
        """Parameters in the order of the function's arguments."""
        return tuple(self.values[p.name] for p in component.parameters)

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value:.6g}" for name, value in self.values.items())


def trials(component: Component, count: int, seed: int = 1) -> Iterator[Trial]:
    """``count`` sets for one component, the same ones for the same seed.

    Two of three lie anywhere in the domain, rates and times spread evenly in their logarithms or
    along the axis, some parameters exactly at a limit; every third lies in a corner, in turn.
    """
    rng = np.random.default_rng([seed, crc32(component.key.encode())])
    places = list(corners(component))
    for number in range(count):
        values = anywhere(component, rng)
        if number % 3 or not component.parameters:
            yield Trial(inside(component, values), "anywhere")
            continue
        corner = places[(number // 3) % len(places)]
        values = corner.place(values, rng)
        if corner.across:
            away = 10 ** rng.uniform(-13, -1.5) * rng.choice((-1, 1))
            values = {**values, corner.across: values[corner.across] * (1 + away)}
        yield Trial(inside(component, values), corner.meaning)


def corners(component: Component) -> Iterator[Corner]:
    """Corners that every function has, and its own."""
    names = {p.name for p in component.parameters}
    yield Corner("every parameter at a limit", lambda v, rng: {**v, **_at_limits(component, rng)})
    if component.variable == "t":
        yield Corner("early", lambda v, rng: {**v, "t": 10 ** rng.uniform(-7, -3)})
        yield Corner("40 us", lambda v, rng: {**v, "t": LONGEST})
        width = next((name for name in ("delta", "a") if name in names), None)
        if width:
            yield Corner(f"{width} t below 0.01", _slow(width))
            if "B_LF" in names:
                yield Corner("precession fast against the width", _precessing(width))
        if "hop" in names:
            yield Corner("hop above 100", lambda v, rng: {**v, "hop": rng.uniform(100, 1000)})
    if component.certificate is not None:
        yield from component.certificate.corners


def _slow(width: str) -> _Place:
    def place(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
        values = {**values, width: max(values[width], 1e-3)}
        return {**values, "t": 10 ** rng.uniform(-5, -2) / values[width]}

    return place


def _precessing(width: str) -> _Place:
    from musrcu.constants import GAMMA_MU

    def place(values: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
        delta = 10 ** rng.uniform(-2, 1)
        field = delta * 10 ** rng.uniform(math.log10(5), 3) / GAMMA_MU
        t = rng.uniform(0, 10) / delta
        return {**values, width: delta, "B_LF": field, "t": t}

    return place


def anywhere(component: Component, rng: np.random.Generator) -> dict[str, float]:
    """Parameters and variable anywhere in the domain."""
    interior = component.certificate is not None and component.certificate.domain == "interior"
    values = {p.name: _draw(p, rng, interior) for p in component.parameters}
    values[component.variable] = _variable(component, values, rng)
    return values


def _draw(parameter: Parameter, rng: np.random.Generator, interior: bool) -> float:
    low, high = parameter.certified
    if not interior and rng.random() < 0.07:
        return float(rng.choice((low, high)))
    if low < 0 or parameter.unit in ("", "deg") or rng.random() < 0.2:
        return float(rng.uniform(low, high))
    least = max(low, _SMALLEST * high)
    return float(math.exp(rng.uniform(math.log(least), math.log(high))))


def _variable(component: Component, values: dict[str, float], rng: np.random.Generator) -> float:
    if component.variable == "T":
        own = [values[p.name] for p in component.parameters if p.unit == "K" and values[p.name]]
        if own and rng.random() < 0.8:
            return float(own[0] * rng.uniform(0, 2))
        return float(10 ** rng.uniform(math.log10(COLDEST), math.log10(WARMEST)))
    if component.variable == "B":
        return float(10 ** rng.uniform(-2, math.log10(STRONGEST)))
    choice = rng.random()
    rates = [
        values[p.name] * (2 * math.pi if p.unit == "MHz" else 1.0)
        for p in component.parameters
        if p.unit in ("1/us", "MHz") and p.name != "hop" and values[p.name] > 0
    ]
    if choice < 0.6 and rates:  # where something happens
        return min(float(10 ** rng.uniform(-1.5, 1.5) / rng.choice(rates)), LONGEST)
    if choice < 0.65:
        return 0.0
    if choice < 0.8:
        return float(10 ** rng.uniform(-4, math.log10(LONGEST)))
    return float(rng.uniform(0, LONGEST))


def _at_limits(component: Component, rng: np.random.Generator) -> dict[str, float]:
    if component.certificate is not None and component.certificate.domain == "interior":
        return {}
    return {p.name: float(rng.choice(p.certified)) for p in component.parameters}


def inside(component: Component, values: Mapping[str, float]) -> dict[str, float]:
    """These values, none of them outside the domain."""
    found = {}
    for p in component.parameters:
        low, high = p.certified
        found[p.name] = float(min(max(values[p.name], low), high))
    x = float(values[component.variable])
    if component.variable == "t":
        x = min(max(x, 0.0), LONGEST)
    return {**found, component.variable: x}
