"""A decay and a flat level told apart in the same counts, by Poisson likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME

MOST_PACKS = 60
"""Bins that a window is packed into; a decay and a level lose next to nothing by it."""
FARTHEST = 200.0
"""Lifetimes from the muon's arrival to the first bin beyond which times are damaged."""
_ROUNDS = 100
_SETTLED = 1e-3
"""Of an error, by which the last step may move what is found."""


@dataclass(frozen=True, slots=True)
class Flat:
    """Fits of decay exp(-t/tau) + level to rows of counts; every array is (n_rows,)."""

    decay: NDArray[np.float64]
    """Counts per raw bin of the decay at t = 0."""
    decay_error: NDArray[np.float64]
    level: NDArray[np.float64]
    """Counts per raw bin that do not decay."""
    level_error: NDArray[np.float64]
    mean: NDArray[np.float64]
    """All counts per raw bin."""
    chi_square: NDArray[np.float64]
    """Pearson's, of the packed bins."""
    freedom: int
    """Its degrees of freedom."""
    settled: NDArray[np.bool_]
    """Whether the search for the largest likelihood came to rest."""

    @property
    def share(self) -> NDArray[np.float64]:
        """Part of the counts that does not decay."""
        return np.asarray(self.level / self.mean)

    @property
    def share_error(self) -> NDArray[np.float64]:
        """Its error."""
        return np.asarray(self.level_error / self.mean)


def chance(found: Flat) -> NDArray[np.float64]:
    """(n_rows,) probability of a larger chi-square."""
    from scipy.special import gammaincc

    return np.asarray(gammaincc(found.freedom / 2, found.chi_square / 2))


def fit_flat(counts: NDArray[np.float64], time: NDArray[np.float64]) -> Flat:
    """Fit decay exp(-t/tau) + level to each row of counts.

    The maximum of the Poisson likelihood is found by Fisher's scoring; tau is the muon lifetime.
    The level may come out below 0, as an unbiased estimate of almost nothing must; in the variance
    of the bins it is then one count in all of them, so that no error vanishes. A row that begins
    hundreds of lifetimes from the muon's arrival is unknown: NaN, and not settled.

    Parameters
    ----------
    counts : (n_rows, n_bins) counts of raw bins, at least one in every row.
    time : (n_rows, n_bins) centres of the bins, µs.
    """
    pack = max(1, -(-counts.shape[1] // MOST_PACKS))
    n = _packed(counts, pack)
    sane = np.abs(time[:, 0]) <= FARTHEST * MUON_LIFETIME
    lived = np.where(sane[:, None], time, np.arange(time.shape[1])) / MUON_LIFETIME
    shape = np.stack((_packed(np.exp(-lived), pack), _packed(np.ones_like(lived), pack)))
    mean = n.sum(axis=1) / shape[1].sum(axis=1)
    one_count = 1 / counts.shape[1]
    mu, found = shape[1] * mean[:, None], np.zeros((n.shape[0], 2))
    settled = np.zeros(n.shape[0], dtype=bool)
    for _ in range(_ROUNDS):
        covariance = _inverse(np.einsum("irk,jrk->rij", shape / mu, shape))
        error = np.sqrt(np.einsum("rii->ri", covariance))
        score = np.einsum("irk,rk->ri", shape / mu, n)
        before, found = found, np.einsum("rij,rj->ri", covariance, score)
        settled = (np.abs(found - before) <= _SETTLED * error).all(axis=1)
        if settled.all():
            break
        usable = np.stack((np.maximum(found[:, 0], 0), np.maximum(found[:, 1], one_count)))
        # half way: without a brake it may go back and forth where hardly anything does not decay
        mu = (mu + np.einsum("irk,ir->rk", shape, usable)) / 2
    chi2 = ((n - mu) ** 2 / mu).sum(axis=1)
    found[~sane], error[~sane], chi2[~sane] = np.nan, np.nan, np.nan
    return Flat(
        decay=found[:, 0],
        decay_error=error[:, 0],
        level=found[:, 1],
        level_error=error[:, 1],
        mean=mean,
        chi_square=chi2,
        freedom=n.shape[1] - 2,
        settled=settled & sane,
    )


def _inverse(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverses of (n, 2, 2) matrices; of a singular one numbers too large for any use."""
    (a, b), (_, d) = np.moveaxis(matrices, 0, -1)
    determinant = np.maximum(a * d - b * b, 1e-14 * a * d)
    return np.asarray(np.moveaxis(np.array([[d, -b], [-b, a]]) / determinant, -1, 0))


def _packed(rows: NDArray[np.float64], pack: int) -> NDArray[np.float64]:
    """Sums of ``pack`` columns; the last one may hold fewer."""
    return np.asarray(np.add.reduceat(rows, np.arange(0, rows.shape[1], pack), axis=1, dtype=float))
