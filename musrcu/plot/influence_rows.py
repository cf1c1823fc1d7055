"""The picture of what each run does to an order parameter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from musrcu.ordering.influence import CARRIES, GROWS, Influence, Without
from musrcu.ordering.influence import influence as influence_of
from musrcu.ordering.result import OrderParameter
from musrcu.plot.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SINGLE,
    SMALL,
    new_figure,
    style,
    symbol,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (GREEN, BLUE, ORANGE, BLACK)
"""Of nu0, T_N, beta and alpha, as in every order parameter."""
_MARKS = ("s", "o", "D", "^")
_ROW = 0.15
"""Height of a row, inches."""
_FAR = 6.0
"""Change in errors beyond which a mark stays at the edge, as an arrow."""


def influence(
    source: OrderParameter | Influence, *, ax: Axes | None = None, width: float = SINGLE
) -> Axes:
    """Picture of an order parameter fitted without each of its runs, one row a run.

    Left: the change of each parameter in its errors; within the grey band it is less than one, and
    an arrow is beyond the axis. Right: the factor by which the errors grow. Coldest run on top.

    Parameters
    ----------
    source : a valid fit, or what :func:`musrcu.influence` made of one.
    ax : axes to draw the left panel into, without the right one; None makes a figure.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes of the left panel; the right one is ``axes.figure.axes[1]``.

    Raises
    ------
    FitError if the fit is not valid.
    """
    found = source if isinstance(source, Influence) else influence_of(source)
    runs = sorted(found.runs, key=lambda run: run.temperature)
    right: Axes | None = None
    with style():
        if ax is None:
            figure = new_figure(width, 0.75 + _ROW * max(len(runs), 4))
            ax, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.5, 1.0))
        _draw_changes(ax, found, runs)
        _label_rows(ax, runs)
        if right is not None:
            _draw_growth(right, found, runs)
    return ax


def _names(found: Influence) -> list[tuple[str, str, str]]:
    """(name, colour, mark) of each parameter."""
    looks = zip(found.order.quantity.names, _COLOURS, _MARKS, strict=True)
    free = {name for run in found.runs for name in run.shifts}
    return [look for look in looks if look[0] in free]


def _draw_changes(ax: Axes, found: Influence, runs: list[Without]) -> None:
    ax.axvspan(-CARRIES, CARRIES, color=GREY, alpha=0.15, linewidth=0, zorder=0)
    ax.axvline(0.0, color=GREY, linewidth=0.7, zorder=1)
    shifts = [abs(one) for run in runs for one in run.shifts.values() if math.isfinite(one)]
    far = min(1.15 * max([*shifts, 1.3 * CARRIES]), _FAR)
    for name, colour, mark in _names(found):
        for row, run in enumerate(runs):
            shift = run.shifts.get(name, math.nan)
            if not math.isfinite(shift):
                continue
            beyond = abs(shift) > far
            ax.plot(
                [math.copysign(0.97 * far, shift) if beyond else shift], [row],
                ("<" if shift < 0 else ">") if beyond else mark, color=colour, markersize=3.4,
                markeredgewidth=0, zorder=3, label=symbol(name) if row == 0 else None,
            )  # fmt: skip
    for row, run in enumerate(runs):
        if not run.valid:
            ax.text(0.0, row, "no fit without it", fontsize=SMALL - 0.5, color=BLACK,
                    ha="center", va="center", zorder=4)  # fmt: skip
    ax.set_xlim(-far, far)
    ax.set_xlabel("change (errors)")


def _label_rows(ax: Axes, runs: list[Without]) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    labels = [f"{run.label}, {run.temperature:.4g} K" for run in runs]
    ax.yaxis.set_major_locator(FixedLocator([float(row) for row in range(len(runs))]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_yticklabels(labels, fontsize=SMALL)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(runs) - 0.4, -0.6)


def _draw_growth(ax: Axes, found: Influence, runs: list[Without]) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.axvline(1.0, color=GREY, linewidth=0.7, zorder=1)
    ax.axvline(GROWS, color=GREY, linewidth=0.7, ls=(0, (4, 2)), zorder=1)
    top = GROWS
    for name, colour, mark in _names(found):
        rows = [
            (row, run.growth[name]) for row, run in enumerate(runs)
            if math.isfinite(run.growth.get(name, math.nan))
        ]  # fmt: skip
        ax.plot(
            [factor for _, factor in rows], [row for row, _ in rows], mark, color=colour,
            markersize=3.4, markeredgewidth=0, zorder=3, label=symbol(name),
        )  # fmt: skip
        top = max([top, *(factor for _, factor in rows)])
    ax.set_xlim(0.6, 1.0 + 1.15 * (top - 1.0))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("error grows by")
    if _names(found):
        ax.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, columnspacing=1.0,
            handletextpad=0.1, borderaxespad=0.1,
        )  # fmt: skip
