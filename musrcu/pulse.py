"""Where the counts of a pulsed source rise: the arrival of the muon pulse, as counts show it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.constants import MUON_PULSE


def rise_of(counts: NDArray[Any], bin_width: float) -> float | None:
    """Bin (from 0, fractional) at which the counts first reach half of their largest value.

    The counts of all periods and detectors together, averaged over the length of the pulse.

    Parameters
    ----------
    counts : (n_periods, n_detectors, n_bins).
    bin_width : µs.

    Returns
    -------
    The place between two bins, by a straight line; None where there are no counts.
    """
    total = counts.sum(axis=(0, 1)).astype(float)
    span = min(max(round(MUON_PULSE / bin_width), 1), total.size)
    smooth = np.convolve(total, np.full(span, 1 / span), mode="same")
    half = smooth.max() / 2
    if not half > 0:
        return None
    rise = int(np.argmax(smooth >= half))
    before = smooth[rise - 1] if rise else 0.0
    return float(rise - (smooth[rise] - half) / (smooth[rise] - before))
