"""Data thrown for tests of comparisons, with NumPy only around a curve that is written out here."""

from __future__ import annotations

import numpy as np
from asymmetries import asymmetry
from numpy.typing import NDArray

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.history import History

FloatArray = NDArray[np.float64]

LIFETIME = 2.1969811
MODEL = "exponential + damped_cosine + constant"
START = {"A1": 0.1, "lambda1": 0.5, "A2": 0.05, "lambda2": 0.3, "nu2": 1.5, "phi2": 0, "A_bg": 0.1}


def curve(t: FloatArray) -> FloatArray:
    line = 0.05 * np.exp(-0.3 * t) * np.cos(2 * np.pi * 1.5 * t)
    return np.asarray(0.1 * np.exp(-0.5 * t) + line + 0.1)


def thrown(seed: int, n: int = 600, extra: float = 0.0, nu: float = 5.1) -> Asymmetry:
    """An asymmetry of known errors around ``curve`` and one more line."""
    rng = np.random.default_rng(seed)
    t = 0.01 * (np.arange(n) + 0.5)
    error = 0.01 * np.exp(t / (2 * LIFETIME))
    more = extra * np.exp(-0.5 * t) * np.cos(2 * np.pi * nu * t + 1.0)
    return asymmetry(t, curve(t) + more + error * rng.standard_normal(n), error)


def counted(seed: int, level: float, n: int = 600) -> Counts:
    """Counts of a pair, ``level`` per bin at the beginning, around ``curve``."""
    rng = np.random.default_rng(seed)
    t = 0.01 * (np.arange(n) + 0.5)
    mean = level * np.exp(-t / LIFETIME) * np.array([1 + curve(t), 1 - curve(t)])
    n_seen = rng.poisson(mean).astype(float)
    return Counts(
        time=t, values=n_seen, variance=n_seen, bin_width=0.01, packing=1, first_good=0,
        last_good=n - 1, detectors=((1,), (2,)), alpha=1.0, background_free=False,
        run=thrown(1).run, history=History(),
    )  # fmt: skip
