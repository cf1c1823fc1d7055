"""The picture of a model function: a few curves at typical values."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import ModelError
from musrcu.models.registry import Component, find_component
from musrcu.plot.component_views import View, fields, last_temperature, last_time, view_of
from musrcu.plot.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SINGLE,
    SMALL,
    new_figure,
    quantity,
    round_ticks,
    style,
    symbol,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLACK, ORANGE, BLUE, GREEN)
LINES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1, 1.5)))
"""Styles that are told apart in black and white too."""
POINTS = 800
"""Points of a curve."""
WEAKEST, STRONGEST = 1e-2, 1e5
"""Fields between which a law of field is looked at, G."""
NANO = 0.2
"""Time axis, µs, below which it is in ns."""
_LETTERS = 62
"""Letters of a formula in one line of the narrow figure."""


def component(
    wanted: str | Component,
    vary: str = "",
    values: Sequence[float] = (),
    *,
    fixed: Mapping[str, float] | None = None,
    end: float | None = None,
    ax: Axes | None = None,
    width: float = SINGLE,
) -> Axes:
    """Picture of a model function at typical values, one parameter varied.

    Without a choice a field or a hopping rate is varied, or the first parameter that is no phase;
    times end behind a few periods or where the curves have settled, temperatures 30 per cent above
    the transition; the axis of fields is logarithmic.

    Parameters
    ----------
    wanted : a component or its name.
    vary, values : the parameter that differs from curve to curve, and its values in its own unit,
        at most four.
    fixed : values of other parameters that are not at their defaults, by name.
    end : of the horizontal axis, µs, K or G.
    ax : axes to draw into; None makes a figure.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes.

    Raises
    ------
    ModelError if there is no such component or parameter, or there are more than four values.
    """
    made = find_component(wanted) if isinstance(wanted, str) else wanted
    view = view_of(made, View(vary, tuple(values), dict(fixed or {}), end))
    sets = _sets(made, view)
    curves = [partial(_at, made, one) for one in sets]
    x = _abscissa(made, view, curves, sets)
    scale = 1e3 if made.variable == "t" and x[-1] < NANO else 1.0
    title = _title(made, view)
    with style():
        if ax is None:
            ax = new_figure(width, 0.5 * width + 0.5 + 0.12 * len(title)).subplots()
        drawn = [_finite(made, curve(x)) for curve in curves]
        for k, y in enumerate(drawn):
            ax.plot(scale * x, y, color=COLOURS[k], linestyle=LINES[k], zorder=3 - 0.1 * k)
            if view.vary:
                ax.lines[-1].set_label(_named(made, view.vary, view.values[k]))
        _horizontal(ax, made, scale * x, scale > 1)
        _vertical(ax, made, view, x, drawn)
        if view.vary:
            ax.legend(
                loc="lower left", bbox_to_anchor=(-0.02, 0.985), ncols=len(drawn), handlelength=1.6,
                columnspacing=1.0, handletextpad=0.4, borderpad=0.2,
            )  # fmt: skip
        above = 13.0 if view.vary else 4.0
        ax.set_title("\n".join(title), loc="left", fontsize=SMALL, pad=above, linespacing=1.3)
    return ax


def _at(made: Component, values: Sequence[float], x: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        return np.asarray(made(x, *values))


def _finite(made: Component, values: FloatArray) -> FloatArray:
    """The values, gaps where there are none.

    Raises
    ------
    ModelError if there is no value at all.
    """
    if not np.isfinite(values).any():
        raise ModelError(f"component {made.key} has no finite value there; choose other parameters")
    return np.where(np.isfinite(values), values, np.nan)


def _sets(made: Component, view: View) -> list[tuple[float, ...]]:
    """The parameters of every curve.

    Raises
    ------
    ModelError if there are more than can be told apart.
    """
    if len(view.values) > len(COLOURS):
        raise ModelError(f"{len(view.values)} curves asked for; {len(COLOURS)} can be told apart")
    base = {p.name: p.default for p in made.parameters} | dict(view.fixed)
    wanted = [{**base, view.vary: value} for value in view.values] if view.vary else [base]
    return [tuple(one[p.name] for p in made.parameters) for one in wanted]


def _abscissa(
    made: Component,
    view: View,
    curves: Sequence[Callable[[FloatArray], FloatArray]],
    sets: Sequence[Sequence[float]],
) -> FloatArray:
    """Where the curves are computed: times, temperatures or fields."""
    if made.variable == "B":
        low, high = fields(curves, WEAKEST, view.end or STRONGEST)
        return np.geomspace(low, high, POINTS)
    if made.variable == "t":
        return np.linspace(0.0, view.end or last_time(made, sets, curves), POINTS)
    end = view.end or last_temperature(made, sets)
    own = [p.name for p in made.parameters if p.unit == "K"]
    grid = [np.linspace(0.0, end, POINTS)]
    for one in sets:  # a law may be infinitely steep at its transition
        values = dict(zip((p.name for p in made.parameters), one, strict=True))
        near = np.geomspace(1e-6, 0.1, 60)
        grid += [values[name] * (1 + sign * near) for name in own for sign in (-1, 1)]
        grid += [np.array([values[name]]) for name in own]
    t = np.unique(np.concatenate(grid))
    return np.asarray(t[t <= end])


def _horizontal(ax: Axes, made: Component, x: FloatArray, nano: bool) -> None:
    """Limits and name of the axis of times, temperatures or fields."""
    ax.set_xlim(float(x[0]), float(x[-1]))
    if made.variable == "B":
        ax.set_xscale("log")
        ax.set_xlabel("$B$ (G)")
    elif made.variable == "T":
        ax.set_xlabel("$T$ (K)")
    else:
        ax.set_xlabel("Time (ns)" if nano else "Time (µs)")


def _vertical(
    ax: Axes, made: Component, view: View, x: FloatArray, drawn: Sequence[FloatArray]
) -> None:
    """Limits that begin at 0 and hold every curve, save what diverges; the name of the axis."""
    even = np.linspace(x[0], x[-1], 200) if made.variable != "B" else x
    tops = [float(np.nanquantile(np.interp(even, x, y), 0.95)) for y in drawn]
    highest = max(float(np.nanmax(y)) for y in drawn)
    low = min(0.0, *(float(np.nanmin(y)) for y in drawn))
    if made.variable == "t":
        high = max(1.0, highest)
        ax.set_ylabel("$P(t)$")
    else:
        high = highest if highest < 3.0 * max(tops) else max(tops)
        ax.set_ylabel(view.label or f"$f({made.variable})$")
    if made.variable == "B" and min(tops) > 0 and max(tops) > 20.0 * min(tops):
        ax.set_yscale("log")
        ax.set_ylim(1e-2 * min(tops), 2.0 * high)
        return
    margin = 0.04 * (high - low)
    ax.set_ylim(low - margin if low < 0 else -0.5 * margin, high + margin)
    if low < 0:
        ax.axhline(0.0, color=GREY, linewidth=0.6, zorder=1)
    round_ticks(ax)


def _title(made: Component, view: View) -> list[str]:
    """Name, formula, and the parameters that all curves share.

    A formula longer than two lines gives way to what the function is.
    """
    lines = _lines(f"{made.key}:  {made.formula}")
    if len(lines) > 2:
        lines = _lines(f"{made.key}:  {made.meaning}", most=2)
    base = {p.name: p.default for p in made.parameters} | dict(view.fixed)
    shared = [_named(made, name, base[name]) for name in base if name != view.vary]
    return [*lines, "with " + ", ".join(shared)] if shared else lines


def _lines(text: str, most: int | None = None) -> list[str]:
    return textwrap.wrap(text, _LETTERS, max_lines=most, placeholder=" ...", break_on_hyphens=False)


def _named(made: Component, name: str, value: float) -> str:
    """``lambda = 0.5 per microsecond``, as a journal prints it."""
    unit = next(p.unit for p in made.parameters if p.name == name)
    thirds = {1 / 3: "1/3", 2 / 3: "2/3"}
    if value in thirds:
        return f"{symbol(name)} = {thirds[value]}"
    return quantity(name, float(f"{value:.4g}"), None, unit)
