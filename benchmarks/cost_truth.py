"""Known truth for the study of costs: counts of two groups, drawn without anything of musrcu.

The formulas are written out here a second time, with NumPy only, so that an error in the package
cannot hide in the study that is meant to find it. Units: µs, MHz, 1/µs, degrees.

The mean counts of a bin are

    F = N0 sqrt(alpha) <e^(-t/tau) (1 + a(t))> + b
    B = N0 / sqrt(alpha) <e^(-t/tau) (1 - a(t))> + b

where < > is the mean over the bin, by Gauss-Legendre quadrature. Before t = 0 there is the flat
part alone. There are 2e7, 4.4e5, 1.1e4 and 1.1e3 counts in a simulation; ``middle`` leaves 7 % of
the bins empty and ``poor`` half.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

TAU = 2.1969811  # muon lifetime
DT, BINS, BEFORE = 0.02, 500, 10
"""Width of a bin, bins after t = 0 and before it."""
ALPHA = 1.2
POINTS = 4
"""Of the quadrature in each bin."""


class Level(NamedTuple):
    """How many counts there are."""

    n0: float
    """Geometric mean of both groups, decays per bin at t = 0."""
    flat: float
    """Background per bin of each group."""


LEVELS = {
    "full": Level(90000.0, 450.0),
    "rich": Level(2000.0, 4.0),
    "middle": Level(50.0, 0.5),
    "poor": Level(5.0, 0.05),
}


class Law(NamedTuple):
    """One model of the asymmetry."""

    expression: str
    """In the words of musrcu."""
    truth: dict[str, float]
    asymmetry: Callable[[np.ndarray], np.ndarray]


def cosine(t: np.ndarray) -> np.ndarray:
    """A line alone."""
    return 0.2 * np.exp(-0.3 * t) * np.cos(2 * np.pi * 1.59 * t + np.radians(6.0))


def field(t: np.ndarray) -> np.ndarray:
    """A line without relaxation, as of a weak transverse field."""
    return 0.25 * np.cos(2 * np.pi * 1.59 * t + np.radians(6.0))


def paper(t: np.ndarray) -> np.ndarray:
    """What relaxes, a line, and a constant: the model of an ordered magnet of many grains."""
    line = np.exp(-0.35 * t) * np.cos(2 * np.pi * 1.59 * t + np.radians(6.0))
    return 0.1 * np.exp(-1.5 * t) + 0.12 * line + 0.03


def toyabe(t: np.ndarray) -> np.ndarray:
    """Static fields of Gaussian spread, and a constant."""
    square = (0.5 * t) ** 2
    return 0.2 * (1 + 2 * (1 - square) * np.exp(-square / 2)) / 3 + 0.02


LAWS = {
    "cosine": Law(
        "damped_cosine", {"A1": 0.2, "lambda1": 0.3, "nu1": 1.59, "phi1": 6.0}, cosine
    ),
    "paper": Law(
        "exponential + damped_cosine + constant",
        {
            "A1": 0.1, "lambda1": 1.5, "A2": 0.12, "lambda2": 0.35, "nu2": 1.59, "phi2": 6.0,
            "A_bg": 0.03,
        },
        paper,
    ),
    "toyabe": Law(
        "gaussian_kt + constant", {"A1": 0.2, "delta1": 0.5, "A_bg": 0.02}, toyabe
    ),
    "field": Law("cosine", {"A1": 0.25, "nu1": 1.59, "phi1": 6.0}, field),
}  # fmt: skip


def means(law: Law, level: Level) -> np.ndarray:
    """(2, BEFORE + BINS) mean counts of forward and backward."""
    nodes, weights = np.polynomial.legendre.leggauss(POINTS)
    t = (np.arange(BINS)[:, None] + (1 + nodes) / 2) * DT
    decay, a = np.exp(-t / TAU), law.asymmetry(t)
    both = np.full((2, BEFORE + BINS), level.flat)
    for row, share, sign in zip(both, (np.sqrt(ALPHA), 1 / np.sqrt(ALPHA)), (1, -1), strict=True):
        row[BEFORE:] += level.n0 * share * (decay * (1 + sign * a)) @ weights / 2
    return both
