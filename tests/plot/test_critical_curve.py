from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixed_scan import NU, NU_ERROR, T

import musrcu as mu
from musrcu.errors import FitError
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.two_step import fit_order_parameter

ORDER = fit_order_parameter(OrderPoints(T, None, NU, NU_ERROR))


def line(axes: Any, label: str) -> Any:
    """What is drawn under that name: a line, or the points of error bars."""
    found = [one for one in axes.lines if one.get_label() == label]
    found += [bars.lines[0] for bars in axes.containers if bars.get_label() == label]
    return found[0]


def words(axes: Any) -> str:
    return "\n".join(text.get_text() for text in axes.texts)


def test_runs_and_law() -> None:
    axes = mu.plot.critical_region(ORDER)
    x, y = line(axes, "runs").get_data()
    nu0, T_N, beta, _ = ORDER.values
    assert x == pytest.approx(1 - T / T_N)
    assert y == pytest.approx(NU / nu0)
    assert axes.get_xscale() == axes.get_yscale() == "log"
    e, curve = line(axes, "fit").get_data()
    assert curve == pytest.approx((1 - (1 - e) ** 3) ** beta, rel=1e-6)
    assert axes.get_xlim()[0] < x.min()
    assert "0.1051(7) K" in words(axes)


def test_classes_are_powers_through_the_law_at_the_edge() -> None:
    axes = mu.plot.critical_region(ORDER)
    nu0, T_N, beta, _ = ORDER.values
    edge = (1 - 0.9**3) ** beta
    dashed = [one for one in axes.lines if one.get_linestyle() == "--"]
    slopes = []
    for one in dashed:
        e, y = one.get_data()
        assert y == pytest.approx(edge * (e / 0.1) ** (np.log(y[0] / edge) / np.log(e[0] / 0.1)))
        slopes.append(np.log(y[0] / edge) / np.log(e[0] / 0.1))
    assert slopes == pytest.approx([0.125, 3 * np.pi**2 / 128, 0.5], abs=2e-3)
    named = words(axes)
    assert all(name in named for name in ("2D Ising", "2D XY (finite size)", "3D", "mean field"))


def test_slopes_below() -> None:
    axes = mu.plot.critical_region(ORDER)
    below = axes.figure.axes[1]
    (curve,) = (one for one in below.lines if len(one.get_xdata()) > 100)
    e, slope = curve.get_data()
    beta = ORDER.beta.value
    assert slope[0] == pytest.approx(beta, rel=0.01)
    at_half = np.interp(0.5, e, slope)
    assert at_half == pytest.approx(0.0514285714286 * beta / 0.12, rel=1e-3)
    region = mu.critical_region(ORDER)
    held = [bars for bars in below.containers if "held" in bars.get_label()]
    assert held[0].lines[0].get_ydata()[0] == region.held.slope
    assert "3D Ising, XY, Heisenberg" in words(below)


def test_only_errors_are_drawn_as_errors() -> None:
    """The span of the runs alone is no error bar, and the error is taller than its marker."""
    axes = mu.plot.critical_region(ORDER)
    below = axes.figure.axes[1]
    region = mu.critical_region(ORDER)
    bars = [one for one in below.containers if "runs alone" in one.get_label()]
    assert [one.get_label().split()[-1] for one in bars] == ["held", "free"]
    assert not any(one.has_xerr for one in bars)
    for one, law in zip(bars, (region.held, region.free), strict=True):
        low, high = law.minos or (-law.error, law.error)
        ends = one.lines[2][0].get_segments()[0][:, 1]
        assert ends == pytest.approx([law.slope + low, law.slope + high])
    assert below.get_legend().get_texts()[-1].get_text() == "their range"
    below.figure.draw_without_rendering()
    assert below.get_legend().get_window_extent().x1 < below.get_window_extent().x1


@pytest.mark.parametrize("name", ["few", "beyond", "below zero", "large errors", "steep", "field"])
def test_awkward_runs(name: str, tmp_path: Path) -> None:
    """No warning, and what cannot stand on a logarithmic axis is said."""
    points = {
        "few": OrderPoints(T[[2, 8, 12]], None, NU[[2, 8, 12]], NU_ERROR[[2, 8, 12]]),
        "beyond": OrderPoints(np.array([*T[:-1], 0.1066]), np.full(13, 1e-3), NU, NU_ERROR,
                              upper_bound=0.1055),
        "below zero": OrderPoints(T, None, np.array([*NU[:-1], -0.1]), 20 * NU_ERROR),
        "large errors": OrderPoints(T, np.full(13, 3e-3), NU, 10 * NU_ERROR),
        "steep": OrderPoints(1e3 * T, None, 20 * (1 - (T / 0.105) ** 2) ** 0.5, np.full(13, 0.3)),
        "field": OrderPoints(T, None, 73.8 * NU, 73.8 * NU_ERROR, unit="G"),
    }[name]  # fmt: skip
    order = fit_order_parameter(points)
    assert order.valid
    axes = mu.plot.critical_region(order)
    mu.plot.save(axes, tmp_path / "picture.png", dpi=60)
    hidden = sum((points.temperature >= order.T_N.value) | (points.value <= 0))
    assert ("at or beyond" in words(axes)) == bool(hidden)
    assert name != "field" or "{B}_" in axes.get_ylabel() or "B" in axes.get_ylabel()


def test_into_axes_of_yours() -> None:
    figure = mu.plot.critical_region(ORDER).figure
    ax = figure.add_axes([0.1, 0.1, 0.2, 0.2])
    assert mu.plot.critical_region(mu.critical_region(ORDER), ax=ax) is ax
    assert ax.get_xlabel() and len(figure.axes) == 3


def test_no_picture_of_a_fit_that_is_not_valid() -> None:
    order = fit_order_parameter(OrderPoints(T[:2], None, NU[:2], NU_ERROR[:2]))
    with pytest.raises(FitError, match="no critical region"):
        mu.plot.critical_region(order)
