"""What is drawn of the runs of a one-step fit: how ordered each is, and its own frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musrcu.direct.result import DirectOrder, DirectRun
from musrcu.plot.style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = -0.03
"""Height of the row of runs, as a share of the highest value."""
LABELS = {"ordered": 1.0, "partly ordered": 0.5, "not ordered": 0.0}
"""What circles in the row are called, by how full they are."""
PARTLY = 0.005
"""A run is partly ordered where w is so far from 0 and from 1."""


def draw_direct_runs(ax: Axes, order: DirectOrder) -> float:
    """Frequencies of runs fitted alone, in grey; returns where the temperature axis may end."""
    points = order.two_step.points
    spread = None if points.temperature_error is None else np.nan_to_num(points.temperature_error)
    if len(points):
        ax.errorbar(
            points.temperature, points.value, points.error, spread, fmt="o", markersize=3.2,
            markerfacecolor="none", markeredgewidth=0.7, elinewidth=0.7, color=GREY, zorder=2,
            label="run by run",
        )  # fmt: skip
    ends = [one.true_temperature for one in order.runs] or points.temperature.tolist()
    return 1.04 * max(ends, default=1.0)


def draw_fractions(ax: Axes, order: DirectOrder, top: float) -> None:
    """A row of circles at the true temperatures, as full as the runs are ordered."""
    for label, runs in _kinds(order).items():
        for k, one in enumerate(runs):
            ax.plot(
                [one.true_temperature], [ROW * top], "o", markersize=3.6, color=BLUE,
                fillstyle="bottom" if label == "partly ordered" else "full",
                markerfacecolor="white" if label == "not ordered" else BLUE,
                markerfacecoloralt="white", markeredgewidth=0.7, zorder=4, clip_on=False,
                label=label if k == 0 else "_run",
            )  # fmt: skip


def _kinds(order: DirectOrder) -> dict[str, list[DirectRun]]:
    """The runs by how ordered they are; kinds that there are none of left out."""
    found: dict[str, list[DirectRun]] = {label: [] for label in LABELS}
    for one in order.runs:
        away = min(abs(one.fraction), abs(1 - one.fraction))
        label = "ordered" if one.fraction > 0.5 else "not ordered"
        found["partly ordered" if away > PARTLY else label].append(one)
    return {label: runs for label, runs in found.items() if runs}
