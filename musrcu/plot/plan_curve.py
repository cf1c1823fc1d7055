"""The picture of a plan: errors to expect after the next run against its temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from musrcu.planning.result import Plan
from musrcu.plot.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SINGLE,
    SMALL,
    new_figure,
    round_ticks,
    style,
    symbol,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plan(plan: Plan, *, width: float = SINGLE) -> Axes:
    """Picture of the errors of T_N and beta that one more run would leave, against its temperature.

    Above the error of T_N, below that of beta. The dashed line of each is the error by now, the
    ring marks the best temperature for each, the grey line is T_N as it is known, with its error
    as a band. Ticks at the foot are the runs so far: black where ordered, blue where not.

    Parameters
    ----------
    plan : what :func:`musrcu.plan` made.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes of T_N; those of beta are ``axes.figure.axes[1]``.
    """
    T = np.array([row.temperature for row in plan.rows])
    with style():
        figure = new_figure(width, 1.05 * width)
        upper: Axes
        upper, lower = figure.subplots(2, sharex=True)
        for axes, name, scale, now in (
            (upper, "T_N", 1e3, plan.T_N_error),
            (lower, "beta", 1.0, plan.beta_error),
        ):
            after = scale * np.array([row.error_of(name) for row in plan.rows])
            color = ORANGE if name == plan.target else BLUE
            _draw(axes, T, after, scale * now, color)
            unit = " (mK)" if name == "T_N" else ""
            axes.set_ylabel(f"error of {symbol(name)}{unit}")
            _draw_known(axes, plan)
        _draw_runs(lower, plan)
        lower.set_xlabel("$T$ of the next run (K)")
        upper.set_title(_title(plan))
        round_ticks(upper)
        round_ticks(lower)
        upper.legend(loc="lower left", handlelength=1.6)
    return upper


def _draw(axes: Axes, T: Any, after: Any, now: float, color: str) -> None:
    """One curve with the error by now and its lowest point."""
    axes.plot(T, after, color=color, zorder=3, label="after the next run")
    axes.axhline(now, color=GREY, linewidth=0.8, ls=(0, (4, 2)), zorder=1, label="by now")
    best = int(np.argmin(after))
    axes.plot(
        T[best], after[best], "o", markersize=5, markerfacecolor="none", markeredgecolor=BLACK,
        markeredgewidth=0.8, zorder=4, clip_on=False,
    )  # fmt: skip
    axes.annotate(
        f"{T[best]:.4g} K", (T[best], after[best]), (-5, -1), textcoords="offset points",
        ha="right", va="center", fontsize=SMALL,
    )  # fmt: skip
    axes.set_ylim(0.0, 1.12 * max(now, float(after.max())))


def _draw_known(axes: Axes, plan: Plan) -> None:
    """T_N with its error."""
    axes.axvline(plan.T_N, color=GREY, linewidth=0.7, zorder=0)
    axes.axvspan(
        plan.T_N - plan.T_N_error, plan.T_N + plan.T_N_error, color=GREY, alpha=0.2, linewidth=0,
        zorder=0,
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
