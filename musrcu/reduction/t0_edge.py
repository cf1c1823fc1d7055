"""The muon pulse of a pulsed source, as the rise of the counts shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from musrcu.constants import IMPROBABLE, MUON_LIFETIME, MUON_PULSE
from musrcu.pulse import rise_of
from musrcu.reduction.scoring import Scored, score

FloatArray = NDArray[np.float64]

PION_LIFETIME = 0.026033
"""µs; Particle Data Group, Review of Particle Physics (2024)."""
BEFORE, BEHIND = 4, 4
"""Lengths of a pulse before and behind the rise that are fitted."""
CELL = 0.002
"""µs; the pulse is folded with the decays in cells of a bin that are no longer."""
FEWEST_COUNTS = 1000
"""In the fitted bins."""
LARGEST_ERROR = 0.5
"""Lengths of a pulse; a place known less well is not known."""
SECOND = 1.3
"""Counts that rise again to this many times those just behind the pulse are a second pulse."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The moment by which half of the muons have arrived, in bins."""

    place: float
    error: float
    """Standard deviation of ``place``: of counts, and of the shape of the pulse."""
    pulse: str
    """The shape that fits best."""
    width: float
    """Full width at half maximum of the pulse (before the pions decay), µs."""
    shape: float
    """Part of the error that the shape has."""


def find_edge(
    counts: FloatArray, variance: FloatArray, bin_width: float, dead_time: float = 0.0
) -> Edge | str:
    """The rise of a histogram of all detectors together, or what is missing, in words.

    Parameters
    ----------
    counts, variance : (n_bins,).
    bin_width : µs.
    dead_time : of the detectors, µs, where the counts were corrected for it.
    """
    length = MUON_PULSE / bin_width
    rough = rise_of(counts[None, None], bin_width)
    if rough is None:
        return "there are no counts"
    first = max(0, int(np.floor(rough - max(BEFORE * length, 3))))
    last = min(counts.size, int(np.ceil(rough + max(BEHIND * length, 6))) + 1)
    missing = _missing(counts, rough, length, last)
    if missing:
        return missing
    k = np.arange(first, last, dtype=float)
    n, var = counts[first:last], variance[first:last]
    lag = _loss(n, var, k > rough + length) * dead_time / (2 * bin_width)
    fits = {name: _fit(k, n, var, rough, bin_width, name, lag) for name in PULSES}
    known = {
        name: fit
        for name, fit in fits.items()
        if fit.converged and np.isfinite(fit.covariance[0, 0]) and k[0] < fit.x[0] < k[-1]
    }
    if not known:
        return "the fit of the rise fails"
    best = min(known, key=lambda name: known[name].deviance)
    place, error, shape = _mean(list(known.values()), known[best])
    if error > LARGEST_ERROR * max(length, 1):
        return f"the rise is known to {error:.2g} bins only"
    width = float(known[best].x[1]) * WIDTHS[best] * bin_width
    return Edge(place, error, best, width, shape)


def _missing(counts: FloatArray, rough: float, length: float, last: int) -> str:
    """Why these counts show no rise of one pulse; an empty text where they do."""
    foot, top = int(np.ceil(rough - max(length, 1))), int(np.ceil(rough + max(length, 1)))
    if foot < 1 or top + 3 > counts.size:
        return "the histogram does not begin before the rise and end behind it"
    span = max(1, round(length))
    level = counts[top : top + span].mean()
    if counts[foot:last].sum() < FEWEST_COUNTS:
        return f"the rise has {counts[foot:last].sum():.0f} counts, fewer than {FEWEST_COUNTS}"
    if counts[max(0, foot - span) : foot].mean() > 0.5 * level:
        return "the counts do not rise from a low level"
    later = np.convolve(counts[top : top + round(12 * length) + span], np.full(span, 1 / span))
    if later[span - 1 : 1 - span or None].max() > SECOND * level + 10 * (level / span) ** 0.5:
        return "the counts rise twice: several pulses have no common edge"
    return ""


def _loss(n: FloatArray, variance: FloatArray, top: NDArray[np.bool_]) -> float:
    """Part of the counts behind the pulse that the dead times lost: n / variance = 1 - loss."""
    return max(1 - float(n[top].sum() / variance[top].sum()), 0.0)


def _mean(fits: list[Scored], best: Scored) -> tuple[float, float, float]:
    """Place, error and the part of it of the shape, over the shapes that the counts allow.

    Each shape weighs by its likelihood, and what they differ by is part of the error. Where no
    shape fits, the largest difference from the best one is its error.
    """
    places = np.array([fit.x[0] for fit in fits])
    errors = np.array([fit.covariance[0, 0] for fit in fits])
    if chdtrc(best.ndof, best.deviance) < IMPROBABLE:
        shape = float(np.abs(places - best.x[0]).max())
        return float(best.x[0]), float(np.hypot(best.covariance[0, 0] ** 0.5, shape)), shape
    weights = np.exp(-0.5 * np.array([fit.deviance - best.deviance for fit in fits]))
    weights /= weights.sum()
    place = float(weights @ places)
    spread = float(weights @ (places - place) ** 2)
    return place, float(np.sqrt(weights @ errors + spread)), spread**0.5


