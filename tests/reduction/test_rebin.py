"""Packing: sums are conserved, and the default is the smallest that keeps enough counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_of import decay, pair_of

from musrcu.constants import MUON_LIFETIME
from musrcu.containers.counts import Counts
from musrcu.errors import ReductionError
from musrcu.readers.registry import read
from musrcu.reduction.background import subtract_background
from musrcu.reduction.choose_bins import choose_packing
from musrcu.reduction.rebin import rebin
from musrcu.reduction.recipe import Reduction, reduce

BINS, DT = 2560, 0.00390625


def drawn(events: float, seed: int, ratio: float = 1.2, flat: float = 0.0) -> Counts:
    """A pair of drawn decays with that many events, and a flat background per bin."""
    rng = np.random.default_rng(seed)
    shape = decay(BINS, DT, events)
    means = [shape * ratio / (1 + ratio) + flat, shape / (1 + ratio) + flat]
    return pair_of(*rng.poisson(means), bin_width=DT)


@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 10**6))
def test_sums_are_conserved(packing: int, first: int, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 50, (2, 100))
    pair = pair_of(*counts, first_good=[first, first], t0=[0.25, 0.25])
    packed = rebin(pair, packing=packing)
    n = (100 - first) // packing
    assert packed.time.size == n == packed.last_good + 1
    assert packed.first_good == 0
    for k in range(n):
        raw = slice(first + k * packing, first + (k + 1) * packing)
        np.testing.assert_array_equal(packed.values[:, k], counts[:, raw].sum(axis=1))
        assert packed.time[k] == pytest.approx(pair.time[raw].mean(), abs=1e-15)
    np.testing.assert_array_equal(packed.variance, packed.values)
    assert packed.bin_width == pytest.approx(packing * 0.01)
    assert packed.packing == packing


def test_background_and_its_error_are_packed_too() -> None:
    pair = subtract_background(pair_of(np.full(50, 9), np.full(50, 7)), given=(2.0, 1.0))
    pair = pair.replace(background_error=np.array([0.3, 0.2]))
    packed = rebin(pair, packing=10)
    np.testing.assert_allclose(packed.values, [[70.0] * 5, [60.0] * 5])
    np.testing.assert_allclose(packed.variance, [[90.0] * 5, [70.0] * 5])
    np.testing.assert_allclose(packed.background, [2.0, 1.0])  # per raw bin
    np.testing.assert_allclose(packed.background_error, [0.3, 0.2])


def share(pair: Counts, packing: int) -> tuple[float, int]:
    """By its definition: (share of the weight that the cut keeps, bins up to the cut)."""
    raw, time = pair.variance[:, pair.good], pair.time[pair.good]
    level = 0.0 if pair.background is None else float(pair.background.sum())
    fall = np.exp(-time / MUON_LIFETIME)
    signal = (raw.sum() - level * time.size) / fall.sum() * fall
    usable = signal >= level
    if usable.sum() < 5:  # a background above the signal at all times is no late cut
        usable[:] = True
    weight = np.where(usable, signal**2 / (signal + level), 0.0)
    kept, bins = 0.0, 0
    for k in range(time.size // packing):
        pack = slice(k * packing, (k + 1) * packing)
        if raw[:, pack].sum(axis=1).min() < 20 or not usable[pack].all():
            break
        kept, bins = kept + float(weight[pack].sum()), k + 1
    return kept / float(weight.sum()), bins


@settings(max_examples=25, deadline=None)
@given(st.floats(3.0, 7.0), st.integers(0, 1000), st.sampled_from([0.0, 0.3, 4.0]))
def test_the_default_is_the_smallest_packing(exponent: float, seed: int, flat: float) -> None:
    """From 1e3 to 1e7 events: 20 counts everywhere, 99 % kept, and no smaller one does it."""
    pair = drawn(10**exponent, seed, flat=flat)
    if flat:
        pair = subtract_background(pair, given=(flat, flat))
    packed = rebin(pair)
    assert packed.variance.min() >= 20
    kept, bins = share(pair, packed.packing)
    assert packed.time.size == bins
    others = {packing: share(pair, packing)[0] for packing in range(1, packed.packing)}
    if kept >= 0.99:
        assert all(other < 0.99 for other in others.values())
    else:  # nothing keeps 99 %: this one keeps most
        others |= {p: share(pair, p)[0] for p in range(packed.packing + 1, BINS // 5, 37)}
        assert max(others.values(), default=0.0) <= kept + 1e-12
    note = packed.history[-1].note
    assert note == "every bin holds at least 20 counts in each group"


def test_the_cut_comes_before_the_background_exceeds_the_signal() -> None:
    """Signal 1000 exp(-t/tau) and background 100 a bin: equal at tau ln 10."""
    time = np.arange(BINS) * DT
    signal = 500 * np.exp(-time / MUON_LIFETIME)
    pair = pair_of(signal + 50, signal + 50, bin_width=DT)
    packed = rebin(subtract_background(pair, given=(50.0, 50.0)))
    assert packed.time[-1] == pytest.approx(MUON_LIFETIME * np.log(10), abs=2 * DT)
    # without a known background nothing can be said, and all bins are full
    assert rebin(pair).time.size == BINS


def test_a_background_above_the_signal_at_all_times_is_no_late_cut() -> None:
    pair = subtract_background(drawn(3e5, 8, flat=300.0), given=(300.0, 300.0))
    packed = rebin(pair)
    assert packed.packing == 1
    assert packed.time.size >= BINS - 1


def test_a_late_time_that_is_asked_for() -> None:
    pair = drawn(1e5, 1)
    free = rebin(pair)
    early = rebin(pair, t_max=2.0)
    assert early.time[-1] <= 2.0
    assert early.variance.min() >= 20
    assert early.packing <= free.packing
    assert early.history[-1].note == "every bin holds at least 20 counts in each group"
    late = rebin(pair, t_max=9.9)  # the counts end before
    assert late.variance.min() >= 20
    said = f"t_max 9.9 was asked for; cut at {late.time[-1]:.4g} us, behind which bins hold fewer"
    assert said in late.history[-1].note
    flat = subtract_background(pair, given=(5.0, 5.0))
    grown = rebin(flat, packing="variable", t_max=9.9)
    assert "t_max 9.9 was asked for; cut at " in grown.history[-1].note
    assert rebin(pair, packing={"edges": (0.1, 0.5)}, t_max=9.9).time.size == 1
    assert "asked" not in rebin(pair, packing={"edges": (0.1, 0.5)}, t_max=9.9).history[-1].note
    given = rebin(pair, packing=4, t_max=9.9)
    assert given.time[-1] == pytest.approx(9.9, abs=4 * DT)
    assert given.variance.min() < 20
    assert given.history[-1].note == ""


@pytest.mark.parametrize("packing", [None, "variable"])
def test_bins_with_few_counts_stay_where_they_may(packing: str | None) -> None:
    """A likelihood of counts needs no fewest counts: the last bin is the last good one."""
    flat = subtract_background(drawn(1e5, 1), given=(5.0, 5.0))
    cut, all_of_them = rebin(flat, packing=packing), rebin(flat, packing=packing, few=True)
    assert cut.raw_bins.sum() < BINS - 2 * all_of_them.packing
    assert all_of_them.raw_bins.sum() > BINS - 2 - all_of_them.packing
    asked = rebin(flat, packing=packing, t_max=7.0, few=True)
    assert asked.raw_bins.sum() * DT == pytest.approx(7.0, abs=2 * DT * asked.packing)
    assert "asked" not in asked.history[-1].note


@pytest.mark.parametrize("packing", [1, 3, 7, 20, 113])
def test_a_printed_cut_gives_the_same_again(packing: int) -> None:
    pair = drawn(1e6, 2)
    first = rebin(pair, packing=packing, t_max=7.123)
    cut = first.history[-1].options["t_max"]
    assert rebin(pair, packing=packing, t_max=cut).time.size == first.time.size
    free = rebin(pair)
    options = free.history[-1].options
    again = rebin(pair, packing=options["packing"], t_max=options["t_max"])
    np.testing.assert_array_equal(again.values, free.values)


@pytest.mark.parametrize("events", [0, 1, 30, 200])
def test_hardly_any_counts(events: float) -> None:
    pair = drawn(events, 3)
    packed = rebin(pair)
    assert packed.time.size >= 1
    few = int((packed.variance.min(axis=0) < 20).sum())
    if few:
        note = f"{few} of {packed.time.size} bins hold fewer than 20 counts in a group"
        assert packed.history[-1].note == note


def test_choice_and_packing_agree() -> None:
    pair = drawn(3e4, 4)
    packing, cut = choose_packing(pair)
    packed = rebin(pair)
    assert (packed.packing, packed.time[-1]) == (packing, cut)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"packing": 0}, "packing = 0; expected a whole number of raw bins, 1 or above"),
        ({"packing": -3}, "packing = -3; expected"),
        ({"packing": 2.5}, "packing = 2.5; expected"),
        ({"packing": "20"}, "packing = '20'; expected"),
        ({"packing": True}, "packing = True; expected"),
        ({"packing": 9999}, "fewer good bins than one pack of 9999"),
        ({"packing": 1, "t_max": -1.0}, "no bin before the late cut of -1 us"),
        ({"t_max": -1.0}, "no bin before the late cut of -1 us"),
    ],
)
def test_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ReductionError, match=sentence):
        rebin(drawn(1e5, 5), **options)


def test_only_once() -> None:
    with pytest.raises(ReductionError, match="packed already, 4 raw bins in one"):
        rebin(rebin(drawn(1e5, 6), packing=4))


@pytest.mark.parametrize("name", ["deltat_pta_gpd_0423.bin", "deltat_pta_gps_4255.bin"])
def test_every_default_bin_of_a_real_run_has_an_asymmetry(real: Path, name: str) -> None:
    found = reduce(read(real / "psi-bin" / name), Reduction())
    assert np.isfinite(found.value).all()
    assert found.smallest is not None and found.smallest.min() >= 20
