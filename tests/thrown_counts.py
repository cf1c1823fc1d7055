"""Counts of a pair of groups thrown from a model, by code that computes their means by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from musrcu.containers.counts import Counts
from musrcu.containers.history import History
from musrcu.containers.run import Run

TAU = 2.1969811
DT = 0.02
TIME = (np.arange(500) + 0.5) * DT
TRUTH = {"A1": 0.2, "lambda1": 0.3, "nu1": 1.59, "phi1": np.rad2deg(0.1), "alpha": 1.2}


def means(n0: float, flat: float, dead: float = 0.0) -> np.ndarray:
    """(2, n_bins) mean counts of the case of the notes on fitting, seen through dead time."""
    line = np.cos(2 * np.pi * 1.59 * TIME + 0.1)
    a, decay = 0.2 * np.exp(-0.3 * TIME) * line, np.exp(-TIME / TAU)
    root = np.sqrt(1.2)
    mu = n0 * decay * np.array([root * (1 + a), (1 - a) / root]) + flat
    return mu / (1 + mu * dead / DT)


def counts_of(values: np.ndarray, source: str = "continuous", **more: Any) -> Counts:
    run = Run(
        counts=np.ones((1, 2, 8), dtype=int), bin_width=DT, t0=np.zeros(2),
        first_good=np.zeros(2, dtype=int), last_good=np.full(2, 7), labels=("Forw", "Back"),
        source=source, number=7, instrument="SIM",  # type: ignore[arg-type]
    )  # fmt: skip
    return Counts(
        time=TIME, values=values, variance=values, bin_width=DT, packing=1, first_good=0,
        last_good=TIME.size - 1, detectors=((1,), (2,)), run=run, history=History(), **more,
    )  # fmt: skip
