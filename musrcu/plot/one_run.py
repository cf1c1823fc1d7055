"""The picture of one run: asymmetry, fit, residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.histogram import Histogram
from musrcu.fitting.result import FitResult
from musrcu.joint.result import JointResult
from musrcu.models.model import Model
from musrcu.plot.display import MOST, Shown, curve_of, dense, drawable, show, window
from musrcu.plot.one_detector import DetectorAsymmetry, as_asymmetry, checked, fit_of
from musrcu.plot.style import (
    BLACK,
    CHI2,
    GREY,
    ORANGE,
    SINGLE,
    figure_of,
    headline,
    lay_out,
    new_figure,
    quantity,
    round_ticks,
    style,
    text_box,
    time_limits,
    titles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import BboxBase


CORNERS = ("upper right", "lower right", "upper left")
"""Where the parameters may stand, the usual place first."""


def asymmetry(
    asym: Asymmetry | Histogram,
    result: FitResult | JointResult | None = None,
    *,
    ax: Axes | None = None,
    packing: int | None = None,
    percent: bool = False,
    t_range: tuple[float, float] | None = None,
    width: float = SINGLE,
) -> Axes:
    """Picture of an asymmetry, or of a histogram, with its fit, and the residuals below.

    The points are packed for display, at most 250 of them and so that ten are left in a period;
    the packing is written above the axes. Every point lies inside the limits, late error bars may
    not. Residuals are (data - fit) / sigma of the same points. Where the times shown are not those
    of the fit, its range is written beside the parameters.
    Of a fit that is not valid its valid alternative is drawn, where there is one.

    A histogram is drawn as the asymmetry of its detector, (N - b) e^{t/tau} / N0 - 1, with N0 and
    the background b of the fit and the errors of the fitted counts. Without a fit b is what was
    measured, if anything was, and N0 the one that leaves no mean.

    Parameters
    ----------
    asym : the data.
    result : its fit, or a joint fit that has one of it; without one there is no curve and no
        residual panel.
    ax : axes to draw into, then without the residual panel; None makes a figure.
    packing : bins of ``asym`` in one point; None chooses.
    percent : whether the axis is in per cent.
    t_range : (first, last) time shown, µs; None takes what was fitted, or every bin; of a
        precession too fast for 250 points the beginning, unless ``packing`` is given.
    width : of the figure, inches: 3.4 is one column, 6.8 two.

    Returns
    -------
    matplotlib axes of the spectrum; ``axes.figure`` is the figure, ``axes.figure.axes[1]`` the
    residuals.

    Raises
    ------
    MusrcuError if there is nothing to show, or the fit is of something else.
    """
    checked("plot.asymmetry", asym)
    result = fit_of(asym, result)
    best = None if result is None else result.best
    asym = as_asymmetry("plot.asymmetry", asym, best)
    most = MOST if packing is None else max(1, asym.time.size)
    limits = window(asym, best, t_range, most)
    points = show(asym, best, limits, packing=packing)
    with style():
        below = None
        if ax is None:
            ax, below = _panels(width, best is not None and points.residual is not None)
        _draw(ax, asym, points, best, limits, 100.0 if percent else 1.0)
        name, *others = headline(asym)
        label = f" {asym.label}" if isinstance(asym, DetectorAsymmetry) else ""
        titles(ax, [name + label, *others], points.note)
        ax.set_ylabel("Asymmetry (%)" if percent else "Asymmetry")
        ax.set_xlim(*time_limits(limits))
        round_ticks(ax)
        if below is not None and points.residual is not None:
            _residuals(below, points.time, points.residual)
            ax.tick_params(labelbottom=False)
        (below or ax).set_xlabel("Time (µs)")
        if best is not None:
            _annotate(ax, result, best, percent, limits)
    return ax


def _panels(width: float, residuals: bool) -> tuple[Axes, Axes | None]:
    if not residuals:
        return new_figure(width, 0.5 * width + 0.55).subplots(), None
    figure = new_figure(width, 0.55 * width + 0.9)
    top, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3.2, 1.0]})
    return top, below


def _draw(
    ax: Axes,
    asym: Asymmetry,
    points: Shown,
    best: FitResult | None,
    limits: tuple[float, float],
    scale: float,
) -> None:
    """Points and curve inside the limits; error bars of late, noisy points may leave them."""
    draw_points(ax, points, scale)
    quiet = points.error <= 3 * np.quantile(points.error, 0.25)
    ends = [
        scale * points.value,
        scale * (points.value - points.error)[quiet],
        scale * (points.value + points.error)[quiet],
    ]
    if best is not None and drawable(best):
        t = dense(limits, best)
        curve = scale * curve_of(asym, best, t)
        ax.plot(t, curve, color=ORANGE, zorder=3, label="fit")
        ends.append(curve)
    low, high = (float(edge) for edge in (min(map(np.min, ends)), max(map(np.max, ends))))
    margin = 0.06 * (high - low) or 0.01 * scale
    ax.set_ylim(low - margin, high + margin)


def draw_points(ax: Axes, points: Shown, scale: float = 1.0, color: str = BLACK) -> None:
    """Points with error bars, smaller where there are many, and bars paler where they merge."""
    from matplotlib.colors import to_rgba

    size = 2.2 if points.time.size <= 120 else 1.5
    pale = to_rgba(color, 1.0 if points.time.size <= 500 else 0.3)
    ax.errorbar(
        points.time,
        scale * points.value,
        scale * points.error,
        fmt="o",
        markersize=size,
        markeredgewidth=0,
        elinewidth=0.5,
        color=color,
        ecolor=pale,
        zorder=2,
        label="data",
    )


def _residuals(ax: Axes, time: FloatArray, residual: FloatArray) -> None:
    ax.axhspan(-2, 2, color=GREY, alpha=0.15, linewidth=0)
    ax.axhline(0.0, color=ORANGE, linewidth=0.8)
    ax.plot(time, residual, "o", markersize=1.5, markeredgewidth=0, color=BLACK)
    edge = max(3.6, 1.1 * float(np.abs(residual).max()))
    ax.set_ylim(-edge, edge)
    if edge < 6:
        ax.set_yticks([-2, 0, 2])
    ax.set_ylabel("Resid. (σ)")


def _annotate(
    ax: Axes, result: FitResult | None, best: FitResult, percent: bool, shown: tuple[float, float]
) -> None:
    """The parameters in the corner that costs least room, with room made for them."""
    lines = parameter_lines(best, percent)
    if best.chi2 is not None:
        lines.append(f"{CHI2} = {best.chi2:.1f}/{best.ndof}")
    if best.t_range is not None and not np.allclose(best.t_range, shown, atol=0.01):
        lines.append("fitted {:.3g}\N{EN DASH}{:.3g} µs".format(*best.t_range))
    if not best.valid:
        lines.append("fit not valid")
    elif best is not result:
        lines.append("fit without the spare term")
    half = len(lines) if len(lines) < 4 else (len(lines) + 1) // 2
    _make_room(ax, [lines[:half], lines[half:]])


def parameter_lines(result: FitResult, percent: bool) -> list[str]:
    """Each parameter as text; amplitudes in per cent where the axis is."""
    amplitudes = {p.name for p in Model(result.model).parameters if p.kind == "amplitude"}
    lines = []
    for name, one in result.parameters.items():
        value, error, unit = one.value, one.error, one.unit
        if percent and name in amplitudes:
            value = None if value is None else 100 * value
            error = None if error is None else 100 * error
            unit = "%"
        marks = " (fixed)" * one.fixed + " (limit)" * one.at_limit
        lines.append(quantity(name, value, error, unit) + marks)
    return lines


def _make_room(ax: Axes, columns: list[list[str]]) -> None:
    """Write the columns in a corner and move a limit until no point or curve lies behind them."""
    box = text_box(ax, columns, CORNERS[0])
    lay_out(figure_of(ax))
    frame = box.get_window_extent().transformed(ax.transAxes.inverted())
    found = {corner: _limits_with(ax, _mirrored(frame, corner), corner) for corner in CORNERS}
    usual = 0.9  # another corner must spare a tenth of the height
    best = min(found, key=lambda c: np.ptp(found[c]) * (usual if c == CORNERS[0] else 1.0))
    ax.set_ylim(*found[best])
    if best != CORNERS[0]:
        box.remove()
        text_box(ax, columns, best)


def _mirrored(frame: BboxBase, corner: str) -> tuple[float, float, float, float]:
    """Left, lower, right and upper edge of a box in another corner than the upper right one."""
    x = (frame.x0, frame.x1) if corner.endswith("right") else (1 - frame.x1, 1 - frame.x0)
    y = (frame.y0, frame.y1) if corner.startswith("upper") else (1 - frame.y1, 1 - frame.y0)
    return x[0], y[0], x[1], y[1]


def _limits_with(
    ax: Axes, frame: tuple[float, float, float, float], corner: str
) -> tuple[float, float]:
    """Limits of the vertical axis that leave a box alone, its edges in parts of the axes."""
    left, bottom, right, top = frame
    low, high = ax.get_ylim()
    sides = ax.transLimits.inverted().transform([(left, 0.0), (right, 0.0)])[:, 0]
    outlines = [np.asarray(line.get_xydata(), dtype=float) for line in ax.lines]
    for bars in ax.collections:  # error bars: one short line for each point
        outlines += [np.asarray(path.vertices, dtype=float) for path in bars.get_paths()]
    drawn = np.concatenate(outlines)
    under = drawn[(drawn[:, 0] >= sides[0]) & (drawn[:, 0] <= sides[1]), 1]
    under = np.clip(under[np.isfinite(under)], low, high)
    if corner.startswith("upper"):
        tallest = max([low, *under.tolist()])
        return low, max(high, low + (tallest - low) / max(bottom - 0.03, 0.2))
    deepest = min([high, *under.tolist()])
    return min(low, high - (high - deepest) / max(0.97 - top, 0.2)), high
