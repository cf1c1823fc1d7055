"""What the picture of a model function shows: which parameter is varied, and how far it goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import ModelError, nearest
from musrcu.models.parameter import LONGEST, Parameter
from musrcu.models.registry import Component

_Curve = Callable[[FloatArray], FloatArray]

PERIODS = 8
"""Periods of the fastest precession that a picture of times shows."""
EXTREMA = 14
"""Maxima and minima of the fastest curve, at most, that a picture of times shows."""
RIPPLE = 0.03
"""Height below which an extremum is none."""
SETTLED = 0.015
"""Distance from its end, as a share of its height, at which a curve has settled."""
BEYOND = 1.3
"""A law of temperature is drawn up to so many critical temperatures."""
_POINTS = 400
_FIRST = ("hop", "B_LF")
"""Parameters that are varied where a function has one of them."""


@dataclass(frozen=True)
class View:
    """What is drawn of one component; what is left out is chosen."""

    vary: str = ""
    values: Sequence[float] = ()
    fixed: Mapping[str, float] = field(default_factory=dict)
    """Parameters that are not at their defaults."""
    end: float | None = None
    """Of the horizontal axis."""
    label: str = ""
    """Of the vertical axis of a law."""


THIRDS = (1 / 3, 2 / 3, 1.0)
_WIDTH = r"$\sigma$ (µs$^{-1}$)"
VIEWS: Mapping[str, View] = {
    "stretched_exponential": View("beta", (0.5, 1.0, 2.0)),
    "power_decay": View("n", (0.5, 1.0, 2.0)),
    "gaussian_power": View("n", (1.0, 4.0, 100.0)),
    "cosine": View("phi", (0.0, 45.0), end=5.0),
    "stretched_cosine": View("beta", (0.5, 1.0, 2.0)),
    "bessel": View("nu", (0.5, 1.0)),
    "internal_field": View("fraction", THIRDS),
    "internal_bessel": View("fraction", THIRDS),
    "gaussian_internal_field": View("fraction", THIRDS),
    "kornilov_gaussian": View("sigma", (0.5, 2.0, 5.0)),
    "kornilov_lorentzian": View("a", (0.5, 2.0, 5.0)),
    "interpolating_kt": View("beta", (1.0, 1.5, 2.0)),
    "broadened_kt": View("width", (0.0, 0.1, 0.3)),
    "gaussian_kt_lf": View("B_LF", (0.0, 4.0, 15.0)),
    "lorentzian_kt_lf": View("B_LF", (0.0, 4.0, 15.0)),
    "dynamic_gaussian_kt": View("hop", (0.0, 0.3, 3.0)),
    "dynamic_lorentzian_kt": View("hop", (0.0, 0.3, 3.0)),
    "dynamic_voigtian_kt": View("hop", (0.0, 0.3, 3.0)),
    "dynamic_gaussian_kt_lf": View("hop", (0.0, 0.3, 3.0), end=15.0),
    "dynamic_lorentzian_kt_lf": View("hop", (0.0, 0.3, 3.0), end=15.0),
    "uemura_spin_glass": View("Q", (0.1, 0.5, 0.9)),
    "mu_f": View("r", (1.1, 1.17, 1.25), end=10.0),
    "f_mu_f": View("r", (1.1, 1.17, 1.25), end=10.0),
    "f_mu_f_ff": View("r", (1.1, 1.17, 1.25), end=10.0),
    "muonium": View("A_hf", (2000.0, 4463.302765), end=1e-3),
    "muonium_tf": View("B", (100.0, 3000.0), end=2e-3),
    "muonium_tf_low": View("B", (20.0, 100.0), end=0.12),
    "muonium_tf_high": View("B", (100.0, 20000.0), end=2e-3),
    "muonium_lf": View("B_LF", (300.0, 1500.0, 5000.0), end=6e-4),
    "muonium_axial": View("D_hf", (0.0, -50.0), end=0.08),
    "order_parameter": View("beta", (0.125, 0.25, 0.5), label=r"$\nu$ (MHz)"),
    "power_law": View("n", (-1.0, 1.0, 2.0), end=3.0),
    "arrhenius": View("E_a", (5.0, 10.0, 20.0), end=300.0, label="Rate (µs$^{-1}$)"),
    "critical_divergence": View("w", (0.25, 0.5, 1.0)),
    "two_fluid": View("T_c", (6.0, 10.0, 14.0), label=_WIDTH),
    "s_wave": View("gap", (1.0, 1.5, 2.5), label=_WIDTH),
    "s_wave_dirty": View("gap", (1.0, 1.5, 2.5), label=_WIDTH),
    "redfield": View("hop", (1.0, 10.0, 100.0), label=r"$\lambda$ (µs$^{-1}$)"),
    "repolarisation": View("A_hf", (100.0, 1000.0, 4463.302765), label="Asymmetry"),
    "gaussian_decoupling": View("delta", (0.1, 0.5, 2.0), label="Asymmetry"),
}
"""By the component's name."""


