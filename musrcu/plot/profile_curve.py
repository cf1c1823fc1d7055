"""Pictures of how well a fit determines one parameter, or two together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musrcu.fitting.contour import Contour
from musrcu.fitting.profile import Profile
from musrcu.plot.style import BLACK, BLUE, GREY, ORANGE, SINGLE, axis_label, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADED = 1001
"""Places in an interval at which the curve is looked at."""
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
        error = found.result[found.name].error
        if found.interval is not None:
            low, high = (found.best + side for side in found.interval)
            x = np.linspace(low, high, SHADED)
            within = x[np.interp(x, found.values, found.rise) <= 1.05]  # the chords lie above it
            if within.size:
                ax.axvspan(within[0], within[-1], color=GREY, alpha=0.25, linewidth=0)
            ax.axhline(1.0, color=GREY, linewidth=0.8)
        if error:
            parabola = ((found.values - found.best) / error) ** 2
            ax.plot(found.values, parabola, "--", color=ORANGE, linewidth=1.0)
        ax.plot(found.values, found.rise, "-", color=BLUE)
        ax.plot([found.best], [0.0], "o", color=BLACK, markersize=3)
        top = float(found.rise[found.rise < float("inf")].max())
        ax.set_ylim(1.05 * float(found.rise.min()) - 0.02 * max(top, 1.0), 1.05 * max(top, 1.0))
        ax.set_xlabel(axis_label(found.name, found.unit))
        ax.set_ylabel(r"$\chi^2 - \chi^2_{\min}$")
    return ax


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
        ax.set_xlabel(axis_label(found.names[0], found.units[0]))
        ax.set_ylabel(axis_label(found.names[1], found.units[1]))
        ax.legend()
    return ax
