"""Second derivatives of what an experiment shows of a model, summed with weights.

The experiment sees the model a(t) through formulas that are linear in it, or a ratio of two such:
what is added to the curvature of a(t) itself are products of first derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musrcu.containers.losses import Losses
from musrcu.models.product import onto, product, scalar

FloatArray = NDArray[np.float64]
Curvature = Callable[[FloatArray], FloatArray]
"""(n_parameters, n_parameters) second derivatives of the model, summed with (n_bins,) weights."""

LOST = 1e-4
"""Share of the counts by which they are moved to see how the slope of the losses changes."""


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """A = N / D with N = n1 a + n0 + ..., D = d1 a + d0 + ..., alpha and backgrounds in them."""

    own: int
    """Parameters of the model; those of the experiment follow."""
    extra: Sequence[str]
    s: float
    """sqrt(alpha / alpha0)."""
    alpha: float
    beta: float
    below: FloatArray
    """(n_bins,) D."""
    seen: FloatArray
    """(n_bins,) A."""


def of_ratio(
    ratio: Ratio,
    a: FloatArray,
    inner: FloatArray,
    rows: FloatArray,
    weights: FloatArray,
    background: tuple[FloatArray | float, FloatArray | float],
    bend: Curvature,
) -> FloatArray:
    """Of the asymmetry formed with one alpha and background where others are true.

    A_ij = (N_ij - A D_ij) / D - (A_i D_j + A_j D_i) / D.

    Parameters
    ----------
    ratio : the formula.
    a : (n_bins,) the model; ``inner`` (own, n_bins) its derivatives.
    rows : (n_parameters, n_bins) derivatives of A.
    weights : (n_bins,).
    background : derivatives of D / beta by b_F and of D by b_B.
    bend : second derivatives of the model.
    """
    s, beta, own = ratio.s, ratio.beta, ratio.own
    v = weights / ratio.below
    found = bend(v * ((s + beta / s) - ratio.seen * beta * (s - 1 / s)))
    falling = np.empty_like(rows)
    falling[:own] = beta * (s - 1 / s) * inner
    for place, name in enumerate(ratio.extra, own):
        if name != "alpha":
            falling[place] = beta * background[0] if name == "b_F" else background[1]
            continue
        # derivatives by s, and of s by alpha
        by, again = s / (2 * ratio.alpha), -s / (4 * ratio.alpha**2)
        n1, d1 = 1 - beta / s**2, beta * (1 + 1 / s**2)
        above_s, below_s = n1 * a + 1 + 1 / s**2, d1 * a + beta - 1 / s**2
        falling[place] = by * below_s
        bent = 2 * (beta * a - 1) / s**3
        first, second = above_s - ratio.seen * below_s, bent * (1 + ratio.seen)
        found[place, place] += scalar(v, first * again + second * by**2)
        mixed = by * onto(inner, v * (n1 - ratio.seen * d1))
        found[place, :own] += mixed
        found[:own, place] += mixed
    cross = product(rows * v, falling.T)
    return np.asarray(found - cross - cross.T)


def of_counts(
    values: Sequence[float],
    a: FloatArray,
    inner: FloatArray,
    unit: FloatArray,
    weights: FloatArray,
    bend: Curvature,
) -> FloatArray:
    """Of N0 sqrt(alpha) E (1 + a) + k b_F and N0 / sqrt(alpha) E (1 - beta a) + k b_B.

    Parameters
    ----------
    values : N0, alpha, beta.
    a : (n_bins,) the model; ``inner`` (own, n_bins) its derivatives.
    unit : (2, n_bins) sqrt(alpha) E and E / sqrt(alpha).
    weights : (2, n_bins).
    bend : second derivatives of the model by all parameters.
    """
    n0, alpha, beta = values
    forward, backward = weights * unit
    by_a = forward - beta * backward
    found = bend(n0 * by_a)
    own = len(inner)
    other = forward + beta * backward
    there = scalar(forward, 1 + a), scalar(backward, 1 - beta * a)
    left = onto(inner, np.asarray(backward))
    pairs = {
        (own, own + 1): (there[0] - there[1]) / (2 * alpha),
        (own, own + 2): -scalar(backward, a),
        (own + 1, own + 2): n0 * scalar(backward, a) / (2 * alpha),
    }
    for (i, j), value in pairs.items():
        found[i, j] += value
        found[j, i] += value
    found[own + 1, own + 1] += n0 * (3 * there[1] - there[0]) / (4 * alpha**2)
    mixed = onto(inner, by_a), n0 * onto(inner, other) / (2 * alpha), -n0 * left
    for place, row in enumerate(mixed, own):
        found[place, :own] += row
        found[:own, place] += row
    return found


def of_losses(
    losses: Sequence[Losses],
    there: FloatArray,
    width: FloatArray,
    weights: FloatArray,
    rows: FloatArray,
) -> FloatArray:
    """What the curvature of the dead-time losses adds, (n_parameters, n_parameters).

    Parameters
    ----------
    losses : of both groups.
    there : (2, n_bins) counts without them.
    width : (n_bins,) µs.
    weights : (2, n_bins).
    rows : (n_parameters, 2 n_bins) derivatives of ``there``.
    """
    bent = []
    for one, row in zip(losses, there, strict=True):
        step = LOST * np.maximum(np.abs(row), 1.0)
        high, low = one.seen(row + step, width)[1], one.seen(row - step, width)[1]
        bent.append((high - low) / (2 * step))
    weight = (weights * np.array(bent)).reshape(-1)
    return product(rows * weight, rows.T)
