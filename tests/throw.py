"""Counts of a forward and a backward group thrown from any P(t): NumPy only, nothing of musrcu.

The tests of fits need data whose truth does not come from the code under test.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Asymmetry = Callable[[FloatArray], FloatArray]

LIFETIME = 2.1969811
T_N = 0.105
BETA = 0.12
NU_0 = 1.59


def paper_frequency(temperature: float) -> float:
    """nu0 [1 - (T/T_N)^3]^beta with the published constants, MHz."""
    return float(NU_0 * (1 - (temperature / T_N) ** 3) ** BETA)


def paper_parameters(temperature: float) -> dict[str, float]:
    """The ordered model of the simulated paper scan, section 8 of the notes on fitting."""
    return {
        "A1": 0.055,
        "lambda1": 0.9,
        "A2": 0.045,
        "lambda2": 0.35 + 0.9 * (temperature / T_N) ** 8,
        "nu2": paper_frequency(temperature),
        "phi2": 6.0,
        "A_bg": 0.11,
    }


def paper(p: dict[str, float]) -> Asymmetry:
    """A1 exp(-lambda1 t) + A2 exp(-lambda2 t) cos(2 pi nu2 t + phi2) + A_bg."""

    def asymmetry(t: FloatArray) -> FloatArray:
        turn = np.cos(2 * np.pi * p["nu2"] * t + np.pi / 180 * p["phi2"])
        relaxing = p["A1"] * np.exp(-p["lambda1"] * t)
        return np.asarray(relaxing + p["A2"] * np.exp(-p["lambda2"] * t) * turn + p["A_bg"])

    return asymmetry


def throw_pair(
    asymmetry: Asymmetry,
    events: float,
    seed: int,
    *,
    n_bins: int = 900,
    width: float = 0.01,
    alpha: float = 1.0,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(time, forward, backward): Poisson counts of ``events`` decays in ``n_bins`` bins from 0."""
    rng = np.random.default_rng(seed)
    time = (np.arange(n_bins) + 0.5) * width
    decay = np.exp(-time / LIFETIME)
    polarised = asymmetry(time)
    forward = np.sqrt(alpha) * decay * (1 + polarised)
    backward = decay * (1 - polarised) / np.sqrt(alpha)
    scale = events / (forward + backward).sum()
    return time, rng.poisson(scale * forward) * 1.0, rng.poisson(scale * backward) * 1.0


def asymmetry_of(
    forward: FloatArray, backward: FloatArray, alpha: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """A = (F - alpha B) / (F + alpha B) and its Poisson error; NaN where a group is empty."""
    usable = (forward > 0) & (backward > 0)
    f, b = np.where(usable, forward, np.nan), np.where(usable, backward, np.nan)
    total = f + alpha * b
    error = 2 * alpha * np.sqrt(f * b * (f + b)) / total**2
    return (f - alpha * b) / total, error
