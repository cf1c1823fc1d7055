"""The counts of one histogram as the data of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.histogram import Histogram
from musrcu.errors import FitError
from musrcu.fitting.constraint import Constraint, Prior
from musrcu.fitting.cost import Cost
from musrcu.fitting.count_costs import count_cost
from musrcu.fitting.count_data import (
    asymptotic,
    flat_level,
    known_background,
    packs_searched,
    refuse_no_counts,
)
from musrcu.fitting.data import Data, Known, bare_starts, given_behind, known_value
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.seen_histogram import HistogramBins, SeenHistogram
from musrcu.fitting.start import Start
from musrcu.fitting.window import inside
from musrcu.models.bins import Bins
from musrcu.models.model import Model, as_model

FloatArray = NDArray[np.float64]


class HistogramData(Data):
    """The bins of a histogram inside a range.

    Parameters
    ----------
    histogram : what is fitted.
    t_range : (first, last) time, µs; None takes all bins.
    average_bins : whether the model is averaged over each bin.
    cost : which cost of counts; None takes Poisson's likelihood.

    Raises
    ------
    FitError if the range is empty, a bin holds no number of counts, the histogram was corrected for
    dead time, or it has no such cost.
    """

    kind = "the histogram"

    def __init__(
        self,
        histogram: Histogram,
        t_range: tuple[float, float] | None,
        average_bins: bool = False,
        cost: str | None = None,
    ) -> None:
        self.run, self.history, self.histogram = histogram.run, histogram.history, histogram
        if histogram.run.variance is not None:
            raise FitError(
                f"{histogram.run.name}: these counts were corrected for dead time and are not "
                "Poisson's any more; take them from reduce_histograms, which leaves that to the "
                "model"
            )
        self.wanted = count_cost(cost, single=True)
        self.offered = histogram.time
        used = inside(histogram.time, t_range)
        self.time = histogram.time[used]
        self.counted = histogram.counts[used]
        refuse_no_counts(self.counted, self.time, self.name, "counts")
        raw_bins = histogram.raw_bins[used].astype(float)
        self.width = np.asarray(raw_bins * histogram.raw_width)
        self.where = Bins(self.time, self.width) if average_bins else self.time
        self.bins = HistogramBins(histogram.decay[used], raw_bins, self.width, histogram.losses)
        self.dropped = 0

    def seen(
        self, model: Model | str, named: set[str], settled: set[str]
    ) -> tuple[SeenHistogram, Known]:
        """The model with N0 and the background.

        Raises
        ------
        FitError if the model has a free constant, which is a part of N0.
        """
        model = as_model(model)
        if "constant" in model.labels and not {"A_bg", "N0"} & settled:
            raise FitError(
                f"the fit of a single histogram by {model.expression!r}: N0 and A_bg are one "
                "parameter; leave the constant out, or fix or constrain A_bg"
            )
        level, error = self.histogram.background, self.histogram.background_error
        fixed, known = {}, []
        told = known_background(self.histogram, level, error)
        if isinstance(told, tuple):
            known.append(known_value("b", *told))
        elif told is not None and "b" not in named:
            fixed["b"] = told
        return SeenHistogram(model, self.bins), Known(fixed, known)

    def cost(self, freedom: Freedom, constraints: Sequence[Constraint]) -> Cost:
        """What is minimised."""
        return self.wanted.kind(self.where, self.counted, freedom, Prior(constraints, freedom))

    def starts(self, cost: Cost) -> list[Start]:
        """From the counts over a decay, packed so that they have errors."""
        n0, level = given_behind(cost)
        if np.isnan(level):
            level = float(flat_level(self.counted[None], self.bins)[0])
        decays = np.maximum(self.counted - level * self.bins.raw_bins, 0.0)
        near = max(float(decays.sum()) / float(self.bins.decay.sum()), 1e-9)
        scale = near if np.isnan(n0) else max(float(n0), 1e-9)
        packed = self._packed(decays, scale, level, cost)
        return bare_starts(cost, packed, lambda offset: scale * (1 + offset), np.array([n0, level]))

    def _packed(
        self, decays: FloatArray, n0: float, level: float, cost: Cost
    ) -> tuple[FloatArray | Bins, FloatArray, FloatArray]:
        """Times or bins, (counts - b) / (N0 E) - 1, and its smooth error."""
        few, factor = packs_searched(cost, self.time.size, float(self.width.max()))
        n = max(self.time.size // factor, 1)
        fold = slice(0, n * factor)
        total = decays[fold].reshape(n, -1).sum(axis=1)
        raw = self.bins.raw_bins[fold].reshape(n, -1).sum(axis=1)
        time = self.time[fold].reshape(n, -1).mean(axis=1)
        expected = np.maximum(n0 * raw * np.exp(-time / MUON_LIFETIME), 1e-9)
        error = np.sqrt(expected + level * raw) / expected
        usable = error < 3.0 * np.sqrt(few / factor)  # later bins say nothing
        if usable.sum() < 2:
            usable[:] = True
        where: FloatArray | Bins = time[usable]
        if self.averaged:
            where = Bins(time[usable], raw[usable] * self.histogram.raw_width)
        return where, (total / expected - 1)[usable], error[usable]

    @property
    def name(self) -> str:
        """The run and which of its histograms."""
        return f"{self.run.name}, {self.histogram.label}"

    @property
    def why(self) -> str:
        """Why this cost."""
        return self.wanted.why

    @property
    def notes(self) -> list[str]:
        """Bins so empty that the cost is no chi-square."""
        return asymptotic(self.counted, self.wanted.name)
