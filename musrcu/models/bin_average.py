"""The average of a term of a model over bins, weighted with the decay of muons.

Of Re exp(z t + i phi) it is Re [exp(z a + i phi) Q], a the beginning of the bin,

    Q = E((z - 1/tau) w) / E(-w/tau),   E(u) = (exp(u) - 1) / u,

which is Re [exp(z t + i phi) sinhc((z - 1/tau) w/2) / sinhc(w/2tau)] with t the centre, and does
not overflow. A product of such functions is a sum of them; with Gaussian envelopes
:mod:`musrcu.models.gaussian_average` has their factors. Other functions are averaged over nodes
of Gauss and Legendre, as many as their fastest parameter and the width of the bins need.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from musrcu.constants import GAMMA_MU_OVER_2PI, MUON_LIFETIME
from musrcu.models.bins import Bins
from musrcu.models.gaussian_average import gaussian_factors, in_series
from musrcu.models.phasor import turning
from musrcu.models.registry import Component, FloatArray
from musrcu.models.term import Term, Values

ACCURACY = 1e-11
"""Error of an average over nodes, by the bound for a cosine of the term's fastest rate."""
MOST_NODES = 300
"""Enough for 90 turns in a bin."""
ENVELOPE = 3.0
"""A rate 1/µs counts as this many radians per µs: a Gaussian's high derivatives are larger than
those of a cosine."""
NARROWED = 30.0
"""A hopping rate counts up to so many times the widths and fields beside it."""
UNKNOWN = 20.0
"""Radians per µs that are granted to a function whose parameters do not tell how fast it is."""
_FASTNESS = {
    "MHz": 2 * math.pi,
    "1/us": ENVELOPE,
    "G": 2 * math.pi * GAMMA_MU_OVER_2PI,
    "T": 2e4 * math.pi * GAMMA_MU_OVER_2PI,
}
"""Radians per µs of one unit of a parameter."""
SMALL = 0.5
"""|u| below which E(u) is summed as a series."""
_SERIES = tuple(
    (1 / math.factorial(m + 1), (m + 1) / math.factorial(m + 2)) for m in range(16, -1, -1)
)
"""Coefficients of E(u) and of its derivative, of the highest power first."""

Slope = tuple[complex, complex, float]
Number = Any
"""A number or an array, real or complex."""


@dataclass(frozen=True, slots=True)
class Wave:
    """coefficient Re exp(z t + i phi - s t^2 / 2), with (dz/dp, d(i phi)/dp, ds/dp) of each
    parameter of a term."""

    coefficient: float
    z: complex
    phase: complex
    spread: float
    slopes: Sequence[Slope]
    turns: bool
    """Whether anything in it is complex."""


def average(term: Term, bins: Bins, values: Values) -> FloatArray:
    """The product of the term's components averaged over the bins, shape of their times."""
    if not all(map(math.isfinite, values[term.place])):
        return np.full(bins.time.shape, np.nan)
    parts = _waves(term, bins, values)
    if parts is None:
        nodes = bins.nodes(nodes_needed(term, values, bins.widest))
        return np.asarray(sum(weight * term.shape(t, values) for t, weight in nodes))
    means = [_mean(wave, bins).real for wave in parts]
    return np.asarray(means[0] if len(means) == 1 else sum(means))


def average_and_gradient(
    term: Term, bins: Bins, values: Values
) -> tuple[FloatArray, Sequence[FloatArray]]:
    """That average and its derivatives, one array for each parameter of the term."""
    if not all(map(math.isfinite, values[term.place])):
        nothing = np.full(bins.time.shape, np.nan)
        return nothing, [nothing] * len(values[term.place])
    parts = _waves(term, bins, values)
    if parts is None:
        return _over_nodes(term, bins, values)
    solved = [_mean_and_rows(wave, bins) for wave in parts]
    product, rows = solved[0]
    for more, found in solved[1:]:
        product = product + more
        rows = [a + b for a, b in zip(rows, found, strict=True)]
    return product, rows


def nodes_needed(term: Term, values: Values, width: float) -> int:
    """Nodes with which the average of the term over a bin of this width, µs, is accurate."""
    fastness = 1 / MUON_LIFETIME
    for factor, place in zip(term.factors, term.places, strict=True):
        fastness += _fastness(factor.component, values[place])
    return _nodes_for(0.5 * width * fastness)


def _phase(phase: Callable[..., float], values: Values) -> float:
    """The phase that a component states at 1 us; where it has none, more than any."""
    try:
        return phase(1.0, *map(float, values))
    except ArithmeticError:
        return math.inf


