"""Asymmetries of musrcu made from bare arrays, for tests of what comes after the reduction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from throw import Asymmetry as Truth
from throw import asymmetry_of, throw_pair

from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.history import History, Step
from musrcu.containers.run import Run

RUN = Run(
    counts=np.ones((1, 2, 8), dtype=int),
    bin_width=0.01,
    t0=np.zeros(2),
    first_good=np.zeros(2, dtype=int),
    last_good=np.full(2, 7),
    labels=("Forw", "Back"),
    source="continuous",
    number=7,
    instrument="SIM",
)


def asymmetry(time: ArrayLike, value: ArrayLike, error: ArrayLike, **more: Any) -> Asymmetry:
    times = np.asarray(time, dtype=float)
    width = float(np.diff(times).min()) if times.size > 1 else 0.01
    settings: dict[str, Any] = {
        "bin_width": width,
        "packing": 1,
        "alpha": 1.0,
        "run": RUN,
        "history": History().with_step(Step("thrown", "for a test", {"seed": 1})),
    }
    return Asymmetry(
        time=times,
        value=np.asarray(value, dtype=float),
        error=np.asarray(error, dtype=float),
        **(settings | more),
    )


def thrown(truth: Truth, events: float, seed: int, **options: Any) -> Asymmetry:
    """The asymmetry of a pair thrown from a truth."""
    time, forward, backward = throw_pair(truth, events, seed, **options)
    value, error = asymmetry_of(forward, backward, options.get("alpha", 1.0))
    return asymmetry(time, value, error, smallest=np.minimum(forward, backward))
