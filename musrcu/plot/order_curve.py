"""The picture of an order parameter: values against temperature, curve, band, spectra inset."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from musrcu.analysis.scan_result import Scan
from musrcu.containers.arrays import FloatArray
from musrcu.direct.result import DirectOrder
from musrcu.errors import MusrcuError
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import OrderParameter
from musrcu.ordering.source import points_of
from musrcu.plot.direct_runs import draw_direct_runs, draw_fractions
from musrcu.plot.insets import Inset, boxes, draw_insets
from musrcu.plot.style import (
    BLACK,
    BLUE,
    CHI2,
    GREY,
    ORANGE,
    SINGLE,
    SMALL,
    axis_label,
    figure_of,
    new_figure,
    quantity,
    round_ticks,
    style,
    symbol,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text

ROOMY = 0.8
"""T_N as a share of the temperature axis from which text finds room below the curve."""
ROOMY_FOR_FRACTIONS = 0.73
"""The same of a one-step fit, whose longer legend finds none above it."""
LOWEST = 0.06
"""Where the vertical axis begins below zero, as a share of the highest value."""
DEEP = 0.4
"""A band that falls below this share of the value at T = 0 leaves no room for text under it."""
SEEN = 0.025
"""Height of a band, inches, from which it is told from the curve and named."""


def order(
    order_parameter: OrderParameter | DirectOrder | None,
    points: OrderPoints | Scan | None = None,
    *,
    insets: Sequence[Inset] = (),
    ax: Axes | None = None,
    width: float = SINGLE,
) -> Axes:
    """Picture of nu(T), or B(T) or A(T), with the fitted law, its one-sigma band and T_N.

    Filled points are the fitted runs with their errors; open ticks at zero are runs without
    order; crosses are runs that were left out, at their frequency where they have one. As in
    Fig. 3 of the paper, two spectra may be inset, one from below and one from above T_N; they are
    drawn below the curve or behind T_N where they find room to be read, and left out elsewhere.

    Of a one-step fit the spectra were fitted and not their frequencies: below its curve a row of
    circles, as full as each run is ordered, stands at the true temperatures; open grey points are
    the frequencies of runs fitted one by one, for comparison.

    Parameters
    ----------
    order_parameter : the fitted law, of two steps or of one; None draws the points alone.
    points : what to draw: points, or the Scan. None takes the points of the fit. They know every
        run without order and every run left out; the axis of temperature holds them all.
    insets : up to two spectra, each an Asymmetry or (Asymmetry, FitResult).
    ax : axes to draw into; None makes a figure.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes; the insets are ``axes.child_axes``.

    Raises
    ------
    MusrcuError if there is nothing to draw, or more than two insets.
    """
    if len(insets) > 2:
        raise MusrcuError(f"{len(insets)} insets asked for; two spectra find room")
    runs = _points(order_parameter, points)
    drawn = order_parameter if order_parameter is not None and _has_curve(order_parameter) else None
    with style():
        own = ax is None
        if ax is None:
            ax = new_figure(width, 0.62 * width + (0.8 if insets else 0.35)).subplots()
        direct = order_parameter if isinstance(order_parameter, DirectOrder) else None
        right = _draw_runs(ax, runs) if direct is None else draw_direct_runs(ax, direct)
        empty = math.inf
        top = max([*runs.value.tolist(), *(nu for _, nu in runs.left_out_at), 0.0]) or 0.1
        if drawn is not None:
            right = max(right, 1.08 * drawn.T_N.value)
            top = max(top, drawn.saturation.value)
            empty = _draw_law(ax, drawn, right)
        if direct is not None:
            draw_fractions(ax, direct, top)
        ax.set_xlim(0.0, right)
        ax.set_xlabel("$T$ (K)")
        ax.set_ylabel(_vertical(runs, order_parameter))
        lines = [] if order_parameter is None else _lines(order_parameter)
        _limits(ax, top, len(lines))
        places = boxes(ax, len(insets), _taken(ax, runs, drawn, empty))
        roomy = ROOMY if direct is None else ROOMY_FOR_FRACTIONS
        below = not places and drawn is not None and empty > roomy * right
        if insets and not places and own:
            figure_of(ax).set_size_inches(width, 0.62 * width + 0.35)
        if below:
            _limits(ax, top, 0)
        round_ticks(ax)
        _write(ax, lines, below)
        draw_insets(ax, insets, places)
    return ax


def _limits(ax: Axes, top: float, lines: int) -> None:
    """The vertical axis, with room above everything for lines of text in two columns."""
    ax.set_ylim(-LOWEST * top, top * (1.12 + 0.1 * -(-lines // 2)))


def _taken(
    ax: Axes, runs: OrderPoints, law: OrderParameter | DirectOrder | None, empty: float
) -> FloatArray:
    """(n, 2) places in data coordinates that no inset may hide: points, marks, curve and T_N.

    ``empty`` is the temperature, K, up to which the place below the curve is.
    """
    places = [*zip(runs.temperature, runs.value, strict=True), *runs.left_out_at]
    if law is not None:
        critical, right = law.T_N.value, ax.get_xlim()[1]
        t = np.unique(
            [*np.linspace(0.0, right, 300), *critical * (1 - np.geomspace(1e-9, 0.2, 99))]
        )
        places += zip(t, law.predict(t), strict=True)
        heights = np.linspace(0.0, 1.04 * law.saturation.value, 99)
        places += [(T, nu) for T in (empty, critical) for nu in heights]
        places += [(critical + 0.07 * right, 0.5 * law.saturation.value)]  # the letters T_N
    return np.array(places, dtype=float).reshape(-1, 2)


def _points(
    order_parameter: OrderParameter | DirectOrder | None, source: OrderPoints | Scan | None
) -> OrderPoints:
    """What to draw: every run of the source, or of the fit."""
    if isinstance(order_parameter, DirectOrder):
        order_parameter = order_parameter.two_step
    if isinstance(source, Scan):
        if order_parameter is None:
            return source.points()
        fitted = order_parameter.points
        return points_of(
            source, order_parameter.parameter, unit=fitted.unit, temperature_range=fitted.window
        )
    if source is not None:
        return source
    if order_parameter is None:
        raise MusrcuError("nothing to draw: give an order parameter, its points, or a scan")
    return order_parameter.points


def _vertical(points: OrderPoints, law: OrderParameter | DirectOrder | None) -> str:
    """What the vertical axis shows: nu (MHz), B (mT), or the asymmetry by its name."""
    quantity = points.quantity
    named = quantity.kind == "amplitude" and law is not None
    return axis_label(law.parameter if named and law else quantity.symbol, quantity.unit)


def _has_curve(order_parameter: OrderParameter | DirectOrder) -> bool:
    return all(map(math.isfinite, order_parameter.values))


def _draw_runs(ax: Axes, points: OrderPoints) -> float:
    """The runs; returns where the temperature axis may end."""
    spread = None if points.temperature_error is None else np.nan_to_num(points.temperature_error)
    if len(points):
        ax.errorbar(
            points.temperature, points.value, points.error, spread, fmt="o", markersize=3.2,
            markeredgewidth=0, elinewidth=0.7, color=BLACK, zorder=4, label="ordered",
        )  # fmt: skip
    if points.not_ordered:
        ax.plot(
            points.not_ordered, np.zeros(len(points.not_ordered)), "|", markersize=7,
            markeredgewidth=1.0, color=BLUE, zorder=4, clip_on=False, label="not ordered",
        )  # fmt: skip
    if points.left_out_at:
        ax.plot(
            *zip(*points.left_out_at, strict=True), "x", markersize=4, color=GREY, zorder=4,
            clip_on=False, label="left out",
        )  # fmt: skip
    ends = [*points.temperature.tolist(), *points.not_ordered, *(t for t, _ in points.left_out_at)]
    return 1.04 * max(ends, default=1.0)


def _draw_law(ax: Axes, law: OrderParameter | DirectOrder, right: float) -> float:
    """Curve, band and T_N; returns up to which temperature, K, nothing is drawn below the curve."""
    critical = law.T_N.value
    near = critical * (1 - np.geomspace(1e-9, 0.2, 400))  # the law is infinitely steep at T_N
    spread = law.T_N.error if math.isfinite(law.T_N.error) else 0.0
    beyond = np.linspace(critical - 6 * spread, critical + 6 * spread, 400)
    t: FloatArray = np.concatenate([np.linspace(0.0, right, 300), near, [critical], beyond])
    window = _points(law, None).window
    begin = 0.0 if window is None else window[0]
    t = np.unique([begin, *t[(t >= begin) & (t <= right)]])
    low, high = law.band(t)
    empty = critical
    if np.isfinite(low).all():
        deep = t[low < DEEP * law.saturation.value]
        empty = min(empty, float(deep.min(initial=critical)))
        ax.fill_between(
            t, low, high, color=ORANGE, alpha=0.25, linewidth=0, zorder=1, label="one sigma"
        )
    ax.plot(t, law.predict(t), color=ORANGE, zorder=3, label="fit")
    dashed, top = (0, (4, 2)), 1.04 * law.saturation.value
    if begin > 0:  # the law was not fitted there
        outside = np.linspace(0.0, begin, 100)
        ax.plot(outside, law.predict(outside), color=ORANGE, linewidth=0.7, ls=dashed, zorder=2)
    ax.plot([critical] * 2, [0, top], color=GREY, linewidth=0.7, ls=dashed, zorder=0)
    ax.annotate(
        symbol("T_N"), (critical, 0.5 * law.saturation.value), (3, 0), textcoords="offset points",
        fontsize=7.0, color=GREY, va="center",
    )  # fmt: skip
    return empty


def _lines(law: OrderParameter | DirectOrder) -> list[str]:
    """The parameters as text, or why there are none."""
    if not _has_curve(law):
        reason = f"no order parameter: {law.reason or 'no fit'}"
        return textwrap.wrap(reason, 34, max_lines=4, placeholder=" ...")
    lines = []
    shown = [law.saturation, law.T_N, law.beta, law.alpha]
    if isinstance(law, DirectOrder) and not law.sigma_TN.fixed:
        shown.append(law.sigma_TN)
    for one in shown:
        if one.name == "sigma_TN" and one.at_limit:
            lines.append(f"{symbol(one.name)} {_below(law)}")
            continue
        value = float(f"{one.value:.4g}") if one.at_limit else one.value
        text = quantity(one.name, value, None if one.fixed else one.error, one.unit)
        lines.append(text + (" (fixed)" if one.fixed else " (limit)" if one.at_limit else ""))
    if math.isfinite(law.chi2):
        digits = 1 if law.ndof < 1000 else 0
        lines.append(f"{CHI2} = {law.chi2:.{digits}f}/{law.ndof}")
    if not law.valid:
        lines.append("fit not valid")
    return lines


def _below(law: OrderParameter | DirectOrder) -> str:
    """What is said of a width of the transition at its floor: its upper limit of 95 per cent."""
    limit = law.sigma_TN_below if isinstance(law, DirectOrder) else None
    return "at its floor" if limit is None else f"< {limit:.2g} K"


def _write(ax: Axes, lines: list[str], below: bool) -> None:
    """Parameters and legend: below the curve where it leaves room, else above it."""
    text: dict[str, Any] = {"fontsize": SMALL, "transform": ax.transAxes, "linespacing": 1.4}
    if below:
        ax.text(0.05, 0.12, "\n".join(lines), ha="left", va="bottom", **text)
        text = {"loc": "lower left", "bbox_to_anchor": (0.45, 0.1), "borderaxespad": 0.3}
        columns: list[Text] = []
    else:
        columns = _columns(ax, lines, text)
        text = {"loc": "upper right", "borderaxespad": 0.8}
    handles, labels = ax.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    names = ["run by run", "ordered", "partly ordered", "not ordered", "left out"]
    if "one sigma" in named and _inches_of_band(ax, named["one sigma"]) > SEEN:
        names.append("one sigma")
    shown = [name for name in names if name in named]
    legend = ax.legend(
        [named[name] for name in shown], shown, handletextpad=0.4, handlelength=1.2, **text
    )
    if columns and any(
        one.get_window_extent().overlaps(legend.get_window_extent()) for one in columns
    ):
        _beside_legend(columns)


def _columns(ax: Axes, lines: list[str], text: dict[str, Any]) -> list[Text]:
    """The lines in two columns at the top."""
    half = len(lines) if lines and "=" not in lines[0] else (len(lines) + 1) // 2
    return [
        ax.text(left, 0.97, "\n".join(part), ha="left", va="top", **text)
        for left, part in ((0.03, lines[:half]), (0.38, lines[half:]))
    ]


def _beside_legend(columns: list[Text]) -> None:
    """The long line of chi-square below the first column, where the legend is far."""
    lines = [one.get_text().splitlines() for one in columns]
    long = [line for line in lines[1] if line.startswith(CHI2)]
    columns[0].set_text("\n".join([*lines[0], *long]))
    columns[1].set_text("\n".join(line for line in lines[1] if line not in long))


def _inches_of_band(ax: Axes, band: Artist) -> float:
    """Height that the band has over a fifth of the way to T_N at least."""
    (path,) = band.get_paths()  # type: ignore[attr-defined]
    corners = path.vertices
    t = np.unique(corners[:, 0])
    heights = np.array([np.ptp(corners[corners[:, 0] == one, 1]) for one in t])
    if not heights.any():
        return 0.0
    even = np.linspace(t[0], t[heights > 0].max(), 200)
    low, high = ax.get_ylim()
    inches = ax.get_position().height * figure_of(ax).get_size_inches()[1]
    return float(np.quantile(np.interp(even, t, heights), 0.8) / (high - low) * inches)
