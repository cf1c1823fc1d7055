"""The radio frequency of an accelerator, which is in the counts of a continuous source."""

from __future__ import annotations

import numpy as np

from musrcu.constants import ACCELERATOR_PERIOD, GAMMA_MU_OVER_2PI
from musrcu.containers.run import Run

HARMONICS = 3
SEEN = 0.1
"""Share of a frequency that bins must leave of it: wide ones average it away."""
NEAR = 0.03
"""MHz; how near a harmonic a line is at least called so: the period has four digits."""
OF_THE_FIELD = 0.02
"""A line so near that of the field, as a share, is a muon's."""


def accelerator_line(run: Run, nu: float, width: float, near: float) -> str:
    """What a frequency is where it is that of the accelerator; empty where it is not.

    Muons arrive in bunches, and what is left of them in the counts is no muon that turns. Bins
    show frequencies up to 1 / (2 width); those above are folded below.

    Parameters
    ----------
    run : whose facility and field are looked at; PSI and TRIUMF are continuous sources.
    nu : MHz.
    width : of the bins, µs.
    near : how far the two may be apart, MHz.

    Returns
    -------
    Text such as ``the accelerator's 50.63 MHz`` or ``the accelerator's 50.63 MHz, folded``.
    """
    period = ACCELERATOR_PERIOD.get(run.facility or "")
    if period is None:
        return ""
    of_field = abs(run.field or 0.0) * GAMMA_MU_OVER_2PI
    if of_field and abs(nu / of_field - 1) < OF_THE_FIELD:
        return ""
    for k in range(1, HARMONICS + 1):
        true = k / period
        seen = abs(true - round(true * width) / width)
        if abs(float(np.sinc(true * width))) < SEEN or abs(nu - seen) > max(near, k * NEAR):
            continue
        times = f"{k} times " if k > 1 else ""
        folded = ", folded" if abs(seen - true) > 0.5 * true * 1e-3 else ""
        return f"{times}the accelerator's {1 / period:.4g} MHz{folded}"
    return ""
