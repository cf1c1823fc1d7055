"""What is written beside each run of a stack: its temperature, or what tells the runs apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from musrcu.containers.asymmetry import Asymmetry
from musrcu.plot.one_detector import DetectorAsymmetry
from musrcu.plot.style import SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def write_labels(
    ax: Axes, drawn: Sequence[Asymmetry], colours: Sequence[Any], places: Sequence[float]
) -> None:
    """The label of each run, right of the axes; set points of the temperature have a star."""
    heading, texts = _named(drawn)
    for text, colour, place in zip(texts, colours, places, strict=True):
        ax.text(
            1.02, place, text, transform=ax.get_yaxis_transform(), color=colour,
            fontsize=SMALL, ha="left", va="center",
        )  # fmt: skip
    ax.text(1.02, 1.0, heading, transform=ax.transAxes, fontsize=SMALL, ha="left", va="bottom")
    if any(text.endswith("*") for text in texts):
        ax.text(
            1.02, -0.02, "* set\npoint", transform=ax.transAxes, fontsize=SMALL, ha="left",
            va="top",
        )  # fmt: skip


def _named(drawn: Sequence[Asymmetry]) -> tuple[str, list[str]]:
    """What the labels are, and each of them."""
    detectors = [one for one in drawn if isinstance(one, DetectorAsymmetry)]
    if len(detectors) == len(drawn) > 0:
        return _of_detectors(detectors)
    fields = [one.run.field for one in drawn]
    temperatures = {one.run.temperature.value for one in drawn}
    if len(drawn) > 1 and len(temperatures) == 1 and len(set(fields)) > 1:
        return "$B$ (G)", ["?" if field is None else f"{field:.6g}" for field in fields]
    return "$T$ (K)", _temperatures(drawn)


def _of_detectors(drawn: Sequence[DetectorAsymmetry]) -> tuple[str, list[str]]:
    texts = [one.label.removeprefix("detector ") for one in drawn]
    if len({(one.run.number, one.run.path) for one in drawn}) > 1:
        texts = [f"{text}, {one.run.number}" for text, one in zip(texts, drawn, strict=True)]
    return ("Group" if any(len(one.detectors) > 1 for one in drawn) else "Detector"), texts


def _temperatures(drawn: Sequence[Asymmetry]) -> list[str]:
    found = [one.run.temperature for one in drawn]
    decimals = _decimals([t.value for t in found if t.value is not None])
    texts = []
    for one in found:
        text = "?" if one.value is None else f"{one.value:.{decimals}f}"
        texts.append(text + "*" if one.mean is None and one.value is not None else text)
    return texts


def _decimals(values: list[float]) -> int:
    """The fewest decimals that tell temperatures apart and keep each to 5 %, at most six."""
    for decimals in range(6):
        shown = [f"{value:.{decimals}f}" for value in values]
        near = all(
            abs(float(s) - value) <= 0.05 * value for s, value in zip(shown, values, strict=True)
        )
        if near and len(set(shown)) == len(set(values)):
            return decimals
    return 6
