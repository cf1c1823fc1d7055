"""Dead times of a run whose polarisation relaxes along the axis of two opposite groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.calibration.dead_time_counts import Chosen
from musrcu.calibration.dead_time_models import CommonPolarisation, lifetime, wavy
from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.fitting.detector_cost import DetectorCost, DetectorCounts, DetectorFit, Knowledge

EXACT = 1e-6
SMOOTH = 8
"""Knots of a polarisation that relaxes."""
MEAN_ASYMMETRY = 0.2
"""What is known of the mean asymmetry where alpha is not: 0 within this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What is taken as known of a longitudinal run."""

    each: bool
    """Whether every detector has a dead time of its own."""
    spread: float
    """Standard deviation of the asymmetries of detectors about their group's, relative."""
    apart: float
    """Standard deviation of the ratio of the asymmetries of the two groups about 1."""
    alpha: tuple[float, float] | None
    """Balance of the groups and its error."""
    difference: float = 0.0
    """Standard deviation of the difference of the mean dead times of the groups, µs."""
    knots: int = SMOOTH
    """Of the splines of which the polarisation is made."""


def fit_longitudinal(chosen: Chosen, assumed: Assumed) -> tuple[DetectorFit, IntArray]:
    """The fit, and the indices of the dead times among its parameters.

    Raises
    ------
    FitError where the counts leave some direction open.
    """
    data = chosen.packed()
    assert chosen.sign is not None
    sign = chosen.sign
    model = CommonPolarisation(data.edges, sign, wavy(lifetime(data.edges), assumed.knots))
    start = _start(data, model, sign)
    n = sign.size
    free = _free(n, start.size, assumed)
    places = 3 * np.arange(n) + 2
    levels = start[places - 2]
    for _ in range(2 if assumed.alpha else 1):
        knowledge = _knowledge(sign, start.size, levels, assumed)
        found = DetectorCost(data, model, knowledge).minimise(start, free, model.n_own)
        levels = found.x[places - 2]
    if assumed.each and not assumed.difference:
        difference = _scatter(found, sign, places)
        if difference > 0:
            wider = Assumed(
                each=True,
                spread=assumed.spread,
                apart=assumed.apart,
                alpha=assumed.alpha,
                difference=difference,
            )
            knowledge = _knowledge(sign, start.size, levels, wider)
            found = DetectorCost(data, model, knowledge).minimise(found.x, free, model.n_own)
    return found, places


def _start(data: DetectorCounts, model: CommonPolarisation, sign: FloatArray) -> FloatArray:
    level = data.counts.sum(axis=1) / model.e.sum()
    scaled = data.counts / level[:, None] / model.e
    wave = (scaled[sign > 0].mean(axis=0) - scaled[sign < 0].mean(axis=0)) / 2
    heights = model.shapes.T @ (wave * model.e) / model.e.sum()
    own = np.stack([np.log(level), np.ones_like(level), np.zeros_like(level)], axis=1)
    return np.concatenate([own.ravel(), [0.0, 0.0], heights])


def _free(n: int, size: int, assumed: Assumed) -> FloatArray:
    """(n_parameters, n_free): all but the amplitudes that are held, dead times of one where so."""
    columns = np.eye(size)
    amplitudes, taus = 3 * np.arange(n) + 1, 3 * np.arange(n) + 2
    held = np.zeros(size, dtype=bool)
    if not (assumed.spread or assumed.apart):
        held[amplitudes] = True
    if not assumed.each:
        columns[taus, taus[0]] = 1.0
        held[taus[1:]] = True
    return np.asarray(columns[:, ~held])


def _knowledge(sign: FloatArray, size: int, levels: FloatArray, assumed: Assumed) -> Knowledge:
    n = sign.size
    shared = 3 * n
    rows, values, errors = [], [], []

    def know(row: FloatArray, value: float, error: float) -> None:
        rows.append(row)
        values.append(value)
        errors.append(error)

    zero = np.zeros(size)
    offset = zero.copy()
    offset[shared] = 1.0
    know(offset, *_mean_asymmetry(sign, levels, assumed.alpha))
    means = []
    for side in (1.0, -1.0):
        mean = zero.copy()
        mean[3 * np.flatnonzero(sign == side) + 1] = 1 / (sign == side).sum()
        means.append(mean)
    if assumed.spread or assumed.apart:
        know((means[0] + means[1]) / 2, 1.0, EXACT)
        know(means[0] - means[1], 0.0, max(assumed.apart, EXACT))
        for d in range(n):
            row = zero.copy()
            row[3 * d + 1] = 1.0
            row -= means[0] if sign[d] > 0 else means[1]
            know(row, 0.0, max(assumed.spread, EXACT))
    if assumed.each:
        difference = np.roll(means[0] - means[1], 1)
        know(difference, 0.0, max(assumed.difference, EXACT))
    return Knowledge(np.array(rows), np.array(values), np.array(errors))


def _mean_asymmetry(
    sign: FloatArray, levels: FloatArray, alpha: tuple[float, float] | None
) -> tuple[float, float]:
    """The mean asymmetry q and its error: (1 + q) / (1 - q) = sum N_F / (alpha sum N_B)."""
    if alpha is None:
        return 0.0, MEAN_ASYMMETRY
    ratio = np.exp(levels[sign > 0]).sum() / np.exp(levels[sign < 0]).sum() / alpha[0]
    q = (ratio - 1) / (ratio + 1)
    return float(q), max(float((1 - q * q) * alpha[1] / (2 * alpha[0])), EXACT)


def _scatter(found: DetectorFit, sign: FloatArray, places: IntArray) -> float:
    """Standard deviation of the difference of the groups' means that the scatter within implies."""
    tau = found.x[places]
    excess, free = 0.0, 0
    for side in (1.0, -1.0):
        inside = np.flatnonzero(sign == side)
        centre = np.eye(inside.size) - 1 / inside.size
        noise = found.covariance[np.ix_(places[inside], places[inside])]
        excess += float(((centre @ tau[inside]) ** 2).sum() - np.trace(centre @ noise @ centre))
        free += inside.size - 1
    if free == 0 or excess <= 0:
        return 0.0
    sizes = [(sign == side).sum() for side in (1.0, -1.0)]
    return float(np.sqrt(excess / free * (1 / sizes[0] + 1 / sizes[1])))
