"""The prompt peak of a continuous source: positrons of the beam that cross sample and detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from musrcu.constants import IMPROBABLE, MUON_LIFETIME
from musrcu.reduction.scoring import Scored, score

FloatArray = NDArray[np.float64]

SIGNIFICANT = 25.0
"""Deviance that the peak must gain over counts that only rise: five standard deviations."""
FEWEST_COUNTS = 20
"""Of the peak; a likelihood of fewer is far from normal."""
NARROWEST = 0.15
"""Bins; a peak with a smaller standard deviation lies in one bin, and nobody knows where."""
WIDEST = 0.010
"""µs; no prompt peak has a larger standard deviation."""
REACH = 8
"""Standard deviations, and bins at least, either side of the peak that are fitted."""
LOOK = 0.006
"""µs between the peak and the levels before and after it that are compared to find it."""
LEVEL = 0.020
"""µs over which these levels are averaged."""
RISE = 1.5
"""The counts behind t0 are at least as many times those before it."""
PART = 0.1
"""And at least this part of those that all counts, were they decays, would begin with."""
ANYWHERE = 12**-0.5
"""Bins; standard deviation of a place of which only the bin is known."""
PEAKLESS = np.array([1, 1, 0, 1, 1, 1])
"""Takes the counts of the peak out of the parameters."""
ROOT_2_PI = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True, slots=True)
class Peak:
    """A prompt peak, in bins."""

    place: float
    error: float
    """Standard deviation of ``place``: of counts, and of the shape where no Gaussian fits."""
    width: float
    """Standard deviation of the Gaussian."""
    counts: float
    shape: float
    """Part of the error that the shape has: 0 where the Gaussian fits."""


def find_peak(counts: FloatArray, variance: FloatArray, bin_width: float) -> Peak | str:
    """The prompt peak of one histogram, or what is missing, in words.

    Parameters
    ----------
    counts, variance : (n_bins,).
    bin_width : µs.
    """
    rough = rough_place(counts, bin_width)
    if rough is None:
        return "its counts do not rise anywhere"
    place, width = _start(counts, rough, bin_width)
    reach = int(np.ceil(REACH * max(width, 1.0)))
    first, last = max(0, rough - reach), min(counts.size, rough + reach + 1)
    n, var = counts[first:last], variance[first:last]
    k = np.arange(first, last, dtype=float)
    found = _fit(k, n, var, (place, width), bin_width)
    centre, sigma, area = (float(value) for value in found.x[:3])
    clear = area > FEWEST_COUNTS and area**2 > 4 * SIGNIFICANT * found.covariance[2, 2]
    if not clear:  # only then is the second fit needed
        plain = _fit(k, n, var, (place, width), bin_width, peaked=False)
        clear = plain.deviance - found.deviance > SIGNIFICANT
    if area < FEWEST_COUNTS or not clear:
        return f"no prompt peak stands out from its counts ({max(area, 0):.0f} counts)"
    if not (found.converged and k[0] + 1 < centre < k[-1] - 1):
        return "the fit of its prompt peak fails"
    error = float(np.sqrt(found.covariance[0, 0]))
    if sigma <= NARROWEST or not np.isfinite(error):
        error = max(error, ANYWHERE) if np.isfinite(error) else ANYWHERE
        return Peak(centre, error, sigma, area, 0.0)
    shape = 0.0
    if chdtrc(found.ndof, found.deviance) < IMPROBABLE:
        peak = n - shape_of(k, found.x * PEAKLESS, bin_width)
        shape = max(abs(place - centre) for place in (_top(k, n, centre), _median(k, peak)))
    return Peak(centre, float(np.hypot(error, shape)), sigma, area, shape)


def rough_place(counts: FloatArray, dt: float) -> int | None:
    """The bin of the highest peak among those where the counts behind exceed those before."""
    look, level = max(6, int(np.ceil(LOOK / dt))), max(10, int(np.ceil(LEVEL / dt)))
    core = 1 + 2 * int(0.5e-3 / dt + 0.5)
    margin = look + level
    if counts.size < 2 * margin + core:
        return None
    total = np.concatenate([[0.0], np.cumsum(counts)])
    k = np.arange(margin, counts.size - margin)
    before = (total[k - look] - total[k - margin]) / level
    after = (total[k + margin] - total[k + look]) / level
    half = core // 2
    peak = (total[k + half + 1] - total[k - half]) / core - after
    rises = (after - RISE * before) * level > 3 * np.sqrt((after + before) * level + 1)
    rises &= after > PART * total[-1] / min(MUON_LIFETIME / dt, counts.size)
    if not rises.any():
        return None
    clear = peak * core / np.sqrt((after + peak.clip(0)) * core + 1)
    best = int(np.argmax(np.where(rises, clear, -np.inf)))
    near = int(k[best])
    return near - half + int(np.argmax(counts[near - half : near + half + 1]))


def _start(counts: FloatArray, rough: int, dt: float) -> tuple[float, float]:
    """Centre and standard deviation by the bins above half of the height."""
    look = max(6, int(np.ceil(LOOK / dt)))
    level = counts[rough + look : rough + look + 10].mean()
    half = level + 0.5 * (counts[rough] - level)
    left = right = rough
    while left > max(0, rough - look) and counts[left - 1] > half:
        left -= 1
    while right < min(counts.size - 1, rough + look) and counts[right + 1] > half:
        right += 1
    weight = np.maximum(counts[left - 1 : right + 2] - level, 0)
    centre = float(np.average(np.arange(left - 1, right + 2), weights=weight + 1e-9))
    return centre, max((right - left + 1) / 2.355, 0.4)


def _fit(
    k: FloatArray,
    n: FloatArray,
    variance: FloatArray,
    start: tuple[float, float],
    dt: float,
    *,
    peaked: bool = True,
) -> Scored:
    """Centre, width and area of the peak; level before; level and slope after."""
    edge = max(2, n.size // 6)
    before, after = max(float(n[:edge].mean()), 0.1), float(n[-edge:].mean())
    after = max(after - before, 0.1)
    area = max(float((n - before - after).clip(0).sum()), FEWEST_COUNTS) if peaked else 0.0
    span, width = float(k.size), start[1]
    root = np.sqrt(np.maximum([area, before, after], 1))
    return score(
        lambda x: shape_of(k, x, dt),
        n,
        variance,
        start=np.array([*start, area, before, after, 0.0]),
        limits=(
            np.array([k[0], NARROWEST, 0, 0, 0, -1 / span]),
            np.array([k[-1], WIDEST / dt + 1, np.inf if peaked else 0, np.inf, np.inf, 1 / span]),
        ),
        scale=np.array([0.3 * width, 0.3 * width, *root, 0.1 / span]),
    )


def shape_of(k: FloatArray, x: FloatArray, dt: float) -> FloatArray:
    """Expected counts in bins k: background, prompt peak, and decays with its resolution.

    Parameters
    ----------
    k : (n_bins,) bin indices, one after the other.
    x : centre and standard deviation of the peak, its counts, counts per bin before it, decays per
        bin at the centre, and their relative change per bin beside that of the muon lifetime.
    dt : bin width, µs.
    """
    centre, sigma, area, before, after, slope = x
    u = (np.concatenate([k - 0.5, k[-1:] + 0.5]) - centre) / sigma
    below = ndtr(u)
    risen = sigma * (u * below + np.exp(-0.5 * u**2) / ROOT_2_PI)
    later = np.maximum(k - centre, 0)
    alive = np.exp(-later * dt / MUON_LIFETIME) * (1 + slope * later)
    return np.asarray(before + area * np.diff(below) + after * np.diff(risen) * alive)


def _top(k: FloatArray, n: FloatArray, centre: float) -> float:
    """The highest point of a peak: a parabola through the logarithms of its three highest bins."""
    near = np.where(np.abs(k - centre) <= max(3.0, 0.25 * k.size / REACH), n, 0)
    top = int(np.clip(np.argmax(near), 1, n.size - 2))
    left, middle, right = np.log(np.maximum(n[top - 1 : top + 2], 1.0))
    bend = left - 2 * middle + right
    return float(k[top] + (0.5 * (left - right) / bend if bend < 0 else 0.0))


def _median(k: FloatArray, peak: FloatArray) -> float:
    """The place with as many counts of the peak before it as behind it."""
    total = np.concatenate([[0.0], np.cumsum(np.maximum(peak, 0))])
    return float(np.interp(total[-1] / 2, total, np.concatenate([k - 0.5, k[-1:] + 0.5])))
