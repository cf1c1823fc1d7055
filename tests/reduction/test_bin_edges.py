"""Bins that grow with the decay, and given edges: on whole raw bins, counts conserved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_of import decay, pair_of, run_of

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.errors import ReductionError
from musrcu.reduction.asymmetry import form_asymmetry
from musrcu.reduction.background import subtract_background
from musrcu.reduction.bin_edges import equal_error_edges
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import Reduction, reduce

BINS, DT = 2000, 0.005


def expected(events: float, flat: float = 0.0, bins: int = BINS, dt: float = DT) -> Counts:
    """A pair that holds exactly what is expected, 10 us long."""
    shape = decay(bins, dt, events / 2)
    pair = pair_of(shape + flat, shape + flat, bin_width=dt)
    return subtract_background(pair, given=(flat, flat)) if flat else pair


def drawn(events: float, seed: int, flat: float = 0.0) -> Counts:
    rng = np.random.default_rng(seed)
    shape = decay(BINS, DT, events / 2)
    pair = pair_of(*rng.poisson([1.1 * shape + flat, 0.9 * shape + flat]), bin_width=DT)
    return subtract_background(pair, given=(flat, flat)) if flat else pair


def raw_edges(counts: Counts) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(counts.raw_bins)))


@pytest.mark.parametrize(
    "packing",
    [{"bins": 37}, {"first": 3}, {"edges": (0.0175, 0.5, 0.51, 4.0, 9.9)}, "variable", 7],
)
def test_counts_and_times_are_those_of_the_raw_bins(packing: Any) -> None:
    pair = drawn(3e5, 1)
    packed = rebin(pair, packing=packing)
    start = 4 if isinstance(packing, dict) and "edges" in packing else 0
    edges = start + raw_edges(packed)
    assert packed.time.size == edges.size - 1 == packed.last_good + 1
    for k, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        np.testing.assert_array_equal(packed.values[:, k], pair.values[:, low:high].sum(axis=1))
        np.testing.assert_array_equal(packed.variance[:, k], packed.values[:, k])
        assert packed.time[k] == pytest.approx(pair.time[low:high].mean(), abs=1e-14)
    assert packed.packing == packed.raw_bins.max()
    assert packed.bin_width == pytest.approx(packed.packing * DT)
    assert packed.raw_width == pytest.approx(DT)
    assert (packed.packs is None) == (packing == 7)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.floats(0.5, 30.0), st.sampled_from([0.0, 1e-3, 0.1, 5.0, 1e6]))
def test_every_growing_bin_has_one_share_of_the_weight(
    bins: int, length: float, background: float
) -> None:
    """Against the integral of S^2 / (S + b) by the trapezium rule."""
    edges = equal_error_edges(bins, length, background)
    assert edges[0] == 0
    assert edges[-1] == length
    assert (np.diff(edges) > 0).all()
    assert (np.diff(edges, 2) > -1e-9).all()  # each bin is wider than the one before
    time = np.linspace(0, length, 200_001)
    signal = np.exp(-time / MUON_LIFETIME)
    rate = signal if background == 0 else signal**2 / (signal + min(background, 1e4))
    total = np.concatenate(([0.0], np.cumsum((rate[1:] + rate[:-1]) / 2)))
    share = np.interp(edges, time, total / total[-1])
    np.testing.assert_allclose(share, np.arange(bins + 1) / bins, atol=2e-6)


@pytest.mark.parametrize("flat", [0.0, 2.0])
def test_the_error_is_the_same_in_every_bin(flat: float) -> None:
    """sigma_A of expected counts; with a background the bins grow faster than the decay alone."""
    pair = expected(1e6, flat)
    plain = rebin(pair, packing=20)
    assert np.ptp(form_asymmetry(plain).error) > form_asymmetry(plain).error.min()
    packed = rebin(pair, packing={"bins": 25})
    found = form_asymmetry(packed).error
    assert packed.time.size == 25
    np.testing.assert_allclose(found, found.mean(), rtol=0.02)  # raw bins are whole


def test_a_background_makes_late_bins_wider() -> None:
    packs = [rebin(expected(1e6, flat), packing={"bins": 25}).raw_bins for flat in (0.0, 50.0)]
    assert packs[0].sum() == packs[1].sum() == BINS
    assert packs[1][-1] > 1.2 * packs[0][-1]


def test_the_other_growth_is_dt0_exp() -> None:
    packed = rebin(expected(1e6), packing={"first": 10})
    start = raw_edges(packed)[:-1] * DT
    wanted = np.floor(10 * np.exp(start / MUON_LIFETIME) + 0.5)
    np.testing.assert_array_equal(packed.raw_bins, wanted)
    left = BINS - packed.raw_bins.sum()
    assert 0 <= left < 10 * np.exp((raw_edges(packed)[-1] * DT) / MUON_LIFETIME) + 1


@settings(max_examples=15, deadline=None)
@given(st.floats(2.5, 7.0), st.integers(0, 1000), st.sampled_from([0.0, 0.5, 20.0]))
def test_variable_leaves_twenty_counts_in_every_bin(
    exponent: float, seed: int, flat: float
) -> None:
    packed = rebin(drawn(10**exponent, seed, flat), packing="variable")
    assert packed.variance.min() >= 20
    step = packed.history[-1]
    assert step.options["packing_from"] == "counts"
    assert step.note.startswith("every bin holds at least 20 counts in each group")
    # nearly as many as the counts allow, unless raw bins are the limit
    if packed.raw_bins.min() > 1:
        assert packed.variance.min() < 20 * 2.5


def test_variable_stops_where_the_background_exceeds_the_signal() -> None:
    """Signal 1000 exp(-t/tau) and background 100 a bin: equal at tau ln 10."""
    time = np.arange(BINS) * DT
    signal = 500 * np.exp(-time / MUON_LIFETIME)
    pair = subtract_background(pair_of(signal + 50, signal + 50, bin_width=DT), given=(50.0, 50.0))
    end = raw_edges(rebin(pair, packing="variable"))[-1] * DT
    assert end == pytest.approx(MUON_LIFETIME * np.log(10), abs=2 * DT)
    assert raw_edges(rebin(pair, packing={"bins": 30}))[-1] == BINS


@pytest.mark.parametrize(
    "packing",
    ["variable", {"bins": 12}, {"bins": 300}, {"first": 2}, {"edges": (0.1, 0.2, 1.0, 5.0)}],
)
@pytest.mark.parametrize("t_max", [None, 3.217, 20.0])
def test_a_printed_choice_gives_the_same_again(packing: Any, t_max: float | None) -> None:
    pair = drawn(2e5, 4, flat=1.0)
    first = rebin(pair, packing=packing, t_max=t_max)
    used = first.history[-1].options
    again = rebin(pair, packing=used["packing"], t_max=float(f"{used['t_max']:.9g}"))
    np.testing.assert_array_equal(again.values, first.values)
    np.testing.assert_array_equal(again.time, first.time)


def test_edges_move_to_the_nearest_raw_bin() -> None:
    """t0 lies a quarter of a bin behind a centre, so edges of raw bins are at 0.0025, 0.0125..."""
    pair = pair_of(np.arange(100), np.arange(100), t0=[0.25, 0.25])
    packed = rebin(pair, packing={"edges": (0.0, 0.019, 0.03, 0.0999)})
    np.testing.assert_array_equal(packed.raw_bins, [2, 1, 7])
    assert packed.time[0] == pytest.approx(pair.time[1:3].mean())
    late = rebin(pair, packing={"edges": (0.0025, 0.5, 0.9, 1.2)})  # the counts end at 0.9925
    assert late.time.size == 2
    for far in ((1e18,), (1e18, 1.7e308)):
        assert rebin(pair, packing={"edges": (0.0025, 0.5, 0.9, *far)}).time.size == 2
    even = rebin(pair, packing={"edges": (0.0025, 0.1025, 0.2025)})
    assert (even.packs, even.packing) == (None, 10)


@pytest.mark.parametrize(
    ("packing", "sentence"),
    [
        ({"edges": (-0.2, 1.0)}, "SIM 7: the edge -0.2 us lies before the first good bin, which"),
        ({"edges": (0.1, 0.102, 1.0)}, "no raw bin of 10 ns fits between the edges 0.1 and 0.102"),
        ({"edges": (0.1, 7.0)}, "fewer good bins than the first bin holds"),
        ({"first": 101}, "fewer good bins than the first bin holds"),
        ({"bins": 99}, "99 growing bins asked for, the first of which would hold 0.8"),
        ({"bins": 10**12}, "1000000000000 growing bins asked for, of 100 raw bins of 10 ns; ask"),
        ({"edges": (1e18, 1e300)}, "fewer good bins than the first bin holds"),
        ({"edges": (-1e300, 1e300)}, "the edge -1e.300 us lies before the first good bin"),
        ({"first": 10**15}, "fewer good bins than the first bin holds"),
        ({"bins": 0}, "packing bins = 0; expected a whole number from 1"),
        ({"first": 1.5}, "packing first = 1.5; expected a whole number from 1"),
        ({"edges": (0.1,)}, "packing edges = .* expected two or more rising times in us"),
        ({"edges": (0.2, 0.1)}, "expected two or more rising times in us"),
        ({"edges": "0.1"}, "expected two or more rising times in us"),
        ({"edges": (0.1, np.nan)}, "expected two or more rising times in us"),
        ({"width": 3}, "name bins, first or edges"),
        ({}, "name bins, first or edges"),
        ({"bins": 3, "first": 2}, "name bins, first or edges"),
        ("growing", "packing = 'growing'; expected a whole number of raw bins, 1 or above, 'var"),
    ],
)
def test_refused(packing: Any, sentence: str) -> None:
    with pytest.raises(ReductionError, match=sentence):
        rebin(pair_of(np.full(100, 50), np.full(100, 50)), packing=packing)


def test_the_number_that_is_offered_works() -> None:
    pair = pair_of(np.full(100, 50), np.full(100, 50))
    with pytest.raises(ReductionError, match="ask for at most 80") as told:
        rebin(pair, packing={"bins": 101})
    offered = int(str(told.value).rsplit(" ", 1)[1])
    assert rebin(pair, packing={"bins": offered}).time.size == offered


def test_only_once() -> None:
    pair = drawn(1e5, 6)
    with pytest.raises(ReductionError, match="packed already"):
        rebin(rebin(pair, packing="variable"), packing=1)


@pytest.mark.parametrize("packing", ["variable", {"bins": 9}, {"edges": [0.05, 1.5, 4.0]}])
def test_both_sides_of_a_difference_have_the_same_bins(packing: Any) -> None:
    rng = np.random.default_rng(8)
    shape = decay(400, 0.02, 2e4)
    counts = rng.poisson([[shape, shape], [0.2 * shape, 0.3 * shape]])
    run = run_of(counts, bin_width=0.02, source="pulsed", facility="ISIS")
    recipe = Reduction(forward="1", backward="2", period="1-2", alpha=1.0, packing=packing)
    found = reduce(run, recipe)
    assert found.packs is not None
    plus, minus = (
        reduce(run, Reduction(forward="1", backward="2", period=p, alpha=1.0, packing=_used(found)))
        for p in (1, 2)
    )
    np.testing.assert_allclose(found.value, plus.value - minus.value, atol=1e-14)
    np.testing.assert_array_equal(found.packs, plus.packs)


def _used(asymmetry: Any) -> Any:
    step = asymmetry.history.find("rebin")
    assert step is not None
    return step.options["packing"]


@pytest.mark.parametrize(
    "packing", [None, 4, "variable", {"bins": 40}, {"first": 4}, {"edges": [0.1, 0.25, 3]}]
)
def test_a_recipe_keeps_it(packing: Any, tmp_path: Any) -> None:
    recipe = Reduction(packing=packing, t_max=8.0)
    recipe.save(tmp_path / "recipe.toml")
    assert Reduction.load(tmp_path / "recipe.toml") == recipe
    assert hash(Reduction.load(tmp_path / "recipe.toml")) == hash(recipe)
