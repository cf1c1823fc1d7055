"""Counts of two groups as the data of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraint, Prior
from musrcu.fitting.cost import Cost
from musrcu.fitting.count_cost import CountCost
from musrcu.fitting.data import Data, Known, bare_starts, given_behind, known_value
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.seen import CountBins, SeenCounts
from musrcu.fitting.start import Start
from musrcu.fitting.window import inside

FloatArray = NDArray[np.float64]

SEARCHED_BINS = 1500
"""Start values are searched in counts packed to no more bins than this."""
ASYMPTOTIC = 5.0
"""Expected counts below which the likelihood is not distributed as chi-square."""


class CountData(Data):
    """The good bins of grouped counts inside a range.

    Raises
    ------
    FitError if the range is empty, or the counts were corrected for dead time: they are no longer
    Poisson's.
    """

    kind = "the pair of groups"

    def __init__(self, counts: Counts, t_range: tuple[float, float] | None) -> None:
        self.run, self.history, self.counts = counts.run, counts.history, counts
        if counts.run.variance is not None:
            raise FitError(
                f"{counts.run.name}: these counts were corrected for dead time and are not "
                "Poisson's any more; take them from reduce_counts, which leaves that to the model"
            )
        self.offered = counts.time[counts.good]
        used = inside(counts.time, t_range)
        used[: counts.first_good] = used[counts.last_good + 1 :] = False
        self.time = counts.time[used]
        self.counted = counts.variance[:, used]
        raw_bins = counts.raw_bins[used].astype(float)
        self.width = np.asarray(raw_bins * counts.raw_width)
        self.bins = CountBins(counts.decay[used], raw_bins, self.width, counts.losses)
        self.dropped = 0

    def seen(self, expression: str, named: set[str]) -> tuple[SeenCounts, Known]:
        """The model with N0, alpha, detector_beta and the backgrounds."""
        fixed, known = self._balance(named)
        counts = self.counts
        free = counts.background_free
        if free is None:
            free = self.run.source != "pulsed"
        for k, name in enumerate(("b_F", "b_B")):
            if counts.background is None:
                if not free and name not in named:
                    fixed[name] = 0.0
                continue
            level, error = float(counts.background[k]), 0.0
            if counts.background_error is not None:
                error = float(counts.background_error[k])
            if error > 0:
                known.append(known_value(name, level, error))
            elif name not in named:
                fixed[name] = level
        return SeenCounts(expression, self.bins), Known(fixed, known)

    def _balance(self, named: set[str]) -> tuple[dict[str, float], list[Constraint]]:
        """Alpha and detector_beta: those that are held, and what is known within errors."""
        counts = self.counts
        given = {
            "alpha": (counts.alpha, counts.alpha_error),
            "detector_beta": (counts.detector_beta or 1.0, counts.detector_beta_error),
        }
        fixed = {
            name: float(value)
            for name, (value, error) in given.items()
            if value is not None and not error and name not in named
        }
        names = tuple(name for name, (value, error) in given.items() if value and error)
        if not names:
            return fixed, []
        values, errors = np.array([given[name] for name in names], dtype=float).T
        correlation = np.eye(len(names))
        correlation[~np.eye(len(names), dtype=bool)] = counts.balance_correlation
        return fixed, [Constraint(names, values, correlation * np.outer(errors, errors))]

    def cost(self, freedom: Freedom, constraints: Sequence[Constraint]) -> Cost:
        """Poisson's likelihood of these counts."""
        prior = Prior(constraints, freedom)
        return CountCost(self.time, self.counted.reshape(-1), freedom, prior)

    def starts(self, cost: Cost) -> list[Start]:
        """From the asymmetry of the counts, packed so that it has errors."""
        n0, alpha, beta, *background = given_behind(cost)
        beta = 1.0 if np.isnan(beta) else beta
        level = np.where(np.isnan(background), self._flat(), background)
        decays = np.maximum(self.counted - level[:, None] * self.bins.raw_bins, 0.0)
        balance = alpha
        if np.isnan(alpha):
            balance = float(np.clip(decays[0].sum() / max(decays[1].sum(), 1.0), 1e-2, 1e2))
        scale = float(decays.sum()) / float(self.bins.decay.sum())
        if np.isnan(n0):
            n0 = max(scale / (np.sqrt(balance) + 1 / np.sqrt(balance)), 1e-9)
        behind = np.array([n0, alpha, beta, *level])
        return bare_starts(cost, self._packed(decays, balance, level), balance, behind)

    def _flat(self) -> FloatArray:
        """(2,) background per raw bin by least squares on N e^(-t/tau) + b, 0 or above."""
        raw, decay = self.bins.raw_bins, self.bins.decay
        weight = 1 / np.sqrt(np.maximum(self.counted.mean(axis=0), 1.0))
        design = np.array([decay, raw]).T * weight[:, None]
        found = np.linalg.lstsq(design, (self.counted * weight).T, rcond=None)[0][1]
        return np.asarray(np.maximum(found, 0.0))

    def _packed(
        self, decays: FloatArray, alpha: float, level: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Time, asymmetry and error; the errors from smooth counts, which do not follow noise."""
        factor = max(-(-self.time.size // SEARCHED_BINS), 1)
        n = max(self.time.size // factor, 1)
        fold = slice(0, n * factor)
        f, b = decays[:, fold].reshape(2, n, -1).sum(axis=2)
        raw = self.bins.raw_bins[fold].reshape(n, -1).sum(axis=1)
        time = self.time[fold].reshape(n, -1).mean(axis=1)
        decay = raw * np.exp(-time / MUON_LIFETIME)
        total = np.maximum(decay * float((f + alpha * b).sum() / decay.sum()), 1e-9)
        smooth_f, smooth_b = total / 2, total / (2 * alpha)
        variance = smooth_b**2 * (smooth_f + level[0] * raw) + smooth_f**2 * (
            smooth_b + level[1] * raw
        )
        error = 2 * alpha * np.sqrt(variance) / total**2
        usable = error < 3.0  # later bins say nothing
        if usable.sum() < 2:
            usable[:] = True
        return time[usable], ((f - alpha * b) / total)[usable], error[usable]

    @property
    def notes(self) -> list[str]:
        """Bins so empty that the likelihood is no measure of quality."""
        few = int((self.counted.mean(axis=0) < ASYMPTOTIC).sum())
        if few < 0.1 * self.time.size:
            return []
        return [
            f"{few} of {self.time.size} bins hold fewer than {ASYMPTOTIC:g} counts: the estimates "
            "are unbiased, but the likelihood per degree of freedom is no measure of quality"
        ]
