"""E2(z) = (exp(-z) - 1 + z) / z^2: the twofold integral of an exponential correlation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

NEAR = 0.5
"""|z| below which the series is summed; it has that many terms."""
_SERIES = tuple((-1.0) ** k / math.factorial(k + 2) for k in range(14))


def second_integral(z: Any, decay: Any) -> tuple[Any, Any]:
    """E2 and its derivative.

    Parameters
    ----------
    z : real or complex array, any shape.
    decay : exp(-z), of the same shape.

    Returns
    -------
    (E2, dE2/dz), each of the shape of ``z``, 1/2 and -1/6 at 0. Computed so that nothing cancels:
    by the series sum (-z)^k / (k + 2)! where |z| < 0.5.
    """
    shape = np.shape(z)
    z, decay = np.ravel(z), np.ravel(decay)
    near = np.flatnonzero(np.abs(z) < NEAR)
    far = z.copy()
    far[near] = 1.0
    inverse = 1.0 / far
    value = (decay - 1.0 + far) * inverse * inverse
    slope = ((1.0 - decay) * inverse - 2.0 * value) * inverse
    if near.size:
        value[near], slope[near] = _series(z[near])
    return value.reshape(shape), slope.reshape(shape)


def _series(z: Any) -> tuple[Any, Any]:
    value, slope = np.full_like(z, _SERIES[-1]), np.zeros_like(z)
    for coefficient in _SERIES[-2::-1]:
        slope = slope * z + value
        value = value * z + coefficient
    return value, slope
