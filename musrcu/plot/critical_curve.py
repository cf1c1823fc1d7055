"""The picture of a critical region: nu/nu0 against 1 - T/T_N, both logarithmic, and the slope."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.notation import bracket
from musrcu.ordering.critical import CriticalRegion, effective_beta
from musrcu.ordering.critical import critical_region as region_of
from musrcu.ordering.power_law import PowerLaw
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.universality import CLASSES
from musrcu.plot.style import (
    BLACK,
    BLUE,
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

SOLID = "3D"
"""Classes whose names begin so lie too close together to be told apart in a picture."""
RANGE = "their range"
"""What the span of 1 - T/T_N of the runs alone is called."""
APART = 1.15
"""Factor in 1 - T/T_N by which the two slopes of the runs alone stand beside their middle."""
_PLACES = 400
"""Places of a curve."""


def critical_region(
    source: OrderParameter | CriticalRegion, *, ax: Axes | None = None, width: float = SINGLE
) -> Axes:
    """Picture of an order parameter next to T_N, and of its local slope.

    Above: nu/nu0 of each run against 1 - T/T_N on logarithmic axes, with the errors of the run
    itself, the fitted law, and lines of the slopes of universality classes through the law at the
    edge of the region; left of the shaded edge a run is closer to T_N than the error of T_N. Below:
    the slope d ln nu / d ln(1 - T/T_N) of the law with its one-sigma band, that of a power law
    through the runs of the region alone (filled: T_N held, open: T_N free; dotted: over which
    runs), and the exponents of the classes.

    Parameters
    ----------
    source : a valid fit, or what :func:`musrcu.critical_region` made of one.
    ax : axes to draw the upper panel into, without the lower one; None makes a figure.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes of the upper panel; the lower one is ``axes.figure.axes[1]``.

    Raises
    ------
    FitError if the fit is not valid.
    """
    region = source if isinstance(source, CriticalRegion) else region_of(source)
    below: Axes | None = None
    with style():
        if ax is None:
            figure = new_figure(width, 1.15 * width)
            ax, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.35, 1.0))
        left = _left(region)
        e = np.geomspace(left, 1.0, _PLACES)
        _draw_runs(ax, region, e)
        _close_to_critical(ax, region, left)
        if below is None:
            _reduced_axis(ax, left)
        else:
            _draw_slopes(below, region, e)
            _reduced_axis(below, left)
    return ax


def _left(region: CriticalRegion) -> float:
    """Where the axis of 1 - T/T_N begins: left of every run below T_N."""
    inside = region.reduced[region.reduced > 0]
    least = float(inside.min()) if inside.size else 0.01
    return min(0.6 * max(least, 1e-5), 0.5 * (1.0 - region.above))


def _reduced_axis(ax: Axes, left: float) -> None:
    ax.set_xlim(left, 1.0)
    ax.set_xlabel(r"$1 - T/T_\mathrm{N}$")


def _draw_runs(ax: Axes, region: CriticalRegion, e: FloatArray) -> None:
    """The upper panel."""
    order = region.order
    what = order.quantity
    law = order.predict(order.T_N.value * (1.0 - e)) / order.saturation.value
    ax.set_xscale("log")
    ax.set_yscale("log")
    seen = (region.reduced > 0) & (region.value > 0)
    x, y = region.reduced[seen], region.value[seen]
    floor = 0.8 * min([*y.tolist(), float(law[0]), 0.6])
    _draw_classes(ax, region, e, law, floor)
    ax.plot(e, law, color=ORANGE, zorder=3, label="fit")
    spread = np.nan_to_num(region.reduced_error[seen])
    error = region.error[seen]
    ax.errorbar(
        x, y, (np.minimum(error, 0.999 * y), error), (np.minimum(spread, 0.999 * x), spread),
        fmt="o", markersize=3.2, markeredgewidth=0, elinewidth=0.7, color=BLACK, zorder=4,
        label="runs",
    )  # fmt: skip
    ax.set_ylim(floor, max(1.15, 1.05 * float((y + error).max(initial=1.0))))
    _round_shares(ax)
    ax.set_ylabel(rf"{symbol(what.symbol)}$\,/\,${symbol(what.saturation)}")
    hidden = len(seen) - int(seen.sum())
    notes = [f"{symbol('T_N')} = {_kelvin(order)}"]
    if hidden:
        notes.append(f"{hidden} run{'s' if hidden > 1 else ''} at or beyond {symbol('T_N')}")
    ax.text(
        0.97, 0.05, "\n".join(notes), transform=ax.transAxes, fontsize=SMALL, ha="right",
        va="bottom", linespacing=1.4,
    )  # fmt: skip


def _kelvin(order: OrderParameter) -> str:
    if order.T_N.at_limit:
        return f"{order.T_N.value:.4g} K (limit)"
    return bracket(order.T_N.value, order.T_N.error, "K")


def _round_shares(ax: Axes) -> None:
    """Ticks of a logarithmic axis over less than two decades at round shares."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    low, high = ax.get_ylim()
    shares = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 5.0]
    ax.yaxis.set_major_locator(FixedLocator([one for one in shares if low <= one <= high]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _groups() -> list[tuple[str, float, float]]:
    """(name, lowest, highest beta) of what is told apart in a picture, rising."""
    solid = [one.beta for one in CLASSES if one.name.startswith(SOLID)]
    names = [one.name.removeprefix(SOLID).strip() for one in CLASSES if one.name.startswith(SOLID)]
    groups = [
        (one.name, one.beta, one.beta) for one in CLASSES if not one.name.startswith(SOLID)
    ]  # fmt: skip
    groups.append((f"{SOLID} {', '.join(names)}", min(solid), max(solid)))
    return sorted(groups, key=lambda group: group[1])


def _draw_classes(
    ax: Axes, region: CriticalRegion, e: FloatArray, law: FloatArray, floor: float
) -> None:
    """Lines of the slopes of universality classes through the law at the edge of the region."""
    edge = 1.0 - region.above
    near = e[e <= edge]
    at_edge = float(np.interp(math.log(edge), np.log(e), law))
    for name, low, high in _groups():
        upper, lower = (at_edge * (near / edge) ** beta for beta in (low, high))
        if low == high:
            ax.plot(near, upper, color=GREY, linewidth=0.7, ls=(0, (4, 2)), zorder=1)
        else:
            ax.fill_between(near, lower, upper, color=GREY, alpha=0.3, linewidth=0, zorder=1)
        steeper = low > region.order.beta.value
        label = name.split(maxsplit=1)[0] if low < high else name
        _along(ax, label, near, lower if steeper else upper, floor, below=steeper)


def _along(
    ax: Axes, label: str, x: FloatArray, y: FloatArray, floor: float, *, below: bool
) -> None:
    """Write a label along a line, from its left end where that is inside the axes."""
    inside = (y > 1.07 * floor) & (x > 1.12 * x[0])
    if not inside.any():
        return
    k = int(np.argmax(inside))
    beta = math.log(y[-1] / y[k]) / math.log(x[-1] / x[k]) if x[k] < x[-1] else 0.0
    ax.text(
        x[k], y[k] * (0.985 if below else 1.015), label, fontsize=SMALL - 0.5, color=GREY,
        rotation=math.degrees(math.atan(beta * y[k] / x[k])), rotation_mode="anchor",
        transform_rotates_text=True, ha="left", va="top" if below else "bottom", zorder=2,
    )  # fmt: skip


def _close_to_critical(ax: Axes, region: CriticalRegion, left: float) -> None:
    """Shade where 1 - T/T_N is less than the error of T_N makes of it."""
    share = float(region.reduced_common.max(initial=0.0)) if region.reduced_common.size else 0.0
    if not (math.isfinite(share) and share > left):
        return
    ax.axvspan(left, share, color=BLUE, alpha=0.08, linewidth=0, zorder=0)
    ax.annotate(
        f"error of {symbol('T_N')}", (share, 0.97), (2, 0), xycoords=("data", "axes fraction"),
        textcoords="offset points", fontsize=SMALL - 0.5, color=BLUE, ha="left", va="top",
        rotation=90,
    )  # fmt: skip


def _draw_slopes(ax: Axes, region: CriticalRegion, e: FloatArray) -> None:
    """The lower panel."""
    ax.set_xscale("log")
    order = region.order
    slope, error = effective_beta(order, order.T_N.value * (1.0 - e))
    for name, low, high in _groups():
        if low == high:
            ax.axhline(low, color=GREY, linewidth=0.7, ls=(0, (4, 2)), zorder=0)
        else:
            ax.axhspan(low, high, color=GREY, alpha=0.3, linewidth=0, zorder=0)
        ax.annotate(
            name, (0.985, high), (0, 1), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=SMALL - 0.5, color=GREY, ha="right", va="bottom",
        )  # fmt: skip
    ax.fill_between(
        e, slope - error, slope + error, color=ORANGE, alpha=0.25, linewidth=0, zorder=1
    )
    ax.plot(e, slope, color=ORANGE, zorder=3)
    seen = [law.slope for law in (region.held, region.free) if law.valid]
    top = max(0.56, 1.15 * float(np.nanmax(slope)), 1.1 * max(seen, default=0.0))
    alone = f"runs alone, {symbol('T_N')}"
    _draw_power_law(ax, region, region.held, BLACK, APART, f"{alone} held")
    _draw_power_law(ax, region, region.free, "white", 1 / APART, f"{alone} free")
    ax.set_ylim(0.0, top)
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        # in the gap of the classes, or below a curve that is itself up there
        place = 0.435 / top if order.beta.value < 0.3 else 0.06
        ranks = sorted(range(len(labels)), key=lambda k: labels[k] == RANGE)
        ax.legend(
            [handles[k] for k in ranks], [labels[k] for k in ranks],
            loc="center left", bbox_to_anchor=(0.0, place), ncols=3, columnspacing=0.8,
            handletextpad=0.1, handlelength=1.6, fontsize=SMALL - 0.5,
        )  # fmt: skip
    ax.set_ylabel(r"$\beta_\mathrm{eff}$")


def _draw_power_law(
    ax: Axes, region: CriticalRegion, law: PowerLaw, face: str, shift: float, label: str
) -> None:
    """One slope of the runs alone with its error; dotted, the span of 1 - T/T_N that they have."""
    x = region.reduced[region.inside & (region.reduced > 0)]
    if not (law.valid and x.size):
        return
    low, high = law.minos or (-law.error, law.error)
    centre = math.exp(0.5 * (math.log(x.min()) + math.log(x.max()))) * shift
    ax.plot(
        [x.min(), x.max()], [law.slope] * 2, "|:", color=GREY, markersize=3, linewidth=0.7,
        markeredgewidth=0.7, zorder=2, label=RANGE if shift < 1 else "_range",
    )  # fmt: skip
    ax.errorbar(
        [centre], [law.slope], [[-low], [high]], fmt="o", markersize=2.8, markeredgewidth=0.7,
        markerfacecolor=face, color=BLACK, elinewidth=0.8, capsize=2.5, capthick=0.8, zorder=4,
        label=label,
    )  # fmt: skip
