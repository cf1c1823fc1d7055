"""What the muon pulse of a pulsed source leaves of a precession."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musrcu.constants import MUON_LIFETIME
from musrcu.errors import MusrcuError

FWHM = 2 * math.sqrt(2 * math.log(2))
"""Full width at half maximum of a Gaussian over its standard deviation."""


def pulse_factor(
    frequency: ArrayLike, width: float = 0.0, apart: float = 0.0
) -> NDArray[np.complex128]:
    """The factor c by which pulses of muons change a line: |c| its amplitude, arg c its phase.

    A Gaussian pulse attenuates by exp[-2 (pi nu s)^2], s = width / 2.3548. Two equal pulses d
    apart, the time counted from their middle, give

        c = (e^{-d/2tau} e^{i pi nu d} + e^{d/2tau} e^{-i pi nu d}) / (e^{-d/2tau} + e^{d/2tau}):

    the later pulse weighs more, because its muons have had less time to decay.

    Parameters
    ----------
    frequency : of the line, MHz; any shape.
    width : full width at half maximum of each pulse, µs.
    apart : d between two pulses, µs; 0 is a single pulse.

    Returns
    -------
    Complex numbers of the shape of ``frequency``.

    Raises
    ------
    MusrcuError if a time is negative or no number.
    """
    for name, value in (("width", width), ("apart", apart)):
        if not (math.isfinite(value) and value >= 0):
            raise MusrcuError(f"{name} = {value!r} of a muon pulse; expected us, 0 or above")
    nu = np.asarray(frequency, dtype=float)
    single = np.exp(-2 * (math.pi * nu * width / FWHM) ** 2)
    turn = math.pi * nu * apart
    double = np.cos(turn) - 1j * math.tanh(apart / (2 * MUON_LIFETIME)) * np.sin(turn)
    return np.asarray(single * double, dtype=complex)
