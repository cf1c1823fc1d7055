from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from made_runs import BELOW_TN, ORDERED, made_asymmetry, made_fit

from musrcu.errors import MusrcuError
from musrcu.models.model import Model
from musrcu.plot.display import MOST, PER_PERIOD, frequencies, show, window
from musrcu.reduction.asymmetry import asymmetry_and_error


def test_a_point_is_the_mean_of_its_bins() -> None:
    data = made_asymmetry(n=100)
    flat = data.replace(error=np.full(100, 0.01), value=np.full(100, 0.1))
    points = show(flat, None, (0.0, 1.0), packing=10)
    assert points.time == pytest.approx(flat.time.reshape(10, 10).mean(axis=1))
    assert points.value == pytest.approx(np.full(10, 0.1))
    assert points.error == pytest.approx(np.full(10, 0.01 / math.sqrt(10)))


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 1.0), (0.7, 1.0), (0.7, 0.85)])
@pytest.mark.parametrize("mean", [1.5, 30.0])
def test_packing_for_display_is_packing_of_counts(alpha: float, beta: float, mean: float) -> None:
    rng = np.random.default_rng(4)
    f, b = rng.poisson([[mean], [0.7 * mean]], (2, 400)).astype(float)
    value, error = asymmetry_and_error((f, b), np.maximum((f, b), 1.0), alpha, beta)
    data = made_asymmetry(n=400).replace(value=value, error=error, alpha=alpha, detector_beta=beta)
    points = show(data, None, (0.0, 10.0), packing=40)
    assert np.any((f == 0) != (b == 0)) == (mean < 2)
    f, b = f.reshape(10, 40).sum(axis=1), b.reshape(10, 40).sum(axis=1)
    summed, spread = asymmetry_and_error((f, b), (f, b), alpha, beta)
    assert points.value == pytest.approx(summed, abs=1e-12)
    assert points.error == pytest.approx(spread, rel=0.05 if mean > 2 else 0.5)


def test_uneven_bins_say_what_a_point_stands_for() -> None:
    packs = np.arange(1, 101)
    time = (np.cumsum(packs) - packs / 2) * 0.01
    data = made_asymmetry(n=100).replace(time=time, packs=packs, packing=100, bin_width=1.0)
    points = show(data, None, (0.0, 60.0), packing=1)
    assert points.note == "packing 1\N{EN DASH}100"
    np.testing.assert_allclose(points.time, time)
    joined = show(data, None, (0.0, 60.0), packing=10)
    assert joined.note == "packing 55\N{EN DASH}955 (display)"
    edges = np.concatenate(([0.0], np.cumsum(packs) * 0.01))[::10]
    np.testing.assert_allclose(joined.time, (edges[1:] + edges[:-1]) / 2)


def test_a_window_of_uneven_bins_holds_so_many() -> None:
    """At 500 MHz not even the narrowest bin leaves ten in a period: 250 bins are all."""
    packs = np.arange(1, 401)
    time = (np.cumsum(packs) - packs / 2) * 0.001
    data = made_asymmetry(n=400).replace(time=time, packs=packs, packing=400, bin_width=0.4)
    fast = made_fit(ORDERED, {**BELOW_TN, "nu2": 500.0}, t_range=(0.0, float(time[-1])))
    assert window(data, fast) == (0.0, time[MOST - 1])


def test_residuals_are_normal_when_the_curve_is_the_truth() -> None:
    data = made_asymmetry(n=40_000, width=2e-4, events=2e6)
    points = show(data, made_fit(), (0.0, 8.0), packing=20)
    assert points.residual is not None
    n = points.residual.size
    assert n == 1997
    assert abs(points.residual.mean()) < 3.5 / math.sqrt(n)
    assert abs(points.residual.std() - 1) < 3.5 / math.sqrt(2 * n)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 5000),
    st.floats(1e-4, 0.02),
    st.floats(0.0, 200.0),
    st.floats(1e3, 1e9),
)
def test_never_more_points_than_can_be_seen_and_the_precession_survives(
    n: int, width: float, nu: float, events: float
) -> None:
    data = made_asymmetry(n=n, width=width, events=events)
    assume(np.isfinite(data.value).any())
    result = made_fit(ORDERED, {**BELOW_TN, "nu2": nu}, t_range=(0.01, 0.01 + n * width))
    limits = window(data, result)
    points = show(data, result, limits)
    assert 1 <= points.time.size <= MOST
    assert np.isfinite([points.time, points.value, points.error, points.residual]).all()
    assert points.raw == points.packing * data.packing
    if points.packing > 1 and nu > 0:
        assert points.packing * width * nu <= 1.01 / PER_PERIOD


def test_bins_without_counts_are_left_out() -> None:
    data = made_asymmetry(n=40)
    value, error = data.value.copy(), data.error.copy()
    value[:10], error[:10] = np.nan, np.nan
    value[15], error[15] = np.nan, np.nan
    points = show(data.replace(value=value, error=error), None, (0.0, 1.0), packing=10)
    assert points.time.size == 3
    assert np.isfinite(points.value).all()


def test_what_is_shown_by_default() -> None:
    data, fast = made_asymmetry(), {**BELOW_TN, "nu2": 50.0}
    assert window(data, None) == (data.time[0], data.time[-1])
    assert window(data, made_fit(t_range=(0.1, 5.0))) == (0.1, 5.0)
    first, last = window(data, made_fit(ORDERED, fast, t_range=(0.1, 5.0)))
    assert first == 0.1
    assert last == pytest.approx(0.1 + (MOST - 1) * data.bin_width)
    assert window(data, None, (1.0, 2.0)) == (1.0, 2.0)


def test_frequencies_are_those_of_the_model() -> None:
    assert frequencies(made_fit()) == [1.59]
    assert frequencies(None) == []
    assert "nu2" in Model(ORDERED).names


def test_nothing_to_show_is_an_error() -> None:
    data = made_asymmetry(n=100)
    with pytest.raises(MusrcuError, match="LTF 7: no bin with an asymmetry between 5 and 6 us"):
        show(data, None, (5.0, 6.0))
    with pytest.raises(MusrcuError, match="the end must lie behind"):
        window(data, None, (2.0, 1.0))
    with pytest.raises(MusrcuError, match="packing 0"):
        show(data, None, (0.0, 1.0), packing=0)
