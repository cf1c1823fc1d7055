"""Pictures of forms that are looked at: what is drawn is what the traces hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from run_of import decay, pair_of

from musrcu import plot
from musrcu.containers.counts import Counts
from musrcu.errors import MusrcuError
from musrcu.plot.style import figure_of
from musrcu.reduction.asymmetry import form_asymmetry
from musrcu.reduction.forms import GROUPS, lifetime_corrected, rotating_frame, single_histogram
from musrcu.reduction.rebin import rebin


@pytest.fixture(scope="module")
def pair() -> Counts:
    shape = decay(1000, 0.01, 1e6)
    wave = 0.2 * np.cos(2 * np.pi * 3.0 * np.arange(1000) * 0.01)
    return pair_of(*np.random.default_rng(1).poisson([shape * (1 + wave), shape * (1 - wave)]))


def drawn(axes: object) -> Iterator[np.ndarray]:
    for bars in axes.containers:  # type: ignore[attr-defined]
        yield np.asarray(bars.lines[0].get_xydata())


def test_counts_of_both_groups_on_a_logarithmic_axis(pair: Counts) -> None:
    found = [single_histogram(rebin(pair, packing={"bins": 30}), group) for group in GROUPS]
    axes = plot.traces(found)
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "Counts per 10 ns"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(GROUPS)
    for trace, points in zip(found, drawn(axes), strict=True):
        np.testing.assert_allclose(points, np.transpose([trace.time, trace.value]))
        low, high = axes.get_ylim()
        assert low < trace.value.min() < trace.value.max() < high
    assert axes.get_xlim()[1] > found[0].time[-1]
    packs = rebin(pair, packing={"bins": 30}).raw_bins
    note = f"packing {packs.min()}\N{EN DASH}{packs.max()}"
    assert axes.get_title("right") == note


def test_a_rotating_frame_in_per_cent(pair: Counts) -> None:
    trace = rotating_frame(form_asymmetry(rebin(pair, packing=2)), 3.0)
    axes = plot.traces(trace, percent=True, t_range=(1.0, 4.0))
    assert axes.get_ylabel() == "Asymmetry (%)"
    assert axes.get_title("right").startswith("3 MHz frame, packing ")
    (points,) = drawn(axes)
    inside = (trace.time >= 1.0) & (trace.time <= 4.0)
    np.testing.assert_allclose(points[:, 1], 100 * trace.value[inside])
    assert np.abs(points[:, 1] - 20).max() < 3.0
    assert axes.get_legend() is None


def test_lifetime_corrected_into_axes_of_ones_own(pair: Counts) -> None:
    ax = plot.traces(lifetime_corrected(rebin(pair, packing=10)), width=6.8)
    assert figure_of(ax).get_size_inches()[0] == pytest.approx(6.8)
    again = plot.traces(lifetime_corrected(rebin(pair, packing=5)), ax=ax)
    assert again is ax
    low, high = ax.get_ylim()
    assert low < -0.2 < 0.2 < high


def test_refused(pair: Counts) -> None:
    one = single_histogram(pair)
    for wrong in ([], [one] * 3, [one, lifetime_corrected(pair)]):
        with pytest.raises(MusrcuError, match="one or two of one kind"):
            plot.traces(wrong)
    with pytest.raises(MusrcuError, match="SIM 7: no point of forward between 20 and 30 us"):
        plot.traces(one, t_range=(20.0, 30.0))


def test_no_point_sits_on_the_frame(pair: Counts) -> None:
    """Few wide points far from zero: the margin is a part of what the axis shows."""
    trace = rotating_frame(form_asymmetry(rebin(pair, packing=2)), 3.0, packing=80)
    axes = plot.traces(trace)
    (points,) = drawn(axes)
    assert len(points) < 10 and points[:, 1].min() > 0.1
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert min(points[:, 0].min() - left, right - points[:, 0].max()) > 0.02 * (right - left)
    assert high - points[:, 1].max() > 0.04 * (high - low)


def test_names_stand_over_no_point(pair: Counts) -> None:
    """Even where the first points are the highest and the lowest."""
    axes = plot.traces([lifetime_corrected(rebin(pair, packing=4), group) for group in GROUPS])
    figure_of(axes).draw_without_rendering()
    frame = axes.get_legend().get_window_extent()
    for points in drawn(axes):
        x, y = axes.transData.transform(points).T
        inside = (x > frame.x0) & (x < frame.x1) & (y > frame.y0) & (y < frame.y1)
        assert not inside.any()
