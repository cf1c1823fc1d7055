"""An asymmetry as the data of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.asymmetry import Asymmetry
from musrcu.fitting.constraint import Constraint, Prior
from musrcu.fitting.cost import AsymmetryCost, Cost
from musrcu.fitting.data import (
    Data,
    Known,
    balance,
    bare_starts,
    given_behind,
    known_value,
)
from musrcu.fitting.freedom import Freedom
from musrcu.fitting.seen import ALPHA, B_B, B_F, Formed, SeenAsymmetry
from musrcu.fitting.start import Start
from musrcu.fitting.window import FEWEST_COUNTS, inside
from musrcu.models.bins import Bins
from musrcu.models.model import Model

FloatArray = NDArray[np.float64]


class AsymmetryData(Data):
    """The bins of an asymmetry inside a range that have a value.

    Parameters
    ----------
    asymmetry : what is fitted.
    t_range : (first, last) time, µs; None takes all bins.
    average_bins : whether the model is averaged over each bin.

    Raises
    ------
    FitError if the range is empty.
    """

    kind = "the asymmetry"

    def __init__(
        self,
        asymmetry: Asymmetry,
        t_range: tuple[float, float] | None,
        average_bins: bool = False,
    ) -> None:
        self.run, self.history, self.formed = asymmetry.run, asymmetry.history, asymmetry
        self.offered = asymmetry.time
        within = inside(asymmetry.time, t_range)
        self.used = within & np.isfinite(asymmetry.value)
        self.time = asymmetry.time[self.used]
        self.value, self.error = asymmetry.value[self.used], asymmetry.error[self.used]
        self.raw_bins = asymmetry.raw_bins[self.used].astype(float)
        self.width = np.asarray(self.raw_bins * (asymmetry.bin_width / asymmetry.packing))
        self.where = Bins(self.time, self.width) if average_bins else self.time
        self.dropped = int(within.sum() - self.used.sum())
        self.few = 0
        if asymmetry.smallest is not None:
            self.few = int((asymmetry.smallest[self.used] < FEWEST_COUNTS).sum())

    def seen(
        self, model: Model | str, named: set[str], settled: set[str]
    ) -> tuple[SeenAsymmetry, Known]:
        """The model behind alpha, where its error is known or it is named, and the background."""
        made, extra, known = self.formed, [], []
        if made.alpha_error or "alpha" in named:
            extra.append(ALPHA)
        if made.alpha_error:
            known.append(known_value("alpha", made.alpha, made.alpha_error))
        formed = Formed(made.alpha, made.detector_beta)
        if made.level is not None and made.background is not None:
            errors = (0.0, 0.0) if made.background_error is None else made.background_error
            for parameter, value, error in zip((B_F, B_B), made.background, errors, strict=True):
                if error > 0:
                    extra.append(parameter)
                    known.append(known_value(parameter.name, float(value), float(error)))
            level = made.level[self.used]
            formed = Formed(
                made.alpha, made.detector_beta, level, self.raw_bins, tuple(made.background)
            )
        return SeenAsymmetry(model, formed, extra), Known(constraints=known)

    def cost(self, freedom: Freedom, constraints: Sequence[Constraint]) -> Cost:
        """Chi-square of these bins."""
        return AsymmetryCost(
            self.where, self.value, self.error, freedom, Prior(constraints, freedom)
        )

    def starts(self, cost: Cost) -> list[Start]:
        """From the asymmetry as it was formed."""
        bins = (self.where, self.value, self.error)
        return bare_starts(cost, bins, balance(self.formed.alpha), given_behind(cost))

    @property
    def why(self) -> str:
        """What is fitted is an asymmetry; whether its bins hold enough for chi-square."""
        smallest = self.formed.smallest
        if smallest is None or not self.time.size:
            return "an asymmetry was given"
        if self.few:
            return f"an asymmetry was given, {self.few} bins of which hold few counts"
        least = int(smallest[self.used].min())
        return f"every bin holds at least {least} counts in each group"

    @property
    def notes(self) -> list[str]:
        """Bins whose counts are too few for chi-square."""
        if not self.few:
            return []
        return [
            f"{self.few} of {self.time.size} bins hold fewer than {FEWEST_COUNTS} counts in a "
            "group: chi-square is biased there, pack more, cut earlier, or fit the counts"
        ]