def _fit(
    k: FloatArray,
    n: FloatArray,
    variance: FloatArray,
    rough: float,
    dt: float,
    name: str,
    lag: float,
) -> Scored:
    """Middle and width of the pulse, decays a bin at the middle, background, slope of decays.

    A detector is blind by the rate half a dead time earlier, and is corrected by that of the bin.
    On the rise that is too much, by the relative change of the rate in this time, times the loss.
    """
    length = MUON_PULSE / dt
    width = max(length, 1.0) / WIDTHS[name]
    top = n[k > rough + length]
    level, span = max(float(top[: max(1, round(length))].mean()), 1.0), float(k.size)
    low = np.array([k[0], 0.05 * width, 0, 0, -1 / span])
    high = np.array([k[-1], 4 * width, np.inf, np.inf, 1 / span])

    @lru_cache(maxsize=8)
    def decayed(centre: float, width: float) -> FloatArray:
        found = decays(k, centre, width, dt, name)
        return found * (1 + lag * np.gradient(found)) if lag else found

    def shape(x: FloatArray) -> FloatArray:
        centre, _, level, before, slope = x
        return np.asarray(before + level * decayed(*x[:2]) * (1 + slope * (k - centre)))

    return score(
        shape,
        n,
        variance,
        start=np.array([rough, width, level, max(float(n[:2].mean()), 0.01), 0.0]),
        limits=(low, high),
        scale=np.array([0.1 * width, 0.1 * width, level**0.5, max(n[0], 1) ** 0.5, 0.1 / span]),
    )


def decays(k: FloatArray, centre: float, width: float, dt: float, name: str) -> FloatArray:
    """Decays in bins k of the muons of a pulse, one a bin at its middle if all muons came then.

    Parameters
    ----------
    k : (n_bins,) bin indices, one after the other.
    centre, width : middle and width of the pulse, bins.
    dt : bin width, µs.
    name : shape of the pulse, one of ``PULSES``.
    """
    cells = max(4, int(np.ceil(dt / CELL)))
    edges = (np.arange(k.size * cells + 1) / cells + (k[0] - 0.5) - centre) * dt
    arrived = PULSES[name](edges, width * dt)
    middle = 0.5 * (edges[1:] + edges[:-1])
    fed = np.concatenate([[0.0], np.cumsum(np.diff(arrived) * np.exp(middle / MUON_LIFETIME))])
    alive = np.exp(-edges / MUON_LIFETIME) * (arrived[0] + fed)
    return np.asarray(np.diff((arrived - alive)[::cells]) * (MUON_LIFETIME / dt))


def _gaussian(t: FloatArray, width: float) -> FloatArray:
    return np.asarray(ndtr(t / width))


def _parabola(t: FloatArray, half: float) -> FloatArray:
    x = np.clip(t / half, -1, 1)
    return np.asarray((2 + 3 * x - x**3) / 4)


def _pions(t: FloatArray, half: float) -> FloatArray:
    """A parabola of pions, folded with their decay, about its median."""
    middle = np.array(0.93 * PION_LIFETIME)
    for _ in range(4):
        arrived, density = _decayed_pions(middle, half)
        middle = middle - (arrived - 0.5) / density
    return _decayed_pions(t + middle, half)[0]


def _decayed_pions(t: FloatArray, half: float) -> tuple[FloatArray, FloatArray]:
    """The part of the pions that decayed by t, F - tau f, and its density f.

    f + tau f' is the parabola, so that inside it f is p - tau p' + tau^2 p'' less its value at the
    foot, which dies away.
    """
    tau, c = PION_LIFETIME, 0.75 / half

    def settled(s: FloatArray) -> FloatArray:
        x = s / half
        return np.asarray(c * (1 - x**2 + 2 * tau * x / half - 2 * (tau / half) ** 2))

    inside = np.clip(t, -half, half)
    foot = settled(np.array(-half))
    density = settled(inside) - foot * np.exp(-(inside + half) / tau)
    density = density * np.exp(-np.maximum(t - half, 0) / tau)
    return np.asarray(_parabola(t, half) - tau * density), np.asarray(density)


PULSES: dict[str, Callable[[FloatArray, float], FloatArray]] = {
    "Gaussian": _gaussian,
    "parabola": _parabola,
    "parabola of pions": _pions,
}
"""Shapes of a pulse: the part that has arrived by the times t, of a width; by 0 it is half."""
WIDTHS = {"Gaussian": 2.3548, "parabola": 2**0.5, "parabola of pions": 2**0.5}
"""Full width at half maximum over the width that each of them has."""
