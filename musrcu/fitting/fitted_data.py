"""Which kind of data a user gave to a fit."""

from __future__ import annotations

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.errors import FitError
from musrcu.fitting.asymmetry_data import AsymmetryData
from musrcu.fitting.count_data import CountData
from musrcu.fitting.data import Data


def fitted_data(
    data: Asymmetry | Counts, t_range: tuple[float, float] | None, average_bins: bool
) -> Data:
    """The fitted bins.

    Raises
    ------
    FitError if this is nothing to fit, or the range is empty.
    """
    if not isinstance(data, (Asymmetry, Counts)):
        raise FitError(
            f"fit takes an Asymmetry or Counts, not a {type(data).__name__}; reduce it first"
        )
    if average_bins not in (True, False):
        raise FitError(f"average_bins = {average_bins!r}; expected True or False")
    if isinstance(data, Asymmetry):
        return AsymmetryData(data, t_range, average_bins)
    return CountData(data, t_range, average_bins)
