"""Pictures of model functions: what is drawn is the function, and what matters of it is seen."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from musrcu import plot
from musrcu.errors import ModelError
from musrcu.models.parameter import LONGEST, Parameter
from musrcu.models.registry import Component, components, find_component
from musrcu.plot.component_views import VIEWS, View, last_time, rounded, view_of
from musrcu.plot.style import figure_of

BUILT_IN = components()
AXES = {"t": ("Time (µs)", "Time (ns)"), "T": ("$T$ (K)",), "B": ("$B$ (G)",)}


@pytest.mark.parametrize("key", BUILT_IN)
def test_every_function_is_drawn_as_it_is(key: str) -> None:
    made = BUILT_IN[key]
    axes = plot.component(key)
    assert axes.get_xlabel() in AXES[made.variable]
    scale = 1e3 if axes.get_xlabel() == "Time (ns)" else 1.0
    curves = [line for line in axes.lines if len(line.get_xdata()) > 100]
    assert len(curves) == (len(axes.get_legend().get_texts()) if made.parameters else 1)
    left, right = axes.get_xlim()
    for curve in curves:
        x, y = np.asarray(curve.get_xydata()).T
        assert left <= x.min() < x.max() <= right
        assert np.isfinite(y).all()
        assert np.ptp(y) > 0 or key == "constant"
    title = axes.get_title("left").replace("\n", " ")
    assert title.startswith((f"{key}:  {made.formula}", f"{key}:  {made.meaning}"))
    assert "..." not in title
    if made.variable == "t":
        assert axes.get_ylabel() == "$P(t)$"
        assert right / scale <= LONGEST
        low, high = axes.get_ylim()
        assert all(low <= y.min() and y.max() <= high for y in (c.get_ydata() for c in curves))
    # the first curve, computed here from what the legend says
    if made.parameters:
        text = axes.get_legend().get_texts()[0].get_text()
        view = view_of(made, View())
        vary, first = view.vary, view.values[0]
        values = {p.name: p.default for p in made.parameters}
        shown = text.split(" = ")[1].split(" ")[0].replace("\N{MINUS SIGN}", "-").rstrip("°")
        number = float(shown.split("/")[0]) / float((*shown.split("/"), "1")[1])
        assert number == pytest.approx(first, rel=1e-3, abs=1e-9)
        values[vary] = first
        x, y = np.asarray(curves[0].get_xydata()).T
        np.testing.assert_allclose(y, made(x / scale, *values.values()), rtol=1e-6, atol=1e-9)


def test_the_table_names_what_exists() -> None:
    for key, view in VIEWS.items():
        names = [p.name for p in BUILT_IN[key].parameters]
        assert view.vary in names
        p = BUILT_IN[key].parameters[names.index(view.vary)]
        assert all(p.lower is None or value >= p.lower for value in view.values), key
        assert all(p.upper is None or value <= p.upper for value in view.values), key


def test_minimum_and_tail_of_a_kubo_toyabe_are_seen() -> None:
    axes = plot.component("gaussian_kt", "delta", [0.3])
    x, y = np.asarray(axes.lines[0].get_xydata()).T
    assert x[y.argmin()] == pytest.approx(3**0.5 / 0.3, abs=0.05)
    assert y[-1] == pytest.approx(1 / 3, abs=0.01)
    assert x[-1] < 25.0
    early = plot.component("gaussian_kt", "delta", [30.0])
    assert early.get_xlim()[1] == pytest.approx(axes.get_xlim()[1] / 100, rel=0.01) or (
        early.get_xlabel() == "Time (ns)"
    )


def test_a_few_periods_are_seen() -> None:
    for nu in (0.3, 50.0):
        axes = plot.component("damped_cosine", "nu", [nu], fixed={"lambda": 0.001})
        end = axes.get_xlim()[1] / (1e3 if axes.get_xlabel() == "Time (ns)" else 1)
        assert 4 < end * nu < 10.001
    assert "with $\\lambda$ = 0.001 µs" in axes.get_title("left")


def test_temperatures_end_above_the_transition() -> None:
    axes = plot.component("order_parameter", fixed={"T_N": 0.105})
    assert axes.get_xlim() == (0.0, pytest.approx(1.3 * 0.105))
    assert axes.get_xlabel() == "$T$ (K)"
    assert axes.get_ylabel() == r"$\nu$ (MHz)"


def of_field(delta: float = 1.0) -> Component:
    width = Parameter("delta", "1/us", delta, "a width", lower=0.0)

    def function(B: np.ndarray, delta: float) -> np.ndarray:
        """A law of field."""
        return 1.0 / (1.0 + (0.0851616 * B / delta) ** 2)

    return Component("my_law", "f", (width,), function, None, (), "none", variable="B")


def test_fields_are_logarithmic_about_what_happens() -> None:
    axes = plot.component(of_field())
    assert axes.get_xscale() == "log"
    low, high = axes.get_xlim()
    assert low <= 1.0 and 100 <= high <= 1e4
    assert axes.get_ylabel() == "$f(B)$"
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert [text.split(" = ")[1].split()[0] for text in texts] == ["0.4", "1", "2.5"]


def test_what_diverges_leaves_the_picture() -> None:
    axes = plot.component("critical_divergence")
    highest = max(float(np.max(line.get_ydata())) for line in axes.lines)
    assert highest > 1e3
    assert axes.get_ylim()[1] < 100


def test_into_axes_of_ones_own() -> None:
    axes = plot.component("exponential", width=6.8)
    assert figure_of(axes).get_size_inches()[0] == pytest.approx(6.8)
    again = plot.component("gaussian", ax=axes, end=7.0)
    assert again is axes
    assert axes.get_xlim() == (0.0, 7.0)


def test_refused() -> None:
    with pytest.raises(ModelError, match="no parameter 'lamda'; did you mean 'lambda'"):
        plot.component("exponential", "lamda")
    with pytest.raises(ModelError, match=r"constant has no parameter 'x' \(it has none\)"):
        plot.component("constant", "x")
    with pytest.raises(ModelError, match="no parameter 'b'"):
        plot.component("exponential", fixed={"b": 1.0})
    with pytest.raises(ModelError, match="5 curves asked for; 4 can be told apart"):
        plot.component("exponential", "lambda", [1, 2, 3, 4, 5])
    with pytest.raises(ModelError, match="did you mean 'exponential'"):
        plot.component("exponental")


def test_a_function_that_is_no_number_somewhere() -> None:
    def function(B: np.ndarray, delta: float) -> np.ndarray:
        """A law of field."""
        return np.where(B > 3.0, np.log(B / 3.0), np.nan) / delta

    one = dataclasses.replace(of_field(), function=function)
    axes = plot.component(one)
    assert np.isfinite(axes.get_ylim()).all()
    none = dataclasses.replace(of_field(), function=lambda B, delta: B * np.nan)
    with pytest.raises(ModelError, match="component my_law has no finite value there"):
        plot.component(none)


def test_where_times_end() -> None:
    assert [rounded(x) for x in (0.011, 1.0, 3.3, 40.0, 0.7)] == pytest.approx(
        [0.012, 1.0, 4.0, 40.0, 0.8]
    )
    still = find_component("constant")
    assert last_time(still, [()], [lambda t: np.ones_like(t)]) == 40.0
