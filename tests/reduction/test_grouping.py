"""Grouping: what is conserved, how detectors are aligned, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_of import run_of

from musrcu.errors import ReductionError
from musrcu.readers.registry import read
from musrcu.reduction.grouping import group, ranges


@given(st.data())
def test_counts_are_conserved(data: st.DataObject) -> None:
    """Equal t0: every chosen count is in its group, once."""
    detectors, bins = data.draw(st.integers(2, 8)), data.draw(st.integers(2, 20))
    seed = data.draw(st.integers(0, 1000))
    counts = np.random.default_rng(seed).integers(0, 1000, (detectors, bins))
    order = data.draw(st.permutations(range(1, detectors + 1)))
    cut = data.draw(st.integers(1, detectors - 1))
    forward, backward = order[:cut], order[cut:]
    grouped = group(run_of(counts), forward=forward, backward=backward)
    for found, chosen in ((grouped.forward, forward), (grouped.backward, backward)):
        np.testing.assert_array_equal(found, counts[np.array(chosen) - 1].sum(axis=0))
    np.testing.assert_array_equal(grouped.variance, grouped.values)
    assert grouped.detectors == (tuple(forward), tuple(backward))


@given(st.lists(st.integers(0, 12), min_size=2, max_size=6), st.data())
def test_delta_peaks_meet_at_zero(t0: list[int], data: st.DataObject) -> None:
    """One count at the t0 of each detector: after alignment all lie at time zero."""
    counts = np.zeros((len(t0), 30), dtype=int)
    counts[np.arange(len(t0)), t0] = 1 + np.arange(len(t0))
    run = run_of(counts, t0=t0, first_good=np.array(t0) + data.draw(st.integers(0, 5)))
    cut = data.draw(st.integers(1, len(t0) - 1))
    grouped = group(run, forward=range(1, cut + 1), backward=range(cut + 1, len(t0) + 1))
    zero = int(np.argmin(np.abs(grouped.time)))
    assert grouped.time[zero] == 0.0
    assert grouped.values[:, zero].sum() == counts.sum()
    assert np.delete(grouped.values, zero, axis=1).sum() == 0
    # the bins that all detectors share, and no more
    shared = min(30 - t for t in t0) + min(t0)
    assert grouped.time.size == shared
    first = max(run.first_good[d] - t0[d] for d in range(len(t0)))
    assert grouped.time[grouped.first_good] == pytest.approx(first * 0.01)


@given(
    st.lists(st.floats(3.0, 9.0), min_size=2, max_size=5),
)
def test_fractional_t0_is_averaged_into_the_time_axis(t0: list[float]) -> None:
    """A detector is shifted by whole bins; what is left, half a bin at most, is averaged."""
    t0 = [round(t, 3) for t in t0]
    counts = np.zeros((len(t0), 40), dtype=int)
    marks = np.rint(np.array(t0) - t0[0]).astype(int) + 20
    counts[np.arange(len(t0)), marks] = 1  # each detector marks the bin that the shift brings to 20
    grouped = group(run_of(counts, t0=t0), forward="1", backward=list(range(2, len(t0) + 1)))
    place = int(np.argmax(grouped.values[0]))
    assert grouped.values[:, place].sum() == len(t0)
    mean = np.mean([(mark - t) * 0.01 for mark, t in zip(marks, t0, strict=True)])
    assert grouped.time[place] == pytest.approx(mean, abs=1e-12)
    for mark, t in zip(marks, t0, strict=True):
        assert abs((mark - t) * 0.01 - grouped.time[place]) <= 0.01 + 1e-12


def test_gpd_0423(real: Path) -> None:
    """T0 160 and 200: bin j of the pair is raw bin j of Back and raw bin j + 40 of Forw."""
    run = read(real / "psi-bin" / "deltat_pta_gpd_0423.bin")
    np.testing.assert_array_equal(run.t0, [160.0, 200.0])
    grouped = group(run, forward="Back", backward="Forw")
    assert grouped.detectors == ((1,), (2,))
    assert grouped.time[160] == 0.0
    assert grouped.time.size == run.n_bins - 40
    np.testing.assert_array_equal(grouped.forward, run.counts[0, 0, : run.n_bins - 40])
    np.testing.assert_array_equal(grouped.backward, run.counts[0, 1, 40:])
    offsets = run.first_good - run.t0
    assert grouped.time[grouped.first_good] == pytest.approx(offsets.max() * run.bin_width)
    assert grouped.history[-1].options["t0"] == [160.0, 200.0]
    assert grouped.history[-1].options["t0_from"] == "the file"


def test_labels_and_numbers(real: Path) -> None:
    run = read(real / "psi-bin" / "deltat_pta_gps_4255.bin")
    by_label = group(run, forward="Back", backward="Forw")
    by_number = group(run, forward=2, backward="1")
    default = group(run)
    for other in (by_number, default):
        np.testing.assert_array_equal(other.values, by_label.values)
        np.testing.assert_array_equal(other.time, by_label.time)
    assert by_label.history[-1].note == "pair given"
    assert by_label.history[-1].options["forward"] == "2 Back"


def test_the_pair_across_the_beam(real: Path) -> None:
    run = read(real / "psi-bin" / "deltat_pta_gps_3114.bin")
    across = group(run, geometry="transverse")
    assert across.detectors == ((3,), (4,))
    assert "labels Up and Down of GPS: across the beam" in str(across.history)
    assert group(run, geometry="longitudinal").detectors == group(run).detectors == ((2,), (1,))
    with pytest.raises(ReductionError, match="geometry = 'transverse' chooses forward and backw"):
        group(run, geometry="transverse", forward="Up", backward="Down")


def test_given_t0_and_first_good() -> None:
    counts = np.arange(60).reshape(2, 30)
    run = run_of(counts, t0=[3.0, 5.0], first_good=[4, 6])
    moved = group(run, forward="1", backward="2", t0=[10, 8], first_good=2)
    assert moved.history[-1].options["t0_from"] == "given"
    np.testing.assert_array_equal(moved.forward, counts[0, 2:])
    np.testing.assert_array_equal(moved.backward, counts[1, :28])
    assert moved.time[8] == 0.0
    assert moved.time[moved.first_good] == pytest.approx(0.02)
    one = group(run, forward="1", backward="2", t0=10.25)
    assert one.time[10] == pytest.approx(-0.0025)


def test_the_period_that_is_grouped() -> None:
    run = run_of(np.arange(24).reshape(2, 2, 6), period_labels=("on", "off"))
    grouped = group(run, forward="1", backward="2")
    np.testing.assert_array_equal(grouped.values, run.counts[0])
    assert "none was chosen, so the first of 2 (1 on, 2 off)" in str(grouped.history)
    for period in (1, 2):
        grouped = group(run, forward="1", backward="2", period=period)
        np.testing.assert_array_equal(grouped.values, run.counts[period - 1])
        assert grouped.history[-1].options["period"] == period
    for period in (0, 3, -1):
        with pytest.raises(ReductionError, match=f"period {period} asked for, it has 1 to 2"):
            group(run, forward="1", backward="2", period=period)


def test_narrow_integers_do_not_overflow() -> None:
    counts = np.full((4, 5), 60_000, dtype=np.uint16)
    grouped = group(run_of(counts), forward="1-3", backward="4")
    np.testing.assert_array_equal(grouped.forward, 180_000.0)


def test_variance_of_a_corrected_run_is_summed_too() -> None:
    run = run_of(np.ones((3, 4)), variance=np.arange(12.0).reshape(1, 3, 4))
    grouped = group(run, forward="1,2", backward="3")
    np.testing.assert_array_equal(grouped.variance, [[4, 6, 8, 10], [8, 9, 10, 11]])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"forward": "1-2", "backward": "2-3"}, "SIM 7: detector 2 is in forward and in backward"),
        ({"forward": "1", "backward": "1"}, "detector 1 is in forward and in backward"),
        ({"forward": "1"}, "name backward too, or neither"),
        ({"backward": "1"}, "name forward too, or neither"),
        ({}, "no default pair for SIM with 3 detectors"),
        ({"forward": "1", "backward": "9"}, "detector 9 does not exist: the run has 3"),
        (
            {"forward": "1", "backward": "2", "t0": [1, 2]},
            "2 values of t0; expected one for all, or 3",
        ),
        ({"forward": "1", "backward": "2", "t0": -1}, "t0 of detector 1 is bin -1, outside its 8"),
        ({"forward": "1", "backward": "2", "t0": [1, np.nan, 1]}, "t0 of detector 2 is bin nan"),
        ({"forward": "1", "backward": "2", "t0": 8}, "outside its 8 bins; pass t0="),
        ({"forward": "1", "backward": "2", "first_good": 8}, "good bins .* do not overlap"),
        ({"forward": "1", "backward": "2", "first_good": 10**30}, "first_good = 1000"),
        ({"forward": "1", "backward": "2", "first_good": 10**15}, "do not overlap"),
        ({"forward": "1", "backward": "2", "first_good": -1}, "first good bin lies before t0"),
        ({"forward": "1", "backward": "2", "first_good": 1.5}, "first_good = 1.5"),
        ({"forward": "1", "backward": "2", "first_good": "x"}, "first_good = 'x'"),
        ({"forward": "1", "backward": "2", "t0": {}}, "t0 = {}; expected bin numbers"),
        ({"forward": "1", "backward": "2", "t0": 10**400}, "expected bin numbers"),
        ({"forward": "1", "backward": "2", "period": "x"}, "period 'x' asked for, it has 1 to 1"),
    ],
)
def test_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ReductionError, match=sentence):
        group(run_of(np.ones((3, 8))), **options)


def test_good_bins_that_do_not_overlap() -> None:
    run = run_of(np.ones((2, 20)), first_good=[2, 12], last_good=[8, 19])
    with pytest.raises(ReductionError, match="first 12, last 8 after alignment"):
        group(run, forward="1", backward="2")


def test_bins_before_t0_are_never_good() -> None:
    """Before t0 there is no muon, whatever the file calls good there."""
    counts = np.ones((2, 40))
    said = "good bins from t0 on, they would begin 6 bins before it"
    early = group(run_of(counts, t0=[10, 10], first_good=[4, 4]), forward="1", backward="2")
    assert early.time[early.good][0] == 0.0
    assert early.history[-1].note == f"pair given; {said}"
    assert early.history[-1].options["first_good_us"] == 0.0
    moved = group(run_of(counts), forward="1", backward="2", t0=[10.25, 10.25])
    assert moved.time[moved.good][0] == pytest.approx(0.0075)
    assert "they would begin 10.2 bins before it" in moved.history[-1].note
    nearest = group(run_of(counts), forward="1", backward="2", t0=10.25, first_good=0)
    assert nearest.time[nearest.good][0] == pytest.approx(0.0075)
    at_t0 = group(run_of(counts, t0=[10, 10], first_good=[10, 10]), forward="1", backward="2")
    assert at_t0.history[-1].note == "pair given"


def test_t0_at_the_end_leaves_no_good_bins(samples: Path) -> None:
    run = read(samples / "deltat_tdc_ltf_0001.bin")
    with pytest.raises(ReductionError, match="no good bins are left after t0"):
        group(run, t0=10239)
    with pytest.raises(ReductionError, match="first good bin lies before t0"):
        group(run, t0=10239, first_good=-300)
    with pytest.raises(ReductionError, match="do not overlap"):
        group(run, t0=10239, first_good=0)


@pytest.mark.parametrize(
    ("numbers", "text"), [([1, 2, 3, 7], "1-3,7"), ([5], "5"), ([2, 1], "2,1"), ([1, 2], "1-2")]
)
def test_ranges(numbers: list[int], text: str) -> None:
    assert ranges(numbers) == text
