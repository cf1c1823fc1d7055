"""How musrcu's pictures look: sizes, colours, and quantities written as a journal writes them."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from musrcu.notation import bracket

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.offsetbox import AnchoredOffsetbox

    from musrcu.containers.history import History
    from musrcu.containers.run import Run
    from musrcu.containers.temperature import Temperature


class OfARun(Protocol):
    """Anything that stands for a run: an asymmetry, a trace, a spectrum."""

    @property
    def run(self) -> Run:
        """The run behind it."""

    @property
    def history(self) -> History:
        """What was done to it."""


SINGLE, DOUBLE = 3.4, 6.8
"""Width of one column and of two, inches."""

# Okabe and Ito, https://jfly.uni-koeln.de/color: told apart by all kinds of colour vision
BLACK, BLUE, ORANGE, GREY = "#1a1a1a", "#0072B2", "#D55E00", "#8c8c8c"
GREEN = "#009E73"

SMALL = 6.5
"""Size of annotations, points."""

STYLE: Any = {  # its type, a list of every key, differs between releases of matplotlib
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same picture everywhere
    "font.size": 8.0,
    "mathtext.fontset": "dejavusans",
    "text.usetex": False,
    "axes.labelsize": 8.0,
    "axes.titlesize": 7.5,
    "axes.titlepad": 4.0,
    "axes.linewidth": 0.7,
    "axes.unicode_minus": True,
    "axes.grid": False,
    "axes.facecolor": "white",
    "figure.facecolor": "white",
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "xtick.major.size": 3.5,
    "ytick.major.size": 3.5,
    "xtick.minor.size": 1.8,
    "ytick.minor.size": 1.8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.minor.width": 0.5,
    "ytick.minor.width": 0.5,
    "lines.linewidth": 1.1,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "savefig.dpi": 300,
    "figure.dpi": 150,
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3 fonts
    "ps.fonttype": 42,
    "svg.fonttype": "path",
}

# superscripts as letters: mathematics in them would make lines of text uneven
_UNITS = {
    "per raw bin": "/bin",
    "1/us": "µs\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT ONE}",
    "us": "µs",
    "deg": "°",
    "A": "Å",
}
CHI2 = "χ\N{SUPERSCRIPT TWO}/ndof"
_GREEK = (
    "lambda", "sigma", "nu", "phi", "Delta", "delta", "beta", "alpha", "gamma", "omega", "tau",
    "theta",
)  # fmt: skip
_NAME = re.compile(r"([A-Za-z]+)_?(\w*)\Z")


@contextlib.contextmanager
def style() -> Iterator[None]:
    """The house style while the block lasts; the user's settings come back behind it."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that size in inches, known to no window and to no pyplot."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=0.03, h_pad=0.03, hspace=0.0, wspace=0.0)  # type: ignore[call-arg]
    return figure


def figure_of(axes: Axes) -> Figure:
    """The whole figure that the axes stand in."""
    return axes.figure.figure  # of a part of a figure: the whole; of a figure: itself


def lay_out(figure: Figure) -> None:
    """Give all axes of a figure their places, as far as possible without drawing them."""
    engine = figure.get_layout_engine()
    if engine is None:
        figure.draw_without_rendering()
    else:
        engine.execute(figure)


def symbol(name: str) -> str:
    """A parameter's name as mathematics: ``lambda2`` becomes an italic lambda with index 2."""
    if name == "detector_beta":
        return r"$\beta_\mathrm{det}$"
    match = _NAME.match(name)
    if match is None:
        return name
    stem, index = match.groups()
    stem = rf"\{stem}" if stem in _GREEK else (stem if len(stem) == 1 else rf"\mathrm{{{stem}}}")
    if stem == r"\phi":
        stem = r"\varphi"
    if not index:
        return f"${stem}$"
    return f"${stem}_{{{index}}}$" if index.isdigit() else rf"${stem}_\mathrm{{{index}}}$"


def quantity(name: str, value: float | None, error: float | None, unit: str = "") -> str:
    """``name = value(error) unit`` with symbol and unit as a journal prints them."""
    number = bracket(value, error).replace("-", "\N{MINUS SIGN}")
    shown = _UNITS.get(unit, unit)
    gap = "" if shown in ("", "°") else " "
    return f"{symbol(name)} = {number}{gap}{shown}"


