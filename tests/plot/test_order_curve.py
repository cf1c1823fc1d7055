from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_runs import (
    ABOVE,
    ABOVE_TN,
    BELOW_TN,
    ORDERED,
    made_asymmetry,
    made_fit,
    made_points,
    made_run,
    made_scan,
)

import musrcu as mu
from musrcu.cli import scan_figure
from musrcu.errors import MusrcuError
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.result import LawParameter, OrderParameter
from musrcu.plot.insets import times


def law(points: OrderPoints | None = None, **more: Any) -> OrderParameter:
    """The published result, written down and not fitted."""
    known = {
        "saturation": LawParameter("nu0", 1.59, 0.01, "MHz"),
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


def test_a_wide_band_has_no_step_and_no_text_in_it() -> None:
    """Four points far below a T_N of which they say little."""
    values = np.array([1.588, 1.575, 1.55, 1.485])
    points = OrderPoints(np.array([0.02, 0.04, 0.06, 0.08]), None, values, np.full(4, 0.012))
    found = mu.fit_order_parameter(points)
    low, high = found.band(np.linspace(0.075, 0.085, 201))
    assert (low > 1.3).all()  # it fell to 0 next to the last point
    assert max(np.abs(np.diff(low)).max(), np.abs(np.diff(high)).max()) < 0.01
    axes = mu.plot.order(found)
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    band = next(c for c in axes.collections if c.get_label() == "one sigma")
    at = axes.transData.transform(band.get_paths()[0].vertices)
    box = axes.get_legend().get_window_extent()  # type: ignore[union-attr]
    assert not any(box.contains(x, y) for x, y in at.tolist())


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
        "one sigma",
    ]
    assert axes.get_xlim()[1] > 0.13


def test_points_alone() -> None:
    axes = mu.plot.order(None, made_points())
    assert line(axes, "ordered").get_xdata().size == 5
    assert not [one for one in axes.lines if one.get_label() == "fit"]
    with pytest.raises(MusrcuError, match="nothing to draw"):
        mu.plot.order(None)


def test_a_law_without_numbers_draws_its_points() -> None:
    nothing = {
        name: LawParameter(name, np.nan, np.nan) for name in ("saturation", "T_N", "beta", "alpha")
    }
    empty = law(names=(), covariance=np.zeros((0, 0)), chi2=np.nan, valid=False,
                reason="too few points", **nothing)  # fmt: skip
    axes = mu.plot.order(empty)
    assert "no order parameter: too few points" in words(axes).replace("\n", " ")
    assert "unknown" not in words(axes)
    endless = dataclasses.replace(empty, reason="many words " * 40)
    assert words(mu.plot.order(endless)).strip().endswith(" ...")
    assert not [one for one in axes.lines if one.get_label() == "fit"]


def spectra() -> list[Any]:
    """One from below and one from above T_N."""
    above = made_asymmetry(ABOVE, ABOVE_TN, run=made_run(9, 0.13))
    return [(made_asymmetry(), made_fit()), (above, made_fit(ABOVE, ABOVE_TN))]


def test_insets_lie_below_the_curve() -> None:
    axes = mu.plot.order(law(), insets=spectra())
    first, second = axes.child_axes
    assert (first.get_title(), second.get_title()) == ("0.0200(2) K", "0.130(1) K")
    assert first.get_xlabel() == "Time (µs)"
    assert [len(small.lines) for small in (first, second)] == [2, 2]
    axes.figure.draw_without_rendering()
    box = second.get_window_extent().transformed(axes.transData.inverted())
    curve = line(axes, "fit")
    assert box.y1 < np.interp(box.x1, curve.get_xdata(), curve.get_ydata())
    assert first.get_position().x1 < second.get_position().x0


def points_to(warmest: float, T_N: float) -> OrderPoints:
    T = T_N * np.array([0.3, 0.5, 0.7, 0.9])
    nu = 1.59 * (1 - (T / T_N) ** 3) ** 0.3
    return OrderPoints(T, None, nu, 0.01 * nu, not_ordered=(1.1 * T_N, warmest))


@pytest.mark.parametrize("beta", [0.12, 0.5])
@pytest.mark.parametrize("T_N", [2.5, 5.0, 15.0, 27.0])
def test_insets_can_be_read_and_hide_nothing(T_N: float, beta: float) -> None:
    one = law(
        points_to(30.0, T_N),
        T_N=LawParameter("T_N", T_N, 0.01 * T_N, "K"),
        beta=LawParameter("beta", beta, 0.02),
        covariance=np.diag([0.01, 0.01 * T_N, 0.02]) ** 2,
        T_N_limits=(0.95 * T_N, 1.1 * T_N),
    )
    axes = mu.plot.order(one, insets=spectra())
    figure = axes.figure
    figure.draw_without_rendering()
    assert axes.child_axes
    places = np.concatenate(
        [axes.transData.transform(found.get_xydata()) for found in axes.lines]
        + [axes.transData.transform(line(axes, "ordered").get_xydata())]
    )
    for small in axes.child_axes:
        frame = small.get_window_extent()
        assert frame.width / figure.dpi >= 0.7
        assert frame.height / figure.dpi >= 0.6
        whole = small.get_tightbbox()
        assert not any(whole.contains(*place) for place in places)
        assert whole.x0 > axes.get_window_extent().x0
        assert whole.x1 < axes.get_window_extent().x1
        ticks = [t.get_window_extent() for t in small.get_xticklabels() if t.get_text()]
        assert all(a.x1 < b.x0 for a, b in zip(ticks[:-1], ticks[1:], strict=True))


