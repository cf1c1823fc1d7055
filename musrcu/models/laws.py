"""Laws of temperature: how a quantity that one run gives depends on the temperature of the run."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

_COLDEST = 1e-300
"""Smallest T / T_N that enters a logarithm: 0 K is a temperature like any other."""


def order_parameter_law(
    T: ArrayLike, nu0: float, T_N: float, beta: float, alpha: float
) -> tuple[FloatArray, FloatArray]:
    r"""Spontaneous frequency of a magnet against temperature, with its derivatives.

    nu(T) = nu0 [1 - (T/T_N)^alpha]^beta below T_N, and 0 from T_N on. The bracket is formed as
    u = -expm1(alpha ln(T/T_N)), so that no digits are lost close to T_N or close to 0 K.

    Parameters
    ----------
    T : (n,) or scalar, temperature in K; what is below 0 K is taken as 0 K.
    nu0 : frequency at 0 K, MHz.
    T_N : ordering temperature, K; at 0 there is no order.
    beta : exponent of the bracket; the critical exponent.
    alpha : exponent of T/T_N, what spin waves do at low temperature; at 0 there is no order.

    Returns
    -------
    (value, gradient): (n,) MHz and (4, n), the derivatives with respect to nu0, T_N, beta and
    alpha, in this order. From T_N on all of them are 0; towards T_N from below the derivative
    with respect to T_N diverges for beta < 1.

    Source: Huddart et al., Phys. Chem. Chem. Phys. 21, 1014 (2019), text of Fig. 3.
    """
    temperature = np.atleast_1d(np.asarray(T, dtype=float))
    inside = (temperature < T_N) & (T_N > 0) & (alpha > 0)
    if not inside.any():
        return np.zeros(temperature.shape), np.zeros((4, *temperature.shape))
    log_x = _log_reduced(temperature, T_N, inside)
    x_alpha = np.exp(alpha * log_x)
    u = -np.expm1(alpha * log_x)
    log_u = np.log(u)
    y = np.exp(beta * log_u)
    steep = nu0 * beta * y / u * x_alpha
    gradient = np.stack((y, steep * (alpha / T_N), nu0 * y * log_u, -steep * log_x))
    return np.where(inside, nu0 * y, 0.0), np.where(inside, gradient, 0.0)


def order_parameter_slope(
    T: ArrayLike, nu0: float, T_N: float, beta: float, alpha: float
) -> FloatArray:
    """Derivative of :func:`order_parameter_law` with respect to temperature, (n,) MHz/K.

    -nu0 beta alpha u^(beta-1) (T/T_N)^alpha / T below T_N, 0 from T_N on; parameters as there.
    """
    temperature = np.atleast_1d(np.asarray(T, dtype=float))
    inside = (temperature < T_N) & (T_N > 0) & (alpha > 0)
    if not inside.any():
        return np.zeros(temperature.shape)
    log_x = _log_reduced(temperature, T_N, inside)
    u = -np.expm1(alpha * log_x)
    # x^(alpha-1) instead of x^alpha / T: the quotient has no value at 0 K
    slope = -nu0 * beta * alpha * u ** (beta - 1) * np.exp((alpha - 1) * log_x) / T_N
    return np.where(inside, slope, 0.0)


def _log_reduced(temperature: FloatArray, T_N: float, inside: NDArray[np.bool_]) -> FloatArray:
    """ln(T/T_N), accurate on both ends; some harmless value where ``inside`` is False."""
    distance = np.where(inside, (temperature - T_N) / T_N, -0.25)
    near = np.log1p(np.maximum(distance, -0.5))
    far = np.log(np.maximum(temperature / T_N, _COLDEST))
    return np.where(distance > -0.5, near, far)
