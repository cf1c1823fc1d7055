"""Noise of a Fourier amplitude, from the errors of the bins."""

from __future__ import annotations

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.spectrum.fourier_sum import FourierSum
from musrcu.spectrum.smooth import Smooth


def white_noise(weight: FloatArray, error: FloatArray) -> float:
    """sqrt(2 sum w^2 sigma^2) / sum w: standard deviation of each quadrature of an amplitude."""
    return float(np.sqrt(2 * ((weight * error) ** 2).sum()) / weight.sum())


def noise_at_each(
    sums: FourierSum, weight: FloatArray, error: FloatArray, smooth: Smooth
) -> FloatArray:
    """(n_nu,) standard deviation of a quadrature, with what the smooth terms take along.

    sigma^2 = 1/2 <|dF|^2>, the mean of both quadratures, with
    dF = 2/W sum_j e_j [w_j exp(-i omega t_j) - sum_k G_k R_kj], G the sums of the tangents of the
    smooth part and R its response to each bin. At low frequencies it lies below the white noise,
    because the smooth terms follow the noise there.
    """
    variance = error**2
    total = np.full(sums.nu.size, float((weight**2 * variance).sum()))
    if smooth.tangents.size:
        shadows = np.array([sums.grid(weight * row) for row in smooth.tangents])
        mixed = np.array([sums.grid(weight * variance * row) for row in smooth.response])
        common = (smooth.response * variance) @ smooth.response.T
        total -= 2 * np.einsum("kn,kn->n", np.conj(shadows), mixed).real
        total += np.einsum("kn,kl,ln->n", np.conj(shadows), common, shadows, optimize=True).real
    return np.asarray(np.sqrt(2 * np.maximum(total, 0.0)) / weight.sum())
