"""Dead times of a run in which the whole polarisation precesses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musrcu.calibration.dead_time_counts import Chosen
from musrcu.calibration.dead_time_models import CommonPrecession, lifetime
from musrcu.constants import MUON_LIFETIME
from musrcu.containers.arrays import FloatArray, IntArray
from musrcu.errors import FitError
from musrcu.fitting.detector_cost import DetectorCost, DetectorCounts, DetectorFit, Knowledge

TURNS = 2.0
"""Turns that must be seen before the precession has relaxed or the data end."""
FINEST = 0.04
"""µs; bins in which a precession is looked for."""
SMALLEST_AMPLITUDE = 0.05
"""Median asymmetry of the detectors below which not the whole polarisation precesses."""
CERTAIN = 6.0
"""Standard deviations above noise that the line must stand."""
FEWEST_BINS = 20
"""Bins that are fitted however few counts they hold."""
STARTS = ((0.03, 0.0), (0.03, 5.0), (0.2, 5.0))
"""(relaxation, 1/µs; counts of the weakest detector in the last bin) of fits that are tried until
one converges: empty bins at the end push backgrounds to where the model has no counts."""


@dataclass(frozen=True, slots=True)
class Line:
    """A precession that was found, before the fit."""

    frequency: float
    """MHz."""
    certainty: float
    """Gain in chi-square less what noise gains, in standard deviations of the latter."""


def find_line(chosen: Chosen) -> Line:
    """The precession that most detectors see, and how certain it is.

    Counts over exp(-t/tau_mu) less level, dead time and background of each detector are multiplied
    by exp(2 pi i nu t) at each of many frequencies, from the lowest of which enough turns fit into
    the data; the squares are summed over detectors.
    """
    data = chosen.packed(FINEST, growing=False)
    e = lifetime(data.edges)
    time = (data.edges[1:] + data.edges[:-1]) / 2
    root = np.sqrt(e)
    decays = [root * np.exp(-rate * time) for rate in (1 / MUON_LIFETIME, 1.0)]
    basis = np.stack([root, *decays, np.diff(data.edges) / root], axis=1)
    basis = np.linalg.qr(basis)[0]
    level = data.counts.sum(axis=1, keepdims=True) / e.sum()
    scaled = data.counts / np.sqrt(level) / root
    left = scaled - (scaled @ basis) @ basis.T
    span = time[-1] - time[0]
    nu = np.arange(TURNS / span, 0.4 / FINEST, 0.1 / min(span, 10.0))
    waves = root[:, None] * np.exp(2j * np.pi * np.outer(time, nu))
    waves -= basis @ (basis.T @ waves)
    norm = (np.abs(waves) ** 2).sum(axis=0) / 2
    gain = (np.abs(left @ waves) ** 2).sum(axis=0) / norm
    noise = 2.0 * data.counts.shape[0]
    best = int(np.argmax(gain))
    return Line(float(nu[best]), float((gain[best] - noise) / np.sqrt(2 * noise)))


def fit_transverse(chosen: Chosen, line: Line, *, each: bool) -> tuple[DetectorFit, IntArray, str]:
    """The fit, the indices of the dead times among its parameters, and a note on the precession.

    Raises
    ------
    FitError if fewer than two turns are seen, or the amplitudes are too small to be those of the
    whole polarisation.
    """
    data = chosen.packed(min(0.1 / line.frequency, FINEST * 2), growing=False)
    places = 5 * np.arange(data.counts.shape[0]) + 4
    found = _converged(data, line.frequency, places, each=each)
    nu, relaxation, widening = (float(value) for value in found.x[-3:])
    amplitude = float(np.median(np.hypot(found.x[places - 3], found.x[places - 2])))
    relaxation, widening = max(relaxation, 1e-3), max(widening, 0.0)
    late = (relaxation + np.sqrt(relaxation**2 + 4 * widening)) / 2
    seen = min(chosen.edges[-1] - chosen.edges[0], 1 / late)
    text = f"{nu:.4g} MHz, median asymmetry {amplitude:.3f}, relaxed in {1 / late:.2g} us"
    if not nu * seen >= TURNS:
        raise FitError(
            f"the precession ({text}) makes {max(nu * seen, 0.0):.2g} turns before it has relaxed, "
            f"expected {TURNS:g}; take a run in a larger transverse field"
        )
    if amplitude < SMALLEST_AMPLITUDE:
        raise FitError(
            f"the precession ({text}) is not that of the whole polarisation, expected an asymmetry "
            f"of {SMALLEST_AMPLITUDE:g} or more"
        )
    return found, places, text


def _converged(
    data: DetectorCounts, frequency: float, places: IntArray, *, each: bool
) -> DetectorFit:
    """The first fit that converges; the last one where none does."""
    for k, (relaxation, fewest) in enumerate(STARTS, 1):
        some = _well_filled(data, fewest)
        model = CommonPrecession(some.edges)
        start = _start(some, model, frequency, relaxation)
        columns = np.eye(start.size)
        if not each:
            columns[places, places[0]] = 1.0
            columns = np.delete(columns, places[1:], axis=1)
        nothing = Knowledge(np.zeros((0, start.size)), np.zeros(0), np.ones(0))
        try:
            found = DetectorCost(some, model, nothing).minimise(start, columns, model.n_own)
        except FitError:
            if k == len(STARTS):
                raise
            continue
        if found.converged:
            break
    return found


def _well_filled(data: DetectorCounts, fewest: float) -> DetectorCounts:
    """Bins up to the last in which the weakest detector is expected to have ``fewest`` counts."""
    each = data.counts.sum(axis=1)
    expected = data.counts.sum(axis=0) * each.min() / each.sum()
    full = np.flatnonzero(expected >= fewest)
    last = max(int(full[-1]) + 1 if full.size else 0, FEWEST_BINS)
    return DetectorCounts(data.counts[:, :last], data.edges[: last + 1], data.frames)


def _start(
    data: DetectorCounts, model: CommonPrecession, frequency: float, relaxation: float
) -> FloatArray:
    """Linear fit of level, dead time and precession of each detector."""
    time = (data.edges[1:] + data.edges[:-1]) / 2
    angle = 2 * np.pi * frequency * time
    columns = np.stack([np.ones_like(time), model.e / model.width, np.cos(angle), np.sin(angle)])
    root = np.sqrt(model.e)
    found = np.linalg.lstsq((columns * root).T, (data.counts / root).T, rcond=None)[0]
    level = np.maximum(found[0], 1e-3 * data.counts.sum(axis=1) / model.e.sum())
    waves = np.clip(found[2:] / level, -0.3, 0.3)
    zero = np.zeros_like(level)
    own = np.stack([np.log(level), *waves, zero, zero], axis=1)
    return np.concatenate([own.ravel(), [frequency, relaxation, 0.0]])
