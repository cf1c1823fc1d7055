"""The picture of a chain: curves where the exact numbers are, and points as they were given."""

from __future__ import annotations

import math

import numpy as np
import pytest

import musrcu as mu
from musrcu.errors import MusrcuError

# 0.375148095 g^2/J emu/mol times the exact maximum 0.146926279 at 0.640851 J; 2 J/(g mu_B)
MAXIMUM = (8.7797, 0.0167433)
SATURATION = 19.995


def test_curves_of_the_paper() -> None:
    ax = mu.plot.chain("13.7(1)", "2.04(1)")
    left, right = ax.figure.axes
    assert left is ax
    T, chi = left.get_lines()[0].get_data()
    top = int(np.argmax(chi))
    assert (T[top], chi[top]) == pytest.approx(MAXIMUM, rel=2e-3)
    assert 0 < T[0] < 0.5 and T[-1] == pytest.approx(5 * 13.7)
    B, m = right.get_lines()[0].get_data()
    assert B[np.flatnonzero(m == 1.0)[0]] == pytest.approx(SATURATION, abs=0.01)
    near = np.flatnonzero((B > 0.99 * SATURATION) & (m < 1))
    cusp = 1 - 2 / math.pi * np.sqrt(4 * (1 - B[near] / SATURATION))
    assert m[near] == pytest.approx(cusp, abs=0.01)
    texts = [text.get_text() for text in left.get_legend().get_texts()]
    assert "maximum at 8.78(6) K" in texts
    assert any("saturation at 20.0(2) T" in text.get_text() for text in right.texts)
    assert len(left.collections) == len(right.collections) == 1  # bands


def test_exact_coupling_has_no_band() -> None:
    left, right = mu.plot.chain(13.7, 2.04).figure.axes
    assert (len(left.collections), len(right.collections)) == (0, 0)


def test_measured_points_are_all_shown() -> None:
    chi, m = ([2.0, 300.0], [0.013, 0.0013]), ([0.0, 2.5e5], [0.0, 1.0])
    left, right = mu.plot.chain(13.7, 2.04, susceptibility=chi, magnetisation=m).figure.axes
    for ax, (x, y), scale in ((left, chi, 1.0), (right, m, 1e-4)):
        drawn = ax.get_lines()[-1]
        assert drawn.get_xdata() == pytest.approx(scale * np.array(x))
        assert drawn.get_ydata() == pytest.approx(y)
        assert ax.get_xlim()[1] > scale * max(x)
        assert "measured" in [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("points", [([1.0], [1.0, 2.0]), (["a"], [1.0]), 3.0, ([], [])])
def test_points_that_are_none(points: object) -> None:
    with pytest.raises(MusrcuError, match="measured points"):
        mu.plot.chain(13.7, 2.04, susceptibility=points)  # type: ignore[arg-type]
    with pytest.raises(MusrcuError, match="J = 0.0 K; expected a positive number"):
        mu.plot.chain(0.0, 2.04)
