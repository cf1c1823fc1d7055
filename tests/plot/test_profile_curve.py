"""Pictures of profiles: a smooth curve through few points, numbers that can be read, a legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from musrcu import plot
from musrcu.fitting.profile import Profile
from musrcu.plot.profile_curve import smooth


@dataclass
class OfAFit:
    """A fit with one parameter."""

    error: float = 1.3e-4
    name: str = "fit"

    def __getitem__(self, name: str) -> OfAFit:
        return self


def rise(x: Any) -> Any:
    """Of T_N, with unequal errors."""
    u = (np.asarray(x) - 0.1052) / 1.3e-4
    return u**2 * (1 - 0.05 * u)


def of(values: Any, rises: Any) -> Profile:
    return Profile(
        "T_N", "K", np.array(values), 5000.0 + np.array(rises), np.zeros((len(values), 1)), 0.1052,
        5000.0, (-1.3e-4, 1.3e-4), (), OfAFit(),
    )  # fmt: skip


def test_few_points_make_a_smooth_curve() -> None:
    values = np.linspace(0.1052 - 4e-4, 0.1052 + 4.1e-4, 15)
    x, y = smooth(of(values, rise(values)))
    assert x.size > 500
    assert y == pytest.approx(rise(x), abs=0.01)
    assert np.interp(values, x, y) == pytest.approx(rise(values), abs=0.01)


@pytest.mark.parametrize("rises", [[9.0, -4.0, 0.0, 2.0], [9.0, np.inf, 0.1, 2.0], [99, 1, 0, 2.0]])
def test_what_is_not_smooth_is_drawn_as_it_is(rises: list[float]) -> None:
    found = of([0.1049, 0.1050, 0.1052, 0.1054], rises)
    x, y = smooth(found)
    assert x is found.values
    assert y.tolist() == found.rise.tolist()
    assert plot.profile(found).get_legend() is not None


def test_numbers_and_legend_can_be_read() -> None:
    values = np.linspace(0.1052 - 4e-4, 0.1052 + 4.1e-4, 15)
    axes = plot.profile(of(values, rise(values)))
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    low, high = axes.get_xlim()
    boxes = [
        label.get_window_extent()
        for label, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)
        if low <= place <= high
    ]
    assert len(boxes) >= 3
    assert all(one.x1 + 5 < other.x0 for one, other in zip(boxes, boxes[1:], strict=False))
    legend = axes.get_legend()
    assert legend is not None
    assert {text.get_text() for text in legend.get_texts()} == {
        "rise below 1", "all others at their best", "symmetric error",
    }  # fmt: skip
    foot = axes.transData.inverted().transform(legend.get_window_extent())[0, 1]
    assert foot > rise(values).max()
