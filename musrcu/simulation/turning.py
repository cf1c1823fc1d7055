"""Spins that turn in the plane of the detectors: what is seen across the initial direction."""

from __future__ import annotations

import numpy as np

from musrcu.models.bins import Bins
from musrcu.models.model import Model
from musrcu.models.registry import FloatArray


def seen_across(model: Model, values: FloatArray, t: FloatArray | Bins) -> FloatArray:
    """Asymmetry across the initial spin, a quarter turn behind it, at times or over bins.

    [A(t; phi - 90) - A(t; phi + 90)] / 2 with every phase of the model: A sin(2 pi nu t + phi) of
    a line, and nothing of what does not precess, also inside a component that has both.
    """
    behind, ahead = np.array(values, dtype=float), np.array(values, dtype=float)
    oscillations = model.oscillations()
    if not oscillations:
        return np.zeros_like(t.time if isinstance(t, Bins) else t)
    for _, _, phase in oscillations:
        behind[phase] -= 90.0
        ahead[phase] += 90.0
    return np.asarray(0.5 * (model.value(t, behind) - model.value(t, ahead)))
