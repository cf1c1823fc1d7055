"""Spectra for the study of start values, drawn without anything of musrcu.

Each case is a model whose formula is written out here a second time, with NumPy only. Parameters
are drawn first; then the part that is to be found (the line, or what relaxes) is scaled so that it
is seen with a given significance, the root of the expected rise of chi-square without it, and two
histograms are thrown with Poisson noise. Units: us, MHz, 1/us, degrees.

    N(t) = N0 [exp(-t/tau) (1 + s a(t)) + 0.005],   s = +1 in one group, -1 in the other
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

TAU = 2.1969811  # muon lifetime
FLAT = 0.005
WEAKEST, STRONGEST = 4.0, 50.0
LARGEST = 0.25
WIDTHS = (0.0025, 0.005, 0.008)

Values = dict[str, float]
Array = np.ndarray


class Case(NamedTuple):
    """A model, and how its parameters are drawn."""

    expression: str
    draw: Callable[[np.random.Generator], Values]
    curve: Callable[[Array, Values], Array]
    sought: str
    """Name of the amplitude that is scaled to the significance."""
    line: tuple[str, str] | None = None
    """Names of frequency and damping of the line that is looked for."""
    without: str = ""
    """Expression without it."""


class Spectrum(NamedTuple):
    """One simulated asymmetry."""

    time: Array
    value: Array
    error: Array
    width: float
    truth: Values
    significance: float
    events: float


def rate(rng: np.random.Generator) -> float:
    """0 to 10 1/us: half of them evenly, half by their logarithm above 0.01."""
    if rng.random() < 0.5:
        return float(rng.uniform(0, 10))
    return logarithmic(rng, 0.01, 10)


def logarithmic(rng: np.random.Generator, low: float, high: float) -> float:
    """Evenly by the logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def frequency(rng: np.random.Generator) -> float:
    """0.2 to 50 MHz, evenly by the logarithm."""
    return logarithmic(rng, 0.2, 50)


def _base(rng: np.random.Generator, *amplitudes: str) -> Values:
    found = {name: float(rng.uniform(0.02, 0.1)) for name in amplitudes}
    return {**found, "A_bg": float(rng.uniform(-0.1, 0.2))}


def _line(rng: np.random.Generator, k: int, damping: str = "lambda") -> Values:
    found = {f"A{k}": float(rng.uniform(0.02, 0.2)), f"phi{k}": float(rng.uniform(-180, 180))}
    if damping:
        found[f"{damping}{k}"] = rate(rng)
    return {**found, f"nu{k}": frequency(rng)}


def turn(t: Array, p: Values, k: int) -> Array:
    """A cosine from its phase in degrees."""
    return np.cos(2 * np.pi * p[f"nu{k}"] * t + np.radians(p[f"phi{k}"]))


def damped(t: Array, p: Values, k: int) -> Array:
    """A damped cosine."""
    return p[f"A{k}"] * np.exp(-p[f"lambda{k}"] * t) * turn(t, p, k)


def relaxing(t: Array, p: Values, k: int) -> Array:
    """An exponential."""
    return p[f"A{k}"] * np.exp(-p[f"lambda{k}"] * t)


def bell(t: Array, p: Values, k: int) -> Array:
    """A Gaussian."""
    return p[f"A{k}"] * np.exp(-((p[f"sigma{k}"] * t) ** 2) / 2)


def static_kt(t: Array, delta: float) -> Array:
    """The static Gaussian Kubo-Toyabe function."""
    x = (delta * t) ** 2
    return 1 / 3 + 2 / 3 * (1 - x) * np.exp(-x / 2)


