"""The picture of Fourier spectra and of periodograms, peaks named and noise drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musrcu.containers.arrays import FloatArray
from musrcu.errors import MusrcuError
from musrcu.notation import bracket
from musrcu.plot.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SINGLE,
    SMALL,
    figure_of,
    headline,
    new_figure,
    round_ticks,
    style,
    titles,
)
from musrcu.spectrum.periodogram_result import Periodogram
from musrcu.spectrum.spectrum_result import Spectrum, in_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VIEWS = ("amplitude", "power", "real")
MOST_PANELS = 6
NAMED = 5
"""Peaks whose values are written."""
BEYOND = 1.6
"""The axis ends at so many times the highest frequency of a peak."""
APART = 0.04
"""Share of the axis between two names."""
EDGE = 0.045
"""The same from the frame, whose ticks point inwards."""
LETTER = 0.62
"""Width of a letter of a name over its size."""
GAP = 9.0
"""Points from a peak to its name."""
ROOM = 0.75
"""Share of the height of a figure that its panels have, before they are laid out."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """What one panel shows."""

    x: FloatArray
    y: FloatArray
    noise: FloatArray | None
    """What noise is like; of a real part the band has two sides."""
    threshold: FloatArray
    """What noise exceeds somewhere with the probability ``chance``."""
    chance: float
    label: str
    note: str
    marks: list[tuple[float, str]]
    """Place and name of each peak."""


def spectrum(
    found: Spectrum | Periodogram | Sequence[Spectrum | Periodogram],
    *,
    ax: Axes | None = None,
    view: str = "amplitude",
    unit: str = "MHz",
    nu_range: tuple[float, float] | None = None,
    log: bool = False,
    width: float = SINGLE,
) -> Axes:
    """Picture of Fourier spectra or periodograms, one panel each with a common axis.

    The grey area is the noise expected from the errors of the bins, the dashed line what noise
    exceeds anywhere in the range that was searched with the probability at its end. Peaks are
    marked, the first five with their values.

    Parameters
    ----------
    found : one, or up to six below each other.
    ax : axes to draw one into; None makes a figure.
    view : of Fourier spectra: ``amplitude``, ``power``, or ``real`` turned by their phase.
    unit : of the axis: ``MHz``, ``G`` or ``T``.
    nu_range : frequencies shown, MHz; None ends behind the peaks.
    log : whether the vertical axis is logarithmic; a real part has none.
    width : of the figure, inches.

    Returns
    -------
    matplotlib axes, of several the first.

    Raises
    ------
    MusrcuError if there is nothing to show, or no such view.
    """
    drawn = [found] if isinstance(found, (Spectrum, Periodogram)) else list(found)
    _check(drawn, ax, view, log)
    limits = nu_range or (0.0, max(_end(one) for one in drawn))
    with style():
        if ax is None:
            height = 0.5 * width + 0.55 + (len(drawn) - 1) * 0.42 * width
            panels = new_figure(width, height).subplots(len(drawn), 1, sharex=True, squeeze=False)
            axes = list(panels[:, 0])
        else:
            axes = [ax]
        for panel, one in zip(axes, drawn, strict=True):
            curve = _curve(one, view, unit)
            _draw(panel, curve, in_unit(np.array(limits), unit), log, two_sided=view == "real")
            titles(panel, headline(one), curve.note)
            panel.set_ylabel(curve.label)
        axes[-1].set_xlabel("Frequency (MHz)" if unit == "MHz" else f"Field ({unit})")
    first: Axes = axes[0]
    return first


def _check(drawn: Sequence[Spectrum | Periodogram], ax: Axes | None, view: str, log: bool) -> None:
    if not 1 <= len(drawn) <= (MOST_PANELS if ax is None else 1):
        raise MusrcuError(
            f"{len(drawn)} spectra; a picture holds 1 to {MOST_PANELS}, axes of yours one"
        )
    if view not in VIEWS:
        raise MusrcuError(f"view = {view!r}; expected {', '.join(VIEWS)}")
    if log and view == "real":
        raise MusrcuError("a real part falls below zero and has no logarithmic axis")


def _end(one: Spectrum | Periodogram) -> float:
    """Behind the peaks of muons, or where the search ended, MHz."""
    low, high = one.searched
    highest = max((peak.nu for peak in one.peaks if not peak.origin), default=high)
    return min(high, max(BEYOND * highest, low + 20 * one.resolution))


def _curve(one: Spectrum | Periodogram, view: str, unit: str) -> _Curve:
    x = one.axis(unit)
    places = in_unit(np.array([peak.nu for peak in one.peaks]), unit)
    errors = in_unit(np.array([peak.nu_error for peak in one.peaks]), unit)
    names = [bracket(float(p), float(e)) for p, e in zip(places, errors, strict=True)]
    marks = list(zip(places.tolist(), names, strict=True))
    if isinstance(one, Periodogram):
        level = np.full(x.size, one.level)
        label = r"Gain in $\chi^2$"
        return _Curve(x, one.gain, None, level, one.level_chance, label, "periodogram", marks)
    ratio = one.threshold / one.noise_level
    noise, threshold = one.noise, ratio * one.noise
    y = {"amplitude": one.amplitude, "power": one.power, "real": one.real}[view]
    if view == "power":
        noise, threshold = 2 * noise**2, threshold**2
    label = {"amplitude": "Amplitude", "power": "Power", "real": "Real part"}[view]
    if one.unit:
        label += f" ({one.unit})"
    weighted = "weighted by errors" if one.apodisation == "errors" else one.apodisation
    note = weighted if weighted != "none" else "no apodisation"
    if view == "real":
        note += f", {one.phase:.0f}°"
    return _Curve(x, y, noise, threshold, one.threshold_chance, label, note, marks)


def _draw(ax: Axes, curve: _Curve, limits: FloatArray, log: bool, two_sided: bool) -> None:
    shown = (curve.x >= limits[0]) & (curve.x <= limits[1])
    if shown.sum() < 2:
        raise MusrcuError(f"no spectrum between {limits[0]:.4g} and {limits[1]:.4g} to show")
    x, y, threshold = curve.x[shown], curve.y[shown], curve.threshold[shown]
    if curve.noise is not None:
        noise = curve.noise[shown]
        below = -noise if two_sided else np.zeros(noise.size)
        ax.fill_between(x, below, noise, color=GREY, alpha=0.3, linewidth=0, zorder=1)
    ax.plot(x, threshold, color=BLUE, linewidth=0.7, linestyle="--", zorder=2)
    ax.plot(x, y, color=BLACK, linewidth=0.9, zorder=3)
    inside = [mark for mark in curve.marks if limits[0] <= mark[0] <= limits[1]]
    ax.set_xlim(float(limits[0]), float(limits[1]))
    top = max(float(y.max()), float(threshold.max()))
    above = _headroom(ax, inside)
    if log:
        ax.set_yscale("log", nonpositive="clip")
        floor = max(0.3 * float(np.median(y[y > 0])), 1e-6 * top) if (y > 0).any() else 1e-6
        floor = min(floor, 0.5 * float(threshold[-1]))
        ax.set_ylim(floor, top * (top / floor) ** (above / (1 - above)))
    else:
        low = min(0.0, 1.1 * float(y.min()))
        ax.set_ylim(low, low + (top - low) / (1 - above))
        round_ticks(ax)
    _name(ax, curve, inside)
    ax.annotate(
        f"{100 * curve.chance:g} %",
        (1.0, float(threshold[-1])),
        xycoords=("axes fraction", "data"),
        xytext=(2, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=SMALL,
        color=BLUE,
        annotation_clip=False,
    )


def _headroom(ax: Axes, marks: list[tuple[float, str]]) -> float:
    """Share of the height of a panel that the longest name takes above the highest peak."""
    longest = max((len(text) for _, text in marks[:NAMED]), default=0)
    if not longest:
        return 0.08
    figure = figure_of(ax)
    share = ax.get_position().height
    if figure.get_layout_engine() is not None:
        share = ROOM / len({one.get_position().y0 for one in figure.axes})
    height = 72 * float(figure.get_figheight()) * share
    return min((longest * LETTER * SMALL + GAP + 4) / height, 0.7)


def _name(ax: Axes, curve: _Curve, marks: list[tuple[float, str]]) -> None:
    """A mark above each peak, and above the first five their values, upright and side by side."""
    low, high = ax.get_xlim()
    named = sorted(marks[:NAMED])
    spots = _apart([(x - low) / (high - low) for x, _ in named])
    for x, _ in marks:
        near = max(float(np.diff(curve.x)[0]), 0.004 * (high - low))
        ax.annotate(
            "", (x, _highest(curve, x, near)), xytext=(0, 6), textcoords="offset points",
            arrowprops={"arrowstyle": "-", "color": ORANGE, "linewidth": 0.9}, zorder=4,
        )  # fmt: skip
    for (x, text), spot in zip(named, spots, strict=True):
        place = low + spot * (high - low)
        reach = 0.5 * APART * (high - low)
        height = max(_highest(curve, place, reach), _highest(curve, x, reach))
        ax.annotate(
            text, (place, height), xytext=(0, GAP),
            textcoords="offset points", rotation=90, ha="center", va="bottom",
            fontsize=SMALL, color=ORANGE, zorder=4,
        )  # fmt: skip


def _highest(curve: _Curve, x: float, reach: float) -> float:
    """The curve at its highest so near a place."""
    near = np.abs(curve.x - x) <= max(reach, float(np.diff(curve.x)[0]))
    return float(curve.y[near].max(initial=float(curve.y.min())))


def _apart(places: list[float]) -> list[float]:
    """Places in ascending order moved until they are ``APART`` and inside, as little as can be."""
    found = np.clip(np.array(places), EDGE, 1 - EDGE)
    for _ in range(50):
        close = np.flatnonzero(np.diff(found) < APART - 1e-9)
        for k in close:
            middle = 0.5 * (found[k] + found[k + 1])
            found[k], found[k + 1] = middle - 0.5 * APART, middle + 0.5 * APART
        if not close.size:
            break
        found += max(0.0, EDGE - float(found[0])) - max(0.0, float(found[-1]) - 1 + EDGE)
    return [float(place) for place in found]
