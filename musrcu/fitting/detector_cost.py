"""Likelihood of the counts of many detectors, each blind for a while after a positron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import FitError

STEPS = 60
ENOUGH = 1e-4
"""Gain in chi-square below which the search ends."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorCounts:
    """Raw counts of detectors in common bins."""

    counts: FloatArray
    """(n_detectors, n_bins)."""
    edges: FloatArray
    """(n_bins + 1,) times, µs after the muons."""
    frames: float

    @property
    def exposure(self) -> FloatArray:
        """(n_bins,) frames times width of the bin, µs."""
        return np.asarray(self.frames * np.diff(self.edges))


class Decays(Protocol):
    """A model of the positrons that reach each detector."""

    def value(self, own: FloatArray, shared: FloatArray) -> FloatArray:
        """(n_detectors, n_bins) positrons, of own (n_detectors, n_own) and shared parameters."""

    def gradient(self, own: FloatArray, shared: FloatArray) -> tuple[FloatArray, FloatArray]:
        """By its own parameters (n_detectors, n_own, n_bins), by the shared ones
        (n_shared, n_detectors, n_bins)."""


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Gaussian knowledge beside the counts: rows . parameters = value +- error."""

    rows: FloatArray
    """(n_rows, n_parameters)."""
    value: FloatArray
    error: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class DetectorFit:
    """Where the quasi-likelihood is largest.

    Parameters lie in one row: those of each detector with its dead time as the last of them,
    detector by detector, then the shared ones.
    """

    x: FloatArray
    """(n_parameters,)."""
    covariance: FloatArray
    """(n_parameters, n_parameters); rows of parameters that were held are zero."""
    chi2: float
    """sum (n - mu)^2 / V over the counts."""
    ndof: float
    """Counts less the parameters that they, and not other knowledge, determine."""
    each: FloatArray
    """(n_detectors,) part of chi-square of each detector."""
    converged: bool


class DetectorCost:
    """Counts of blind detectors against a model of what reaches them.

    mu = n / (1 + n tau / (frames w)),   V = mu / (1 + n tau / (frames w))^2,

    the exact inverse of n = mu / (1 - mu tau / (frames w)) for a bin of width w. The losses make
    counts vary less than Poisson's law says: those of a detector that is blind for tau have the
    variance V (renewal theory). The weights are 1 / V, iterated: the quasi-likelihood, which is
    Poisson's where tau = 0, unbiased at low counts.

    Source: P. McCullagh and J. A. Nelder, Generalized Linear Models (1989), ch. 9; J. W.
    Mueller, Nucl. Instrum. Methods 112, 47 (1973), for the variance.
    """

    def __init__(self, data: DetectorCounts, decays: Decays, knowledge: Knowledge) -> None:
        self.data, self.decays, self.knowledge = data, decays, knowledge
        self.n_detectors = data.counts.shape[0]

    def split(self, x: FloatArray, n_own: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(own, tau, shared) parts of a row of parameters."""
        end = self.n_detectors * (n_own + 1)
        own = x[:end].reshape(self.n_detectors, n_own + 1)
        return own[:, :-1], own[:, -1], x[end:]

    def mean(self, x: FloatArray, n_own: int) -> tuple[FloatArray, FloatArray]:
        """Means and variances, each (n_detectors, n_bins); NaN where the model makes no sense."""
        own, tau, shared = self.split(x, n_own)
        with np.errstate(all="ignore"):  # a step may go far astray
            n = self.decays.value(own, shared)
            through = 1.0 + n * tau[:, None] / self.data.exposure
            sound = (n > 0) & (through > 0)
            n, through = np.where(sound, n, np.nan), np.where(sound, through, np.nan)
            return n / through, n / through**3

    def normal(self, x: FloatArray, n_own: int) -> tuple[FloatArray, FloatArray]:
        """J^T (n - mu) / V and J^T J / V of the counts."""
        own, tau, shared = self.split(x, n_own)
        n = self.decays.value(own, shared)
        through = 1.0 + n * tau[:, None] / self.data.exposure
        slope = 1.0 / through**2
        by_own, by_shared = self.decays.gradient(own, shared)
        by_tau = -(n**2) / self.data.exposure
        by_own = np.concatenate([by_own, by_tau[:, None, :]], axis=1) * slope[:, None, :]
        by_shared = by_shared * slope
        weight = through**3 / n
        weighted = by_own * weight[:, None, :]
        residual = self.data.counts - n / through
        d, q, m = self.n_detectors, n_own + 1, by_shared.shape[0]
        matrix = np.zeros((d * q + m, d * q + m))
        mixed = np.einsum("dqk,mdk->dqm", weighted, by_shared, optimize=True).reshape(d * q, m)
        for k, block in enumerate(np.matmul(weighted, by_own.transpose(0, 2, 1))):
            matrix[k * q : k * q + q, k * q : k * q + q] = block
        matrix[: d * q, d * q :], matrix[d * q :, : d * q] = mixed, mixed.T
        flat = by_shared.reshape(m, -1)
        heavy = flat * weight.ravel()
        matrix[d * q :, d * q :] = heavy @ flat.T
        force = np.einsum("dqk,dk->dq", weighted, residual).ravel()
        return np.concatenate([force, heavy @ residual.ravel()]), matrix

    def minimise(self, x: FloatArray, free: FloatArray, n_own: int) -> DetectorFit:
        """Damped steps along ``free`` (n_parameters, n_free) from ``x``.

        Raises
        ------
        FitError if the counts and the knowledge leave some direction open.
        """
        known = self.knowledge
        tight = known.rows / known.error[:, None]
        inner = (tight @ free).T @ (tight @ free)
        damping, converged = 1e-3, False
        for _ in range(STEPS):
            force, matrix = self.normal(x, n_own)
            pull = tight.T @ ((known.value - known.rows @ x) / known.error)
            slope = free.T @ (force + pull)
            whole = free.T @ matrix @ free + inner
            variance = self.mean(x, n_own)[1]
            before = self._distance(x, n_own, variance)
            trial, after, damping = self._step(x, n_own, free, slope, whole, variance, damping)
            if not after <= before:
                break
            x, damping = trial, damping / 10
            if before - after < ENOUGH:
                converged = True
                break
        return self._collect(x, n_own, free, inner, converged)

    def _step(
        self,
        x: FloatArray,
        n_own: int,
        free: FloatArray,
        slope: FloatArray,
        whole: FloatArray,
        variance: FloatArray,
        damping: float,
    ) -> tuple[FloatArray, float, float]:
        """The first step that is downhill with the variances held, its distance, its damping."""
        scale = np.sqrt(np.diag(whole))
        if not (np.isfinite(scale).all() and (scale > 0).all()):
            raise FitError("the counts do not determine every parameter")
        unit = whole / np.outer(scale, scale)
        before = self._distance(x, n_own, variance)
        trial, after = x, np.inf
        while damping < 1e8:
            step = np.linalg.solve(unit + damping * np.eye(scale.size), slope / scale) / scale
            trial = x + free @ step
            after = self._distance(trial, n_own, variance)
            if after <= before:
                break
            damping = max(10 * damping, 1e-6)
        return trial, after, damping

    def _distance(self, x: FloatArray, n_own: int, variance: FloatArray) -> float:
        mu = self.mean(x, n_own)[0]
        known = self.knowledge
        far = ((self.data.counts - mu) ** 2 / variance).sum()
        far += (((known.value - known.rows @ x) / known.error) ** 2).sum()
        return float(far) if np.isfinite(far) else np.inf

    def _collect(
        self, x: FloatArray, n_own: int, free: FloatArray, inner: FloatArray, converged: bool
    ) -> DetectorFit:
        counted = free.T @ self.normal(x, n_own)[1] @ free
        whole = counted + inner
        scale = np.sqrt(np.diag(whole))
        unit = whole / np.outer(scale, scale)
        if np.linalg.eigvalsh(unit)[0] <= 1e-12:
            raise FitError("the counts do not determine every parameter")
        inverse = np.linalg.inv(unit) / np.outer(scale, scale)
        mu, variance = self.mean(x, n_own)
        each = ((self.data.counts - mu) ** 2 / variance).sum(axis=1)
        determined = float(np.trace(inverse @ counted))
        covariance = free @ (0.5 * (inverse + inverse.T)) @ free.T
        ndof = self.data.counts.size - determined
        return DetectorFit(x, covariance, float(each.sum()), ndof, each, converged)
