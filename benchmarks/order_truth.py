"""Points of an order parameter drawn from a known truth; NumPy only, nothing of musrcu."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NU0, T_N, BETA, ALPHA = 1.59, 0.105, 0.12, 3.0

T_TRUE = np.array(
    [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104]
)
"""K, true temperatures of the ordered runs."""

NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
"""MHz, errors of their frequencies at level 1."""


@dataclass(frozen=True)
class Drawn:
    """What an experiment would have: measured temperatures and frequencies with their errors."""

    T: np.ndarray
    T_error: np.ndarray
    nu: np.ndarray
    nu_error: np.ndarray


def frequency(T: np.ndarray) -> np.ndarray:
    """The true law, MHz."""
    return NU0 * np.maximum(1.0 - (T / T_N) ** ALPHA, 0.0) ** BETA


def draw(random: np.random.Generator, level: float, T_error: float) -> Drawn:
    """One scan: normal errors ``level`` times NU_ERROR in nu, ``T_error`` (K) in T."""
    nu_error = level * NU_ERROR
    errors = np.full(len(T_TRUE), T_error)
    return Drawn(
        T_TRUE + errors * random.normal(size=len(T_TRUE)),
        errors,
        frequency(T_TRUE) + nu_error * random.normal(size=len(T_TRUE)),
        nu_error,
    )