def field_kt(t: Array, delta: float, field: float) -> Array:
    """The same in a longitudinal field, G; the integral by the trapezium rule."""
    omega = 2 * np.pi * 0.01355342 * field
    if omega < 1e-3:
        return static_kt(t, delta)
    fine = np.arange(0, t[-1] * 1.001 + 1e-9, min(0.05 / omega, 0.02 / delta, 0.01))
    inner = np.exp(-((delta * fine) ** 2) / 2) * np.sin(omega * fine)
    integral = np.concatenate([[0.0], np.cumsum((inner[1:] + inner[:-1]) / 2 * np.diff(fine))])
    decay = np.exp(-((delta * t) ** 2) / 2) * np.cos(omega * t)
    part = 2 * delta**4 / omega**3 * np.interp(t, fine, integral)
    return 1 - 2 * (delta / omega) ** 2 * (1 - decay) + part


def dynamic_kt(t: Array, delta: float, field: float, hop: float) -> Array:
    """Strong collisions: P(t) = p(t) e^(-nu t) + nu int P(t-s) p(s) e^(-nu s) ds, trapezia."""
    n = 1500
    grid = np.linspace(0, t[-1] * 1.001, n)
    kernel = field_kt(grid, delta, field) * np.exp(-hop * grid)
    h, found = grid[1], np.empty(n)
    found[0] = 1.0
    for k in range(1, n):
        inner = found[1:k] @ kernel[k - 1 : 0 : -1] + 0.5 * found[0] * kernel[k]
        found[k] = (kernel[k] + hop * h * inner) / (1 - 0.5 * hop * h * kernel[0])
    return np.interp(t, grid, found)


def _paper(rng: np.random.Generator) -> Values:
    return {**_base(rng, "A1"), "lambda1": rate(rng), **_line(rng, 2)}


def _two(rng: np.random.Generator) -> Values:
    return {**_base(rng), **_line(rng, 1), **_line(rng, 2)}


def _cosine_gaussian(rng: np.random.Generator) -> Values:
    return {**_base(rng, "A1"), "lambda1": rate(rng), **_line(rng, 2, ""), "sigma3": rate(rng)}


def _stretched(rng: np.random.Generator) -> Values:
    beta = float(rng.uniform(0.3, 2.0))
    return {**_base(rng, "A1"), "lambda1": logarithmic(rng, 0.03, 10), "beta1": beta}


def _widths(rng: np.random.Generator) -> Values:
    return {
        **_base(rng, "A1", "A2"),
        "sigma1": logarithmic(rng, 0.05, 10),
        "lambda2": logarithmic(rng, 0.05, 10),
    }


def _kt(rng: np.random.Generator) -> Values:
    return {**_base(rng, "A1"), "delta1": logarithmic(rng, 0.05, 20)}


def _hopping(rng: np.random.Generator) -> Values:
    return {**_kt(rng), "hop1": logarithmic(rng, 0.03, 10)}


def _hopping_field(rng: np.random.Generator) -> Values:
    return {**_hopping(rng), "B_LF1": logarithmic(rng, 1, 300)}


