from __future__ import annotations

from pathlib import Path

import pytest
from fixed_scan import NU, NU_ERROR, T

import musrcu as mu
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.two_step import fit_order_parameter


def test_a_row_a_run_with_its_changes() -> None:
    turned = slice(None, None, -1)  # hottest first; the picture has the coldest on top
    points = OrderPoints(T[turned], None, NU[turned], NU_ERROR[turned])
    found = mu.influence(fit_order_parameter(points))
    axes = mu.plot.influence(found)
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels[0] == "13, 0.02 K" and labels[-1] == "1, 0.104 K"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    drawn = {(float(one.get_xdata()[0]), one.get_ydata()[0]) for one in axes.lines[1:]}
    assert drawn == {
        (shift, 12 - row)
        for row, run in enumerate(found.runs)
        for shift in run.shifts.values()
    }  # fmt: skip
    growth = axes.figure.axes[1]
    (T_N,) = (one for one in growth.lines if one.get_label() == r"$T_\mathrm{N}$")
    assert T_N.get_xdata() == pytest.approx([run.growth["T_N"] for run in found.runs[::-1]])


def test_changes_beyond_the_axis_are_arrows() -> None:
    nu = NU.copy()
    nu[11] -= 0.9
    axes = mu.plot.influence(fit_order_parameter(OrderPoints(T, None, nu, NU_ERROR)))
    arrows = [one for one in axes.lines if one.get_marker() in ("<", ">")]
    assert arrows
    assert all(abs(one.get_xdata()[0]) < axes.get_xlim()[1] for one in arrows)


def test_runs_without_which_there_is_no_fit(tmp_path: Path) -> None:
    few = [2, 8, 12]
    order = fit_order_parameter(OrderPoints(T[few], None, NU[few], NU_ERROR[few]))
    axes = mu.plot.influence(order)
    assert [text.get_text() for text in axes.texts] == ["no fit without it"] * 3
    mu.plot.save(axes, tmp_path / "picture.png", dpi=60)