def test_no_inset_where_none_can_be_read() -> None:
    crowded = OrderPoints(
        np.linspace(0.5, 9.5, 20), None, np.tile([0.6, 1.6], 10), np.full(20, 0.01)
    )
    axes = mu.plot.order(None, crowded, insets=spectra())
    assert not axes.child_axes
    plain = mu.plot.order(None, crowded)
    assert axes.figure.get_size_inches() == pytest.approx(plain.figure.get_size_inches())


def test_text_and_legend_stand_apart() -> None:
    """A chi-square of many points is a long line."""
    axes = mu.plot.order(law(chi2=165916.65, ndof=163608), made_scan(), insets=spectra())
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    box = axes.get_legend().get_window_extent()  # type: ignore[union-attr]
    said = [text for text in axes.texts if "=" in text.get_text()]
    assert "χ²/ndof = 165917/163608" in words(axes)
    assert not any(text.get_window_extent().overlaps(box) for text in said)


def test_a_figure_says_what_found_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scan_figure, "insets", lambda *_: spectra())
    lines = []
    for name, least in (("a.png", (0.72, 0.65)), ("b.png", (99.0, 99.0))):
        monkeypatch.setattr("musrcu.plot.insets.LEAST", least)
        scan = made_scan().with_order(law())
        path = tmp_path / name
        lines.append(scan_figure.draw(scan, mu.Reduction(), path, overwrite=False))
    names = " and ".join(asymmetry.run.name for asymmetry, _ in spectra())
    assert lines[0] == f"figure: {tmp_path / 'a.png'}"
    assert lines[1] == f"figure: {tmp_path / 'b.png'} (no room in it for the spectrum of {names})"


def test_an_inset_shows_signal() -> None:
    slow = {**BELOW_TN, "nu2": 0.4, "lambda2": 1.5}  # six periods are 15 us, 8 us were fitted
    fit = made_fit(ORDERED, slow)
    first, last = times(made_asymmetry(ORDERED, slow, events=3e4), fit)
    assert first == pytest.approx(0.01)
    assert 1.5 / 0.4 <= last < 6.0
    assert times(made_asymmetry(ORDERED, slow, events=1e7), fit)[1] == pytest.approx(8.0)
    assert times(made_asymmetry(), made_fit())[1] == pytest.approx(0.01 + 6 / 1.59)
    assert times(made_asymmetry(), None)[1] == pytest.approx(4.0, abs=0.02)


def test_the_band_is_named_where_it_is_seen() -> None:
    def names(axes: Any) -> list[str]:
        return [text.get_text() for text in axes.get_legend().get_texts()]

    assert "one sigma" in names(mu.plot.order(law()))
    sharp = law(covariance=np.diag([1e-4, 1e-6, 1e-4]) ** 2)
    assert "one sigma" not in names(mu.plot.order(sharp))
    assert "one sigma" not in names(mu.plot.order(None, made_points()))


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


def test_a_field_and_a_window() -> None:
    """Axes and text say what orders; the curve is dashed where the law was not fitted."""
    field = mu.fit_order_parameter(
        made_points(), parameter="nu2", unit="mT", alpha=1, temperature_range=(0.05, 0.2)
    )
    axes = mu.plot.order(field)
    assert axes.get_ylabel() == "$B$ (mT)"
    assert any("$B_{0}$ = " in text.get_text() for text in axes.texts)
    (fit,) = (line for line in axes.lines if line.get_label() == "fit")
    assert fit.get_xdata()[0] == 0.05
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert any(line.get_xdata()[0] == 0.0 and line.get_xdata()[-1] == 0.05 for line in dashed)
    (crosses,) = (line for line in axes.lines if line.get_label() == "left out")
    assert sorted(crosses.get_xdata()) == [0.02, 0.104]
    again = mu.plot.order(
        field, made_scan()
    )  # the scan's points, in the unit and window of the fit
    assert again.get_ylabel() == "$B$ (mT)"
    assert again.get_ylim() == axes.get_ylim()
    amplitude = mu.plot.order(mu.fit_order_parameter(made_scan(), parameter="A2"))
    assert amplitude.get_ylabel() == "$A_{2}$"
    assert amplitude.get_ylim()[1] < 0.1