PAPER = "exponential + damped_cosine + constant"
CASES: Mapping[str, Case] = {
    "paper": Case(
        PAPER,
        _paper,
        lambda t, p: relaxing(t, p, 1) + damped(t, p, 2) + p["A_bg"],
        "A2",
        ("nu2", "lambda2"),
        "exponential + constant",
    ),
    "line": Case(
        "damped_cosine + constant",
        lambda rng: {**_base(rng), **_line(rng, 1)},
        lambda t, p: damped(t, p, 1) + p["A_bg"],
        "A1",
        ("nu1", "lambda1"),
        "constant",
    ),
    "cosine*gaussian": Case(
        "exponential + cosine*gaussian + constant",
        _cosine_gaussian,
        lambda t, p: (
            relaxing(t, p, 1)
            + p["A2"] * turn(t, p, 2) * np.exp(-((p["sigma3"] * t) ** 2) / 2)
            + p["A_bg"]
        ),
        "A2",
        ("nu2", "sigma3"),
        "exponential + constant",
    ),
    "two lines": Case(
        "damped_cosine + damped_cosine + constant",
        _two,
        lambda t, p: damped(t, p, 1) + damped(t, p, 2) + p["A_bg"],
        "A2",
    ),
    "gaussian + exponential": Case(
        "gaussian + exponential + constant",
        _widths,
        lambda t, p: bell(t, p, 1) + relaxing(t, p, 2) + p["A_bg"],
        "A1",
    ),
    "stretched": Case(
        "stretched_exponential + constant",
        _stretched,
        lambda t, p: p["A1"] * np.exp(-((p["lambda1"] * t) ** p["beta1"])) + p["A_bg"],
        "A1",
    ),
    "gaussian_kt": Case(
        "gaussian_kt + constant",
        _kt,
        lambda t, p: p["A1"] * static_kt(t, p["delta1"]) + p["A_bg"],
        "A1",
    ),
    "dynamic_gaussian_kt": Case(
        "dynamic_gaussian_kt + constant",
        _hopping,
        lambda t, p: p["A1"] * dynamic_kt(t, p["delta1"], 0.0, p["hop1"]) + p["A_bg"],
        "A1",
    ),
    "dynamic_gaussian_kt_lf": Case(
        "dynamic_gaussian_kt_lf + constant",
        _hopping_field,
        lambda t, p: p["A1"] * dynamic_kt(t, p["delta1"], p["B_LF1"], p["hop1"]) + p["A_bg"],
        "A1",
    ),
}


def throw(name: str, seed: int) -> Spectrum:
    """The spectrum of a case and a seed; what cannot be seen with its significance is redrawn."""
    case = CASES[name]
    rng = np.random.default_rng([20261123, seed])
    significance = logarithmic(rng, WEAKEST, STRONGEST)
    width = float(rng.choice(WIDTHS))
    time = 0.006 + width * (np.arange(int(rng.uniform(8, 10) / width)) + 0.5)
    events = logarithmic(rng, 1e6, 1e8)
    alpha = float(rng.uniform(0.7, 1.4))
    while True:
        truth = case.draw(rng)
        truth[case.sought] *= significance / _seen(case, time, truth, events)
        if truth[case.sought] <= LARGEST:
            break
    value, error = _thrown(time, case.curve(time, truth), events, alpha, rng)
    return Spectrum(time, value, error, width, truth, significance, events)


def _seen(case: Case, time: Array, truth: Values, events: float) -> float:
    """Expected significance: of what is left of the sought part beside the others."""
    weight = np.exp(-time / TAU) ** 2 / (np.exp(-time / TAU) + FLAT)
    weight *= events * (time[1] - time[0]) / TAU
    part = case.curve(time, truth) - case.curve(time, {**truth, case.sought: 0.0})
    slopes = np.geomspace(0.02, 30, 40) if "exponential" in case.without else np.zeros(1)
    rise = np.inf
    for other in np.exp(-slopes[:, None] * time):
        beside = np.array([np.ones_like(time), other])
        solved = np.linalg.lstsq((beside * weight) @ beside.T, (beside * weight) @ part, rcond=1e-9)
        rise = min(rise, float(weight @ (part - solved[0] @ beside) ** 2))
    return max(float(np.sqrt(rise)), 1e-9)


def _thrown(
    time: Array, a: Array, events: float, alpha: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Asymmetry (F - alpha B) / (F + alpha B) of a pair with its background subtracted."""
    decay = np.exp(-time / TAU)
    scale = events * (time[1] - time[0]) / TAU / (1 + alpha)
    first = rng.poisson(scale * alpha * (decay * (1 + a) + FLAT))
    second = rng.poisson(scale * (decay * (1 - a) + FLAT))
    f, b = first - scale * alpha * FLAT, second - scale * FLAT
    # errors from smooth counts, which do not follow the noise
    mean = scale * decay
    variance = mean**2 * alpha * (decay + FLAT) * scale * (1 + alpha)
    total = f + alpha * b
    return (f - alpha * b) / total, 2 * alpha * np.sqrt(variance) / (2 * alpha * mean) ** 2
