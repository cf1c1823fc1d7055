"""The picture of a plan: errors to expect after the next run against its temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musrcu.planning.result import Plan
from musrcu.plot.style import (
    BLACK,
    BLUE,
    DOUBLE,
    GREY,
    ORANGE,
    SMALL,
    new_figure,
    round_ticks,
    style,
    symbol,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plan(plan: Plan, *, width: float = DOUBLE) -> Axes:
    """Picture of the errors of T_N and beta that one more run would leave, against its temperature.

    Above the error of T_N, below that of beta; left all temperatures, right those close to T_N. The
    dashed line of each is the error by now, the ring marks the best temperature for each. The grey
    line is T_N as it is known, with its error as a band. Ticks at the foot are the runs so far:
    black where ordered, blue where not.

    Parameters
    ----------
    plan : what :func:`musrcu.plan` made.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes of T_N over all temperatures; ``axes.figure.axes`` are these, T_N close by, beta
    over all, beta close by.
    """
    with style():
        figure = new_figure(width, 0.58 * width)
        figure.suptitle(_title(plan), fontsize=8.0)
        panels = figure.subplots(2, 2, sharey="row", sharex="col")
        for row, name, unit in zip(panels, ("T_N", "beta"), (" (mK)", ""), strict=True):
            for axes in row:
                _draw(axes, plan, name)
            _tell_best(row[0], row[1], plan, name)
            row[0].set_ylabel(f"error of {symbol(name)}{unit}")
        for axes, (low, high) in zip(panels[1], _ranges(plan), strict=True):
            axes.set_xlim(low, high)
            axes.set_xlabel("$T$ of the next run (K)")
        for axes in panels[1]:
            _draw_runs(axes, plan)
        for axes in panels.flat:
            round_ticks(axes)
        first: Axes = panels[0, 0]
        first.legend(loc="lower left", handlelength=1.6)
    return first


def _ranges(plan: Plan) -> list[tuple[float, float]]:
    """K, ends of the axis over all candidates and of that close to T_N."""
    T = [row.temperature for row in plan.rows]
    room = 0.04 * (max(T) - min(T)) or 0.1 * T[0]
    near = 8 * plan.T_N_error
    return [(min(T) - room, max(T) + room), (plan.T_N - near, plan.T_N + 0.75 * near)]


def _draw(axes: Axes, plan: Plan, name: str) -> None:
    """One curve with the error by now, its lowest point and T_N."""
    scale, now = (1e3, plan.T_N_error) if name == "T_N" else (1.0, plan.beta_error)
    T = np.array([row.temperature for row in plan.rows])
    after = scale * np.array([row.error_of(name) for row in plan.rows])
    color = ORANGE if name == plan.target else BLUE
    axes.plot(T, after, color=color, zorder=3, label="after the next run")
    axes.axhline(
        scale * now, color=GREY, linewidth=0.8, ls=(0, (4, 2)), zorder=1, label="by now"
    )  # fmt: skip
    best = int(np.argmin(after))
    axes.plot(
        T[best], after[best], "o", markersize=5, markerfacecolor="none", markeredgecolor=BLACK,
        markeredgewidth=0.8, zorder=4,
    )  # fmt: skip
    axes.axvline(plan.T_N, color=GREY, linewidth=0.7, zorder=0)
    axes.axvspan(
        plan.T_N - plan.T_N_error, plan.T_N + plan.T_N_error, color=GREY, alpha=0.2, linewidth=0,
        zorder=0,
    )  # fmt: skip
    axes.set_ylim(0.0, 1.12 * max(scale * now, float(after.max())))


def _tell_best(whole: Axes, near: Axes, plan: Plan, name: str) -> None:
    """The temperature of the lowest point, in the panel that has more room for it."""
    best = min(plan.rows, key=lambda row: row.error_of(name))
    low, high = _ranges(plan)[1]
    scale = 1e3 if name == "T_N" else 1.0
    axes = near if low < best.temperature < high else whole
    axes.annotate(
        f"{best.temperature:.5g} K", (best.temperature, scale * best.error_of(name)), (0, -9),
        textcoords="offset points", ha="center", va="center", fontsize=SMALL,
    )  # fmt: skip


def _draw_runs(axes: Axes, plan: Plan) -> None:
    """Where the runs so far are, as ticks at the foot."""
    left, right = axes.get_xlim()
    for places, color in ((plan.points.temperature, BLACK), (plan.points.not_ordered, BLUE)):
        inside = [T for T in places if left <= T <= right]
        axes.plot(
            inside, np.zeros(len(inside)), "|", markersize=8, markeredgewidth=0.9, color=color,
            transform=axes.get_xaxis_transform(), zorder=4,
        )  # fmt: skip
    axes.set_xlim(left, right)


def _title(plan: Plan) -> str:
    time = "" if plan.hours is None else f", {plan.hours:.3g} h"
    return f"one more run of {plan.events / 1e6:.4g} million events{time}"
