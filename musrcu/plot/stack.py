"""The picture of a scan: every run's spectrum, one above the other by temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from musrcu.analysis.scan_result import Scan
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.histogram import Histogram
from musrcu.direct.result import DirectOrder
from musrcu.errors import MusrcuError
from musrcu.fitting.result import FitResult
from musrcu.joint.result import JointResult
from musrcu.plot.display import Curve, Shown, curve_of, dense, drawable, frequencies, show
from musrcu.plot.one_detector import DetectorAsymmetry, Drawable, as_asymmetry, checked, fit_of
from musrcu.plot.one_run import draw_points
from musrcu.plot.row_labels import write_labels
from musrcu.plot.style import (
    SINGLE,
    headline,
    new_figure,
    period_name,
    round_ticks,
    style,
    time_limits,
    titles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERIODS = 5
"""Periods of the fastest precession that are shown unless asked otherwise."""
EARLY = 3.0
"""Shown where nothing precesses, µs."""
TALLEST = 9.0
"""Height of a figure that still fits a page, inches."""


def scan(
    asymmetries: Sequence[Asymmetry | Histogram],
    results: Scan | JointResult | DirectOrder | Sequence[FitResult | None] | None = None,
    *,
    ax: Axes | None = None,
    packing: int | None = None,
    percent: bool = False,
    t_range: tuple[float, float] | None = None,
    step: float | None = None,
    width: float = SINGLE,
) -> Axes:
    """Picture of all runs of a scan, offset by temperature, with their fits.

    The coldest run is lowest and stands where its numbers say; each further one is moved up by
    ``step``. Colour runs with temperature, which is written beside each run; beside runs of one
    temperature stands their field. Histograms are drawn as :func:`asymmetry` draws one, with the
    detector beside it.

    Parameters
    ----------
    asymmetries : the data, in any order.
    results : their fits in the same order (None where there is none), or the Scan, the joint fit
        or the one-step fit.
    ax : axes to draw into; None makes a figure.
    packing : bins of an asymmetry in one point; None chooses.
    percent : whether the axis is in per cent.
    t_range : (first, last) time shown, µs; None takes five periods of the fastest precession, or
        3 µs where nothing precesses.
    step : offset between runs, as a fraction; None chooses.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes.

    Raises
    ------
    MusrcuError if there are no runs, or not as many results as runs.
    """
    for one in asymmetries:
        checked("plot.scan", one)
    fits = _matched(asymmetries, results)
    pairs = zip(asymmetries, fits, strict=True)
    rows = _sorted([_as_drawn(one, fit) for one, fit in pairs], fits)
    limits = t_range or _early(rows)
    spectra = [show(a, r, limits, packing=packing, most=120) for a, r in rows]
    step = _step(spectra, rows, limits) if step is None else step
    scale = 100.0 if percent else 1.0
    with style():
        if ax is None:
            ax = new_figure(width, min(TALLEST, 1.1 + 0.27 * max(4, len(rows)))).subplots()
        colours = _colours([a.run.temperature.value for a, _ in rows])
        for k, (points, (asym, result)) in enumerate(zip(spectra, rows, strict=True)):
            lifted = Shown(
                points.time, points.value + k * step, points.error, None, points.packing, points.raw
            )
            draw_points(ax, lifted, scale, colours[k])
            if result is not None and drawable(result):
                t = dense(limits, result)
                ax.plot(
                    t, scale * (curve_of(asym, result, t) + k * step), color=colours[k], zorder=3
                )
        _frame(ax, spectra, limits, step, scale)
        ends = [float(np.median(p.value[-max(1, p.value.size // 8) :])) for p in spectra]
        write_labels(ax, [a for a, _ in rows], colours, [scale * y for y in _spread(ends, step)])
        _headline(ax, rows, spectra, scale * step, limits[1])
    return ax


Row = tuple[Asymmetry, Curve | None]


def _as_drawn(data: Drawable, fit: Curve | None) -> Asymmetry:
    """The asymmetry; that of a histogram with its fit."""
    return as_asymmetry("plot.scan", data, fit if isinstance(fit, FitResult) else None)


def _matched(
    asymmetries: Sequence[Drawable],
    results: Scan | JointResult | DirectOrder | Sequence[FitResult | None] | None,
) -> Sequence[Curve | None]:
    """One result, or None, for each asymmetry."""
    if not asymmetries:
        raise MusrcuError("no runs to draw; give at least one asymmetry")
    if results is None:
        return [None] * len(asymmetries)
    if isinstance(results, DirectOrder):
        curves = {_key(run.run, run.path): results.of_run(run) for run in results.runs}
        return [curves.get(_key(a.run.number, a.run.path)) for a in asymmetries]
    found: list[FitResult | None]
    if isinstance(results, JointResult) and len(results.runs) != len(asymmetries):
        found = [fit_of(one, results) for one in asymmetries]
    elif isinstance(results, JointResult):
        found = list(results.runs)
    elif isinstance(results, Scan):
        fits = {_key(run.run, run.path): run.result for run in results.runs}
        found = [fits.get(_key(a.run.number, a.run.path)) for a in asymmetries]
    else:
        found = list(results)
    if len(found) != len(asymmetries):
        raise MusrcuError(
            f"{len(found)} results for {len(asymmetries)} asymmetries; give one for each, None "
            "where there is none"
        )
    return [None if result is None else result.best for result in found]


def _key(number: int | None, path: Any) -> str:
    return str(path) if number is None else str(number)


def _sorted(asymmetries: list[Asymmetry], results: Sequence[Curve | None]) -> list[Row]:
    """Coldest first; runs without a temperature last."""
    rows = list(zip(asymmetries, results, strict=True))
    return sorted(rows, key=lambda row: _or_infinity(row[0].run.temperature.value))


def _or_infinity(value: float | None) -> float:
    return math.inf if value is None else value


def _early(rows: list[Row]) -> tuple[float, float]:
    """From the muon to five periods of the fastest precession."""
    fastest = max((nu for _, result in rows for nu in frequencies(result)), default=0.0)
    last = max(float(a.time[-1]) for a, _ in rows if a.time.size)
    return 0.0, min(last, PERIODS / fastest if fastest > 0 else EARLY)


def _step(spectra: list[Shown], rows: list[Row], limits: tuple[float, float]) -> float:
    """An offset at which neighbours touch but do not hide each other, to one digit."""
    heights = []
    for points, (asym, result) in zip(spectra, rows, strict=True):
        height = float(np.ptp(np.quantile(points.value, [0.02, 0.98])))
        if result is not None and drawable(result):
            noise = 4 * float(np.median(points.error))
            height = max(float(np.ptp(curve_of(asym, result, dense(limits, result)))), noise)
        heights.append(height)
    wanted = max(0.55 * float(np.median(heights)), 1e-3)
    digit = 10.0 ** math.floor(math.log10(wanted))
    return math.ceil(wanted / digit) * digit


def _colours(temperatures: list[float | None]) -> list[Any]:
    """A colour for each temperature, dark blue to amber; equal steps where all are alike."""
    import matplotlib

    known = [value for value in temperatures if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    order = range(len(temperatures))
    share = [k / max(1, len(temperatures) - 1) for k in order]
    if high > low:
        share = [1.0 if t is None else (t - low) / (high - low) for t in temperatures]
    return [matplotlib.colormaps["plasma"](0.05 + 0.75 * s) for s in share]


def _frame(
    ax: Axes, spectra: list[Shown], limits: tuple[float, float], step: float, scale: float
) -> None:
    """Axes and their labels."""
    ends = [(points.value + k * step) for k, points in enumerate(spectra)]
    low = min(float(np.quantile(end, 0.01)) for end in ends)
    high = max(float(np.quantile(end, 0.99)) for end in ends)
    margin = 0.04 * (high - low) + 0.3 * step
    ax.set_ylim(scale * (low - margin), scale * (high + margin))
    ax.set_xlim(*time_limits(limits))
    round_ticks(ax)
    ax.set_xlabel("Time (µs)")
    offset = " + offset" if len(spectra) > 1 else ""
    ax.set_ylabel(f"Asymmetry{offset}{' (%)' if scale == 100.0 else ''}")


def _spread(ends: list[float], step: float) -> list[float]:
    """Heights for the labels: where each spectrum ends, but never on each other."""
    places: list[float] = []
    for k, end in enumerate(ends):
        floor = places[-1] + 0.8 * step if places else -math.inf
        places.append(max(end + k * step, floor))
    return places


def _headline(ax: Axes, rows: list[Row], spectra: list[Shown], step: float, last: float) -> None:
    """Which runs, what a point and an offset are, and how far the fits reach behind ``last``."""
    name = _names([a for a, _ in rows])
    packings = sorted({points.raw for points in spectra} | {p.least or p.raw for p in spectra})
    text = str(packings[0]) if len(packings) == 1 else f"{packings[0]}\N{EN DASH}{packings[-1]}"
    shown = " (display)" if any(points.packing > 1 for points in spectra) else ""
    note = f"packing {text}{shown}" + (f", offset {step:.3g}" if len(rows) > 1 else "")
    fitted = [result.t_range[1] for _, result in rows if result is not None and result.t_range]
    if fitted and max(fitted) > 1.001 * last:
        note += f", fits to {max(fitted):.3g} µs"
    titles(ax, name, note)


def _names(drawn: Sequence[Asymmetry]) -> list[str]:
    """The runs, and what they have in common."""
    runs = [a.run for a in drawn]
    if isinstance(drawn[0], DetectorAsymmetry) and len({run.number for run in runs}) == 1:
        return headline(drawn[0])
    numbers = [run.number for run in runs if run.number is not None]
    name = runs[0].instrument or ""
    if numbers:
        low, high = min(numbers), max(numbers)
        name += f" {low}" if low == high else f" {low}\N{EN DASH}{high}"
    periods = {period_name(a) for a in drawn}
    return [part for part in (name.strip(), *sorted(periods)) if part]
