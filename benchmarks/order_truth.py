"""Order parameters of known truth: points, and scans of counts. NumPy only, nothing of musrcu.

A scan has the runs of the paper's case. T_N is sharp: a run is wholly ordered or wholly
paramagnetic, by its true temperature; both asymmetries are those of ``truth.py``. The mean counts
are integrals over each bin, of two detectors whose efficiencies differ, on a flat background.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import truth

NU0, T_N, BETA, ALPHA = 1.59, 0.105, 0.12, 3.0

T_TRUE = np.array(
    [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.085, 0.09, 0.095, 0.099, 0.102, 0.104]
)
"""K, true temperatures of the ordered runs."""

NU_ERROR = np.array([0.012] * 7 + [0.015, 0.015, 0.02, 0.03, 0.04, 0.06])
"""MHz, errors of their frequencies at level 1."""

SET_POINTS = np.array([
    0.020, 0.030, 0.040, 0.050, 0.060, 0.070, 0.080, 0.085, 0.090, 0.095,
    0.098, 0.100, 0.102, 0.103, 0.104, 0.106, 0.108, 0.112, 0.120, 0.130,
])  # fmt: skip
"""K, of the runs of a scan."""

BALANCE = truth.ALPHA
"""Efficiency of the first detector, to which the spin points, over that of the second."""
JITTER = 0.3e-3
"""K, scatter of the true temperatures about the set points."""
DT, BINS, BEFORE = 0.02, 500, 10
"""µs, width of a bin; bins from the arrival of the muon on, and before it."""
NODES = 4
"""Of the quadrature in each bin."""


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


@dataclass(frozen=True)
class Thrown:
    """A scan of counts."""

    counts: np.ndarray
    """(n_runs, 2, BEFORE + BINS)."""
    true: np.ndarray
    """(n_runs,) K, true temperatures."""
    measured: np.ndarray
    """(n_runs,) K."""
    error: float
    """K, standard deviation of measured from true."""
    flat: tuple[float, float]
    """Expected background per bin of each detector."""

    @property
    def ordered(self) -> np.ndarray:
        """(n_runs,) whether a run has order."""
        return self.true < T_N


def mean_counts(temperature: float, events: float) -> np.ndarray:
    """(2, BEFORE + BINS) mean counts at a true temperature; ``events`` is N0 tau of both."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    t = (np.arange(BINS)[:, None] + (1 + nodes) / 2) * DT
    decay, a = np.exp(-t / truth.TAU), truth.asymmetry(t, temperature)
    n0 = events * DT / truth.TAU
    means = np.empty((2, BEFORE + BINS))
    for row, share, sign in zip(means, _shares(), (1, -1), strict=True):
        row[:] = n0 * share * truth.FLAT
        row[BEFORE:] += n0 * share * (decay * (1 + sign * a)) @ weights / 2
    return means


def _shares() -> tuple[float, float]:
    return BALANCE / (1 + BALANCE), 1 / (1 + BALANCE)


def throw(
    seed: int | tuple[int, ...],
    events: float,
    T_error: float,
    set_points: np.ndarray = SET_POINTS,
    jitter: float = JITTER,
) -> Thrown:
    """One scan with ``events`` a run and normal errors ``T_error`` (K) of the temperatures."""
    random = np.random.default_rng(seed)
    true = set_points + jitter * random.standard_normal(set_points.size)
    measured = true + T_error * random.standard_normal(set_points.size)
    counts = np.array([random.poisson(mean_counts(float(T), events)) for T in true])
    first, second = (events * DT / truth.TAU * share * truth.FLAT for share in _shares())
    return Thrown(counts, true, measured, T_error, (first, second))
