"""Small spectra inside the picture of an order parameter, where one that can be read finds room."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.containers.asymmetry import Asymmetry
from musrcu.fitting.result import FitResult
from musrcu.plot.display import curve_of, dense, drawable, frequencies, show, window
from musrcu.plot.one_run import draw_points
from musrcu.plot.style import ORANGE, figure_of, kelvin, lay_out, round_ticks, time_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Inset = Asymmetry | tuple[Asymmetry, FitResult | None]
Box = tuple[float, float, float, float]
"""Left, bottom, width and height, inches from the lower left corner of the axes."""

PERIODS = 6
"""Periods of the precession that an inset shows."""
EARLY = 4.0
"""Shown in insets where nothing precesses, µs."""
NOISE = 0.25
"""Error of the last points of an inset, relative to the height of its curve, that is quiet."""

LEAST = 0.72, 0.65
"""Width and height, inches, below which an inset cannot be read."""
MOST = 1.6, 1.0
"""Width and height, inches, beyond which it takes the picture over."""
LEFT, RIGHT, BELOW, ABOVE = 0.32, 0.05, 0.27, 0.14
"""Inches around an inset that hold its tick labels, axis label and title."""
FLOOR = 0.12
"""Inches that marks and error bars reach above the line at zero."""


def boxes(ax: Axes, number: int, drawn: FloatArray) -> list[Box]:
    """Where ``number`` insets go: below the curve, else behind T_N, else one on each side.

    Parameters
    ----------
    ax : axes with their final limits and size.
    number : how many insets are wanted.
    drawn : (n, 2) places that stay free, in data coordinates.

    Returns
    -------
    A box for each inset; fewer where there is no room for more.
    """
    lay_out(figure_of(ax))
    dpi = figure_of(ax).dpi
    frame = ax.get_window_extent()
    corner = np.array([frame.x0, frame.y0])
    taken = (ax.transData.transform(drawn) - corner) / dpi
    bottom = float((ax.transData.transform((0.0, 0.0)) - corner)[1]) / dpi + FLOOR
    width, height = frame.width / dpi, frame.height / dpi
    tallest = min(0.38 * height, MOST[1])
    for wanted in range(number, 0, -1):
        for tall in np.arange(tallest, LEAST[1], -0.05).tolist():
            found = _side_by_side(taken, wanted, bottom, tall, width)
            if found:
                return found
    return []


def _side_by_side(
    taken: FloatArray, wanted: int, bottom: float, tall: float, width: float
) -> list[Box]:
    """That many boxes of that height in the gaps at the left and right edge; else none."""
    band = (taken[:, 1] > bottom) & (taken[:, 1] < bottom + BELOW + tall + ABOVE)
    left = float(taken[band, 0].min(initial=width))
    right = width - float(taken[band, 0].max(initial=0.0))
    for on_the_left in (wanted, 0, *range(1, wanted)):
        found = [
            *_row(0.0, left, on_the_left, bottom, tall),
            *_row(width - right, right, wanted - on_the_left, bottom, tall),
        ]
        if len(found) == wanted:
            return found
    return []


def _row(start: float, room: float, number: int, bottom: float, tall: float) -> Iterator[Box]:
    """Boxes side by side in a strip of the width ``room``; none where they would be too small."""
    if number == 0:
        return
    wide = min(room / number - LEFT - RIGHT, MOST[0])
    if wide < LEAST[0]:
        return
    for k in range(number):
        yield start + k * (LEFT + wide + RIGHT) + LEFT, bottom + BELOW, wide, tall


def draw_insets(ax: Axes, insets: Sequence[Inset], places: Sequence[Box]) -> None:
    """The first spectra in the boxes there are."""
    dpi, frame = figure_of(ax).dpi, ax.get_window_extent()
    size = np.array([frame.width, frame.height] * 2) / dpi
    for k, (inset, place) in enumerate(zip(insets, places, strict=False)):
        asym, result = (inset, None) if isinstance(inset, Asymmetry) else inset
        left, bottom, wide, tall = (np.array(place) / size).tolist()
        small = ax.inset_axes((left, bottom, wide, tall))
        _spectrum(small, asym, None if result is None else result.best)
        if k == 0:
            small.set_ylabel("A", fontsize=5.5, labelpad=0.5)


def times(asym: Asymmetry, best: FitResult | None) -> tuple[float, float]:
    """(first, last) µs: a few periods or the early decay, before noise hides the signal."""
    first, end = window(asym, best)
    fastest = max(frequencies(best), default=0.0)
    last = min(end, first + (PERIODS / fastest if fastest > 0 else EARLY))
    if best is None or not drawable(best):
        return first, last
    least = first + (1.5 / fastest if fastest > 0 else 0.25 * (last - first))
    quietest = (math.inf, last)
    for until in np.linspace(last, min(least, last), 12).tolist():
        points = show(asym, best, (first, until), most=70)
        height = float(np.ptp(curve_of(asym, best, dense((first, until), best)))) or 1e-9
        noise = float(np.median(points.error[-10:])) / height
        if noise <= NOISE:
            return first, until
        quietest = min(quietest, (noise, until))
    return first, quietest[1]


def _spectrum(small: Axes, asym: Asymmetry, best: FitResult | None) -> None:
    """One small spectrum with its curve."""
    limits = times(asym, best)
    points = show(asym, best, limits, most=70)
    draw_points(small, points)
    ends = [points.value]
    if best is not None and drawable(best):
        t = dense(limits, best)
        ends.append(curve_of(asym, best, t))
        small.plot(t, ends[-1], color=ORANGE, linewidth=0.9, zorder=3)
    low, high = min(map(np.min, ends)), max(map(np.max, ends))
    margin = 0.08 * (high - low) or 0.01
    small.set_ylim(float(low - margin), float(high + margin))
    small.set_xlim(*time_limits(limits))
    small.tick_params(labelsize=5.5, length=2, which="major", pad=1.5)
    small.tick_params(length=1, which="minor")
    round_ticks(small)
    small.locator_params(axis="x", nbins=4)
    small.set_xlabel("Time (µs)", fontsize=5.5, labelpad=0.5)
    if asym.run.temperature.value is not None:
        small.set_title(kelvin(asym.run.temperature), fontsize=6.0, pad=2)