def view_of(component: Component, asked: View) -> View:
    """What is drawn: what was asked, else what the table says, else what suits the parameters.

    Raises
    ------
    ModelError if the component has no parameter of a name that was asked.
    """
    names = [p.name for p in component.parameters]
    for name in (*([asked.vary] if asked.vary else []), *asked.fixed):
        if name not in names:
            raise ModelError(
                f"component {component.key} has no parameter {name!r}{nearest(name, names)} "
                f"(it has {', '.join(names) or 'none'})"
            )
    known = VIEWS.get(component.key, View())
    vary = asked.vary or known.vary or _varied(component)
    values = asked.values or (known.values if vary == known.vary else ())
    if not values and vary:
        values = _spread(component.parameters[names.index(vary)])
    return View(
        vary,
        tuple(values),
        {**known.fixed, **asked.fixed},
        asked.end if asked.end is not None else known.end,
        asked.label or known.label,
    )


def _varied(component: Component) -> str:
    """The field or hopping rate, else the first parameter that is no phase or amplitude."""
    names = [p.name for p in component.parameters]
    for name in _FIRST:
        if name in names:
            return name
    plain = [p.name for p in component.parameters if p.kind not in ("phase", "amplitude")]
    return [*plain, *names, ""][0]


def _spread(parameter: Parameter) -> tuple[float, ...]:
    """Three values about the default, inside the limits."""
    if parameter.name == "hop" and len(parameter.seeds) == 3:
        return tuple(sorted(parameter.seeds))
    if parameter.default == 0:
        low, high = parameter.certified
        spread = (0.0, min(high, 5.0), min(high, 20.0))
    else:
        spread = (0.4 * parameter.default, parameter.default, 2.5 * parameter.default)
    low = -math.inf if parameter.lower is None else parameter.lower
    high = math.inf if parameter.upper is None else parameter.upper
    return tuple(dict.fromkeys(min(max(value, low), high) for value in spread))


def last_time(
    component: Component, sets: Sequence[Sequence[float]], curves: Sequence[_Curve]
) -> float:
    """Where the time axis ends, µs: behind a few periods, or where most curves have settled."""
    frequencies = [
        value
        for values in sets
        for p, value in zip(component.parameters, values, strict=True)
        if p.kind == "frequency" and value > 0
    ]
    longest = min([LONGEST, *(PERIODS / nu for nu in frequencies)])
    end = longest / 2**17
    while end < longest and max(_extrema(curve, end) for curve in curves) < EXTREMA:
        end = min(2 * end, longest)
    t = np.linspace(0.0, end, _POINTS)
    settled = sorted(_settles(t, curve(t)) for curve in curves)
    return rounded(min(end, max(1.2 * settled[len(settled) // 2], 0.6 * settled[-1])))


def _extrema(curve: _Curve, end: float) -> int:
    """Maxima and minima that rise above a ripple."""
    values = curve(np.linspace(0.0, end, _POINTS))
    turns = np.flatnonzero(np.diff(np.sign(np.diff(values)))) + 1
    heights = values[np.concatenate([[0], turns, [values.size - 1]])]
    return int((np.abs(np.diff(heights)) > RIPPLE).sum())


def _settles(t: FloatArray, values: FloatArray) -> float:
    away = np.abs(values - values[-1]) > SETTLED * max(float(np.ptp(values)), 1e-12)
    return float(t[np.flatnonzero(away)[-1]]) if away.any() else float(t[-1])


def rounded(value: float) -> float:
    """The next round number above a positive one."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return next(power * step for step in steps if power * step >= 0.999 * value)


def last_temperature(component: Component, sets: Sequence[Sequence[float]]) -> float:
    """Where the temperature axis ends, K: behind the highest critical temperature."""
    kelvin = [
        value
        for values in sets
        for p, value in zip(component.parameters, values, strict=True)
        if p.unit == "K"
    ]
    return BEYOND * max(kelvin, default=10.0 / BEYOND)


def fields(curves: Sequence[_Curve], lowest: float, highest: float) -> tuple[float, float]:
    """Fields, G, between which every curve does what it does, in whole decades."""
    grid = np.geomspace(lowest, highest, _POINTS)
    low, high = highest, lowest
    for curve in curves:
        values = curve(grid)
        height = max(float(np.ptp(values)), 1e-300)
        moving = (np.abs(values - values[0]) > 0.03 * height) & (
            np.abs(values - values[-1]) > 0.03 * height
        )
        if moving.any():
            inside = grid[np.flatnonzero(moving)]
            low, high = min(low, float(inside[0])), max(high, float(inside[-1]))
    if low >= high:
        return lowest, highest
    below, above = math.floor(math.log10(low / 2)), math.ceil(math.log10(2 * high))
    return max(lowest, 10.0**below), min(highest, 10.0**above)
