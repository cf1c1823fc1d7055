"""The band of a fitted law: how far its curve may be off at any temperature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from musrcu.containers.arrays import FloatArray
from musrcu.models.laws import order_parameter_law
from musrcu.ordering.minimum import Values

_DRAWS = 2000
_FEWEST = 100
"""Draws within the limits of T_N from which a band is taken."""


def band(
    T: ArrayLike, values: Values, free: Sequence[int], covariance: FloatArray,
    limits: tuple[float, float],
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """(low, high), each (n,): the 68 per cent band of nu0 [1 - (T/T_N)^alpha]^beta.

    From 2000 draws of the parameters with the covariance of the fit (always the same draws), not
    from the slopes: next to T_N these are infinite while the band is not. Draws that no fit could
    end at are left out; the curve itself is in the band. NaN where too few are left.

    Parameters
    ----------
    T : (n,) K.
    values : nu0, T_N, beta, alpha.
    free : positions of those that have errors.
    covariance : of these, in their order; NaN where it is not known.
    limits : of T_N, K.
    """
    temperature = np.atleast_1d(np.asarray(T, dtype=float))
    if not (np.isfinite(covariance).all() and len(free)):
        unknown = np.full(temperature.shape, np.nan)
        return unknown, unknown.copy()
    scale = np.sqrt(np.diag(covariance))
    weights, axes = np.linalg.eigh(covariance / np.outer(scale, scale))
    # pairs of opposite draws: the middle of the band is the curve wherever it is straight
    half = np.random.default_rng(20190121).normal(size=(_DRAWS // 2, len(free)))
    normal = np.concatenate((half, -half))
    moved = np.tile(np.array(values, dtype=float), (_DRAWS, 1))
    moved[:, list(free)] += normal * np.sqrt(np.maximum(weights, 0.0)) @ axes.T * scale
    possible = (moved > 0).all(axis=1)
    if 1 in free:
        possible &= (moved[:, 1] >= limits[0]) & (moved[:, 1] <= limits[1])
    if possible.sum() < _FEWEST:
        unknown = np.full(temperature.shape, np.nan)
        return unknown, unknown.copy()
    curves = np.array([order_parameter_law(temperature, *one)[0] for one in moved[possible]])
    low, high = np.quantile(curves, [0.158655, 0.841345], axis=0)
    curve = order_parameter_law(temperature, *values)[0]
    return np.minimum(low, curve), np.maximum(high, curve)
