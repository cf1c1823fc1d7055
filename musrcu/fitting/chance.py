"""How strong a line noise alone makes, given where it was looked for."""

from __future__ import annotations

import numpy as np

from musrcu.constants import MUON_LIFETIME

DAMPINGS = 3.0
"""Independent dampings tried at each frequency."""


def noise_gain(nu_range: tuple[float, float], window: float, chance: float) -> float:
    """Gain in chi-square that noise reaches somewhere in a search with that probability.

    2 ln(N / chance), N = (nu_max - nu_min) T x 3 independent frequencies and dampings, with T the
    shorter of the window and the muon lifetime.

    Parameters
    ----------
    nu_range : lowest and highest frequency that was searched, MHz.
    window : length of the fitted data, µs.
    chance : probability.

    Source: E. Gross and O. Vitells, Eur. Phys. J. C 70, 525 (2010), for the principle.
    """
    searched = max(nu_range[1] - nu_range[0], 0.0) * min(window, MUON_LIFETIME) * DAMPINGS
    return float(2 * np.log(max(searched, 1.0) / chance))
