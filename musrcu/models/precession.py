"""Fields and precession frequencies of the muon, from one to the other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.errors import MusrcuError, quoted
from musrcu.models.registry import FloatArray

GAUSS_PER_TESLA = 1e4


def nu_from_field(field: ArrayLike, *, gamma_bar: float | None = None) -> FloatArray:
    """Precession frequency in a field: nu = gamma_bar B.

    Parameters
    ----------
    field : B, G, any shape; 1 mT = 10 G, 1 T = 10000 G.
    gamma_bar : gyromagnetic ratio over 2 pi, MHz/T; None takes 135.5388094 of the muon (CODATA
        2022). Older papers round to 135.5.

    Returns
    -------
    nu, MHz, of the shape of ``field``.

    Raises
    ------
    MusrcuError if ``gamma_bar`` is no ratio in MHz/T.
    """
    return np.asarray(field, dtype=float) * _per_gauss(gamma_bar)


def field_from_nu(nu: ArrayLike, *, gamma_bar: float | None = None) -> FloatArray:
    """Field in which the muon precesses with a frequency: B = nu / gamma_bar.

    Parameters
    ----------
    nu : frequency, MHz, any shape.
    gamma_bar : gyromagnetic ratio over 2 pi, MHz/T; None takes 135.5388094 of the muon (CODATA
        2022). Older papers round to 135.5, which makes B larger by 0.03 %.

    Returns
    -------
    B, G, of the shape of ``nu``; 10 G = 1 mT.

    Raises
    ------
    MusrcuError if ``gamma_bar`` is no ratio in MHz/T.
    """
    return np.asarray(nu, dtype=float) / _per_gauss(gamma_bar)


def _per_gauss(gamma_bar: float | None) -> float:
    """MHz/G."""
    if gamma_bar is None:
        return GAMMA_MU_OVER_2PI
    # 0.0136 MHz/G is the same ratio in another unit, and no spin is as slow as 1 MHz/T
    number = isinstance(gamma_bar, (int, float)) and not isinstance(gamma_bar, bool)
    if not (number and 1.0 <= gamma_bar < math.inf):
        raise MusrcuError(
            f"gamma_bar = {quoted(gamma_bar)}; expected MHz/T, such as 135.5388 for the muon"
        )
    return gamma_bar / GAUSS_PER_TESLA
