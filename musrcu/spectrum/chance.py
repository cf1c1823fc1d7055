"""How likely noise alone makes a peak somewhere in the range that was searched."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from musrcu.containers.arrays import FloatArray


def effective_length(time: FloatArray, weight: FloatArray) -> float:
    """sqrt(4 pi Var t) of the times weighted by ``weight``, µs.

    Its product with a range of frequencies counts the independent ones in it.
    """
    share = weight / weight.sum()
    mean = float(share @ time)
    return float(np.sqrt(4 * np.pi * (share @ (time - mean) ** 2)))


def chance_anywhere(z: float, turns: float) -> float:
    """Probability that noise reaches z = P / (2 sigma^2) somewhere in a range.

    1 - (1 - e^-z) exp(-W e^-z sqrt(z)); one frequency alone has e^-z, and the rest counts how often
    the spectrum of noise climbs above the level.

    Parameters
    ----------
    z : power over twice the variance of one quadrature; half of what a line lowers chi-square.
    turns : W, the range of frequencies times :func:`effective_length`.

    Source: R. V. Baluev, Mon. Not. R. Astron. Soc. 385, 1279 (2008), eq. 5 and 6.
    """
    if z <= 0:
        return 1.0
    one = np.exp(-z)
    return float(-np.expm1(np.log1p(-one) - turns * one * np.sqrt(z)))


def level_of(chance: float, probability: Callable[[float], float]) -> float:
    """The z whose probability is ``chance``; ``probability`` falls with z."""
    low, high = 0.0, 100.0 - 2 * float(np.log(max(chance, 1e-300)))
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if probability(middle) > chance else (low, middle)
    return high
