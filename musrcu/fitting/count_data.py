"""Counts of two groups as the data of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraint, Prior
from musrcu.fitting.cost import Cost
from musrcu.fitting.count_costs import BIASED, count_cost
from musrcu.fitting.data import (
    Data,
    Known,
    balance,
    bare_starts,
    given_behind,
    known_value,
)
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.seen import CountBins, SeenCounts
from musrcu.fitting.seen_histogram import HistogramBins
from musrcu.fitting.start import Start
from musrcu.fitting.window import inside
from musrcu.models.bins import Bins
from musrcu.models.model import Model, as_model

FloatArray = NDArray[np.float64]

UNKNOWN_BETA = 0.05
"""Error of a detector_beta that nobody measured, about 1: intrinsic asymmetries of opposite
detectors differ by some per cent, and taken as equal they would tell a fit its alpha."""
SEARCHED_BINS = 1500
"""Start values are searched in counts packed to no more bins than this."""
ROUNDS = 4
"""Least-squares fits, each with the weights of the one before, that find a level."""
ASYMPTOTIC = 5.0
"""Expected counts below which the likelihood is not distributed as chi-square."""


class CountData(Data):
    """The good bins of grouped counts inside a range.

    Parameters
    ----------
    counts : what is fitted.
    t_range : (first, last) time, µs; None takes all good bins.
    average_bins : whether the model is averaged over each bin.
    cost : which cost of counts; None takes Poisson's likelihood.

    Raises
    ------
    FitError if the range is empty, a bin holds no number of counts, or the counts were corrected
    for dead time: they are no longer Poisson's.
    """

    kind = "the pair of groups"

    def __init__(
        self,
        counts: Counts,
        t_range: tuple[float, float] | None,
        average_bins: bool = False,
        cost: str | None = None,
    ) -> None:
        self.wanted = count_cost(cost)
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
        refuse_no_counts(self.counted, self.time, counts.run.name, "variance")
        raw_bins = counts.raw_bins[used].astype(float)
        self.width = np.asarray(raw_bins * counts.raw_width)
        self.where = Bins(self.time, self.width) if average_bins else self.time
        self.bins = CountBins(counts.decay[used], raw_bins, self.width, counts.losses)
        self.dropped = 0

    def seen(
        self, model: Model | str, named: set[str], settled: set[str]
    ) -> tuple[SeenCounts, Known]:
        """The model with N0, alpha, detector_beta and the backgrounds."""
        model = as_model(model)
        fixed, known = self._balance(model, named, settled)
        counts = self.counts
        levels: list[float | None] = [None, None]
        errors: list[float | None] = [None, None]
        if counts.background is not None:
            levels = counts.background.tolist()
            if counts.background_error is not None:
                errors = counts.background_error.tolist()
        for name, level, error in zip(("b_F", "b_B"), levels, errors, strict=True):
            if name in named and not error:
                continue
            told = known_background(counts, level, error)
            if isinstance(told, tuple):
                known.append(known_value(name, *told))
            elif told is not None:
                fixed[name] = told
        return SeenCounts(model, self.bins), Known(fixed, known)

    def _balance(
        self, model: Model, named: set[str], settled: set[str]
    ) -> tuple[dict[str, float], list[Constraint]]:
        """Alpha and detector_beta: those that are held, and what is known within errors.

        An unknown detector_beta is 1 where the fit is to find alpha, with which it has little to
        do, and within 5 % of 1 where alpha or a constant has to be told from it.
        """
        counts = self.counts
        beta, beta_error = counts.detector_beta, counts.detector_beta_error
        if beta is None:
            told = counts.alpha is not None or "alpha" in settled
            beta = 1.0
            beta_error = UNKNOWN_BETA if told or "constant" in model.labels else None
        given = {
            "alpha": (counts.alpha, counts.alpha_error),
            "detector_beta": (beta, beta_error),
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
        return self.wanted.kind(self.where, self.counted.reshape(-1), freedom, prior)

    def starts(self, cost: Cost) -> list[Start]:
        """From the asymmetry of the counts, packed so that it has errors."""
        n0, alpha, beta, *background = given_behind(cost)
        beta = 1.0 if np.isnan(beta) else beta
        level = np.where(np.isnan(background), flat_level(self.counted, self.bins), background)
        decays = np.maximum(self.counted - level[:, None] * self.bins.raw_bins, 0.0)
        alpha_near = alpha
        if np.isnan(alpha):
            alpha_near = float(np.clip(decays[0].sum() / max(decays[1].sum(), 1.0), 1e-2, 1e2))
        scale = float(decays.sum()) / float(self.bins.decay.sum())
        if np.isnan(n0):
            n0 = max(scale / (np.sqrt(alpha_near) + 1 / np.sqrt(alpha_near)), 1e-9)
        behind = np.array([n0, alpha, beta, *level])
        packed = self._packed(decays, alpha_near, level, cost)
        return bare_starts(cost, packed, balance(alpha_near), behind)

    def _packed(
        self, decays: FloatArray, alpha: float, level: FloatArray, cost: Cost
    ) -> tuple[FloatArray | Bins, FloatArray, FloatArray]:
        """Times or bins, asymmetry and error, of smooth counts, which do not follow noise."""
        few, factor = packs_searched(cost, self.time.size, float(self.width.max()))
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
        usable = error < 3.0 * np.sqrt(few / factor)  # later bins say nothing
        if usable.sum() < 2:
            usable[:] = True
        where: FloatArray | Bins = time[usable]
        if self.averaged:
            where = Bins(time[usable], raw[usable] * self.counts.raw_width)
        return where, ((f - alpha * b) / total)[usable], error[usable]

    @property
    def why(self) -> str:
        """Counts were given, and which of their costs is unbiased."""
        return self.wanted.why

    @property
    def notes(self) -> list[str]:
        """What was lost unsaid, and bins so empty that the cost is no chi-square."""
        notes = []
        run = self.run
        lost = run.dead_time is not None and run.good_frames is not None
        if lost and self.counts.losses is None and not self.history.find("correct_dead_time"):
            notes.append(
                "the dead times of the file are not in this fit; take the counts from reduce_counts"
            )
        return [*notes, *asymptotic(self.counted.mean(axis=0), self.wanted.name)]


def refuse_no_counts(counted: FloatArray, time: FloatArray, name: str, field: str) -> None:
    """Refuse counts that are none: NaN, infinite or below zero.

    Parameters
    ----------
    counted : (..., n_bins) what is fitted.
    time : (n_bins,) µs.
    name : of the run.
    field : which field of the data holds the counts.

    Raises
    ------
    FitError that names the first bin of that kind.
    """
    wrong = ~(np.isfinite(counted) & (counted >= 0))
    if not wrong.any():
        return
    place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    raise FitError(
        f"{name}: {field} is {counted[place]:g} at {time[place[-1]]:.4g} us; a fit of counts needs "
        "a number of 0 or above in every bin, so leave such bins out with t_range"
    )


def known_background(
    data: Counts | Histogram, level: float | None, error: float | None
) -> float | tuple[float, float] | None:
    """What is known of a background: a value that is held, one with its error, or nothing.

    Parameters
    ----------
    data : whose background it is.
    level, error : what was measured, per raw bin; None where nothing was.
    """
    step = data.history.find("subtract_background")
    # a level measured in late bins is in these bins already; it must not count twice
    if step is not None and "late" in step.options:
        return None
    if level is not None:
        return (level, error) if error else level
    free = data.background_free
    if free is None:
        free = data.run.source != "pulsed"
    return None if free else 0.0


def flat_level(counted: FloatArray, bins: CountBins | HistogramBins) -> FloatArray:
    """(n_groups,) background per raw bin by least squares on N e^(-t/tau) + b, 0 or above.

    ``counted`` are (n_groups, n_bins). The weights are those of the fit before, not of the counts
    themselves, which would make few counts look like fewer.
    """
    design = np.array([bins.decay, bins.raw_bins]).T
    found = []
    for row in counted:
        expected = row.sum() * bins.decay / bins.decay.sum() + row.mean()
        for _ in range(ROUNDS):
            weight = 1 / np.sqrt(np.maximum(expected, 1e-3))
            pair = np.linalg.lstsq(design * weight[:, None], row * weight, rcond=None)[0]
            pair = np.maximum(pair, 0.0)
            expected = design @ pair
        found.append(pair[1])
    return np.array(found)


def packs_searched(cost: Cost, n_bins: int, widest: float) -> tuple[int, int]:
    """Bins that make one where there are too many to search in; and how many are put together,
    1 where a line may be too fast for wide ones."""
    few = max(-(-n_bins // SEARCHED_BINS), 1)
    return few, 1 if _faster(cost, 0.25 / (few * widest)) else few


def asymptotic(counted: FloatArray, cost: str) -> list[str]:
    """Bins so empty that the cost is no chi-square, one sentence."""
    few = int((counted < ASYMPTOTIC).sum())
    if few < 0.1 * counted.size:
        return []
    empty = f"{few} of {counted.size} bins hold fewer than {ASYMPTOTIC:g} counts"
    if cost in BIASED:
        return [f"{empty}: what is minimised is biased and no chi-square; fit with cost='poisson'"]
    return [
        f"{empty}: the estimates are unbiased, but chi2/ndof of a good fit is not 1; the "
        "probability is that of so few counts"
    ]


def _faster(cost: Cost, highest: float) -> bool:
    """Whether a line may be above ``highest``, MHz."""
    freedom = cost.freedom
    for _, nu, _ in freedom.model.oscillations():
        given = freedom.start[nu]
        if abs(freedom.upper[nu] if np.isnan(given) else given) > highest:
            return True
    return False
