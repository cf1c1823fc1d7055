"""The average over bins of a wave with a Gaussian envelope, Re exp(z t + i phi - s t^2 / 2).

With h = x w/2 the time from the centre t of a bin and y = s t w/2 it is

    Re [exp(z t + i phi - s t^2 / 2) F],

F the mean over -1 < x < 1 of exp((z - 1/tau) h - s h^2 / 2) exp(-x y) over that of exp(-h/tau).
Wherever the envelope is not small, y is: its power series needs few moments, which all bins of one
width share.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from musrcu.constants import MUON_LIFETIME
from musrcu.models.bins import Bins, gauss_legendre

Number = Any
"""A number or an array, real or complex."""

WIDEST = 0.25
"""Largest half width of a bin, in units of 1 / sqrt(s)."""
STEEPEST = 10.0
"""Largest |z| w for which the moments are computed here."""
ACCURACY = 1e-12


def in_series(z: complex, spread: float, bins: Bins) -> bool:
    """Whether the average is computed here: bins of one width, narrow beside the envelope."""
    if bins.width.ndim or spread < 0:
        return False
    width = float(bins.width)
    narrow = 0.5 * math.sqrt(spread) * width <= WIDEST
    return narrow and abs(z) * width <= STEEPEST


def gaussian_factors(z: complex, spread: float, bins: Bins, derivatives: bool) -> Number:
    """F of every bin; with derivatives also those of the average by z and by s.

    Returns
    -------
    (1 or 3, n_bins): what the wave at the centre is to be multiplied with.
    """
    half, reach = 0.5 * float(bins.width), bins.reach
    orders = _orders(math.ceil(200 * half * math.sqrt(spread)) / 200)
    moments = _moments(z, spread, half, orders + 2)
    steps = -spread * half * reach / np.maximum(np.arange(orders), 1.0)
    steps[0] = 1.0
    falling = np.cumprod(steps)  # (-s w/2 reach)^k / k!, for powers of t / reach
    mean, first, second = (falling * moments[k : k + orders] for k in range(3))
    if not derivatives:
        return _polynomials(mean[np.newaxis], bins)
    columns = np.zeros((3, orders + 2), dtype=moments.dtype)
    columns[0, :-2] = mean
    columns[1, 1:-1] = reach * mean  # t F + dF/dz
    columns[1, :-2] += half * first
    columns[2, 2:] = -0.5 * reach**2 * mean  # -t^2/2 F + dF/ds
    columns[2, 1:-1] -= half * reach * first
    columns[2, :-2] -= 0.5 * half**2 * second
    return _polynomials(columns, bins)


def _polynomials(columns: Number, bins: Bins) -> Number:
    """(n, n_bins) polynomials of t / reach with the coefficients (n, orders)."""
    powers, columns = bins.powers(columns.shape[1]), columns.T.copy()
    if np.iscomplexobj(columns):  # a product of real matrices is the faster one
        found = (powers @ columns.view(float)).view(complex)
    else:
        found = powers @ columns
    return found.T.reshape(found.shape[1], *bins.time.shape)


def _moments(z: complex, spread: float, half: float, number: int) -> Number:
    """(number,) means of x^k exp((z - 1/tau) h - s h^2/2) over that of exp(-h/tau)."""
    places, weights = gauss_legendre(20)
    h = half * places
    decay = weights * np.exp(-h / MUON_LIFETIME)
    shape = decay * np.exp(z * h - 0.5 * spread * h**2)
    powers = places ** np.arange(number)[:, None]
    return (powers @ shape) / decay.sum()


@lru_cache(maxsize=128)
def _orders(reach: float) -> int:
    """Terms of the series for half a bin of so many standard deviations.

    y^n / n! exp(-s t^2 / 2) is largest where s t^2 = n, reach^n n^(n/2) exp(-n/2) / n! there.
    """
    for n in range(2, 60):
        largest = n * math.log(max(reach, 1e-300)) + 0.5 * n * (math.log(n) - 1)
        if largest - math.lgamma(n + 1) < math.log(ACCURACY):
            return n
    return 60
