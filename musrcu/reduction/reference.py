"""The background of a run from another one that holds no muon decays."""

from __future__ import annotations

import dataclasses

import numpy as np

from musrcu.containers.numbers import is_number
from musrcu.containers.run import Run
from musrcu.errors import ReductionError
from musrcu.reduction.flat import fit_flat
from musrcu.reduction.options import LARGEST_BACKGROUND
from musrcu.reduction.recipe import Reduction, checked, grouped_counts

DECAYS = 5.0
"""A decay that is larger than this many of its errors is one: the reference had muons."""


def measure_background(
    reference: Run, recipe: Reduction | None = None, *, factor: float | None = None
) -> dict[str, tuple[float, float]]:
    """The flat background of a pair of groups from a run without muons, for other runs.

    It is the mean of all good bins: factor N / (n frames) with N counts in n bins, sigma = factor
    sqrt(N) / (n frames), one count taken where there is none.

    Parameters
    ----------
    reference : a run without muons, of the same detectors and bin width: beam off, or its shutter
        closed.
    recipe : pair, period, dead times and detectors left out, as in the reduction that will use it.
    factor : what the level is multiplied by. A pulsed source has 1, as each run multiplies the
        level of a frame by its own good frames. A continuous one needs it, as no file says how
        many muons opened the clock, nor for how long it was open: the ratio of these numbers, the
        run's over the reference's.

    Returns
    -------
    What ``Reduction(background=...)`` takes: ``{"per_frame": (forward, backward), "error": ...}``
    for a pulsed source, ``{"given": (forward, backward), "error": ...}`` for a continuous one.

    Raises
    ------
    ReductionError if the counts of the reference decay, as those of muons do, or the frames or the
    factor are unknown.
    """
    recipe = checked("measure_background", reference, recipe)
    name = f"{reference.name}, taken for the background"
    if factor is not None and not (is_number(factor) and 0 < factor <= LARGEST_BACKGROUND):
        raise ReductionError(f"{name}: factor = {factor!r}; expected a number above 0")
    plain = dataclasses.replace(recipe, background="none")
    counts = grouped_counts(reference, plain)
    frames = counts.run.good_frames
    if reference.source == "pulsed" and (frames is None or not frames.sum() > 0):
        raise ReductionError(f"{name}: its good frames are unknown, so that it has no scale")
    if reference.source != "pulsed" and factor is None:
        raise ReductionError(
            f"{name}: a continuous source has no frames to scale by; pass factor, the muons (or "
            "the live time) of the run over those of the reference"
        )
    rows = counts.values[:, counts.good]
    totals, n = rows.sum(axis=1), rows.shape[1]
    found = fit_flat(np.maximum(rows, 1e-9), np.tile(counts.time[counts.good], (2, 1)))
    excess = found.decay / np.maximum(found.decay_error, 1e-300)
    if (excess > DECAYS).any():
        group = int(np.argmax(excess))
        share, side = 1 - float(found.share[group]), ("forward", "backward")[group]
        raise ReductionError(
            f"{name}: {share:.2g} of the counts of its {side} group decay "
            f"with the muon lifetime ({excess[group]:.3g} standard errors); a reference has no "
            "muons: use the bins before t0, or late ones"
        )
    scale = (1.0 if factor is None else float(factor)) / n
    kind = "given"
    if reference.source == "pulsed" and frames is not None:
        scale, kind = scale / float(frames.sum()), "per_frame"
    level = [float(total * scale) for total in totals]
    error = [float(np.sqrt(max(total, 1.0)) * scale) for total in totals]
    return {kind: (level[0], level[1]), "error": (error[0], error[1])}
