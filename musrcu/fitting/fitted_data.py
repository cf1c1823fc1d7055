"""Which kind of data a user gave to a fit, and which cost it has."""

from __future__ import annotations

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.errors import FitError
from musrcu.fitting.asymmetry_data import AsymmetryData
from musrcu.fitting.count_costs import COUNT_COSTS
from musrcu.fitting.count_data import CountData
from musrcu.fitting.data import Data
from musrcu.fitting.histogram_data import HistogramData

Fittable = Asymmetry | Counts | Histogram
"""What a fit takes."""


def fitted_data(
    data: Fittable,
    t_range: tuple[float, float] | None,
    average_bins: bool,
    cost: str | None = None,
) -> Data:
    """The fitted bins.

    Parameters
    ----------
    data : an asymmetry, counts of a pair, or a single histogram.
    t_range : (first, last) time, µs; None takes all bins.
    average_bins : whether the model is averaged over each bin.
    cost : what is minimised: ``asymmetry`` of an asymmetry; ``poisson``, ``binomial`` (a pair
        only), ``neyman`` or ``pearson`` of counts. None takes chi-square of an asymmetry, and
        Poisson's likelihood of counts.

    Raises
    ------
    FitError if this is nothing to fit, it has no such cost, or the range is empty.
    """
    if not isinstance(data, (Asymmetry, Counts, Histogram)):
        raise FitError(
            "fit takes an Asymmetry, Counts or a Histogram, not a "
            f"{type(data).__name__}; reduce it first"
        )
    if average_bins not in (True, False):
        raise FitError(f"average_bins = {average_bins!r}; expected True or False")
    if isinstance(data, Counts):
        return CountData(data, t_range, average_bins, cost)
    if isinstance(data, Histogram):
        return HistogramData(data, t_range, average_bins, cost)
    if cost in COUNT_COSTS:
        raise FitError(
            f"cost = {cost!r} is one of counts, and this is an asymmetry; fit "
            "mu.reduce_counts(run, recipe)"
        )
    if cost not in (None, "asymmetry"):
        raise FitError(f"no cost is called {cost!r}; asymmetry, {', '.join(COUNT_COSTS)}")
    return AsymmetryData(data, t_range, average_bins)
