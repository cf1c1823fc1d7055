"""How far bins of different widths pull a fit that takes the model at their centres."""

from __future__ import annotations

import numpy as np

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.arrays import FloatArray
from musrcu.containers.counts import Counts
from musrcu.fitting.result import FitResult
from musrcu.fitting.window import first_and_last
from musrcu.models.model import Model

POINTS = 16
"""Of the integral over a bin."""


def pull_of_bins(counts: Counts, result: FitResult, model: Model) -> FloatArray:
    """(n_parameters,) what averaging over the bins adds to the parameters of a fit.

    A bin shows the mean of A(t) e^(-t/tau) over its width. Its difference d from A at the centre
    pulls the free parameters of A by (J^T W J)^-1 J^T W d, with W the counts of the bins; to first
    order, so that large pulls are known to be large only.
    """
    values = np.asarray(result.values[: len(model.names)], dtype=float)
    low, high = first_and_last(result.t_range)
    used = np.zeros(counts.time.size, dtype=bool)
    used[counts.good] = True
    used &= (counts.time >= low) & (counts.time <= high)
    time, width = counts.time[used], counts.raw_bins[used] * counts.raw_width
    x, share = np.polynomial.legendre.leggauss(POINTS)
    points = time[:, None] + width[:, None] / 2 * x
    share = share * np.exp(-points / MUON_LIFETIME)
    seen = model.value(points.ravel(), values).reshape(points.shape)
    apart = (seen * share).sum(axis=1) / share.sum(axis=1) - model.value(time, values)
    free = [k for k, name in enumerate(model.names) if not result.parameters[name].fixed]
    root = np.sqrt(counts.variance[:, used].sum(axis=0))
    slopes = np.asarray(model.gradient(time, values))[free]
    pull = np.zeros(len(result.names))
    pull[free] = np.linalg.lstsq((slopes * root).T, apart * root, rcond=None)[0]
    return pull
