"""Data thrown again: around a fitted model, or around the counts themselves."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musrcu.comparison.placed import Placed
from musrcu.containers.run import Run
from musrcu.errors import FitError
from musrcu.fitting.asymmetry_data import AsymmetryData
from musrcu.fitting.constraint import Constraint
from musrcu.fitting.count_data import CountData
from musrcu.fitting.data import Data
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.histogram_data import HistogramData
from musrcu.reduction.asymmetry import asymmetry_and_error

FloatArray = NDArray[np.float64]
Throw = Callable[[np.random.Generator], Data]
"""The fitted bins with new data in them."""

KINDS = ("parametric", "counts", "poisson")
NOTHING = 1e6
"""Error of an asymmetry of no counts: such a bin weighs nothing."""


def slim(data: Fittable) -> Fittable:
    """The same without the histograms, logs and header of its run, which a fit does not need."""
    run: Run = data.run
    few = np.zeros((run.n_periods, run.n_detectors, 1), dtype=np.int64)
    variance = None if run.variance is None else few.astype(float)
    light = dataclasses.replace(run, counts=few, variance=variance, header={}, logs={})
    return dataclasses.replace(data, run=light)


def thrower(here: Placed, kind: str) -> Throw:
    """What throws the fitted bins again.

    Parameters
    ----------
    here : the fit at its minimum.
    kind : ``parametric``: around the fitted model, an asymmetry with normal noise of its errors,
        counts by Poisson's law; ``counts``: around the fitted model, by Poisson's law of the counts
        behind an asymmetry too; ``poisson``: each count n by Poisson's law of mean n.
    """
    if kind not in KINDS:
        raise FitError(f"kind = {kind!r}; expected 'parametric' or 'poisson'")
    data, cost = here.data, here.cost()
    model = np.asarray(cost.freedom.model.value(cost.where, cost.freedom.expand(here.x)))
    if isinstance(data, AsymmetryData):
        if kind == "parametric":
            return _normal(data, model)
        return _formed(data, data.value if kind == "poisson" else model)
    if not isinstance(data, (CountData, HistogramData)):
        raise FitError(f"{data.kind} cannot be thrown again")
    shape = data.counted.shape
    mean = data.counted if kind == "poisson" else model[: data.counted.size].reshape(shape)

    def throw(rng: np.random.Generator) -> Data:
        return _with(data, counted=rng.poisson(np.maximum(mean, 0.0)).astype(float))

    return throw


def thrown_knowledge(here: Placed, kind: str, rng: np.random.Generator) -> list[Constraint]:
    """The constraints as if what was known had been measured again.

    Around the fitted values where the model is taken for true, around the known ones otherwise.
    """
    values = dict(zip(here.freedom.model.names, here.freedom.expand(here.x), strict=True))
    found = []
    for one in here.known:
        centre = one.values
        if kind != "poisson":
            centre = np.array([values[name] for name in one.names])
        noise = np.linalg.cholesky(one.covariance) @ rng.standard_normal(len(one.names))
        found.append(Constraint(one.names, centre + noise, one.covariance))
    return found


def _with(data: Data, **arrays: FloatArray) -> Data:
    """The same bins with other contents."""
    again: Any = copy.copy(data)
    for name, values in arrays.items():
        setattr(again, name, values)
    return again  # type: ignore[no-any-return]


def _normal(data: AsymmetryData, model: FloatArray) -> Throw:
    def throw(rng: np.random.Generator) -> Data:
        return _with(data, value=model + data.error * rng.standard_normal(model.size))

    return throw


def _formed(data: AsymmetryData, value: FloatArray) -> Throw:
    """An asymmetry formed again from the counts behind it.

    With D = beta F + alpha B, F = (1 + A) D / (1 + beta) and alpha B = (1 - beta A) D / (1 + beta)
    are the decays of a bin, and its error gives D. So the counts come back as they were, the
    background on which they stand among them; what a dead time took or a difference of periods
    cannot be taken apart, and there they are the counts of the same error.
    """
    formed = data.formed
    alpha, beta = formed.alpha, formed.detector_beta
    per_bin = np.zeros(2) if formed.background is None else np.asarray(formed.background)
    flat = np.maximum(per_bin, 0.0)[:, None] * data.raw_bins
    decays = _decays(data.value, data.error, flat, alpha, beta)
    f = np.maximum((1 + value) / (1 + beta), 0.0)
    b = np.maximum((1 - beta * value) / ((1 + beta) * alpha), 0.0)
    mean = decays * np.array([f, b]) + flat

    def throw(rng: np.random.Generator) -> Data:
        counts = rng.poisson(mean).astype(float)
        again, error = asymmetry_and_error(counts - flat, np.maximum(counts, 1.0), alpha, beta)
        known = np.isfinite(again)
        return _with(data, value=np.where(known, again, 0.0), error=np.where(known, error, NOTHING))

    return throw


def _decays(
    value: FloatArray, error: FloatArray, flat: FloatArray, alpha: float, beta: float
) -> FloatArray:
    """(n_bins,) D from (sigma D)^2 = [alpha (1 + beta)]^2 (b^2 Var F + f^2 Var B), where
    f = F / D, b = B / D, Var F = f D + flat, Var B = b D + flat."""
    f = np.maximum((1 + value) / (1 + beta), 1e-3)
    b = np.maximum((1 - beta * value) / ((1 + beta) * alpha), 1e-3)
    scale = (alpha * (1 + beta)) ** 2
    slope = scale * (b * b * f + f * f * b)
    rest = scale * (b * b * flat[0] + f * f * flat[1])
    square = error**2
    return np.asarray((slope + np.sqrt(slope**2 + 4 * square * rest)) / (2 * square))
