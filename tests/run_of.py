"""Runs made from bare arrays, for tests of the reduction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.containers.run import Run
from musrcu.reduction.grouping import group


def run_of(counts: ArrayLike, **more: Any) -> Run:
    """A run of the counts (detector, bin) or (period, detector, bin); t0 = 0, every bin good."""
    histograms = np.asarray(counts)
    if histograms.ndim == 2:
        histograms = histograms[np.newaxis]
    _, detectors, bins = histograms.shape
    options: dict[str, Any] = {
        "counts": histograms,
        "bin_width": 0.01,
        "t0": np.zeros(detectors),
        "first_good": np.zeros(detectors, dtype=int),
        "last_good": np.full(detectors, bins - 1),
        "labels": ("",) * detectors,
        "source": "continuous",
        "facility": "PSI",
        "instrument": "SIM",
        "number": 7,
    }
    return Run(**(options | more))


def pair_of(forward: ArrayLike, backward: ArrayLike, **more: Any) -> Counts:
    """Counts of two detectors, grouped."""
    return group(run_of([forward, backward], **more), forward="1", backward="2")


def decay(n_bins: int, width: float, events: float) -> np.ndarray:
    """Expected counts of a decay with the muon lifetime that holds that many events."""
    edges = np.exp(-np.arange(n_bins + 1) * width / MUON_LIFETIME)
    share = (edges[:-1] - edges[1:]) / (edges[0] - edges[-1])
    return np.asarray(events * share)