def _fastness(component: Component, values: Values) -> float:
    """How fast a component can change, radians per µs: the phase that it states, and its rates."""
    certificate, units = component.certificate, _FASTNESS
    known = []
    if certificate is not None and certificate.phase is not None:
        known.append(_phase(certificate.phase, values))
        units = {"1/us": ENVELOPE}
    hop = 0.0
    for parameter, value in zip(component.parameters, values, strict=True):
        if parameter.unit in units and parameter.name == "hop":
            hop = units[parameter.unit] * abs(float(value))
        elif parameter.unit in units:
            known.append(units[parameter.unit] * abs(float(value)))
    # hops make nothing faster than its fields do: what ends within 1/hop is as small as 1/hop^2
    known.append(min(hop, NARROWED * sum(known)))
    return sum(known) if len(known) > 1 else UNKNOWN


def turning_rate(term: Term, values: Values) -> tuple[float, int | None]:
    """How fast a term can precess, radians per µs, and the position of the parameter behind it.

    The rate is at most that of its fastest line: the phase that a certificate states, else what
    frequencies and fields amount to. None where nothing in it precesses.
    """
    fastest: tuple[float, int | None] = (0.0, None)
    rate = 0.0
    for factor, place in zip(term.factors, term.places, strict=True):
        numbers = [float(value) for value in values[place]]
        certificate = factor.component.certificate
        parts = [
            0.0 if one.unit == "1/us" else _FASTNESS.get(one.unit, 0.0) * abs(value)
            for one, value in zip(factor.component.parameters, numbers, strict=True)
        ]
        turning = sum(parts)
        if certificate is not None and certificate.phase is not None:
            turning = _phase(certificate.phase, numbers)
            turning -= certificate.phase(0.0, *numbers) if math.isfinite(turning) else 0.0
        rate += turning
        if turning > fastest[0]:
            fastest = (turning, place.start + parts.index(max(parts)))
    return rate, fastest[1]


def _nodes_for(theta: float) -> int:
    """Fewest nodes for which the remainder of cos(theta x) over -1 .. 1 is below ``ACCURACY``.

    2^2n (n!)^4 theta^2n / {(2n + 1) [(2n)!]^3} for the mean.
    """
    if not theta < MOST_NODES:
        return MOST_NODES
    wanted, height = math.log(ACCURACY), math.log(max(theta, 1e-300))
    for n in range(2, MOST_NODES):
        remainder = 2 * n * (math.log(2) + height) + 4 * math.lgamma(n + 1)
        remainder -= math.log(2 * n + 1) + 3 * math.lgamma(2 * n + 1)
        if remainder < wanted:
            return n
    return MOST_NODES


def _over_nodes(term: Term, bins: Bins, values: Values) -> tuple[FloatArray, list[FloatArray]]:
    product: FloatArray = np.zeros_like(bins.time)
    place = term.place
    rows = [np.zeros_like(bins.time) for _ in range(place.stop - place.start)]
    for t, weight in bins.nodes(nodes_needed(term, values, bins.widest)):
        shape, derivatives = term.shape_and_gradient(t, values)
        product += weight * shape
        for row, derivative in zip(rows, derivatives, strict=True):
            row += weight * derivative
    return product, rows


def _waves(term: Term, bins: Bins, values: Values) -> list[Wave] | None:
    """The term as a sum of waves; None where a component is none, or the bins are too wide."""
    found = waves(term, values)
    if found and all(not one.spread or in_series(one.z, one.spread, bins) for one in found):
        return found
    return None


def waves(term: Term, values: Values) -> list[Wave] | None:
    """The term as a sum of waves; None where a component is none.

    Re a Re b = Re (a b) / 2 + Re (a b*) / 2 where both may have a phase.
    """
    parts: list[_Part] = []
    for factor, place in zip(term.factors, term.places, strict=True):
        part = _part(factor.component, values[place])
        if part is None:
            return None
        parts.append(part)
    turns = [any(number.imag for number in _numbers(one)) for one in parts]
    again = [k for k, one in enumerate(turns) if one][1:]
    found = []
    for mirrored in itertools.product((False, True), repeat=len(again)):
        flip = {k for k, one in zip(again, mirrored, strict=True) if one}
        chosen = [_mirrored(one) if k in flip else one for k, one in enumerate(parts)]
        z = sum(one[0] for one in chosen)
        found.append(
            Wave(
                0.5 ** len(again),
                z if any(turns) else z.real,
                sum(one[1] for one in chosen),
                sum(one[2] for one in chosen),
                [slope for one in chosen for slope in one[3]],
                any(turns),
            )
        )
    return found


_Part = tuple[complex, complex, float, list[Slope]]


def _part(component: Component, values: Values) -> _Part | None:
    """(z, i phi, s, slopes) of a component; None where it is no wave."""
    if component.exponent is None:
        return None
    z, phi, slopes = component.exponent(*values)
    spread = 0.0
    by_spread: Sequence[float] = [0.0] * len(slopes)
    if component.spread is not None:
        spread, by_spread = component.spread(*values)
    both = zip(slopes, by_spread, strict=True)
    return (
        complex(z),
        complex(0.0, phi),
        spread,
        [(complex(a), complex(b), c) for (a, b), c in both],
    )


