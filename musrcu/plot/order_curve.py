"""The picture of an order parameter: frequency against temperature, curve, band, spectra inset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from musrcu.analysis.order_points import OrderPoints
from musrcu.analysis.order_result import OrderParameter
from musrcu.analysis.scan_result import Scan
from musrcu.containers.arrays import FloatArray
from musrcu.containers.asymmetry import Asymmetry
from musrcu.errors import MusrcuError
from musrcu.fitting.result import FitResult
from musrcu.plot.display import dense, drawable, frequencies, show, window
from musrcu.plot.one_run import draw_points
from musrcu.plot.style import (
    BLACK,
    BLUE,
    CHI2,
    GREY,
    ORANGE,
    SINGLE,
    SMALL,
    kelvin,
    new_figure,
    quantity,
    round_ticks,
    style,
    symbol,
    time_limits,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Inset = Asymmetry | tuple[Asymmetry, FitResult | None]

PERIODS = 6
"""Periods of the precession that an inset shows."""
EARLY = 4.0
"""Shown in insets where nothing precesses, µs."""


def order(
    order_parameter: OrderParameter | None,
    points: OrderPoints | Scan | None = None,
    *,
    insets: Sequence[Inset] = (),
    ax: Axes | None = None,
    width: float = SINGLE,
) -> Axes:
    """Picture of nu(T) with the fitted law, its one-sigma band and T_N.

    Filled points are the fitted runs with their errors; open ticks at zero are runs without
    order; crosses are runs that were left out, at their frequency where they have one. As Fig. 3
    of the paper, two spectra may be inset, one from below and one from above T_N.

    Parameters
    ----------
    order_parameter : the fitted law; None draws the points alone.
    points : what to draw: points, or the Scan, which knows every run without order and every run
        left out. None takes the points that were fitted.
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
    marks = _marks(order_parameter, points)
    drawn = order_parameter if order_parameter is not None and _has_curve(order_parameter) else None
    with style():
        if ax is None:
            ax = new_figure(width, 0.62 * width + (0.8 if insets else 0.35)).subplots()
        right = _draw_marks(ax, marks)
        top = max([*marks.points.value.tolist(), *(nu for _, nu in marks.left_out), 0.1])
        if drawn is not None:
            right = max(right, 1.08 * drawn.T_N.value)
            top = max(top, drawn.nu0.value)
            _draw_law(ax, drawn, right)
        lines = [] if order_parameter is None else _lines(order_parameter)
        ax.set_xlim(0.0, right)
        rows = -(-len(lines) // 2)
        ax.set_ylim(-0.06 * top, top * (1.12 + (0.1 * rows if insets else 0.0)))
        ax.set_xlabel("$T$ (K)")
        round_ticks(ax)
        ax.set_ylabel(f"{symbol('nu')} (MHz)")
        _write(ax, lines, bool(insets))
        _draw_insets(ax, insets, drawn)
    return ax


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What stands in the picture besides the curve."""

    points: OrderPoints
    above: tuple[float, ...]
    """Temperatures of runs without order, K."""
    left_out: tuple[tuple[float, float], ...]
    """(T, nu) of runs that are neither; nu is 0 where they have none."""


def _marks(order_parameter: OrderParameter | None, source: OrderPoints | Scan | None) -> Marks:
    if isinstance(source, Scan):
        name = source.parameter if order_parameter is None else order_parameter.parameter
        points = source.points(name)
        above = [r.temperature for r in source.runs if r.verdict == "not ordered"]
        used = set(points.labels)
        rest = [r for r in source.runs if r.verdict != "not ordered" and r.name not in used]
        left_out = []
        for run in rest:
            fitted = run.result.parameters.get(name) if run.result is not None else None
            nu = fitted.value if fitted is not None and fitted.value is not None else 0.0
            if run.temperature is not None:
                left_out.append((run.temperature, nu))
        return Marks(points, tuple(t for t in above if t is not None), tuple(left_out))
    if source is None and order_parameter is None:
        raise MusrcuError("nothing to draw: give an order parameter, its points, or a scan")
    points = source if source is not None else order_parameter.points  # type: ignore[union-attr]
    return Marks(points, () if points.upper_bound is None else (points.upper_bound,), ())


def _has_curve(order_parameter: OrderParameter) -> bool:
    return all(map(math.isfinite, order_parameter.values))


def _draw_marks(ax: Axes, marks: Marks) -> float:
    """The runs; returns where the temperature axis may end."""
    points = marks.points
    spread = None if points.temperature_error is None else np.nan_to_num(points.temperature_error)
    if len(points):
        ax.errorbar(
            points.temperature, points.value, points.error, spread, fmt="o", markersize=3.2,
            markeredgewidth=0, elinewidth=0.7, color=BLACK, zorder=4, label="ordered",
        )  # fmt: skip
    if marks.above:
        ax.plot(
            marks.above, np.zeros(len(marks.above)), "|", markersize=7, markeredgewidth=1.0,
            color=BLUE, zorder=4, clip_on=False, label="not ordered",
        )  # fmt: skip
    if marks.left_out:
        ax.plot(
            *zip(*marks.left_out, strict=True), "x", markersize=4, color=GREY, zorder=4,
            clip_on=False, label="left out",
        )  # fmt: skip
    ends = [*points.temperature.tolist(), *marks.above, *(t for t, _ in marks.left_out)]
    return 1.04 * max(ends, default=1.0)


def _draw_law(ax: Axes, law: OrderParameter, right: float) -> None:
    """Curve, band and T_N."""
    critical = law.T_N.value
    near = critical * (1 - np.geomspace(1e-9, 0.2, 400))  # the law is infinitely steep at T_N
    spread = law.T_N.error if math.isfinite(law.T_N.error) else 0.0
    beyond = np.linspace(critical - 6 * spread, critical + 6 * spread, 400)
    t: FloatArray = np.concatenate([np.linspace(0.0, right, 300), near, [critical], beyond])
    t = np.unique(t[(t >= 0) & (t <= right)])
    low, high = law.band(t)
    if np.isfinite(low).all():
        ax.fill_between(
            t, low, high, color=ORANGE, alpha=0.25, linewidth=0, zorder=1, label="one sigma"
        )
    ax.plot(t, law.predict(t), color=ORANGE, zorder=3, label="fit")
    dashed = (0, (4, 2))
    ax.plot(
        [critical] * 2, [0, 1.04 * law.nu0.value], color=GREY, linewidth=0.7, ls=dashed, zorder=0
    )
    ax.annotate(
        symbol("T_N"), (critical, 0.5 * law.nu0.value), (3, 0), textcoords="offset points",
        fontsize=7.0, color=GREY, va="center",
    )  # fmt: skip


def _lines(law: OrderParameter) -> list[str]:
    """The parameters as text."""
    lines = []
    for one in (law.nu0, law.T_N, law.beta, law.alpha):
        text = quantity(one.name, one.value, None if one.fixed else one.error, one.unit)
        lines.append(text + (" (fixed)" if one.fixed else " (limit)" if one.at_limit else ""))
    if math.isfinite(law.chi2):
        lines.append(f"{CHI2} = {law.chi2:.1f}/{law.ndof}")
    if not law.valid:
        lines.append("fit not valid")
    return lines


def _write(ax: Axes, lines: list[str], insets: bool) -> None:
    """Parameters and legend: below the curve, or above it where spectra are below."""
    text: dict[str, Any] = {"fontsize": SMALL, "transform": ax.transAxes, "linespacing": 1.4}
    if insets:
        half = (len(lines) + 1) // 2
        for left, part in ((0.03, lines[:half]), (0.38, lines[half:])):
            ax.text(left, 0.97, "\n".join(part), ha="left", va="top", **text)
        text = {"loc": "upper right", "borderaxespad": 0.8}
    else:
        ax.text(0.05, 0.12, "\n".join(lines), ha="left", va="bottom", **text)
        text = {"loc": "lower left", "bbox_to_anchor": (0.45, 0.1), "borderaxespad": 0.3}
    handles, labels = ax.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    runs = [label for label in ("ordered", "not ordered", "left out") if label in named]
    shown = [named[label] for label in runs]
    ax.legend(shown, runs, handletextpad=0.2, handlelength=1.4, **text)


BOTTOM, HEIGHT = 0.17, 0.36
"""Lower edge and height of the insets, as shares of the axes."""


def _draw_insets(ax: Axes, insets: Sequence[Inset], law: OrderParameter | None) -> None:
    """Small spectra side by side below the curve."""
    pairs = [(inset, None) if isinstance(inset, Asymmetry) else inset for inset in insets]
    lines = [nu for _, result in pairs for nu in frequencies(_best(result)) if nu > 0]
    last = PERIODS / max(lines) if lines else EARLY
    wide = (_reach(ax, law) - 0.13) / 2 - 0.05
    for k, (asym, result) in enumerate(pairs):
        small = ax.inset_axes((0.13 + k * (wide + 0.1), BOTTOM, wide, HEIGHT))
        _spectrum(small, asym, _best(result), last)
        if k == 0:
            small.set_ylabel("A", fontsize=5.5, labelpad=0.5)


def _reach(ax: Axes, law: OrderParameter | None) -> float:
    """How far to the right insets may go below the curve, as a share of the axes."""
    if law is None:
        return 0.9
    (_, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    shares = np.linspace(0.45, 0.96, 52) * min(1.0, law.T_N.value / right)
    top = low + (BOTTOM + HEIGHT + 0.08) * (high - low)
    free = shares[law.predict(shares * right) > top]
    return float(free.max()) if free.size else float(shares[0])


def _best(result: FitResult | None) -> FitResult | None:
    return None if result is None else result.best


def _spectrum(small: Axes, asym: Asymmetry, best: FitResult | None, last: float) -> None:
    """One small spectrum with its curve."""
    first, end = window(asym, best)
    limits = (first, min(end, last))
    draw_points(small, show(asym, best, limits, most=70))
    if best is not None and drawable(best):
        t = dense(limits, best)
        small.plot(t, best.curve(t), color=ORANGE, linewidth=0.9, zorder=3)
    small.set_xlim(*time_limits(limits))
    small.tick_params(labelsize=5.5, length=2, which="major", pad=1.5)
    small.tick_params(length=1, which="minor")
    round_ticks(small)
    small.locator_params(axis="x", nbins=4)
    small.set_xlabel("Time (µs)", fontsize=5.5, labelpad=0.5)
    temperature = asym.run.temperature
    if temperature.value is not None:
        small.set_title(kelvin(temperature), fontsize=6.0, pad=2)
