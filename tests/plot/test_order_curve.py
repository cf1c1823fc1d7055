from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from made_runs import ABOVE, ABOVE_TN, made_asymmetry, made_fit, made_points, made_run, made_scan

import musrcu as mu
from musrcu.analysis.order_points import OrderPoints
from musrcu.analysis.order_result import LawParameter, OrderParameter
from musrcu.errors import MusrcuError


def law(points: OrderPoints | None = None, **more: Any) -> OrderParameter:
    """The published result, written down and not fitted."""
    known = {
        "nu0": LawParameter("nu0", 1.59, 0.01, "MHz"),
        "T_N": LawParameter("T_N", 0.105, 0.001, "K"),
        "beta": LawParameter("beta", 0.12, 0.02),
        "alpha": LawParameter("alpha", 3.0, np.nan, fixed=True),
        "names": ("nu0", "T_N", "beta"),
        "covariance": np.diag([0.01, 0.001, 0.02]) ** 2,
        "chi2": 2.5,
        "ndof": 2,
        "valid": True,
        "reason": "",
        "method": "naive",
        "method_reason": "made so",
        "points": made_points() if points is None else points,
        "T_N_limits": (0.103, 0.112),
        "bound": "",
    }
    return OrderParameter(**{**known, **more})


def line(axes: Any, label: str) -> Any:
    """What is drawn under that name: a line, or the points of error bars."""
    found = [one for one in axes.lines if one.get_label() == label]
    found += [bars.lines[0] for bars in axes.containers if bars.get_label() == label]
    return found[0]


def words(axes: Any) -> str:
    return "\n".join(text.get_text() for text in axes.texts)


def test_points_curve_band_and_critical_temperature() -> None:
    axes = mu.plot.order(law())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$T$ (K)", r"$\nu$ (MHz)")
    points = made_points()
    drawn = line(axes, "ordered")
    assert drawn.get_xdata() == pytest.approx(points.temperature)
    assert drawn.get_ydata() == pytest.approx(points.value)
    curve = line(axes, "fit")
    t, nu = curve.get_xdata(), curve.get_ydata()
    below = t < 0.105
    assert nu[below] == pytest.approx(1.59 * (1 - (t[below] / 0.105) ** 3) ** 0.12)
    assert np.all(nu[t > 0.105] == 0)
    assert nu[below].min() < 0.2  # dense enough to follow the fall to T_N
    assert any(c.get_label() == "one sigma" for c in axes.collections)
    assert r"$T_\mathrm{N}$" in [text.get_text() for text in axes.texts]


def test_the_band_holds_the_curve() -> None:
    axes = mu.plot.order(law())
    band = next(c for c in axes.collections if c.get_label() == "one sigma")
    curve = line(axes, "fit")
    edge = band.get_paths()[0].vertices
    at = np.abs(edge[:, 0] - 0.05) < 1e-3
    middle = np.interp(0.05, curve.get_xdata(), curve.get_ydata())
    assert edge[at, 1].min() < middle < edge[at, 1].max()


def test_the_parameters_are_written_as_published() -> None:
    said = words(mu.plot.order(law()))
    for text in (
        r"$\nu_{0}$ = 1.59(1) MHz",
        r"$T_\mathrm{N}$ = 0.105(1) K",
        r"$\beta$ = 0.12(2)",
        r"$\alpha$ = 3 (fixed)",
        "χ²/ndof = 2.5/2",
    ):
        assert text in said


def test_a_scan_shows_all_its_runs() -> None:
    axes = mu.plot.order(law(), made_scan())
    above = line(axes, "not ordered")
    assert above.get_xydata() == pytest.approx(np.array([[0.11, 0.0], [0.13, 0.0]]))
    left_out = line(axes, "left out").get_xydata()
    assert left_out[:, 0] == pytest.approx([0.104])
    assert left_out[0, 1] == pytest.approx(1.59 * (1 - (0.104 / 0.105) ** 3) ** 0.12)
    assert [t.get_text() for t in axes.get_legend().get_texts()] == [
        "ordered",
        "not ordered",
        "left out",
    ]
    assert axes.get_xlim()[1] > 0.13


def test_points_alone() -> None:
    axes = mu.plot.order(None, made_points())
    assert line(axes, "ordered").get_xdata().size == 5
    assert not [one for one in axes.lines if one.get_label() == "fit"]
    with pytest.raises(MusrcuError, match="nothing to draw"):
        mu.plot.order(None)


def test_a_law_without_numbers_draws_its_points() -> None:
    nothing = {name: LawParameter(name, np.nan, np.nan) for name in ("nu0", "T_N", "beta", "alpha")}
    empty = law(names=(), covariance=np.zeros((0, 0)), chi2=np.nan, valid=False, **nothing)
    axes = mu.plot.order(empty)
    assert "fit not valid" in words(axes)
    assert not [one for one in axes.lines if one.get_label() == "fit"]


def test_insets_lie_below_the_curve() -> None:
    below = (made_asymmetry(), made_fit())
    above = (made_asymmetry(ABOVE, ABOVE_TN, run=made_run(9, 0.13)), made_fit(ABOVE, ABOVE_TN))
    for beta in (0.12, 0.3, 0.5):
        one = law(beta=LawParameter("beta", beta, 0.02))
        axes = mu.plot.order(one, insets=[below, above])
        first, second = axes.child_axes
        assert (first.get_title(), second.get_title()) == ("0.0200(2) K", "0.130(1) K")
        assert first.get_xlabel() == "Time (µs)"
        assert [len(small.lines) for small in (first, second)] == [2, 2]
        axes.figure.draw_without_rendering()
        box = second.get_window_extent().transformed(axes.transData.inverted())
        curve = line(axes, "fit")
        assert box.y1 < np.interp(box.x1, curve.get_xdata(), curve.get_ydata())
        assert first.get_position().x1 < second.get_position().x0


def test_an_inset_without_its_fit() -> None:
    axes = mu.plot.order(law(), insets=[made_asymmetry()])
    assert len(axes.child_axes[0].lines) == 1
    with pytest.raises(MusrcuError, match="3 insets"):
        mu.plot.order(law(), insets=[made_asymmetry()] * 3)


def test_in_axes_of_yours() -> None:
    from matplotlib.figure import Figure

    mine = Figure().subplots()
    assert mu.plot.order(law(), ax=mine) is mine


def test_a_limit_is_named() -> None:
    limited = dataclasses.replace(law(), beta=LawParameter("beta", 1.0, np.nan, at_limit=True))
    assert r"$\beta$ = 1 (limit)" in words(mu.plot.order(limited))
