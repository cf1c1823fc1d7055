"""The order parameter with errors of temperatures carried over to the frequencies.

An error of the temperature acts like one of the frequency, by the slope of the law:

    cost = sum_i (nu_i - nu(T_i))^2 / s_i^2 + ln(s_i^2 / s_nu,i^2) ,
    s_i^2 = s_nu,i^2 + (dnu/dT s_T,i)^2 .

The logarithm is the normalisation of the Gaussian: without it a steeper curve makes every error
larger and so lowers the cost. Quick, and straight where the curve is not: next to T_N the latent
temperatures of :mod:`musrcu.ordering.latent_temperature` are right.
"""

from __future__ import annotations

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.models.laws import order_parameter_law, order_parameter_slope

Parameters = tuple[float, float, float, float]

_SMALLEST = 1e-300


def effective_cost(
    T: FloatArray, T_error: FloatArray, nu: FloatArray, nu_error: FloatArray,
    parameters: Parameters, *, normalised: bool = True,
) -> tuple[float, float, FloatArray]:  # fmt: skip
    """Cost of the law with effective variances, and its exact gradient.

    Parameters
    ----------
    T, T_error : (n,) K; an error of 0 is exact.
    nu, nu_error : (n,) MHz, errors above 0.
    parameters : nu0 (MHz), T_N (K), beta, alpha.
    normalised : whether the logarithms of the variances are part of the cost.

    Returns
    -------
    (chi2, logarithms, gradient): the sum of squares; the sum of ln(s_i^2 / s_nu,i^2), 0 where they
    are left out; (4,) the derivatives of their sum in the order of ``parameters``.

    Source: J. Orear, Am. J. Phys. 50, 912 (1982), doi:10.1119/1.12972.
    """
    value, gradient = order_parameter_law(T, *parameters)
    slope = order_parameter_slope(T, *parameters)
    carried = (slope * T_error) ** 2
    variance = nu_error**2 + carried
    residual = nu - value
    pull = residual / variance
    by_variance = -(pull**2)
    if normalised:
        by_variance = by_variance + 1.0 / variance
    # carried = exp(2 ln|slope|) s_T^2, so that its derivative is 2 carried times that of ln|slope|
    total = -2.0 * gradient @ pull + _log_slopes(T, parameters) @ (2.0 * carried * by_variance)
    logarithms = float(np.log1p(carried / nu_error**2).sum()) if normalised else 0.0
    return float(residual @ pull), logarithms, total


def _log_slopes(T: FloatArray, parameters: Parameters) -> FloatArray:
    """(4, n) derivatives of ln|dnu/dT| by the parameters; 0 where the law has no slope.

    |dnu/dT| = nu0 beta alpha u^(beta-1) x^(alpha-1) / T_N with x = T/T_N, u = 1 - x^alpha.
    """
    nu0, T_N, beta, alpha = parameters
    inside = (T > 0) & (T < T_N)
    log_x = np.log(np.where(inside, T, 0.5 * T_N) / T_N)
    u = np.maximum(-np.expm1(alpha * log_x), _SMALLEST)
    steep = (1.0 - u) / u  # x^alpha / u
    found = np.stack((
        np.full(T.shape, 1.0 / nu0),
        alpha * ((beta - 1.0) * steep - 1.0) / T_N,
        1.0 / beta + np.log(u),
        1.0 / alpha + log_x - (beta - 1.0) * steep * log_x,
    ))  # fmt: skip
    return np.where(inside, found, 0.0)
