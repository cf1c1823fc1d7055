"""Runs of a joint fit thrown without musrcu, and the same fit written out in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from asymmetries import RUN, asymmetry
from numpy.typing import NDArray
from throw import asymmetry_of, paper, paper_frequency, throw_pair

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.temperature import Temperature

FloatArray = NDArray[np.float64]

PAPER = "exponential + damped_cosine + constant"
SHARED = ("A1", "A2", "phi2", "A_bg")
LOCAL = ("lambda1", "lambda2", "nu2")
COMMON = {"A1": 0.055, "A2": 0.045, "phi2": 6.0, "A_bg": 0.11}
TEMPERATURES = (0.02, 0.04, 0.06, 0.075, 0.09, 0.1)


def truth(temperature: float) -> dict[str, float]:
    rates = {"lambda1": 0.9, "lambda2": 0.35 + 0.9 * (temperature / 0.105) ** 8}
    return COMMON | rates | {"nu2": paper_frequency(temperature)}


def thrown_run(
    parameters: dict[str, float], number: int, seed: int, events: float = 2e6, **options: Any
) -> Asymmetry:
    """One run; ``temperature`` and ``field`` are metadata, the rest options of throw_pair."""
    about = {
        "temperature": Temperature(nominal=options.pop("temperature", None)),
        "field": options.pop("field", None),
    }
    time, forward, backward = throw_pair(paper(parameters), events, seed, **options)
    value, error = asymmetry_of(forward, backward, options.get("alpha", 1.0))
    run = RUN.replace(number=number, **about)
    return asymmetry(time, value, error, run=run)


def scan(seed: int, events: float = 2e6, n_bins: int = 300, width: float = 0.03) -> list[Asymmetry]:
    """Runs at the temperatures of the test."""
    return [
        thrown_run(
            truth(T), 100 + k, 1000 * seed + k, events, temperature=T, n_bins=n_bins, width=width
        )
        for k, T in enumerate(TEMPERATURES)
    ]


def starts() -> dict[str, Any]:
    """The truth, as start values of a joint fit."""
    found: dict[str, Any] = dict(COMMON)
    for name in LOCAL:
        found[name] = [truth(T)[name] for T in TEMPERATURES]
    return found


def chi2_derivatives(data: Asymmetry, p: dict[str, float]) -> tuple[float, FloatArray, FloatArray]:
    """Chi-square of one run, its gradient and Hessian by (SHARED, LOCAL), by hand."""
    t, w = data.time, 1 / data.error
    turn = np.pi / 180
    angle = 2 * np.pi * p["nu2"] * t + turn * p["phi2"]
    e1, e2, c, s = (
        np.exp(-p["lambda1"] * t),
        np.exp(-p["lambda2"] * t),
        np.cos(angle),
        np.sin(angle),
    )
    a1, a2 = p["A1"], p["A2"]
    by = np.array(
        [
            e1, e2 * c, -a2 * e2 * s * turn, np.ones_like(t),
            -a1 * t * e1, -a2 * t * e2 * c, -a2 * e2 * s * 2 * np.pi * t,
        ]
    )  # fmt: skip
    second = np.zeros((7, 7, t.size))
    second[0, 4] = -t * e1
    second[4, 4] = a1 * t**2 * e1
    second[1, 2] = -e2 * s * turn
    second[1, 5] = -t * e2 * c
    second[1, 6] = -e2 * s * 2 * np.pi * t
    second[2, 2] = -a2 * e2 * c * turn**2
    second[2, 5] = a2 * t * e2 * s * turn
    second[2, 6] = -a2 * e2 * c * turn * 2 * np.pi * t
    second[5, 5] = a2 * t**2 * e2 * c
    second[5, 6] = a2 * t * e2 * s * 2 * np.pi * t
    second[6, 6] = -a2 * e2 * c * (2 * np.pi * t) ** 2
    second = second + second.transpose(1, 0, 2)
    second[range(7), range(7)] /= 2
    r = (a1 * e1 + a2 * e2 * c + p["A_bg"] - data.value) * w
    hessian = 2 * ((by * w) @ (by * w).T + second @ (r * w))
    return float(r @ r), 2 * (by * w) @ r, hessian


def dense_hessian(data: list[Asymmetry], points: list[dict[str, float]]) -> FloatArray:
    """Hessian of the joint chi-square: shared parameters first, then those of every run."""
    n = 4 + 3 * len(data)
    whole = np.zeros((n, n))
    for k, (one, p) in enumerate(zip(data, points, strict=True)):
        places = np.r_[0:4, 4 + 3 * k : 7 + 3 * k]
        whole[np.ix_(places, places)] += chi2_derivatives(one, p)[2]
    return whole
