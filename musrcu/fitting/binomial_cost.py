"""How the counts of a bin divide into two groups, as a cost."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from numpy.typing import NDArray

from musrcu.fitting.constraint import Prior
from musrcu.fitting.cost import Cost
from musrcu.fitting.count_moments import binomial_moments
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.positive import LEAST, made_positive
from musrcu.models.bins import Bins
from musrcu.models.product import scalar

FloatArray = NDArray[np.float64]


class BinomialCost(Cost):
    """C(x) = 2 sum [F ln(F / n p) + B ln(B / n q)] + 2 [M - S + S ln(S / M)].

    Of the n = F + B counts of a bin, F fall into forward with the probability
    p = mu_F / (mu_F + mu_B), and q = 1 - p: a binomial law, exact however few there are. The decay
    and all that changes both groups alike drop out of p. Without backgrounds p is
    alpha (1 + a) / [alpha (1 + a) + 1 - beta a], the same for any N0; backgrounds enter p by their
    ratio to N0, so that N0 stays a parameter, and the second term, Poisson's law of the sum S of
    all counts against its mean M, is the one datum that determines it. (To take n of each bin for
    mu_F + mu_B would bias p where counts are few: the mean of 1/n is not that of 1/mu.)

    The law of all counts is the product of this and of that of each n given S: what is lost is
    what the shape of n(t) tells, which is the decay, the backgrounds and little else. A bin without
    counts says nothing and is no datum.

    Parameters
    ----------
    time : (n_bins,) centres of the fitted bins, µs, or ``Bins`` over which the model is averaged.
    counts : (2 n_bins,) counts of forward, then of backward.
    freedom : which parameters of a :class:`musrcu.fitting.seen.SeenCounts` are free.
    prior : what is known of them before.

    Source: the conditional law of two Poisson counts given their sum; S. Baker and R. D. Cousins,
    Nucl. Instrum. Methods 221, 437 (1984), for the deviance.
    """

    name = "binomial likelihood of forward given both"

    def __init__(
        self,
        time: FloatArray | Bins,
        counts: FloatArray,
        freedom: Freedom,
        prior: Prior | None = None,
    ) -> None:
        self.counts = np.asarray(counts, dtype=float)
        both = self.counts.reshape(2, -1)
        self.total = both.sum(axis=0)
        self.some = np.flatnonzero(self.total)
        # one datum for each bin that holds counts, one for their sum; the last row is no datum
        # but what is wrong with means that are not positive
        super().__init__(time, self.some.size + 2, freedom, prior, self.counts.size)
        self.sum = float(self.total.sum())
        # bin by bin and relative to the counts, so that large numbers do not cancel
        self._empty = np.where(self.counts > 0, 0.0, 1.0)
        self._inverse = np.where(self.counts > 0, 1.0 / np.maximum(self.counts, 1e-300), 0.0)

    @property
    def ndof(self) -> int:
        """Bins that hold counts, the sum of all, and constraints, less free parameters."""
        return super().ndof - 1

    def with_freedom(self, freedom: Freedom) -> Self:
        """The same counts with other parameters held."""
        return type(self)(self.where, self.counts, freedom, self.prior)

    def excess(self, full: FloatArray) -> tuple[float, float] | None:
        """Of the binomial likelihood ratio, which few counts make another than chi-square."""
        p = self.forward(full)[self.some]
        mean, variance = binomial_moments(self.total[self.some], p)
        return float((mean - 1).sum()), float((variance - 2).sum())

    def by_bin(self, values: FloatArray) -> FloatArray:
        """The numbers with 0 for every bin without counts."""
        n_bins = self.total.size
        found = np.zeros((*values.shape[:-1], n_bins + values.shape[-1] - self.some.size))
        found[..., self.some] = values[..., : self.some.size]
        found[..., n_bins:] = values[..., self.some.size :]
        return found

    def forward(self, full: FloatArray) -> FloatArray:
        """(n_bins,) p of all parameters ``full``."""
        mean = np.maximum(self.freedom.model.value(self.where, full), LEAST)
        f, b = mean.reshape(2, -1)
        return np.asarray(f / (f + b))

    def _sum(self, model: FloatArray) -> float:
        wrong = made_positive(model)
        mean, penalty = (model, 0.0) if wrong is None else (wrong.mean, wrong.penalty)
        both = mean.reshape(2, -1)
        # n p and n q of each bin, whose differences from the counts cancel in their sum
        expected = (both * (self.total / both.sum(axis=0))).ravel()
        ratio = expected * self._inverse + self._empty
        split = scalar(self.counts, ratio - 1.0 - np.log(ratio)) + scalar(self._empty, expected)
        level = whole = float(mean.sum())
        if self.sum:
            ratio_of_sums = whole / self.sum
            level = self.sum * (ratio_of_sums - 1.0 - math.log(ratio_of_sums))
        return 2.0 * (split + level) + penalty

    def _fill(self, model: FloatArray, gradient: FloatArray) -> None:
        wrong = made_positive(model)
        mean = model if wrong is None else wrong.mean
        last = self.size - 1
        self._residual[last], self._jacobian[:, last] = 0.0, 0.0
        if wrong is not None:
            size = np.sqrt(wrong.penalty)
            self._residual[last] = size
            self._jacobian[:, last] = gradient @ (-wrong.short / LEAST) / max(size, 1e-300)
            gradient = gradient * wrong.slope
        rows = gradient.reshape(len(gradient), 2, -1)
        whole = float(mean.sum())
        self._residual[last - 1] = (whole - self.sum) / np.sqrt(whole)
        self._jacobian[:, last - 1] = rows.sum(axis=(1, 2)) / np.sqrt(whole)
        f, b = mean.reshape(2, -1)[:, self.some]
        n, both = self.total[self.some], f + b
        p, q = f / both, b / both
        spread = np.sqrt(n * p * q)
        forward = self.counts[self.some]
        self._residual[: last - 1] = (n * p - forward) / spread
        by_p = n / (spread * both)
        self._jacobian[:, : last - 1] = rows[:, 0, self.some] * (by_p * q)
        self._jacobian[:, : last - 1] -= rows[:, 1, self.some] * (by_p * p)
