"""The picture of forms that are looked at and not fitted: counts, lifetime-corrected, rotating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.containers.trace import Trace
from musrcu.errors import MusrcuError
from musrcu.plot.display import Shown
from musrcu.plot.one_run import draw_points
from musrcu.plot.style import (
    BLACK,
    GREY,
    ORANGE,
    SINGLE,
    headline,
    new_figure,
    round_ticks,
    style,
    time_limits,
    titles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLACK, ORANGE)
"""Of the first trace and the second."""
NOISE = 3.0
"""A point whose error is so many times that of the quiet quarter stretches the axis without it."""


def traces(
    found: Trace | Sequence[Trace],
    *,
    ax: Axes | None = None,
    percent: bool = False,
    t_range: tuple[float, float] | None = None,
    width: float = SINGLE,
) -> Axes:
    """Picture of one form of a run, or of both its groups.

    Counts have a logarithmic axis, on which a decay is a straight line. The title says what a point
    stands for; nothing is packed any further.

    Parameters
    ----------
    found : of one kind and one run, at most two: forward and backward.
    ax : axes to draw into; None makes a figure.
    percent : whether fractions are in per cent.
    t_range : (first, last) time shown, µs; None shows every point.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes.

    Raises
    ------
    MusrcuError if there is nothing to show, or the traces are not of one kind.
    """
    drawn = [found] if isinstance(found, Trace) else list(found)
    if not 1 <= len(drawn) <= len(COLOURS) or len({one.kind for one in drawn}) > 1:
        raise MusrcuError("a picture of traces needs one or two of one kind")
    counted = drawn[0].kind == "counts"
    scale = 100.0 if percent and not counted else 1.0
    limits = t_range or (0.0, max(_end(one) for one in drawn))
    shown = [_inside(one, limits) for one in drawn]
    with style():
        if ax is None:
            ax = new_figure(width, 0.5 * width + 0.55).subplots()
        for points, one, colour in zip(shown, drawn, COLOURS, strict=False):
            draw_points(ax, points, scale, colour)
            ax.containers[-1].set_label(one.name)
        if drawn[0].kind != "counts":
            ax.axhline(0.0, color=GREY, linewidth=0.6, zorder=1)
            _frame(ax, shown, scale)
        else:
            _logarithmic(ax, shown)
        ax.set_xlim(*time_limits(limits))
        ax.set_xlabel("Time (µs)")
        ax.set_ylabel(_label(drawn[0], scale == 100.0))
        turning = drawn[0].kind == "rotating_frame"
        note = f"{drawn[0].name} frame, " * turning + drawn[0].note
        titles(ax, headline(drawn[0]), note)
        if len(drawn) > 1:
            # a decay is low late, and the error bars of the others are short early
            ax.legend(loc="upper right" if counted else "upper left", ncols=1 if counted else 2)
    return ax


def _end(trace: Trace) -> float:
    """The end of the last bin, µs, and a little more where bins are narrow."""
    last = float(trace.time.max(initial=0.0))
    bins = np.diff(trace.time[-2:])
    return max(1.02 * last, last + 0.5 * float(bins.max(initial=0.0)))


def _inside(trace: Trace, limits: tuple[float, float]) -> Shown:
    """The points that are known and lie in the range."""
    edge = 1e-9 * max(abs(limits[1]), 1.0)
    within = (trace.time >= limits[0] - edge) & (trace.time <= limits[1] + edge)
    kept = within & np.isfinite(trace.value) & np.isfinite(trace.error)
    if not kept.any():
        raise MusrcuError(
            f"{trace.run.name}: no point of {trace.name} between {limits[0]:g} and "
            f"{limits[1]:g} us to show"
        )
    return Shown(trace.time[kept], trace.value[kept], trace.error[kept], None, 1, 1)


def _frame(ax: Axes, shown: Sequence[Shown], scale: float) -> None:
    """Limits that hold every point; error bars of late, noisy ones may leave them."""
    ends: list[FloatArray] = []
    for points in shown:
        quiet = points.error <= NOISE * np.quantile(points.error, 0.25)
        ends += [scale * (points.value + sign * points.error)[quiet] for sign in (-1, 1)]
        ends.append(scale * points.value)
    low, high = (min(0.0, *(e.min() for e in ends)), max(0.0, *(e.max() for e in ends)))
    margin = 0.06 * (high - low) or 0.01 * scale
    above = margin * (3.5 if len(shown) > 1 else 1.0)  # room for the names in one line
    ax.set_ylim(float(low - margin), float(high + above))
    round_ticks(ax)


def _logarithmic(ax: Axes, shown: Sequence[Shown]) -> None:
    """A logarithmic axis of the counts above zero."""
    above = np.concatenate([points.value[points.value > 0] for points in shown])
    ax.set_yscale("log", nonpositive="clip")
    if above.size:
        floor = max(float(above.min()), 1e-4 * float(above.max()))
        ax.set_ylim(0.7 * floor, 1.4 * float(above.max()))


def _label(trace: Trace, percent: bool) -> str:
    """What the vertical axis is."""
    if trace.kind == "counts":
        return trace.unit[0].upper() + trace.unit[1:]
    name = {
        "lifetime_corrected": r"$N\,\mathrm{e}^{t/\tau}/N_0 - 1$",
        "rotating_frame": "Asymmetry",
    }.get(trace.kind, trace.kind)
    return name + (" (%)" if percent else "")