def axis_label(name: str, unit: str) -> str:
    """A parameter's name and unit for an axis."""
    return f"{symbol(name)} ({_UNITS.get(unit, unit)})" if unit else symbol(name)


def headline(asymmetry: OfARun) -> list[str]:
    """Name, period, temperature and field of a run, as far as they are known."""
    run = asymmetry.run
    parts = [run.name, period_name(asymmetry)]
    if run.temperature.value is not None:
        parts.append(kelvin(run.temperature))
    if run.field is not None:
        parts.append("ZF" if run.field == 0 else f"{run.field:.6g} G")
    return [part for part in parts if part]


def period_name(asymmetry: OfARun) -> str:
    """The period with its name in the file, ``period 1 (Laser on)``; empty where there is one.

    Several are ``periods 1-2 (Laser on - Laser off)``.
    """
    history = asymmetry.history
    step = history.find("subtract_periods") or history.find("select_periods")
    if step is None:
        return ""
    period, label = step.options["period"], step.options.get("label")
    name = f"period{'' if isinstance(period, int) else 's'} {period}"
    return f"{name} ({label})" if label else name


def kelvin(temperature: Temperature) -> str:
    """A temperature in K: four digits where its error is not known; a set point is named."""
    if temperature.value is None or temperature.error:
        return str(temperature)
    short = float(f"{temperature.value:.4g}")
    if temperature.mean is None:
        return str(dataclasses.replace(temperature, nominal=short))
    return str(dataclasses.replace(temperature, mean=short))


def titles(axes: Axes, left: Sequence[str], right: str) -> None:
    """What is shown, left above the axes, and a note on it, right.

    Parts of the left side go into a second line where one is too short for all, as few as can be;
    letters shrink where two are.
    """
    inches = axes.get_position().width * figure_of(axes).get_size_inches()[0]
    shrinks = [(min(1.0, inches / _inches(lines, right)), lines) for lines in _lines(left)]
    shrink, lines = max(shrinks, key=lambda one: (one[0], -len(one[1]), len(one[1][0])))
    shrink = max(0.6, shrink)
    axes.set_title("\n".join(lines), loc="left", fontsize=shrink * STYLE["axes.titlesize"])
    axes.set_title(right, loc="right", fontsize=shrink * SMALL, color=GREY)


def _lines(parts: Sequence[str]) -> list[list[str]]:
    """The parts in one line, and in two by every cut."""
    cuts = [[", ".join(parts[:k]) + ",", ", ".join(parts[k:])] for k in range(1, len(parts))]
    return [[", ".join(parts)], *cuts]


def _inches(lines: list[str], right: str) -> float:
    """Width of a title whose last line shares its height with the note."""
    letter = 0.56 / 72  # mean width of a letter, inches for each point of its size
    *above, last = (letter * STYLE["axes.titlesize"] * len(line) for line in lines)
    return float(max([*above, last + letter * SMALL * len(right)])) + 0.1


def text_box(axes: Axes, columns: list[list[str]], loc: str = "upper right") -> AnchoredOffsetbox:
    """Columns of small text in a corner of the axes."""
    from matplotlib.offsetbox import AnchoredOffsetbox, HPacker, TextArea

    areas: list[Artist] = [
        TextArea("\n".join(lines), textprops={"fontsize": SMALL, "linespacing": 1.35})
        for lines in columns
        if lines
    ]
    packed = HPacker(children=areas, align="top", pad=0, sep=8)
    box = AnchoredOffsetbox(loc=loc, child=packed, frameon=True, pad=0.1, borderpad=0.7)
    box.patch.set(facecolor="white", edgecolor="none", alpha=0.75)  # over late error bars
    box.set_zorder(5)
    axes.add_artist(box)
    return box


def round_ticks(axes: Axes) -> None:
    """Ticks of the vertical axis at round numbers, few enough for a small picture."""
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))


def time_limits(shown: tuple[float, float]) -> tuple[float, float]:
    """Limits of a time axis that begins at the muon and does not cut its first point."""
    first, last = min(0.0, shown[0]), shown[1]
    return first - 0.012 * (last - first), last