def _numbers(part: _Part) -> Iterator[complex]:
    yield from part[:2]
    yield from itertools.chain.from_iterable(slope[:2] for slope in part[3])


def _mirrored(part: _Part) -> _Part:
    z, phase, spread, slopes = part
    turned = [(a.conjugate(), b.conjugate(), c) for a, b, c in slopes]
    return z.conjugate(), phase.conjugate(), spread, turned


def _mean(wave: Wave, bins: Bins) -> Number:
    """Its complex average."""
    if wave.spread:
        (factor,) = gaussian_factors(wave.z, wave.spread, bins, derivatives=False)
        return _in_envelope(wave, bins) * factor
    factor, _ = _factors(wave.z, bins)
    return _turned(wave, bins.start, factor)


def _mean_and_rows(wave: Wave, bins: Bins) -> tuple[FloatArray, list[FloatArray]]:
    """The average and its derivatives by the parameters."""
    if not wave.slopes:
        return _mean(wave, bins).real, []
    if wave.spread:
        return _gaussian_rows(wave, bins)
    factor, slope = _factors(wave.z, bins)
    if wave.turns:
        mean = _turned(wave, bins.start, factor)
        by_z = bins.start * mean + _turned(wave, bins.start, slope)
    else:
        fall = np.exp(wave.z * bins.start)
        mean, by_z = factor * fall, (bins.start * factor + slope) * fall
    return mean.real, [_along(one, (by_z, mean)) for one in wave.slopes]


def _gaussian_rows(wave: Wave, bins: Bins) -> tuple[FloatArray, list[FloatArray]]:
    """The same with a Gaussian envelope."""
    curve = _in_envelope(wave, bins)
    factor, by_z, by_spread = gaussian_factors(wave.z, wave.spread, bins, derivatives=True)
    mean = curve * factor
    columns = (curve * by_z, mean, curve * by_spread)
    return mean.real, [_along(one, columns) for one in wave.slopes]


def _in_envelope(wave: Wave, bins: Bins) -> Number:
    """The wave at the centres of the bins."""
    return np.exp(-0.5 * wave.spread * bins.time**2) * _turned(wave, bins.time, 1.0)


def _turned(wave: Wave, start: FloatArray, factor: Number) -> Number:
    """The factor times coefficient exp(z start + i phi); real where nothing turns."""
    factor = wave.coefficient * factor
    if not wave.turns:
        return factor * np.exp(wave.z * start) if wave.z else np.ones_like(start)
    if isinstance(factor, np.ndarray):
        return factor * turning(start, wave.z, wave.phase)
    return turning(start, wave.z, wave.phase, factor)


def _factors(z: complex, bins: Bins) -> tuple[Number, Number]:
    """Q and dQ/dz."""
    width = bins.width if bins.width.ndim else float(bins.width)
    mean, slope = _growth((z - 1 / MUON_LIFETIME) * width)
    decay = _growth(-width / MUON_LIFETIME)[0] if bins.width.ndim else _decay(float(width))
    return mean / decay, width * slope / decay


@lru_cache(maxsize=64)
def _decay(width: float) -> Number:
    return _growth(-width / MUON_LIFETIME)[0]


def _growth(u: Number) -> tuple[Number, Number]:
    """E(u) = (exp(u) - 1) / u and its derivative."""
    if not isinstance(u, np.ndarray):
        return _series(u) if abs(u) < SMALL else _closed(u)
    small = np.abs(u) < SMALL
    near, far = _series(np.where(small, u, 0.0)), _closed(np.where(small, 1.0, u))
    return np.where(small, near[0], far[0]), np.where(small, near[1], far[1])


def _series(u: Number) -> tuple[Number, Number]:
    value: Number = 0.0
    slope: Number = 0.0
    for one, other in _SERIES:
        value = value * u + one
        slope = slope * u + other
    return value, slope


def _closed(u: Number) -> tuple[Number, Number]:
    value = np.expm1(u) / u
    return value, (np.exp(u) - value) / u


def _along(slope: Slope, columns: tuple[Number, ...]) -> FloatArray:
    """Re (dz/dp d<P>/dz + d(i phi)/dp <P> + ds/dp d<P>/ds)."""
    parts = [
        _real_part(factor, column)
        for factor, column in zip(slope, columns, strict=False)
        if factor != 0.0
    ]
    if not parts:
        return np.zeros_like(columns[0].real)
    return np.asarray(parts[0] if len(parts) == 1 else sum(parts))


def _real_part(factor: complex, column: Number) -> Number:
    if factor.imag == 0.0:
        return factor.real * column.real
    if factor.real == 0.0:
        return -factor.imag * column.imag
    return (factor * column).real
