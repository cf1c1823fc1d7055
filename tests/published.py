"""Fits that another program published on real files, and its conventions for them.

alpha is the inverse of ours, the background is a mean over whole accelerator periods counted in
packed bins, t0 and first bins stand in the fit file, the last packed bin is dropped.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import musrcu as mu
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.counts import Counts
from musrcu.containers.run import Run
from musrcu.readers.registry import read
from musrcu.reduction.asymmetry import asymmetry_and_error, form_asymmetry
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import Reduction, grouped_counts

PERIOD = {"PSI": 0.01975, "TRIUMF": 0.04337}  # us between the pulses of the accelerators
LIFETIME = 2.1969811


def published(real: Path, name: str) -> dict[str, Any]:
    fits = json.loads((real / "musrfit_fits.json").read_text())["fits"]
    (found,) = [one for one in fits if one["source"].endswith(f"/{name}.msr")]
    return dict(found)


def parameters(one: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Value and error by name."""
    return {p["name"]: (p["value"], abs(p["step_or_negative_error"])) for p in one["parameters"]}


def background(run: Run, detector: int, window: list[int], packing: int) -> tuple[float, float]:
    """Counts per raw bin before t0 and their variance, where the other program trims to."""
    first, last = window
    period = PERIOD[run.facility or ""]
    periods = int((last - first) * packing * run.bin_width / period)
    end = first + int(periods * period / (packing * run.bin_width))
    end = last if end == first else end
    counts = run.counts[0, detector - 1, first : end + 1]
    return float(counts.mean()), float(counts.sum()) / counts.size**2


def reduced(
    real: Path, one: dict[str, Any], alpha: float, left_over: bool = False
) -> tuple[Asymmetry, tuple[float, float]]:
    """The asymmetry of a published fit, and its range; ``alpha`` is ours.

    Its errors are made to contain that of the background bin by bin, as that program's do. With
    ``left_over`` the fault of that program is made too: what is left of forward behind its last
    packed bin is added to the first bin of backward.
    """
    (path,) = one["data_files"]
    run, block = read(real / path), one["runs"][0]
    (forward,), (backward,) = block["forward_histograms"], block["backward_histograms"]
    packing, windows = block["packing"], block["background_bins"]
    t0 = run.t0.copy()
    t0[forward - 1], t0[backward - 1] = block["t0_bins"]
    bins = block["data_bins"]
    offsets = (bins[0] - t0[forward - 1], bins[2] - t0[backward - 1])
    first, longer = max(offsets), int(np.argmax(offsets))
    packs = int((bins[2 * longer + 1] - bins[2 * longer] - 1) / packing)
    last = (first + packing * (packs - 0.5)) * run.bin_width
    front = background(run, forward, windows[:2], packing)
    back = background(run, backward, windows[2:], packing)
    recipe = Reduction(
        forward=str(forward),
        backward=str(backward),
        packing=packing,
        t0=tuple(float(bin_) for bin_ in t0),
        first_good=int(first),
        background={"given": (front[0], back[0])},
        dead_time="none",
    )
    low, high = block["fit_range_us"]
    raw = grouped_counts(run, recipe)
    counts = rebin(raw, packing=packing)
    variance = counts.variance + packing * np.array([[front[1]], [back[1]]])
    if left_over:
        stop = bins[0] + packing * int((bins[1] - bins[0] - 1) / packing)
        rest = run.counts[0, forward - 1, stop : bins[1]]
        counts, variance = spilt(counts, variance, rest, front)
    data = form_asymmetry(counts, alpha=alpha)
    error = asymmetry_and_error(counts.values, variance, alpha)[1]
    return data.replace(error=error), (low, min(high, last))


def spilt(
    counts: Counts, variance: np.ndarray, rest: np.ndarray, level: tuple[float, float]
) -> tuple[Counts, np.ndarray]:
    """Counts and variances with left-over raw bins in the first bin of backward."""
    values, variance = counts.values.copy(), variance.copy()
    values[1, 0] += float((rest - level[0]).sum())
    variance[1, 0] += float((rest + level[1]).sum())
    return counts.replace(values=values), variance


@dataclass(frozen=True)
class Block:
    """One histogram of a published fit of counts: ours, with that program's bins."""

    histogram: mu.Histogram
    t_range: tuple[float, float]

    @property
    def ns(self) -> float:
        """Width of a raw bin, ns; levels of that program are per ns."""
        return 1e3 * self.histogram.raw_width

    @property
    def centre(self) -> float:
        """Our decays in a bin over those that exp(-t/tau) at its centre gives."""
        half = self.histogram.packing * self.histogram.raw_width / (2 * LIFETIME)
        return float(np.sinh(half) / half)

    @property
    def n_points(self) -> int:
        """Fitted bins."""
        time = self.histogram.time
        return int(((time >= self.t_range[0]) & (time <= self.t_range[1])).sum())


def numbers(ranges: list[Any]) -> list[int]:
    """Histogram numbers from ``["1-16"]`` or ``[1, 5]``."""
    found: list[int] = []
    for one in ranges:
        first, _, last = str(one).partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def histograms(
    real: Path, one: dict[str, Any], *, packing: int | None = None, t0: int | None = None
) -> list[Block]:
    """The histograms of a published fit of counts, each with the points that were fitted.

    Parameters
    ----------
    real : folder of the files.
    one : the published fit.
    packing : another one.
    t0 : bin of t0 where the fit file leaves it to the data file.
    """
    (path,) = one["data_files"]
    run, common = read(real / path), one["global_settings"]
    return [_block(run, {**common, **block}, packing, t0) for block in one["runs"]]


def _block(run: Run, words: dict[str, Any], packing: int | None, t0: int | None) -> Block:
    dt, p = run.bin_width, packing or words["packing"]
    first, stop = words["data_bins"]
    zero = int(words["t0_bins"][0]) if t0 is None else t0
    recipe = Reduction(
        packing=p, t0=float(zero), first_good=first - zero, background="fit", dead_time="none"
    )
    cut = run.replace(last_good=np.full(run.n_detectors, stop - 1))
    group = {"group": numbers(words["forward_histograms"])}
    (histogram,) = mu.reduce_histograms(cut, recipe, group)
    begin = dt * (first - 0.5 + p / 2 - zero)
    assert abs(histogram.time[0] - begin) < 1e-9
    low, high = words["fit_range_us"]
    points = stop - first if p == 1 else (stop - first - 1) // p
    early = max(0, math.ceil((low - begin) / (p * dt)))
    late = min(points, math.floor((high - begin) / (p * dt)) + 1) - 1
    edge = dt / 4
    return Block(histogram, (histogram.time[early] - edge, histogram.time[late] + edge))
