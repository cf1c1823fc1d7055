"""One histogram as the asymmetry of its detector, so that it is drawn as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from musrcu.containers.arrays import FloatArray, check_shape, frozen
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.histogram import Histogram
from musrcu.containers.kinds import an
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.fitting.result import FitResult
from musrcu.joint.result import JointResult

Drawable = Asymmetry | Histogram
"""What a picture of runs takes."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DetectorAsymmetry(Asymmetry):
    """a = (N - b) e^{t/tau} / N0 - 1 of one histogram."""

    label: str
    """Of the histogram."""
    detectors: tuple[int, ...]
    """Its detectors, from 1."""
    weight: FloatArray
    """(n_bins,) decays that a bin would hold without an asymmetry: means of bins weighted with it
    are those of the summed counts."""

    def __post_init__(self) -> None:
        Asymmetry.__post_init__(self)
        object.__setattr__(self, "weight", frozen(self.weight, float))
        check_shape("DetectorAsymmetry", "weight", self.weight, self.time.shape)


def as_asymmetry(taker: str, data: Drawable, result: FitResult | None = None) -> Asymmetry:
    """An asymmetry as it is, a histogram as that of its detector.

    Parameters
    ----------
    taker : the function that was called, for the error.
    data : what is drawn.
    result : its fit, from which N0 and the background of a histogram are taken.

    Raises
    ------
    MusrcuError if it is neither, or a histogram with the fit of something else.
    """
    checked(taker, data)
    return data if isinstance(data, Asymmetry) else _of_detector(data, result)


def checked(taker: str, data: Any) -> None:
    """Raise a MusrcuError unless ``data`` is an asymmetry or a histogram."""
    if isinstance(data, (Asymmetry, Histogram)):
        return
    several = "; plot.scan draws several" if isinstance(data, (list, tuple)) else ""
    reduce = "; mu.reduce(run, recipe) makes one" if isinstance(data, (Run, Counts)) else ""
    raise MusrcuError(f"{taker} takes an Asymmetry or a Histogram, not {an(data)}{several}{reduce}")


def _of_detector(data: Histogram, result: FitResult | None) -> DetectorAsymmetry:
    """With the errors of the fitted counts, or without a fit of those that were counted."""
    n0, level, a = _fitted(data, result)
    raw = data.raw_bins.astype(float)
    width: FloatArray = raw * data.raw_width
    weight = n0 * data.decay
    there = weight * (1 + a) + level * raw
    seen, slope = there, np.ones_like(there)
    if data.losses is not None:
        seen, slope = data.losses.seen(there, width)
    expected = np.maximum(data.counts, 1.0) if result is None else np.maximum(seen, 1e-9)
    # dead time is undone to first order about the fit, where it is exact
    value = a + (data.counts - seen) / (slope * weight)
    return DetectorAsymmetry(
        time=data.time,
        value=value,
        error=np.sqrt(expected) / (slope * weight),
        bin_width=data.bin_width,
        packing=data.packing,
        alpha=1.0,
        packs=data.packs,
        run=data.run,
        history=data.history,
        recipe=data.recipe,
        label=data.label,
        detectors=data.detectors,
        weight=weight,
    )


def _fitted(data: Histogram, result: FitResult | None) -> tuple[float, float, FloatArray]:
    """N0 and the background per raw bin, and the asymmetry, (n_bins,)."""
    if result is None:
        level = data.background or 0.0
        n0 = float((data.counts - level * data.raw_bins).sum() / data.decay.sum())
        if not n0 > 0:
            raise MusrcuError(
                f"{data.run.name}: no counts of {data.label} are left above its background"
            )
        return n0, level, np.zeros_like(data.time)
    found = [result.parameters.get(name) for name in ("N0", "b")]
    values = [None if one is None else one.value for one in found]
    n0_, level_ = values
    if n0_ is None or level_ is None or not n0_ > 0:
        raise MusrcuError(
            f"{data.run.name}, {data.label}: the fit has no N0 and b, so it is not one of a "
            "histogram; draw what was fitted"
        )
    width = data.raw_bins * data.raw_width if result.average_bins else None
    return float(n0_), float(level_), result.curve(data.time, width)


def fit_of(data: Drawable, result: FitResult | JointResult | None) -> FitResult | None:
    """The fit of some data: of a joint fit that of its run, or of its histogram.

    Raises
    ------
    MusrcuError if a joint fit has none of these data, or several.
    """
    if not isinstance(result, JointResult):
        return result
    found = [one for one in result.runs if _is_of(one, data)]
    if len(found) == 1:
        return found[0]
    name = data.run.name + (f", {data.label}" if isinstance(data, Histogram) else "")
    many = f"{len(found)} fits" if found else "no fit"
    raise MusrcuError(f"the joint fit has {many} of {name}; give one of its runs, result.runs[k]")


def _is_of(result: FitResult, data: Drawable) -> bool:
    """Whether a fit is that of some data, by the file and the number of the run."""
    if result.request.get("label") != (data.label if isinstance(data, Histogram) else None):
        return False
    path = None if data.run.path is None else str(data.run.path)
    known = result.path is None or path is None or result.path == path
    return known and result.run == data.run.number
