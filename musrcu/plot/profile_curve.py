"""Pictures of how well a fit determines one parameter, or two together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.fitting.contour import Contour
from musrcu.fitting.profile import Profile
from musrcu.plot.style import BLACK, BLUE, GREY, ORANGE, SINGLE, axis_label, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis

SLIGHT = 0.01
"""Rise so little below zero is no other minimum."""
DENSE = 1001
"""Places of a curve."""
LABELS = 5
"""Numbers below an axis; those of a temperature have six digits."""
ABOVE = 1.35
"""Height of a picture over that of its curves: the legend stands above them."""
STEP = 1.5
"""Standard errors from one point of a smooth curve to the next at most."""
LINES = ("-", "--", "-.", ":")


def profile(found: Profile, *, ax: Axes | None = None, width: float = SINGLE) -> Axes:
    """Picture of chi-square above its minimum against a parameter, all others at their best.

    The grey band is the interval in which it rises by less than one, as far as the points show it;
    the dashed line is the parabola of a symmetric error.

    Parameters
    ----------
    found : as :func:`musrcu.profile` returns it.
    ax : axes to draw into; None makes a figure.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes.
    """
    with style():
        ax = new_figure(width, 0.75 * width).subplots() if ax is None else ax
        x, rise = smooth(found)
        error = found.result[found.name].error
        if found.interval is not None:
            low, high = (found.best + side for side in found.interval)
            inside = np.linspace(low, high, DENSE)
            within = inside[np.interp(inside, x, rise) <= 1.05]  # chords lie above it
            if within.size:
                ax.axvspan(
                    within[0], within[-1], 0.0, 1 / ABOVE, color=GREY, alpha=0.25, linewidth=0,
                    label="rise below 1",
                )  # fmt: skip
            ax.axhline(1.0, color=GREY, linewidth=0.8)
        ax.plot(x, rise, "-", color=BLUE, label="all others at their best")
        if error:
            even = np.linspace(x[0], x[-1], DENSE)
            parabola = ((even - found.best) / error) ** 2
            ax.plot(even, parabola, "--", color=ORANGE, linewidth=1.0, label="symmetric error")
        ax.plot([found.best], [0.0], "o", color=BLACK, markersize=3)
        least, top = float(found.rise.min()), float(found.rise[np.isfinite(found.rise)].max())
        top = max(top, 1.0)
        ax.set_ylim(1.05 * least - 0.02 * top, ABOVE * 1.05 * top)
        few_labels(ax.xaxis)
        ax.set_xlabel(axis_label(found.name, found.unit))
        ax.set_ylabel(r"$\chi^2 - \chi^2_{\min}$")
        ax.legend(loc="upper center", handlelength=1.6, borderaxespad=0.4)
    return ax


def smooth(found: Profile) -> tuple[FloatArray, FloatArray]:
    """(n,) values and (n,) rises on a curve through the points of a profile.

    Its root, negative left of the minimum, is a straight line for a parabola, and is followed by
    cubics that go up and down only where the points do. Straight lines between the points where
    one of them is below the minimum or has no chi-square, or two of them have a jump between them.
    """
    x, rise = found.values, found.rise
    if not (np.isfinite(rise).all() and float(rise.min()) >= -SLIGHT):
        return x, rise
    best = min(max(found.best, float(x[0])), float(x[-1]))
    places, at = np.unique([*x, best], return_index=True)
    root = np.append(np.sqrt(np.maximum(rise, 0.0)) * np.sign(x - found.best), 0.0)[at]
    if float(np.abs(np.diff(root)).max(initial=0.0)) > STEP:
        return x, rise
    dense = np.linspace(x[0], x[-1], DENSE)
    return dense, _cubics(places, root, dense) ** 2


def _cubics(x: FloatArray, y: FloatArray, at: FloatArray) -> FloatArray:
    """Cubics through points, with the slopes of parabolas, no steeper than is monotonic."""
    width, chord = np.diff(x), np.diff(y) / np.diff(x)
    left, right = np.append(chord[0], chord), np.append(chord, chord[-1])
    steepest = 3 * np.minimum(np.abs(left), np.abs(right)) * (left * right > 0)
    slope = np.clip(np.gradient(y, x), -steepest, steepest)
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, width.size - 1)
    h, u = width[k], (at - x[k]) / width[k]
    bend = (slope[k] - chord[k]) * (1 - u) - (slope[k + 1] - chord[k]) * u
    return np.asarray(y[k] + h * u * (chord[k] + (1 - u) * bend))


def few_labels(axis: XAxis) -> None:
    """So few numbers below an axis that long ones do not run into each other."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=LABELS, steps=[1, 2, 5, 10]))


def contour(found: Contour, *, ax: Axes | None = None, width: float = SINGLE) -> Axes:
    """Picture of the regions that hold two parameters jointly with given probabilities.

    Parameters
    ----------
    found : as :func:`musrcu.contour` returns it.
    ax : axes to draw into; None makes a figure.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes.
    """
    with style():
        ax = new_figure(width, 0.85 * width).subplots() if ax is None else ax
        for n, (level, curve) in enumerate(zip(found.levels, found.curves, strict=True)):
            shape = LINES[n % len(LINES)]
            ax.plot(curve[:, 0], curve[:, 1], shape, color=BLUE, label=f"{100 * level:.4g} %")
        ax.plot(*[[value] for value in found.best], "o", color=BLACK, markersize=3)
        few_labels(ax.xaxis)
        ax.set_xlabel(axis_label(found.names[0], found.units[0]))
        ax.set_ylabel(axis_label(found.names[1], found.units[1]))
        ax.legend()
    return ax
